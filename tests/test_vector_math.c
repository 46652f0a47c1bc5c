/* The mathematical functions of the elementwise loops, in every instruction set that runs here: how far they are off,
 * in units in the last place, and what they give where it can be told exactly.
 *
 *     test_vector_math                 a sample of the numbers of f32, random ones of f64
 *     test_vector_math --all [NAME]    all numbers of f32, many of f64; prints the largest errors; some minutes */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "units.h"

/* ---- The functions ------------------------------------------------------------------------------------ */

static quad quad_sigmoid(quad x)
{
    return x < 0 ? Q(exp)(x) / (1 + Q(exp)(x)) : 1 / (1 + Q(exp)(-x));
}

static quad quad_softplus(quad x)
{
    return (x > 0 ? x : 0) + Q(log1p)(Q(exp)(x > 0 ? -x : x));
}

static quad quad_elu(quad x)
{
    return x > 0 ? x : Q(expm1)(x);
}

static quad quad_rsqrt(quad x)
{
    return 1 / Q(sqrt)(x);
}

static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double elu(double x)
{
    return x > 0 ? x : expm1(x);
}

static double rsqrt(double x)
{
    return 1 / sqrt(x);
}

typedef struct function {
    const char *name;
    tg_row row;
    double (*accurate)(double x); /* for f32 */
    quad (*exact)(quad x);        /* for f64 */
    double most_f32, most_f64;    /* units: what vector_math.h promises */
} function;

#define FUNCTION(name, f32, f64)                                                                             \
    {                                                                                                        \
#name, TG_ROW_##name, name, Q(name), f32, f64                                                        \
    }
#define OWN_FUNCTION(name, f32, f64)                                                                         \
    {                                                                                                        \
#name, TG_ROW_##name, name, quad_##name, f32, f64                                                    \
    }

/* Of tan, f32 is what the C library may do, which has what is far from 0. */
static const function functions[] = {
    FUNCTION(sqrt, 0.5, 0.5),           OWN_FUNCTION(rsqrt, 1.49, 1.49),   FUNCTION(exp, 1.01, 0.99),
    FUNCTION(expm1, 1.14, 1.1),         FUNCTION(log, 0.81, 0.78),         FUNCTION(log1p, 1.4, 1.35),
    FUNCTION(sin, 1.49, 0.79),          FUNCTION(cos, 1.49, 0.78),         FUNCTION(tan, 1.5, 0.98),
    FUNCTION(atan, 1.25, 1.19),         FUNCTION(sinh, 0.8, 0.85),         FUNCTION(cosh, 0.95, 0.91),
    FUNCTION(tanh, 1.42, 1.42),         OWN_FUNCTION(sigmoid, 1.77, 1.66), OWN_FUNCTION(elu, 0.94, 0.82),
    OWN_FUNCTION(softplus, 1.67, 1.64), FUNCTION(erf, 1.32, 1.19),         FUNCTION(erfc, 1.53, 1.31),
};

enum { FUNCTIONS = sizeof functions / sizeof functions[0], BLOCK = 4096 };

/* ---- Sweeps ------------------------------------------------------------------------------------------- */

static const int64_t one_by_one[1] = {1};

/* Most are the nearest number, and need no closer look. */
static void take_worst_of_block(const float *x, const float *y, const double *wanted, int n, worst *found)
{
    for (int i = 0; i < n; i++) {
        float nearest = (float)wanted[i];
        if (memcmp(&nearest, &y[i], sizeof nearest) != 0)
            take_worse(found, error_f32(y[i], wanted[i]), (double)x[i]);
    }
}

/* Every step-th number of f32, against the C library's function of double; or, which is quicker, against the loop of
 * f64, which has to be held against something else. */
static void sweep_f32(const function *f, uint64_t step, int against_loop, worst *found)
{
    static float x[BLOCK], y[BLOCK];
    static double wide[BLOCK], wanted[BLOCK];
    const void *const in[1] = {x}, *const in_wide[1] = {wide};
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        int n = 0;
        for (; n < BLOCK && bits <= UINT32_MAX; n++, bits += step) {
            uint32_t pattern = (uint32_t)bits;
            memcpy(&x[n], &pattern, sizeof x[n]);
            wide[n] = (double)x[n];
            if (!against_loop) wanted[n] = f->accurate(wide[n]);
        }
        if (against_loop) loop_of(set_count() - 1, TG_F64, f->row)(n, wanted, in_wide, one_by_one);
        for (int set = 0; set < set_count(); set++) {
            loop_of(set, TG_F32, f->row)(n, y, in, one_by_one);
            take_worst_of_block(x, y, wanted, n, &found[set]);
        }
    }
}

/* A number of any bits; or up to 4; or up to 750; or of any size from e^-20 to e^20. */
static double draw_f64(int kind)
{
    uint64_t bits = draw();
    double uniform = (double)(bits >> 11) * 0x1p-52 - 1, any;
    memcpy(&any, &bits, sizeof any);
    return kind == 0   ? any
           : kind == 1 ? 4 * uniform
           : kind == 2 ? 750 * uniform
                       : copysign(exp(20 * uniform), any);
}

static const double special[] = {0.0,
                                 -0.0,
                                 1,
                                 -1,
                                 (double)INFINITY,
                                 -(double)INFINITY,
                                 (double)NAN,
                                 4e-320,
                                 -4e-320,
                                 5e-324,
                                 -5e-324,
                                 1e300,
                                 -1e300,
                                 709.78,
                                 709.79,
                                 -708.5,
                                 -745.1,
                                 -745.2,
                                 0x1p1023,
                                 0x1p-1022,
                                 1e-310,
                                 0x1p53,
                                 0x1p52,
                                 36.7,
                                 -36.8,
                                 22,
                                 -22,
                                 1e22,
                                 355,
                                 -1e5,
                                 0.25,
                                 -0.25,
                                 26.5,
                                 27.2,
                                 27.3};

static void sweep_f64(const function *f, int64_t count, worst *found)
{
    static double x[BLOCK], y[BLOCK];
    const void *const in[1] = {x};
    for (int64_t done = 0; done < count; done += BLOCK) {
        static quad wanted[BLOCK];
        int n = count - done < BLOCK ? (int)(count - done) : BLOCK;
        for (int i = 0; i < n; i++) x[i] = draw_f64(i % 4);
        if (done == 0) memcpy(x, special, sizeof special);
        for (int i = 0; i < n; i++) wanted[i] = f->exact((quad)x[i]);
        for (int set = 0; set < set_count(); set++) {
            loop_of(set, TG_F64, f->row)(n, y, in, one_by_one);
            for (int i = 0; i < n; i++)
                take_worse(&found[set], error_in_units((quad)y[i], wanted[i], 53, 1023), x[i]);
        }
    }
}

static void check_errors(const function *f, tg_dtype dtype, const worst *found)
{
    const double most = dtype == TG_F32 ? f->most_f32 : f->most_f64;
    for (int set = 0; set < set_count(); set++) {
        if (found[set].error > most)
            fail_msg("%s of %s, %s: off by %g units at %.17g", f->name, tg_dtype_name(dtype),
                     tg_instructions_name((tg_instructions)set), found[set].error, found[set].at);
    }
}

static void test_f32(void **state)
{
    (void)state;
    for (int i = 0; i < FUNCTIONS; i++) {
        worst found[TG_INSTRUCTION_SETS] = {{0, 0}};
        sweep_f32(&functions[i], 24593, 0, found);
        check_errors(&functions[i], TG_F32, found);
    }
}

static void test_f64(void **state)
{
    (void)state;
    for (int i = 0; i < FUNCTIONS; i++) {
        worst found[TG_INSTRUCTION_SETS] = {{0, 0}};
        sweep_f64(&functions[i], 2 * BLOCK, found);
        check_errors(&functions[i], TG_F64, found);
    }
}

/* The numbers next to whole quarter turns, of which most digits are lost. */
static void test_quarter_turns(void **state)
{
    (void)state;
    enum { TURNS = 83000 };
    static double x[TURNS], y[TURNS];
    const void *const in[1] = {x};
    for (int i = 0; i < TURNS; i++) x[i] = (double)((i + 1) * Q(acos)(0));
    for (int i = 0; i < FUNCTIONS; i++) {
        const function *f = &functions[i];
        worst found[TG_INSTRUCTION_SETS] = {{0, 0}};
        if (f->row != TG_ROW_sin && f->row != TG_ROW_cos && f->row != TG_ROW_tan) continue;
        for (int set = 0; set < set_count(); set++) {
            loop_of(set, TG_F64, f->row)(TURNS, y, in, one_by_one);
            for (int k = 0; k < TURNS; k++)
                take_worse(&found[set], error_in_units((quad)y[k], f->exact((quad)x[k]), 53, 1023), x[k]);
        }
        check_errors(f, TG_F64, found);
    }
}

enum { VALUES = 4096 };

/* One value for all elements is computed as it is in an array. */
static void check_one_value(tg_loop loop, size_t item, const char *x, const char *name)
{
    static char y[VALUES * sizeof(double)];
    char one[sizeof(double)];
    const void *const all[1] = {x};
    loop(VALUES, y, all, one_by_one);
    for (int i = 0; i < VALUES; i++) {
        const void *const in[1] = {x + (size_t)i * item};
        loop(1, one, in, (const int64_t[]){0});
        if (memcmp(one, y + (size_t)i * item, item) != 0) fail_msg("%s of one value: element %d", name, i);
    }
}

static void test_one_value(void **state)
{
    (void)state;
    static double x[VALUES];
    static float narrow[VALUES];
    for (int i = 0; i < VALUES; i++) {
        x[i] = 10 * draw_f64(1);
        narrow[i] = (float)x[i];
    }
    for (int i = 0; i < FUNCTIONS; i++) {
        for (int set = 0; set < set_count(); set++) {
            check_one_value(loop_of(set, TG_F32, functions[i].row), sizeof *narrow, (const char *)narrow,
                            functions[i].name);
            check_one_value(loop_of(set, TG_F64, functions[i].row), sizeof *x, (const char *)x,
                            functions[i].name);
        }
    }
}

/* ---- Exact results ------------------------------------------------------------------------------------ */

static const struct {
    tg_row row;
    double x, y;
} exact[] = {{TG_ROW_exp, 0.0, 1},
             {TG_ROW_exp, -0.0, 1},
             {TG_ROW_expm1, 0.0, 0.0},
             {TG_ROW_expm1, -0.0, -0.0},
             {TG_ROW_log, 1, 0.0},
             {TG_ROW_log1p, 0.0, 0.0},
             {TG_ROW_log1p, -0.0, -0.0},
             {TG_ROW_sigmoid, 0.0, 0.5},
             {TG_ROW_sigmoid, -0.0, 0.5},
             {TG_ROW_sigmoid, 100, 1},
             {TG_ROW_tanh, 0.0, 0.0},
             {TG_ROW_tanh, -0.0, -0.0},
             {TG_ROW_tanh, 50, 1},
             {TG_ROW_tanh, -50, -1},
             {TG_ROW_elu, 3, 3},
             {TG_ROW_elu, -100, -1},
             {TG_ROW_softplus, 100, 100},
             {TG_ROW_erf, 0.0, 0.0},
             {TG_ROW_erf, -0.0, -0.0},
             {TG_ROW_erf, 10, 1},
             {TG_ROW_erfc, 0.0, 1},
             {TG_ROW_erfc, -0.0, 1},
             {TG_ROW_erfc, -10, 2},
             {TG_ROW_sin, -0.0, -0.0},
             {TG_ROW_cos, 0.0, 1},
             {TG_ROW_sqrt, -0.0, -0.0},
             {TG_ROW_sqrt, 9, 3},
             {TG_ROW_abs, -0.0, 0.0},
             {TG_ROW_tan, 0.0, 0.0},
             {TG_ROW_tan, -0.0, -0.0},
             {TG_ROW_atan, 0.0, 0.0},
             {TG_ROW_atan, -0.0, -0.0},
             {TG_ROW_sinh, 0.0, 0.0},
             {TG_ROW_sinh, -0.0, -0.0},
             {TG_ROW_cosh, 0.0, 1},
             {TG_ROW_cosh, -0.0, 1},
             {TG_ROW_sinh, 1000, (double)INFINITY},
             {TG_ROW_sinh, -(double)INFINITY, -(double)INFINITY},
             {TG_ROW_cosh, -1000, (double)INFINITY},
             {TG_ROW_cosh, (double)INFINITY, (double)INFINITY}};

static void test_exact_results(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        const float narrow = (float)exact[i].x;
        const void *const in_f32[1] = {&narrow}, *const in_f64[1] = {&exact[i].x};
        for (int set = 0; set < set_count(); set++) {
            float y;
            double z;
            loop_of(set, TG_F32, exact[i].row)(1, &y, in_f32, one_by_one);
            loop_of(set, TG_F64, exact[i].row)(1, &z, in_f64, one_by_one);
            if ((double)y != exact[i].y || z != exact[i].y || !signbit(y) != !signbit(z) ||
                !signbit(z) != !signbit(exact[i].y))
                fail_msg("row %d of %g is %g and %g, not %g", (int)exact[i].row, exact[i].x, (double)y, z,
                         exact[i].y);
        }
    }
}

/* ---- All numbers -------------------------------------------------------------------------------------- */

static void print_errors(const function *f, tg_dtype dtype, const worst *found)
{
    printf("%-9s %s", f->name, tg_dtype_name(dtype));
    for (int set = 0; set < set_count(); set++)
        printf("   %s %.3f at %.17g", tg_instructions_name((tg_instructions)set), found[set].error,
               found[set].at);
    putchar('\n');
    fflush(stdout);
}

static void print_all(const char *name)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        worst narrow[TG_INSTRUCTION_SETS] = {{0, 0}}, wide[TG_INSTRUCTION_SETS] = {{0, 0}};
        if (name != NULL && strcmp(name, functions[i].name) != 0) continue;
        sweep_f32(&functions[i], 1, 1, narrow);
        print_errors(&functions[i], TG_F32, narrow);
        sweep_f64(&functions[i], 4000000, wide);
        print_errors(&functions[i], TG_F64, wide);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32),           cmocka_unit_test(test_f64),
        cmocka_unit_test(test_quarter_turns), cmocka_unit_test(test_one_value),
        cmocka_unit_test(test_exact_results),
    };
    if (argc > 1 && strcmp(argv[1], "--all") == 0) {
        print_all(argc > 2 ? argv[2] : NULL);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
