/* The closed-form delta rules of backpropagation for a multilayer perceptron, in plain C loops over arrays.
 *
 * This is the textbook's algorithm, written without the graph and sharing nothing with it, so that the
 * gradients which tg_grad derives can be held against it. For layers l = 1 .. L, with a batch of N examples
 * in rows and weights W^l of shape [n_(l-1), n_l]:
 *
 *     z^l = a^(l-1) W^l + b^l,            a^l = s_l(z^l),          a^0 = x
 *     C   = (sum or mean over the batch) of the cost of one example
 *     delta^L = dC/da^L (*) s_L'(z^L)     (softmax: the product with its Jacobian)
 *     delta^l = (delta^(l+1) W^(l+1)^T) (*) s_l'(z^l)
 *     dC/dW^l = a^(l-1)^T delta^l,        dC/db^l = sum over the batch of delta^l,     dC/dx = delta^1 W^1^T
 *
 * where (*) is the elementwise product. Everything is f64. */
#ifndef TAPEGRAD_DELTA_H
#define TAPEGRAD_DELTA_H

#include <stdint.h>

#include <tapegrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Activations: the formula of each stands beside it. ReLU'(0) = 0, leaky ReLU'(0) = its slope. */
typedef enum tg_activation {
    TG_IDENTITY,   /* z */
    TG_SIGMOID,    /* 1 / (1 + exp(-z)) */
    TG_TANH,       /* tanh z */
    TG_RELU,       /* z where z > 0, else 0 */
    TG_LEAKY_RELU, /* z where z > 0, else 0.01 z */
    TG_ELU,        /* z where z > 0, else exp(z) - 1 */
    TG_GELU,       /* z Phi(z), Phi the normal distribution function */
    TG_SILU,       /* z / (1 + exp(-z)) */
    TG_SOFTPLUS,   /* log(1 + exp(z)) */
    TG_SIN,        /* sin z */
    TG_SOFTMAX     /* exp(z_k) / sum_j exp(z_j), over the units of the layer */
} tg_activation;

/* Costs of one example with outputs a_k and targets y_k, summed over k. */
typedef enum tg_cost {
    TG_COST_QUADRATIC,           /* (a - y)^2 / 2 */
    TG_COST_L1,                  /* |a - y|, derivative 0 where a = y */
    TG_COST_HUBER,               /* (a - y)^2 / 2 where |a - y| <= 1, else |a - y| - 1/2 */
    TG_COST_LOGISTIC,            /* log(1 + exp(-y a)) */
    TG_COST_HINGE_DIFF,          /* max(0, y - a), derivative 0 where a >= y */
    TG_COST_CROSS_ENTROPY,       /* -y log a */
    TG_COST_BINARY_CROSS_ENTROPY /* -y log a - (1 - y) log(1 - a) */
} tg_cost;

/* One network, as arrays that stay the caller's. Row-major. */
typedef struct tg_delta_net {
    int n_layers;                     /* L >= 1 */
    const int64_t *sizes;             /* n_0 .. n_L, all >= 1 */
    const tg_activation *activations; /* s_1 .. s_L */
    tg_cost cost;
    int mean;                     /* nonzero: C is the mean over the batch; zero: the sum */
    int64_t batch;                /* N >= 1 */
    const double *x;              /* [N, n_0] */
    const double *y;              /* [N, n_L] */
    const double *const *weights; /* W^1 .. W^L, each [n_(l-1), n_l] */
    const double *const *biases;  /* b^1 .. b^L, each [n_l]; the array or an entry may be NULL: none */
} tg_delta_net;

/* What tg_delta_rules fills. Any pointer, and any entry of the arrays of pointers, may be NULL: not wanted. */
typedef struct tg_delta_result {
    double cost;
    double *output;          /* a^L: [N, n_L] */
    double *const *deltas;   /* delta^l: [N, n_l] */
    double *const *dweights; /* dC/dW^l: [n_(l-1), n_l] */
    double *const *dbiases;  /* dC/db^l: [n_l] */
    double *dx;              /* dC/dx: [N, n_0] */
} tg_delta_result;

/* Runs the forward pass and the delta rules. Errors: NULL, ARGUMENT (an unknown activation or cost, a size
 * or batch below 1), SIZE, MEMORY; *diag, which may be NULL, names the field. Any thread. */
TG_API tg_status tg_delta_rules(const tg_delta_net *net, tg_delta_result *result, tg_diag *diag);

#ifdef __cplusplus
}
#endif

#endif
