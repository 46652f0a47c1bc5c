/* Lessons for the tests of the formats. The numbers are those of a network, so that pages look as they will. */
#include "lesson_example.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 8, WIDTH = 5, INPUTS = 4, OUTPUTS = 3, EXAMPLES = 4 };

static char *copy(const char *text)
{
    char *new = malloc(strlen(text) + 1);
    return strcpy(new, text);
}

static char *print(const char *format, ...)
{
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return copy(text);
}

/* The template with # for the layer, < and > for the one before and after it; NULL for NULL. */
static char *fill(const char *template, int l)
{
    char text[1000];
    size_t n = 0;
    for (; template != NULL && *template != '\0'; template ++)
        if (*template == '#' || *template == '<' || *template == '>')
            n += (size_t)snprintf(text + n, sizeof text - n, "%d",
                                  l + (*template == '>') - (*template == '<'));
        else
            text[n++] = *template;
    text[n] = '\0';
    return template == NULL ? NULL : copy(text);
}

/* ---- The conventions ---------------------------------------------------------------------------------- */

typedef struct words {
    tg_convention convention;
    const char *title, *layout;
    const char *x, *y, *W, *b, *z, *a, *error, *dW, *db;
    const char *z_is, *a_is, *cost_is, *last_is, *error_is, *dW_is, *db_is, *slip;
} words;

static const words conventions[] = {
    {.convention = TG_CONVENTION_DELTA,
     .title = "delta: columns, the four equations",
     .layout =
         "An example is a column, and $w^{l}_{jk}$ goes from neuron $k$ of layer $l-1$ to neuron $j$ of layer $l$. "
         "The error term $\\delta^{l}$ is the derivative of the cost of one example by $z^{l}$; the mean over "
         "the examples comes in with the gradients.",
     .x = "a^{0}",
     .y = "y",
     .W = "w^{#}",
     .b = "b^{#}",
     .z = "z^{#}",
     .a = "a^{#}",
     .error = "\\delta^{#}",
     .dW = "\\frac{\\partial C}{\\partial w^{#}}",
     .db = "\\frac{\\partial C}{\\partial b^{#}}",
     .z_is = "z^{#} = w^{#} a^{<} + b^{#}",
     .a_is = "a^{#} = \\sigma(z^{#})",
     .cost_is = "C = \\frac{1}{N} \\sum_x C_x, \\quad C_x = \\tfrac{1}{2} \\sum_k (y_k - a^{#}_k)^2",
     .last_is = "\\delta^{#} = (a^{#} - y) \\odot \\sigma'(z^{#})",
     .error_is = "\\delta^{#} = \\left( (w^{>})^{\\top} \\delta^{>} \\right) \\odot \\sigma'(z^{#})",
     .dW_is = "\\frac{\\partial C}{\\partial w^{#}} = \\frac{1}{N} \\sum_x \\delta^{#} (a^{<})^{\\top}",
     .db_is = "\\frac{\\partial C}{\\partial b^{#}} = \\frac{1}{N} \\sum_x \\delta^{#}",
     .slip =
         "one step of the matrix proof of equation 2 writes the derivative of the activation as a transposed column; "
         "shapes agree only without that transpose"},
    {.convention = TG_CONVENTION_ROWS,
     .title = "rows: examples are rows",
     .layout =
         "An example is a row of $X^{(0)}$, and $W^{(l)}$ has a row for each input and a column for each output: "
         "it is the transpose of what the other texts call $w^{l}$.",
     .x = "X^{(0)}",
     .y = "Y",
     .W = "W^{(#)}",
     .b = "B^{(#)}",
     .z = "S^{(#)}",
     .a = "X^{(#)}",
     .error = "\\Delta^{(#)}",
     .dW = "\\frac{\\partial E}{\\partial W^{(#)}}",
     .db = "\\frac{\\partial E}{\\partial B^{(#)}}",
     .z_is = "S^{(#)} = X^{(<)} W^{(#)} + \\mathbf{1}^{\\top} B^{(#)}",
     .a_is = "X^{(#)} = \\theta(S^{(#)})",
     .cost_is = "E = \\frac{1}{N} \\sum_n e_n, \\quad e = \\tfrac{1}{2} \\sum_k (y_k - x^{(#)}_k)^2",
     .last_is = "\\Delta^{(#)} = (X^{(#)} - Y) \\odot \\theta'(S^{(#)})",
     .error_is =
         "\\Delta^{(#)} = \\left[ \\theta'(S^{(#)})^{\\top} \\odot \\left( W^{(>)} (\\Delta^{(>)})^{\\top} "
         "\\right) \\right]^{\\top}",
     .dW_is = "\\frac{\\partial E}{\\partial W^{(#)}} = \\frac{1}{N} (X^{(<)})^{\\top} \\Delta^{(#)}",
     .db_is = "\\frac{\\partial E}{\\partial B^{(#)}} = \\frac{1}{N} \\mathbf{1} \\Delta^{(#)}",
     .slip =
         "the gradient of the biases is called a column vector beside its dimensions $1 \\times d$; it is a row"},
    {.convention = TG_CONVENTION_VECTOR,
     .title = "vector: one example, d and D",
     .layout =
         "One example at a time; $d_{z} C$ is the gradient as a column, $D_{W} C$ has the shape of $W$.",
     .x = "a^{0}",
     .y = "y",
     .W = "W^{#}",
     .b = "b^{#}",
     .z = "z^{#}",
     .a = "a^{#}",
     .error = "d_{z^{#}} C",
     .dW = "D_{W^{#}} C",
     .db = "d_{b^{#}} C",
     .z_is = "z^{#} = W^{#} a^{<} + b^{#}",
     .a_is = "a^{#} = \\sigma(z^{#})",
     .cost_is = "C = \\tfrac{1}{2} \\sum_k (y_k - a^{#}_k)^2",
     .last_is = "d_{z^{#}} C = d_{a^{#}} C \\odot \\sigma'(z^{#})",
     .error_is = "d_{z^{#}} C = \\left( (W^{>})^{\\top} \\cdot d_{z^{>}} C \\right) \\odot \\sigma'(z^{#})",
     .dW_is = "D_{W^{#}} C = d_{z^{#}} C \\otimes a^{<} = d_{z^{#}} C \\cdot (a^{<})^{\\top}",
     .db_is = "d_{b^{#}} C = d_{z^{#}} C"},
    {.convention = TG_CONVENTION_JACOBIAN,
     .title = "jacobian: Jacobians, algorithms A and B",
     .layout = "One sample at a time; neuron $k$'s weights are column $k$ of $\\Omega$.",
     .x = "\\alpha^{0}",
     .y = "y",
     .W = "\\Omega^{#}",
     .b = "\\beta^{#}",
     .z = "\\zeta^{#}",
     .a = "\\alpha^{#}",
     .error = "B^{#}",
     .dW = "\\nabla_{\\Omega^{#}} C",
     .db = "\\nabla_{\\beta^{#}} C",
     .z_is = "\\zeta^{#} = (\\Omega^{#})^{\\top} \\alpha^{<} + \\beta^{#}",
     .a_is = "\\alpha^{#} = \\Phi(\\zeta^{#})",
     .cost_is = "C = \\tfrac{1}{2} \\sum_k (y_k - \\alpha^{#}_k)^2",
     .last_is = "B^{#} = \\Phi'(\\zeta^{#}) \\odot (\\alpha^{#} - y)",
     .error_is =
         "B^{#} = \\Phi'(\\zeta^{#}) \\odot (P^{>})^{\\top}, \\quad P^{>} = (\\Omega^{>} B^{>})^{\\top}",
     .dW_is = "\\nabla_{\\Omega^{#}} C = \\alpha^{<} (B^{#})^{\\top}",
     .db_is = "\\nabla_{\\beta^{#}} C = B^{#}"},
    {.convention = TG_CONVENTION_COLUMNS,
     .title = "columns: all examples, a mean over M and K",
     .layout = "An example is a column of $A^{[0]}$; node $i$'s weights are column $i$ of $W$.",
     .x = "A^{[0]}",
     .y = "T",
     .W = "W^{[#]}",
     .b = "b^{[#]}",
     .z = "Z^{[#]}",
     .a = "A^{[#]}",
     .error = "\\Delta^{[#]}",
     .dW = "\\frac{\\partial E}{\\partial W^{[#]}}",
     .db = "\\frac{\\partial E}{\\partial b^{[#]}}",
     .z_is = "Z^{[#]} = (W^{[#]})^{\\top} A^{[<]} + B^{[#]}",
     .a_is = "A^{[#]} = g(Z^{[#]})",
     .cost_is = "E = \\frac{1}{M} \\frac{1}{K} \\sum_m e_m, \\quad e = \\tfrac{1}{2} \\sum_k (t_k - y_k)^2",
     .last_is = "\\Delta^{[#]} = \\frac{1}{M K} (A^{[#]} - T) \\odot g'(Z^{[#]})",
     .error_is = "\\Delta^{[#]} = \\left( W^{[>]} \\Delta^{[>]} \\right) \\odot g'(Z^{[#]})",
     .dW_is = "\\frac{\\partial E}{\\partial W^{[#]}} = A^{[<]} (\\Delta^{[#]})^{\\top}",
     .db_is = "\\frac{\\partial E}{\\partial b^{[#]}} = \\Delta^{[#]} \\mathbf{1}",
     .slip = "one line writes $W A$ where the others write $W^{\\top} A$"}};

/* ---- The numbers -------------------------------------------------------------------------------------- */

typedef struct network {
    int L, n[MOST_LAYERS + 1];
    double W[MOST_LAYERS + 1][WIDTH][WIDTH], b[WIDTH];
    double z[MOST_LAYERS + 1][WIDTH], a[MOST_LAYERS + 1][WIDTH], delta[MOST_LAYERS + 1][WIDTH], y[WIDTH];
} network;

static void compute(network *m, int layers)
{
    m->L = layers;
    for (int l = 0; l <= layers; l++) m->n[l] = l == 0 ? INPUTS : l == layers ? OUTPUTS : WIDTH;
    for (int i = 0; i < WIDTH; i++) {
        m->a[0][i] = sin(1.7 * i + 0.4);
        m->y[i] = i == 1;
        m->b[i] = 0.1 * i - 0.2;
    }
    for (int l = 1; l <= layers; l++)
        for (int j = 0; j < m->n[l]; j++) {
            m->z[l][j] = m->b[j];
            for (int k = 0; k < m->n[l - 1]; k++) {
                m->W[l][j][k] = 1.3 * cos(3.1 * l + 2.3 * j + 1.1 * k);
                m->z[l][j] += m->W[l][j][k] * m->a[l - 1][k];
            }
            m->a[l][j] = 1 / (1 + exp(-m->z[l][j]));
        }
    for (int l = layers; l > 0; l--)
        for (int j = 0; j < m->n[l]; j++) {
            double sum = l == layers ? m->a[l][j] - m->y[j] : 0;
            for (int k = 0; l < layers && k < m->n[l + 1]; k++) sum += m->W[l + 1][k][j] * m->delta[l + 1][k];
            m->delta[l][j] = sum * m->a[l][j] * (1 - m->a[l][j]);
        }
}

static tg_lesson_values list(const double *numbers, int n)
{
    tg_lesson_values v = {.rank = 1, .shape = {n, 1}, .numbers = malloc((size_t)n * sizeof(double))};
    memcpy(v.numbers, numbers, (size_t)n * sizeof(double));
    return v;
}

static tg_lesson_values product(const double *left, int rows, const double *right, int columns)
{
    tg_lesson_values v = {.rank = 2, .shape = {rows, columns}};
    v.numbers = malloc((size_t)(rows * columns) * sizeof(double));
    for (int i = 0; i < rows * columns; i++) v.numbers[i] = left[i / columns] * right[i % columns];
    return v;
}

/* ---- Views -------------------------------------------------------------------------------------------- */

static tg_lesson_step *add_step(tg_lesson_view *v, tg_lesson_phase phase, int layer, const char *symbol,
                                const char *equation)
{
    tg_lesson_step *s = &v->steps[v->n_steps++];
    s->phase = phase;
    s->layer = layer;
    s->symbol = fill(symbol, layer);
    s->equation = fill(equation, layer);
    s->holds = -2;
    s->values.rank = -1;
    return s;
}

static int add_box(tg_lesson_view *v, char *symbol, int column, int row, int step)
{
    v->boxes[v->n_boxes] = (tg_lesson_box){symbol, column, row, step};
    return v->n_boxes++;
}

static void add_arrow(tg_lesson_view *v, int from, int to, int reverse)
{
    v->arrows[v->n_arrows++] = (tg_lesson_arrow){from, to, reverse};
}

static void make_room(tg_lesson_view *v, int n)
{
    v->steps = calloc((size_t)n, sizeof *v->steps);
    v->boxes = calloc(2 * (size_t)n, sizeof *v->boxes);
    v->arrows = calloc(4 * (size_t)n, sizeof *v->arrows);
}

static char **strings(int n)
{
    return calloc((size_t)n, sizeof(char *));
}

/* The boxes of a layer that the others need. */
typedef struct places {
    int W, z, a, error;
} places;

static void add_layer(tg_lesson_view *v, const words *w, const network *m, int l, places *at)
{
    int W = add_box(v, fill(w->W, l), 2 * l - 1, 0, -1), b = add_box(v, fill(w->b, l), 2 * l - 2, 0, -1);
    at[l].W = W;
    tg_lesson_step *s = add_step(v, TG_LESSON_FORWARD, l, w->z, w->z_is);
    s->label = copy("forward");
    s->reason = copy("the weighted input; w_jk goes from neuron k to neuron j");
    s->name = print("z%d", l);
    s->shape = print("f64[%d, %d]", EXAMPLES, m->n[l]);
    s->tape = print("%s%d @ transpose(W%d) + b%d", l == 1 ? "x" : "h", l - 1, l, l);
    s->values = list(m->z[l], m->n[l]);
    at[l].z = add_box(v, fill(w->z, l), 2 * l - 1, 1, v->n_steps - 1);
    s = add_step(v, TG_LESSON_FORWARD, l, w->a, w->a_is);
    s->label = copy("forward");
    s->reason = copy("the activation, element by element: $\\sigma(z) = \\frac{1}{1 + e^{-z}}$");
    s->name = print(l == m->L ? "output" : "h%d", l);
    s->shape = print("f64[%d, %d]", EXAMPLES, m->n[l]);
    s->tape = print("sigmoid(z%d)", l);
    s->values = list(m->a[l], m->n[l]);
    at[l].a = add_box(v, fill(w->a, l), 2 * l, 1, v->n_steps - 1);
    add_arrow(v, at[l - 1].a, at[l].z, 0);
    add_arrow(v, W, at[l].z, 0);
    add_arrow(v, b, at[l].z, 0);
    add_arrow(v, at[l].z, at[l].a, 0);
}

static void add_gradients(tg_lesson_view *v, const words *w, const network *m, int l, places *at)
{
    tg_lesson_step *s = add_step(v, TG_LESSON_GRADIENT, l, w->dW, w->dW_is);
    s->label = copy("equation 4");
    s->reason = copy("z_j depends on w_jk with derivative a_k");
    s->name = print("dW%d", l);
    s->shape = print("f64[%d, %d]", m->n[l], m->n[l - 1]);
    s->tape = print("transpose(delta%d) @ h%d", l, l - 1);
    s->rule = copy("reverse rule of matmul for its second input");
    s->holds = 1;
    s->verdict = copy("proved: equals the rule of the convention by matmul/transpose, mean/linear");
    s->notes[0] = copy(
        "the transpose: element $(j, k)$ of the gradient is $\\sum_x \\delta_j a_k$; the sum runs over the "
        "examples, which are the rows of both factors, so the first is transposed");
    s->values = product(m->delta[l], m->n[l], m->a[l - 1], m->n[l - 1]);
    int dW = add_box(v, fill(w->dW, l), 2 * l - 1, 3, v->n_steps - 1);
    s = add_step(v, TG_LESSON_GRADIENT, l, w->db, w->db_is);
    s->label = copy("equation 3");
    s->reason = copy("z_j depends on b_j with derivative 1");
    s->name = print("db%d", l);
    s->shape = print("f64[%d]", m->n[l]);
    s->tape = print("sum(delta%d, axis=0)", l);
    s->rule = copy("reverse rule of add for its second input, which was broadcast");
    s->holds = l == 1 ? -1 : 1;
    s->verdict = copy(l == 1 ? "not decided: the engine stopped after 2000 steps; the numbers agree"
                             : "proved: equals the rule of the convention by sum/broadcast");
    s->values = list(m->delta[l], m->n[l]);
    int db = add_box(v, fill(w->db, l), 2 * l, 3, v->n_steps - 1);
    add_arrow(v, at[l].error, dW, 1);
    add_arrow(v, at[l - 1].a, dW, 1);
    add_arrow(v, at[l].error, db, 1);
}

static void add_error(tg_lesson_view *v, const words *w, const network *m, int l, places *at, int cost)
{
    int last = l == m->L;
    tg_lesson_step *s = add_step(v, TG_LESSON_BACKWARD, l, w->error, last ? w->last_is : w->error_is);
    s->label = copy(last ? "equation 1" : "equation 2");
    s->reason = copy(
        last ? "the chain rule with a_j = sigma(z_j), where a_j depends on z_j alone"
             : "the chain rule over all neurons k of the next layer: the derivative of z_k by z_j is w_kj "
               "sigma'(z_j), and the sum over k is the product with the transposed weights");
    s->name = print("%%%d", 30 + 4 * l);
    s->shape = print("f64[%d, %d]", EXAMPLES, m->n[l]);
    s->tape = last ? copy("(output - y) / 4 * (output * (1 - output))")
                   : print("(delta%d @ W%d) * (h%d * (1 - h%d))", l + 1, l + 1, l, l);
    s->rule = copy("reverse rule of sigmoid for its input");
    s->holds = l == 1 && m->L > 2 ? 0 : 1;
    s->verdict = copy(
        s->holds ? "proved: equals the rule of the convention, times the 1/N that the convention keeps for "
                   "the gradients, by x/x, S/S"
                 : "refuted: at [0, 1] the tape has 0.0213 and the rule has -0.0213");
    if (!last)
        s->notes[0] = copy(
            "the transpose: $z_k = \\sum_j w_{kj} a_j$, so $a_j$ is met once in every $z_k$: "
            "$\\frac{\\partial C}{\\partial a_j} = \\sum_k \\delta_k w_{kj}$, a sum over the first index of w");
    else
        s->notes[0] = copy("with the quadratic cost $\\sigma'$ stays; with cross-entropy it would cancel");
    s->values = list(m->delta[l], m->n[l]);
    at[l].error = add_box(v, fill(w->error, l), 2 * l - 1, 2, v->n_steps - 1);
    if (last) {
        add_arrow(v, cost, at[l].error, 1);
        add_arrow(v, at[l].a, at[l].error, 1);
    } else {
        add_arrow(v, at[l + 1].error, at[l].error, 1);
        add_arrow(v, at[l + 1].W, at[l].error, 1);
    }
    add_arrow(v, at[l].z, at[l].error, 1);
}

static void add_cost(tg_lesson_view *v, const words *w, const network *m, const places *at, int *cost)
{
    double sum = 0;
    for (int j = 0; j < OUTPUTS; j++) sum += (m->a[m->L][j] - m->y[j]) * (m->a[m->L][j] - m->y[j]) / 2;
    tg_lesson_step *s = add_step(v, TG_LESSON_COST, m->L, "C", w->cost_is);
    s->label = copy("cost");
    s->reason = copy("the mean over the examples x");
    s->name = copy("loss");
    s->shape = copy("f64[]");
    s->tape = copy("mean(sum((output - y)^2, axis=1)) / 2");
    s->values = (tg_lesson_values){.rank = 0, .numbers = malloc(sizeof(double))};
    s->values.numbers[0] = sum;
    int y = add_box(v, copy(w->y), 2 * m->L + 1, 0, -1);
    *cost = add_box(v, copy("C"), 2 * m->L + 1, 1, v->n_steps - 1);
    add_arrow(v, at[m->L].a, *cost, 0);
    add_arrow(v, y, *cost, 0);
}

static void add_general(tg_lesson_view *v, const words *w)
{
    const char *equations[] = {w->z_is, w->a_is, w->error_is, w->dW_is, w->db_is};
    static const char *const labels[] = {"forward", "forward", "equation 2", "equation 4", "equation 3"};
    v->general = strings(5);
    v->general_labels = strings(5);
    for (int i = 0; i < 5; i++) {
        char *text = v->general[i] = malloc(3 * strlen(equations[i]) + 1);
        for (const char *c = equations[i]; *c != '\0'; c++)
            text += sprintf(text, *c == '#' ? "l" : *c == '<' ? "l-1" : *c == '>' ? "l+1" : "%c", *c);
        v->general_labels[i] = copy(labels[i]);
        v->n_general++;
    }
}

static void add_view(tg_lesson *lesson, const words *w, const network *m)
{
    tg_lesson_view *v = &lesson->views[lesson->n_views++];
    places at[MOST_LAYERS + 1];
    int cost;
    make_room(v, 6 * m->L + 2);
    v->convention = (int)w->convention;
    v->title = copy(w->title);
    v->paragraphs = strings(1);
    v->paragraphs[v->n_paragraphs++] = copy(w->layout);
    v->slips = strings(1);
    if (w->slip != NULL) v->slips[v->n_slips++] = copy(w->slip);
    add_general(v, w);
    at[0].a = add_box(v, copy(w->x), 0, 1, -1);
    for (int l = 1; l <= m->L; l++) add_layer(v, w, m, l, at);
    add_cost(v, w, m, at, &cost);
    for (int l = m->L; l > 0; l--) {
        add_error(v, w, m, l, at, cost);
        add_gradients(v, w, m, l, at);
    }
    v->names = strings(6 * m->L + 2);
    v->names[v->n_names++] = copy("x");
    v->names[v->n_names++] = copy(w->x);
    for (int l = 1; l <= m->L; l++) {
        const char *symbols[] = {w->W, w->b};
        for (int i = 0; i < 2; i++) {
            v->names[v->n_names++] = print("%c%d", "Wb"[i], l);
            v->names[v->n_names++] = fill(symbols[i], l);
        }
    }
    v->n_names /= 2;
}

void lesson_network(tg_lesson *lesson, int layers, int n_views)
{
    network m = {0};
    compute(&m, layers);
    *lesson = (tg_lesson){.model = copy("letters.tg"), .loss = copy("loss")};
    lesson->source =
        copy("# A small network.\ninput x : f64[N, 4]\ninput y : f64[N, 3]\nparam W1 : f64[5, 4] = glorot()\n"
             "h1 = sigmoid(x @ transpose(W1) + b1)\noutput loss = mean(sum((output - y)^2, axis=1)) / 2\n");
    lesson->summary = copy("a 4-5-3 network, sigmoid, sigmoid; quadratic cost, mean over 4 examples");
    lesson->sample = copy("example 1 of 4, drawn at random with seed 0");
    lesson->views = calloc((size_t)n_views, sizeof *lesson->views);
    for (int i = 0; i < n_views; i++) add_view(lesson, &conventions[i], &m);
}

/* ---- Other lessons ------------------------------------------------------------------------------------ */

void lesson_tape(tg_lesson *lesson, int steps)
{
    *lesson = (tg_lesson){.model = copy("curve.tg"), .loss = copy("total"), .n_views = 1};
    lesson->not_mlp = copy("the loss has no layer: 'total' is sum, and none of its inputs is an affine map");
    lesson->summary = copy("a chain of functions of one number");
    lesson->views = calloc(1, sizeof *lesson->views);
    tg_lesson_view *v = lesson->views;
    v->convention = -1;
    v->title = copy("The tape");
    make_room(v, steps + 1);
    int before = add_box(v, copy("\\mathrm{a\\_long\\_name\\_of\\_an\\_input\\_of\\_the\\_model}"), 0, 0, -1);
    for (int i = 0; i < steps; i++) {
        int back = i >= (steps + 1) / 2, column = back ? steps - i : i + 1;
        int long_name = i % 5 == 4;
        char *name =
            print(long_name ? "\\mathrm{hidden\\_units\\_of\\_the\\_layer\\_%d}" : "\\bar{v_{%d}}", i + 1);
        tg_lesson_step *s = add_step(v, back ? TG_LESSON_BACKWARD : TG_LESSON_FORWARD, 0, name, NULL);
        s->name = print(long_name ? "hidden_units_of_the_layer_%d" : "%%%d", i + 1);
        s->shape = copy("f64[4, 3]");
        s->tape = print("sin(%%%d) * exp(%%%d)", i, i);
        if (back) s->rule = copy("reverse rule of sin for its input");
        int box = add_box(v, name, column, back, i);
        add_arrow(v, before, box, back);
        before = box;
    }
}

void lesson_of_string(tg_lesson *lesson, const char *text, const char *latex)
{
    *lesson = (tg_lesson){.model = copy(text),
                          .loss = copy(text),
                          .source = copy(text),
                          .summary = copy(text),
                          .not_mlp = copy(text),
                          .sample = copy(text),
                          .n_views = 1,
                          .n_names = 1};
    lesson->names = strings(2);
    lesson->names[0] = copy(text);
    lesson->names[1] = copy(latex);
    lesson->views = calloc(1, sizeof *lesson->views);
    tg_lesson_view *v = lesson->views;
    char ***lists[] = {&v->paragraphs, &v->general_labels, &v->slips, &v->general};
    for (int i = 0; i < 4; i++) *lists[i] = strings(1);
    v->convention = -1;
    v->title = copy(text);
    v->n_paragraphs = v->n_general = v->n_slips = v->n_boxes = v->n_steps = 1;
    v->paragraphs[0] = copy(text);
    v->general[0] = copy(latex);
    v->general_labels[0] = copy(text);
    v->slips[0] = copy(text);
    make_room(v, 1);
    v->boxes[0].symbol = copy(latex);
    v->steps[0] = (tg_lesson_step){.symbol = copy(latex),
                                   .label = copy(text),
                                   .reason = copy(text),
                                   .name = copy(text),
                                   .shape = copy(text),
                                   .tape = copy(text),
                                   .rule = copy(text),
                                   .verdict = copy(text),
                                   .holds = 1,
                                   .notes = {copy(text)},
                                   .values.rank = -1};
}
