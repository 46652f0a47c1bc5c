/* The asides of a lesson about a multilayer perceptron. */
#include "build.h"
#include "rules/course.h"

void tg_lesson_note(tg_lesson_step *step, char *note)
{
    int room = (int)(sizeof step->notes / sizeof *step->notes) - 1, i = 0;
    while (i < room && step->notes[i] != NULL) i++;
    if (i < room)
        step->notes[i] = note;
    else
        tg_text_free(note);
}

/* Where the transpose comes from, index by index. */
static const char *const back_indices[TG_CONVENTIONS] = {
    [TG_CONVENTION_VECTOR] =
        "Index by index: $z_j = \\sum_k W_{jk} a_k + b_j$ above, so $a_k$ gets $\\sum_j W_{jk}\\, \\partial C / \\partial z_j$. "
        "The sum runs over the first index of $W$, the rows; a product sums over columns, so $W$ stands transposed.",
    [TG_CONVENTION_JACOBIAN] =
        "Index by index: $\\zeta_k = \\sum_i \\Omega_{ik} \\alpha_i + \\beta_k$ above, so $\\alpha_i$ gets "
        "$\\sum_k \\Omega_{ik} B_k$: the product $\\Omega B$. It is a column; $P$, the Jacobian of $C$, is a row, hence "
        "$(\\Omega B)^{\\top}$, and $B$ takes $P^{\\top}$ again.",
    [TG_CONVENTION_DELTA] =
        "Index by index: $z_j = \\sum_k w_{jk} a_k + b_j$ above, so $a_k$ gets $\\sum_j w_{jk} \\delta_j$. The sum runs over "
        "the first index of $w$, the rows; a product sums over columns, so $w$ stands transposed.",
    [TG_CONVENTION_ROWS] =
        "Index by index: $s_{nj} = \\sum_k x_{nk} w_{kj} + b_j$ above, so $x_{nk}$ gets $\\sum_j w_{kj} \\Delta_{nj}$: the "
        "second index of $W$ meets the second of $\\Delta$, so $\\Delta$ stands transposed, and the result once more to have "
        "examples in rows.",
    [TG_CONVENTION_COLUMNS] =
        "Index by index: $z_{jm} = \\sum_i w_{ij} a_{im} + b_j$ above, so $a_{im}$ gets $\\sum_j w_{ij} \\Delta_{jm}$. The "
        "sum runs over the second index of $W$, as a product does: the transpose of the forward pass is undone.",
};

static const char *const weight_indices[TG_CONVENTIONS] = {
    [TG_CONVENTION_VECTOR] =
        "Index by index: $\\partial C / \\partial W_{jk} = \\partial C / \\partial z_j \\cdot a'_k$: an outer "
        "product, so $a'$ stands as a row.",
    [TG_CONVENTION_JACOBIAN] =
        "Index by index: $\\partial C / \\partial \\Omega_{ik} = \\alpha_i B_k$: neuron $k$'s column is "
        "$\\alpha$ times $B_k$, so $B$ stands as a row.",
    [TG_CONVENTION_DELTA] =
        "Index by index: $\\partial C / \\partial w_{jk} = \\frac{1}{N} \\sum_x \\delta_j a_k$: an outer "
        "product for each example, so $a$ stands as a row.",
    [TG_CONVENTION_ROWS] =
        "Index by index: $\\partial E / \\partial w_{kj} = \\frac{1}{N} \\sum_n x_{nk} \\Delta_{nj}$: the sum "
        "runs over the rows of both, so $X$ stands transposed.",
    [TG_CONVENTION_COLUMNS] =
        "Index by index: $\\partial E / \\partial w_{ij} = \\sum_m a_{im} \\Delta_{jm}$: the sum runs over "
        "the columns of both, so $\\Delta$ stands transposed.",
};

/* Where the last activation cancels against the cost, or why it does not. */
static const char *cancellation(const tg_rules_spec *spec)
{
    tg_activation s = spec->activations[spec->n_layers - 1];
    if (s == TG_SOFTMAX && spec->cost == TG_COST_CROSS_ENTROPY)
        return "What cancels: the cost gives $-y_k / p_k$, the softmax's Jacobian $p_k ([j = k] - p_j)$. The $p_k$ "
               "cancel, and the sum over $k$ is $p_j \\sum_k y_k - y_j$, which is $p_j - y_j$ because $\\sum_k y_k = 1$.";
    if (s == TG_SIGMOID && spec->cost == TG_COST_BINARY_CROSS_ENTROPY)
        return "What cancels: the cost gives $(a - y) / (a (1 - a))$, and $\\sigma'(z) = a (1 - a)$ is just its "
               "denominator.";
    if (s == TG_SOFTMAX)
        return "The softmax's Jacobian $a_k ([j = k] - a_j)$ is not diagonal: every output depends on every $z$.";
    if (s == TG_SIGMOID || s == TG_TANH)
        return "Nothing cancels here: where the last layer saturates, its slope is near 0 and so is the error, however "
               "wrong the answer.";
    return NULL;
}

/* "σ'(z) = a (1 − a)" */
static char *slope_note(tg_activation s)
{
    tg_text text = {0};
    tg_text_print(&text, "The derivative of %s is $%s$", tg_activation_name(s), tg_course_slope_latex(s));
    int has_a = s == TG_SIGMOID || s == TG_TANH || s == TG_SILU;
    tg_text_print(&text, has_a ? ", with $a$ the value of the activation at $z$." : ".");
    return tg_text_take(&text);
}

void tg_lesson_error_notes(tg_lesson_step *step, const tg_rules_spec *spec, int l, double factor)
{
    tg_activation s = spec->activations[l - 1];
    const char *cancels = l == spec->n_layers ? cancellation(spec) : NULL;
    if (l < spec->n_layers) tg_lesson_note(step, tg_lesson_copy(back_indices[spec->convention]));
    if (cancels != NULL) tg_lesson_note(step, tg_lesson_copy(cancels));
    if (s != TG_SOFTMAX && s != TG_IDENTITY) tg_lesson_note(step, slope_note(s));
    int elsewhere = spec->convention == TG_CONVENTION_DELTA || spec->convention == TG_CONVENTION_ROWS;
    double n = elsewhere ? (double)spec->batch : 1;
    if (l < spec->n_layers || factor / n == 1) return;
    tg_lesson_note(step,
                   tg_lesson_print(
                       "On the tape the adjoint of this z is %g times the error term: the model's cost is %g "
                       "times the convention's%s.",
                       factor / n, factor,
                       elsewhere ? ", and its 1/N stands in the gradients here, not in the error" : ""));
}

void tg_lesson_gradient_notes(tg_lesson_step *step, const tg_rules_spec *spec)
{
    tg_lesson_note(step, tg_lesson_copy(weight_indices[spec->convention]));
}
