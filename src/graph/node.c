/* Recording: from an operation and its inputs to the one node that stands for it. */
#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "infer.h"

/* What makes a node the same as another, in front of its shape, inputs and attributes. */
typedef struct key_head {
    const tg_op *op;
    int64_t dtype, rank, n_inputs, attr_size;
} key_head;

static int reserve_key(tg_graph *g, size_t size)
{
    if (g->key_room >= size) return 1;
    char *key = realloc(g->key, 2 * size);
    if (key == NULL) return 0;
    g->key = key;
    g->key_room = 2 * size;
    return 1;
}

/* Puts the key together in g->key and returns its size, or 0 when memory runs out. */
static size_t make_key(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n,
                       const void *attr, size_t attr_size)
{
    size_t shape_size = (size_t)type->rank * sizeof(int64_t), inputs_size = (size_t)n * sizeof(tg_tensor *);
    size_t size = sizeof(key_head) + shape_size + inputs_size + attr_size;
    if (!reserve_key(g, size)) return 0;
    char *at = g->key;
    key_head head = {op, type->dtype, type->rank, n, (int64_t)attr_size};
    memcpy(at, &head, sizeof head);
    at += sizeof head;
    memcpy(at, type->shape, shape_size);
    at += shape_size;
    if (n > 0) memcpy(at, inputs, inputs_size);
    at += inputs_size;
    if (attr_size > 0) memcpy(at, attr, attr_size);
    return size;
}

static int reserve_node(tg_graph *g)
{
    if (g->n_nodes < g->room) return 1;
    int64_t room = g->room == 0 ? 256 : 2 * g->room;
    tg_tensor **nodes = realloc(g->nodes, (size_t)room * sizeof(tg_tensor *));
    if (nodes == NULL) return 0;
    g->nodes = nodes;
    g->room = room;
    return 1;
}

static tg_tensor *new_node(tg_graph *g, size_t key_size)
{
    if (!reserve_node(g)) return NULL;
    tg_tensor *t = tg_arena_take(&g->arena, sizeof *t + key_size);
    if (t == NULL) return NULL;
    memset(t, 0, sizeof *t);
    char *key = (char *)(t + 1);
    memcpy(key, g->key, key_size);
    key_head head;
    memcpy(&head, key, sizeof head);
    t->graph = g;
    t->op = head.op;
    t->dtype = (tg_dtype)head.dtype;
    t->rank = (int)head.rank;
    t->n_inputs = (int)head.n_inputs;
    t->attr_size = (size_t)head.attr_size;
    key += sizeof head;
    t->shape = (const int64_t *)(void *)key;
    key += (size_t)t->rank * sizeof(int64_t);
    t->inputs = (tg_tensor *const *)(void *)key;
    key += (size_t)t->n_inputs * sizeof(tg_tensor *);
    t->attr = key;
    t->origin_kind = g->origin.kind;
    t->origin_of = g->origin.of;
    t->origin_input = g->origin.input;
    return t;
}

tg_tensor *tg_intern(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n,
                     const void *attr, size_t attr_size, int unique)
{
    size_t key_size = make_key(g, op, type, inputs, n, attr, attr_size);
    if (key_size == 0) return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
    unsigned hash = 0;
    if (!unique) {
        tg_tensor *found;
        HASH_VALUE(g->key, key_size, hash);
        HASH_FIND_BYHASHVALUE(hh, g->interned, g->key, key_size, hash, found);
        if (found != NULL) return found;
    }
    tg_tensor *t = new_node(g, key_size);
    if (t == NULL) return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
    if (!unique) {
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, g->interned, (char *)(t + 1), key_size, hash, t);
        if (!tg_hash_added(t)) {
            tg_arena_rewind(&g->arena, t);
            return tg_set_error(g, TG_ERR_MEMORY, "%s: out of memory", op->name);
        }
    }
    t->id = g->n_nodes;
    t->serial = ++g->next_serial;
    g->nodes[g->n_nodes++] = t;
    return t;
}

/* 1 when the inputs can be used; otherwise the error is kept. */
static int inputs_usable(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n)
{
    if (op->n_inputs == TG_VARIADIC ? n < 1 : n != op->n_inputs) {
        tg_set_error(g, TG_ERR_ARGUMENT, "%s: %d inputs, expected %s%d", op->name, n,
                     op->n_inputs == TG_VARIADIC ? "at least " : "",
                     op->n_inputs == TG_VARIADIC ? 1 : op->n_inputs);
        return 0;
    }
    for (int i = 0; i < n; i++)
        if (inputs == NULL || inputs[i] == NULL || inputs[i]->graph != g)
            return tg_check_tensors(g, op->name, "input", inputs, n) == TG_OK;
    return 1;
}

/* Constants of at most this many elements are folded. */
#define FOLD_LIMIT 16

/* The constant that t is, or that it sees with other strides; NULL for anything else. */
static const tg_tensor *constant_of(const tg_tensor *t, int64_t *offset, int64_t *strides)
{
    *offset = 0;
    tg_strides(t->rank, t->shape, strides);
    if (t->op == &tg_op_constant) return t;
    if (t->op->view == NULL || t->n_inputs != 1 || t->inputs[0]->op != &tg_op_constant) return NULL;
    const tg_tensor *seen = t->inputs[0];
    tg_type from = tg_type_of(seen), to = tg_type_of(t);
    int64_t seen_strides[TG_MAX_RANK];
    tg_strides(seen->rank, seen->shape, seen_strides);
    return t->op->view(&from, seen_strides, &to, t->attr, offset, strides) ? seen : NULL;
}

/* Folding is for small results of constants, at least one of which is no view: views stay, since a number that is
 * stretched is easier to recognise than an array of equal numbers. */
static int can_fold(const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n)
{
    int direct = n == 0;
    if (op->scratch != NULL || op->view != NULL || (op->flags & (TG_OP_OPAQUE | TG_OP_CAN_FAIL)) != 0)
        return 0;
    if (n > FOLD_LIMIT || tg_type_count(type) > FOLD_LIMIT || tg_type_count(type) == 0) return 0;
    for (int i = 0; i < n; i++) {
        int64_t offset, strides[TG_MAX_RANK];
        if (constant_of(inputs[i], &offset, strides) == NULL) return 0;
        if (inputs[i]->op == &tg_op_constant)
            direct = 1;
        else if ((op->flags & TG_OP_STRIDED) == 0)
            return 0;
    }
    return direct;
}

static tg_tensor *fold(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs, int n,
                       const void *attr)
{
    tg_view in[FOLD_LIMIT];
    int64_t strides[FOLD_LIMIT + 1][TG_MAX_RANK];
    for (int i = 0; i < n; i++) {
        int64_t offset;
        const tg_tensor *t = inputs[i], *seen = constant_of(t, &offset, strides[i]);
        /* The kernel reads the constant where it lies; it has no way to write there. */
        char *data = (char *)(uintptr_t)seen->attr + offset * (int64_t)tg_dtype_size(t->dtype);
        in[i] = (tg_view){data, t->dtype, t->rank, tg_count(t), t->shape, strides[i]};
    }
    tg_strides(type->rank, type->shape, strides[n]);
    double result[FOLD_LIMIT] = {0};
    tg_kernel_call call = {.attr = attr, .n_inputs = n, .in = in};
    call.out = (tg_view){result, type->dtype, type->rank, tg_type_count(type), type->shape, strides[n]};
    if (op->kernel(&call) != TG_OK) return NULL;
    return tg_intern(g, &tg_op_constant, type, NULL, 0, result, tg_type_bytes(type), 0);
}

static tg_tensor *simplified(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                             int n, const void *attr)
{
    if (can_fold(op, type, inputs, n)) {
        tg_tensor *t = fold(g, op, type, inputs, n, attr);
        if (t != NULL) return t;
    }
    for (const tg_simplification *rule = op->simplify; rule != NULL && rule->name != NULL; rule++) {
        tg_tensor *t = rule->apply(op, inputs, n, attr, type);
        if (t != NULL) return t;
    }
    return NULL;
}

/* Brings the inputs of an elementwise operation to one shape, in `stretched`; inputs that do not fit together
 * stay as they are, and the shape rule will say so. 0 when a broadcast could not be recorded. */
static int broadcast_inputs(tg_graph *g, tg_tensor *const *inputs, int n, tg_tensor **stretched)
{
    int rank = 0;
    int64_t shape[TG_MAX_RANK];
    int fit = 1;
    for (int i = 0; i < n; i++) {
        stretched[i] = inputs[i];
        fit = fit && tg_shape_broadcast(inputs[i]->rank, inputs[i]->shape, &rank, shape);
    }
    for (int i = 0; i < n && fit; i++) {
        if (tg_shape_equal(inputs[i]->rank, inputs[i]->shape, rank, shape)) continue;
        stretched[i] = g->library->broadcast_to(inputs[i], rank, shape);
        if (stretched[i] == NULL) return 0;
    }
    return 1;
}

static void order_inputs(const tg_op *op, tg_tensor *const **inputs, tg_tensor **swapped)
{
    tg_tensor *const *given = *inputs;
    if ((op->flags & TG_OP_COMMUTATIVE) == 0 || given[0]->id <= given[1]->id) return;
    tg_tensor *first = given[1];
    swapped[1] = given[0];
    swapped[0] = first;
    *inputs = swapped;
}

static tg_tensor *record(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    tg_tensor *stretched[TG_ELEMENTWISE_MAX];
    char canonical[TG_ATTR_MAX];
    if ((op->flags & TG_OP_ELEMENTWISE) != 0 && n > 1) {
        if (!broadcast_inputs(g, inputs, n, stretched)) return NULL;
        inputs = stretched;
    }
    tg_infer q = {.graph = g, .op = op, .inputs = inputs, .n = n, .attr = attr};
    if (op->canonical != NULL) {
        memcpy(canonical, attr, op->attr_size);
        if (op->canonical(&q, canonical) != TG_OK) return NULL;
        q.attr = attr = canonical;
    }
    if (tg_infer_run(&q) != TG_OK) return NULL;
    order_inputs(op, &inputs, stretched);
    if ((g->options.flags & TG_NO_SIMPLIFY) == 0) {
        tg_tensor *t = simplified(g, op, &q.output, inputs, n, attr);
        if (t != NULL) return t;
    }
    return tg_intern(g, op, &q.output, inputs, n, attr, op->attr_size,
                     (g->options.flags & TG_NO_INTERN) != 0);
}

tg_tensor *tg_apply(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr)
{
    if (g == NULL) return NULL;
    if (op == NULL) return tg_set_error(g, TG_ERR_NULL, "tg_apply: the operation is NULL");
    if (op->attr_size > 0 && attr == NULL)
        return tg_set_error(g, TG_ERR_NULL, "%s: its attributes are NULL", op->name);
    if (!inputs_usable(g, op, inputs, n)) return NULL;
    if (op->compose != NULL && (op->composes == NULL || op->composes(inputs, n, attr)))
        return op->compose(g, inputs, n, attr);
    return record(g, op, inputs, n, attr);
}
