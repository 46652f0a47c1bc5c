/* Both sides at random points, in a copy of the graph, so that nothing of the user's changes. */
#include "refute.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/random.h>

#include "check/graph_copy.h"

/* A difference counts from this share of the largest value on; values below SCALE_MIN may be what cancellation
 * left of larger ones. */
#define RELATIVE_DIFFERENCE 1e-9
#define SCALE_MIN 1e-2

typedef struct trial {
    const tg_proof_task *task;
    tg_tensor **leaves; /* that are drawn */
    int n_leaves;
    int64_t count; /* of their elements */
    double *values;
    tg_graph_copy copy;
    tg_function *function;
    double *sides[2];
} trial;

/* ---- Points ------------------------------------------------------------------------------------------- */

/* Along the axis, |values| over their sum. */
static void sum_to_one(const tg_tensor *leaf, int axis, double *values)
{
    const int64_t *shape = tg_shape(leaf);
    int64_t inner = 1, size = shape[axis], count = tg_count(leaf);
    for (int i = axis + 1; i < tg_rank(leaf); i++) inner *= shape[i];
    for (int64_t start = 0; start < count; start += size * inner)
        for (int64_t i = 0; i < inner; i++) {
            double sum = 0, *at = values + start + i;
            for (int64_t k = 0; k < size; k++) sum += at[k * inner] = fabs(at[k * inner]) + 0.01;
            for (int64_t k = 0; k < size; k++) at[k * inner] /= sum;
        }
}

static void draw(const trial *t, int point)
{
    double *values = t->values;
    for (int i = 0; i < t->n_leaves; i++) {
        const tg_tensor *leaf = t->leaves[i];
        char name[64];
        snprintf(name, sizeof name, "point %d of leaf %lld", point, (long long)tg_id(leaf));
        uint64_t key = tg_random_key(t->task->seed, name), steps = UINT64_C(1) << 40;
        for (int64_t k = 0; k < tg_count(leaf); k++)
            values[k] = 4 * (double)tg_random_below(key, (uint64_t)k, steps) / (double)steps - 2;
        for (int k = 0; k < t->task->n_positive; k++)
            for (int64_t j = 0; t->task->positive[k] == leaf && j < tg_count(leaf); j++)
                values[j] = fabs(values[j]) + 0.01;
        for (int k = 0; k < t->task->n_sums; k++)
            if (t->task->sums[k].leaf == leaf)
                sum_to_one(leaf, t->task->sums[k].axis + (t->task->sums[k].axis < 0 ? tg_rank(leaf) : 0),
                           values);
        values += tg_count(leaf);
    }
}

/* ---- Comparison --------------------------------------------------------------------------------------- */

static int read_side(const trial *t, int side)
{
    tg_tensor *from = t->copy.map[tg_id(side == 0 ? t->task->left : t->task->right)];
    const void *data = tg_output(t->function, from);
    int64_t count = tg_count(from);
    double *to = t->sides[side];
    if (data == NULL) return 0;
    for (int64_t i = 0; i < count; i++) switch (tg_dtype_of(from)) {
        case TG_F32:
            to[i] = (double)((const float *)data)[i];
            break;
        case TG_F64:
            to[i] = ((const double *)data)[i];
            break;
        case TG_I64:
            to[i] = (double)((const int64_t *)data)[i];
            break;
        case TG_BOOL:
            to[i] = ((const unsigned char *)data)[i];
            break;
        }
    return 1;
}

/* The element with the largest difference that counts, or -1. */
static int64_t differing_element(const trial *t)
{
    const double *left = t->sides[0], *right = t->sides[1];
    double scale = SCALE_MIN, worst = 0;
    int64_t at = -1;
    for (int64_t i = 0; i < tg_count(t->task->left); i++) {
        if (!isfinite(left[i]) || !isfinite(right[i]))
            continue; /* the claim is about where both are defined */
        scale = fmax(scale, fmax(fabs(left[i]), fabs(right[i])));
        if (fabs(left[i] - right[i]) <= worst) continue;
        worst = fabs(left[i] - right[i]);
        at = i;
    }
    return worst > RELATIVE_DIFFERENCE * scale ? at : -1;
}

/* ---- The trial ---------------------------------------------------------------------------------------- */

static int is_drawn(const tg_tensor *t)
{
    int floating = tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
    return floating && tg_leaf_kind_of(t) != TG_LEAF_NONE && tg_leaf_kind_of(t) != TG_LEAF_CONSTANT;
}

/* The leaves that either side depends on. 0 when memory runs out. */
static int find_leaves(trial *t, tg_graph *g)
{
    int64_t last =
        tg_id(t->task->left) > tg_id(t->task->right) ? tg_id(t->task->left) : tg_id(t->task->right);
    unsigned char *wanted = calloc((size_t)last + 1, 1);
    t->leaves = calloc((size_t)last + 1, sizeof *t->leaves);
    if (wanted == NULL || t->leaves == NULL) {
        free(wanted);
        return 0;
    }
    wanted[tg_id(t->task->left)] = wanted[tg_id(t->task->right)] = 1;
    for (int64_t id = last; id >= 0; id--) {
        tg_tensor *node = tg_node(g, id);
        if (!wanted[id]) continue;
        for (int i = 0; i < tg_input_count(node); i++) wanted[tg_id(tg_input_at(node, i))] = 1;
        if (!is_drawn(node)) continue;
        t->leaves[t->n_leaves++] = node;
        t->count += tg_count(node);
    }
    free(wanted);
    return 1;
}

static tg_status prepare(trial *t, tg_graph *g)
{
    tg_tensor *sides[2] = {t->task->left, t->task->right};
    tg_drawing drawing = {.seed = t->task->seed, .low = -2, .high = 2};
    size_t count = (size_t)tg_count(sides[0]) + 1;
    if (!find_leaves(t, g)) return TG_ERR_MEMORY;
    t->values = calloc((size_t)t->count + 1, sizeof *t->values);
    t->sides[0] = calloc(count, sizeof(double));
    t->sides[1] = calloc(count, sizeof(double));
    if (t->values == NULL || t->sides[0] == NULL || t->sides[1] == NULL) return TG_ERR_MEMORY;
    int made = tg_graph_copy_make(&t->copy, sides, 2, t->leaves, t->n_leaves, 0, &drawing, TG_F64);
    if (t->copy.g == NULL || t->copy.map == NULL || t->copy.xs == NULL) return TG_ERR_MEMORY;
    if (!made) return tg_graph_status(t->copy.g) == TG_OK ? TG_ERR_MEMORY : tg_graph_status(t->copy.g);
    tg_tensor *outputs[2] = {t->copy.map[tg_id(sides[0])], t->copy.map[tg_id(sides[1])]};
    return tg_compile(t->copy.g, outputs, outputs[0] == outputs[1] ? 1 : 2, NULL, 0, &t->function);
}

static tg_status try_points(trial *t, tg_counterexample *counterexample, int *found)
{
    for (int point = 0; point < t->task->points && !*found; point++) {
        draw(t, point);
        if (!tg_graph_copy_set(&t->copy, t->values)) return TG_ERR_MEMORY;
        tg_status status = tg_run(t->function);
        if (status != TG_OK) return status;
        if (!read_side(t, 0) || !read_side(t, 1)) return TG_OK;
        int64_t at = differing_element(t);
        if (at < 0) continue;
        *counterexample = (tg_counterexample){point, at, t->sides[0][at], t->sides[1][at]};
        *found = 1;
    }
    return TG_OK;
}

tg_status tg_refute(tg_graph *g, const tg_proof_task *task, tg_counterexample *counterexample, int *found)
{
    trial t = {.task = task};
    *found = 0;
    tg_status status = prepare(&t, g);
    if (status == TG_OK) status = try_points(&t, counterexample, found);
    tg_function_free(t.function);
    if (t.copy.g != NULL || t.copy.map != NULL || t.copy.xs != NULL) tg_graph_copy_free(&t.copy);
    free(t.leaves);
    free(t.values);
    free(t.sides[0]);
    free(t.sides[1]);
    return status == TG_ERR_MEMORY ? status : TG_OK;
}
