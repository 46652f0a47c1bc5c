/* The kinds of errors that can be planted in a convention's rules, and where each is possible. */
#include "plant.h"

#include <string.h>

static const struct {
    tg_plant plant;
    int equal_widths;
} kinds[TG_PLANT_KINDS] = {
    [TG_PLANT_DROPPED_TRANSPOSE] = {{"dropped-transpose",
                                     "the weights that carry the error back stand transposed the "
                                     "wrong way"},
                                    1},
    [TG_PLANT_WRONG_WEIGHTS] = {{"wrong-weights",
                                 "the error comes back through the weights of its own layer in place "
                                 "of those of the layer above"},
                                1},
    [TG_PLANT_SKIPPED_LAYER] = {{"skipped-layer", "the error is taken from two layers above"}, 1},
    [TG_PLANT_DROPPED_SLOPE] = {{"dropped-slope", "the derivative of the activation is left out"}, 0},
    [TG_PLANT_SLOPE_BELOW] = {{"slope-of-layer-below",
                               "the derivative of the activation is taken at the layer "
                               "below"},
                              1},
    [TG_PLANT_SLOPE_OF_ACTIVATION] = {{"slope-at-activation",
                                       "the derivative of the activation is taken at a in "
                                       "place of z"},
                                      0},
    [TG_PLANT_ACTIVATION_FOR_SLOPE] = {{"activation-for-slope",
                                        "the activation stands in place of its derivative"},
                                       0},
    [TG_PLANT_SLOPE_INSIDE] = {{"slope-inside",
                                "the derivative of the activation is multiplied in before the weights "
                                "in place of after"},
                               1},
    [TG_PLANT_DOT_PRODUCT] = {{"dot-for-hadamard",
                               "a sum over the products stands in place of the elementwise "
                               "product"},
                              0},
    [TG_PLANT_FLIPPED_SIGN] = {{"flipped-sign", "the error has the wrong sign: target minus output"}, 0},
    [TG_PLANT_FACTOR_TWO] = {{"factor-two",
                              "the error is doubled: the square's 2 without the cost's one half"},
                             0},
    [TG_PLANT_DROPPED_TARGET] = {{"dropped-target", "the target is left out of the error"}, 0},
    [TG_PLANT_KEPT_SLOPE] = {{"kept-slope",
                              "the derivative of the last activation is kept where it cancels against "
                              "the cost"},
                             0},
    [TG_PLANT_SOFTMAX_DIAGONAL] = {{"softmax-diagonal",
                                    "only the diagonal of the softmax's Jacobian is used"},
                                   0},
    [TG_PLANT_MISSING_MEAN] = {{"missing-mean", "the 1/N of the error is left out"}, 0},
    [TG_PLANT_MEAN_TWICE] = {{"mean-twice", "the error is divided by the number of outputs once more"}, 0},
    [TG_PLANT_WEIGHTS_FROM_SAME_LAYER] = {{"weights-from-same-layer",
                                           "the gradient of the weights uses the layer's "
                                           "own activation in place of the one below"},
                                          1},
    [TG_PLANT_WEIGHTS_FROM_Z] = {{"weights-from-z",
                                  "the gradient of the weights uses z of the layer below in place "
                                  "of its activation"},
                                 0},
    [TG_PLANT_WEIGHTS_FROM_INPUT] = {{"weights-from-input",
                                      "the gradient of the weights uses the network's input in "
                                      "place of the activation below"},
                                     1},
    [TG_PLANT_WEIGHTS_OFF_BY_ONE] = {{"weights-off-by-one",
                                      "the gradient of the weights uses the error of the next "
                                      "layer"},
                                     1},
    [TG_PLANT_WEIGHTS_TRANSPOSED] = {{"weights-transposed", "the gradient of the weights is transposed"}, 1},
    [TG_PLANT_WEIGHTS_SUM_FOR_MEAN] = {{"weights-sum-for-mean",
                                        "the gradient of the weights is the sum over the "
                                        "examples in place of the mean"},
                                       0},
    [TG_PLANT_WEIGHT_DECAY] = {{"weight-decay",
                                "the weights are added to their gradient although the cost has no "
                                "such term"},
                               0},
    [TG_PLANT_BIAS_FROM_ACTIVATION] = {{"bias-from-activation",
                                        "the gradient of the biases is taken from the "
                                        "activation in place of the error"},
                                       0},
    [TG_PLANT_BIAS_WITHOUT_SLOPE] = {{"bias-without-slope",
                                      "the gradient of the biases is that of the activation "
                                      "in place of that of z"},
                                     0},
    [TG_PLANT_BIAS_OFF_BY_ONE] = {{"bias-off-by-one",
                                   "the gradient of the biases uses the error of the next layer"},
                                  1},
    [TG_PLANT_BIAS_SUM_FOR_MEAN] = {{"bias-sum-for-mean",
                                     "the gradient of the biases is the sum over the examples "
                                     "in place of the mean"},
                                    0},
};

const tg_plant *tg_plant_at(int i)
{
    return i >= 0 && i < TG_PLANT_KINDS ? &kinds[i].plant : NULL;
}

int tg_plant_find(const char *name)
{
    for (int i = 0; i < TG_PLANT_KINDS; i++)
        if (strcmp(kinds[i].plant.name, name) == 0) return i;
    return -1;
}

int tg_plant_needs_equal_widths(int kind)
{
    return kinds[kind].equal_widths;
}

/* s'(a) is s'(z) where s' depends on the sign alone, and a has z's. */
static int slope_depends_on_sign(tg_activation s)
{
    return s == TG_IDENTITY || s == TG_RELU || s == TG_LEAKY_RELU;
}

/* Whether the output's slope cancels, so that the last error is written a - y. */
static int cancels(const tg_rules_spec *spec)
{
    tg_activation last = spec->activations[spec->n_layers - 1];
    return (spec->cost == TG_COST_CROSS_ENTROPY && last == TG_SOFTMAX) ||
           (spec->cost == TG_COST_BINARY_CROSS_ENTROPY && last == TG_SIGMOID);
}

/* Whether the rule of layer l has a factor s'. */
static int has_slope(const tg_rules_spec *spec, int l)
{
    tg_activation s = spec->activations[l - 1];
    return s != TG_IDENTITY && s != TG_SOFTMAX && !(l == spec->n_layers && cancels(spec));
}

/* Errors in the error term of layer l. */
static int possible_in_error(const tg_rules_spec *spec, int kind, int l)
{
    int L = spec->n_layers, hidden = l < L;
    tg_activation s = spec->activations[l - 1], last = spec->activations[L - 1];
    switch (kind) {
    case TG_PLANT_DROPPED_TRANSPOSE:
    case TG_PLANT_WRONG_WEIGHTS:
        return hidden;
    case TG_PLANT_SKIPPED_LAYER:
        return l + 2 <= L;
    case TG_PLANT_DROPPED_SLOPE:
    case TG_PLANT_ACTIVATION_FOR_SLOPE:
        return has_slope(spec, l);
    case TG_PLANT_SLOPE_BELOW:
        return has_slope(spec, l) && l > 1;
    case TG_PLANT_SLOPE_OF_ACTIVATION:
        return has_slope(spec, l) && !slope_depends_on_sign(s);
    case TG_PLANT_SLOPE_INSIDE:
    case TG_PLANT_DOT_PRODUCT:
        return hidden && has_slope(spec, l);
    case TG_PLANT_FLIPPED_SIGN:
    case TG_PLANT_FACTOR_TWO:
        return 1;
    case TG_PLANT_DROPPED_TARGET:
        return !hidden;
    case TG_PLANT_KEPT_SLOPE:
        return !hidden && cancels(spec);
    case TG_PLANT_SOFTMAX_DIAGONAL:
        return !hidden && last == TG_SOFTMAX && !cancels(spec);
    case TG_PLANT_MISSING_MEAN:
        return !hidden && spec->convention == TG_CONVENTION_COLUMNS && spec->batch > 1;
    case TG_PLANT_MEAN_TWICE:
        return !hidden && spec->sizes[L] > 1;
    default:
        return 0;
    }
}

/* Errors in the gradients of W^l and b^l. */
static int possible_in_gradient(const tg_rules_spec *spec, int kind, int l)
{
    int L = spec->n_layers;
    int mean = (spec->convention == TG_CONVENTION_DELTA || spec->convention == TG_CONVENTION_ROWS) &&
               spec->batch > 1;
    switch (kind) {
    case TG_PLANT_WEIGHTS_FROM_SAME_LAYER:
    case TG_PLANT_WEIGHTS_TRANSPOSED:
    case TG_PLANT_WEIGHT_DECAY:
    case TG_PLANT_BIAS_FROM_ACTIVATION:
        return 1;
    case TG_PLANT_WEIGHTS_FROM_Z:
        return l > 1 && spec->activations[l - 2] != TG_IDENTITY;
    case TG_PLANT_WEIGHTS_FROM_INPUT:
        return l > 1;
    case TG_PLANT_WEIGHTS_OFF_BY_ONE:
    case TG_PLANT_BIAS_OFF_BY_ONE:
        return l < L;
    case TG_PLANT_BIAS_WITHOUT_SLOPE:
        return l < L && has_slope(spec, l);
    case TG_PLANT_WEIGHTS_SUM_FOR_MEAN:
    case TG_PLANT_BIAS_SUM_FOR_MEAN:
        return mean;
    default:
        return 0;
    }
}

static int possible_at(const tg_rules_spec *spec, int kind, int l)
{
    return possible_in_error(spec, kind, l) || possible_in_gradient(spec, kind, l);
}

int tg_plant_possible(const tg_rules_spec *spec, const char *plant, uint64_t *layers)
{
    uint64_t where = 0;
    int kind = spec != NULL && plant != NULL ? tg_plant_find(plant) : -1;
    for (int l = 1; kind >= 0 && l <= spec->n_layers && l <= TG_RULES_LAYERS; l++)
        if (possible_at(spec, kind, l)) where |= (uint64_t)1 << (l - 1);
    if (layers != NULL) *layers = where;
    return where != 0;
}
