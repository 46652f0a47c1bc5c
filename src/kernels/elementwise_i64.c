/* The elementwise loops for i64; built so that overflow wraps. */
#include "elementwise.h"

#define real int64_t
#define absolute(x) ((x) < 0 ? -(x) : (x))
#define is_nan(x) 0
#define HAS_MATH 0
#define HAS_ORDER 1
#define LOOPS tg_loops_i64

#include "elementwise_loops.inc"
