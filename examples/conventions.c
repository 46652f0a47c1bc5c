/* Backpropagation in the five conventions of delta.h: one element of a gradient as each of them writes it, and what
 * each one's learning rule makes of the same network.
 *
 * The network has 2 inputs, 3 hidden units (tanh) and 2 outputs (sigmoid), which are to be "equal" and "different".
 * Its numbers stand here with the examples in rows and the weights from unit to unit. */
#include <stdio.h>

#include <tapegrad/tapegrad.h>

#define LAYERS 2
#define N 4
#define K 2

static const int64_t sizes[LAYERS + 1] = {2, 3, K};
static const tg_activation activations[LAYERS] = {TG_TANH, TG_SIGMOID};
static const double inputs[N * 2] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[N * K] = {1, 0, 0, 1, 0, 1, 1, 0};
static const double first[2 * 3] = {0.9, -0.7, 0.4, -0.8, 0.6, 0.7},
                              second[3 * K] = {-0.6, 0.5, 0.8, 0.3, -0.2, 0.7};

/* The network in the layout of a convention. net points into it. */
typedef struct arranged {
    tg_delta_net net;
    double x[N * 2], y[N * K], W1[2 * 3], W2[3 * K], b1[3], b2[K];
    double *W[LAYERS], *b[LAYERS];
} arranged;

/* Copies a matrix, or its transpose. */
static void copy(int transposed, int rows, int columns, const double *from, double *to)
{
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < columns; k++)
            to[transposed ? k * rows + i : i * columns + k] = from[i * columns + k];
}

static int weights_transposed(tg_convention c)
{
    return c == TG_CONVENTION_VECTOR || c == TG_CONVENTION_DELTA;
}

static void arrange(tg_convention c, arranged *a)
{
    *a = (arranged){.W = {a->W1, a->W2}, .b = {a->b1, a->b2}};
    copy(c != TG_CONVENTION_ROWS, N, 2, inputs, a->x);
    copy(c != TG_CONVENTION_ROWS, N, K, targets, a->y);
    copy(weights_transposed(c), 2, 3, first, a->W1);
    copy(weights_transposed(c), 3, K, second, a->W2);
    a->net = (tg_delta_net){c,
                            LAYERS,
                            sizes,
                            activations,
                            TG_COST_QUADRATIC,
                            N,
                            a->x,
                            a->y,
                            (const double *const *)a->W,
                            (const double *const *)a->b};
}

/* The derivative of the cost by the weight from input 1 to hidden unit 2: its mean over the examples, or what the
 * convention has for it. */
static tg_status derivative(tg_convention c, double *d, tg_diag *diag)
{
    arranged a;
    double dW1[2 * 3];
    tg_delta_result result = {.dweights = (double *[]){dW1, NULL}};
    tg_status status = TG_OK;
    arrange(c, &a);
    int at = weights_transposed(c) ? 1 * 2 + 0 : 0 * 3 + 1;
    int calls = c == TG_CONVENTION_VECTOR ? N : 1; /* vector knows one example at a time */
    *d = 0;
    for (int i = 0; i < calls && status == TG_OK; i++) {
        tg_delta_net net = a.net;
        if (calls > 1) {
            net.batch = 1;
            net.x = inputs + i * 2;
            net.y = targets + i * K;
        }
        status = tg_delta_rules(&net, &result, diag);
        if (status == TG_OK) *d += dW1[at] / calls;
    }
    return status;
}

static tg_status learn(tg_convention c, const char *rule, int64_t draw, double rate, tg_diag *diag)
{
    arranged a;
    double costs[501], rates[LAYERS] = {rate, rate};
    arrange(c, &a);
    tg_delta_learning how = {.rates = rates, .epochs = 500, .draw = draw, .seed = 1};
    tg_status status = tg_delta_learn(&a.net, a.W, a.b, &how, costs, diag);
    if (status == TG_OK)
        printf("%-9s %-32s %.4f %10.4f\n", tg_convention_name(c), rule, costs[0], costs[500]);
    return status;
}

int main(void)
{
    static const struct {
        tg_convention convention;
        const char *written, *rule;
        int64_t draw;
        double factor, rate; /* columns has 1/K in its mean, so its rates are K times the others' */
    } rules[] = {
        {TG_CONVENTION_VECTOR, "mean of d_z C a'^T", "after every example", 0, 1, 0.5},
        {TG_CONVENTION_JACOBIAN, "mean of alpha B^T", "all examples", 0, 1, 0.5},
        {TG_CONVENTION_JACOBIAN, NULL, "mini-batches of 2, drawn", 2, 1, 0.5},
        {TG_CONVENTION_JACOBIAN, NULL, "stochastic, one example drawn", 1, 1, 0.5},
        {TG_CONVENTION_DELTA, "mean of delta a^T", "all examples", 0, 1, 0.5},
        {TG_CONVENTION_ROWS, "1/N X^T Delta", "all examples", 0, 1, 0.5},
        {TG_CONVENTION_COLUMNS, "A Delta^T with 1/(NK)", "all examples, a rate per layer", 0, K, 0.5 * K},
    };
    const int count = sizeof rules / sizeof *rules;
    tg_diag diag = {TG_OK, ""};
    tg_status status = TG_OK;
    printf("dC/dw of w from input 1 to hidden unit 2      as the convention has it    without 1/K\n");
    for (int i = 0; i < count && status == TG_OK; i++) {
        double d = 0;
        if (rules[i].written == NULL) continue;
        status = derivative(rules[i].convention, &d, &diag);
        printf("%-9s %-32s %18.12f %18.12f\n", tg_convention_name(rules[i].convention), rules[i].written, d,
               d * rules[i].factor);
    }
    printf("\n500 epochs; an update takes                cost before      after\n");
    for (int i = 0; i < count && status == TG_OK; i++)
        status = learn(rules[i].convention, rules[i].rule, rules[i].draw, rules[i].rate, &diag);
    if (status != TG_OK) fprintf(stderr, "%s\n", diag.message);
    return status == TG_OK ? 0 : 1;
}
