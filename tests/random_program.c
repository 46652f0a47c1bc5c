/* Random programs. */
#include "random_program.h"

#include <string.h>

#include <tapegrad/random.h>

const random_sizes random_small = {2, 3, 4, 200, 70}, random_large = {3, 150, 28, 13000, 24},
                   random_wide = {2, 6, 264, 5000, 24};

static int draw(random_program *p, int n)
{
    return (int)tg_random_below(p->key, p->at++, (uint64_t)n);
}

static void make_params(random_program *p)
{
    const int64_t two = p->sizes->two, three = p->sizes->three, four = p->sizes->four;
    const struct {
        int rank;
        int64_t shape[3];
    } types[RANDOM_PARAMS] = {{2, {three, four}},      {2, {three, four}}, {2, {four, four}},
                              {2, {four, four}},       {1, {four}},        {1, {four}},
                              {3, {two, three, four}}, {2, {three, 1}}};
    static double data[264 * 264];
    const int64_t drawn = two * three * four;
    for (int i = 0; i < RANDOM_PARAMS; i++) {
        for (int64_t k = 0; k < drawn; k++) data[k] = draw(p, 2001) / 1000.0 - 1;
        for (int64_t k = drawn; k < four * four; k++) data[k] = data[k - drawn];
        const char name[2] = {(char)('a' + i), '\0'};
        p->params[i] = tg_param(p->g, name, TG_F64, types[i].rank, types[i].shape, data);
    }
}

/* A node of the tape, later ones more often. */
static tg_tensor *pick(random_program *p)
{
    int n = (int)tg_node_count(p->g), first = draw(p, n), second = draw(p, n);
    tg_tensor *t = tg_node(p->g, first > second ? first : second);
    return tg_dtype_of(t) == TG_F64 ? t : p->params[draw(p, RANDOM_PARAMS)];
}

static tg_tensor *view_of(random_program *p, tg_tensor *x)
{
    if (tg_rank(x) == 0) return tg_broadcast_to(x, 2, (const int64_t[]){p->sizes->three, p->sizes->four});
    int axis = draw(p, tg_rank(x));
    int64_t size = tg_shape(x)[axis];
    switch (draw(p, 6)) {
    case 0:
        return tg_transpose(x, NULL);
    case 1:
        return tg_flip(x, axis);
    case 2:
        return tg_slice(x, axis, draw(p, (int)size), TG_END, 1 + draw(p, 2));
    case 3:
        return tg_slice(x, axis, TG_END, TG_END, -1 - draw(p, 2));
    case 4:
        return tg_reshape(x, 1, (const int64_t[]){-1});
    default:
        if (tg_count(x) % 4 == 0) return tg_reshape(x, 2, (const int64_t[]){-1, 4});
        return tg_index(x, axis, draw(p, (int)size));
    }
}

static tg_tensor *reduction_of(random_program *p, tg_tensor *x)
{
    if (tg_rank(x) == 0) return tg_neg(x);
    tg_axes axes = {.count = 1, .keep = draw(p, 2), .axis = {draw(p, tg_rank(x))}};
    switch (draw(p, 5)) {
    case 0:
        return tg_sum(x, NULL);
    case 1:
        return tg_sum(x, &axes);
    case 2:
        return tg_max(x, &axes);
    case 3:
        return tg_cumsum(x, axes.axis[0]);
    default:
        return tg_softmax(x, axes.axis[0]);
    }
}

/* A product and what may end it. */
static tg_tensor *product_of(random_program *p, tg_tensor *a, tg_tensor *b)
{
    tg_tensor *y = tg_mul_scalar(tg_matmul(a, b), 1.0 / (double)p->sizes->four);
    tg_tensor *zero = tg_number(p->g, TG_F64, 0);
    if (y == NULL) return NULL;
    switch (draw(p, 8)) {
    case 0:
        return tg_add(y, pick(p));
    case 1:
        return tg_sub(pick(p), y);
    case 2:
        return tg_mul_scalar(tg_relu(y), 0.5);
    case 3:
    case 4:
        return tg_relu(tg_add(y, p->params[4 + draw(p, 2)]));
    case 5:
        return tg_where(tg_lt(zero, pick(p)), y, zero);
    default:
        return y;
    }
}

/* NULL where the inputs do not fit. */
static tg_tensor *combination(random_program *p, tg_tensor *a, tg_tensor *b)
{
    switch (draw(p, 8)) {
    case 0:
        return tg_add(a, b);
    case 1:
        return tg_sub(a, b);
    case 2:
        return tg_mul(a, b);
    case 3:
        return tg_maximum(a, b);
    case 4:
        return tg_where(tg_lt(a, b), a, tg_mul_scalar(b, 0.5));
    case 5:
        return tg_add(a, tg_transpose(a, NULL));
    case 6:
        return tg_concat((tg_tensor *[]){a, b, a}, 3, 0);
    default:
        return product_of(p, a, b);
    }
}

static tg_tensor *random_operation(random_program *p)
{
    tg_tensor *a = pick(p), *made;
    switch (draw(p, 8)) {
    case 0:
        return tg_tanh(a);
    case 1:
        return tg_sin(a);
    case 2:
    case 3:
        return view_of(p, a);
    case 4:
        return reduction_of(p, a);
    default:
        made = combination(p, a, pick(p));
        tg_clear_error(p->g);
        return made != NULL && tg_count(made) <= p->sizes->most ? made : tg_neg(a);
    }
}

static int same_type(const tg_tensor *a, const tg_tensor *b)
{
    return tg_dtype_of(a) == tg_dtype_of(b) && tg_rank(a) == tg_rank(b) &&
           memcmp(tg_shape(a), tg_shape(b), (size_t)tg_rank(a) * sizeof(int64_t)) == 0;
}

/* A node of the param's type: another param, something computed, or a view brought to that shape. */
static tg_tensor *new_value(random_program *p, tg_tensor *param)
{
    for (int tries = 0; tries < 30; tries++) {
        tg_tensor *t = pick(p);
        if (t != param && same_type(t, param)) return t;
    }
    tg_tensor *t = tg_add(param, tg_mul_scalar(tg_sum(pick(p), NULL), 0.01));
    return draw(p, 2) == 0 ? t : tg_sub(t, tg_flip(param, 0));
}

void random_program_make(random_program *p, uint64_t key, const random_sizes *sizes)
{
    *p = (random_program){.key = key, .sizes = sizes};
    p->g = tg_graph_new(&(tg_graph_options){.flags = key % 2 == 0 ? 0 : TG_NO_SIMPLIFY});
    make_params(p);
    for (int i = 0; i < p->sizes->operations; i++) assert_non_null(random_operation(p));
    if (draw(p, 2) == 0) {
        tg_tensor *gradients[RANDOM_PARAMS];
        tg_tensor *cost = tg_sum(tg_tanh(pick(p)), NULL);
        assert_int_equal(tg_grad(p->g, cost, p->params, RANDOM_PARAMS, gradients), TG_OK);
        for (int i = 0; i < RANDOM_PARAMS; i++)
            if (draw(p, 2) == 0) tg_sub(p->params[i], tg_mul_scalar(gradients[i], 0.1));
    }
    for (int i = 0; i < RANDOM_PARAMS; i++)
        if (draw(p, 2) == 0)
            p->updates[p->n_updates++] = (tg_update){p->params[i], new_value(p, p->params[i])};
    p->n_outputs = draw(p, COUNT(p->outputs) + 1);
    for (int i = 0; i < p->n_outputs; i++) p->outputs[i] = pick(p);
}
