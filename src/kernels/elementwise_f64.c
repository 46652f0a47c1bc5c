/* The elementwise loops for f64. */
#include <math.h>

#include "elementwise.h"

#define real double
#define R(name) name
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#define HAS_MATH 1
#define HAS_ORDER 1
#define LOOPS tg_loops_f64

#include "elementwise_loops.inc"
