/* The elementwise loops of every instruction set that runs here.
 *
 *     bench_elementwise [--json FILE] */
#include <stdio.h>
#include <string.h>

#include "kernels/elementwise.h"

#include "timing.h"

enum { BLOCK = 1024, ROUNDS = 15 };

static const char *const names[TG_ROWS] = {
#define UNARY(name, ...) #name,
#define UNARY_PERIODIC UNARY
#define UNARY_ANY UNARY
#define FLAT UNARY
#define BINARY UNARY
#define BINARY_ANY BINARY
#define COMPARE BINARY
#define LOGICAL UNARY
#include "ops/elementwise.def"
};

/* Billions of elements a second, on a block in the L1 cache. */
static double loop_speed(tg_loop loop, tg_dtype dtype)
{
    static _Alignas(64) double a[BLOCK], b[BLOCK], out[BLOCK];
    const int64_t strides[2] = {1, 1};
    const void *const in[2] = {a, b};
    double times[ROUNDS];
    for (int i = 0; i < BLOCK; i++) {
        double x = 0.01 + 3.0 * i / BLOCK, y = 0.5 + 1.5 * ((i * 37) % BLOCK) / BLOCK;
        if (dtype == TG_F64) a[i] = x, b[i] = y;
        if (dtype == TG_F32) ((float *)a)[i] = (float)x, ((float *)b)[i] = (float)y;
    }
    for (int repeats = 1;; repeats *= 2) {
        for (int i = 0; i < ROUNDS; i++) {
            double start = now();
            for (int j = 0; j < repeats; j++) loop(BLOCK, out, in, strides);
            times[i] = now() - start;
        }
        if (median(times, ROUNDS) > 2e-4) return 1e-9 * BLOCK * repeats / median(times, ROUNDS);
    }
}

/* With json, which may be NULL, as a list of objects with nanoseconds an element. */
static void measure_loops(FILE *json)
{
    const tg_elementwise_kernels *kernels[TG_INSTRUCTION_SETS];
    const int n = (int)tg_instructions_here() + 1;
    const char *separator = "[";
    for (int k = 0; k < n; k++) kernels[k] = tg_elementwise_for((tg_instructions)k);
    printf("Billions of elements a second, blocks of %d\n%-12s", BLOCK, "");
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int k = 0; k < n; k++)
            printf(" %4s %-7s", tg_dtype_name((tg_dtype)dtype), tg_instructions_name((tg_instructions)k));
    putchar('\n');
    for (int r = 0; r < TG_ROWS; r++) {
        if (kernels[0]->rows[TG_F32][r] == NULL) continue;
        printf("%-12s", names[r]);
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            for (int k = 0; k < n; k++) {
                double speed = loop_speed(kernels[k]->rows[dtype][r], (tg_dtype)dtype);
                printf(" %12.3f", speed);
                if (json == NULL) continue;
                fprintf(json,
                        "%s{\"name\": \"%s\", \"dtype\": \"%s\", \"instructions\": \"%s\", \"ns\": %.4f}",
                        separator, names[r], tg_dtype_name((tg_dtype)dtype),
                        tg_instructions_name((tg_instructions)k), 1 / speed);
                separator = ",\n ";
            }
        }
        putchar('\n');
    }
    if (json != NULL) fputs("]\n", json);
}

int main(int argc, char **argv)
{
    if (argc != 1 && (argc != 3 || strcmp(argv[1], "--json") != 0)) {
        fprintf(stderr, "usage: bench_elementwise [--json FILE]\n");
        return 2;
    }
    if (!pin_thread()) fprintf(stderr, "the thread could not be pinned to one processor\n");
    FILE *json = argc == 3 ? fopen(argv[2], "w") : NULL;
    if (argc == 3 && json == NULL) {
        perror(argv[2]);
        return 1;
    }
    measure_loops(json);
    return json != NULL && fclose(json) != 0;
}
