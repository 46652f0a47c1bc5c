/* The comparisons: elements, directions, modes, symmetry, the Taylor remainder. */
#include "compare.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "slope.h"

/* A subject being compared. */
typedef struct comparison {
    tg_checking *c;
    const tg_subject *s;
    const double *x, *w;
    double *gradient; /* the claim for phi's */
    double *numeric, *u, *ydot;
    double zero; /* a derivative below this cannot be told from zero */
    tg_probe probe;
} comparison;

static uint64_t key_of(const tg_checking *c, const char *purpose, int64_t i)
{
    return tg_check_key(c->options.seed + (uint64_t)c->order, purpose) + (uint64_t)i;
}

static double dot(const double *a, const double *b, int64_t n, double *size)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
        *size += fabs(a[i] * b[i]);
    }
    return sum;
}

/* phi's gradient by reverse mode or, where there is only forward mode, an element at a time. */
static int claimed_gradient(comparison *q)
{
    const tg_subject *s = q->s;
    if (s->vjp != NULL) return s->vjp(s->context, q->x, q->w, q->gradient);
    memset(q->u, 0, (size_t)s->n * sizeof(double));
    for (int64_t i = 0; i < s->n; i++) {
        double size = 0;
        q->u[i] = 1;
        int ok = s->jvp(s->context, q->x, q->u, q->ydot);
        q->u[i] = 0;
        if (!ok) return 0;
        q->gradient[i] = dot(q->w, q->ydot, s->m, &size);
    }
    return 1;
}

static tg_check_outcome judge(double difference, double tolerance, double noise)
{
    if (difference <= tolerance && noise <= tolerance) return TG_CHECK_AGREES;
    return difference > tolerance + 8 * noise ? TG_CHECK_DIFFERS : TG_CHECK_UNSURE;
}

/* At a kink: is the claim between the slopes of the two sides? */
static void judge_sides(tg_check_entry *e, const tg_slope *slope)
{
    e->outcome = TG_CHECK_KINK;
    if (!slope->sides_found) return;
    e->left = slope->left;
    e->right = slope->right;
    double least = fmin(e->left, e->right), most = fmax(e->left, e->right);
    double room = 1e-4 * fmax(fabs(least), fabs(most)) + 4 * slope->side_noise;
    if (slope->side_noise > 1e-2 * fmax(fabs(least), fabs(most))) return; /* a jump: there are no slopes */
    e->outcome =
        e->analytic >= least - room && e->analytic <= most + room ? TG_CHECK_SUBGRADIENT : TG_CHECK_UNSURE;
}

/* Without branches a kink shows itself by slopes that differ from side to side. */
static int sides_differ(const tg_slope *slope)
{
    double size = fmax(fabs(slope->left), fabs(slope->right));
    return slope->sides_found && slope->side_noise < 1e-3 * size &&
           fabs(slope->left - slope->right) > 1e-3 * size + 16 * slope->side_noise;
}

static tg_slope find_slope(comparison *q, tg_direction d, double claimed, double tolerance)
{
    const tg_subject *s = q->s;
    tg_slope slope = {0};
    if (s->slope == NULL) return tg_slope_find(&q->probe, d, claimed, tolerance);
    if (d.u == NULL) {
        memset(q->u, 0, (size_t)s->n * sizeof(double));
        q->u[d.index] = 1;
    }
    slope.found = s->slope(s->context, q->x, d.u != NULL ? d.u : q->u, q->w, &slope.value);
    slope.noise = 64 * DBL_EPSILON * fabs(slope.value) + q->zero;
    return slope;
}

/* Compares e->analytic along d and fills in the rest of the entry. scale: what the tolerance is relative to, at
 * least. */
static void compare_slope(comparison *q, tg_direction d, double scale, tg_check_entry *e)
{
    const tg_check_options *o = &q->c->options;
    double tolerance = o->rtol * fmax(fabs(e->analytic), scale) + o->atol;
    tg_slope slope = find_slope(q, d, e->analytic, tolerance);
    e->order = q->c->order;
    e->numeric = slope.found ? slope.value : (double)NAN;
    e->noise = slope.noise;
    e->step = slope.step;
    e->error = fabs(e->analytic - e->numeric);
    e->scale = fmax(fmax(fabs(e->analytic), fabs(e->numeric)), fmax(scale, q->zero)); /* NaN is left out */
    e->tolerance = slope.found ? fmax(tolerance, o->rtol * fabs(slope.value) + o->atol) : tolerance;
    int small = fabs(e->analytic) <= q->zero && slope.found && fabs(slope.value) <= q->zero;
    e->outcome = small          ? TG_CHECK_AGREES
                 : !slope.found ? TG_CHECK_UNSURE
                                : judge(e->error, e->tolerance, e->noise);
    if (!isfinite(e->analytic)) e->outcome = slope.found ? TG_CHECK_DIFFERS : TG_CHECK_UNSURE;
    if (slope.kink) {
        tg_slope_sides(&q->probe, d, &slope);
        judge_sides(e, &slope);
    } else if (e->outcome != TG_CHECK_AGREES && !q->s->knows_kinks && q->s->slope == NULL) {
        tg_slope_sides(&q->probe, d, &slope);
        if (sides_differ(&slope))
            judge_sides(e, &slope);
        else if (slope.rough)
            e->outcome = TG_CHECK_KINK;
    }
}

/* Keeps an entry. A function of one output is weighed like any other, so that a rule which forgets the adjoint is
 * noticed; but what is shown are its own derivatives. */
static void add_entry(const comparison *q, tg_check_entry e)
{
    double weight = q->s->m == 1 && q->w[0] != 0 ? q->w[0] : 1, size = fabs(weight);
    e.analytic /= weight;
    e.numeric /= weight;
    e.left /= weight;
    e.right /= weight;
    e.error /= size;
    e.scale /= size;
    e.tolerance /= size;
    e.noise /= size;
    tg_checking_add(q->c, &e);
}

static void describe_error(const comparison *q, const tg_part *t)
{
    tg_check_report *r = q->c->report;
    const double *analytic = q->gradient + t->offset, *numeric = q->numeric + t->offset;
    if (!tg_check_pattern(t, q->s->m, analytic, numeric, r->pattern, sizeof r->pattern))
        tg_check_missing_terms(q->s, t, q->x, q->w, analytic, numeric, r->pattern, sizeof r->pattern);
}

static void check_elements(comparison *q, int part)
{
    const tg_part *t = &q->s->parts[part];
    double scale = 0;
    int64_t differing = q->c->report->differing;
    for (int64_t i = t->offset; i < t->offset + t->count; i++)
        if (isfinite(q->gradient[i])) scale = fmax(scale, fabs(q->gradient[i]));
    for (int64_t i = t->offset; i < t->offset + t->count; i++) {
        tg_check_entry e = {.kind = TG_CHECK_ELEMENT,
                            .part = part,
                            .index = i - t->offset,
                            .x = q->x[i],
                            .analytic = q->gradient[i]};
        compare_slope(q, (tg_direction){NULL, i}, 1e-4 * scale, &e);
        q->numeric[i] = e.numeric;
        add_entry(q, e);
    }
    if (q->c->report->differing > differing && q->c->report->pattern[0] == '\0') describe_error(q, t);
}

/* u is random in one part (-1: in all) and 0 elsewhere. */
static void draw_direction(comparison *q, int part, const char *purpose, int64_t k)
{
    const tg_subject *s = q->s;
    memset(q->u, 0, (size_t)s->n * sizeof(double));
    int64_t offset = part < 0 ? 0 : s->parts[part].offset, count = part < 0 ? s->n : s->parts[part].count;
    tg_check_draw(key_of(q->c, purpose, k + 100 * (int64_t)part), count, q->u + offset);
}

static double norm_of_product(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i] * a[i] * b[i];
    return sqrt(sum);
}

/* Random directions; where one does not agree, for whatever reason, every element decides. */
static void check_directions(comparison *q, int part)
{
    const tg_subject *s = q->s;
    for (int k = 0; k < q->c->options.directions; k++) {
        double size = 0;
        draw_direction(q, part, "direction", k);
        tg_check_entry e = {.kind = TG_CHECK_DIRECTION, .part = part, .index = k, .x = (double)NAN};
        e.analytic = dot(q->gradient, q->u, s->n, &size);
        compare_slope(q, (tg_direction){q->u, -1}, norm_of_product(q->gradient, q->u, s->n), &e);
        if (e.outcome == TG_CHECK_AGREES) {
            add_entry(q, e);
            continue;
        }
        int64_t before = q->c->report->differing;
        check_elements(q, part);
        if (e.outcome == TG_CHECK_DIFFERS && q->c->report->differing == before) add_entry(q, e);
        return;
    }
}

/* Two ways to one number, which differ by rounding alone: size is what it was added up from. */
static void judge_identity(tg_check_entry *e, double size, double zero)
{
    e->error = fabs(e->analytic - e->numeric);
    e->noise = 64 * DBL_EPSILON * size;
    e->scale = fmax(size, zero);
    e->tolerance = 1e-9 * size + zero;
    e->outcome = e->error <= e->tolerance ? TG_CHECK_AGREES : TG_CHECK_DIFFERS;
}

/* Both modes along q->u. 0 when the forward mode cannot be computed. */
static int modes_agree(comparison *q, int part, int64_t element, int *agree)
{
    const tg_subject *s = q->s;
    double size = 0;
    tg_check_entry e = {.kind = TG_CHECK_MODES,
                        .order = q->c->order,
                        .part = part,
                        .index = element,
                        .x = element >= 0 ? q->x[s->parts[part].offset + element] : (double)NAN,
                        .step = (double)NAN};
    if (!s->jvp(s->context, q->x, q->u, q->ydot)) {
        q->c->problem = "the forward mode could not be computed";
        return 0;
    }
    e.analytic = dot(q->gradient, q->u, s->n, &size);
    e.numeric = dot(q->w, q->ydot, s->m, &size);
    judge_identity(&e, size, q->zero);
    *agree = e.outcome == TG_CHECK_AGREES;
    add_entry(q, e);
    return 1;
}

/* A random direction of a large tensor, and every element where that disagrees; every element of a small one. */
static void compare_modes(comparison *q, int part)
{
    const tg_part *t = &q->s->parts[part];
    int agree = 0;
    if (t->count > q->c->options.full_limit) {
        draw_direction(q, part, "mode", 0);
        if (!modes_agree(q, part, -1, &agree) || agree) return;
    }
    memset(q->u, 0, (size_t)q->s->n * sizeof(double));
    for (int64_t i = 0; i < t->count; i++) {
        q->u[t->offset + i] = 1;
        int fine = modes_agree(q, part, i, &agree);
        q->u[t->offset + i] = 0;
        if (!fine) return;
    }
}

void tg_check_symmetry(tg_checking *c, const tg_subject *s, const double *x)
{
    size_t room = (size_t)s->n + 1;
    double *u = calloc(room, sizeof *u), *v = calloc(room, sizeof *v);
    double *hu = calloc(room, sizeof *hu), *hv = calloc(room, sizeof *hv);
    if (u != NULL && v != NULL && hu != NULL && hv != NULL) {
        tg_check_draw(key_of(c, "u", 0), s->n, u);
        tg_check_draw(key_of(c, "v", 0), s->n, v);
        tg_check_entry e = {.kind = TG_CHECK_SYMMETRY,
                            .order = 2,
                            .part = -1,
                            .index = -1,
                            .x = (double)NAN,
                            .step = (double)NAN};
        if (s->jvp(s->context, x, u, hu) && s->jvp(s->context, x, v, hv)) {
            double size = 0;
            e.analytic = dot(u, hv, s->n, &size);
            e.numeric = dot(v, hu, s->n, &size);
            judge_identity(&e, size, c->zero);
            tg_checking_add(c, &e);
        }
    } else {
        c->out_of_memory = 1;
    }
    free(u);
    free(v);
    free(hu);
    free(hv);
}

/* The remainder phi(x + t u) - phi(x) - t <g, u> falls with t^2; with t when g is wrong. The order is measured at the
 * smallest two steps where the remainder stands out from rounding. */
static void measure_taylor(comparison *q)
{
    double claimed = 0, size = 0, last = 0, remainder = 0, t = 0.125;
    int standing = 0, seen = 0;
    draw_direction(q, -1, "taylor", 0);
    claimed = dot(q->gradient, q->u, q->s->n, &size);
    tg_check_entry e = {
        .kind = TG_CHECK_TAYLOR, .order = q->c->order, .part = -1, .index = -1, .x = (double)NAN};
    for (int k = 0; k < 24; k++, t /= 2) {
        double change;
        if (!tg_probe_change(&q->probe, (tg_direction){q->u, -1}, t, &change)) continue;
        seen++;
        last = remainder;
        remainder = fabs(change - t * claimed);
        if (remainder <= q->zero + 1000 * DBL_EPSILON * t * size) break;
        e.numeric = log2(last / remainder);
        e.step = t;
        standing++;
    }
    if (standing < 3) {
        if (q->c->order == 1)
            q->c->report->taylor_order = seen > 0 && standing == 0 ? (double)INFINITY : (double)NAN;
        return;
    }
    if (q->c->order == 1) q->c->report->taylor_order = e.numeric;
    e.analytic = 2;
    e.error = fabs(e.numeric - 2);
    e.scale = 2;
    e.tolerance = 0.75;
    /* Directions and elements decide; the order alone can be fooled by a function that is far from its series. */
    e.outcome = TG_CHECK_AGREES;
    const tg_check_report *r = q->c->report;
    if (e.numeric < 1.25 && r->kinks + r->subgradients == 0)
        e.outcome = r->differing > 0 ? TG_CHECK_DIFFERS : TG_CHECK_UNSURE;
    tg_checking_add(q->c, &e);
}

static int prepare(comparison *q)
{
    const tg_subject *s = q->s;
    int computable, made = tg_probe_make(&q->probe, s, q->x, q->w, q->c->options.step, &computable);
    q->gradient = calloc((size_t)s->n + 1, sizeof(double));
    q->numeric = calloc((size_t)s->n + 1, sizeof(double));
    q->u = calloc((size_t)s->n + 1, sizeof(double));
    q->ydot = calloc((size_t)s->m + 1, sizeof(double));
    if (q->gradient == NULL || q->numeric == NULL || q->u == NULL || q->ydot == NULL || (!made && computable))
        q->c->out_of_memory = 1;
    else if (!made)
        q->c->problem = "the function's value at x cannot be computed or is not finite";
    else if (!claimed_gradient(q))
        q->c->problem = "the derivative at x cannot be computed";
    else
        return 1;
    return 0;
}

void tg_check_subject(tg_checking *c, const tg_subject *s, const double *x, const double *w)
{
    comparison q = {.c = c, .s = s, .x = x, .w = w};
    c->parts = s->parts;
    c->by_complex_step = s->slope != NULL;
    if (prepare(&q)) {
        double size = 0;
        dot(w, q.probe.low, s->m, &size); /* the values at x lie there still */
        q.zero = fmax(1024 * DBL_EPSILON * size, c->zero);
        c->zero = q.zero;
        for (int part = 0; part < s->n_parts; part++) {
            if (s->parts[part].count == 0) continue;
            if (s->parts[part].count <= c->options.full_limit)
                check_elements(&q, part);
            else
                check_directions(&q, part);
            if (s->vjp != NULL && s->jvp != NULL) compare_modes(&q, part);
        }
        if (s->n > 0) measure_taylor(&q);
        c->report->crossings += q.probe.crossings;
    }
    free(q.gradient);
    free(q.numeric);
    free(q.u);
    free(q.ydot);
    tg_probe_free(&q.probe);
}
