/* Programs over small arrays, for AVX-512: 16 floats are one register, 16 doubles two and 8 one. */
#include "small.h"

#if defined(__x86_64__)

#include <string.h>

#include <immintrin.h>

#include "vector_math_f32.h"
#include "vector_math_f64.h"

#define ALWAYS_INLINE __attribute__((always_inline))
/* Whatever such a function calls is put into it, or its loop would be made no vectors of. */
#define FLATTEN __attribute__((flatten))

/* The registers hold what the record before has computed. The call is the last thing that a record does, so that
 * compilers make a jump of it. */
typedef void (*record_fn)(const tg_small_record *r, __m512 low, __m512 high);

static inline ALWAYS_INLINE void go_on(const tg_small_record *r, __m512 low, __m512 high)
{
    ((record_fn)r->run)(r, low, high);
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

typedef struct value_f32 {
    __m512 part[1];
} value_f32;

typedef value_f32 source_f32;

static inline ALWAYS_INLINE void pass_f32(const tg_small_record *r, value_f32 v)
{
    go_on(r, v.part[0], v.part[0]);
}

static inline ALWAYS_INLINE value_f32 take_f32(__m512 low, __m512 high)
{
    (void)high;
    return (value_f32){{low}};
}

static inline ALWAYS_INLINE source_f32 kept_f32(__m512 low, __m512 high)
{
    return take_f32(low, high);
}

static inline ALWAYS_INLINE value_f32 read_f32(const void *from)
{
    return (value_f32){{_mm512_loadu_ps(from)}};
}

static inline ALWAYS_INLINE value_f32 splat_f32(const void *from)
{
    const float *at = from;
    return (value_f32){{_mm512_set1_ps(*at)}};
}

static inline ALWAYS_INLINE source_f32 load_f32(const void *from, uint32_t bits)
{
    return (source_f32){{_mm512_maskz_loadu_ps((__mmask16)bits, from)}};
}

static inline ALWAYS_INLINE source_f32 load_bool_f32(const void *from, uint32_t bits)
{
    __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)bits, from);
    return (source_f32){{_mm512_castsi512_ps(_mm512_cvtepu8_epi32(bytes))}};
}

static inline ALWAYS_INLINE void store_f32(void *to, value_f32 v)
{
    _mm512_storeu_ps(to, v.part[0]);
}

static inline ALWAYS_INLINE void store_bool_f32(void *to, value_f32 v)
{
    _mm_storeu_si128(to, _mm512_cvtepi32_epi8(_mm512_castps_si512(v.part[0])));
}

static inline ALWAYS_INLINE value_f32 choose_f32(source_f32 x, const void *lanes)
{
    return (value_f32){{_mm512_permutexvar_ps(_mm512_loadu_si512(lanes), x.part[0])}};
}

static inline ALWAYS_INLINE value_f32 mad_values_f32(value_f32 a, value_f32 b, value_f32 c)
{
    return (value_f32){{_mm512_fmadd_ps(a.part[0], b.part[0], c.part[0])}};
}

static inline ALWAYS_INLINE value_f32 select_f32(value_f32 condition, value_f32 a, value_f32 b)
{
    __m512i bits = _mm512_castps_si512(condition.part[0]);
    return (value_f32){{_mm512_mask_blend_ps(_mm512_test_epi32_mask(bits, bits), b.part[0], a.part[0])}};
}

/* As exact as other sums of floats are, which are added as doubles: eight of them are a vector. */
static inline ALWAYS_INLINE value_f32 sum_of_f32(source_f32 x, const void *lanes, int terms, uint32_t written)
{
    const char *at = lanes;
    __m512d low = _mm512_setzero_pd(), high = low;
    for (int t = terms; t > 0; t--, at += sizeof x) {
        __m512 term = choose_f32(x, at).part[0];
        low += _mm512_cvtps_pd(_mm512_castps512_ps256(term));
        if (written >> 8 != 0) high += _mm512_cvtps_pd(_mm512_extractf32x8_ps(term, 1));
    }
    __m512 sum = _mm512_castps256_ps512(_mm512_cvtpd_ps(low));
    if (written >> 8 != 0) sum = _mm512_insertf32x8(sum, _mm512_cvtpd_ps(high), 1);
    return (value_f32){{sum}};
}

#define real float
#define whole int32_t
#define vector __m512
#define PARTS 1
#define T(name) name##_f32
#define R(name) name##_f32
#define absolute(x) fabsf(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

/* ---- Doubles ----------------------------------------------------------------------------------------------- */

typedef struct source_f64 {
    __m512d part[2];
} source_f64;

#define PARTS 1
#define T(name) name##_f64x8
#include "small_f64.inc"
#define real double
#define whole int64_t
#define vector __m512d
#define R(name) name##_f64
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

#define PARTS 2
#define T(name) name##_f64x16
#include "small_f64.inc"
#define real double
#define whole int64_t
#define vector __m512d
#define R(name) name##_f64
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

/* ---- Integers ---------------------------------------------------------------------------------------------- */

/* A counter of steps goes up by 1; all else is taken from place to place like doubles, and computed by loops. */
static void add_i64x8(const tg_small_record *r, __m512 low, __m512 high)
{
    (void)low, (void)high;
    __m512i a = _mm512_castpd_si512(picked_f64x8(&r->in[0]).part[0]);
    __m512i b = _mm512_castpd_si512(picked_f64x8(&r->in[1]).part[0]);
    finish_f64x8(r, (value_f64x8){{_mm512_castsi512_pd(_mm512_add_epi64(a, b))}});
}

static const tg_small_kernels small_i64x8 = {
    .lanes = 8,
    .lane_size = sizeof(int64_t),
    .rows = {[TG_ROW_add] = {{(tg_small_fn)add_i64x8}}},
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

/* By type, and by whether there are more than 8 elements. */
extern const tg_small_kernels *const tg_small_avx512[3][2];
const tg_small_kernels *const tg_small_avx512[3][2] = {[TG_F32] = {&small_f32, &small_f32},
                                                       [TG_F64] = {&small_f64x8, &small_f64x16},
                                                       [TG_I64] = {&small_i64x8, &small_i64x16}};

#else
typedef int tg_no_small_avx512; /* a file must not be empty */
#endif
