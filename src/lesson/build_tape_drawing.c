/* The drawing of a tape: named tensors in columns by depth, their adjoints under them in the same columns. */
#include <stdlib.h>

#include "build.h"

#define MOST_BOXES 60 /* a larger drawing shows nothing */

typedef struct tape_drawing {
    tg_tensor *const *named; /* the loss last */
    int n;
    int *depth, *row;
    unsigned char *uses; /* n by n: named[i] is made from named[k] with no other named tensor between */
    unsigned char *seen; /* by id */
} tape_drawing;

static int index_of(const tape_drawing *d, const tg_tensor *t)
{
    for (int i = 0; i < d->n; i++)
        if (d->named[i] == t) return i;
    return -1;
}

/* Goes down from named[of] to the named tensors that it is made from. */
static void find_uses(tape_drawing *d, int of)
{
    int64_t top = tg_id(d->named[of]);
    const tg_graph *g = tg_graph_of(d->named[of]);
    for (int64_t id = 0; id <= top; id++) d->seen[id] = id == top;
    for (int64_t id = top; id >= 0; id--) {
        const tg_tensor *t = tg_node(g, id);
        int k = d->seen[id] ? index_of(d, t) : -1;
        if (k >= 0 && k != of) d->uses[of * d->n + k] = 1;
        if (!d->seen[id] || (k >= 0 && k != of)) continue;
        for (int i = 0; i < tg_input_count(t); i++) d->seen[tg_id(tg_input_at(t, i))] = 1;
    }
}

/* Columns by depth, and rows within a column in the order of the tape. Returns the number of rows. */
static int arrange(tape_drawing *d)
{
    int rows = 0;
    for (int i = 0; i < d->n; i++) {
        for (int k = 0; k < i; k++)
            if (d->uses[i * d->n + k] && d->depth[i] <= d->depth[k]) d->depth[i] = d->depth[k] + 1;
        for (int k = 0; k < i; k++) d->row[i] += d->depth[k] == d->depth[i];
        if (d->row[i] + 1 > rows) rows = d->row[i] + 1;
    }
    return rows;
}

static void draw(const tape_drawing *d, int rows, const int *forward, const int *backward,
                 tg_lesson_view *view)
{
    int adjoints[MOST_BOXES];
    for (int i = 0; i < d->n; i++)
        view->boxes[view->n_boxes++] =
            (tg_lesson_box){tg_lesson_symbol(d->named[i], NULL), d->depth[i], d->row[i], forward[i]};
    for (int i = 0; i < d->n; i++) {
        adjoints[i] = -1;
        if (backward[i] < 0) continue;
        adjoints[i] = view->n_boxes;
        view->boxes[view->n_boxes++] = (tg_lesson_box){tg_lesson_symbol(d->named[i], d->named[d->n - 1]),
                                                       d->depth[i], rows + d->row[i], backward[i]};
    }
    for (int i = 0; i < d->n; i++)
        for (int k = 0; k < i; k++) {
            if (!d->uses[i * d->n + k]) continue;
            view->arrows[view->n_arrows++] = (tg_lesson_arrow){k, i, 0};
            int above = i == d->n - 1 ? i : adjoints[i];
            if (adjoints[k] >= 0 && above >= 0)
                view->arrows[view->n_arrows++] = (tg_lesson_arrow){above, adjoints[k], 1};
        }
}

int tg_lesson_draw_tape(tg_lesson_view *view, tg_tensor *const *named, int n, const int *forward,
                        const int *backward)
{
    if (n < 1 || 2 * n > MOST_BOXES) return 1;
    int64_t nodes = tg_node_count(tg_graph_of(named[0]));
    tape_drawing d = {.named = named, .n = n};
    d.depth = calloc((size_t)n, sizeof *d.depth);
    d.row = calloc((size_t)n, sizeof *d.row);
    d.uses = calloc((size_t)n * (size_t)n, 1);
    d.seen = malloc((size_t)nodes);
    view->boxes = calloc(2 * (size_t)n, sizeof *view->boxes);
    view->arrows = calloc((size_t)n * (size_t)n * 2, sizeof *view->arrows);
    int ok = d.depth != NULL && d.row != NULL && d.uses != NULL && d.seen != NULL && view->boxes != NULL &&
             view->arrows != NULL;
    for (int i = 0; i < n && ok; i++) find_uses(&d, i);
    if (ok) draw(&d, arrange(&d), forward, backward, view);
    free(d.depth);
    free(d.row);
    free(d.uses);
    free(d.seen);
    return ok;
}
