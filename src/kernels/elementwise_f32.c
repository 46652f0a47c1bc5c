/* The elementwise loops for f32. */
#include <math.h>

#include "elementwise.h"

#define real float
#define R(name) name##f
#define absolute(x) fabsf(x)
#define is_nan(x) ((x) != (x))
#define HAS_MATH 1
#define HAS_ORDER 1
#define LOOPS tg_loops_f32

#include "elementwise_loops.inc"
