/* Random programs with random checkpoints: derivatives as without them, of first and second order and forward mode. */
#include <string.h>

#include "graph_helpers.h"

#include <tapegrad/random.h>

enum { PROGRAMS = 300, OPERATIONS = 30, LEAVES = 4, SIZE = 3 };

/* Two recordings of one program: without and with checkpoints. Entry i of both means the same. */
typedef struct program {
    tg_graph *g;
    uint64_t key, at;
    tg_tensor *plain[LEAVES + OPERATIONS], *checkpointed[LEAVES + OPERATIONS];
    int n, made;
} program;

static int draw(program *p, int n)
{
    return (int)tg_random_below(p->key, p->at++, (uint64_t)n);
}

static int pick(program *p)
{
    int a = draw(p, p->n), b = draw(p, p->n);
    return a > b ? a : b;
}

static tg_tensor *operation(int kind, tg_tensor *a, tg_tensor *b)
{
    switch (kind) {
    case 0:
        return tg_sin(a);
    case 1:
        return tg_tanh(a);
    case 2:
        return tg_mul(a, b);
    case 3:
        return tg_mul_scalar(tg_matmul(a, b), 0.3);
    case 4:
        return tg_transpose(a, NULL);
    case 5:
        return tg_sub(a, tg_broadcast_to(tg_sum(b, TG_KEEP_AXES(1)), 2, (const int64_t[]){SIZE, SIZE}));
    case 6:
        return tg_softmax(a, 1);
    case 7:
        return tg_where(tg_lt(a, b), tg_mul_scalar(b, 2), a);
    case 8:
        return tg_gather(a, tg_argmax(b, 1), 0);
    default:
        return tg_add(a, tg_flip(b, 0));
    }
}

/* Puts a checkpoint over the newest entry, for inputs from anywhere. */
static void checkpoint(program *p)
{
    tg_tensor *xs[4];
    int n = 1 + draw(p, COUNT(xs));
    for (int i = 0; i < n; i++) xs[i] = p->checkpointed[draw(p, p->n)];
    tg_tensor *y = p->checkpointed[p->n - 1];
    p->checkpointed[p->n - 1] = tg_checkpoint(y, xs, n);
    p->made += p->checkpointed[p->n - 1] != y;
}

static void make_program(program *p)
{
    double data[SIZE * SIZE];
    for (; p->n < LEAVES; p->n++) {
        const char name[2] = {(char)('a' + p->n), '\0'};
        for (int i = 0; i < SIZE * SIZE; i++) data[i] = draw(p, 2001) / 1000.0 - 1;
        p->plain[p->n] = p->checkpointed[p->n] = param_2d(p->g, name, SIZE, SIZE, data);
    }
    while (p->n < LEAVES + OPERATIONS) {
        int kind = draw(p, 10), a = pick(p), b = pick(p);
        p->plain[p->n] = operation(kind, p->plain[a], p->plain[b]);
        p->checkpointed[p->n] = operation(kind, p->checkpointed[a], p->checkpointed[b]);
        p->n++;
        if (draw(p, 3) == 0) checkpoint(p);
    }
}

static void compare(const program *p, tg_tensor *found, tg_tensor *expected, const char *what)
{
    double a[SIZE * SIZE], b[SIZE * SIZE];
    evaluate(expected, a, SIZE * SIZE, __FILE__, __LINE__);
    evaluate(found, b, SIZE * SIZE, __FILE__, __LINE__);
    for (int i = 0; i < SIZE * SIZE; i++) {
        double scale = a[i] > 1 || a[i] < -1 ? (a[i] < 0 ? -a[i] : a[i]) : 1;
        if (!(b[i] - a[i] <= 1e-10 * scale && a[i] - b[i] <= 1e-10 * scale))
            fail_msg("program %llu: element %d of %s is %.17g, expected %.17g", (unsigned long long)p->key, i,
                     what, b[i], a[i]);
    }
}

static void run_program(uint64_t key, int *made)
{
    program p = {.key = key};
    p.g = tg_graph_new(&(tg_graph_options){.flags = key % 3 == 0 ? TG_NO_SIMPLIFY : 0});
    make_program(&p);
    tg_tensor *costs[2] = {tg_sum(tg_tanh(p.plain[p.n - 1]), NULL),
                           tg_sum(tg_tanh(p.checkpointed[p.n - 1]), NULL)};
    tg_tensor *first[2][LEAVES], *second[2][LEAVES], *forward[2];
    for (int k = 0; k < 2; k++) {
        if (tg_grad(p.g, costs[k], p.plain, LEAVES, first[k]) != TG_OK) fail_msg("%s", tg_error(p.g));
        if (tg_hvp(p.g, costs[k], p.plain, p.plain + 1, 2, second[k]) != TG_OK) fail_msg("%s", tg_error(p.g));
        assert_int_equal(tg_jvp(p.g, k == 0 ? &p.plain[p.n - 1] : &p.checkpointed[p.n - 1], 1, p.plain,
                                p.plain + 1, 2, &forward[k]),
                         TG_OK);
    }
    compare(&p, p.checkpointed[p.n - 1], p.plain[p.n - 1], "the value");
    compare(&p, forward[1], forward[0], "the tangent");
    for (int i = 0; i < LEAVES; i++) compare(&p, first[1][i], first[0][i], "the gradient");
    for (int i = 0; i < 2; i++) compare(&p, second[1][i], second[0][i], "the second derivative");
    *made += p.made;
    tg_graph_free(p.g);
}

static void test_random_programs(void **state)
{
    (void)state;
    int made = 0;
    for (uint64_t key = 0; key < PROGRAMS; key++) run_program(key, &made);
    assert_true(made > PROGRAMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_programs)};
    return cmocka_run_group_tests_name("random checkpoints", tests, NULL, NULL);
}
