/* Values for the leaves of a graph that have none. */
#include "drawing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <tapegrad/random.h>

#include "compare.h"
#include "graph/c_locale.h"
#include "graph_copy.h"

static void draw_leaf(const tg_tensor *leaf, const tg_drawing *drawing, double *values)
{
    uint64_t key = tg_random_key(drawing->seed, tg_name(leaf));
    for (int64_t i = 0; i < tg_count(leaf); i++) {
        values[i] = tg_check_uniform(key, i, drawing->low, drawing->high);
        if (tg_dtype_of(leaf) == TG_BOOL) values[i] = (double)tg_random_below(key, (uint64_t)i, 2);
        if (tg_dtype_of(leaf) == TG_I64)
            values[i] = (double)tg_random_below(key, (uint64_t)i, drawing->below);
    }
}

void tg_leaf_values(const tg_tensor *leaf, const tg_drawing *drawing, double *values)
{
    const void *data = tg_data(leaf);
    if (data == NULL) {
        draw_leaf(leaf, drawing, values);
        return;
    }
    for (int64_t i = 0; i < tg_count(leaf); i++) {
        switch (tg_dtype_of(leaf)) {
        case TG_F32:
            values[i] = (double)((const float *)data)[i];
            break;
        case TG_F64:
            values[i] = ((const double *)data)[i];
            break;
        case TG_I64:
            values[i] = (double)((const int64_t *)data)[i];
            break;
        case TG_BOOL:
            values[i] = (double)((const unsigned char *)data)[i];
            break;
        }
    }
}

/* ---- Choosing the ranges ---------------------------------------------------------------------------------- */

static int lacks_value(const tg_tensor *y, const tg_tensor *t)
{
    return tg_leaf_kind_of(t) != TG_LEAF_NONE && tg_data(t) == NULL && tg_depends_on(y, t);
}

/* Whether y can be computed and is finite. */
static int works(tg_tensor *y, const tg_drawing *drawing)
{
    tg_graph_copy copy;
    size_t bytes = (size_t)tg_count(y) * sizeof(double);
    double *values = malloc(bytes + 1);
    int fine = tg_graph_copy_make(&copy, &y, 1, NULL, 0, 0, drawing, TG_F64) && values != NULL &&
               tg_eval(copy.g, &copy.map[tg_id(y)], 1, values, bytes) == TG_OK;
    for (int64_t i = 0; i < tg_count(y) && fine; i++) fine = isfinite(values[i]) != 0;
    tg_graph_copy_free(&copy);
    free(values);
    return fine;
}

tg_drawing tg_drawing_choose(tg_tensor *y, const tg_check_options *options)
{
    tg_check_options o = tg_check_defaults(options);
    int own_range = options != NULL && options->low < options->high, lacking = 0;
    tg_drawing first = {o.seed, o.low, o.high, 8};
    for (int64_t id = 0; id <= tg_id(y) && !lacking; id++)
        lacking = lacks_value(y, tg_node(tg_graph_of(y), id));
    if (!lacking) return first;
    for (int positive = 0; positive <= !own_range; positive++)
        for (uint64_t below = first.below; below > 0; below /= 2) {
            tg_drawing drawing = {o.seed, positive ? 0.2 : o.low, positive ? 1.2 : o.high, below};
            if (works(y, &drawing)) return drawing;
        }
    return first;
}

char *tg_drawing_text(const tg_drawing *drawing, const tg_tensor *y, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t id = 0; id <= tg_id(y) && used + 1 < size; id++) {
        const tg_tensor *t = tg_node(tg_graph_of(y), id);
        if (!lacks_value(y, t)) continue;
        int whole = tg_dtype_of(t) == TG_I64, truth = tg_dtype_of(t) == TG_BOOL;
        double low = whole || truth ? 0 : drawing->low;
        double high = whole ? (double)(drawing->below - 1) : truth ? 1 : drawing->high;
        int n = tg_c_snprintf(text + used, size - used, "%s'%.60s' from %g to %g", used > 0 ? ", " : "",
                              tg_name(t), low, high);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}
