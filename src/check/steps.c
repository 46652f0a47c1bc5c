/* The error of a difference as a function of its step. */
#include "steps.h"

#include <math.h>
#include <stdlib.h>

#include "graph_check.h"
#include "slope.h"

typedef struct measurement {
    const tg_drawing *drawing;
    tg_tensor *y, *const *xs;
    int n;
    int64_t count;
    double *x, *u, *w, *gradient;
    tg_check_steps *out;
    tg_diag *diag;
} measurement;

static double relative_error(const measurement *q, double value)
{
    return fabs(value - q->out->derivative) / fabs(q->out->derivative);
}

/* ---- In f64, by what the check itself works with ------------------------------------------------------------ */

static tg_status measure_probe(measurement *q, const tg_graph_subject *s, double step)
{
    tg_probe probe;
    int computable;
    tg_status status = TG_OK;
    tg_direction along = {q->u, -1};
    if (!tg_probe_make(&probe, &s->subject, q->x, q->w, step, &computable)) {
        status =
            tg_fail(q->diag, TG_ERR_MEMORY, "the value cannot be computed, is not finite, or memory ran out");
    } else {
        for (int i = 0; i < TG_STEPS; i++) {
            double value;
            if (tg_slope_at(&probe, along, q->out->step[i], 0, &value))
                q->out->f64[i] = relative_error(q, value);
            if (tg_slope_at(&probe, along, q->out->step[i], 1, &value))
                q->out->extrapolated[i] = relative_error(q, value);
        }
        tg_slope found = tg_slope_find(&probe, along, q->out->derivative, 1e-6 * fabs(q->out->derivative));
        q->out->chosen = found.step;
        q->out->chosen_error = relative_error(q, found.value);
    }
    tg_probe_free(&probe);
    return status;
}

static tg_part *parts_of(const measurement *q)
{
    tg_part *parts = calloc((size_t)q->n + 1, sizeof *parts);
    int64_t offset = 0;
    for (int i = 0; i < q->n && parts != NULL; i++) {
        parts[i] = (tg_part){.name = "", .offset = offset, .count = tg_count(q->xs[i])};
        offset += parts[i].count;
    }
    return parts;
}

static tg_status measure_f64(measurement *q, double step)
{
    tg_graph_copy copy = {0};
    tg_graph_subject s = {0};
    tg_part *parts = parts_of(q);
    tg_status status = TG_OK;
    if (parts == NULL || !tg_graph_copy_make(&copy, &q->y, 1, q->xs, q->n, 1, q->drawing, TG_F64) ||
        !tg_graph_copy_set(&copy, q->x) || !tg_graph_subject_make(&s, &copy, copy.map[tg_id(q->y)], parts) ||
        !s.subject.vjp(s.subject.context, q->x, q->w, q->gradient)) {
        status =
            tg_fail(q->diag, TG_ERR_MEMORY, "%s",
                    copy.g != NULL && tg_graph_status(copy.g) != TG_OK ? tg_error(copy.g) : "out of memory");
    } else {
        q->out->derivative = 0;
        for (int64_t i = 0; i < q->count; i++) q->out->derivative += q->gradient[i] * q->u[i];
        status = fabs(q->out->derivative) > 0
                     ? measure_probe(q, &s, step)
                     : tg_fail(q->diag, TG_ERR_ARGUMENT, "the derivative is zero along a random direction");
    }
    tg_graph_subject_free(&s);
    tg_graph_copy_free(&copy);
    free(parts);
    return status;
}

/* ---- In f32 ------------------------------------------------------------------------------------------------- */

/* <w, y(x + t u)> with x, y and all between in f32; NaN where it cannot be computed. */
static double value_in_f32(const measurement *q, const tg_graph_copy *copy, double t, float *values, float *y)
{
    float *at = values;
    const double *x = q->x, *u = q->u;
    for (int i = 0; i < copy->n_xs; i++) {
        int64_t count = tg_count(copy->xs[i]);
        for (int64_t k = 0; k < count; k++) at[k] = (float)(x[k] + t * u[k]);
        if (tg_set(copy->xs[i], at, (size_t)count * sizeof(float)) != TG_OK) return (double)NAN;
        at += count;
        x += count;
        u += count;
    }
    int64_t m = tg_count(q->y);
    if (tg_eval(copy->g, &copy->map[tg_id(q->y)], 1, y, (size_t)m * sizeof(float)) != TG_OK)
        return (double)NAN;
    double sum = 0;
    for (int64_t k = 0; k < m; k++) sum += q->w[k] * (double)y[k];
    return sum;
}

/* An operation that is for f64 alone leaves this curve out, and stop_gradient counts as what it is computed as. */
static tg_status measure_f32(measurement *q)
{
    tg_graph_copy copy;
    float *values = calloc((size_t)q->count + 1, sizeof *values);
    float *y = calloc((size_t)tg_count(q->y) + 1, sizeof *y);
    if (tg_graph_copy_make(&copy, &q->y, 1, q->xs, q->n, 0, q->drawing, TG_F32) && values != NULL &&
        y != NULL)
        for (int i = 0; i < TG_STEPS; i++) {
            double h = q->out->step[i];
            double change = value_in_f32(q, &copy, h, values, y) - value_in_f32(q, &copy, -h, values, y);
            q->out->f32[i] = relative_error(q, change / (2 * h));
        }
    tg_status status = values == NULL || y == NULL ? tg_fail(q->diag, TG_ERR_MEMORY, "out of memory") : TG_OK;
    tg_graph_copy_free(&copy);
    free(values);
    free(y);
    return status;
}

/* ---- Both --------------------------------------------------------------------------------------------------- */

static tg_status find_point(measurement *q, const tg_check_options *options)
{
    tg_checking c;
    if (!tg_checking_begin(&c, options, NULL, 0)) return tg_fail(q->diag, TG_ERR_MEMORY, "out of memory");
    int found = tg_check_point(&c, q->drawing, q->xs, q->n, q->x);
    tg_status status = found ? TG_OK : tg_fail(q->diag, TG_ERR_ARGUMENT, "%s", c.report->reason);
    tg_check_free(c.report);
    return status;
}

tg_status tg_check_measure_steps(tg_tensor *y, tg_tensor *const *xs, int n, const tg_check_options *options,
                                 tg_check_steps *out, tg_diag *diag)
{
    tg_check_options o = tg_check_defaults(options);
    tg_drawing drawing = tg_drawing_choose(y, options);
    measurement q = {.drawing = &drawing, .y = y, .xs = xs, .n = n, .out = out, .diag = diag};
    q.count = tg_check_count(xs, n);
    q.x = calloc((size_t)q.count + 1, sizeof(double));
    q.u = calloc((size_t)q.count + 1, sizeof(double));
    q.gradient = calloc((size_t)q.count + 1, sizeof(double));
    q.w = calloc((size_t)tg_count(y) + 1, sizeof(double));
    for (int i = 0; i < TG_STEPS; i++) {
        out->step[i] = pow(10, -i / 4.0);
        out->f32[i] = out->f64[i] = out->extrapolated[i] = (double)NAN;
    }
    tg_status status;
    if (q.x == NULL || q.u == NULL || q.w == NULL || q.gradient == NULL) {
        status = tg_fail(diag, TG_ERR_MEMORY, "out of memory");
    } else {
        tg_check_draw(tg_check_key(o.seed, "adjoint"), tg_count(y), q.w);
        tg_check_draw(tg_check_key(o.seed, "steps"), q.count, q.u);
        status = find_point(&q, options);
        if (status == TG_OK) status = measure_f64(&q, o.step);
        if (status == TG_OK) status = measure_f32(&q);
    }
    free(q.x);
    free(q.u);
    free(q.w);
    free(q.gradient);
    return status;
}
