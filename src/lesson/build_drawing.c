/* The drawing of a multilayer perceptron: params above, the forward pass to the right, the error terms under it to the
 * left, the gradients at the bottom. */
#include <stdlib.h>

#include "build.h"

enum { ROW_PARAMS, ROW_FORWARD, ROW_ERRORS, ROW_GRADIENTS };

static int add_box(tg_lesson_view *v, char *symbol, int column, int row, int step)
{
    v->boxes[v->n_boxes] = (tg_lesson_box){symbol, column, row, step};
    return v->n_boxes++;
}

static void add_arrow(tg_lesson_view *v, int from, int to, int reverse)
{
    v->arrows[v->n_arrows++] = (tg_lesson_arrow){from, to, reverse};
}

static char *symbol_of(const tg_lesson_view *view, int step)
{
    return tg_lesson_copy(view->steps[step].symbol);
}

/* W or b of a layer, or x (l = 0), in the convention's letters. */
static char *letter(const tg_lesson_view *view, char which, int l, int L)
{
    tg_text text = {0};
    const tg_convention_notation *n = &tg_notations[view->convention];
    tg_notation_write(&text, n, which == 'W' ? n->W : which == 'b' ? n->b : which == 'y' ? n->y : n->x, l, L);
    return tg_text_take(&text);
}

/* Forward boxes of layer l, joined to `below`; returns that of a. */
static int draw_layer(tg_lesson_view *v, int l, int L, int below, int step, int *z)
{
    int column = 2 * l - 1;
    int params = add_box(v, letter(v, 'W', l, L), column - 1, ROW_PARAMS, -1);
    int biases = add_box(v, letter(v, 'b', l, L), column, ROW_PARAMS, -1);
    *z = add_box(v, symbol_of(v, step), column, ROW_FORWARD, step);
    int a = add_box(v, symbol_of(v, step + 1), column + 1, ROW_FORWARD, step + 1);
    add_arrow(v, below, *z, 0);
    add_arrow(v, params, *z, 0);
    add_arrow(v, biases, *z, 0);
    add_arrow(v, *z, a, 0);
    return a;
}

/* The steps are z^1 a^1 .. z^L a^L, the cost, then from L to 1 the derivative by a, the error term,
 * weights and biases. */
int tg_lesson_draw_mlp(tg_lesson_view *view, int L)
{
    view->boxes = calloc((size_t)(8 * L + 3), sizeof *view->boxes);
    view->arrows = calloc((size_t)(11 * L + 4), sizeof *view->arrows);
    if (view->boxes == NULL || view->arrows == NULL) return 0;
    int a = add_box(view, letter(view, 'x', 0, L), 0, ROW_FORWARD, -1), z[TG_RULES_LAYERS + 1];
    for (int l = 1; l <= L; l++) a = draw_layer(view, l, L, a, 2 * (l - 1), &z[l]);
    int cost = add_box(view, symbol_of(view, 2 * L), 2 * L + 1, ROW_FORWARD, 2 * L);
    int target = add_box(view, letter(view, 'y', L, L), 2 * L + 1, ROW_PARAMS, -1);
    add_arrow(view, a, cost, 0);
    add_arrow(view, target, cost, 0);
    int above = cost;
    for (int l = L; l >= 1; l--) {
        int step = 2 * L + 1 + 4 * (L - l), column = 2 * l - 1;
        int output = add_box(view, symbol_of(view, step), column + 1, ROW_ERRORS, step);
        int error = add_box(view, symbol_of(view, step + 1), column, ROW_ERRORS, step + 1);
        int weights = add_box(view, symbol_of(view, step + 2), column - 1, ROW_GRADIENTS, step + 2);
        int biases = add_box(view, symbol_of(view, step + 3), column, ROW_GRADIENTS, step + 3);
        add_arrow(view, above, output, 1);
        add_arrow(view, output, error, 1);
        add_arrow(view, z[l], error, 1);
        add_arrow(view, error, weights, 1);
        add_arrow(view, error, biases, 1);
        above = error;
    }
    return 1;
}
