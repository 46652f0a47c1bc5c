/* Leaves: inputs, params, states and constants, and their values. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "layout.h"

const tg_op tg_op_input = {.name = "input", .formula = "a value given when the expression runs"};
const tg_op tg_op_param = {.name = "param", .formula = "a value that training changes"};
const tg_op tg_op_state = {.name = "state", .formula = "a value kept between runs"};
const tg_op tg_op_constant = {.name = "constant", .formula = "a fixed value"};

#define MAX_NAME 255

static int name_ok(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= MAX_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-") == length;
}

static tg_leaf *find_leaf(const tg_graph *g, const char *name)
{
    tg_leaf *leaf;
    HASH_FIND_STR(g->leaves, name, leaf);
    return leaf;
}

tg_tensor *tg_find(const tg_graph *g, const char *name)
{
    if (g == NULL || name == NULL) return NULL;
    tg_leaf *leaf = find_leaf(g, name);
    return leaf == NULL ? NULL : leaf->tensor;
}

/* The record and its copy of the name; not yet in the graph. */
static tg_leaf *new_leaf(const char *name)
{
    tg_leaf *leaf = calloc(1, sizeof *leaf);
    size_t size = strlen(name) + 1;
    char *copy = malloc(size);
    if (leaf == NULL || copy == NULL) {
        free(leaf);
        free(copy);
        return NULL;
    }
    memcpy(copy, name, size);
    leaf->name = copy;
    atomic_init(&leaf->current, TG_IN_ROWS);
    return leaf;
}

void tg_leaf_free(tg_leaf *leaf)
{
    tg_aligned_free(leaf->data);
    tg_aligned_free(leaf->bands);
    free(leaf->name);
    free(leaf);
}

/* Kernels rely on bools being 0 or 1. */
static int check_bools(tg_graph *g, const char *call, const tg_type *type, const void *data)
{
    const unsigned char *bytes = data;
    size_t size = type->dtype == TG_BOOL && data != NULL ? tg_type_bytes(type) : 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] <= 1) continue;
        tg_set_error(g, TG_ERR_ARGUMENT, "%s: element %zu of a bool is %d, expected 0 or 1", call, i,
                     bytes[i]);
        return 0;
    }
    return 1;
}

static int check_name(tg_graph *g, const tg_op *op, const char *name)
{
    if (name == NULL) {
        tg_set_error(g, TG_ERR_NAME, "%s: its name is NULL", op->name);
        return 0;
    }
    if (!name_ok(name)) {
        tg_set_error(g, TG_ERR_NAME, "%s '%.60s': a name has 1 to %d letters, digits, '_', '.', '/' or '-'",
                     op->name, name, MAX_NAME);
        return 0;
    }
    if (find_leaf(g, name) != NULL) {
        tg_set_error(g, TG_ERR_NAME, "%s '%s': the name is taken", op->name, name);
        return 0;
    }
    return 1;
}

/* Gives the leaf memory for its value: data's bytes, or zeros. */
static int give_value(tg_leaf *leaf, const tg_type *type, const void *data)
{
    size_t size = tg_type_bytes(type);
    leaf->data = data == NULL ? tg_aligned_zeros(size) : tg_aligned_alloc(size);
    if (leaf->data == NULL) return 0;
    if (data != NULL) memcpy(leaf->data, data, size);
    return 1;
}

static tg_tensor *record_leaf(tg_graph *g, const tg_op *op, const tg_type *type, tg_leaf *leaf)
{
    tg_tensor *t = tg_intern(g, &(tg_recipe){.op = op, .type = type, .unique = 1});
    if (t == NULL) {
        tg_leaf_free(leaf);
        return NULL;
    }
    leaf->tensor = t;
    HASH_ADD_KEYPTR(hh, g->leaves, leaf->name, strlen(leaf->name), leaf);
    if (!tg_hash_added(leaf)) {
        tg_leaf_free(leaf);
        tg_truncate(g, t->id);
        return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
    }
    t->is_leaf = 1;
    t->own.leaf = leaf;
    return t;
}

static int reserve_param(tg_graph *g)
{
    if (g->n_params < g->params_room) return 1;
    int64_t room = g->params_room == 0 ? 16 : 2 * g->params_room;
    tg_tensor **params = realloc(g->params, (size_t)room * sizeof(tg_tensor *));
    if (params == NULL) return 0;
    g->params = params;
    g->params_room = room;
    return 1;
}

static tg_tensor *make_leaf(tg_graph *g, const tg_op *op, const char *name, tg_dtype dtype, int rank,
                            const int64_t *shape, const void *data)
{
    if (g == NULL || !check_name(g, op, name)) return NULL;
    tg_type type;
    tg_diag diag;
    if (tg_type_make(&type, dtype, rank, shape, &diag) != TG_OK)
        return tg_set_error(g, diag.status, "%s '%s': %s", op->name, name, diag.message);
    if (!check_bools(g, op->name, &type, data)) return NULL;

    int persistent = op != &tg_op_input;
    tg_leaf *leaf = new_leaf(name);
    if (leaf == NULL || (persistent && (!reserve_param(g) || !give_value(leaf, &type, data)))) {
        if (leaf != NULL) tg_leaf_free(leaf);
        return tg_set_error(g, TG_ERR_MEMORY, "%s '%s': out of memory", op->name, name);
    }
    tg_tensor *t = record_leaf(g, op, &type, leaf);
    if (t != NULL && persistent) g->params[g->n_params++] = t;
    return t;
}

tg_tensor *tg_input(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape)
{
    return make_leaf(g, &tg_op_input, name, dtype, rank, shape, NULL);
}

tg_tensor *tg_param(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape,
                    const void *data)
{
    return make_leaf(g, &tg_op_param, name, dtype, rank, shape, data);
}

tg_tensor *tg_state(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape,
                    const void *data)
{
    return make_leaf(g, &tg_op_state, name, dtype, rank, shape, data);
}

tg_tensor *tg_constant_node(tg_graph *g, const tg_type *type, const void *data)
{
    return tg_intern(
        g, &(tg_recipe){.op = &tg_op_constant, .type = type, .attr = data, .attr_size = tg_type_bytes(type)});
}

tg_tensor *tg_constant(tg_graph *g, tg_dtype dtype, int rank, const int64_t *shape, const void *data)
{
    if (g == NULL) return NULL;
    tg_type type;
    tg_diag diag;
    if (tg_type_make(&type, dtype, rank, shape, &diag) != TG_OK)
        return tg_set_error(g, diag.status, "constant: %s", diag.message);
    size_t size = tg_type_bytes(&type);
    if (data == NULL && size > 0) return tg_set_error(g, TG_ERR_NULL, "constant: its data is NULL");
    if (!check_bools(g, "constant", &type, data)) return NULL;
    return tg_constant_node(g, &type, data);
}

/* A constant of rank 0; the element type is a known one. */
static tg_tensor *scalar(tg_graph *g, tg_dtype dtype, const void *value)
{
    const tg_type type = {.dtype = dtype, .rank = 0};
    return tg_constant_node(g, &type, value);
}

tg_tensor *tg_number(tg_graph *g, tg_dtype dtype, double value)
{
    if (g == NULL) return NULL;
    const float f32 = (float)value;
    const unsigned char byte = value != 0;
    switch (dtype) {
    case TG_F32:
        if (!isinf(f32) || isinf(value)) return scalar(g, dtype, &f32);
        break;
    case TG_F64:
        return scalar(g, dtype, &value);
    case TG_I64:
        if (value >= -9007199254740992.0 && value <= 9007199254740992.0 && value == floor(value)) {
            const int64_t i64 = (int64_t)value;
            return scalar(g, dtype, &i64);
        }
        break;
    case TG_BOOL:
        if (value == 0 || value == 1) return scalar(g, dtype, &byte);
        break;
    default:
        return tg_set_error(g, TG_ERR_DTYPE, "number: unknown element type %d", (int)dtype);
    }
    return tg_set_error(g, TG_ERR_ARGUMENT, "number: %.17g is not a value of type %s", value,
                        tg_dtype_name(dtype));
}

static tg_status check_size(const tg_tensor *t, const char *call, size_t size)
{
    tg_type type = tg_type_of(t);
    size_t expected = tg_type_bytes(&type);
    if (size == expected) return TG_OK;
    char label[TG_LABEL_TEXT];
    return tg_graph_fail(t->graph, TG_ERR_SIZE, "%s: %zu bytes for %s, expected %zu", call, size,
                         tg_label(t, label, sizeof label), expected);
}

tg_status tg_set(tg_tensor *leaf, const void *data, size_t size)
{
    if (leaf == NULL) return TG_ERR_NULL;
    tg_leaf *record = tg_leaf_of(leaf);
    if (record == NULL) {
        char label[TG_LABEL_TEXT];
        return tg_graph_fail(leaf->graph, TG_ERR_ARGUMENT, "tg_set: %s (%s) is no input, param or state",
                             tg_label(leaf, label, sizeof label), leaf->op->name);
    }
    if (data == NULL && size > 0) return tg_graph_fail(leaf->graph, TG_ERR_NULL, "tg_set: data is NULL");
    tg_status status = check_size(leaf, "tg_set", size);
    if (status != TG_OK) return status;
    tg_type type = tg_type_of(leaf);
    if (!check_bools(leaf->graph, "tg_set", &type, data)) return TG_ERR_ARGUMENT;
    if (record->data == NULL) {
        if (!give_value(record, &type, data))
            return tg_graph_fail(leaf->graph, TG_ERR_MEMORY, "tg_set: out of memory for '%s'", record->name);
    } else if (size > 0) {
        tg_now_in_rows(leaf);
        memcpy(record->data, data, size);
    }
    return TG_OK;
}

const void *tg_data(const tg_tensor *leaf)
{
    if (leaf == NULL) return NULL;
    if (leaf->op == &tg_op_constant) return tg_node_attr(leaf);
    if (!leaf->is_leaf) return NULL;
    tg_tensor *t = (tg_tensor *)(uintptr_t)leaf;
    if (!atomic_exchange(&t->own.leaf->keeps_rows, 1)) tg_leaves_changed(t->graph);
    return tg_rows_of(t);
}

tg_status tg_get(const tg_tensor *leaf, void *data, size_t size)
{
    if (leaf == NULL) return TG_ERR_NULL;
    char label[TG_LABEL_TEXT];
    const void *from = leaf->op == &tg_op_constant ? tg_node_attr(leaf)
                       : leaf->is_leaf             ? leaf->own.leaf->data
                                                   : NULL;
    if (from == NULL && leaf->is_leaf)
        return tg_graph_fail(leaf->graph, TG_ERR_UNBOUND, "tg_get: input %s has no value",
                             tg_label(leaf, label, sizeof label));
    if (from == NULL)
        return tg_graph_fail(leaf->graph, TG_ERR_ARGUMENT,
                             "tg_get: %s (%s) is no leaf; tg_eval computes its value",
                             tg_label(leaf, label, sizeof label), leaf->op->name);
    if (data == NULL && size > 0) return tg_graph_fail(leaf->graph, TG_ERR_NULL, "tg_get: data is NULL");
    tg_status status = check_size(leaf, "tg_get", size);
    if (status != TG_OK || size == 0) return status;
    if (leaf->is_leaf)
        tg_copy_rows(leaf, data, size);
    else
        memcpy(data, from, size);
    return TG_OK;
}

int64_t tg_param_count(const tg_graph *g)
{
    return g == NULL ? 0 : g->n_params;
}

tg_tensor *tg_param_at(const tg_graph *g, int64_t i)
{
    return g == NULL || i < 0 || i >= g->n_params ? NULL : g->params[i];
}

int tg_is_trainable(const tg_tensor *t)
{
    return t != NULL && t->op == &tg_op_param;
}

tg_leaf_kind tg_leaf_kind_of(const tg_tensor *t)
{
    if (t == NULL) return TG_LEAF_NONE;
    if (t->op == &tg_op_input) return TG_LEAF_INPUT;
    if (t->op == &tg_op_param) return TG_LEAF_PARAM;
    if (t->op == &tg_op_state) return TG_LEAF_STATE;
    return t->op == &tg_op_constant ? TG_LEAF_CONSTANT : TG_LEAF_NONE;
}
