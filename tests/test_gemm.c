/* The matrix product with what begins and ends it against a plain triple loop: every kernel that this processor can
 * run, and the entry points. Elements are small whole numbers, so that every order of summing gives the same bits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/gemm.h"
#include "kernels/gemm_own.h"
#include "kernels/instructions.h"

typedef struct product {
    const char *name;
    tg_gemm_kernels kernels;
} product;

/* The entry points, and the own kernels that run here. */
static int find_products(product found[4])
{
    int n = 0;
    found[n++] = (product){"entry points", {.f32 = tg_gemm_f32, .f64 = tg_gemm_f64}};
    found[n++] = (product){"baseline", tg_gemm_baseline};
#if defined(__x86_64__)
    if (tg_instructions_here() >= TG_AVX2) found[n++] = (product){"AVX2", tg_gemm_avx2};
    if (tg_instructions_here() >= TG_AVX512) found[n++] = (product){"AVX-512", tg_gemm_avx512};
#endif
    return n;
}

static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

typedef enum layout {
    ROW_MAJOR,
    TRANSPOSED,
    GAPS,
    BACKWARD,
    SAME_ROWS,
    SAME_COLUMNS,
    SLIDING,
    SLIDING_DOWN,
    CONSTANT,
    LAYOUTS
} layout;

typedef struct operand {
    void *memory;
    int64_t offset, row, column;
} operand;

static operand lay_out(layout kind, int64_t rows, int64_t columns, size_t item)
{
    operand x = {0};
    switch (kind) {
    case ROW_MAJOR:
        x.row = columns, x.column = 1;
        break;
    case TRANSPOSED:
        x.row = 1, x.column = rows;
        break;
    case GAPS:
        x.row = 2 * columns + 3, x.column = 2;
        break;
    case BACKWARD:
        x.row = -columns, x.column = -1;
        break;
    case SAME_ROWS:
        x.column = 1;
        break;
    case SAME_COLUMNS:
        x.row = 1;
        break;
    case SLIDING:
        x.row = 2, x.column = 1;
        break;
    case SLIDING_DOWN:
        x.row = 1, x.column = 2;
        break;
    default:
        break;
    }
    int64_t last = (rows - 1) * x.row + (columns - 1) * x.column, count = 1;
    if (rows > 0 && columns > 0) {
        x.offset = last < 0 ? -last : 0;
        count = (last < 0 ? -last : last) + 1;
    }
    x.memory = malloc((size_t)count * item);
    assert_non_null(x.memory);
    for (int64_t i = 0; i < count; i++) {
        double value = (double)draw(-8, 8);
        if (item == sizeof(float))
            ((float *)x.memory)[i] = (float)value;
        else
            ((double *)x.memory)[i] = value;
    }
    return x;
}

static double element(const operand *x, size_t item, int64_t i, int64_t j)
{
    int64_t at = x->offset + i * x->row + j * x->column;
    return item == sizeof(float) ? (double)((float *)x->memory)[at] : ((double *)x->memory)[at];
}

/* Scratch of the promised size and alignment, the rest of its last line checked afterwards. */
static unsigned char *new_scratch(size_t bytes)
{
    size_t whole = (bytes + 64) / 64 * 64;
    unsigned char *scratch = aligned_alloc(64, whole);
    assert_non_null(scratch);
    memset(scratch + bytes, 0x5a, whole - bytes);
    return scratch;
}

static void free_scratch(unsigned char *scratch, size_t bytes)
{
    for (size_t i = bytes; i < (bytes + 64) / 64 * 64; i++) assert_int_equal(scratch[i], 0x5a);
    free(scratch);
}

/* A product: its operands, what begins and ends it, and what it is to be. */
typedef struct task {
    size_t item;
    int64_t m, n, k, c_row;
    operand a, b, start, mask; /* start and mask: without memory, none */
    int in_place;              /* start is C itself */
    double scale;
    int has_end, is_relu;
} task;

/* Room for C with its gaps, filled with NaN, or with the numbers that it begins with; and a guard at its end. */
enum { GUARD = 64 };

static unsigned char *new_c(const task *t, size_t *bytes)
{
    *bytes = (size_t)(t->m * t->c_row) * t->item;
    unsigned char *c = malloc(*bytes + GUARD);
    assert_non_null(c);
    memset(c, 0xff, *bytes + GUARD);
    for (int64_t i = 0; t->in_place && i < t->m; i++) {
        for (int64_t j = 0; j < t->n; j++) {
            double value = element(&t->start, t->item, i, j);
            if (t->item == sizeof(float))
                ((float *)c)[i * t->c_row + j] = (float)value;
            else
                ((double *)c)[i * t->c_row + j] = value;
        }
    }
    return c;
}

static tg_matrix_f32 matrix_f32(const operand *x)
{
    float *data = x->memory;
    return (tg_matrix_f32){data != NULL ? data + x->offset : NULL, x->row, x->column, 0};
}

static tg_matrix_f64 matrix_f64(const operand *x)
{
    double *data = x->memory;
    return (tg_matrix_f64){data != NULL ? data + x->offset : NULL, x->row, x->column, 0};
}

static void multiply_f32(const tg_gemm_kernels *kernels, const task *t, float *c, void *scratch)
{
    const tg_matrix_f32 start = matrix_f32(&t->start), mask = matrix_f32(&t->mask);
    const tg_epilogue_f32 end = {.scale = (float)t->scale,
                                 .is_relu = t->is_relu,
                                 .start = t->in_place ? c : start.data,
                                 .start_row = t->in_place ? t->c_row : start.row,
                                 .mask = mask.data,
                                 .mask_row = mask.row};
    tg_product_f32 p = {.m = t->m, .n = t->n, .k = t->k, .a = matrix_f32(&t->a), .b = matrix_f32(&t->b)};
    p.c = c;
    p.c_row = t->c_row;
    if (t->has_end) p.end = &end;
    kernels->f32(&p, scratch);
}

static void multiply_f64(const tg_gemm_kernels *kernels, const task *t, double *c, void *scratch)
{
    const tg_matrix_f64 start = matrix_f64(&t->start), mask = matrix_f64(&t->mask);
    const tg_epilogue_f64 end = {.scale = (double)t->scale,
                                 .is_relu = t->is_relu,
                                 .start = t->in_place ? c : start.data,
                                 .start_row = t->in_place ? t->c_row : start.row,
                                 .mask = mask.data,
                                 .mask_row = mask.row};
    tg_product_f64 p = {.m = t->m, .n = t->n, .k = t->k, .a = matrix_f64(&t->a), .b = matrix_f64(&t->b)};
    p.c = c;
    p.c_row = t->c_row;
    if (t->has_end) p.end = &end;
    kernels->f64(&p, scratch);
}

static double expected_element(const task *t, int64_t i, int64_t j)
{
    double sum = 0.0;
    for (int64_t p = 0; p < t->k; p++) sum += element(&t->a, t->item, i, p) * element(&t->b, t->item, p, j);
    if (!t->has_end) return sum;
    sum *= t->scale;
    if (t->start.memory != NULL) sum += element(&t->start, t->item, i, j);
    if (t->is_relu && sum <= 0.0) sum = 0.0;
    if (t->mask.memory != NULL && element(&t->mask, t->item, i, j) <= 0.0) sum = 0.0;
    return sum;
}

static void check_c(const char *name, const task *t, const double *expected, const unsigned char *c)
{
    for (int64_t i = 0; i < t->m; i++) {
        for (int64_t j = 0; j < t->c_row; j++) {
            int64_t at = i * t->c_row + j;
            double found = t->item == sizeof(float) ? (double)((const float *)(const void *)c)[at]
                                                    : ((const double *)(const void *)c)[at];
            if (j >= t->n ? isnan(found) : found == expected[i * t->n + j]) continue;
            fail_msg("%s, %zu bytes, %lld x %lld x %lld: c[%lld, %lld] is %g, not %g", name, t->item,
                     (long long)t->m, (long long)t->n, (long long)t->k, (long long)i, (long long)j, found,
                     j < t->n ? expected[i * t->n + j] : (double)NAN);
        }
    }
}

/* One product by every kernel. */
static void check_task(const task *t)
{
    double *expected = malloc((size_t)(t->m * t->n) * sizeof *expected + 1);
    assert_non_null(expected);
    for (int64_t at = 0; at < t->m * t->n; at++) expected[at] = expected_element(t, at / t->n, at % t->n);
    product products[4];
    int count = find_products(products);
    for (int i = 0; i < count; i++) {
        const product *p = &products[i];
        size_t bytes, room = tg_gemm_scratch(t->item, t->m, t->n, t->k);
        /* Only the entry points take size 0. */
        if (i >= 1 && (t->m == 0 || t->n == 0 || t->k == 0)) break;
        unsigned char *c = new_c(t, &bytes), *scratch = new_scratch(room);
        if (t->item == sizeof(float))
            multiply_f32(&p->kernels, t, (float *)(void *)c, scratch);
        else
            multiply_f64(&p->kernels, t, (double *)(void *)c, scratch);
        check_c(p->name, t, expected, c);
        for (size_t j = bytes; j < bytes + GUARD; j++) assert_int_equal(c[j], 0xff);
        free_scratch(scratch, room);
        free(c);
    }
    free(expected);
}

static void free_task(task *t)
{
    free(t->a.memory);
    free(t->b.memory);
    free(t->start.memory);
    free(t->mask.memory);
}

/* A product with everything about its end drawn. */
static void check(size_t item, int64_t m, int64_t n, int64_t k, layout a_kind, layout b_kind)
{
    static const layout straight[] = {ROW_MAJOR, SAME_ROWS, SLIDING};
    task t = {.item = item, .m = m, .n = n, .k = k, .c_row = n + draw(0, 1) * draw(0, 9)};
    t.a = lay_out(a_kind, m, k, item);
    t.b = lay_out(b_kind, k, n, item);
    t.has_end = draw(0, 3) > 0;
    if (t.has_end) {
        t.scale = (double)draw(-2, 2);
        t.is_relu = draw(0, 1) == 0;
        if (draw(0, 2) > 0) t.start = lay_out(straight[draw(0, 2)], m, n, item);
        t.in_place = t.start.memory != NULL && k <= TG_GEMM_BLOCK_DEPTH && draw(0, 2) == 0;
        if (draw(0, 2) == 0) t.mask = lay_out(straight[draw(0, 2)], m, n, item);
    }
    check_task(&t);
    free_task(&t);
}

static void test_layouts(void **state)
{
    (void)state;
    for (int a = 0; a < LAYOUTS; a++) {
        for (int b = 0; b < LAYOUTS; b++) {
            for (int repeat = 0; repeat < 4; repeat++) {
                int64_t m = draw(0, 70), n = draw(0, 70), k = draw(0, 70);
                check(sizeof(float), m, n, k, (layout)a, (layout)b);
                check(sizeof(double), m, n, k, (layout)a, (layout)b);
            }
        }
    }
}

/* Every size beside and at the tiles' edges, and the paths for one row, one column and depth one. */
static void test_small_sizes(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 7, 8, 9, 16, 33};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            for (int l = 0; l < COUNT; l++) {
                layout a = (layout)draw(0, LAYOUTS - 1), b = (layout)draw(0, LAYOUTS - 1);
                check(sizeof(float), sizes[i], sizes[j], sizes[l], a, b);
                check(sizeof(double), sizes[i], sizes[j], sizes[l], a, b);
            }
        }
    }
}

/* More than one block of rows, columns and depth. */
static void test_large_sizes(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{5, 40, 1600}, {205, 37, 300}, {20, 1100, 9},  {60, 150, 700},
                                       {1, 70, 2100}, {345, 1060, 5}, {350, 140, 330}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int repeat = 0; repeat < 3; repeat++) {
            layout a = (layout)draw(0, BACKWARD), b = (layout)draw(0, BACKWARD);
            check(sizeof(float), sizes[i][0], sizes[i][1], sizes[i][2], a, b);
            check(sizeof(double), sizes[i][0], sizes[i][1], sizes[i][2], a, b);
        }
    }
}

/* What goes to a CBLAS also where the own kernels are fast. */
static void test_sizes_of_libraries(void **state)
{
    (void)state;
    if (!TG_WITH_CBLAS) skip();
    for (int repeat = 0; repeat < 4; repeat++) {
        layout a = repeat % 2 == 0 ? ROW_MAJOR : TRANSPOSED, b = repeat / 2 == 0 ? ROW_MAJOR : TRANSPOSED;
        check(sizeof(float), 513, 514, 515, a, b);
        check(sizeof(double), 258, 257, 260, a, b);
    }
}

/* Few columns and a transposed A, as the gradient of a layer of few outputs. */
static void test_narrow(void **state)
{
    (void)state;
    static const int64_t rows[] = {63, 64, 65, 300, 530};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int64_t n = 2; n <= 15; n += 1 + draw(0, 3)) {
            layout b = (layout)draw(0, LAYOUTS - 1);
            int64_t k = draw(1, 40);
            check(sizeof(float), rows[i], n, k, TRANSPOSED, b);
            check(sizeof(double), rows[i], n, k, TRANSPOSED, b);
        }
    }
}

static void test_name(void **state)
{
    (void)state;
    assert_true(strstr("own, cblas, oneDNN, oneDNN and cblas", tg_gemm_name()) != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),     cmocka_unit_test(test_small_sizes),
        cmocka_unit_test(test_large_sizes), cmocka_unit_test(test_sizes_of_libraries),
        cmocka_unit_test(test_narrow),      cmocka_unit_test(test_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
