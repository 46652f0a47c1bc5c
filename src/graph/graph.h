/* The graph from inside. Only src/graph, src/ops and src/plan include this; everything else uses the public
 * headers. */
#ifndef TG_GRAPH_GRAPH_H
#define TG_GRAPH_GRAPH_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include <tapegrad/diff.h>
#include <tapegrad/graph.h>
#include <tapegrad/op.h>

#include "hash.h"
#include "memory.h"
#include "type.h"

/* Where the value of a leaf is, bits: in `data`, and in `bands`. */
enum { TG_IN_ROWS = 1, TG_IN_BANDS = 2 };

/* What an input, param or state has beside its node. */
typedef struct tg_leaf {
    tg_tensor *tensor;
    char *name;
    void *data;  /* NULL: an input without a value */
    void *bands; /* memory of a param for its value in bands, or NULL; layout.c */
    atomic_int current, is_locked;
    atomic_int keeps_rows; /* a caller knows where data is: what functions change, they change there */
    UT_hash_handle hh;     /* by name */
} tg_leaf;

/* A node that the table finds; the block of the arena behind its node. */
typedef struct tg_interned {
    UT_hash_handle hh; /* its key is the node */
} tg_interned;

/* What a node is made of. */
typedef struct tg_recipe {
    const tg_op *op;
    const tg_type *type;
    tg_tensor *const *inputs;
    const void *attr;
    size_t attr_size;
    int n;
    int shape_of_first; /* its shape is that of its first input */
    int unique;         /* it is never merged with another */
} tg_recipe;

/* Where a node is looked for when the same operation is recorded again. */
typedef enum tg_found_by {
    TG_FOUND_NOWHERE,
    TG_FOUND_BY_INPUT, /* among the users of its newest input */
    TG_FOUND_BY_TABLE
} tg_found_by;

/* A node. It is one block of the arena: the struct, and behind it its inputs, its shape unless it is that of the
 * first input, and its attributes. Small, since on a long tape the memory costs more time than the work. */
struct tg_tensor {
    const tg_op *op;
    tg_graph *graph;
    const int64_t *shape;
    tg_tensor *users; /* the newest of the nodes that are found by this one */
    union {
        tg_tensor *next_user; /* the next older one that is found by the same input */
        tg_interned *entry;
    } found;
    union {
        tg_leaf *leaf;
        char *name; /* of an expression, or NULL; a leaf has its own */
    } own;
    int32_t id;
    int32_t origin_of; /* a node's id, -1 for none */
    int32_t origin_input;
    int32_t n_inputs;
    uint8_t dtype;
    uint8_t rank;
    uint8_t n_users;
    uint8_t found_by;      /* a tg_found_by */
    uint8_t origin_kind;   /* a tg_origin_kind */
    uint8_t is_leaf;       /* own is a leaf */
    uint8_t has_shape;     /* its shape is its own */
    uint8_t sees_constant; /* it is a constant, or views one */
    tg_tensor *inputs[];
};

/* A graph has no more nodes than that, so that an id takes 32 bits. */
#define TG_MOST_NODES INT32_MAX

static inline tg_leaf *tg_leaf_of(const tg_tensor *t)
{
    return t->is_leaf ? t->own.leaf : NULL;
}

static inline const void *tg_node_attr(const tg_tensor *t)
{
    return (const int64_t *)(const void *)(t->inputs + t->n_inputs) + (t->has_shape ? t->rank : 0);
}

size_t tg_node_attr_size(const tg_tensor *t);

/* What differentiation needs from a set of operations, and the set itself. */
typedef struct tg_library {
    const tg_op *(*op_at)(int i); /* NULL beyond the end */
    tg_tensor *(*add)(tg_tensor *a, tg_tensor *b);
    tg_tensor *(*full)(tg_graph *g, const tg_type *type, double value);
    tg_tensor *(*broadcast_to)(tg_tensor *x, int rank, const int64_t *shape);
} tg_library;

struct tg_graph {
    tg_graph_options options;
    const tg_library *library;
    tg_arena arena;
    tg_tensor **nodes;
    int64_t n_nodes, room;
    XXH128_hash_t *structures; /* of the oldest nodes; structure.c */
    int64_t n_structures, structures_room;
    uint64_t last_serial;
    atomic_ullong leaf_changes; /* how often nodes were dropped or values of leaves moved */
    tg_interned *interned;      /* uthash head */
    tg_leaf *leaves;            /* uthash head, by name */
    tg_tensor **params;
    int64_t n_params, params_room;
    tg_op **own_ops; /* registered ones */
    int n_own_ops;
    tg_origin origin; /* given to nodes recorded now */
    tg_status status;
    char error[TG_DIAG_SIZE];
    /* Where in it a shape rule says what is wrong, up to where it lists the inputs; 0 if it does not. */
    int error_what, error_inputs;
    /* Where the plan layer keeps its compiled plans. */
    void *plans;
    void (*free_plans)(void *plans);
};

/* Leaf records; they compute nothing. */
extern const tg_op tg_op_input, tg_op_param, tg_op_state, tg_op_constant;

static inline unsigned long long tg_count_leaf_changes(const tg_graph *g)
{
    return atomic_load_explicit(&g->leaf_changes, memory_order_relaxed);
}

/* Functions look at their leaves anew. */
static inline void tg_leaves_changed(tg_graph *g)
{
    atomic_fetch_add_explicit(&g->leaf_changes, 1, memory_order_relaxed);
}

/* Frees a leaf that the graph does not have, or has no more. */
void tg_leaf_free(tg_leaf *leaf);

tg_graph *tg_graph_create(const tg_graph_options *options, const tg_library *library);

/* The node of that recipe, new or not; NULL and an error when memory runs out. It neither infers nor simplifies. */
tg_tensor *tg_intern(tg_graph *g, const tg_recipe *recipe);

/* tg_intern for a constant. */
tg_tensor *tg_constant_node(tg_graph *g, const tg_type *type, const void *data);

/* The constant that the operation gives for inputs that see constants alone; NULL where it is not folded. */
tg_tensor *tg_fold_constants(tg_graph *g, const tg_op *op, const tg_type *type, tg_tensor *const *inputs,
                             int n, const void *attr);

/* By which the table finds a recipe's node. */
unsigned tg_recipe_hash(const tg_recipe *recipe);

/* Sees to it that every node up to id `last` has a structure; 0 when memory runs out. */
int tg_find_structures(tg_graph *g, int64_t last);

/* Makes t, the newest node, impossible to find. */
void tg_forget(tg_graph *g, tg_tensor *t);

/* Drops every node from id `nodes` on; keeps the error. */
void tg_truncate(tg_graph *g, int64_t nodes);

/* Sets the error as tg_set_error does, but returns the status that the caller should return. */
tg_status tg_graph_fail(tg_graph *g, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* "relu(x)" style description for messages: "'x' f32[2, 3]" or "%7 f32[2, 3]". Returns text. */
#define TG_LABEL_TEXT (TG_TYPE_TEXT + 64)
char *tg_label(const tg_tensor *t, char *text, size_t size);

/* Checks the arguments of a call that ends an expression: none NULL, all of graph g. `role` names them in the
 * message. */
tg_status tg_check_tensors(tg_graph *g, const char *call, const char *role, tg_tensor *const *ts, int n);

/* 1 when t is of that type. */
static inline int tg_has_type(const tg_tensor *t, const tg_type *type)
{
    return t->dtype == type->dtype && tg_shape_equal(t->rank, t->shape, type->rank, type->shape);
}

static inline int tg_same_types(const tg_tensor *a, const tg_tensor *b)
{
    return a->dtype == b->dtype && tg_shape_equal(a->rank, a->shape, b->rank, b->shape);
}

static inline int tg_is_floating(tg_dtype dtype)
{
    return dtype == TG_F32 || dtype == TG_F64;
}

#endif
