/* The random numbers: Philox's published answers, uniformity, bounds, permutations, keys. Seeds are fixed, so
 * a statistical test gives the same verdict on every run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <tapegrad/random.h>

/* The known answers that the authors publish with the generator: zeros, ones, and the digits of pi. */
static void test_philox_known_answers(void **state)
{
    (void)state;
    static const struct {
        uint64_t key, counter_low, counter_high;
        uint32_t expected[4];
    } cases[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822,
         0x85a308d3243f6a88,
         0x0370734413198a2e,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        uint32_t out[4];
        tg_philox(cases[k].key, cases[k].counter_low, cases[k].counter_high, out);
        assert_memory_equal(out, cases[k].expected, sizeof out);
    }
}

/* Sum of (count - expected)^2 / expected. */
static double chi_square(const int64_t *counts, int n, double expected)
{
    double sum = 0.0;
    for (int k = 0; k < n; k++) {
        double gap = (double)counts[k] - expected;
        sum += gap * gap / expected;
    }
    return sum;
}

/* 255 degrees of freedom: chi-square lies in 170 .. 350 but for about 1 seed in 10,000 at either end. Too
 * even a spread is as wrong as too uneven a one. */
static void assert_bytes_uniform(const int64_t counts[256], int64_t draws)
{
    double found = chi_square(counts, 256, (double)draws / 256.0);
    if (found < 170.0 || found > 350.0) fail_msg("chi-square %g of 256 byte values", found);
}

static void test_philox_is_uniform(void **state)
{
    (void)state;
    const int64_t draws = 65536;
    for (int word = 0; word < 4; word++) {
        int64_t low[256] = {0}, high[256] = {0};
        for (int64_t i = 0; i < draws; i++) {
            uint32_t out[4];
            tg_philox(2024, (uint64_t)i, 0, out);
            low[out[word] & 255]++;
            high[out[word] >> 24]++;
        }
        assert_bytes_uniform(low, draws);
        assert_bytes_uniform(high, draws);
    }
}

/* XXH3 of the name; the first is the published 64-bit hash of the empty input. */
static void test_keys(void **state)
{
    (void)state;
    assert_true(tg_random_key(0, "") == 0x2d06800538d394c2);
    assert_true(tg_random_key(0, NULL) == tg_random_key(0, ""));
    assert_true(tg_random_key(7, "dropout") == tg_random_key(7, "dropout"));
    assert_true(tg_random_key(7, "dropout") != tg_random_key(7, "dropout2"));
    assert_true(tg_random_key(7, "dropout") != tg_random_key(8, "dropout"));
}

/* Neighbouring keys: the exclusive or of two independent uniform streams is uniform. */
static void test_keys_give_independent_streams(void **state)
{
    (void)state;
    const int64_t draws = 65536;
    const uint64_t pairs[][2] = {
        {1, 2}, {0, (uint64_t)1 << 63}, {tg_random_key(1, "a"), tg_random_key(1, "b")}};
    for (size_t p = 0; p < sizeof pairs / sizeof pairs[0]; p++) {
        int64_t counts[256] = {0};
        for (int64_t i = 0; i < draws; i++) {
            uint32_t first[4], second[4];
            tg_philox(pairs[p][0], (uint64_t)i, 0, first);
            tg_philox(pairs[p][1], (uint64_t)i, 0, second);
            counts[(first[0] ^ second[0]) & 255]++;
        }
        assert_bytes_uniform(counts, draws);
    }
}

static void test_below_range(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {1, 2, 3, 10, 4294967296, 4294967297, (uint64_t)1 << 63, UINT64_MAX};
    assert_true(tg_random_below(5, 0, 0) == 0);
    for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++)
        for (uint64_t i = 0; i < 1000; i++) assert_true(tg_random_below(5, i, bounds[b]) < bounds[b]);
}

/* 2 degrees of freedom: 18.4 is exceeded with probability 1e-4. */
static void test_below_three_is_unbiased(void **state)
{
    (void)state;
    const int64_t draws = 300000;
    int64_t counts[3] = {0};
    for (int64_t i = 0; i < draws; i++) counts[tg_random_below(11, (uint64_t)i, 3)]++;
    assert_true(chi_square(counts, 3, (double)draws / 3.0) < 18.4);
}

/* For n = 3 * 2^62, a quarter of 2^64 is rejected. Without the rejection one value in three would come up
 * half of the time, so the remainder by 3 of the result would be far from uniform. */
static void test_below_rejects(void **state)
{
    (void)state;
    const int64_t draws = 30000;
    const uint64_t n = (uint64_t)3 << 62;
    int64_t remainders[3] = {0}, thirds[3] = {0};
    for (int64_t i = 0; i < draws; i++) {
        uint64_t found = tg_random_below(13, (uint64_t)i, n);
        remainders[found % 3]++;
        thirds[found >> 62]++;
    }
    assert_true(chi_square(remainders, 3, (double)draws / 3.0) < 18.4);
    assert_true(chi_square(thirds, 3, (double)draws / 3.0) < 18.4);
}

/* The high half of draw * n, for bounds whose product needs all four partial products. With n = 2^64 - 1 and
 * a draw r > 0, floor(r n / 2^64) = r - 1; n = 2^k keeps the top k bits. */
static void test_below_is_the_high_product(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint32_t out[4];
        tg_philox(17, i, 0, out);
        uint64_t draw = (uint64_t)out[1] << 32 | out[0];
        assert_true(tg_random_below(17, i, UINT64_MAX) == draw - 1);
        assert_true(tg_random_below(17, i, (uint64_t)1 << 40) == draw >> 24);
    }
}

static void test_permutation_holds_every_number_once(void **state)
{
    (void)state;
    int64_t order[1001];
    for (int64_t n = 0; n <= 1000; n += n < 10 ? 1 : 99) {
        char seen[1000] = {0};
        order[n] = -7;
        tg_random_permutation(3, n, order);
        for (int64_t k = 0; k < n; k++) {
            assert_true(order[k] >= 0 && order[k] < n);
            assert_false(seen[order[k]]);
            seen[order[k]] = 1;
        }
        assert_true(order[n] == -7);
    }
    order[0] = -7;
    tg_random_permutation(3, -1, order);
    assert_true(order[0] == -7);
    tg_random_permutation(3, 5, NULL);
}

/* All 24 orders of 4 are equally likely: 23 degrees of freedom, 58.6 is exceeded with probability 5e-5. */
static void test_permutations_are_equally_likely(void **state)
{
    (void)state;
    const int64_t draws = 24000;
    int64_t counts[256] = {0}, used[24] = {0};
    for (int64_t k = 0; k < draws; k++) {
        int64_t order[4];
        tg_random_permutation((uint64_t)k, 4, order);
        counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
    }
    int n_used = 0;
    for (int code = 0; code < 256; code++) {
        if (counts[code] == 0) continue;
        assert_true(n_used < 24);
        used[n_used++] = counts[code];
    }
    assert_true(chi_square(used, 24, (double)draws / 24.0) < 58.6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_philox_is_uniform),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_give_independent_streams),
        cmocka_unit_test(test_below_range),
        cmocka_unit_test(test_below_three_is_unbiased),
        cmocka_unit_test(test_below_rejects),
        cmocka_unit_test(test_below_is_the_high_product),
        cmocka_unit_test(test_permutation_holds_every_number_once),
        cmocka_unit_test(test_permutations_are_equally_likely),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
