/* A network that was recognised, in a convention's layout: its own tensors, transposed and reshaped where the layouts
 * differ. */
#include "found_net.h"

#include <stdio.h>
#include <string.h>

#include <tapegrad/diff.h>

#include "rules/course.h"

static tg_tensor *matrix(tg_tensor *t, int64_t n, int64_t m)
{
    return tg_reshape(t, 2, (int64_t[]){n, m});
}

/* [units, N] or, in rows, [N, units]. A vector has no other layout. */
static tg_tensor *outputs(tg_tensor *t, int is_rows, int rows, int64_t units, int64_t N)
{
    if (tg_rank(t) == 2 && is_rows != rows) t = tg_transpose(t, NULL);
    return rows ? matrix(t, N, units) : matrix(t, units, N);
}

/* The weights, or what has their shape. */
static tg_tensor *weights(tg_tensor *t, const tg_found_layer *layer, int in_out, int64_t in)
{
    if (tg_rank(t) == 2 && layer->in_out != in_out) t = tg_transpose(t, NULL);
    return in_out ? matrix(t, in, layer->units) : matrix(t, layer->units, in);
}

static tg_tensor *biases(tg_tensor *t, int rows, int64_t units)
{
    return rows ? matrix(t, 1, units) : matrix(t, units, 1);
}

/* Layer l, with the gradients of the model's own tensors. */
static int express_layer(const tg_rules_net *net, const tg_found_mlp *found, int l)
{
    const tg_found_layer *own = &found->layer[l];
    tg_rules_layer *layer = &net->layer[l];
    int rows = tg_rules_in_rows(net->convention), in_out = tg_rules_in_out(net->convention);
    int64_t N = found->N, in = l > 1 ? found->layer[l - 1].units : found->inputs;
    tg_tensor *of[3] = {own->z, own->W, own->b}, *gradient[3] = {NULL, NULL, NULL};
    if (tg_grad(net->g, net->cost, of, own->b != NULL ? 3 : 2, gradient) != TG_OK) return 0;
    layer->z = outputs(own->z, own->rows, rows, own->units, N);
    layer->a = own->a != NULL ? outputs(own->a, own->a_rows, rows, own->units, N)
                              : tg_course_activation(own->activation, layer->z, net->axis);
    layer->W = weights(own->W, own, in_out, in);
    layer->adjoint = outputs(gradient[0], own->rows, rows, own->units, N);
    layer->grad_W = weights(gradient[1], own, in_out, in);
    layer->b = biases(own->b, rows, own->units);
    layer->grad_b = biases(gradient[2], rows, own->units);
    return 1;
}

/* The model's factor of the cost over the convention's own. */
static double relative_factor(const tg_rules_net *net, const tg_found_mlp *found)
{
    double divisor = 1;
    if (!tg_rules_single(net->convention)) divisor = (double)net->N;
    if (net->convention == TG_CONVENTION_COLUMNS) divisor *= (double)net->K;
    return (double)found->numerator * divisor / (double)found->denominator;
}

/* A target that the model computes is taken for a leaf, so that something can be assumed of it. */
static tg_tensor *target_leaf(tg_graph *g, tg_tensor *y)
{
    char name[32];
    if (tg_input_count(y) == 0) return y;
    snprintf(name, sizeof name, "targets");
    for (int i = 1; tg_find(g, name) != NULL; i++) snprintf(name, sizeof name, "targets.%d", i);
    return tg_input(g, name, tg_dtype_of(y), tg_rank(y), tg_shape(y));
}

int tg_found_net(tg_graph *g, tg_tensor *loss, const tg_found_mlp *found, tg_convention convention,
                 tg_rules_layer *layers, tg_rules_net *net)
{
    int L = found->L, rows = tg_rules_in_rows(convention);
    memset(layers, 0, ((size_t)L + 1) * sizeof *layers);
    *net = (tg_rules_net){.g = g,
                          .convention = convention,
                          .activations = found->activations,
                          .kind = found->cost,
                          .L = L,
                          .N = found->N,
                          .K = found->layer[L].units,
                          .axis = rows ? 1 : 0,
                          .off_kinks = 1,
                          .planted = {.kind = -1},
                          .cost = loss,
                          .layer = layers};
    net->factor = relative_factor(net, found);
    net->target = found->y;
    net->target_leaf = target_leaf(g, found->y);
    net->target_axis = tg_rank(found->y) == 2 ? found->y_rows : 0;
    net->x = layers[0].a = outputs(found->x, found->x_rows, rows, found->inputs, found->N);
    net->y = outputs(found->y, found->y_rows, rows, net->K, found->N);
    for (int l = 1; l <= L; l++)
        if (!express_layer(net, found, l)) return 0;
    tg_rules_closed_form(net);
    return tg_graph_status(g) == TG_OK;
}
