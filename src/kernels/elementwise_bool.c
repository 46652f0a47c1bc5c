/* The elementwise loops for bool. */
#include "elementwise.h"

#define real unsigned char
#define HAS_MATH 0
#define HAS_ORDER 0
#define LOOPS tg_loops_bool

#include "elementwise_loops.inc"
