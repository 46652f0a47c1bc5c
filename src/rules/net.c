/* The forward pass of a convention's network, and its generic gradients. */
#include "net.h"

#include <inttypes.h>
#include <stdio.h>

#include <tapegrad/nn.h>

#include "course.h"

int tg_rules_in_rows(tg_convention convention)
{
    return convention == TG_CONVENTION_ROWS;
}

int tg_rules_in_out(tg_convention convention)
{
    return convention != TG_CONVENTION_VECTOR && convention != TG_CONVENTION_DELTA;
}

int tg_rules_single(tg_convention convention)
{
    return convention == TG_CONVENTION_VECTOR || convention == TG_CONVENTION_JACOBIAN;
}

/* An input "W2" of n rows and m columns. */
static tg_tensor *matrix(tg_graph *g, const char *name, int l, int64_t n, int64_t m)
{
    char text[32];
    snprintf(text, sizeof text, l > 0 ? "%s%d" : "%s", name, l);
    return tg_input(g, text, TG_F64, 2, (int64_t[]){n, m});
}

/* z^l = W a + b in the convention's layout. */
static tg_tensor *linear(const tg_rules_net *net, const tg_rules_layer *layer, tg_tensor *below)
{
    tg_tensor *W = layer->W;
    if (tg_rules_in_rows(net->convention)) return tg_add(tg_matmul(below, W), layer->b);
    if (tg_rules_in_out(net->convention)) W = tg_transpose(W, NULL);
    return tg_add(tg_matmul(W, below), layer->b);
}

static void forward(const tg_rules_net *net, const int64_t *sizes)
{
    tg_graph *g = net->g;
    int rows = tg_rules_in_rows(net->convention), in_out = tg_rules_in_out(net->convention);
    net->layer[0] = (tg_rules_layer){.a = net->x};
    for (int l = 1; l <= net->L; l++) {
        tg_rules_layer *layer = &net->layer[l];
        int64_t in = sizes[l - 1], out = sizes[l];
        *layer = (tg_rules_layer){.W = in_out ? matrix(g, "W", l, in, out) : matrix(g, "W", l, out, in),
                                  .b = rows ? matrix(g, "b", l, 1, out) : matrix(g, "b", l, out, 1)};
        layer->z = linear(net, layer, net->layer[l - 1].a);
        layer->a = tg_course_activation(net->activations[l - 1], layer->z, net->axis);
    }
}

/* The mean that the convention takes: over the examples, and for columns over the outputs too. */
static double divisor(const tg_rules_net *net)
{
    if (tg_rules_single(net->convention)) return 1;
    return net->convention == TG_CONVENTION_COLUMNS ? (double)net->N * (double)net->K : (double)net->N;
}

tg_tensor *tg_rules_scaled(const tg_rules_net *net, tg_tensor *delta)
{
    int elsewhere = net->convention == TG_CONVENTION_DELTA || net->convention == TG_CONVENTION_ROWS;
    return elsewhere ? tg_div(delta, tg_number_like(delta, (double)net->N)) : delta;
}

static tg_status derive(const tg_rules_net *net)
{
    tg_tensor *of[3], *gradient[3];
    for (int l = 1; l <= net->L; l++) {
        tg_rules_layer *layer = &net->layer[l];
        of[0] = layer->z, of[1] = layer->W, of[2] = layer->b;
        tg_status status = tg_grad(net->g, net->cost, of, 3, gradient);
        if (status != TG_OK) return status;
        layer->adjoint = gradient[0], layer->grad_W = gradient[1], layer->grad_b = gradient[2];
    }
    return TG_OK;
}

static void give_name(tg_tensor *t, const char *letter, int l)
{
    char text[32];
    snprintf(text, sizeof text, "%s%d", letter, l);
    tg_set_name(t, text);
}

/* So that expressions print as equations between them. */
static void give_names(const tg_rules_net *net)
{
    for (int l = 1; l <= net->L; l++) {
        const tg_rules_layer *layer = &net->layer[l];
        give_name(layer->z, "z", l);
        give_name(layer->a, "a", l);
        give_name(layer->delta, "delta", l);
        give_name(layer->adjoint, "adjoint", l);
    }
}

int tg_rules_record(tg_graph *g, const tg_rules_spec *spec, const int64_t *sizes, int64_t N,
                    tg_planted planted, tg_rules_layer *layers, tg_rules_net *net)
{
    int rows = tg_rules_in_rows(spec->convention), L = spec->n_layers;
    *net = (tg_rules_net){.g = g,
                          .convention = spec->convention,
                          .activations = spec->activations,
                          .kind = spec->cost,
                          .L = L,
                          .N = N,
                          .K = sizes[L],
                          .axis = rows ? 1 : 0,
                          .factor = 1,
                          .planted = planted,
                          .layer = layers};
    net->x = rows ? matrix(g, "x", 0, N, sizes[0]) : matrix(g, "x", 0, sizes[0], N);
    net->y = rows ? matrix(g, "y", 0, N, sizes[L]) : matrix(g, "y", 0, sizes[L], N);
    net->target = net->target_leaf = net->y;
    net->target_axis = net->axis;
    forward(net, sizes);
    tg_tensor *total = tg_sum(tg_course_cost(spec->cost, layers[L].a, net->y), NULL);
    double n = divisor(net);
    net->cost = n == 1 ? total : tg_div(total, tg_number_like(total, n));
    if (derive(net) != TG_OK) return 0;
    tg_rules_closed_form(net);
    give_names(net);
    return tg_graph_status(g) == TG_OK;
}
