/* Long arrays by hand. */
#include "hand_arrays.h"

#include <math.h>

enum { BLOCK = 2048 };

#define real float
#define EXP expf
#define HAND(part) f32_##part
#include "hand_arrays.inc"

#undef real
#undef EXP
#undef HAND
#define real double
#define EXP exp
#define HAND(part) f64_##part
#include "hand_arrays.inc"

const hand_arrays hand_arrays_f32 = {f32_copy, f32_chain, f32_sum_of_exp, f32_logsumexp, f32_softmax};
const hand_arrays hand_arrays_f64 = {f64_copy, f64_chain, f64_sum_of_exp, f64_logsumexp, f64_softmax};
