/* tapegrad train --report: what the page says, and its pictures. */
#include "cli_train_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static void assert_part(const char *page, const char *part)
{
    if (strstr(page, part) == NULL) fail_msg("the page has no '%s'", part);
}

static int count_parts(const char *page, const char *part)
{
    int n = 0;
    for (const char *at = page; (at = strstr(at, part)) != NULL; at++) n++;
    return n;
}

/* Class names, the model's text and file names come from the user; the page must need nothing and run nothing. */
static void test_page(void **state)
{
    (void)state;
    char *model = calloc(1, 2000);
    snprintf(model, 2000, "# <script>alert('&')</script> \xff\n%s", points_model);
    write_text("a<b>&'.tg", model);
    free(model);
    write_text("odd.csv",
               "a,b,c\n0,2,<b>up</b>\n-2,-1,\"le\"\"ft\"\n2,-1,right&\n0,2,right&\n0,2,<b>up</b>\n");
    assert_int_equal(run_tapegrad("train \"a<b>&'.tg\" --data odd.csv --epochs 150 --lr 0.1 --report r.html"),
                     0);
    char *page = read_text("r.html");
    assert_part(page, "<h1>a&lt;b&gt;&amp;&#39;.tg</h1>");
    assert_part(page, "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt; \xEF\xBF\xBD</i>");
    assert_part(page, "<td>&lt;b&gt;up&lt;/b&gt;</td>");
    assert_part(page, "<td>le&quot;ft</td>");
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "http"));
    assert_null(strstr(page, "<b>up"));
    assert_part(page, "prefers-color-scheme:dark");
    assert_int_equal(count_parts(page, "<svg "), 2);  /* loss and accuracy */
    assert_int_equal(count_parts(page, "<path "), 2); /* of training alone */
    /* Three examples are alike, two of one class: the answer for the third is wrong. */
    assert_part(page, "On the training data: 4 of 5 answers are right");
    assert_part(page, "<th class=\"row\">right&amp;</th><td class=\"\" style=\"--v:0.500\">1</td>");
    assert_part(
        page,
        "<th class=\"row\">&lt;b&gt;up&lt;/b&gt;</th><td class=\"right full\" style=\"--v:1.000\">2</td>");
    assert_part(page,
                "<span class=\"share\">66.7 %</span></td><td class=\"n\"><span class=\"meter\" "
                "style=\"--v:1.000\"></span><span class=\"share\">100.0 %</span></td><td class=\"n\">2</td>");
    assert_part(page, "<tr><td>3</td><td>right&amp;</td><td>&lt;b&gt;up&lt;/b&gt;</td>");
    assert_part(page, "<td class=\"mono\">W</td>");
    assert_ptr_equal(strstr(page, "</html>\n") + 8, page + strlen(page));
    free(page);
}

static void test_regression(void **state)
{
    (void)state;
    write_text("line.csv", "x,y\n0,1\n1,3\n");
    write_text("line.tg",
               "input x : f64[N]\ninput y : f64[N]\nparam w : f64[]\nloss = mean((x * w - y)^2)\n");
    assert_int_equal(run_tapegrad("train line.tg --data line.csv --test line.csv --epochs 1 --report r.html"),
                     0);
    char *page = read_text("r.html");
    assert_int_equal(count_parts(page, "<svg "), 1);
    assert_int_equal(count_parts(page, "<path "), 2);
    assert_null(strstr(page, "By class"));
    free(page);
}

/* ---- Pictures ----------------------------------------------------------------------------------------- */

static size_t decode_base64(const char *text, unsigned char *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    uint32_t bits = 0;
    int have = 0;
    for (; *text != '"' && *text != '='; text++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, *text) - digits);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        bytes[n++] = (unsigned char)(bits >> have & 255);
    }
    return n;
}

static uint32_t read_number(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Checks the chunks' sums and gives the image data, inflated. */
static void read_png(const unsigned char *png, size_t size, uint32_t shape[2], unsigned char *raw,
                     uLongf *raw_size)
{
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    size_t at = 8;
    while (at < size) {
        uint32_t length = read_number(png + at);
        const unsigned char *type = png + at + 4, *data = type + 4;
        assert_true(at + 12 + length <= size);
        assert_int_equal(crc32(0, type, length + 4), read_number(data + length));
        if (memcmp(type, "IHDR", 4) == 0) {
            shape[0] = read_number(data + 4);
            shape[1] = read_number(data);
        }
        if (memcmp(type, "IDAT", 4) == 0) assert_int_equal(uncompress(raw, raw_size, data, length), Z_OK);
        at += 12 + length;
    }
    assert_int_equal(at, size);
}

/* Two pictures that are the same and of two classes: one of them is shown as a wrong answer, dark where it is high. */
static void test_pictures(void **state)
{
    (void)state;
    tg_bundle b = {0};
    tg_array *x = tg_array_new(TG_I64, 3, (int64_t[]){2, 2, 3}, NULL),
             *y = tg_array_new(TG_I64, 1, (int64_t[]){2}, NULL);
    const int64_t pixels[] = {0, 8, 16, 16, 4, 0};
    for (int i = 0; i < 12; i++) ((int64_t *)x->data)[i] = pixels[i % 6];
    ((int64_t *)y->data)[1] = 1;
    assert_int_equal(tg_bundle_add(&b, "x", x, NULL), TG_OK);
    assert_int_equal(tg_bundle_add(&b, "y", y, NULL), TG_OK);
    assert_int_equal(tg_npz_save("same.npz", &b, NULL), TG_OK);
    tg_bundle_clear(&b);
    write_text("two.tg", "input x : f32[N, 6]\ninput y : f32[N, 2]\nparam W : f32[6, 2]\ns = (x / 16) @ W\n"
                         "loss = mean(softmax_cross_entropy(s, y))\npred = softmax(s)\noutput loss, pred\n");
    assert_int_equal(run_tapegrad("train two.tg --data same.npz --epochs 1 --report r.html"), 0);
    char *page = read_text("r.html");
    assert_int_equal(count_parts(page, "<img "), 1);
    unsigned char png[1000], raw[100];
    uint32_t shape[2] = {0, 0};
    uLongf raw_size = sizeof raw;
    size_t size = decode_base64(strstr(page, "base64,") + 7, png);
    read_png(png, size, shape, raw, &raw_size);
    assert_int_equal(shape[0], 2);
    assert_int_equal(shape[1], 3);
    const unsigned char expected[] = {0, 255, 127, 0, 0, 0, 191, 255};
    assert_int_equal(raw_size, sizeof expected);
    for (size_t i = 0; i < sizeof expected; i++) assert_true(abs(raw[i] - expected[i]) <= 1);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_page), cmocka_unit_test(test_regression),
                                       cmocka_unit_test(test_pictures)};
    return cmocka_run_group_tests(tests, train_setup, train_teardown);
}
