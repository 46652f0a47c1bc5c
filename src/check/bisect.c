/* The first operation on a tape whose own rule fails. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_check.h"

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

/* A tensor of tg_custom, which is no operation of the list: its first input is its value, and its rules are for the
 * others, which the value was made of. */
static int has_custom_rules(const tg_tensor *t)
{
    return tg_op_find(tg_graph_of(t), tg_op_of(t)->name) == NULL;
}

/* The different floating inputs that t's rule is for; their number. */
static int floating_inputs(const tg_tensor *t, tg_tensor **inputs)
{
    int n = 0;
    for (int i = has_custom_rules(t); i < tg_input_count(t); i++) {
        tg_tensor *input = tg_input_at(t, i);
        int known = !is_floating(input);
        for (int k = 0; k < n; k++) known |= inputs[k] == input;
        if (!known) inputs[n++] = input;
    }
    return n;
}

/* How an adjoint of the wrong shape comes about most often: the rule of an operation that broadcasts its inputs
 * passes the output's adjoint on as it is. */
static int may_lack_broadcast_sum(const tg_tensor *t, tg_tensor *const *inputs, int n)
{
    for (int k = 0; k < n; k++) {
        int rank = tg_rank(inputs[k]), more = tg_rank(t) - rank, smaller = more > 0;
        if (more < 0) continue;
        int fits = 1;
        for (int i = 0; i < rank; i++) {
            int64_t size = tg_shape(inputs[k])[i], whole = tg_shape(t)[i + more];
            fits &= size == whole || size == 1;
            smaller |= size < whole;
        }
        if (fits && smaller) return 1;
    }
    return 0;
}

static void keep_culprit(tg_checking *c, tg_tensor *t, tg_tensor *const *inputs, int n,
                         const tg_drawing *drawing, const tg_checking *own)
{
    tg_check_report *r = c->report;
    const char *looks = own->report->pattern, *name = tg_name(t);
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    if (own->report->n_entries == 0 && may_lack_broadcast_sum(t, inputs, n))
        looks = "the sum over the axes that were broadcast is missing";
    if (r->pattern[0] == '\0') snprintf(r->pattern, sizeof r->pattern, "%s", looks);
    r->culprit_id = tg_id(t);
    snprintf(r->culprit, sizeof r->culprit, "%.60s%s%.30s%s, node %%%" PRId64 ", %.40s%s%.110s",
             tg_op_of(t)->name, name[0] != '\0' ? " '" : "", name, name[0] != '\0' ? "'" : "", tg_id(t),
             tg_type_text(&type, type_text, sizeof type_text), looks[0] != '\0' ? ": " : "", looks);
    double *x = calloc((size_t)tg_check_count(inputs, n) + 1, sizeof *x);
    if (x != NULL && !has_custom_rules(t) && tg_check_point(c, drawing, inputs, n, x))
        r->reproducer = tg_check_reproducer(t, inputs, n, x, drawing, own);
    free(x);
}

/* Checks t alone, as a function of its inputs; 1 when it fails and is kept as the culprit. */
static int fails_alone(tg_checking *c, tg_tensor *t, const tg_drawing *drawing)
{
    tg_checking own;
    tg_check_options options = c->options;
    options.worst = 1;
    tg_tensor **inputs = calloc((size_t)tg_input_count(t) + 1, sizeof(tg_tensor *));
    int fails = 0;
    if (inputs == NULL) return 0;
    int n = floating_inputs(t, inputs);
    if (n > 0 && tg_checking_begin(&own, &options, NULL, 0)) {
        tg_check_derivatives(&own, drawing, t, inputs, n);
        fails = own.report->differing > 0;
        if (fails) keep_culprit(c, t, inputs, n, drawing, &own);
        tg_check_free(own.report);
    }
    free(inputs);
    return fails;
}

static int depends_on_any(const tg_tensor *t, tg_tensor *const *xs, int n)
{
    for (int i = 0; i < n; i++)
        if (tg_depends_on(t, xs[i])) return 1;
    return 0;
}

void tg_check_bisect(tg_checking *c, const tg_drawing *drawing, tg_tensor *y, tg_tensor *const *xs, int n)
{
    for (int64_t id = 0; id <= tg_id(y); id++) {
        tg_tensor *t = tg_node(tg_graph_of(y), id);
        if (tg_leaf_kind_of(t) != TG_LEAF_NONE || !is_floating(t) ||
            (tg_op_of(t)->flags & TG_OP_CONSTANT_SLOPE) != 0 || !tg_depends_on(y, t))
            continue;
        if (depends_on_any(t, xs, n) && fails_alone(c, t, drawing)) return;
    }
}
