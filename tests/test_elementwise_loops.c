/* The elementwise loops of every instruction set that runs here: an element's result does not depend on where it
 * stands, how many there are, or whether it is written over its operand; and arrays whose axes lie in memory in any
 * way give what their copies give. test_vector_math.c says how accurate they are. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/chain.h"
#include "kernels/elementwise.h"

enum { N = 203, OPERANDS = 3 };

static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

/* Small and large numbers of either sign, zeros, infinities, NaN; exactly the same for every call with this i. */
static double number(int64_t i)
{
    static const double special[] = {0.0,   -0.0, (double)INFINITY, -(double)INFINITY, (double)NAN, 1e30,
                                     -1e30, 1e-42};
    double x = sin((double)i * 12.9898) * 3;
    return i % 11 == 7 ? special[i / 11 % 8] : i % 5 == 0 ? 40 * x : x;
}

static void fill(tg_dtype dtype, void *data, int64_t n, int64_t first)
{
    for (int64_t i = 0; i < n; i++) {
        double x = number(first + i);
        if (dtype == TG_F32) ((float *)data)[i] = (float)x;
        if (dtype == TG_F64) ((double *)data)[i] = x;
        if (dtype == TG_I64) ((int64_t *)data)[i] = isfinite(x) && fabs(x) < 1e9 ? (int64_t)x : -7;
        if (dtype == TG_BOOL) ((unsigned char *)data)[i] = x > 0;
    }
}

/* The same bits, or both NaN. */
static int is_same(tg_dtype dtype, const char *a, const char *b)
{
    if (dtype == TG_F32) {
        float x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        if (x != x && y != y) return 1;
    } else if (dtype == TG_F64) {
        double x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        if (x != x && y != y) return 1;
    }
    return memcmp(a, b, tg_dtype_size(dtype)) == 0;
}

static void check_same(tg_dtype dtype, const void *a, const void *b, int64_t n, const char *what, int row)
{
    const size_t item = tg_dtype_size(dtype);
    for (int64_t i = 0; i < n; i++) {
        if (!is_same(dtype, (const char *)a + (size_t)i * item, (const char *)b + (size_t)i * item))
            fail_msg("row %d of %s: element %d is another %s", row, tg_dtype_name(dtype), (int)i, what);
    }
}

/* ---- Loops -------------------------------------------------------------------------------------------- */

/* A loop with its operands: of type in, except that the first of where is bool. */
typedef struct subject {
    tg_loop loop;
    int row, n_inputs;
    tg_dtype in[OPERANDS], out;
    _Alignas(64) char data[OPERANDS][N * 8], whole[N * 8];
} subject;

static void run(const subject *s, int64_t at, int64_t n, void *out, const int64_t *strides)
{
    const void *in[OPERANDS];
    for (int k = 0; k < s->n_inputs; k++)
        in[k] = s->data[k] + (size_t)(strides[k] * at) * tg_dtype_size(s->in[k]);
    s->loop(n, out, in, strides);
}

static const int64_t ones[OPERANDS] = {1, 1, 1};

static void check_pieces(const subject *s)
{
    const size_t item = tg_dtype_size(s->out);
    char pieces[N * 8];
    for (int longest = 1; longest <= 70; longest += 23) {
        memset(pieces, 0x5a, sizeof pieces);
        for (int64_t at = 0; at < N;) {
            int64_t n = draw(1, longest);
            if (n > N - at) n = N - at;
            run(s, at, n, pieces + (size_t)at * item, ones);
            at += n;
        }
        check_same(s->out, s->whole, pieces, N, "in pieces", s->row);
    }
}

/* One value throughout for some operands, against an array of it. */
static void check_broadcast(subject *s)
{
    char expected[N * 8], got[N * 8];
    for (int chosen = 1; chosen < 1 << s->n_inputs; chosen++) {
        subject repeated = *s;
        int64_t strides[OPERANDS];
        for (int k = 0; k < s->n_inputs; k++) {
            size_t item = tg_dtype_size(s->in[k]);
            strides[k] = (chosen >> k & 1) == 0;
            for (size_t i = 1; strides[k] == 0 && i < N; i++)
                memcpy(repeated.data[k] + i * item, s->data[k], item);
        }
        run(&repeated, 0, N, expected, ones);
        run(s, 0, N, got, strides);
        check_same(s->out, expected, got, N, "when broadcast", s->row);
    }
}

static void check_in_place(const subject *s)
{
    for (int k = 0; k < s->n_inputs; k++) {
        if (tg_dtype_size(s->in[k]) != tg_dtype_size(s->out)) continue;
        subject over = *s;
        run(&over, 0, N, over.data[k], ones);
        check_same(s->out, s->whole, over.data[k], N, "in place", s->row);
    }
}

static void check_loop(tg_loop loop, int row, int n_inputs, tg_dtype first, tg_dtype in, tg_dtype out)
{
    subject s = {.loop = loop, .row = row, .n_inputs = n_inputs, .in = {first, in, in}, .out = out};
    for (int k = 0; k < n_inputs; k++) fill(s.in[k], s.data[k], N, 1000 * k);
    run(&s, 0, N, s.whole, ones);
    check_pieces(&s);
    check_broadcast(&s);
    check_in_place(&s);
}

typedef enum family { FAMILY_UNARY, FAMILY_BINARY, FAMILY_COMPARE, FAMILY_NOT } family;

static const family families[TG_ROWS] = {
#define UNARY(name, ...) FAMILY_UNARY,
#define UNARY_PERIODIC UNARY
#define UNARY_ANY UNARY
#define FLAT UNARY
#define BINARY(name, ...) FAMILY_BINARY,
#define BINARY_ANY BINARY
#define COMPARE(name, ...) FAMILY_COMPARE,
#define LOGICAL(name, n, ...) (n) == 1 ? FAMILY_NOT : FAMILY_COMPARE,
#include "ops/elementwise.def"
};

static void test_positions(void **state)
{
    (void)state;
    for (int set = 0; set <= (int)tg_instructions_here(); set++) {
        const tg_elementwise_kernels *kernels = tg_elementwise_for((tg_instructions)set);
        assert_non_null(kernels);
        for (int dtype = TG_F32; dtype <= TG_BOOL; dtype++) {
            tg_dtype in = (tg_dtype)dtype;
            for (int row = 0; row < TG_ROWS; row++) {
                family f = families[row];
                int n_inputs = f == FAMILY_UNARY || f == FAMILY_NOT ? 1 : 2;
                tg_dtype out = f == FAMILY_UNARY || f == FAMILY_BINARY ? in : TG_BOOL;
                if (kernels->rows[dtype][row] != NULL)
                    check_loop(kernels->rows[dtype][row], row, n_inputs, in, in, out);
            }
            check_loop(kernels->where[dtype], TG_ROWS, 3, TG_BOOL, in, in);
        }
    }
}

/* ---- Quotients by one number ---------------------------------------------------------------------------- */

enum { QUOTIENTS = 517 };

/* With an exponent of up to 2^most on either side, and often a mantissa next to a power of 2. */
static double mantissa_and_exponent(tg_dtype dtype, int most)
{
    double x = ldexp(1 + (double)draw(0, (1 << 26) - 1) * 0x1p-26 + (double)draw(0, (1 << 26) - 1) * 0x1p-52,
                     (int)draw(-most, most));
    int64_t kind = draw(0, 5);
    if (kind > 1) return x;
    double unit = dtype == TG_F32 ? 0x1p-23 : 0x1p-52, power = ldexp(1, ilogb(x));
    return kind == 0 ? power * (1 + (double)draw(0, 3) * unit) : power * (2 - (double)draw(1, 4) * unit);
}

static void set(tg_dtype dtype, char *data, int64_t i, double x)
{
    if (dtype == TG_F32)
        ((float *)(void *)data)[i] = (float)x;
    else
        ((double *)(void *)data)[i] = x;
}

static double with_sign(double x)
{
    return draw(0, 3) == 0 ? -x : x;
}

static void check_chain_of_quotients(tg_instructions set_of, tg_dtype dtype, char *a, char *b,
                                     const char *expected)
{
    const tg_chain_kernels *kernels = tg_chain_for(set_of, dtype);
    _Alignas(64) char found[QUOTIENTS * 8];
    if (kernels == NULL) return;
    const tg_chain_record records[] = {{.run = kernels->read, .memory = a},
                                       {.run = kernels->rows[TG_ROW_div][TG_CHAIN_KEPT_NUMBER], .memory = b},
                                       {.run = kernels->store, .memory = found},
                                       {.run = kernels->end}};
    kernels->go(records, QUOTIENTS);
    check_same(dtype, expected, found, QUOTIENTS, "as a quotient in a chain", TG_ROW_div);
}

/* Whether elements are moderate is looked at piece by piece: some pieces have one that is not. */
static void check_quotients(tg_instructions set_of, tg_dtype dtype, int most, int most_below)
{
    const tg_loop loop = tg_elementwise_for(set_of)->rows[dtype][TG_ROW_div];
    static const double special[] = {0, -0.0, -3, 1e-310, 1e-42, 1e300, 3e38, (double)INFINITY, (double)NAN};
    _Alignas(64) char a[QUOTIENTS * 8], b[8], expected[QUOTIENTS * 8], found[QUOTIENTS * 8];
    for (int64_t i = 0; i < QUOTIENTS; i++) set(dtype, a, i, with_sign(mantissa_and_exponent(dtype, most)));
    for (int64_t i = draw(0, 2 * QUOTIENTS); i < QUOTIENTS; i += draw(1, 300))
        set(dtype, a, i, special[draw(0, (int64_t)(sizeof special / sizeof *special) - 1)]);
    set(dtype, b, 0, with_sign(mantissa_and_exponent(dtype, most_below)));
    for (int64_t i = 0; i < QUOTIENTS; i++) {
        if (dtype == TG_F32)
            ((float *)(void *)expected)[i] = ((float *)(void *)a)[i] / *(float *)(void *)b;
        else
            ((double *)(void *)expected)[i] = ((double *)(void *)a)[i] / *(double *)(void *)b;
    }
    const void *in[2] = {a, b};
    loop(QUOTIENTS, found, in, (const int64_t[]){1, 0});
    check_same(dtype, expected, found, QUOTIENTS, "as a quotient by one number", TG_ROW_div);
    check_chain_of_quotients(set_of, dtype, a, b, expected);
    loop(QUOTIENTS, a, in, (const int64_t[]){1, 0});
    check_same(dtype, expected, a, QUOTIENTS, "as a quotient in place", TG_ROW_div);
}

static void test_quotients(void **state)
{
    (void)state;
    for (int set_of = 0; set_of <= (int)tg_instructions_here(); set_of++) {
        for (int i = 0; i < 400; i++) {
            check_quotients((tg_instructions)set_of, TG_F32, i % 2 == 0 ? 59 : 120, i % 4 < 2 ? 59 : 126);
            check_quotients((tg_instructions)set_of, TG_F64, i % 2 == 0 ? 449 : 1000, i % 4 < 2 ? 449 : 1022);
        }
    }
}

/* ---- Walks -------------------------------------------------------------------------------------------- */

/* An operand with strides of its own: axes in memory in any order, with gaps, backwards or repeated. */
typedef struct operand {
    tg_view view;
    int64_t strides[TG_MAX_RANK];
    char *memory;
} operand;

static void make_operand(operand *x, tg_dtype dtype, int rank, const int64_t *shape, int64_t count)
{
    const int64_t item = (int64_t)tg_dtype_size(dtype);
    int64_t step = 1, low = 0;
    int plain = draw(0, 2) == 0, rotate = (int)draw(0, rank);
    *x = (operand){.view = {.dtype = dtype, .rank = rank, .count = count, .shape = shape}};
    for (int i = 0; i < rank; i++) {
        int axis = plain ? rank - 1 - i : (2 * rank - 1 - i + rotate) % rank,
            kind = plain ? 9 : (int)draw(0, 6);
        if (kind <= 1) continue;
        if (kind == 2) step *= 2;
        x->strides[axis] = kind == 3 ? -step : step;
        if (kind == 3) low += step * (shape[axis] - 1);
        step *= shape[axis];
    }
    x->memory = malloc((size_t)(step * item));
    assert_non_null(x->memory);
    fill(dtype, x->memory, step, draw(0, 5000));
    x->view.data = x->memory + low * item;
    x->view.strides = x->strides;
}

/* The operand's elements one after another. */
static void copy_plainly(const operand *x, char *to)
{
    const int64_t item = (int64_t)tg_dtype_size(x->view.dtype);
    for (int64_t i = 0; i < x->view.count; i++) {
        int64_t offset = 0, rest = i;
        for (int axis = x->view.rank - 1; axis >= 0; axis--) {
            offset += rest % x->view.shape[axis] * x->strides[axis];
            rest /= x->view.shape[axis];
        }
        memcpy(to + i * item, (char *)x->view.data + offset * item, (size_t)item);
    }
}

static void check_walk(tg_loop loop, int n_inputs, tg_dtype first, tg_dtype dtype, int rank,
                       const int64_t *shape)
{
    const int64_t item = (int64_t)tg_dtype_size(dtype);
    int64_t count = 1, out_strides[TG_MAX_RANK];
    for (int axis = rank - 1; axis >= 0; axis--) {
        out_strides[axis] = count;
        count *= shape[axis];
    }
    operand operands[OPERANDS];
    tg_view views[OPERANDS];
    char *copies[OPERANDS], *expected = malloc((size_t)(count * item)),
                            *got = malloc((size_t)(count * item) + 8);
    const void *in[OPERANDS];
    for (int k = 0; k < n_inputs; k++) {
        make_operand(&operands[k], k == 0 ? first : dtype, rank, shape, count);
        views[k] = operands[k].view;
        copies[k] = malloc((size_t)count * 8);
        copy_plainly(&operands[k], copies[k]);
        in[k] = copies[k];
    }
    memset(got, 0xa5, (size_t)(count * item) + 8);
    tg_kernel_call call = {
        .n_inputs = n_inputs, .in = views, .out = {got, dtype, rank, count, shape, out_strides, 0}};
    tg_elementwise_walk(&call, loop);
    loop(count, expected, in, ones);
    check_same(dtype, expected, got, count, "when it is strided", n_inputs);
    for (int i = 0; i < 8; i++) assert_int_equal((unsigned char)got[count * item + i], 0xa5);
    for (int k = 0; k < n_inputs; k++) {
        free(operands[k].memory);
        free(copies[k]);
    }
    free(expected);
    free(got);
}

static void test_walks(void **state)
{
    (void)state;
    const tg_elementwise_kernels *kernels = tg_elementwise_for(tg_instructions_here());
    for (int repeat = 0; repeat < 1500; repeat++) {
        int64_t shape[TG_MAX_RANK];
        int rank = (int)draw(1, 4);
        tg_dtype dtype = (tg_dtype)draw(TG_F32, TG_I64);
        for (int i = 0; i < rank; i++) shape[i] = draw(1, rank == 1 ? 1500 : rank == 2 ? 60 : 9);
        check_walk(kernels->rows[dtype][TG_ROW_sub], 2, dtype, dtype, rank, shape);
        check_walk(kernels->rows[dtype][TG_ROW_neg], 1, dtype, dtype, rank, shape);
        check_walk(kernels->where[dtype], 3, TG_BOOL, dtype, rank, shape);
        check_walk(kernels->where[TG_BOOL], 3, TG_BOOL, TG_BOOL, rank, shape);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_quotients),
        cmocka_unit_test(test_walks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
