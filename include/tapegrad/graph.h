/* Graphs and tensors.
 *
 * A tg_graph is a tape: the append-only list of recorded operations (the Wengert list). A tg_tensor is one
 * node of it: an operation with its inputs, its attributes and the type of its result. Recording computes
 * nothing; tg_eval and tg_compile (function.h) do.
 *
 *     tg_graph *g = tg_graph_new(NULL);
 *     tg_tensor *x = tg_input(g, "x", TG_F64, 0, NULL);
 *     tg_tensor *y = tg_mul(tg_sin(x), tg_exp(x));
 *     ...
 *     tg_graph_free(g);
 *
 * Ownership: tensors are borrowed; the graph owns them and frees them with itself.
 * Errors: a call that cannot build its tensor returns NULL. A NULL tensor as input gives NULL again, so that
 * expressions nest without a check after every call, and the graph keeps the first error until
 * tg_clear_error. Whatever existed before a failed call is intact.
 * Threads: one graph is for one thread at a time; two graphs share nothing.
 * Same expression, same tensor: an operation with the same inputs and attributes as an earlier one is that
 * earlier tensor, so equality of expressions is equality of pointers. Inputs and params are never merged. */
#ifndef TAPEGRAD_GRAPH_H
#define TAPEGRAD_GRAPH_H

#include <tapegrad/array.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_graph tg_graph;
typedef struct tg_tensor tg_tensor;
typedef struct tg_op tg_op;

/* Switches for tg_graph_options.flags, mostly for tests and for showing what a graph looks like without. */
#define TG_NO_SIMPLIFY 1u /* record every operation as it is written, without the rewrite rules */
#define TG_NO_INTERN 2u   /* record an operation again although the same one is there */

typedef struct tg_graph_options {
    uint64_t seed;  /* of the params' initialisers; see tg_random_key */
    unsigned flags; /* TG_NO_SIMPLIFY | TG_NO_INTERN */
} tg_graph_options;

/* A new, empty graph, or NULL when memory runs out. options may be NULL: all zeros. */
TG_API tg_graph *tg_graph_new(const tg_graph_options *options);
/* Frees the graph with every tensor and every param's value. NULL is fine. Functions compiled from it must be
 * freed before. */
TG_API void tg_graph_free(tg_graph *g);
TG_API uint64_t tg_graph_seed(const tg_graph *g);

/* ---- Errors ------------------------------------------------------------------------------------------- */

/* The first error since the graph was made or tg_clear_error was called: its code and its message, which
 * names the operation, the tensors and both shapes. TG_OK and "" when there is none. tg_error(NULL) is a
 * message too. The text is the graph's and stays until the next call that changes the graph. */
TG_API tg_status tg_graph_status(const tg_graph *g);
TG_API const char *tg_error(const tg_graph *g);
TG_API void tg_clear_error(tg_graph *g);
/* Keeps an error as the library's own functions do: the first one stays. For functions that build
 * expressions on top of the library. Returns NULL, so that they can end with `return tg_set_error(...)`. */
TG_API tg_tensor *tg_set_error(tg_graph *g, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* ---- Leaves ------------------------------------------------------------------------------------------- */

/* Names of inputs, params and states: letters, digits, '_', '.', '/' and '-', at most 255 of them, each name
 * once in a graph. shape may be NULL for rank 0. Errors: NAME, DTYPE, RANK, SIZE, MEMORY. */

/* A value that is given when the expression runs: by tg_set, or by tg_bind for one function. */
TG_API tg_tensor *tg_input(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape);

/* A value that the graph keeps between runs and that training changes. data (copied) may be NULL: zeros. */
TG_API tg_tensor *tg_param(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape,
                           const void *data);
/* The same, but not trainable: step counters, running means, an optimiser's moments. */
TG_API tg_tensor *tg_state(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape,
                           const void *data);

/* A fixed array (data is copied), and a fixed scalar. Every value must be representable in dtype: 0.5 as an
 * i64 is an error, and so is 1e39 as an f32; 0.1 as an f32 is rounded. */
TG_API tg_tensor *tg_constant(tg_graph *g, tg_dtype dtype, int rank, const int64_t *shape, const void *data);
TG_API tg_tensor *tg_number(tg_graph *g, tg_dtype dtype, double value);

/* Copies `size` bytes into, or out of, an input, param or state. size must be exactly the tensor's size.
 * tg_get also reads constants. Errors: NULL, ARGUMENT (another kind of tensor), SIZE, UNBOUND (an input
 * without a value), MEMORY. Not while a function that uses the tensor runs in another thread. */
TG_API tg_status tg_set(tg_tensor *leaf, const void *data, size_t size);
TG_API tg_status tg_get(const tg_tensor *leaf, void *data, size_t size);

/* The value of a param, state, constant, or set input where it lies, row-major; NULL for anything else. What is there
 * changes with the value. Whoever has asked for a param once keeps functions from laying it out anew (`bands`, function.h),
 * which makes training large layers a few percent faster; tg_get does not. Not while a function that uses the tensor
 * runs in another thread. */
TG_API const void *tg_data(const tg_tensor *leaf);

/* The params and states in the order they were made; tg_is_trainable tells them apart. */
TG_API int64_t tg_param_count(const tg_graph *g);
TG_API tg_tensor *tg_param_at(const tg_graph *g, int64_t i); /* NULL beyond the end */
TG_API int tg_is_trainable(const tg_tensor *t);
/* What kind of leaf a tensor is. */
typedef enum tg_leaf_kind {
    TG_LEAF_NONE, /* an operation's result */
    TG_LEAF_INPUT,
    TG_LEAF_PARAM,
    TG_LEAF_STATE,
    TG_LEAF_CONSTANT
} tg_leaf_kind;
TG_API tg_leaf_kind tg_leaf_kind_of(const tg_tensor *t); /* NONE for NULL */
/* The input, param or state of that name, or NULL (which is no error). */
TG_API tg_tensor *tg_find(const tg_graph *g, const char *name);

/* ---- Looking at a tensor ------------------------------------------------------------------------------ */

TG_API tg_graph *tg_graph_of(const tg_tensor *t); /* NULL for NULL, as are the pointers below */
TG_API tg_type tg_type_of(const tg_tensor *t);    /* f32 of rank -1 for NULL */
TG_API tg_dtype tg_dtype_of(const tg_tensor *t);
TG_API int tg_rank(const tg_tensor *t); /* -1 for NULL */
TG_API const int64_t *tg_shape(const tg_tensor *t);
TG_API int64_t tg_count(const tg_tensor *t); /* the number of elements; -1 for NULL */

/* The position on the tape: every input's id is smaller than the tensor's own. */
TG_API int64_t tg_id(const tg_tensor *t);
TG_API int64_t tg_node_count(const tg_graph *g);
TG_API tg_tensor *tg_node(const tg_graph *g, int64_t id); /* NULL beyond the end */

TG_API const tg_op *tg_op_of(const tg_tensor *t);
TG_API int tg_input_count(const tg_tensor *t);
TG_API tg_tensor *tg_input_at(const tg_tensor *t, int i);
TG_API const void *tg_attr_of(const tg_tensor *t);

/* A name for messages and printed equations; for inputs and params it is their name and cannot be changed.
 * tg_set_name copies and returns its tensor, so that it nests; the name of an expression that was recorded
 * before stays unless it had none. tg_name gives "" for a tensor without one. */
TG_API tg_tensor *tg_set_name(tg_tensor *t, const char *name);
TG_API const char *tg_name(const tg_tensor *t);

/* Where a tensor that differentiation made comes from. */
typedef enum tg_origin_kind {
    TG_ORIGIN_RECORDED, /* not from differentiation */
    TG_ORIGIN_REVERSE,  /* made by the reverse rule of node `of`; `input` tells for which of its inputs */
    TG_ORIGIN_FORWARD,  /* made by the forward rule of node `of` */
    TG_ORIGIN_SUM       /* the sum of the adjoints that node `of` gets from its several uses */
} tg_origin_kind;

typedef struct tg_origin {
    tg_origin_kind kind;
    tg_tensor *of; /* NULL when recorded */
    int input;     /* -1 where it does not apply */
} tg_origin;

TG_API tg_origin tg_origin_of(const tg_tensor *t);

/* 1 when y's value can change with x's: there is a path of operations from x to y, and every tensor is
 * reached from itself. Through integers and comparisons too, so a dependence does not promise a gradient. */
TG_API int tg_depends_on(const tg_tensor *y, const tg_tensor *x);

/* ---- Marks -------------------------------------------------------------------------------------------- */

/* A point on the tape. tg_rewind drops everything recorded after it: tensors, inputs, params and their
 * values, and an error kept since. It is for programs that record again in a loop; functions compiled from
 * what is dropped keep running unless they use a dropped input or param (TG_ERR_STALE), and a function that
 * is compiled from the same expressions again is found ready (function.h).
 * tg_rewind returns TG_ERR_ARGUMENT for a mark that lies beyond the end of the tape. */
typedef struct tg_mark {
    int64_t nodes;
    tg_status status;
} tg_mark;

TG_API tg_mark tg_get_mark(const tg_graph *g);
TG_API tg_status tg_rewind(tg_graph *g, tg_mark mark);

#ifdef __cplusplus
}
#endif

#endif
