/* What a wrong derivative looks like: a sign, a factor, a transposition, a shift, a missing term, a few elements. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "compare.h"
#include "graph/c_locale.h"

static int near(double a, double b, double scale)
{
    return fabs(a - b) <= 1e-4 * fmax(fabs(a), fabs(b)) + 1e-7 * scale;
}

static double largest(const double *values, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(values[i])) most = fmax(most, fabs(values[i]));
    return most;
}

/* The one number that all analytic values are a multiple of the numeric ones by; 0 when there is none. */
static double common_factor(const double *analytic, const double *numeric, int64_t n)
{
    double product = 0, square = 0, scale = largest(analytic, n);
    for (int64_t i = 0; i < n; i++) {
        product += analytic[i] * numeric[i];
        square += numeric[i] * numeric[i];
    }
    if (!(square > 0) || !isfinite(product)) return 0;
    double factor = product / square;
    for (int64_t i = 0; i < n; i++)
        if (!near(analytic[i], factor * numeric[i], scale)) return 0;
    return factor;
}

static void describe_factor(const tg_part *part, int64_t m, double factor, char *text, size_t size)
{
    if (near(factor, -1, 0)) {
        snprintf(text, size, "the sign is wrong");
        return;
    }
    double times = fabs(factor) < 1 ? 1 / fabs(factor) : fabs(factor);
    int64_t whole = (int64_t)fmin(times + 0.5, 1e15);
    int is_size = near(times, (double)whole, 0) && (whole == part->count || whole == m);
    for (int i = 0; i < part->rank; i++) is_size |= near(times, (double)whole, 0) && whole == part->shape[i];
    if (is_size && whole > 2)
        tg_c_snprintf(text, size, "%.6g times the right value: %s of %" PRId64 " elements taken for a %s",
                      factor, fabs(factor) < 1 ? "the mean" : "the sum", whole,
                      fabs(factor) < 1 ? "sum" : "mean");
    else
        tg_c_snprintf(text, size, "%.6g times the right value in every element%s", factor,
                      near(fabs(factor), 0.5, 0) ? ": perhaps one of two equal terms is missing" : "");
}

/* Element i, j of the analytic matrix is what stands at j, i of the numeric one. */
static int is_transposed(const tg_part *part, const double *analytic, const double *numeric)
{
    if (part->rank != 2 || part->shape[0] < 2 || part->shape[1] < 2) return 0;
    int64_t rows = part->shape[0], columns = part->shape[1];
    double scale = largest(numeric, part->count);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            if (!near(analytic[j * rows + i], numeric[i * columns + j], scale)) return 0;
    return 1;
}

/* Element i is what stands at i + by, but for the ends; 0 when it is not. */
static int is_shifted(const double *analytic, const double *numeric, int64_t n, int by)
{
    int64_t fit = 0;
    double scale = largest(numeric, n);
    for (int64_t i = 0; i < n; i++)
        if (i + by >= 0 && i + by < n) fit += near(analytic[i], numeric[i + by], scale);
    return n >= 3 && fit == n - 1;
}

/* 1 when all of the wrong elements are wrong in one way. */
static int describe_elements(const double *analytic, const double *numeric, int64_t n, char *text,
                             size_t size)
{
    int64_t wrong = 0, zeros = 0, signs = 0;
    double scale = largest(numeric, n);
    for (int64_t i = 0; i < n; i++) {
        if (near(analytic[i], numeric[i], scale)) continue;
        wrong++;
        zeros += analytic[i] == 0;
        signs += near(analytic[i], -numeric[i], scale);
    }
    if (wrong == n || wrong == 0) return 0;
    const char *how = zeros == wrong ? ": they are zero" : signs == wrong ? ": their sign is" : "";
    snprintf(text, size, "%" PRId64 " of %" PRId64 " elements are wrong%s", wrong, n, how);
    return how[0] != '\0';
}

/* ---- Terms ------------------------------------------------------------------------------------------------- */

/* The terms that the derivative is a sum of: what output k contributes to element i lies at [k * n + i]. The outputs
 * can be seen as several axes; those of one index of one axis are a block. */
typedef struct terms {
    int64_t m, n;
    double *values;
    const double *analytic, *numeric;
    double scale;
} terms;

#define MOST_TERMS 16384

/* dy/dx_i for all outputs, from differences of fourth order: accurate enough to be recognised. */
static int find_terms(terms *t, const tg_subject *s, const tg_part *part, const double *x, const double *w)
{
    double *moved = calloc((size_t)s->n + 1, sizeof *moved), *y = calloc((size_t)s->m + 1, sizeof *y);
    unsigned char *branches = calloc(s->branch_size + 1, 1);
    static const double places[4] = {-2, -1, 1, 2}, weights[4] = {1, -8, 8, -1};
    int ok = moved != NULL && y != NULL && branches != NULL;
    for (int64_t i = 0; ok && i < s->n; i++) moved[i] = x[i];
    for (int64_t i = 0; ok && i < t->n; i++) {
        double *at = &moved[part->offset + i], h = 1e-3 * fmax(1, fabs(*at)), base = *at;
        for (int p = 0; p < 4 && ok; p++) {
            *at = base + places[p] * h;
            ok = s->value(s->context, moved, y, branches);
            for (int64_t k = 0; k < t->m && ok; k++)
                t->values[k * t->n + i] += weights[p] * w[k] * y[k] / (12 * h);
        }
        *at = base;
    }
    free(moved);
    free(y);
    free(branches);
    return ok;
}

/* How the outputs are blocks: `count` of them, consecutive or every count-th. */
typedef struct blocks {
    int64_t count, index;
    int consecutive;
} blocks;

static double block_sum(const terms *t, blocks b, int64_t i)
{
    double sum = 0;
    int64_t length = t->m / b.count;
    for (int64_t j = 0; j < length; j++) {
        int64_t k = b.consecutive ? b.index * length + j : j * b.count + b.index;
        sum += t->values[k * t->n + i];
    }
    return sum;
}

/* Whether the derivative is all but the block; whether it is the block alone. */
static int lacks_block(const terms *t, blocks b)
{
    for (int64_t i = 0; i < t->n; i++)
        if (!near(t->numeric[i] - t->analytic[i], block_sum(t, b, i), t->scale)) return 0;
    return 1;
}

static int is_block(const terms *t, blocks b)
{
    for (int64_t i = 0; i < t->n; i++)
        if (!near(t->analytic[i], block_sum(t, b, i), t->scale)) return 0;
    return 1;
}

/* From single outputs to halves: the first way of seeing it that fits. */
static int describe_blocks(const terms *t, char *text, size_t size)
{
    for (int64_t count = t->m; count >= 2; count--) {
        if (t->m % count != 0) continue;
        for (int64_t c = 0; c < 2 * count; c++) {
            blocks b = {count, c / 2, c % 2 == 0};
            int lacks = lacks_block(t, b), alone = !lacks && is_block(t, b);
            if (!lacks && !alone) continue;
            if (count == 2)
                snprintf(text, size,
                         "one of two terms is missing: a missing term, or a sum over an axis of 2");
            else if (lacks)
                snprintf(text, size,
                         "one missing term: that of index %" PRId64 " of %" PRId64 " in the output", b.index,
                         count);
            else
                snprintf(text, size,
                         "only the term of index %" PRId64 " of %" PRId64
                         " in the output is there: a sum over an axis that was broadcast is missing",
                         b.index, count);
            return 1;
        }
    }
    return 0;
}

/* Element i and output i, where there are as many of one as of the other. */
static int describe_diagonal(const terms *t, char *text, size_t size)
{
    int alone = t->m == t->n, lacks = alone;
    for (int64_t i = 0; i < t->n && (alone || lacks); i++) {
        double own = t->values[i * t->n + i];
        alone = alone && near(t->analytic[i], own, t->scale);
        lacks = lacks && near(t->numeric[i] - t->analytic[i], own, t->scale);
    }
    if (alone) snprintf(text, size, "missing terms: only output i counts for element i");
    if (lacks) snprintf(text, size, "one missing term: what output i contributes to element i");
    return alone || lacks;
}

void tg_check_missing_terms(const tg_subject *s, const tg_part *part, const double *x, const double *w,
                            const double *analytic, const double *numeric, char *text, size_t size)
{
    terms t = {s->m, part->count, NULL, analytic, numeric, largest(numeric, part->count)};
    double difference = 0;
    if (t.m < 2 || t.n < 1 || t.m > MOST_TERMS / t.n) return;
    for (int64_t i = 0; i < t.n; i++) {
        if (!isfinite(analytic[i]) || !isfinite(numeric[i])) return;
        difference = fmax(difference, fabs(analytic[i] - numeric[i]));
    }
    if (difference < 1e-3 * t.scale) return; /* too small to be told from the errors of the terms */
    t.values = calloc((size_t)(t.m * t.n), sizeof *t.values);
    if (t.values != NULL && find_terms(&t, s, part, x, w) && !describe_diagonal(&t, text, size))
        describe_blocks(&t, text, size);
    free(t.values);
}

/* ---- All of it --------------------------------------------------------------------------------------------- */

int tg_check_pattern(const tg_part *part, int64_t m, const double *analytic, const double *numeric,
                     char *text, size_t size)
{
    int64_t n = part->count;
    text[0] = '\0';
    double factor = common_factor(analytic, numeric, n);
    if (largest(analytic, n) == 0 && largest(numeric, n) > 0)
        snprintf(text, size, "the derivative is missing: it is zero in every element");
    else if (factor != 0 && !near(factor, 1, 0))
        describe_factor(part, m, factor, text, size);
    else if (is_transposed(part, analytic, numeric))
        snprintf(text, size, "the right values, transposed");
    else if (is_shifted(analytic, numeric, n, 1) || is_shifted(analytic, numeric, n, -1))
        snprintf(text, size, "the right values, shifted by one element");
    else
        return describe_elements(analytic, numeric, n, text, size);
    return 1;
}
