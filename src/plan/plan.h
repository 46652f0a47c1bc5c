/* Plans: a schedule of kernels over buffers at fixed offsets. A plan refers to nothing of the graph that it was
 * made from, so that it can be shared by functions and outlive a rewind. */
#ifndef TG_PLAN_PLAN_H
#define TG_PLAN_PLAN_H

#include <stdatomic.h>

#include <tapegrad/function.h>

#include "graph/graph.h"
#include "kernels/chain.h"
#include "kernels/elementwise.h"
#include "kernels/small.h"

static inline int64_t tg_at_most(int64_t x, int64_t limit)
{
    return x < limit ? x : limit;
}

/* Memory that a view can lie in: the arena, the plan's constants, the scratch memory of the thread that runs, parts of
 * reductions, or leaf i as TG_BASE_LEAF + i. */
enum { TG_BASE_ARENA, TG_BASE_CONSTANT, TG_BASE_SCRATCH, TG_BASE_PARTS, TG_BASE_LEAF };

/* What a kernel sees of a place when its unit runs block by block. */
typedef struct tg_tile {
    int64_t panel, block; /* bytes from one panel of rows, and from one block of it, to the next */
    int64_t across;       /* bytes from one panel of columns to the next */
    int64_t rows;         /* how many there are, whatever the block; 0: those of the block */
    int64_t per_row;      /* elements for each row */
    int is_cut;           /* per_row are those of a panel of columns, and the last one has fewer */
    int is_across;        /* the unit's rows are this place's columns, and `rows` all of its rows */
    int rank;             /* 1: all of them in one axis; 2: rows by per_row */
    int64_t strides[2];
} tg_tile;

/* A strided array at an offset, in bytes, of some memory. */
typedef struct tg_place {
    int base;
    int64_t offset;
    tg_dtype dtype;
    int rank;
    int64_t count;
    const int64_t *shape, *strides;
    const tg_tile *tile; /* NULL: the kernel sees the place as a whole */
    int64_t band;        /* as in tg_matrix_f32 */
} tg_place;

/* A record of a chain without its address: what memory it has is that of input `operand` of a step, so many behind the
 * first of the chain, or of its result where that is the number of inputs. */
typedef struct tg_chain_link {
    tg_chain_record record;
    int64_t step;
    int operand;
    int64_t row_bytes; /* from one row to the next, in a chain that goes row by row */
} tg_chain_link;

/* One kernel call: n_inputs places from first_place on, and then the result's. */
typedef struct tg_step {
    const tg_op *op;
    tg_kernel_fn kernel;
    const void *attr;
    int n_inputs;
    int64_t first_place;
    int start;     /* the input that a matrix product is added to, element by element; 0: none */
    int64_t after; /* while planning: the step that it must not come before, -1 for none */
    /* What runs instead of the kernel, over all elements in strides of 0 or 1; or NULL. Where is_rows, over each row of
     * the block, the inputs' rows being row_bytes apart, those of the result the last of them. */
    tg_loop loop;
    int64_t strides[TG_ELEMENTWISE_MAX];
    int is_rows;
    int64_t row_bytes[TG_ELEMENTWISE_MAX + 1];
    int64_t chain;         /* > 1: so many steps, from this one on, run as one */
    int64_t chain_columns; /* > 0: the chain goes row by row, and a row has so many elements */
    const tg_chain_link *links;
    int64_t n_links;
} tg_step;

static inline int64_t tg_result_place(const tg_step *step)
{
    return step->first_place + step->n_inputs;
}

/* Steps that run together. For every panel (of panel_rows of the unit's rows and panel_columns of its columns) the
 * first n_heads steps run, then for every block of the panel's rows the next n_blocks steps; the last n_finals run
 * once, at the end. A step that runs alone and as a whole is a final step. Panels are counted along the rows first. */
typedef struct tg_unit {
    int64_t first_step;
    int64_t n_heads, n_blocks, n_finals;
    int64_t rows, panel_rows, block_rows;
    int64_t columns, panel_columns;
    int64_t row_panels, n_panels;
    int is_parallel; /* its panels are worth sharing out among threads */
    /* Where program_units > 0, this and the units behind it, so many in all, run as the program that begins with this
     * record of the plan. */
    int64_t program, program_units;
} tg_unit;

static inline int64_t tg_unit_steps(const tg_unit *unit)
{
    return unit->n_heads + unit->n_blocks + unit->n_finals;
}

/* 1 when each of its steps runs once, on all there is. */
static inline int tg_unit_is_whole(const tg_unit *unit)
{
    return unit->n_panels <= 1 && unit->rows == unit->block_rows;
}

/* The rows of a block, and the columns of its panel. */
typedef struct tg_extents {
    int64_t rows, columns;
} tg_extents;

typedef struct tg_plan_leaf {
    tg_type type;
    int is_input, is_updated;
    int is_banded; /* lies in bands, unless a caller knows where it lies in rows */
    /* The places that lie in it: places_of_leaves[first .. first + count). */
    int64_t first, count;
} tg_plan_leaf;

/* After the last step, bytes are copied from a place to a leaf; a value that was computed there needs no copy. */
typedef struct tg_plan_update {
    int leaf;
    int64_t place; /* -1: it is there already */
    size_t bytes;
} tg_plan_update;

typedef struct tg_plan {
    atomic_int references;
    tg_arena memory; /* steps' attributes, shapes, strides */
    tg_plan_leaf *leaves;
    tg_step *steps; /* in the order of the run */
    tg_unit *units;
    tg_place *places, *in_bands; /* in_bands: NULL, or the same where leaves lie in bands */
    tg_small_record *small;      /* programs, without addresses */
    void (*run_small)(const tg_small_record *first);
    int64_t n_small;
    int is_program;   /* one program is all that a run does */
    int64_t *outputs; /* their places */
    tg_plan_update *updates;
    int64_t *places_of_leaves;
    void *constants;
    int64_t n_steps, n_units, n_places;
    int n_leaves, n_outputs, n_updates;
    int n_copies;       /* updates that are copied */
    size_t arena_bytes; /* scratch and parts included, from these offsets on */
    size_t scratch_offset, parts_offset;
    int threads;
    tg_function_stats stats;
} tg_plan;

/* What the planner can be told to leave out; function.h says what there is in its stead. */
#define TG_PASS_LIST(PASS)                                                                                   \
    PASS(FUSE, "fuse")                                                                                       \
    PASS(EPILOGUE, "epilogue")                                                                               \
    PASS(VIEW, "view")                                                                                       \
    PASS(LOOP, "loop")                                                                                       \
    PASS(UPDATE, "update")                                                                                   \
    PASS(OVERWRITE, "overwrite")                                                                             \
    PASS(PLACE, "place")                                                                                     \
    PASS(SMALL, "small")                                                                                     \
    PASS(CHAIN, "chain")                                                                                     \
    PASS(DEPTH, "depth")                                                                                     \
    PASS(BANDS, "bands")

typedef enum tg_pass {
#define TG_PASS_NUMBER(pass, name) TG_PASS_##pass,
    TG_PASS_LIST(TG_PASS_NUMBER)
#undef TG_PASS_NUMBER
        TG_PASSES
} tg_pass;

/* The bits (1 << tg_pass) of passes named in a list with commas. 0 and the name that is none in *unknown (of *length
 * bytes), or 1. */
int tg_passes_named(const char *list, unsigned *set, const char **unknown, int *length);

/* What is to be compiled, and the nodes it depends on, in the order of the tape. */
typedef struct tg_request {
    tg_graph *graph;
    tg_tensor *const *outputs;
    const tg_update *updates;
    int n_outputs, n_updates;
    tg_tensor **nodes;
    int64_t n_nodes;
    int32_t *local; /* id - low to index in nodes, -1 for others */
    int64_t low, high;
    unsigned passes_off; /* bits: 1 << tg_pass */
    int threads;         /* 0: one */
    size_t memory_limit; /* 0: none */
    int leaves_only;     /* nodes are the leaves alone, and not the request's own: its plan is known */
} tg_request;

/* Nodes of a request, by their index, in an order in which they can be computed. again[i]: not for the first time. */
typedef struct tg_order {
    int32_t *nodes;
    unsigned char *again;
    int64_t n;
} tg_order;

static inline int tg_does(const tg_request *request, tg_pass pass)
{
    return (request->passes_off & 1u << pass) == 0;
}

/* 1 for what a function reads from memory that is not its own. */
static inline int tg_is_bound(const tg_tensor *t)
{
    return t->is_leaf || t->op == &tg_op_input;
}

/* Collects the nodes of a request whose key is known. The caller frees with tg_request_free, also after a failure. */
tg_status tg_request_make(tg_request *request);
void tg_request_free(tg_request *request);
static inline int32_t tg_request_index(const tg_request *request, const tg_tensor *t)
{
    return request->local[t->id - request->low];
}

/* The structure of a request, the same for the same expressions over leaves of the same types. */
XXH128_hash_t tg_request_hash(const tg_request *request);

/* The same for the same expressions over the same leaves. It takes no nodes, and as long as there are outputs and what
 * was recorded since the last key. */
tg_status tg_request_key(tg_request *request, XXH128_hash_t *key);

/* A new plan with one reference, or NULL with the error kept by the graph. order may be NULL: that of the tape. */
tg_plan *tg_plan_build(const tg_request *request, const tg_order *order);
/* The same within the request's memory limit, computing results again instead of keeping them (recompute.c). */
tg_plan *tg_plan_build_within(const tg_request *request);
void tg_plan_release(tg_plan *plan);

/* A buffer of the arena: lives from the unit that fills it to the last that reads it. Here and in what follows units
 * are called steps: they are the moments of its life. */
typedef struct tg_buffer {
    size_t bytes;
    int64_t first, last; /* last = n_steps: it stays */
    int64_t
        reuses; /* a buffer of as many bytes that ends where this one begins and may be overwritten, or -1 */
    int taken_over; /* another buffer reuses this one */
    int64_t offset; /* the answer */
} tg_buffer;

/* Gives every buffer its offset; buffers come in the order of `first`. *size is what the arena needs, and *least the
 * most that is taken at one step, in whole units of TG_ALIGNMENT. Without `share` no two buffers share memory, but for
 * those that reuse another's. 0 when memory runs out. */
int tg_place_buffers(tg_buffer *buffers, int64_t n, int64_t n_steps, int share, size_t *size, size_t *least);

/* When places have their offsets: finds the units that run as programs. They may take more scratch memory if there is
 * no limit. 0 when memory runs out. */
int tg_plan_small(tg_plan *plan, int has_limit);
/* Moves results of the n records of a program, in the order of steps, behind the scratch memory, and what reads them.
 * How many bytes it takes there. */
size_t tg_spread_program(tg_plan *plan, const tg_small_record *first, int64_t n);
/* Puts the n records of a program, which have no functions yet, in another order. 0 when memory runs out. */
int tg_order_program(const tg_plan *plan, tg_small_record *first, int64_t n);
/* 1 when input k of a record can be had as what the one before it leaves in registers; sums and products choose lanes of
 * that. */
int tg_can_be_kept(const tg_plan *plan, const tg_small_record *r, int k, const tg_small_record *before);

/* Chooses the function of a record, behind the `first` of its program, and how it has its operands: as near to the best
 * way as there is one. */
void tg_choose_form(const tg_plan *plan, const tg_small_record *first, tg_small_record *r);

/* Then finds the steps that run as chains. 0 when memory runs out. */
int tg_plan_chains(tg_plan *plan);
/* 1 when steps of that operation, whose operands and result are of that type, can run in chains. */
int tg_can_chain(const tg_op *op, tg_dtype dtype);

/* At the very end: chooses params that lie in bands. 0 when memory runs out. */
int tg_plan_bands(tg_plan *plan);

/* Lets a view, and its shape of two, show so much of a place's tile. */
void tg_show_tile(const tg_tile *tile, tg_extents size, int64_t *shape, tg_view *view);

/* The function of a plan: its leaves are those of request. NULL with the error kept. Takes no reference of the
 * caller's: it adds its own. */
tg_function *tg_function_new(tg_plan *plan, const tg_request *request);
/* Lets f stand for another request with the same plan; bindings are dropped. */
void tg_function_adopt(tg_function *f, const tg_request *request);

#endif
