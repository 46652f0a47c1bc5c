/* tg_check on random graphs whose derivatives are right: how often it raises a false alarm, and how often it does not
 * know. Kinks are everywhere, some of them exactly at x. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "graph_helpers.h"

#include <tapegrad/check.h>
#include <tapegrad/explain.h>
#include <tapegrad/random.h>

enum { OPERATIONS = 10, PARAMS = 4 };

static int graphs = 1000; /* or the first argument */

typedef struct program {
    tg_graph *g;
    uint64_t key, at;
    tg_dtype dtype;
    tg_tensor *params[PARAMS];
    tg_tensor *made[OPERATIONS + PARAMS];
    int n;
} program;

static int draw(program *p, int n)
{
    return (int)tg_random_below(p->key, p->at++, (uint64_t)n);
}

/* Thousandths; and in some graphs halves, which meet kinks exactly. */
static void make_params(program *p)
{
    static const int64_t shapes[PARAMS][2] = {{3, 4}, {3, 4}, {4, 4}, {1, 4}};
    int coarse = draw(p, 10) == 0;
    for (int i = 0; i < PARAMS; i++) {
        double wide[16];
        float narrow[16];
        for (int k = 0; k < 16; k++) {
            wide[k] = coarse ? (draw(p, 7) - 3) / 2.0 : (draw(p, 4001) - 2000) / 1000.0;
            narrow[k] = (float)wide[k];
        }
        const char name[2] = {(char)('a' + i), '\0'};
        const void *data = p->dtype == TG_F64 ? (const void *)wide : (const void *)narrow;
        p->params[i] = tg_param(p->g, name, p->dtype, 2, shapes[i], data);
        p->made[p->n++] = p->params[i];
    }
}

static tg_tensor *unary(program *p, tg_tensor *x)
{
    switch (draw(p, 12)) {
    case 0:
        return tg_relu(x);
    case 1:
        return tg_abs(x);
    case 2:
        return tg_leaky_relu(x, 0.1);
    case 3:
        return tg_elu(x);
    case 4:
        return tg_sin(x);
    case 5:
        return tg_sqrt(tg_add_scalar(tg_square(x), 0.1));
    case 6:
        return tg_softmax(x, draw(p, 2));
    case 7:
        return tg_max(x, TG_KEEP_AXES(1));
    case 8:
        return tg_cumsum(x, draw(p, 2));
    case 9:
        return tg_mean(x, TG_KEEP_AXES(0));
    case 10:
        return tg_flip(x, draw(p, 2));
    default:
        return tg_tanh(x);
    }
}

static tg_tensor *binary(program *p, tg_tensor *a, tg_tensor *b)
{
    switch (draw(p, 8)) {
    case 0:
        return tg_maximum(a, b);
    case 1:
        return tg_minimum(a, b);
    case 2:
        return tg_where(tg_lt(a, b), a, tg_mul_scalar(b, 0.5));
    case 3:
        return tg_mul(tg_tanh(a), b);
    case 4:
        return tg_div(a, tg_add_scalar(tg_square(b), 1));
    case 5:
        return tg_tanh(tg_matmul(a, b));
    case 6:
        return tg_mul(a, tg_sign(b));
    default:
        return tg_add(a, b);
    }
}

/* A sum over what was made last and each param, so that no derivative is missing altogether. */
static tg_tensor *make_output(program *p)
{
    tg_tensor *y = p->made[p->n - 1];
    for (int i = 0; i < PARAMS; i++) y = tg_add(y, tg_sum(tg_sin(p->params[i]), NULL));
    return y;
}

static tg_verdict check_graph(uint64_t key, tg_check_report **r)
{
    program p = {.key = key, .dtype = key % 2 == 0 ? TG_F64 : TG_F32};
    p.g = tg_graph_new(NULL);
    make_params(&p);
    while (p.n < OPERATIONS + PARAMS) {
        tg_tensor *a = p.made[draw(&p, p.n)], *b = p.made[draw(&p, p.n)];
        tg_tensor *t = draw(&p, 2) ? unary(&p, a) : binary(&p, a, b);
        tg_clear_error(p.g);
        p.made[p.n++] = t != NULL ? t : tg_sin(a);
    }
    tg_tensor *y = make_output(&p);
    assert_non_null(y);
    /* In every third graph all params but the last are large. */
    tg_check_options options = {.seed = key, .full_limit = key % 3 == 0 ? 8 : 0};
    tg_verdict verdict = tg_check(p.g, y, p.params, PARAMS, &options, r);
    assert_non_null(*r);
    tg_graph_free(p.g);
    return verdict;
}

static void test_no_false_alarms(void **state)
{
    (void)state;
    int counts[3] = {0, 0, 0}, at_kinks = 0;
    for (uint64_t key = 0; key < (uint64_t)graphs; key++) {
        tg_check_report *r;
        tg_verdict verdict = check_graph(key, &r);
        counts[verdict]++;
        at_kinks += r->subgradients + r->kinks > 0;
        if (verdict != TG_PASS) {
            char *text = tg_check_text(r);
            printf("graph %d: %s", (int)key, text != NULL ? text : "no report\n");
            tg_text_free(text);
        }
        tg_check_free(r);
    }
    print_message("%d graphs: %d pass, %d fail, %d inconclusive; %d with elements at a kink\n", graphs,
                  counts[TG_PASS], counts[TG_FAIL], counts[TG_INCONCLUSIVE], at_kinks);
    assert_int_equal(counts[TG_FAIL], 0);
    assert_true(counts[TG_INCONCLUSIVE] * 200 < graphs);
    assert_true(at_kinks * 100 > graphs);
}

int main(int argc, char **argv)
{
    if (argc > 1) graphs = atoi(argv[1]);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_false_alarms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
