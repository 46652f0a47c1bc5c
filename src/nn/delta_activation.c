/* The formulas of the closed forms: activations, costs, and the pairs that need a formula of their own.
 *
 * Derivatives are computed from z where computing them from a would cancel (1 - a near a = 1). A pair such
 * as softmax with cross-entropy is written from z as a whole: a saturated unit has a = 0 in floating point,
 * and y / a or log a would lose a result that is finite. */
#include "delta_activation.h"

#include <math.h>

#define LEAKY_SLOPE 0.01
#define SQRT_HALF 0.70710678118654752440
#define INVERSE_SQRT_2PI 0.39894228040143267794

static double identity(double z)
{
    return z;
}

static double one(double z)
{
    (void)z;
    return 1.0;
}

/* Each branch takes the exponential of a number that is not positive. */
static double sigmoid(double z)
{
    if (z >= 0.0) return 1.0 / (1.0 + exp(-z));
    double e = exp(z);
    return e / (1.0 + e);
}

static double sigmoid_derivative(double z)
{
    return sigmoid(z) * sigmoid(-z);
}

static double tanh_derivative(double z)
{
    double sech = 1.0 / cosh(z);
    return sech * sech;
}

static double relu(double z)
{
    return z > 0.0 ? z : 0.0;
}

static double relu_derivative(double z)
{
    return z > 0.0 ? 1.0 : 0.0;
}

static double leaky_relu(double z)
{
    return z > 0.0 ? z : LEAKY_SLOPE * z;
}

static double leaky_relu_derivative(double z)
{
    return z > 0.0 ? 1.0 : LEAKY_SLOPE;
}

static double elu(double z)
{
    return z > 0.0 ? z : expm1(z);
}

static double elu_derivative(double z)
{
    return z > 0.0 ? 1.0 : exp(z);
}

/* Phi(z); erfc keeps the lower tail's digits, which 1 + erf would lose. */
static double normal_distribution(double z)
{
    return 0.5 * erfc(-z * SQRT_HALF);
}

static double gelu(double z)
{
    return z * normal_distribution(z);
}

static double gelu_derivative(double z)
{
    return normal_distribution(z) + z * INVERSE_SQRT_2PI * exp(-0.5 * z * z);
}

static double silu(double z)
{
    return z * sigmoid(z);
}

static double silu_derivative(double z)
{
    return sigmoid(z) * (1.0 + z * sigmoid(-z));
}

static double softplus(double z)
{
    return fmax(z, 0.0) + log1p(exp(-fabs(z)));
}

/* Every activation but softmax, which mixes the units of a layer. */
static const struct {
    double (*value)(double z);
    double (*derivative)(double z);
} elementwise[] = {
    [TG_IDENTITY] = {identity, one},
    [TG_SIGMOID] = {sigmoid, sigmoid_derivative},
    [TG_TANH] = {tanh, tanh_derivative},
    [TG_RELU] = {relu, relu_derivative},
    [TG_LEAKY_RELU] = {leaky_relu, leaky_relu_derivative},
    [TG_ELU] = {elu, elu_derivative},
    [TG_GELU] = {gelu, gelu_derivative},
    [TG_SILU] = {silu, silu_derivative},
    [TG_SOFTPLUS] = {softplus, sigmoid},
    [TG_SIN] = {sin, cos},
};

static double quadratic(double a, double y)
{
    return 0.5 * (a - y) * (a - y);
}

static double difference(double a, double y)
{
    return a - y;
}

static double absolute(double a, double y)
{
    return fabs(a - y);
}

static double absolute_derivative(double a, double y)
{
    return (double)((a > y) - (a < y));
}

static double huber(double a, double y)
{
    return fabs(a - y) <= 1.0 ? quadratic(a, y) : fabs(a - y) - 0.5;
}

static double huber_derivative(double a, double y)
{
    return fabs(a - y) <= 1.0 ? a - y : copysign(1.0, a - y);
}

static double logistic(double a, double y)
{
    return softplus(-y * a);
}

static double logistic_derivative(double a, double y)
{
    return -y * sigmoid(-y * a);
}

static double hinge_difference(double a, double y)
{
    return a >= y ? 0.0 : y - a;
}

static double hinge_difference_derivative(double a, double y)
{
    return a >= y ? 0.0 : -1.0;
}

/* Where y = 0 there is no term, whatever a is: 0 log 0 counts as 0. */
static double cross_entropy(double a, double y)
{
    return y == 0.0 ? 0.0 : -y * log(a);
}

static double cross_entropy_derivative(double a, double y)
{
    return y == 0.0 ? 0.0 : -y / a;
}

static double binary_cross_entropy(double a, double y)
{
    return cross_entropy(a, y) - (y == 1.0 ? 0.0 : (1.0 - y) * log1p(-a));
}

static double binary_cross_entropy_derivative(double a, double y)
{
    return cross_entropy_derivative(a, y) - cross_entropy_derivative(1.0 - a, 1.0 - y);
}

static const struct {
    double (*value)(double a, double y);
    double (*derivative)(double a, double y); /* by a */
} costs[] = {
    [TG_COST_QUADRATIC] = {quadratic, difference},
    [TG_COST_L1] = {absolute, absolute_derivative},
    [TG_COST_HUBER] = {huber, huber_derivative},
    [TG_COST_LOGISTIC] = {logistic, logistic_derivative},
    [TG_COST_HINGE_DIFF] = {hinge_difference, hinge_difference_derivative},
    [TG_COST_CROSS_ENTROPY] = {cross_entropy, cross_entropy_derivative},
    [TG_COST_BINARY_CROSS_ENTROPY] = {binary_cross_entropy, binary_cross_entropy_derivative},
};

static int64_t largest(int64_t n, const double *z)
{
    int64_t best = 0;
    for (int64_t k = 1; k < n; k++)
        if (z[k] > z[best]) best = k;
    return best;
}

static void softmax(int64_t n, const double *z, double *a)
{
    double max = z[largest(n, z)];
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        a[k] = exp(z[k] - max);
        sum += a[k];
    }
    for (int64_t k = 0; k < n; k++) a[k] /= sum;
}

/* log of the sum of exp(z_k) over all k but `skip` (-1 skips none); -inf for an empty sum. */
static double log_sum_exp(int64_t n, const double *z, int64_t skip)
{
    double max = -HUGE_VAL;
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++)
        if (k != skip && z[k] > max) max = z[k];
    for (int64_t k = 0; k < n; k++)
        if (k != skip) sum += exp(z[k] - max);
    return max + log(sum);
}

static double softmax_cross_entropy(int64_t n, const double *z, const double *y)
{
    double total_log = log_sum_exp(n, z, -1);
    double cost = 0.0;
    for (int64_t k = 0; k < n; k++)
        if (y[k] != 0.0) cost -= y[k] * (z[k] - total_log);
    return cost;
}

/* Softmax's Jacobian: g -> p (*) (g - sum_j g_j p_j). With cross-entropy g_j p_j = -y_j, without a division. */
static void softmax_delta(tg_cost cost, int64_t n, const double *p, const double *y, double *delta)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        delta[k] = cost == TG_COST_CROSS_ENTROPY ? -y[k] : p[k] * costs[cost].derivative(p[k], y[k]);
        sum += delta[k];
    }
    for (int64_t k = 0; k < n; k++) delta[k] -= p[k] * sum;
}

/* log(1 - p_k) comes from the other units' z once p_k is too near 1; at most one p_k exceeds 1/2. */
static double softmax_binary_cross_entropy(int64_t n, const double *z, const double *p, const double *y)
{
    double total_log = log_sum_exp(n, z, -1);
    double cost = softmax_cross_entropy(n, z, y);
    for (int64_t k = 0; k < n; k++) {
        double log_other = p[k] > 0.5 ? log_sum_exp(n, z, k) - total_log : log1p(-p[k]);
        if (y[k] != 1.0) cost -= (1.0 - y[k]) * log_other;
    }
    return cost;
}

/* delta_k = h_k - p_k sum_j h_j with h_j = g_j p_j = -y_j + (1 - y_j) p_j / (1 - p_j). Only the largest unit,
 * m, can have 1 - p_m = 0, so its part is multiplied out: p_k / (1 - p_m) = exp(z_k - log of the others' sum)
 * for k != m is at most 1, and h_m - p_m h_m = -y_m (1 - p_m) + (1 - y_m) p_m. */
static void softmax_binary_cross_entropy_delta(int64_t n, const double *z, const double *p, const double *y,
                                               double *delta)
{
    int64_t m = largest(n, z);
    double others_log = log_sum_exp(n, z, m);
    double not_m = exp(others_log - log_sum_exp(n, z, -1));
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        if (k == m) continue;
        delta[k] = -y[k] + (1.0 - y[k]) * p[k] / (1.0 - p[k]);
        sum += delta[k];
    }
    for (int64_t k = 0; k < n; k++) {
        if (k == m) continue;
        delta[k] += p[k] * (y[m] - sum) - (1.0 - y[m]) * p[m] * exp(z[k] - others_log);
    }
    delta[m] = -y[m] * not_m + (1.0 - y[m]) * p[m] - p[m] * sum;
}

void tg_delta_activate(tg_activation activation, int64_t n, const double *z, double *a)
{
    if (activation == TG_SOFTMAX) {
        softmax(n, z, a);
        return;
    }
    for (int64_t k = 0; k < n; k++) a[k] = elementwise[activation].value(z[k]);
}

double tg_delta_slope(tg_activation activation, double z)
{
    return elementwise[activation].derivative(z);
}

double tg_delta_cost_slope(tg_cost cost, double a, double y)
{
    return costs[cost].derivative(a, y);
}

double tg_delta_cost_of(tg_cost cost, tg_activation activation, int64_t n, const double *z, const double *a,
                        const double *y)
{
    int binary = cost == TG_COST_BINARY_CROSS_ENTROPY;
    int entropy = cost == TG_COST_CROSS_ENTROPY || binary;
    if (entropy && activation == TG_SOFTMAX)
        return binary ? softmax_binary_cross_entropy(n, z, a, y) : softmax_cross_entropy(n, z, y);
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        if (entropy && activation == TG_SIGMOID)
            sum += y[k] * softplus(-z[k]) + (binary ? (1.0 - y[k]) * softplus(z[k]) : 0.0);
        else
            sum += costs[cost].value(a[k], y[k]);
    }
    return sum;
}

int tg_delta_of_pair(tg_cost cost, tg_activation activation, int64_t n, const double *z, const double *a,
                     const double *y, double *error)
{
    int binary = cost == TG_COST_BINARY_CROSS_ENTROPY;
    if (activation == TG_SOFTMAX && binary) {
        softmax_binary_cross_entropy_delta(n, z, a, y, error);
    } else if (activation == TG_SOFTMAX) {
        softmax_delta(cost, n, a, y, error);
    } else if (activation == TG_SIGMOID && (binary || cost == TG_COST_CROSS_ENTROPY)) {
        for (int64_t k = 0; k < n; k++) error[k] = binary ? a[k] - y[k] : -y[k] * sigmoid(-z[k]);
    } else {
        return 0;
    }
    return 1;
}
