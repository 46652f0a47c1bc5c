/* Training steps by hand with oneDNN. Every product exists in two ways, of which the faster on this machine is taken: a
 * primitive, made once, that adds the bias and applies the activation, or adds its result to the weights; and dnnl_sgemm,
 * with the loops of hand_layers.inc around it. */
#include "hand.h"

#include <math.h>
#include <stdlib.h>

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include "timing.h"

#define real float
#define EXP expf
#define LOG logf
#define HAND(part) f32_##part
#include "hand_layers.inc"

/* A layer's products: z = x W, the delta of the layer before, and the weights' gradient. */
enum { FORWARD, BACKWARD, UPDATE, PRODUCTS };
enum { PRIMITIVE, SGEMM, WAYS };
enum { MAX_ARGUMENTS = 4, ROUNDS = 7 };

typedef struct product {
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[MAX_ARGUMENTS];
    int n_arguments;
    int way;
    double best[WAYS]; /* seconds, while both are tried */
} product;

typedef struct onednn_net {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    product products[MAX_LAYERS][PRODUCTS];
    int is_trying;
} onednn_net;

/* A matrix or, with one row, a bias: element (i, j) at i * row + j * column. */
typedef struct matrix {
    const void *data;
    dnnl_dim_t rows, columns, row, column;
} matrix;

static matrix rows_of(const void *data, int rows, int columns)
{
    return (matrix){data, rows, columns, columns, 1};
}

static matrix transposed(const void *data, int rows, int columns)
{
    return (matrix){data, columns, rows, 1, columns};
}

/* ---- Making ------------------------------------------------------------------------------------------- */

static int describe(const matrix *m, dnnl_memory_desc_t *desc)
{
    const dnnl_dims_t dims = {m->rows, m->columns}, strides = {m->row, m->column};
    return dnnl_memory_desc_init_by_strides(desc, 2, dims, dnnl_f32, strides) == dnnl_success;
}

/* oneDNN asks for memory that can be written, also where it only reads. */
static int add_argument(const onednn_net *o, product *p, int name, const matrix *m)
{
    dnnl_memory_desc_t desc;
    dnnl_exec_arg_t *argument = &p->arguments[p->n_arguments];
    argument->arg = name;
    if (!describe(m, &desc) ||
        dnnl_memory_create(&argument->memory, &desc, o->engine, (void *)(uintptr_t)m->data) != dnnl_success)
        return 0;
    p->n_arguments++;
    return 1;
}

/* c = activation(a b + bias), or c += scale a b without a bias. */
typedef struct product_spec {
    matrix a, b, c, bias; /* bias.data NULL: none */
    float scale;          /* 0: none, and nothing is added to c */
    dnnl_alg_kind_t activation;
} product_spec;

static int make_attributes(const product_spec *s, dnnl_primitive_attr_t *attributes)
{
    dnnl_post_ops_t after;
    if (dnnl_primitive_attr_create(attributes) != dnnl_success) return 0;
    if (dnnl_post_ops_create(&after) != dnnl_success) return 0;
    dnnl_status_t status = dnnl_success;
    if (s->scale != 0) {
        status = dnnl_primitive_attr_set_output_scales(*attributes, 1, 0, &s->scale);
        if (status == dnnl_success) status = dnnl_post_ops_append_sum(after, 1);
    } else if (s->activation != dnnl_alg_kind_undef) {
        status = dnnl_post_ops_append_eltwise(after, 1, s->activation, 0, 0);
    }
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, after);
    dnnl_post_ops_destroy(after);
    return status == dnnl_success;
}

static int make_primitive(const onednn_net *o, product *p, const product_spec *s)
{
    dnnl_memory_desc_t a, b, c, bias;
    dnnl_matmul_desc_t desc;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t chosen = NULL;
    int has_bias = s->bias.data != NULL;
    int made = describe(&s->a, &a) && describe(&s->b, &b) && describe(&s->c, &c) &&
               (!has_bias || describe(&s->bias, &bias)) && make_attributes(s, &attributes) &&
               dnnl_matmul_desc_init(&desc, &a, &b, has_bias ? &bias : NULL, &c) == dnnl_success &&
               dnnl_primitive_desc_create(&chosen, &desc, attributes, o->engine, NULL) == dnnl_success &&
               dnnl_primitive_create(&p->primitive, chosen) == dnnl_success;
    dnnl_primitive_desc_destroy(chosen);
    dnnl_primitive_attr_destroy(attributes);
    return made && add_argument(o, p, DNNL_ARG_SRC, &s->a) && add_argument(o, p, DNNL_ARG_WEIGHTS, &s->b) &&
           add_argument(o, p, DNNL_ARG_DST, &s->c) &&
           (!has_bias || add_argument(o, p, DNNL_ARG_BIAS, &s->bias));
}

static const void *input_of(const hand_net *net, int l)
{
    return l > 0 ? net->a[l - 1] : net->x;
}

static int make_layer(const hand_net *net, onednn_net *o, int l)
{
    const workload *w = net->of;
    int in = w->sizes[l], out = w->sizes[l + 1], is_last = l == w->n_layers - 1;
    const product_spec forward = {.a = rows_of(input_of(net, l), w->batch, in),
                                  .b = rows_of(net->W[l], in, out),
                                  .c = rows_of(net->a[l], w->batch, out),
                                  .bias = rows_of(net->b[l], 1, out),
                                  .activation = !w->is_softmax ? dnnl_eltwise_logistic
                                                : is_last      ? dnnl_alg_kind_undef
                                                               : dnnl_eltwise_relu};
    const product_spec update = {.a = transposed(input_of(net, l), w->batch, in),
                                 .b = rows_of(net->delta[l], w->batch, out),
                                 .c = rows_of(net->W[l], in, out),
                                 .scale = -(float)w->rate};
    if (!make_primitive(o, &o->products[l][FORWARD], &forward) ||
        !make_primitive(o, &o->products[l][UPDATE], &update))
        return 0;
    if (l == 0) return 1;
    const product_spec backward = {.a = rows_of(net->delta[l], w->batch, out),
                                   .b = transposed(net->W[l], in, out),
                                   .c = rows_of(net->delta[l - 1], w->batch, in)};
    return make_primitive(o, &o->products[l][BACKWARD], &backward);
}

/* ---- Running ------------------------------------------------------------------------------------------ */

static void run_sgemm(const hand_net *net, int l, int which)
{
    const workload *w = net->of;
    int in = w->sizes[l], out = w->sizes[l + 1];
    const void *x = input_of(net, l);
    switch (which) {
    case FORWARD:
        dnnl_sgemm('N', 'N', w->batch, out, in, 1, x, in, net->W[l], out, 0, net->a[l], out);
        f32_finish_layer(net, l);
        break;
    case BACKWARD:
        dnnl_sgemm('N', 'T', w->batch, in, out, 1, net->delta[l], out, net->W[l], out, 0, net->delta[l - 1],
                   in);
        break;
    default:
        dnnl_sgemm('T', 'N', in, out, w->batch, -(float)w->rate, x, in, net->delta[l], out, 1, net->W[l],
                   out);
    }
}

static void run_product(const hand_net *net, int l, int which)
{
    onednn_net *o = net->more;
    product *p = &o->products[l][which];
    double began = o->is_trying ? now() : 0;
    if (p->way == SGEMM)
        run_sgemm(net, l, which);
    else
        dnnl_primitive_execute(p->primitive, o->stream, p->n_arguments, p->arguments);
    if (o->is_trying) p->best[p->way] = fmin(p->best[p->way], now() - began);
}

static void step(hand_net *net)
{
    int n = net->of->n_layers;
    for (int l = 0; l < n; l++) run_product(net, l, FORWARD);
    f32_cost(net);
    for (int l = n - 1; l >= 0; l--) {
        f32_finish_delta(net, l);
        if (l > 0) run_product(net, l, BACKWARD);
        run_product(net, l, UPDATE);
    }
}

/* ---- Choosing ----------------------------------------------------------------------------------------- */

static void choose(hand_net *net)
{
    onednn_net *o = net->more;
    product *products = &o->products[0][0];
    o->is_trying = 1;
    for (int i = 0; i < MAX_LAYERS * PRODUCTS; i++)
        for (int way = 0; way < WAYS; way++) products[i].best[way] = HUGE_VAL;
    for (int round = 0; round < ROUNDS * WAYS; round++) {
        for (int i = 0; i < MAX_LAYERS * PRODUCTS; i++) products[i].way = round % WAYS;
        step(net);
    }
    for (int i = 0; i < MAX_LAYERS * PRODUCTS; i++)
        products[i].way = products[i].best[SGEMM] < products[i].best[PRIMITIVE] ? SGEMM : PRIMITIVE;
    o->is_trying = 0;
}

static void finish(hand_net *net)
{
    onednn_net *o = net->more;
    if (o == NULL) return;
    for (int i = 0; i < MAX_LAYERS * PRODUCTS; i++) {
        product *p = &o->products[0][0] + i;
        for (int k = 0; k < p->n_arguments; k++) dnnl_memory_destroy(p->arguments[k].memory);
        dnnl_primitive_destroy(p->primitive);
    }
    dnnl_stream_destroy(o->stream);
    dnnl_engine_destroy(o->engine);
    free(o);
    net->more = NULL;
}

static int prepare(hand_net *net)
{
    onednn_net *o = calloc(1, sizeof *o);
    net->more = o;
    int made = o != NULL && dnnl_engine_create(&o->engine, dnnl_cpu, 0) == dnnl_success &&
               dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags) == dnnl_success;
    for (int l = 0; l < net->of->n_layers && made; l++) made = make_layer(net, o, l);
    if (made) choose(net);
    return made;
}

static int fits(const workload *of, precision type)
{
    (void)of;
    return type == F32;
}

static void use_threads(int n)
{
    omp_set_num_threads(n);
}

static const hand_version version = {.name = "onednn",
                                     .fits = fits,
                                     .prepare = prepare,
                                     .finish = finish,
                                     .step = step,
                                     .use_threads = use_threads};
const hand_version *const hand_onednn = &version;
