/* Networks of random depth, widths, layout, spelling and names are recognised, and obey the rules. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recognise_models.h"

#define MODELS 100
#define DEPTH 5

/* ---- Spellings: # stands for z, @ for its axis of units ----------------------------------------------- */

static const char *const spellings[][7] = {
    [TG_IDENTITY] = {"#", "0 + #"},
    [TG_SIGMOID] = {"sigmoid(#)", "1 / (1 + exp(-#))", "exp(#) / (1 + exp(#))", "0.5 * (1 + tanh(# / 2))"},
    [TG_TANH] = {"tanh(#)", "2 * sigmoid(2 * #) - 1", "1 - 2 / (exp(2 * #) + 1)",
                 "(exp(#) - exp(-#)) / (exp(#) + exp(-#))", "sinh(#) / cosh(#)"},
    [TG_RELU] = {"relu(#)", "maximum(#, 0)", "where(# > 0, #, 0)", "where(# >= 0, #, 0)", "(# + abs(#)) / 2",
                 "# * where(# > 0, 1, 0)"},
    [TG_LEAKY_RELU] = {"leaky_relu(#)", "where(# > 0, #, 0.01 * #)", "maximum(#, 0.01 * #)",
                       "relu(#) - 0.01 * relu(-#)"},
    [TG_ELU] = {"elu(#)", "where(# > 0, #, exp(#) - 1)", "where(# >= 0, #, expm1(#))",
                "relu(#) + where(# > 0, 0, exp(#) - 1)"},
    [TG_GELU] = {"gelu(#)", "# * erfc(-# / sqrt(2)) / 2", "0.5 * # * (1 + erf(# / sqrt(2)))"},
    [TG_SILU] = {"silu(#)", "# * sigmoid(#)", "# / (1 + exp(-#))"},
    [TG_SOFTPLUS] = {"softplus(#)", "log(1 + exp(#))", "log1p(exp(#))", "relu(#) + log(1 + exp(-abs(#)))"},
    [TG_SIN] = {"sin(#)"},
    [TG_SOFTMAX] = {"softmax(#, axis=@)", "exp(#) / sum(exp(#), axis=@, keepdims=true)",
                    "exp(# - logsumexp(#, axis=@, keepdims=true))"},
};

/* A cost of outputs a (#) and targets ($); or of z where the activation belongs to it. */
typedef struct cost_spelling {
    int activation; /* -1: any */
    tg_cost cost;
    double factor;
    const char *text;
} cost_spelling;

static const cost_spelling costs[] = {
    {-1, TG_COST_QUADRATIC, 1, "(# - $)^2 / 2"},
    {-1, TG_COST_QUADRATIC, 2, "($ - #)^2"},
    {-1, TG_COST_QUADRATIC, 2, "(# - $) * (# - $)"},
    {-1, TG_COST_L1, 1, "abs(# - $)"},
    {-1, TG_COST_L1, 1, "maximum(# - $, $ - #)"},
    {-1, TG_COST_HUBER, 1, "where(abs(# - $) <= 1, 0.5 * (# - $)^2, abs(# - $) - 0.5)"},
    {-1, TG_COST_LOGISTIC, 1, "log(1 + exp(-($ * #)))"},
    {-1, TG_COST_LOGISTIC, 3, "3 * softplus(-# * $)"},
    {-1, TG_COST_HINGE_DIFF, 1, "relu($ - #)"},
    {-1, TG_COST_HINGE_DIFF, 1, "maximum(0, $ - #)"},
    {TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 1, "-$ * log(softmax(#, axis=@))"},
    {TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 1, "-($ * log_softmax(#, axis=@))"},
    {TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 1, "$ * (logsumexp(#, axis=@, keepdims=true) - #)"},
    {TG_SOFTMAX, TG_COST_CROSS_ENTROPY, 1,
     "$ * (log(sum(exp(# - max(#, axis=@, keepdims=true)), axis=@, keepdims=true)) - # "
     "+ max(#, axis=@, keepdims=true))"},
    {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, "-($ * log(sigmoid(#)) + (1 - $) * log(1 - sigmoid(#)))"},
    {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, "sigmoid_cross_entropy(#, $)"},
    {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, "softplus(#) - $ * #"},
    {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, "relu(#) - # * $ + log(1 + exp(-abs(#)))"},
    {TG_SIGMOID, TG_COST_BINARY_CROSS_ENTROPY, 1, "maximum(#, 0) - # * $ + log1p(exp(-abs(#)))"},
};

/* ---- Generating --------------------------------------------------------------------------------------- */

typedef struct generated {
    uint64_t state;
    char text[8192];
    size_t length;
    int L, vectors, rows; /* vectors: one example, rank 1; rows: the layout of the last outputs */
    int64_t sizes[DEPTH + 1], N;
    tg_activation activations[DEPTH + 1];
    int in_out[DEPTH + 1], z_rows[DEPTH + 1], has_bias[DEPTH + 1];
    tg_cost cost;
    double factor;
} generated;

static int draw(generated *m, int n)
{
    m->state = m->state * 6364136223846793005u + 1442695040888963407u;
    return (int)((m->state >> 33) % (uint64_t)n);
}

static void put(generated *m, const char *format, ...) TG_PRINTF(2, 3);
static void put(generated *m, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(m->text + m->length, sizeof m->text - m->length, format, arguments);
    va_end(arguments);
    m->length += (size_t)n;
    assert_true(m->length < sizeof m->text);
}

/* With z for #, y for $ and the axis for @. */
static void put_spelling(generated *m, const char *pattern, const char *z, const char *y, int axis)
{
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '#')
            put(m, "%s", z);
        else if (*c == '$')
            put(m, "%s", y);
        else if (*c == '@')
            put(m, "%d", axis);
        else
            put(m, "%c", *c);
    }
}

static void put_shape(generated *m, int rows, int64_t units)
{
    if (m->vectors)
        put(m, "[%" PRId64 "]", units);
    else if (rows)
        put(m, "[%" PRId64 ", %" PRId64 "]", m->N, units);
    else
        put(m, "[%" PRId64 ", %" PRId64 "]", units, m->N);
}

/* The weights and biases of layer l, with names that tell nothing. */
static void declare_layer(generated *m, int l)
{
    int64_t in = m->sizes[l - 1], out = m->sizes[l];
    m->in_out[l] = draw(m, 2);
    m->has_bias[l] = draw(m, 4) > 0;
    put(m, "param q%d : f64[%" PRId64 ", %" PRId64 "]\n", 7 * l, m->in_out[l] ? in : out,
        m->in_out[l] ? out : in);
    if (m->has_bias[l]) {
        const int form = draw(m, 3);
        if (form == 0 || m->vectors) put(m, "param r%d : f64[%" PRId64 "]\n", 7 * l, out);
        if (form == 1 && !m->vectors) put(m, "param r%d : f64[1, %" PRId64 "]\n", 7 * l, out);
        if (form == 2 && !m->vectors) put(m, "param r%d : f64[%" PRId64 ", 1]\n", 7 * l, out);
    }
}

/* z of layer l from `below`, which is in rows or not. */
static void put_product(generated *m, int l, const char *below, int below_rows)
{
    const char *down = below_rows == m->z_rows[l] ? "" : "T";
    if (m->vectors && m->in_out[l])
        put(m, draw(m, 2) ? "%s @ q%d" : "sum(reshape(%s, [-1, 1]) * q%d, axis=0)", below, 7 * l);
    else if (m->vectors)
        put(m, draw(m, 2) ? "q%d @ %s" : "sum(q%d * %s, axis=1)", 7 * l, below);
    else if (m->z_rows[l])
        put(m, "%s(%s) @ %s(q%d)", down, below, m->in_out[l] ? "" : "T", 7 * l);
    else
        put(m, "%s(q%d) @ %s(%s)", m->in_out[l] ? "T" : "", 7 * l, down, below);
}

static void put_layer(generated *m, int l, const char *below, int below_rows)
{
    m->z_rows[l] = m->vectors || (draw(m, 3) == 0 ? !below_rows : below_rows);
    int64_t out = m->sizes[l];
    int bias_first = draw(m, 2);
    put(m, "k%d = ", l);
    char bias[64] = "";
    if (m->has_bias[l] && m->vectors) snprintf(bias, sizeof bias, "r%d", 7 * l);
    if (m->has_bias[l] && !m->vectors)
        snprintf(bias, sizeof bias,
                 m->z_rows[l] ? "reshape(r%d, [1, %" PRId64 "])" : "reshape(r%d, [%" PRId64 ", 1])", 7 * l,
                 out);
    if (m->has_bias[l] && bias_first) put(m, "%s + ", bias);
    put_product(m, l, below, below_rows);
    if (m->has_bias[l] && !bias_first) put(m, " + %s", bias);
    put(m, "\n");
}

static void put_activation(generated *m, int l)
{
    char z[16];
    int n = 0;
    const char *const *list = spellings[m->activations[l]];
    snprintf(z, sizeof z, "k%d", l);
    while (n < 7 && list[n] != NULL) n++;
    put(m, "m%d = ", l);
    put_spelling(m, list[draw(m, n)], z, "", m->vectors ? 0 : m->z_rows[l]);
    put(m, "\n");
}

/* The loss from the cost of each output. */
static void put_total(generated *m)
{
    int64_t K = m->sizes[m->L];
    static const char *const ways[] = {"sum(e)", "mean(e)", "sum(e)", "2 * sum(e)", "0.5 * mean(e)"};
    const double factors[] = {1, 1 / (double)(m->N * K), 1 / (double)m->N, 2, 0.5 / (double)(m->N * K)};
    int way = draw(m, 5);
    put(m, "loss = %s", ways[way]);
    if (way == 2) put(m, " / %" PRId64, m->N);
    put(m, "\n");
    m->factor *= factors[way];
}

static void put_cost(generated *m)
{
    const cost_spelling *c;
    char outputs[16], y[16] = "u";
    int L = m->L;
    do c = &costs[draw(m, (int)(sizeof costs / sizeof costs[0]))];
    while (c->activation == TG_SOFTMAX && m->sizes[L] == 1);
    m->cost = c->cost;
    m->factor = c->factor;
    if (c->activation >= 0) {
        m->activations[L] = (tg_activation)c->activation;
        snprintf(outputs, sizeof outputs, "k%d", L);
    } else {
        m->activations[L] = (tg_activation)draw(m, m->sizes[L] > 1 ? 11 : 10);
        put_activation(m, L);
        snprintf(outputs, sizeof outputs, "m%d", L);
    }
    m->rows = draw(m, 2);
    put(m, "input u : f64");
    put_shape(m, m->rows, m->sizes[L]);
    put(m, "\n");
    if (!m->vectors && m->rows != m->z_rows[L]) snprintf(y, sizeof y, "T(u)");
    put(m, "e = ");
    put_spelling(m, c->text, outputs, y, m->vectors ? 0 : m->z_rows[L]);
    put(m, "\n");
    put_total(m);
}

static void generate(generated *m, int seed)
{
    *m = (generated){.state = (uint64_t)seed * 977 + 5};
    for (int i = 0; i < 4; i++) draw(m, 2);
    int rows = draw(m, 2);
    m->L = 1 + draw(m, DEPTH);
    m->vectors = draw(m, 5) == 0;
    m->N = m->vectors ? 1 : 1 + draw(m, 6);
    for (int l = 0; l <= m->L; l++) m->sizes[l] = 1 + draw(m, 6);
    put(m, "def T(v) = transpose(v)\ninput v0 : f64");
    put_shape(m, rows, m->sizes[0]);
    put(m, "\n");
    for (int l = 1; l <= m->L; l++) declare_layer(m, l);
    int scaled = draw(m, 3) == 0;
    if (scaled) put(m, "m0 = (v0 - 3) / 2\n");
    for (int l = 1; l <= m->L; l++) {
        char below[16];
        snprintf(below, sizeof below, l > 1 || scaled ? "m%d" : "v%d", l - 1);
        put_layer(m, l, below, l > 1 ? m->z_rows[l - 1] : m->vectors || rows);
        m->activations[l] = (tg_activation)draw(m, TG_SOFTMAX);
        if (l < m->L) put_activation(m, l);
    }
    put_cost(m);
}

/* ---- Tests -------------------------------------------------------------------------------------------- */

/* Layouts are compared where both sizes tell. */
static int is_as_generated(const generated *m, const tg_found_mlp *found)
{
    int same = found->L == m->L && found->inputs == m->sizes[0] && found->N == m->N && found->cost == m->cost;
    double error = found->factor / m->factor - 1;
    if (!same || error > 1e-12 || error < -1e-12) return 0;
    for (int l = 1; l <= m->L; l++) {
        const tg_found_layer *layer = &found->layer[l];
        if (layer->units != m->sizes[l] || layer->activation != m->activations[l]) return 0;
        if ((layer->b != NULL) != m->has_bias[l]) return 0;
        if (m->sizes[l - 1] > 1 && m->sizes[l] > 1 && layer->in_out != m->in_out[l]) return 0;
        if (m->N > 1 && m->sizes[l] > 1 && layer->rows != m->z_rows[l]) return 0;
    }
    return m->N == 1 || m->sizes[m->L] == 1 || found->y_rows == m->rows;
}

static void test_random(void **state)
{
    (void)state;
    static generated m;
    for (int seed = 0; seed < MODELS; seed++) {
        tg_found_mlp found;
        char reason[TG_REASON], text[512];
        generate(&m, seed);
        built_model built = build_model(m.text);
        int answer = tg_recognise(built.graph, built.loss, &found, reason);
        if (answer != 1)
            fail_msg("%sseed %d: %d: %s %s", m.text, seed, answer, reason, tg_error(built.graph));
        if (!is_as_generated(&m, &found))
            fail_msg("%sseed %d: %s", m.text, seed, found_text(&found, text, sizeof text));
        /* The proofs of a logistic cost of a softmax are beyond the normal forms unless it is written with softplus. */
        if (found.cost != TG_COST_LOGISTIC || m.activations[m.L] != TG_SOFTMAX)
            prove_rules(&built, &found, m.text, (tg_convention)(seed % TG_CONVENTIONS));
        free_model(&built);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
