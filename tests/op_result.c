/* Recording, differentiating and evaluating a case. */
#include "op_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_helpers.h"

static double *numbers(int64_t n)
{
    double *values = calloc((size_t)n + 1, sizeof *values);
    assert_non_null(values);
    return values;
}

void op_set(tg_tensor *input, const double *values)
{
    int64_t n = tg_count(input);
    tg_dtype dtype = tg_dtype_of(input);
    size_t item = tg_dtype_size(dtype);
    unsigned char *bytes = calloc((size_t)n + 1, item);
    assert_non_null(bytes);
    for (int64_t i = 0; i < n; i++) {
        void *at = bytes + (size_t)i * item;
        switch (dtype) {
        case TG_F32:
            memcpy(at, &(float){(float)values[i]}, item);
            break;
        case TG_F64:
            memcpy(at, &values[i], item);
            break;
        case TG_I64:
            memcpy(at, &(int64_t){(int64_t)values[i]}, item);
            break;
        case TG_BOOL:
            *(unsigned char *)at = values[i] != 0;
            break;
        }
    }
    if (tg_set(input, bytes, (size_t)n * item) != TG_OK) fail_msg("%s", tg_error(tg_graph_of(input)));
    free(bytes);
}

double *op_evaluate(tg_tensor *t)
{
    double *values = numbers(tg_count(t) < 0 ? 0 : tg_count(t));
    evaluate(t, values, tg_count(t), __FILE__, __LINE__);
    return values;
}

static tg_tensor *new_input(tg_graph *g, const char *name, const tg_type *type, const double *values)
{
    tg_tensor *t = tg_input(g, name, type->dtype, type->rank, type->shape);
    if (t == NULL) fail_msg("%s", tg_error(g));
    op_set(t, values);
    return t;
}

static tg_tensor *random_input(tg_graph *g, const tg_op_case *c, const char *purpose, int k,
                               const tg_type *type)
{
    char name[32];
    snprintf(name, sizeof name, k < 0 ? "%s" : "%s%d", purpose, k);
    double *values = numbers(tg_type_count(type));
    tg_op_case_random(c, name, tg_type_count(type), values);
    tg_tensor *t = new_input(g, name, type, values);
    free(values);
    return t;
}

/* The tensors of a case: those operands that have derivatives, with their partners. */
typedef struct tensors {
    tg_tensor *inputs[TG_OP_CASE_INPUTS], *xs[TG_OP_CASE_INPUTS], *v[TG_OP_CASE_INPUTS],
        *w[TG_OP_CASE_INPUTS];
    int which[TG_OP_CASE_INPUTS], n;
} tensors;

static void make_inputs(tg_graph *g, const tg_op_case *c, tensors *t)
{
    for (int k = 0; k < c->n_inputs; k++) {
        char name[32];
        snprintf(name, sizeof name, "x%d", k);
        if (c->same_as[k] >= 0) {
            t->inputs[k] = t->inputs[c->same_as[k]];
            continue;
        }
        double *values = numbers(tg_type_count(&c->types[k]));
        tg_op_case_values(c, k, values);
        t->inputs[k] = new_input(g, name, &c->types[k], values);
        free(values);
        if (!tg_op_case_differentiable(c, k)) continue;
        t->xs[t->n] = t->inputs[k];
        t->v[t->n] = random_input(g, c, "tangent", k, &c->types[k]);
        t->w[t->n] = random_input(g, c, "weights", k, &c->types[k]);
        t->which[t->n++] = k;
    }
}

static void differentiate(tg_graph *g, const tg_op_case *c, const tensors *t, tg_tensor *y, op_result *r)
{
    tg_tensor *u = random_input(g, c, "cotangent", -1, &r->type);
    tg_tensor *adjoints[TG_OP_CASE_INPUTS], *second[TG_OP_CASE_INPUTS], *moved[TG_OP_CASE_INPUTS],
        *tangent = NULL;
    tg_status status = tg_vjp(g, &y, &u, 1, t->xs, t->n, adjoints);
    if (status == TG_OK) status = tg_jvp(g, &y, 1, t->xs, t->v, t->n, &tangent);
    if (status == TG_OK) status = tg_vjp(g, adjoints, t->w, t->n, t->xs, t->n, second);
    if (status == TG_OK) status = tg_jvp(g, adjoints, t->n, t->xs, t->v, t->n, moved);
    if (status != TG_OK) fail_msg("%s: %s", c->text, tg_error(g));
    r->tangent = op_evaluate(tangent);
    for (int i = 0; i < t->n; i++) {
        r->adjoint[t->which[i]] = op_evaluate(adjoints[i]);
        r->second[t->which[i]] = op_evaluate(second[i]);
        r->moved[t->which[i]] = op_evaluate(moved[i]);
    }
}

void op_result_compute(op_result *r, const tg_op_case *c, const tg_op *record, unsigned flags)
{
    memset(r, 0, sizeof *r);
    tg_graph *g = tg_graph_new(&(tg_graph_options){.flags = flags});
    assert_non_null(g);
    const tg_op *op = record == NULL ? c->op : tg_op_register(g, record);
    tensors t = {.n = 0};
    make_inputs(g, c, &t);
    tg_tensor *y = tg_apply(g, op, t.inputs, c->n_inputs, c->attr);
    if (y == NULL) fail_msg("%s: %s", c->text, tg_error(g));
    r->type = tg_type_of(y);
    r->value = op_evaluate(y);
    r->has_derivatives = t.n > 0 && (r->type.dtype == TG_F32 || r->type.dtype == TG_F64);
    if (r->has_derivatives) differentiate(g, c, &t, y, r);
    tg_graph_free(g);
}

void op_result_free(op_result *r)
{
    free(r->value);
    free(r->tangent);
    for (int k = 0; k < TG_OP_CASE_INPUTS; k++) {
        free(r->adjoint[k]);
        free(r->second[k]);
        free(r->moved[k]);
    }
    memset(r, 0, sizeof *r);
}

void op_assert_close(const tg_op_case *c, const char *what, const double *a, const double *b, int64_t n,
                     double tolerance, double scale)
{
    for (int64_t i = 0; i < n; i++) {
        if (a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))) continue;
        if (fabs(a[i] - b[i]) <= tolerance * (fabs(b[i]) + scale)) continue;
        fail_msg("%s: %s: element %lld is %.17g, expected %.17g within %g", c->text, what, (long long)i, a[i],
                 b[i], tolerance * (fabs(b[i]) + scale));
    }
}

double op_largest(const double *a, int64_t n)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(a[i]));
    return largest;
}

void op_for_each_case(tg_dtype floating, void (*f)(const tg_op_case *c))
{
    tg_graph *g = tg_graph_new(NULL);
    assert_non_null(g);
    const tg_op *op;
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++)
        for (int k = 0; k < tg_op_case_count(op); k++) {
            tg_op_case c;
            if (!tg_op_case_make(&c, op, k, floating)) fail_msg("%s", c.error);
            f(&c);
        }
    tg_graph_free(g);
}
