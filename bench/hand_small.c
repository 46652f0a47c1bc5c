/* A training step by hand for a network too small for a library: 2-3-1 sigmoid, batch 4, plain loops of constant
 * sizes. */
#include "hand.h"

#include <math.h>

enum { INPUTS = 2, HIDDEN = 3, BATCH = 4 };

#define real float
#define EXP expf
#define HAND(part) f32_##part
#include "hand_small.inc"

#undef real
#undef EXP
#undef HAND
#define real double
#define EXP exp
#define HAND(part) f64_##part
#include "hand_small.inc"

static int fits(const workload *of, precision type)
{
    (void)type;
    return of->n_layers == 2 && of->sizes[0] == INPUTS && of->sizes[1] == HIDDEN && of->sizes[2] == 1 &&
           of->batch == BATCH && !of->is_softmax;
}

static void step(hand_net *net)
{
    if (net->type == F32)
        f32_step(net);
    else
        f64_step(net);
}

const hand_version hand_plain = {.name = "plain", .fits = fits, .step = step};
