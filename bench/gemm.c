/* Matrix products of training steps: the library's own beside CBLAS and, if the build found it, oneDNN, on one thread.
 * Every line has GFLOP/s and, after it, percent of what this processor can multiply and add at most, measured in
 * turns with the products. Large operands come from as many copies as a network has, so that they lie where they do
 * in a step: not in the L2 cache.
 *
 *     bench_gemm [--only TEXT] [--rounds N] */
#include <cblas.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if BENCH_ONEDNN
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#endif

#include <tapegrad/profile.h>

#include "kernels/gemm.h"
#include "timing.h"

/* What kind of product: the operands' layouts, and whether it is added to C. */
typedef enum kind { FORWARD, UPDATE, BACK } kind;

typedef struct shape {
    const char *name;
    int m, n, k;
    kind kind;
} shape;

static const shape shapes[] = {
    {"W1 forward", 10, 30, 784, FORWARD},       {"W1 update", 784, 30, 10, UPDATE},
    {"W2 forward", 64, 64, 784, FORWARD},       {"W2 update", 784, 64, 64, UPDATE},
    {"W3 forward 1", 128, 512, 784, FORWARD},   {"W3 forward 2", 128, 512, 512, FORWARD},
    {"W3 update 1", 784, 512, 128, UPDATE},     {"W3 update 2", 512, 512, 128, UPDATE},
    {"W3 back 2", 128, 512, 512, BACK},         {"W3 forward 3", 128, 10, 512, FORWARD},
    {"W3 update 3", 512, 10, 128, UPDATE},      {"W3 back 3", 128, 512, 10, BACK},
    {"W4 forward", 256, 1024, 1024, FORWARD},   {"W4 update", 1024, 1024, 256, UPDATE},
    {"W4 back", 256, 1024, 1024, BACK},         {"W4 forward 4", 256, 10, 1024, FORWARD},
    {"W4 update 4", 1024, 10, 256, UPDATE},     {"W4 back 4", 256, 1024, 10, BACK},
    {"square 1000", 1000, 1000, 1000, FORWARD}, {"odd 333", 333, 333, 333, FORWARD},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0], CONTENDERS = 3, MAX_ROUNDS = 200, MAX_COPIES = 64 };
static const char *const names[CONTENDERS] = {"own", "cblas", "oneDNN"};

#define LARGE ((size_t)1 << 20)      /* bytes from which a product is not repeated with the same operands */
#define ALL_COPIES ((size_t)3 << 22) /* and what they take together */
#define BLOCK_TIME 0.003

/* One product's operands, and copies of them. */
typedef struct operands {
    const shape *of;
    size_t item;
    int copies;
    void *a[MAX_COPIES], *b[MAX_COPIES], *c[MAX_COPIES];
    void *scratch;
} operands;

/* ---- Operands ------------------------------------------------------------------------------------------- */

static void *numbers(size_t count, size_t item)
{
    static uint32_t random = 1;
    void *x = aligned_alloc(64, (count * item + 63) / 64 * 64);
    for (size_t i = 0; x != NULL && i < count; i++) {
        random = random * 1664525U + 1013904223U;
        double value = (double)(random >> 8) / 8388608.0 - 1;
        if (item == sizeof(float))
            ((float *)x)[i] = (float)value;
        else
            ((double *)x)[i] = value;
    }
    return x;
}

static int make_operands(operands *o, const shape *of, size_t item)
{
    size_t m = (size_t)of->m, n = (size_t)of->n, k = (size_t)of->k, bytes = (m * k + k * n + m * n) * item;
    *o = (operands){.of = of, .item = item, .copies = 1};
    if (bytes >= LARGE) o->copies = (int)(ALL_COPIES / bytes) + 1;
    size_t scratch = tg_gemm_scratch(item, of->m, of->n, of->k);
    o->scratch = aligned_alloc(64, (scratch + 64) / 64 * 64);
    int made = o->scratch != NULL;
    for (int i = 0; i < o->copies; i++) {
        o->a[i] = numbers(m * k, item);
        o->b[i] = numbers(k * n, item);
        o->c[i] = numbers(m * n, item);
        made = made && o->a[i] != NULL && o->b[i] != NULL && o->c[i] != NULL;
    }
    return made;
}

static void free_operands(operands *o)
{
    for (int i = 0; i < o->copies; i++) {
        free(o->a[i]);
        free(o->b[i]);
        free(o->c[i]);
    }
    free(o->scratch);
}

/* ---- Contenders ----------------------------------------------------------------------------------------- */

static void run_own_f32(const operands *o, int i)
{
    const shape *s = o->of;
    tg_matrix_f32 a = {o->a[i], s->k, 1, 0}, b = {o->b[i], s->n, 1, 0};
    tg_epilogue_f32 end = {.start = o->c[i], .start_row = s->n, .scale = 1e-3F};
    if (s->kind == UPDATE) a = (tg_matrix_f32){o->a[i], 1, s->m, 0};
    if (s->kind == BACK) b = (tg_matrix_f32){o->b[i], 1, s->k, 0};
    tg_product_f32 p = {.m = s->m, .n = s->n, .k = s->k, .a = a, .b = b, .c = o->c[i], .c_row = s->n};
    if (s->kind == UPDATE) p.end = &end;
    tg_gemm_f32(&p, o->scratch);
}

static void run_own_f64(const operands *o, int i)
{
    const shape *s = o->of;
    tg_matrix_f64 a = {o->a[i], s->k, 1, 0}, b = {o->b[i], s->n, 1, 0};
    tg_epilogue_f64 end = {.start = o->c[i], .start_row = s->n, .scale = 1e-3};
    if (s->kind == UPDATE) a = (tg_matrix_f64){o->a[i], 1, s->m, 0};
    if (s->kind == BACK) b = (tg_matrix_f64){o->b[i], 1, s->k, 0};
    tg_product_f64 p = {.m = s->m, .n = s->n, .k = s->k, .a = a, .b = b, .c = o->c[i], .c_row = s->n};
    if (s->kind == UPDATE) p.end = &end;
    tg_gemm_f64(&p, o->scratch);
}

static void run_cblas(const operands *o, int i)
{
    const shape *s = o->of;
    CBLAS_TRANSPOSE ta = s->kind == UPDATE ? CblasTrans : CblasNoTrans,
                    tb = s->kind == BACK ? CblasTrans : CblasNoTrans;
    int lda = s->kind == UPDATE ? s->m : s->k, ldb = s->kind == BACK ? s->k : s->n;
    double alpha = s->kind == UPDATE ? 1e-3 : 1, beta = s->kind == UPDATE;
    if (o->item == sizeof(float))
        cblas_sgemm(CblasRowMajor, ta, tb, s->m, s->n, s->k, (float)alpha, o->a[i], lda, o->b[i], ldb,
                    (float)beta, o->c[i], s->n);
    else
        cblas_dgemm(CblasRowMajor, ta, tb, s->m, s->n, s->k, alpha, o->a[i], lda, o->b[i], ldb, beta, o->c[i],
                    s->n);
}

#if BENCH_ONEDNN
static void run_onednn(const operands *o, int i)
{
    const shape *s = o->of;
    int lda = s->kind == UPDATE ? s->m : s->k, ldb = s->kind == BACK ? s->k : s->n;
    dnnl_sgemm(s->kind == UPDATE ? 'T' : 'N', s->kind == BACK ? 'T' : 'N', s->m, s->n, s->k,
               s->kind == UPDATE ? 1e-3F : 1, o->a[i], lda, o->b[i], ldb, s->kind == UPDATE, o->c[i], s->n);
}
#endif

/* 0 when there is no such contender for the element type. */
static int run(int contender, const operands *o, int i)
{
    if (contender == 0 && o->item == sizeof(float)) run_own_f32(o, i);
    if (contender == 0 && o->item == sizeof(double)) run_own_f64(o, i);
    if (contender == 1) run_cblas(o, i);
    if (contender < 2) return 1;
#if BENCH_ONEDNN
    if (o->item == sizeof(float)) {
        run_onednn(o, i);
        return 1;
    }
#endif
    return 0;
}

/* ---- Times ------------------------------------------------------------------------------------------------ */

/* Seconds a product, over a block of them; 0 when there is no such contender. */
static double time_block(int contender, const operands *o)
{
    if (!run(contender, o, 0)) return 0;
    double begin = now(), end = begin;
    int runs = 0;
    while (end - begin < BLOCK_TIME) {
        for (int i = 0; i < o->copies; i++) run(contender, o, i);
        runs += o->copies;
        end = now();
    }
    return (end - begin) / runs;
}

/* Billions of operations a second; 0 when there is no memory to measure with. */
static double peak_now(size_t item)
{
    tg_peak peak = {0};
    tg_measure_peak(1, &peak);
    return 1e-9 * (item == sizeof(float) ? peak.f32_flops : peak.f64_flops);
}

static void print_shape(const operands *o, int rounds)
{
    static double times[CONTENDERS][MAX_ROUNDS], peaks[MAX_ROUNDS];
    const shape *s = o->of;
    for (int r = 0; r < rounds; r++) {
        peaks[r] = peak_now(o->item);
        for (int c = 0; c < CONTENDERS; c++) times[c][r] = time_block(c, o);
    }
    double work = 2e-9 * s->m * s->n * s->k, peak = median(peaks, rounds);
    printf("%-13s %4d %4d %4d  %s", s->name, s->m, s->n, s->k, o->item == sizeof(float) ? "f32" : "f64");
    for (int c = 0; c < CONTENDERS; c++) {
        double time = median(times[c], rounds);
        if (time > 0) printf("  %7.1f %4.0f%%", work / time, 100 * work / time / peak);
    }
    printf("   (peak %.0f)\n", peak);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *only = "";
    int rounds = 9;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--only") == 0) only = argv[i + 1];
        if (strcmp(argv[i], "--rounds") == 0) rounds = atoi(argv[i + 1]);
    }
    if (rounds < 1 || rounds > MAX_ROUNDS || argc % 2 == 0) {
        fprintf(stderr, "usage: bench_gemm [--only TEXT] [--rounds N]\n");
        return 2;
    }
    pin_thread();
    openblas_set_num_threads(1);
#if BENCH_ONEDNN
    omp_set_num_threads(1);
#endif
    printf("%-13s %4s %4s %4s     ", "product", "m", "n", "k");
    for (int c = 0; c < CONTENDERS; c++) printf("  %7s     ", names[c]);
    printf("\n");
    for (size_t item = sizeof(float); item <= sizeof(double); item += sizeof(float)) {
        for (int i = 0; i < N_SHAPES; i++) {
            operands o;
            if (strstr(shapes[i].name, only) == NULL) continue;
            if (!make_operands(&o, &shapes[i], item)) {
                fprintf(stderr, "bench_gemm: out of memory\n");
                return 1;
            }
            print_shape(&o, rounds);
            free_operands(&o);
        }
    }
    return 0;
}
