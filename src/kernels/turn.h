/* Rows of an array turned in registers of AVX-512: for products, which read them step by step, and so that vectors can go
 * over TURNED short runs at once. */
#ifndef TG_KERNELS_TURN_H
#define TG_KERNELS_TURN_H

#include <stdint.h>

enum { TURNED = 16, TURNED_MOST = 32 };

/* turn_f32(n, x, stride, to) makes to[j][i] = x[i * stride + j] for all i < TURNED and j < n, where n is from 4 to
 * TURNED_MOST, and returns 1; elsewhere it does nothing and returns 0. turn_nothing stands for it where there is none. */
static inline int turn_nothing(int64_t n, const void *x, int64_t stride, void *to)
{
    (void)n, (void)x, (void)stride, (void)to;
    return 0;
}

#if defined(__AVX512F__)

#include <immintrin.h>

/* Elements p to p + 3 of rows i, i + 4, i + 8 and i + 12. */
static inline __m512 quarters_of(const float *const row[16], int i, int64_t p)
{
    __m512 x = _mm512_castps128_ps512(_mm_loadu_ps(row[i] + p));
    x = _mm512_insertf32x4(x, _mm_loadu_ps(row[i + 4] + p), 1);
    x = _mm512_insertf32x4(x, _mm_loadu_ps(row[i + 8] + p), 2);
    return _mm512_insertf32x4(x, _mm_loadu_ps(row[i + 12] + p), 3);
}

/* to[q * along + i] = row[i][p + q] for q < 4: blocks of 4 by 4 are loaded to where they belong, and each is turned within
 * its quarter of a vector. */
static inline void turn_four(const float *const row[16], int64_t p, float *to, int64_t along)
{
    const __m512 a = quarters_of(row, 0, p), b = quarters_of(row, 1, p), c = quarters_of(row, 2, p),
                 d = quarters_of(row, 3, p);
    const __m512 low_ab = _mm512_unpacklo_ps(a, b), high_ab = _mm512_unpackhi_ps(a, b),
                 low_cd = _mm512_unpacklo_ps(c, d), high_cd = _mm512_unpackhi_ps(c, d);
    _mm512_storeu_ps(to, _mm512_shuffle_ps(low_ab, low_cd, _MM_SHUFFLE(1, 0, 1, 0)));
    _mm512_storeu_ps(to + along, _mm512_shuffle_ps(low_ab, low_cd, _MM_SHUFFLE(3, 2, 3, 2)));
    _mm512_storeu_ps(to + 2 * along, _mm512_shuffle_ps(high_ab, high_cd, _MM_SHUFFLE(1, 0, 1, 0)));
    _mm512_storeu_ps(to + 3 * along, _mm512_shuffle_ps(high_ab, high_cd, _MM_SHUFFLE(3, 2, 3, 2)));
}

/* The same of 8 rows of doubles, and two elements, with blocks of 2 by 2. */
static inline __m512d pairs_of(const double *const row[8], int i, int64_t p)
{
    __m512d x = _mm512_castpd128_pd512(_mm_loadu_pd(row[i] + p));
    x = _mm512_insertf64x2(x, _mm_loadu_pd(row[i + 2] + p), 1);
    x = _mm512_insertf64x2(x, _mm_loadu_pd(row[i + 4] + p), 2);
    return _mm512_insertf64x2(x, _mm_loadu_pd(row[i + 6] + p), 3);
}

static inline void turn_two(const double *const row[8], int64_t p, double *to, int64_t along)
{
    const __m512d even = pairs_of(row, 0, p), odd = pairs_of(row, 1, p);
    _mm512_storeu_pd(to, _mm512_unpacklo_pd(even, odd));
    _mm512_storeu_pd(to + along, _mm512_unpackhi_pd(even, odd));
}

/* The last elements overlap those before, so that nothing is read behind a run. */
static inline int turn_f32(int64_t n, const float *x, int64_t stride, float (*to)[TURNED])
{
    const float *row[TURNED];
    if (n < 4 || n > TURNED_MOST) return 0;
    for (int i = 0; i < TURNED; i++) row[i] = x + i * stride;
    for (int64_t j = 0; j + 4 <= n; j += 4) turn_four(row, j, to[j], TURNED);
    if (n % 4 > 0) turn_four(row, n - 4, to[n - 4], TURNED);
    return 1;
}

static inline int turn_f64(int64_t n, const double *x, int64_t stride, double (*to)[TURNED])
{
    const double *row[TURNED];
    if (n < 4 || n > TURNED_MOST) return 0;
    for (int i = 0; i < TURNED; i++) row[i] = x + i * stride;
    for (int i = 0; i < TURNED; i += 8) {
        for (int64_t j = 0; j + 2 <= n; j += 2) turn_two(row + i, j, to[j] + i, TURNED);
        if (n % 2 > 0) turn_two(row + i, n - 2, to[n - 2] + i, TURNED);
    }
    return 1;
}

#else
#define turn_f32 turn_nothing
#define turn_f64 turn_nothing
#endif

#endif
