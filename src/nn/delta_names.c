/* The names of conventions, activations and costs. */
#include <stddef.h>
#include <string.h>

#include <tapegrad/delta.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

static const char *const conventions[] = {
    [TG_CONVENTION_VECTOR] = "vector", [TG_CONVENTION_JACOBIAN] = "jacobian", [TG_CONVENTION_DELTA] = "delta",
    [TG_CONVENTION_ROWS] = "rows",     [TG_CONVENTION_COLUMNS] = "columns",
};

static const char *const activations[] = {
    [TG_IDENTITY] = "identity",     [TG_SIGMOID] = "sigmoid", [TG_TANH] = "tanh",       [TG_RELU] = "relu",
    [TG_LEAKY_RELU] = "leaky_relu", [TG_ELU] = "elu",         [TG_GELU] = "gelu",       [TG_SILU] = "silu",
    [TG_SOFTPLUS] = "softplus",     [TG_SIN] = "sin",         [TG_SOFTMAX] = "softmax",
};

static const char *const costs[] = {
    [TG_COST_QUADRATIC] = "quadratic",
    [TG_COST_L1] = "l1",
    [TG_COST_HUBER] = "huber",
    [TG_COST_LOGISTIC] = "logistic",
    [TG_COST_HINGE_DIFF] = "hinge",
    [TG_COST_CROSS_ENTROPY] = "cross_entropy",
    [TG_COST_BINARY_CROSS_ENTROPY] = "binary_cross_entropy",
};

static const char *name_of(const char *const *list, int count, int value)
{
    return value >= 0 && value < count ? list[value] : NULL;
}

static int find(const char *const *list, int count, const char *name)
{
    for (int i = 0; i < count && name; i++)
        if (strcmp(list[i], name) == 0) return i;
    return -1;
}

const char *tg_convention_name(tg_convention convention)
{
    return name_of(conventions, COUNT(conventions), (int)convention);
}

const char *tg_activation_name(tg_activation activation)
{
    return name_of(activations, COUNT(activations), (int)activation);
}

const char *tg_cost_name(tg_cost cost)
{
    return name_of(costs, COUNT(costs), (int)cost);
}

int tg_convention_find(const char *name)
{
    return find(conventions, COUNT(conventions), name);
}

int tg_activation_find(const char *name)
{
    return find(activations, COUNT(activations), name);
}

int tg_cost_find(const char *name)
{
    return find(costs, COUNT(costs), name);
}
