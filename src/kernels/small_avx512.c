/* Programs over small arrays, for AVX-512: 16 floats are one register, and 16 doubles two. */
#include "small.h"

#if defined(__x86_64__)

#include <string.h>

#include <immintrin.h>

#include "compensated.h"
#include "vector_math_f32.h"
#include "vector_math_f64.h"

#define ALWAYS_INLINE __attribute__((always_inline))

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

/* ---- Floats ------------------------------------------------------------------------------------------------ */

typedef struct value_f32 {
    __m512 part[1];
} value_f32;

static inline ALWAYS_INLINE void pass_f32(const tg_small_record *r, value_f32 v)
{
    go_on(r, v.part[0], v.part[0]);
}

static inline ALWAYS_INLINE value_f32 take_f32(__m512 low, __m512 high)
{
    (void)high;
    return (value_f32){{low}};
}

static inline ALWAYS_INLINE value_f32 load_f32(const void *from, uint32_t bits)
{
    return (value_f32){{_mm512_maskz_loadu_ps((__mmask16)bits, from)}};
}

static inline ALWAYS_INLINE value_f32 load_bool_f32(const void *from, uint32_t bits)
{
    __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)bits, from);
    return (value_f32){{_mm512_castsi512_ps(_mm512_cvtepu8_epi32(bytes))}};
}

static inline ALWAYS_INLINE value_f32 load_whole_f32(const void *from, uint32_t bits)
{
    (void)bits;
    return (value_f32){{_mm512_loadu_ps(from)}};
}

static inline ALWAYS_INLINE void store_f32(void *to, value_f32 v, uint32_t bits)
{
    (void)bits;
    _mm512_storeu_ps(to, v.part[0]);
}

static inline ALWAYS_INLINE void store_bool_f32(void *to, value_f32 v)
{
    _mm_storeu_si128(to, _mm512_cvtepi32_epi8(_mm512_castps_si512(v.part[0])));
}

static inline ALWAYS_INLINE value_f32 choose_f32(value_f32 v, const int32_t *lanes)
{
    return (value_f32){{_mm512_permutexvar_ps(_mm512_loadu_si512(lanes), v.part[0])}};
}

typedef struct total_f32 {
    __m512d low, high;
} total_f32;

static inline ALWAYS_INLINE total_f32 add_to_f32(total_f32 sum, value_f32 x)
{
    return (total_f32){_mm512_add_pd(sum.low, _mm512_cvtps_pd(_mm512_castps512_ps256(x.part[0]))),
                       _mm512_add_pd(sum.high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(x.part[0], 1)))};
}

static inline ALWAYS_INLINE value_f32 end_total_f32(total_f32 sum)
{
    __m512 low = _mm512_castps256_ps512(_mm512_cvtpd_ps(sum.low));
    return (value_f32){{_mm512_insertf32x8(low, _mm512_cvtpd_ps(sum.high), 1)}};
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

typedef struct value_f64 {
    __m512d part[2];
} value_f64;

static inline ALWAYS_INLINE void pass_f64(const tg_small_record *r, value_f64 v)
{
    go_on(r, _mm512_castpd_ps(v.part[0]), _mm512_castpd_ps(v.part[1]));
}

static inline ALWAYS_INLINE value_f64 take_f64(__m512 low, __m512 high)
{
    return (value_f64){{_mm512_castps_pd(low), _mm512_castps_pd(high)}};
}

static inline ALWAYS_INLINE value_f64 load_f64(const void *from, uint32_t bits)
{
    const double *at = from;
    return (value_f64){
        {_mm512_maskz_loadu_pd((__mmask8)bits, at), _mm512_maskz_loadu_pd((__mmask8)(bits >> 8), at + 8)}};
}

static inline ALWAYS_INLINE value_f64 load_bool_f64(const void *from, uint32_t bits)
{
    __m128i bytes = _mm_maskz_loadu_epi8((__mmask16)bits, from);
    return (value_f64){{_mm512_castsi512_pd(_mm512_cvtepu8_epi64(bytes)),
                        _mm512_castsi512_pd(_mm512_cvtepu8_epi64(_mm_srli_si128(bytes, 8)))}};
}

/* Eight and more elements take two vectors, and fewer have no memory for a second. */
static inline ALWAYS_INLINE value_f64 load_whole_f64(const void *from, uint32_t bits)
{
    const double *at = from;
    return (value_f64){{_mm512_loadu_pd(at), bits >> 8 != 0 ? _mm512_loadu_pd(at + 8) : _mm512_setzero_pd()}};
}

static inline ALWAYS_INLINE void store_f64(void *to, value_f64 v, uint32_t bits)
{
    double *at = to;
    _mm512_storeu_pd(at, v.part[0]);
    if (bits >> 8 != 0) _mm512_storeu_pd(at + 8, v.part[1]);
}

static inline ALWAYS_INLINE void store_bool_f64(void *to, value_f64 v)
{
    __m128i low = _mm512_cvtepi64_epi8(_mm512_castpd_si512(v.part[0]));
    __m128i high = _mm512_cvtepi64_epi8(_mm512_castpd_si512(v.part[1]));
    _mm_storeu_si128(to, _mm_unpacklo_epi64(low, high));
}

static inline ALWAYS_INLINE __m512d choose_part_f64(value_f64 v, const int32_t *lanes)
{
    __m512i wide = _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)lanes));
    return _mm512_permutex2var_pd(v.part[0], wide, v.part[1]);
}

static inline ALWAYS_INLINE value_f64 choose_f64(value_f64 v, const int32_t *lanes)
{
    return (value_f64){{choose_part_f64(v, lanes), choose_part_f64(v, lanes + 8)}};
}

typedef struct total_f64 {
    double sum[TG_SMALL_COUNT], lost[TG_SMALL_COUNT];
} total_f64;

static inline ALWAYS_INLINE total_f64 add_to_f64(total_f64 total, value_f64 x)
{
    double terms[TG_SMALL_COUNT];
    memcpy(terms, &x, sizeof terms);
    for (int i = 0; i < TG_SMALL_COUNT; i++) tg_compensated_add(&total.sum[i], &total.lost[i], terms[i]);
    return total;
}

static inline ALWAYS_INLINE value_f64 end_total_f64(total_f64 total)
{
    value_f64 x;
    double ends[TG_SMALL_COUNT];
    for (int i = 0; i < TG_SMALL_COUNT; i++) ends[i] = tg_compensated_total(total.sum[i], total.lost[i]);
    memcpy(&x, ends, sizeof x);
    return x;
}

static inline ALWAYS_INLINE value_f64 mad_values_f64(value_f64 a, value_f64 b, value_f64 c)
{
    return (value_f64){
        {_mm512_fmadd_pd(a.part[0], b.part[0], c.part[0]), _mm512_fmadd_pd(a.part[1], b.part[1], c.part[1])}};
}

static inline ALWAYS_INLINE __m512d select_part_f64(__m512d condition, __m512d a, __m512d b)
{
    __m512i bits = _mm512_castpd_si512(condition);
    return _mm512_mask_blend_pd(_mm512_test_epi64_mask(bits, bits), b, a);
}

static inline ALWAYS_INLINE value_f64 select_f64(value_f64 condition, value_f64 a, value_f64 b)
{
    return (value_f64){{select_part_f64(condition.part[0], a.part[0], b.part[0]),
                        select_part_f64(condition.part[1], a.part[1], b.part[1])}};
}

#define real double
#define whole int64_t
#define vector __m512d
#define PARTS 2
#define T(name) name##_f64
#define R(name) name##_f64
#define absolute(x) fabs(x)
#define is_nan(x) ((x) != (x))
#include "small_records.inc"

extern const tg_small_kernels *const tg_small_avx512[2];
const tg_small_kernels *const tg_small_avx512[2] = {[TG_F32] = &small_f32, [TG_F64] = &small_f64};

#else
typedef int tg_no_small_avx512; /* a file must not be empty */
#endif
