/* Running shape rules, and what they may ask and answer. */
#include <stdio.h>
#include <string.h>

#include "c_locale.h"
#include "infer.h"

int tg_infer_input_count(const tg_infer *q)
{
    return q->n;
}

tg_type tg_infer_input(const tg_infer *q, int i)
{
    return tg_type_of(i >= 0 && i < q->n ? q->inputs[i] : NULL);
}

const void *tg_infer_attr(const tg_infer *q)
{
    return q->attr;
}

tg_status tg_infer_output(tg_infer *q, tg_dtype dtype, int rank, const int64_t *shape)
{
    tg_diag diag;
    tg_status status = tg_type_make(&q->output, dtype, rank, shape, &diag);
    if (status != TG_OK) return tg_infer_fail(q, status, "an impossible result: %s", diag.message);
    q->given = 1;
    q->like_first = 0;
    return TG_OK;
}

/* "; a: 'x' f32[2, 3], b: 'W' f32[4, 5]" */
static void write_inputs(const tg_op *op, tg_tensor *const *inputs, int n, char *text, size_t size)
{
    const char *name = op->inputs == NULL ? "" : op->inputs;
    text[0] = '\0';
    for (int i = 0, used = 0; i < n && used < (int)size - 1; i++) {
        char label[TG_LABEL_TEXT];
        int length = (int)strcspn(name, " ");
        used += snprintf(text + used, size - (size_t)used, "%s%.*s%s%s", i == 0 ? "; " : ", ", length, name,
                         length > 0 ? ": " : "", tg_label(inputs[i], label, sizeof label));
        name += length;
        name += strspn(name, " ");
    }
}

static void keep(tg_graph *g, tg_status status, const tg_op *op, tg_tensor *const *inputs, int n,
                 const char *what)
{
    char list[TG_DIAG_SIZE];
    if (g->status != TG_OK) return;
    write_inputs(op, inputs, n, list, sizeof list);
    tg_graph_fail(g, status, "%s: %s%s", op->name, what, list);
    const size_t begin = strlen(op->name) + 2, end = begin + strlen(what);
    if (end >= sizeof g->error) return;
    g->error_what = (int)begin;
    g->error_inputs = (int)end;
}

tg_status tg_infer_fail(tg_infer *q, tg_status status, const char *format, ...)
{
    char what[TG_DIAG_SIZE / 2];
    va_list args;
    va_start(args, format);
    tg_c_vsnprintf(what, sizeof what, format, args);
    va_end(args);
    keep(q->graph, status, q->op, q->inputs, q->n, what);
    return status;
}

void tg_compose_failed(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n)
{
    char what[TG_DIAG_SIZE / 2];
    const size_t length = strlen(op->name);
    const int whole = g->error_inputs == 0;
    if (strncmp(g->error, op->name, length) == 0 && g->error[length] == ':') return;
    snprintf(what, sizeof what, "%.*s", whole ? (int)sizeof what : g->error_inputs - g->error_what,
             g->error + g->error_what);
    const tg_status status = g->status;
    tg_clear_error(g);
    keep(g, status, op, inputs, n, what);
}

tg_status tg_infer_failed(tg_infer *q, tg_status status)
{
    if (status == TG_OK) return tg_infer_fail(q, TG_ERR_RULE, "its shape rule gave no result");
    /* A rule of a user's that fails without a message still gets one. */
    if (q->graph->status == TG_OK) tg_infer_fail(q, status, "its shape rule failed");
    return status;
}
