/* tg_check_op: an operation checked with the cases of its record. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/check.h>

#include "graph_copy.h"
#include "op_case.h"

/* ---- One case --------------------------------------------------------------------------------------------- */

/* A new input of g with the operand's values; NULL with g's error, or when memory runs out. */
static tg_tensor *make_operand(tg_graph *g, const tg_op_case *c, int k)
{
    char name[16];
    const tg_type *type = &c->types[k];
    int64_t count = tg_type_count(type);
    size_t item = tg_dtype_size(type->dtype);
    snprintf(name, sizeof name, "x%d", k);
    double *values = calloc((size_t)count + 1, sizeof *values);
    unsigned char *bytes = calloc((size_t)count + 1, item);
    tg_tensor *made = NULL;
    if (values != NULL && bytes != NULL && tg_op_case_values(c, k, values)) {
        for (int64_t i = 0; i < count; i++) {
            void *at = bytes + (size_t)i * item;
            if (type->dtype == TG_F32) memcpy(at, &(float){(float)values[i]}, item);
            if (type->dtype == TG_F64) memcpy(at, &values[i], item);
            if (type->dtype == TG_I64) memcpy(at, &(int64_t){(int64_t)values[i]}, item);
            if (type->dtype == TG_BOOL) *(unsigned char *)at = values[i] != 0;
        }
        made = tg_input(g, name, type->dtype, type->rank, type->shape);
        if (made != NULL && tg_set(made, bytes, (size_t)count * item) != TG_OK) made = NULL;
    }
    free(values);
    free(bytes);
    return made;
}

/* The operation on the case's operands, and those of them that have derivatives; NULL with g's error. */
static tg_tensor *record_case(tg_graph *g, const tg_op_case *c, const tg_op *op, tg_tensor **xs, int *n)
{
    tg_tensor *inputs[TG_OP_CASE_INPUTS];
    *n = 0;
    for (int k = 0; k < c->n_inputs; k++) {
        inputs[k] = c->same_as[k] >= 0 ? inputs[c->same_as[k]] : make_operand(g, c, k);
        if (inputs[k] == NULL) return NULL;
        if (tg_op_case_differentiable(c, k)) xs[(*n)++] = inputs[k];
    }
    return tg_apply(g, op, inputs, c->n_inputs, op->attr_size > 0 ? c->attr : NULL);
}

static double largest_error(const tg_check_report *r)
{
    double most = 0;
    for (int i = 0; i < r->n_summaries; i++)
        if (r->summaries[i].method == TG_BY_DIFFERENCES) most = fmax(most, r->summaries[i].max_rel_error);
    return most;
}

/* Counts the case, and keeps its report where it is the first that fails, or that is unsure, or the worst. */
static void count_case(tg_check_op_report *op, const tg_op_case *c, tg_check_report *r, int differentiable)
{
    int is_first = (r->verdict == TG_FAIL && op->failed == 0) ||
                   (r->verdict == TG_INCONCLUSIVE && !r->vacuous && op->failed + op->unsure == 0);
    double error = largest_error(r);
    int is_worst = op->failed + op->unsure == 0 && error > op->worst_error;
    op->cases++;
    op->passed += r->verdict == TG_PASS;
    op->failed += r->verdict == TG_FAIL;
    op->constant += r->vacuous && !differentiable;
    op->vacuous += r->vacuous && differentiable;
    op->unsure += r->verdict == TG_INCONCLUSIVE && !r->vacuous;
    op->worst_error = fmax(op->worst_error, error);
    if (is_first || is_worst || op->worst == NULL) {
        tg_check_free(op->worst);
        op->worst = r;
        snprintf(op->worst_case, sizeof op->worst_case, "%s", c->text);
    } else {
        tg_check_free(r);
    }
}

/* A case that cannot be recorded: no fault of the operation where it was guessed, or where the operation is not for
 * the element type. */
static void count_refused(tg_check_op_report *op, const tg_graph *g, int guessed)
{
    if (tg_graph_status(g) != TG_ERR_MEMORY && (guessed || tg_graph_status(g) == TG_ERR_DTYPE)) return;
    op->cases++;
    op->unsure++;
    snprintf(op->reason, sizeof op->reason, "%.500s",
             tg_graph_status(g) == TG_OK ? "memory ran out" : tg_error(g));
}

/* Whether a derivative of y by an x is anything but zero by construction: there is a path between them without an
 * operation of constant slope. 1 when memory runs out. */
static int has_derivative(tg_tensor *y, tg_tensor *const *xs, int n)
{
    tg_graph *g = tg_graph_of(y);
    char *active = calloc((size_t)tg_id(y) + 1, 1);
    if (active == NULL) return 1;
    for (int k = 0; k < n; k++)
        if (tg_id(xs[k]) <= tg_id(y)) active[tg_id(xs[k])] = 1;
    for (int64_t id = 0; id <= tg_id(y); id++) {
        const tg_tensor *t = tg_node(g, id);
        int floating = tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
        if (!floating || (tg_op_of(t)->flags & TG_OP_CONSTANT_SLOPE) != 0) continue;
        for (int i = 0; i < tg_input_count(t); i++) active[id] |= active[tg_id(tg_input_at(t, i))];
    }
    int has = active[tg_id(y)];
    free(active);
    return has;
}

/* 0 when memory runs out. */
static int check_case(tg_check_op_report *op, tg_graph *own, const tg_op_case *c,
                      const tg_check_options *options, int guessed)
{
    tg_tensor *xs[TG_OP_CASE_INPUTS];
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL || !tg_graph_copy_operations(g, own)) {
        tg_graph_free(g);
        return 0;
    }
    int n, fine = 1;
    tg_tensor *y = record_case(g, c, tg_op_find(g, c->op->name), xs, &n);
    if (y == NULL) {
        count_refused(op, g, guessed);
    } else if (n == 0 || (tg_dtype_of(y) != TG_F32 && tg_dtype_of(y) != TG_F64)) {
        op->cases++;
        op->constant++;
    } else {
        tg_check_report *r;
        tg_check(g, y, xs, n, options, &r);
        fine = r != NULL;
        if (fine) count_case(op, c, r, has_derivative(y, xs, n));
    }
    tg_graph_free(g);
    return fine;
}

/* ---- All of them ------------------------------------------------------------------------------------------ */

static int check_cases(tg_check_op_report *r, tg_graph *g, const tg_op *op, const tg_check_options *options)
{
    int n = tg_op_case_count(op), guessed = n == 0;
    if (guessed) n = tg_op_case_guesses(op);
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int i = 0; i < n; i++) {
            tg_op_case c;
            if (!tg_op_case_make(&c, op, i, dtype)) {
                r->cases++;
                r->unsure++;
                snprintf(r->reason, sizeof r->reason, "%s", c.error);
            } else if (!check_case(r, g, &c, options, guessed)) {
                return 0;
            }
        }
    return 1;
}

static void judge(tg_check_op_report *r)
{
    const char *reason = NULL;
    r->verdict = TG_INCONCLUSIVE;
    if (r->failed > 0) {
        r->verdict = TG_FAIL;
        reason = r->worst->reason;
    } else if (r->unsure > 0) {
        if (r->reason[0] == '\0') reason = r->worst->reason;
    } else if (r->cases == 0) {
        reason = "no case fits it; its record can list some";
    } else if (r->passed == 0 && r->vacuous > 0) {
        reason = "its derivative is zero in every case";
    } else {
        r->verdict = TG_PASS;
        reason = r->passed > 0 ? "every derivative agrees with the differences of the function"
                               : "it has no derivative: it is locally constant, or not of floating type";
    }
    if (reason != NULL) snprintf(r->reason, sizeof r->reason, "%s", reason);
}

static const char *argument_problem(const tg_graph *g, const tg_op *op)
{
    if (g == NULL || op == NULL) return "tg_check_op: the graph or the operation is NULL";
    if (op->name == NULL || tg_op_find(g, op->name) != op)
        return "tg_check_op: the operation is none of the graph's; tg_op_register makes it one";
    return NULL;
}

tg_verdict tg_check_op(tg_graph *g, const tg_op *op, const tg_check_options *options,
                       tg_check_op_report **report)
{
    if (report != NULL) *report = NULL;
    tg_check_op_report *r = calloc(1, sizeof *r);
    if (r == NULL) return TG_INCONCLUSIVE;
    r->verdict = TG_INCONCLUSIVE;
    const char *problem = argument_problem(g, op);
    if (problem == NULL) {
        snprintf(r->op, sizeof r->op, "%s", op->name);
        if (check_cases(r, g, op, options))
            judge(r);
        else
            problem = "memory ran out";
    }
    if (problem != NULL) snprintf(r->reason, sizeof r->reason, "%s", problem);
    tg_verdict verdict = r->verdict;
    if (report != NULL)
        *report = r;
    else
        tg_check_op_free(r);
    return verdict;
}

void tg_check_op_free(tg_check_op_report *report)
{
    if (report == NULL) return;
    tg_check_free(report->worst);
    free(report);
}
