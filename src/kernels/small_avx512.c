/* Programs over small arrays, for AVX-512. Few elements take half a register, which processors compute with faster; 16 doubles
 * take two. */
#include "small.h"

#if defined(__x86_64__)

#include <string.h>

#include <immintrin.h>

#include "vector_math_pow.h"

/* Whatever such a function calls is put into it, or its loop would be made no vectors of. */
#define FLATTEN __attribute__((flatten))

/* The registers hold what the record before has computed. The call is the last thing that a record does, so that
 * compilers make a jump of it. */
typedef void (*record_fn)(const tg_small_record *r, __m512 low, __m512 high);

static inline ALWAYS_INLINE void go_on(const tg_small_record *r, __m512 low, __m512 high)
{
    __asm__(""
            : "+r"(r)); /* so that r is stepped on in its own register: compilers make a copy of it early */
    ((record_fn)r->run)(r, low, high);
}

/* What happens to be in a register, for results that need no second one: undefined vectors are set to 0 first. */
static inline ALWAYS_INLINE __m512 any_register(void)
{
    __m512 any;
    __asm__("" : "=v"(any));
    return any;
}

static void begin(const tg_small_record *first)
{
    go_on(first, _mm512_setzero_ps(), _mm512_setzero_ps());
}

static void end(const tg_small_record *r, __m512 low, __m512 high)
{
    (void)r, (void)low, (void)high;
}

/* ---- Floats ------------------------------------------------------------------------------------------------ */

typedef struct source_f32 {
    __m512 all;
} source_f32;

#define vector __m256
#define integers __m256i
#define V(name) _mm256_##name
#define WIDE(v) _mm512_castps256_ps512(v)
#define NARROW(v) _mm512_castps512_ps256(v)
#define MASK __mmask8
#define PARTS 1
#define T(name) name##_f32x8
#include "small_f32.inc"
#define real float
#define whole int32_t
#define R(name) name##_f32
#define absolute(x) fabsf(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

#define vector __m512
#define integers __m512i
#define V(name) _mm512_##name
#define WIDE(v) (v)
#define NARROW(v) (v)
#define MASK __mmask16
#define PARTS 1
#define T(name) name##_f32x16
#include "small_f32.inc"
#define real float
#define whole int32_t
#define R(name) name##_f32
#define absolute(x) fabsf(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

/* ---- Doubles ----------------------------------------------------------------------------------------------- */

typedef struct source_f64 {
    __m512d part[2];
} source_f64;

static inline ALWAYS_INLINE __m512d sum_of_four_f64(source_f64 x, const void *lanes);

#define vector __m512d
#define integers __m512i
#define V(name) _mm512_##name
#define WIDE(v) (v)
#define NARROW(v) (v)
#define MASK __mmask8
#define PARTS 1
#define T(name) name##_f64x8
#include "small_f64.inc"
#define real double
#define whole int64_t
#define R(name) name##_f64
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

/* Sums of four terms in four lanes: of two at a time, in all eight. */
static inline ALWAYS_INLINE __m512d sum_of_four_f64(source_f64 x, const void *lanes)
{
    enum { OTHER_HALF = 0x4e };
    const value_f64x8 a = choose_f64x8(x, lanes), b = choose_f64x8(x, (const double *)lanes + 8);
    const __m512d pairs = a.part[0] + b.part[0], others = _mm512_shuffle_f64x2(pairs, pairs, OTHER_HALF);
    const __m512d sum = pairs + others, lost = lost_f64x8(a.part[0], b.part[0], pairs);
    const __m512d lost_by_both = lost + _mm512_shuffle_f64x2(lost, lost, OTHER_HALF);
    return total_f64x8(sum, lost_by_both + lost_f64x8(pairs, others, sum));
}

#define vector __m256d
#define integers __m256i
#define V(name) _mm256_##name
#define WIDE(v) _mm512_castpd256_pd512(v)
#define NARROW(v) _mm512_castpd512_pd256(v)
#define MASK __mmask8
#define PARTS 1
#define T(name) name##_f64x4
#include "small_f64.inc"
#define real double
#define whole int64_t
#define R(name) name##_f64
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

#define vector __m512d
#define integers __m512i
#define V(name) _mm512_##name
#define WIDE(v) (v)
#define NARROW(v) (v)
#define MASK __mmask8
#define PARTS 2
#define T(name) name##_f64x16
#include "small_f64.inc"
#define real double
#define whole int64_t
#define R(name) name##_f64
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

/* ---- Integers ---------------------------------------------------------------------------------------------- */

/* A counter of steps goes up by 1; all else is taken from place to place like doubles, and computed by loops. */
static inline ALWAYS_INLINE void add_i64x8(const tg_small_record *r, value_f64x8 a, value_f64x8 b)
{
    __m512i sum = _mm512_add_epi64(_mm512_castpd_si512(a.part[0]), _mm512_castpd_si512(b.part[0]));
    finish_f64x8(r, (value_f64x8){{_mm512_castsi512_pd(sum)}});
}

static void add_ANY_ANY_i64x8(const tg_small_record *r, __m512 low, __m512 high)
{
    (void)low, (void)high;
    add_i64x8(r, picked_f64x8(&r->in[0]), picked_f64x8(&r->in[1]));
}

static void add_READ_READ_i64x8(const tg_small_record *r, __m512 low, __m512 high)
{
    (void)low, (void)high;
    add_i64x8(r, read_f64x8(r->in[0].from), read_f64x8(r->in[1].from));
}

static const tg_small_kernels small_i64x8 = {
    .lanes = 8,
    .lane_size = sizeof(int64_t),
    .rows = {[TG_ROW_add] = {[TG_SMALL_ANY][TG_SMALL_ANY] = (tg_small_fn)add_ANY_ANY_i64x8,
                             [TG_SMALL_READ][TG_SMALL_READ] = (tg_small_fn)add_READ_READ_i64x8}},
    .loop = {{(tg_small_fn)loop_ANY_ANY_f64x8}},
    .where = {{(tg_small_fn)where_ANY_ANY_f64x8}},
    .copy = {{(tg_small_fn)copy_ANY_f64x8}},
};

static const tg_small_kernels small_i64x16 = {
    .lanes = 16,
    .lane_size = sizeof(int64_t),
    .loop = {{(tg_small_fn)loop_ANY_ANY_f64x16}},
    .where = {{(tg_small_fn)where_ANY_ANY_f64x16}},
    .copy = {{(tg_small_fn)copy_ANY_f64x16}},
};

/* By type, and by what number of elements: 4 and less, 8 and less, more. */
extern const tg_small_kernels *const tg_small_avx512[3][3];
const tg_small_kernels *const tg_small_avx512[3][3] = {
    [TG_F32] = {&small_f32x8, &small_f32x8, &small_f32x16},
    [TG_F64] = {&small_f64x4, &small_f64x8, &small_f64x16},
    [TG_I64] = {&small_i64x8, &small_i64x8, &small_i64x16}};

#else
typedef int tg_no_small_avx512; /* a file must not be empty */
#endif
