/* Random numbers as functions of a key: uniform is primitive, normal and bernoulli are composed. */
#include "kernels/philox.h"
#include "ops.h"

#define TWO_PI 6.28318530717958647693

typedef struct random_attr {
    tg_ints shape;
    int64_t dtype;
    int64_t stream; /* several independent draws of one key */
} random_attr;

static tg_status uniform_infer(tg_infer *q)
{
    const random_attr *a = tg_infer_attr(q);
    tg_type key = tg_infer_input(q, 0);
    if (key.dtype != TG_I64 || key.rank != 0)
        return tg_infer_fail(q, TG_ERR_DTYPE, "the key must be an i64 scalar");
    if (a->dtype != TG_F32 && a->dtype != TG_F64)
        return tg_infer_fail(q, TG_ERR_DTYPE, "its type must be f32 or f64");
    tg_status status = tg_check_shape_attr(q, &a->shape);
    if (status != TG_OK) return status;
    return tg_infer_output(q, (tg_dtype)a->dtype, (int)a->shape.count, a->shape.values);
}

/* A block of four 32-bit numbers gives four f32 of 24 bits, or two f64 of 53. */
static tg_status uniform_kernel(const tg_kernel_call *call)
{
    const random_attr *a = call->attr;
    uint64_t key = (uint64_t) * (const int64_t *)call->in[0].data, stream = (uint64_t)a->stream;
    int single = call->out.dtype == TG_F32;
    int64_t width = single ? 4 : 2;
    for (int64_t i = 0; i < call->out.count; i += width) {
        uint32_t w[4];
        tg_philox_4x32(key, (uint64_t)(i / width), stream, w);
        for (int64_t j = 0; j < width && i + j < call->out.count; j++) {
            if (single)
                ((float *)call->out.data)[i + j] = (float)(w[j] >> 8) * 0x1p-24f;
            else
                ((double *)call->out.data)[i + j] =
                    (double)(((uint64_t)w[2 * j] << 32 | w[2 * j + 1]) >> 11) * 0x1p-53;
        }
    }
    return TG_OK;
}

static const tg_attr random_attrs[] = {
    {"shape", TG_ATTR_INTS, offsetof(random_attr, shape), NULL},
    {"dtype", TG_ATTR_DTYPE, offsetof(random_attr, dtype), "f64"},
    {"stream", TG_ATTR_INT, offsetof(random_attr, stream), "0"},
};
static const char *const uniform_cases[] = {"random_uniform(i9[], shape=[3, 5])",
                                            "random_uniform(i9[], shape=[7], dtype=f32)", NULL};
static const char *const normal_cases[] = {"random_normal(i9[], shape=[3, 5])", NULL};
static const char *const bernoulli_cases[] = {"random_bernoulli(i9[], f[3], shape=[2, 3])", NULL};

static const tg_op uniform_op = {
    .name = "random_uniform",
    .n_inputs = 1,
    .inputs = "key",
    .formula = "uniform in [0, 1)",
    .attrs = random_attrs,
    .n_attrs = 3,
    .attr_size = sizeof(random_attr),
    .flags = TG_OP_CONSTANT_SLOPE | TG_OP_OPAQUE,
    .cases = uniform_cases,
    .infer = uniform_infer,
    .kernel = uniform_kernel,
};

static tg_tensor *apply(tg_tensor *key, const tg_op *op, tg_dtype dtype, int rank, const int64_t *shape,
                        int64_t stream)
{
    random_attr attr = {.shape = tg_shape_attr(rank, shape), .dtype = dtype, .stream = stream};
    return tg_apply(tg_graph_of(key), op, &key, 1, &attr);
}

/* Box and Muller: sqrt(-2 log(1 - u)) cos(2 pi v). 1 - u is never 0. */
static tg_tensor *normal_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    random_attr a = *(const random_attr *)attr;
    a.stream *= 2;
    tg_tensor *u = tg_apply(g, &uniform_op, inputs, 1, &a);
    a.stream += 1;
    tg_tensor *v = tg_apply(g, &uniform_op, inputs, 1, &a);
    tg_tensor *radius = tg_sqrt(tg_mul_scalar(tg_log1p(tg_neg(u)), -2));
    return tg_mul(radius, tg_cos(tg_mul_scalar(v, TWO_PI)));
}

static const tg_op normal_op = {
    .name = "random_normal",
    .n_inputs = 1,
    .inputs = "key",
    .formula = "normal with mean 0 and deviation 1",
    .attrs = random_attrs,
    .n_attrs = 3,
    .attr_size = sizeof(random_attr),
    .cases = normal_cases,
    .compose = normal_compose,
};

static tg_tensor *bernoulli_compose(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr)
{
    (void)g, (void)n;
    const tg_ints *shape = attr;
    tg_tensor *p = inputs[1];
    tg_tensor *u = tg_random_uniform(inputs[0], p->dtype, (int)shape->count, shape->values);
    return tg_cast(tg_lt(u, p), p->dtype);
}

static const tg_attr shape_attrs[] = {{"shape", TG_ATTR_INTS, 0, NULL}};
static const tg_op bernoulli_op = {
    .name = "random_bernoulli",
    .n_inputs = 2,
    .inputs = "key p",
    .formula = "1 with probability p, else 0",
    .attrs = shape_attrs,
    .n_attrs = 1,
    .attr_size = sizeof(tg_ints),
    .domain = {0.1, 0.9},
    .cases = bernoulli_cases,
    .compose = bernoulli_compose,
};

tg_tensor *tg_random_uniform(tg_tensor *key, tg_dtype dtype, int rank, const int64_t *shape)
{
    return apply(key, &uniform_op, dtype, rank, shape, 0);
}

tg_tensor *tg_random_normal(tg_tensor *key, tg_dtype dtype, int rank, const int64_t *shape)
{
    return apply(key, &normal_op, dtype, rank, shape, 0);
}

tg_tensor *tg_random_bernoulli(tg_tensor *key, tg_tensor *p, int rank, const int64_t *shape)
{
    tg_ints attr = tg_shape_attr(rank, shape);
    tg_tensor *const inputs[2] = {key, p};
    return tg_apply(tg_graph_of(key != NULL ? key : p), &bernoulli_op, inputs, 2, &attr);
}

const tg_op *const tg_random_ops[] = {&uniform_op, &normal_op, &bernoulli_op, NULL};
