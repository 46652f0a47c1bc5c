/* The closed-form rules of backpropagation for a multilayer perceptron, in plain C loops over arrays.
 *
 * This is the textbook's algorithm, written without the graph and sharing nothing with it, so that the
 * gradients which tg_grad derives can be held against it. Five course texts write it in five ways: each is a
 * convention here, with a layout, an error term and a learning rule of its own. l = 1 .. L counts the layers,
 * (*) is the elementwise product, N the number of examples. Everything is f64.
 *
 * vector    one example in a column; W^l: [n_l, n_(l-1)]
 *           z = W a' + b, a = s(z), C = the cost of the example
 *           d_z C = d_a C (*) s'(z);  d_b C = d_z C;  D_W C = d_z C a'^T;  d_a' C = W^T d_z C
 *           learning: after every example W <- W - r D_W C; a pass over all examples is a time step
 * jacobian  one example in a column; W^l: [n_(l-1), n_l], neuron k's weights in column k
 *           zeta = W^T alpha' + beta, alpha = Phi(zeta)
 *           P^(L+1) = dC/da^L, a row;  B^j = Phi'(zeta^j) (*) (P^(j+1))^T;  P^j = (W^j B^j)^T   (algorithm A)
 *           gradient of W^j = alpha^(j-1) (B^j)^T, of b^j = B^j                                 (algorithm B)
 *           C of a set is the mean over its examples, and so are the gradients
 *           learning: gradient descent; stochastic, with examples drawn uniformly; mini-batches drawn uniformly
 * delta     examples in columns; W^l: [n_l, n_(l-1)]
 *           delta^L = grad_a C (*) s'(z^L);  delta^l = ((W^(l+1))^T delta^(l+1)) (*) s'(z^l), example by example
 *           dC/db = the mean of delta^l;  dC/dW = the mean of delta^l (a^(l-1))^T;  C the mean over the examples
 *           learning: gradient descent
 * rows      examples in rows; W^l: [n_(l-1), n_l]
 *           S = X' W + 1^T B, X = theta(S), E = the mean over the examples
 *           Delta^L = X^L - Y for softmax with cross-entropy, which needs sum_k y_k = 1 (else see below);
 *           Delta^l = [theta'(S^l)^T (*) (W^(l+1) (Delta^(l+1))^T)]^T;  Delta carries no 1/N, the gradients do
 *           dE/dW = (1/N) X'^T Delta;  dE/dB = (1/N) 1 Delta
 *           learning: gradient descent
 * columns   examples in columns; W^l: [n_(l-1), n_l]
 *           Z = W^T A' + B, A = g(Z), E = 1/(N K) times the sum of the costs, K = n_L
 *           Delta^L = (Y - T) / (N K) (*) g'(Z^L);  Delta^l = (W^(l+1) Delta^(l+1)) (*) g'(Z^l)
 *           dE/dW = A' Delta^T;  dE/db = Delta 1
 *           learning: gradient descent with a rate for each layer
 *
 * The equations are written for the costs of the course; with any other cost its derivative dC/da stands in
 * place of (a - y), and a softmax as last layer is gone through by its Jacobian: g -> a (*) (g - sum_k g_k a_k). */
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

/* The five conventions. */
typedef enum tg_convention {
    TG_CONVENTION_VECTOR,
    TG_CONVENTION_JACOBIAN,
    TG_CONVENTION_DELTA,
    TG_CONVENTION_ROWS,
    TG_CONVENTION_COLUMNS
} tg_convention;
#define TG_CONVENTIONS 5

/* The names of conventions, activations and costs: "rows", "leaky_relu", "cross_entropy"; NULL for no such value.
 * The find functions return -1 for no such name. */
TG_API const char *tg_convention_name(tg_convention convention);
TG_API const char *tg_activation_name(tg_activation activation);
TG_API const char *tg_cost_name(tg_cost cost);
TG_API int tg_convention_find(const char *name);
TG_API int tg_activation_find(const char *name);
TG_API int tg_cost_find(const char *name);

/* One network, as arrays that stay the caller's: row-major, in the layout of the convention. "[n, N] or [N, n]"
 * means [N, n] for rows and [n, N] for the others; "W" is [n_l, n_(l-1)] for vector and delta and
 * [n_(l-1), n_l] for the others. */
typedef struct tg_delta_net {
    tg_convention convention;
    int n_layers;                     /* L >= 1 */
    const int64_t *sizes;             /* n_0 .. n_L, all >= 1 */
    const tg_activation *activations; /* s_1 .. s_L; softmax only as s_L */
    tg_cost cost;
    int64_t batch;                /* N >= 1; 1 for tg_delta_rules of vector */
    const double *x;              /* [n_0, N] or [N, n_0] */
    const double *y;              /* [n_L, N] or [N, n_L] */
    const double *const *weights; /* W^1 .. W^L */
    const double *const *biases;  /* b^1 .. b^L, each n_l numbers; the array or an entry may be NULL: none */
} tg_delta_net;

/* What tg_delta_rules fills. Any pointer, and any entry of the arrays of pointers, may be NULL: not wanted. None may
 * overlap another or the network. */
typedef struct tg_delta_result {
    double cost;           /* C or E, with the convention's mean */
    double *output;        /* a^L: [n_L, N] or [N, n_L] */
    double *const *deltas; /* the error terms d_z C, B^j, delta^l, Delta^l: [n_l, N] or [N, n_l] */
    double *const
        *inputs; /* entry l - 1: dC/da^(l-1) as the convention has it, example by example, without its
                                mean (d_a' C; P^l, whose rows are the examples here: [N, n_(l-1)];
                                W^T delta; W Delta^T, [n_(l-1), N] also for rows; W Delta, with
                                the 1/(N K) that this Delta has) */
    double *const *dweights; /* dC/dW^l, shaped as W^l */
    double *const *dbiases;  /* dC/db^l: n_l numbers */
} tg_delta_result;

/* Runs the forward pass and the convention's rules. Errors: NULL, ARGUMENT (an unknown convention, activation or
 * cost, a size or batch below 1, a softmax below the last layer, more than one example for vector), SIZE, MEMORY;
 * *diag, which may be NULL, names the field. Any thread. */
TG_API tg_status tg_delta_rules(const tg_delta_net *net, tg_delta_result *result, tg_diag *diag);

/* How a convention learns. */
typedef struct tg_delta_learning {
    const double *rates; /* columns: one for each layer; the others: one number */
    int64_t epochs;      /* vector: time steps; otherwise passes over as many examples as the set has */
    int64_t
        draw; /* jacobian: examples drawn uniformly, with replacement, for each of the N / draw updates of an
                     epoch (draw divides N): 1 is stochastic; 0: all N in one update. The others: 0 */
    uint64_t seed; /* of the draws */
} tg_delta_learning;

/* Trains by the convention's own learning rule: changes weights and biases, which net->weights and net->biases
 * point to as well. costs, unless NULL, takes epochs + 1 numbers: the cost of the whole set (the convention's mean;
 * vector: the mean over the examples) before, and after each epoch. Errors as above, and ARGUMENT for a rate that is
 * not finite, epochs below 0, or a draw that does not fit. */
TG_API tg_status tg_delta_learn(const tg_delta_net *net, double *const *weights, double *const *biases,
                                const tg_delta_learning *how, double *costs, tg_diag *diag);

#ifdef __cplusplus
}
#endif

#endif
