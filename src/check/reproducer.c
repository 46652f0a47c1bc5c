/* A failing operation alone, as a program in the model language that fails in the same way. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/attributes.h"
#include "graph_check.h"

/* More numbers than these are drawn by the program instead of written into it. */
#define WRITTEN 1000

typedef struct writer {
    tg_text text;
    const tg_drawing *drawing;
    int written; /* values are, and not drawn */
    int failed;  /* no program can have these values */
} writer;

/* ---- Values ----------------------------------------------------------------------------------------------- */

static void write_number(writer *w, tg_dtype dtype, double value)
{
    if (!isfinite(value)) w->failed = 1;
    if (dtype == TG_I64 || dtype == TG_BOOL)
        tg_text_print(&w->text, dtype == TG_BOOL ? (value != 0 ? "true" : "false") : "%.0f", value);
    else
        tg_text_number(&w->text, TG_F64, &value);
}

/* As nested lists. */
static void write_values(writer *w, const tg_tensor *t, const double *values)
{
    int rank = tg_rank(t);
    const int64_t *shape = tg_shape(t);
    for (int64_t i = 0; i < tg_count(t); i++) {
        int opens = 0, closes = 0;
        int64_t block = 1;
        for (int axis = rank - 1; axis >= 0; axis--) {
            block *= shape[axis];
            opens += i % block == 0;
            closes += i % block == block - 1;
        }
        if (i > 0) tg_text_print(&w->text, ", ");
        while (opens-- > 0) tg_text_print(&w->text, "[");
        write_number(w, tg_dtype_of(t), values[i]);
        while (closes-- > 0) tg_text_print(&w->text, "]");
    }
}

/* An operation on constants alone would be computed when it is recorded. So the point is a constant and what is
 * differentiated by is a move away from it, which is 0. */
static void write_floating(writer *w, const tg_tensor *t, const double *values, int k)
{
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    tg_type_text(&type, type_text, sizeof type_text);
    if (!w->written || tg_count(t) == 0) {
        double low = w->drawing->low, high = w->drawing->high;
        for (int64_t i = 0; i < tg_count(t); i++) {
            low = i == 0 ? values[i] : fmin(low, values[i]);
            high = i == 0 ? values[i] : fmax(high, values[i]);
        }
        if (low >= high) high = low + 1;
        tg_text_print(&w->text, "param x%d : %s = uniform(%.6g, %.6g)\n", k, type_text, low, high);
        return;
    }
    tg_text_print(&w->text, "const at%d : %s = ", k, type_text);
    write_values(w, t, values);
    tg_text_print(&w->text, "\nparam move%d : %s\nx%d = at%d + move%d\n", k, type_text, k, k, k);
}

/* The value of an integer or truth tensor; 0 when it cannot be computed. */
static int whole_values(const tg_tensor *t, const tg_drawing *drawing, double *values)
{
    if (tg_leaf_kind_of(t) != TG_LEAF_NONE) {
        tg_leaf_values(t, drawing, values);
        return 1;
    }
    tg_graph_copy copy;
    tg_tensor *const y = tg_node(tg_graph_of(t), tg_id(t));
    size_t item = tg_dtype_size(tg_dtype_of(t)), count = (size_t)tg_count(t);
    unsigned char *bytes = malloc(count * item + 1);
    int ok = tg_graph_copy_make(&copy, &y, 1, NULL, 0, 0, drawing, TG_F64) && bytes != NULL &&
             tg_eval(copy.g, &copy.map[tg_id(t)], 1, bytes, count * item) == TG_OK;
    for (size_t i = 0; i < count && ok; i++) {
        int64_t whole = bytes[i * item];
        if (item == sizeof whole) memcpy(&whole, bytes + i * item, sizeof whole);
        values[i] = (double)whole;
    }
    tg_graph_copy_free(&copy);
    free(bytes);
    return ok;
}

static void write_whole(writer *w, const tg_tensor *t, int k)
{
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    double *values = calloc((size_t)tg_count(t) + 1, sizeof *values);
    if (values == NULL || tg_count(t) == 0 || tg_count(t) > WRITTEN || !whole_values(t, w->drawing, values)) {
        w->failed = 1;
    } else {
        tg_text_print(&w->text, "const k%d : %s = ", k, tg_type_text(&type, type_text, sizeof type_text));
        write_values(w, t, values);
        tg_text_print(&w->text, "\n");
    }
    free(values);
}

/* ---- The program ------------------------------------------------------------------------------------------ */

static void write_heading(writer *w, const tg_tensor *t, const tg_checking *fails)
{
    const char *name = tg_op_of(t)->name;
    const tg_check_options *o = &fails->options;
    int second = fails->report->n_entries > 0 && fails->report->entries[0].order == 2;
    tg_text_print(&w->text,
                  "# The derivative rule of '%s' fails here. With this program as FILE.tg:\n"
                  "#   tapegrad check FILE.tg --order %d --seed %" PRIu64 "\n",
                  name, second ? 2 : 1, o->seed);
    if (!w->written)
        tg_text_print(&w->text, "# Its inputs are large: they are drawn from the range that they had.\n");
    tg_graph *library = tg_graph_new(NULL);
    if (tg_op_find(library, name) == NULL)
        tg_text_print(
            &w->text,
            "# '%s' is not an operation of the library, and the command does not know it: build this\n"
            "# program with tg_model_build in a graph where tg_op_register has registered it, and check\n"
            "# 'loss' there with tg_check.\n",
            name);
    tg_graph_free(library);
}

/* Input i of t as the program calls it: the same tensor has the same name. */
static void input_name(const tg_tensor *t, int i, tg_tensor *const *xs, int n, char name[32])
{
    for (int k = 0; k < n; k++)
        if (tg_input_at(t, i) == xs[k]) {
            snprintf(name, 32, "x%d", k);
            return;
        }
    snprintf(name, 32, "k%d", i);
}

static void write_call(writer *w, const tg_tensor *t, tg_tensor *const *xs, int n)
{
    const tg_op *op = tg_op_of(t);
    const char *open = op->n_inputs == TG_VARIADIC ? "[" : "",
               *close = op->n_inputs == TG_VARIADIC ? "]" : "";
    tg_text_print(&w->text, "loss = %s(%s", op->name, open);
    for (int i = 0; i < tg_input_count(t); i++) {
        char name[32];
        input_name(t, i, xs, n, name);
        tg_text_print(&w->text, "%s%s", i > 0 ? ", " : "", name);
    }
    tg_text_print(&w->text, "%s", close);
    tg_text_attributes(&w->text, op, tg_attr_of(t), 1);
    tg_text_print(&w->text, ")\noutput loss\n");
}

char *tg_check_reproducer(const tg_tensor *t, tg_tensor *const *xs, int n, const double *x,
                          const tg_drawing *drawing, const tg_checking *fails)
{
    writer w = {.drawing = drawing, .written = tg_check_count(xs, n) <= WRITTEN};
    write_heading(&w, t, fails);
    for (int k = 0; k < n; x += tg_count(xs[k]), k++) write_floating(&w, xs[k], x, k);
    for (int i = 0; i < tg_input_count(t); i++) {
        tg_dtype dtype = tg_dtype_of(tg_input_at(t, i));
        if (dtype == TG_I64 || dtype == TG_BOOL) write_whole(&w, tg_input_at(t, i), i);
    }
    write_call(&w, t, xs, n);
    char *text = tg_text_take(&w.text);
    if (!w.failed) return text;
    free(text);
    return NULL;
}
