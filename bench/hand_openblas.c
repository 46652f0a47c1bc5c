/* Training steps by hand with OpenBLAS. */
#include "hand.h"

#include <cblas.h>
#include <math.h>

#define real float
#define EXP expf
#define LOG logf
#define GEMM cblas_sgemm
#define HAND(part) f32_##part
#include "hand_layers.inc"
#include "hand_openblas.inc"

#undef real
#undef EXP
#undef LOG
#undef GEMM
#undef HAND
#define real double
#define EXP exp
#define LOG log
#define GEMM cblas_dgemm
#define HAND(part) f64_##part
#include "hand_layers.inc"
#include "hand_openblas.inc"

static int fits(const workload *of, precision type)
{
    (void)of;
    (void)type;
    return 1;
}

static void step(hand_net *net)
{
    if (net->type == F32)
        f32_step(net);
    else
        f64_step(net);
}

static void use_threads(int n)
{
    openblas_set_num_threads(n);
}

const hand_version hand_openblas = {
    .name = "openblas", .fits = fits, .step = step, .use_threads = use_threads};
