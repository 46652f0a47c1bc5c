/* Powers, in every instruction set that runs here: how far they are off, in units in the last place, and what they give
 * of zeros, infinities, NaN and negative bases.
 *
 *     test_vector_pow          some numbers
 *     test_vector_pow --all    many; prints the largest errors; some minutes */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "units.h"

enum { BLOCK = 4096 };

/* How far the C library's pow of double may be off itself. */
#define C_LIBRARY 0.52

/* Units: what vector_math.h promises, or the C library where it has no fused products. */
static double most_of(tg_dtype dtype)
{
    return dtype == TG_F32 ? 0.82 : 0.84;
}

static const int64_t pairs[2] = {1, 1};

static void check_errors(tg_dtype dtype, const worst *found)
{
    for (int set = 0; set < set_count(); set++)
        if (found[set].error > most_of(dtype))
            fail_msg("pow of %s, %s: off by %g units at %.17g", tg_dtype_name(dtype),
                     tg_instructions_name((tg_instructions)set), found[set].error, found[set].at);
}

/* ---- Blocks ------------------------------------------------------------------------------------------- */

static void check_block_f32(int n, const float *x, const float *y, worst *found)
{
    static float z[BLOCK];
    const void *const in[2] = {x, y};
    for (int set = 0; set < set_count(); set++) {
        loop_of(set, TG_F32, TG_ROW_pow)(n, z, in, pairs);
        for (int i = 0; i < n; i++)
            take_worse(&found[set], error_f32(z[i], pow((double)x[i], (double)y[i])), (double)x[i]);
    }
}

static void check_block_f64(int n, const double *x, const double *y, worst *found)
{
    static double z[BLOCK];
    static quad wanted[BLOCK];
    const void *const in[2] = {x, y};
    for (int i = 0; i < n; i++) wanted[i] = Q(pow)((quad)x[i], (quad)y[i]);
    for (int set = 0; set < set_count(); set++) {
        loop_of(set, TG_F64, TG_ROW_pow)(n, z, in, pairs);
        for (int i = 0; i < n; i++)
            take_worse(&found[set], error_in_units((quad)z[i], wanted[i], 53, 1023), x[i]);
    }
}

/* From -1 to 1. */
static double uniform(void)
{
    return (double)(draw() >> 11) * 0x1p-52 - 1;
}

/* Numbers of any bits; of any size, with powers that mostly are finite; next to 1, and from 1/2 to 2, with such powers; of
 * either sign, with whole exponents. */
static void draw_pair(int kind, double largest, double *x, double *y)
{
    uint64_t bits[2] = {draw(), draw()};
    memcpy(x, &bits[0], sizeof *x);
    memcpy(y, &bits[1], sizeof *y);
    if (isnan(*x)) *x = (double)NAN; /* libraries differ in what they make of signalling ones */
    if (isnan(*y)) *y = (double)NAN;
    if (kind == 1) *x = exp(largest * uniform());
    if (kind == 2) *x = 1 + uniform() * exp(-30 * fabs(uniform()));
    if (kind == 3) *x = exp2(uniform());
    if (kind == 4) *x = 20 * uniform();
    if (kind == 1 || kind == 2 || kind == 3) *y = 1.06 * largest * uniform() / log(*x);
    if (kind == 4) *y = floor(12 * uniform());
}

static void sweep_f32(int64_t count, worst *found)
{
    static float x[BLOCK], y[BLOCK];
    for (int64_t done = 0; done < count; done += BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            double a, b;
            uint32_t bits = (uint32_t)draw();
            draw_pair(i % 5, 88, &a, &b);
            x[i] = (float)clip(a);
            y[i] = (float)clip(b);
            if (i % 5 == 0) memcpy(&x[i], &bits, sizeof x[i]);
            if (isnan(x[i])) x[i] = NAN;
        }
        check_block_f32(BLOCK, x, y, found);
    }
}

static void sweep_f64(int64_t count, worst *found)
{
    static double x[BLOCK], y[BLOCK];
    for (int64_t done = 0; done < count; done += BLOCK) {
        for (int i = 0; i < BLOCK; i++) draw_pair(i % 5, 709, &x[i], &y[i]);
        check_block_f64(BLOCK, x, y, found);
    }
}

static void test_f32(void **state)
{
    (void)state;
    worst found[TG_INSTRUCTION_SETS] = {{0, 0}};
    sweep_f32(64 * BLOCK, found);
    check_errors(TG_F32, found);
}

static void test_f64(void **state)
{
    (void)state;
    worst found[TG_INSTRUCTION_SETS] = {{0, 0}};
    sweep_f64(16 * BLOCK, found);
    check_errors(TG_F64, found);
}

/* ---- Special cases ------------------------------------------------------------------------------------ */

static const double bases[] = {0,
                               1,
                               (double)INFINITY,
                               (double)NAN,
                               0.5,
                               2,
                               3,
                               0.7,
                               1e-310,
                               5e-324,
                               0x1p-149,
                               1e-40,
                               0x1p-126,
                               0x1.fffffep127,
                               0x1.fffffffffffffp1023,
                               0x1.000002p0,
                               0x1.fffffep-1,
                               0x1.0000000000001p0,
                               0x1.fffffffffffffp-1};
static const double exponents[] = {0,
                                   1,
                                   (double)INFINITY,
                                   (double)NAN,
                                   0.5,
                                   2,
                                   3,
                                   1.0 / 3,
                                   1.5,
                                   2.5,
                                   1e-310,
                                   1e-40,
                                   1e-20,
                                   5e-324,
                                   1e30,
                                   1e300,
                                   126,
                                   127,
                                   128,
                                   149,
                                   150,
                                   1022,
                                   1023,
                                   1024,
                                   1073,
                                   1074,
                                   1075,
                                   0x1p22 + 0.5,
                                   0x1p23 - 1,
                                   0x1p23 + 1,
                                   0x1p24 - 1,
                                   0x1p24,
                                   0x1p51 + 0.5,
                                   0x1p52 - 0.5,
                                   0x1p52 + 1,
                                   0x1p53 - 1,
                                   0x1p53,
                                   0x1p53 + 2,
                                   0x1p99,
                                   0x1p101};

enum { BASES = 2 * sizeof bases / sizeof bases[0], EXPONENTS = 2 * sizeof exponents / sizeof exponents[0] };

static double either_sign(const double *of, int i)
{
    return i % 2 == 0 ? of[i / 2] : -of[i / 2];
}

/* The C library says what is to come out; all its powers are told exactly or are finite. */
static void test_special_cases(void **state)
{
    (void)state;
    static double x[BASES * EXPONENTS], y[BASES * EXPONENTS], z[BASES * EXPONENTS];
    static float u[BASES * EXPONENTS], v[BASES * EXPONENTS], w[BASES * EXPONENTS];
    const void *const in[2] = {x, y}, *const in_f32[2] = {u, v};
    const int n = BASES * EXPONENTS;
    for (int i = 0; i < n; i++) {
        x[i] = either_sign(bases, i / EXPONENTS);
        y[i] = either_sign(exponents, i % EXPONENTS);
        u[i] = (float)x[i];
        v[i] = (float)y[i];
    }
    for (int set = 0; set < set_count(); set++) {
        loop_of(set, TG_F64, TG_ROW_pow)(n, z, in, pairs);
        loop_of(set, TG_F32, TG_ROW_pow)(n, w, in_f32, pairs);
        for (int i = 0; i < n; i++) {
            if (error_in_units((quad)z[i], (quad)pow(x[i], y[i]), 53, 1023) > most_of(TG_F64) + C_LIBRARY)
                fail_msg("%.17g ^ %.17g is %.17g, not %.17g", x[i], y[i], z[i], pow(x[i], y[i]));
            const double wanted = pow((double)u[i], (double)v[i]);
            if (error_f32(w[i], wanted) > most_of(TG_F32))
                fail_msg("f32: %.9g ^ %.9g is %.9g, not %.9g", (double)u[i], (double)v[i], (double)w[i],
                         wanted);
        }
    }
}

/* ---- Exact powers ------------------------------------------------------------------------------------- */

/* The smallest whole numbers to whole exponents, as long as they have so few bits, and what is next to the bounds. */
static void test_whole_powers(void **state)
{
    (void)state;
    for (int base = -16; base <= 16; base++) {
        double x[13], y[13], z[13], wanted = 1;
        const void *const in[2] = {x, y};
        for (int i = 0; i < 13; i++) x[i] = base, y[i] = i;
        for (int set = 0; set < set_count(); set++, wanted = 1) {
            loop_of(set, TG_F64, TG_ROW_pow)(13, z, in, pairs);
            for (int i = 0; i < 13; i++, wanted *= base)
                if (z[i] != wanted) fail_msg("%d ^ %d is %.17g", base, i, z[i]);
        }
    }
}

/* ---- Many numbers ------------------------------------------------------------------------------------- */

static void print_errors(const char *what, const worst *found)
{
    printf("%s", what);
    for (int set = 0; set < set_count(); set++)
        printf("   %s %.3f at %.17g", tg_instructions_name((tg_instructions)set), found[set].error,
               found[set].at);
    putchar('\n');
    fflush(stdout);
}

/* Every 17th base of f32. */
static void print_powers(float exponent)
{
    static float x[BLOCK], y[BLOCK];
    worst found[TG_INSTRUCTION_SETS] = {{0, 0}};
    char what[40];
    for (int i = 0; i < BLOCK; i++) y[i] = exponent;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        int n = 0;
        for (; n < BLOCK && bits <= UINT32_MAX; n++, bits += 17) {
            uint32_t pattern = (uint32_t)bits;
            memcpy(&x[n], &pattern, sizeof x[n]);
        }
        check_block_f32(n, x, y, found);
    }
    snprintf(what, sizeof what, "x ^ %-9.4g f32", (double)exponent);
    print_errors(what, found);
}

static void print_all(void)
{
    static const float some[] = {-2, -0.5F, 1.0F / 3, 0.5F, 1.5F, 2, 3, 7.3F};
    worst narrow[TG_INSTRUCTION_SETS] = {{0, 0}}, wide[TG_INSTRUCTION_SETS] = {{0, 0}};
    sweep_f64(4000000, wide);
    print_errors("x ^ y f64", wide);
    sweep_f32(100000000, narrow);
    print_errors("x ^ y f32", narrow);
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) print_powers(some[i]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32),
        cmocka_unit_test(test_f64),
        cmocka_unit_test(test_special_cases),
        cmocka_unit_test(test_whole_powers),
    };
    if (argc > 1 && strcmp(argv[1], "--all") == 0) {
        print_all();
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
