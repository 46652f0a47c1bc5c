/* Why a gradient is zero, missing or not finite. */
#include "why.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <tapegrad/diff.h>
#include <tapegrad/explain.h>
#include <tapegrad/function.h>

#include "build.h"

typedef struct why {
    tg_graph *g;
    tg_tensor *loss, *x;
    int64_t n_forward;      /* nodes up to the loss */
    unsigned char *above;   /* by id: it depends on x */
    unsigned char *below;   /* by id: the loss depends on it */
    unsigned char *carries; /* by id: a derivative by x can reach it */
    unsigned char *returns; /* by id: the loss has a derivative by it */
    tg_text text;
} why;

/* ---- Names -------------------------------------------------------------------------------------------- */

/* "h = relu(z)" or "%12 = ..." */
static void write_node(tg_text *text, const tg_tensor *t)
{
    char *expression = tg_expression(t, TG_TEXT);
    if (tg_name(t)[0] != '\0')
        tg_text_print(text, "'%s'", tg_name(t));
    else
        tg_text_print(text, "%%%" PRId64, tg_id(t));
    if (tg_leaf_kind_of(t) == TG_LEAF_NONE && expression != NULL)
        tg_text_print(text, " = %.120s", expression);
    tg_text_free(expression);
}

/* ---- Paths -------------------------------------------------------------------------------------------- */

static int is_flat(const tg_tensor *t)
{
    tg_dtype dtype = tg_dtype_of(t);
    return (tg_op_of(t)->flags & TG_OP_CONSTANT_SLOPE) != 0 || (dtype != TG_F32 && dtype != TG_F64);
}

static void find_paths(why *w)
{
    w->above[tg_id(w->x)] = w->carries[tg_id(w->x)] = 1;
    for (int64_t id = tg_id(w->x) + 1; id < w->n_forward; id++) {
        const tg_tensor *t = tg_node(w->g, id);
        for (int i = 0; i < tg_input_count(t); i++) {
            int64_t input = tg_id(tg_input_at(t, i));
            w->above[id] |= w->above[input];
            if (w->carries[input] && !is_flat(t)) w->carries[id] = 1;
        }
    }
    w->below[tg_id(w->loss)] = w->returns[tg_id(w->loss)] = 1;
    for (int64_t id = w->n_forward - 1; id >= 0; id--) {
        const tg_tensor *t = tg_node(w->g, id);
        for (int i = 0; i < tg_input_count(t); i++) {
            int64_t input = tg_id(tg_input_at(t, i));
            w->below[input] |= w->below[id];
            if (w->returns[id] && !is_flat(t)) w->returns[input] = 1;
        }
    }
}

/* x does not reach the loss: what it is used in ends elsewhere. */
static void tell_disconnected(why *w)
{
    int uses = 0;
    tg_text_print(&w->text, "missing: the loss does not depend on '%s'.\n", tg_name(w->x));
    for (int64_t id = tg_id(w->x) + 1; id < w->n_forward; id++)
        for (int i = 0; i < tg_input_count(tg_node(w->g, id)); i++) {
            if (tg_input_at(tg_node(w->g, id), i) != w->x || uses++ > 4) continue;
            tg_text_print(&w->text, "it is used in ");
            write_node(&w->text, tg_node(w->g, id));
            tg_text_print(&w->text, ", which the loss does not depend on.\n");
        }
    if (uses == 0) tg_text_print(&w->text, "it is used nowhere before the loss.\n");
}

/* Every path passes an operation whose derivative is zero. */
static void tell_blocked(why *w)
{
    tg_text_print(
        &w->text,
        "zero everywhere: every path from '%s' to the loss passes an operation whose derivative is zero.\n",
        tg_name(w->x));
    for (int64_t id = tg_id(w->x) + 1; id < w->n_forward; id++) {
        const tg_tensor *t = tg_node(w->g, id);
        int reached = 0;
        for (int i = 0; i < tg_input_count(t); i++) reached |= w->carries[tg_id(tg_input_at(t, i))];
        if (!reached || !is_flat(t) || !w->below[id]) continue;
        tg_text_print(&w->text, "it ends at %s: ", tg_op_of(t)->name);
        write_node(&w->text, t);
        tg_text_print(&w->text, ".\n");
    }
}

/* ---- Values ------------------------------------------------------------------------------------------- */

typedef struct tally {
    int64_t n, zeros, bad, first_bad;
    double largest;
} tally;

static tally count(const tg_function *f, const tg_tensor *t)
{
    const void *data = tg_output(f, t);
    tally c = {.n = tg_count(t), .first_bad = -1};
    for (int64_t i = 0; i < c.n && data != NULL; i++) {
        double v = tg_lesson_number_at(t, data, i);
        c.zeros += v == 0;
        if (!isfinite(v) && c.bad++ == 0) c.first_bad = i;
        if (isfinite(v)) c.largest = fmax(c.largest, fabs(v));
    }
    return c;
}

/* The first node whose value is not finite though its inputs' are: where the trouble starts. */
static const tg_tensor *first_bad(const tg_function *f, tg_tensor *const *nodes, int n)
{
    for (int i = 0; i < n; i++) {
        if (count(f, nodes[i]).bad == 0) continue;
        int inputs_fine = 1;
        for (int k = 0; k < tg_input_count(nodes[i]); k++)
            inputs_fine &= count(f, tg_input_at(nodes[i], k)).bad == 0;
        if (inputs_fine) return nodes[i];
    }
    return NULL;
}

static void write_index(tg_text *text, const tg_tensor *t, int64_t i)
{
    int64_t index[TG_MAX_RANK];
    for (int k = tg_rank(t) - 1; k >= 0; k--) {
        index[k] = i % tg_shape(t)[k];
        i /= tg_shape(t)[k];
    }
    tg_text_print(text, "[");
    for (int k = 0; k < tg_rank(t); k++) tg_text_print(text, "%s%" PRId64, k > 0 ? ", " : "", index[k]);
    tg_text_print(text, "]");
}

static void tell_bad(why *w, const tg_function *f, const tg_tensor *gradient, const tg_tensor *start)
{
    tally c = count(f, gradient);
    tg_text_print(&w->text, "not finite: %" PRId64 " of %" PRId64 " elements are NaN or infinite.\n", c.bad,
                  c.n);
    if (start == NULL) return;
    tally s = count(f, start);
    tg_text_print(&w->text, "the first such value is at ");
    write_index(&w->text, start, s.first_bad);
    tg_text_print(&w->text, " of ");
    write_node(&w->text, start);
    tg_origin origin = tg_origin_of(start);
    if (origin.kind == TG_ORIGIN_REVERSE) {
        tg_text_print(&w->text, "\nwhich the reverse rule of %s made, for ", tg_op_of(origin.of)->name);
        write_node(&w->text, origin.of);
    }
    tg_text_print(&w->text, "\nits inputs there are finite:");
    for (int i = 0; i < tg_input_count(start); i++) {
        const tg_tensor *input = tg_input_at(start, i);
        int same = tg_count(input) == tg_count(start);
        tg_text_print(&w->text, "%s %.6g", i > 0 ? "," : "",
                      tg_lesson_number_at(input, tg_output(f, input), same ? s.first_bad : 0));
    }
    tg_text_print(&w->text, ".\n");
}

/* Where a tensor whose adjoint is zero goes in: those operations' derivatives are zero at these values. */
static void tell_uses(why *w, const tg_tensor *t)
{
    for (int64_t id = tg_id(t) + 1; id < w->n_forward; id++) {
        const tg_tensor *use = tg_node(w->g, id);
        int uses = 0;
        for (int i = 0; i < tg_input_count(use); i++) uses |= tg_input_at(use, i) == t;
        if (!uses || !w->returns[id]) continue;
        tg_text_print(&w->text, "it enters ");
        write_node(&w->text, use);
        tg_text_print(&w->text, ", whose derivative is zero here.\n");
    }
}

/* One line for each tensor between x and the loss whose adjoint is zero somewhere, from the loss down. */
static void tell_zeros(why *w, const tg_function *f, tg_tensor *const *path, tg_tensor *const *adjoints,
                       int n)
{
    int told = 0;
    int64_t before = 0;
    for (int i = n - 1; i >= 0; i--) {
        tally c = count(f, adjoints[i]);
        int64_t share = c.n == 0 ? 0 : 1000 * c.zeros / c.n;
        if (share > before && told++ < 6) {
            tg_text_print(&w->text, "the adjoint of ");
            write_node(&w->text, path[i]);
            tg_text_print(&w->text, " is zero in %" PRId64 " of %" PRId64 " elements", c.zeros, c.n);
            tg_text_print(&w->text, c.zeros == c.n ? ": all of it. The zero starts here.\n" : ".\n");
            if (c.zeros == c.n) {
                tell_uses(w, path[i]);
                return;
            }
        }
        if (share > before) before = share;
    }
}

static void tell_values(why *w, const tg_function *f, tg_tensor *const *path, tg_tensor *const *adjoints,
                        int n)
{
    tally c = count(f, adjoints[0]);
    if (c.zeros == c.n) {
        tg_text_print(&w->text,
                      "zero: all %" PRId64
                      " elements, at these values. There is a path, but nothing comes through:\n",
                      c.n);
        tell_zeros(w, f, path, adjoints, n);
    } else {
        tg_text_print(&w->text,
                      "not zero: the largest of %" PRId64 " elements is %.6g; %" PRId64 " are zero.\n", c.n,
                      c.largest, c.zeros);
        if (c.zeros > 0) tell_zeros(w, f, path, adjoints, n);
    }
}

/* ---- Running ------------------------------------------------------------------------------------------ */

/* Everything that the tensors depend on, in the order of the tape. */
static int cone(why *w, tg_tensor *const *tensors, int n, tg_tensor **nodes)
{
    int64_t all = tg_node_count(w->g);
    unsigned char *wanted = calloc((size_t)all + 1, 1);
    int found = 0;
    if (wanted == NULL) return -1;
    for (int i = 0; i < n; i++) wanted[tg_id(tensors[i])] = 1;
    for (int64_t id = all - 1; id >= 0; id--)
        for (int i = 0; wanted[id] && i < tg_input_count(tg_node(w->g, id)); i++)
            wanted[tg_id(tg_input_at(tg_node(w->g, id), i))] = 1;
    for (int64_t id = 0; id < all; id++)
        if (wanted[id]) nodes[found++] = tg_node(w->g, id);
    free(wanted);
    return found;
}

static tg_status run_and_tell(why *w, tg_tensor *const *path, tg_tensor *const *adjoints, int n,
                              tg_diag *diag)
{
    tg_tensor **nodes = calloc((size_t)tg_node_count(w->g) + 1, sizeof *nodes);
    int n_nodes = nodes != NULL ? cone(w, adjoints, n, nodes) : -1;
    tg_function *f = NULL;
    tg_status status = n_nodes < 0 ? tg_fail(diag, TG_ERR_MEMORY, "out of memory") : TG_OK;
    if (status == TG_OK && (status = tg_compile(w->g, nodes, n_nodes, NULL, 0, &f)) != TG_OK)
        tg_fail(diag, status, "%s", tg_error(w->g));
    if (status == TG_OK && (status = tg_run(f)) != TG_OK) tg_fail(diag, status, "%s", tg_function_error(f));
    if (status == TG_OK) {
        if (count(f, adjoints[0]).bad > 0)
            tell_bad(w, f, adjoints[0], first_bad(f, nodes, n_nodes));
        else
            tell_values(w, f, path, adjoints, n);
    }
    tg_function_free(f);
    free(nodes);
    return status;
}

/* The tensors on the way, x first, with their adjoints. */
static tg_status follow(why *w, tg_diag *diag)
{
    tg_tensor **path = calloc((size_t)w->n_forward + 1, sizeof *path);
    tg_tensor **adjoints = calloc((size_t)w->n_forward + 1, sizeof *adjoints);
    int n = 0;
    tg_status status = TG_OK;
    for (int64_t id = tg_id(w->x); path != NULL && id < w->n_forward; id++)
        if (w->carries[id] && w->returns[id]) path[n++] = tg_node(w->g, id);
    if (path == NULL || adjoints == NULL)
        status = tg_fail(diag, TG_ERR_MEMORY, "out of memory");
    else if ((status = tg_grad(w->g, w->loss, path, n, adjoints)) != TG_OK)
        tg_fail(diag, status, "%s", tg_error(w->g));
    else
        status = run_and_tell(w, path, adjoints, n, diag);
    free(path);
    free(adjoints);
    return status;
}

char *tg_lesson_why(tg_graph *g, tg_tensor *loss, tg_tensor *x, tg_diag *diag)
{
    why w = {.g = g, .loss = loss, .x = x, .n_forward = tg_id(loss) + 1};
    size_t room = (size_t)tg_node_count(g) + 1;
    tg_mark mark = tg_get_mark(g);
    tg_status status = TG_OK;
    w.above = calloc(room, 1), w.below = calloc(room, 1), w.carries = calloc(room, 1),
    w.returns = calloc(room, 1);
    if (w.above == NULL || w.below == NULL || w.carries == NULL || w.returns == NULL) {
        status = tg_fail(diag, TG_ERR_MEMORY, "out of memory");
    } else {
        find_paths(&w);
        if (!w.above[tg_id(loss)])
            tell_disconnected(&w);
        else if (!w.carries[tg_id(loss)])
            tell_blocked(&w);
        else
            status = follow(&w, diag);
    }
    tg_rewind(g, mark);
    free(w.above);
    free(w.below);
    free(w.carries);
    free(w.returns);
    char *answer = tg_text_take(&w.text);
    if (status == TG_OK) return answer;
    tg_text_free(answer);
    return NULL;
}
