/* What a wrong derivative looks like: a sign, a factor, a transposition, a shift, a few elements. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "compare.h"

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
        snprintf(text, size, "%.6g times the right value: %s of %" PRId64 " elements taken for a %s", factor,
                 fabs(factor) < 1 ? "the mean" : "the sum", whole, fabs(factor) < 1 ? "sum" : "mean");
    else
        snprintf(text, size, "%.6g times the right value in every element%s", factor,
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

static void describe_elements(const double *analytic, const double *numeric, int64_t n, char *text,
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
    if (wrong == n || wrong == 0) return;
    const char *how = zeros == wrong ? ": they are zero" : signs == wrong ? ": their sign is" : "";
    snprintf(text, size, "%" PRId64 " of %" PRId64 " elements are wrong%s", wrong, n, how);
}

void tg_check_pattern(const tg_part *part, int64_t m, const double *analytic, const double *numeric,
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
        describe_elements(analytic, numeric, n, text, size);
}
