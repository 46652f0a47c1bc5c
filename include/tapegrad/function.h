/* Running expressions: once (tg_eval), or as a compiled function, many times (tg_compile). */
#ifndef TAPEGRAD_FUNCTION_H
#define TAPEGRAD_FUNCTION_H

#include <tapegrad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Computes the values of n tensors now and writes them one after another into data, row-major, which has
 * exactly size bytes. Inputs need a value (tg_set). The plan is kept by the graph and used again when the same
 * expressions are evaluated again, also after tg_rewind and recording anew.
 * Errors (kept by the graph): NULL, UNBOUND, SIZE, INDEX and what else kernels say, MEMORY. */
TG_API tg_status tg_eval(tg_graph *g, tg_tensor *const *tensors, int n, void *data, size_t size);

/* A compiled function: runs without allocating, locking or hashing. */
typedef struct tg_function tg_function;

/* When the function has run, param (or state) takes the value of `value`, which has its type. All values are
 * computed from what the params held before the run. */
typedef struct tg_update {
    tg_tensor *param;
    tg_tensor *value;
} tg_update;

/* Compiles outputs and updates into *out; its inputs are the inputs that they depend on. Errors (kept by the
 * graph): NULL, GRAPH, ARGUMENT (an update of something else than a param, or of one twice), SHAPE and DTYPE
 * (an update of another type), MEMORY. Free it with tg_function_free (NULL is fine) before the graph. */
TG_API tg_status tg_compile(tg_graph *g, tg_tensor *const *outputs, int n_outputs, const tg_update *updates,
                            int n_updates, tg_function **out);
TG_API void tg_function_free(tg_function *f);

/* How to compile; all zero for what tg_compile does. */
typedef struct tg_compile_options {
    /* Passes of the planner to leave out, as "fuse,view"; NULL or "": none. This is for comparing, and for finding
     * what is slow or wrong. tg_pass_name has the names. Without
     *   fuse       every kernel runs alone, over whole arrays
     *   epilogue   a matrix product is scaled, added to something, and goes through ReLU or ReLU's derivative, in steps
     *              of their own
     *   view       transposes, broadcasts and slices are copied; no kernel reads through their strides
     *   loop       every kernel walks over axes, also where a plain loop would do
     *   update     new values are copied to their params at the end, and none is computed there
     *   overwrite  no result is written over what it is computed from
     *   place      no two results share memory
     *   small      arrays of a few elements go through the same kernels as large ones
     *   chain      elementwise operations go over a block one after the other, and none leaves its results in registers.
     *   depth      threads share a product's rows and columns, also where they are few and its sums long
     *   bands      every param stays in rows. Otherwise large matrices that only products read, and that the function
     *              changes in place, lie between its runs as these take them, which takes their size once more; what
     *              tg_data was asked for stays in rows (graph.h)
     * Without fuse, view or small results differ by rounding; without the others they are the same to the last bit. */
    const char *passes_off;
    /* Threads that a run uses, the calling one among them; 0: one. Each function has threads of its own, which sleep
     * between runs and end with it; in a process that was forked off it runs without them. Results do not depend on
     * their number, but for rounding in a build whose matrix products are by CBLAS or oneDNN. */
    int threads;
    /* The most bytes that the function's own memory may take (stats: arena and scratch), params and inputs not counted; 0:
     * no limit. Where results that are kept for later need more, some are dropped and computed again. Which ones is
     * a guess: large ones that are not read for long and are cheap. Params stay in rows (`bands`). Results are the same
     * to the last bit. Error: SIZE when no plan was found that fits. */
    size_t memory_limit;
} tg_compile_options;

#define TG_MAX_THREADS 256

/* tg_compile with options (NULL: the usual ones). Errors: also ARGUMENT (an unknown pass, or threads
 * that are not 0 to TG_MAX_THREADS). */
TG_API tg_status tg_compile_with(tg_graph *g, tg_tensor *const *outputs, int n_outputs,
                                 const tg_update *updates, int n_updates, const tg_compile_options *options,
                                 tg_function **out);

/* The name of the i-th pass that passes_off knows; NULL beyond the last. */
TG_API const char *tg_pass_name(int i);

/* A second function for another thread: it shares the plan and has buffers and bindings of its own (the
 * bindings begin as f's). Params are shared: functions with updates must not run at the same time as others
 * that use the same params. NULL when memory runs out. Call it while f does not run. */
TG_API tg_function *tg_function_fork(const tg_function *f);

/* Lets the function read input's value from data (not copied), row-major, until it is bound anew; data must
 * stay valid while the function runs. An input that is not bound takes its value from tg_set. data NULL
 * unbinds. Errors: NULL, ARGUMENT (not an input of this function). */
TG_API tg_status tg_bind(tg_function *f, const tg_tensor *input, const void *data);

/* Runs once. When it fails, nothing was updated and the outputs are undefined; tg_function_error has the
 * message. Errors: NULL, UNBOUND, STALE, INDEX and what else kernels say. */
TG_API tg_status tg_run(tg_function *f);
TG_API const char *tg_function_error(const tg_function *f);

/* An output's value after a run: where it lies (until the next run), as a copy of exactly size bytes, and as
 * a number for one with a single element (NaN when f has no such output). */
TG_API const void *tg_output(const tg_function *f, const tg_tensor *output);
TG_API tg_status tg_read(const tg_function *f, const tg_tensor *output, void *data, size_t size);
TG_API double tg_scalar(const tg_function *f, const tg_tensor *output);

/* What the plan looks like. */
typedef struct tg_function_stats {
    int64_t nodes;      /* operations that the outputs and updates depend on, leaves included */
    int64_t steps;      /* kernels that a run calls, once or for one block of rows after the other */
    int64_t units;      /* groups of kernels that run together on such blocks */
    size_t arena_bytes; /* buffers for results, placed by lifetime */
    /* The most that is alive at one unit, each result in whole units of 64 bytes: no placement can do with less. */
    size_t live_bytes;
    size_t total_bytes;   /* what those buffers would take without sharing, in such units too */
    size_t scratch_bytes; /* memory that each thread has for what blocks use again */
    /* Params that may lie in bands (passes_off), and the memory for that, beside their own. */
    int64_t params_in_bands;
    size_t bands_bytes;
    int from_cache; /* the plan was there already */
} tg_function_stats;

TG_API tg_function_stats tg_stats(const tg_function *f);

/* One kernel that a run calls. flops counts a multiplication and an addition in a matrix product as two, and an element
 * of any other operation as one; what broadcasting repeats is read once. Kernels of one unit run together, block by
 * block, and bytes that pass between them stay in the cache and are not counted. */
typedef struct tg_step_info {
    const char *op; /* the operation's name; "copy" puts a result into another order; NULL: no such step */
    int n_inputs;
    int64_t unit;
    tg_type output;
    double flops;
    size_t bytes_read, bytes_written;
} tg_step_info;

/* The i-th step in the order of the run, and the type of one of its inputs as the kernel sees it. */
TG_API tg_step_info tg_step_at(const tg_function *f, int64_t i);
TG_API tg_type tg_step_input(const tg_function *f, int64_t i, int input);

#ifdef __cplusplus
}
#endif

#endif
