/* Operation records: what an operation is, in one place. The library's own operations are such records
 * (src/ops), and a program can add its own, which are then recorded, checked, printed and differentiated like
 * ours. examples/custom_op.c is a complete one.
 *
 * An operation is primitive (it has an infer function and a kernel) or composed (it has a compose function
 * that writes it with other operations, and gets its derivatives from them). */
#ifndef TAPEGRAD_OP_H
#define TAPEGRAD_OP_H

#include <tapegrad/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Attributes --------------------------------------------------------------------------------------- */

/* An attribute struct consists of these alone, 8 bytes or a multiple each, so that it has no padding and can
 * be compared as bytes. It holds no pointers. */
typedef struct tg_ints {
    int64_t count; /* -1: not given */
    int64_t values[TG_MAX_RANK];
} tg_ints;

typedef enum tg_attr_kind {
    TG_ATTR_INT,   /* int64_t */
    TG_ATTR_FLOAT, /* double */
    TG_ATTR_BOOL,  /* int64_t, 0 or 1 */
    TG_ATTR_DTYPE, /* int64_t, a tg_dtype */
    TG_ATTR_INTS   /* tg_ints; entries beyond count are 0 */
} tg_attr_kind;

typedef struct tg_attr {
    const char *name;
    tg_attr_kind kind;
    size_t offset;        /* in the attribute struct */
    const char *fallback; /* the default, as text: "1", "0.01", "false", "f64", "none"; NULL: must be given */
} tg_attr;

/* ---- Shape rule --------------------------------------------------------------------------------------- */

typedef struct tg_infer tg_infer;

TG_API int tg_infer_input_count(const tg_infer *q);
TG_API tg_type tg_infer_input(const tg_infer *q, int i);
TG_API const void *tg_infer_attr(const tg_infer *q);
/* Says the result's type; or what is wrong, with a message that need not name the operation or its inputs'
 * types (they are added). Each returns what infer must return. */
TG_API tg_status tg_infer_output(tg_infer *q, tg_dtype dtype, int rank, const int64_t *shape);
TG_API tg_status tg_infer_fail(tg_infer *q, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* ---- Kernel ------------------------------------------------------------------------------------------- */

/* An array that a kernel works on: element i0, i1, … lies at data + sum(i_k * strides[k]) elements. Strides
 * are row-major unless the record has TG_OP_STRIDED, and then those of inputs may be anything, 0 and
 * negative too; an output is always row-major. */
typedef struct tg_view {
    void *data;
    tg_dtype dtype;
    int rank;
    int64_t count;
    const int64_t *shape;
    const int64_t *strides;
    int64_t band; /* 0, but in the library's own matrix products */
} tg_view;

typedef struct tg_kernel_call {
    const void *attr;
    int n_inputs;
    const tg_view *in;
    tg_view out;
    void *scratch; /* as many bytes as the record's scratch function asked for, 64-byte aligned */
    tg_diag *diag; /* for tg_fail */
} tg_kernel_call;

/* Fills call->out. It must not allocate, print, keep state or touch anything else; several threads may run it
 * at once. A value that has no answer (an index out of range) is `return tg_fail(call->diag, …)`. */
typedef tg_status (*tg_kernel_fn)(const tg_kernel_call *call);

/* ---- Derivative rules --------------------------------------------------------------------------------- */

typedef struct tg_rule tg_rule;

/* What a rule works with: the operation's graph, inputs, output, attributes. */
TG_API tg_graph *tg_rule_graph(const tg_rule *r);
TG_API int tg_rule_input_count(const tg_rule *r);
TG_API tg_tensor *tg_rule_input(const tg_rule *r, int i);
TG_API tg_tensor *tg_rule_output(const tg_rule *r);
TG_API const void *tg_rule_attr(const tg_rule *r);

/* Reverse rule: reads the output's adjoint and gives each input's, as tensors; an input without a gradient
 * is left out. tg_rule_wants tells whether anyone needs input i's adjoint. The adjoint must have the input's
 * type. Giving one twice adds them. */
TG_API tg_tensor *tg_rule_output_adjoint(const tg_rule *r);
TG_API int tg_rule_wants(const tg_rule *r, int i);
TG_API void tg_rule_adjoint(tg_rule *r, int i, tg_tensor *adjoint);

/* Forward rule: reads the inputs' tangents, NULL where zero, and gives the output's. Giving it twice adds. */
TG_API tg_tensor *tg_rule_tangent(const tg_rule *r, int i);
TG_API void tg_rule_output_tangent(tg_rule *r, tg_tensor *tangent);

typedef void (*tg_rule_fn)(tg_rule *r);

/* ---- The record --------------------------------------------------------------------------------------- */

/* A named rewrite at creation: returns an existing or simpler tensor of the same type and value for the
 * operation on these inputs, or NULL. */
typedef struct tg_simplification {
    const char *name; /* "x + 0 = x" */
    tg_tensor *(*apply)(const tg_op *op, tg_tensor *const *inputs, int n, const void *attr,
                        const tg_type *type);
} tg_simplification;

#define TG_VARIADIC (-1)        /* n_inputs: one or more */
#define TG_OP_ELEMENTWISE 1u    /* inputs have the output's shape; each element depends on its own alone */
#define TG_OP_COMMUTATIVE 2u    /* two inputs whose order does not matter */
#define TG_OP_STRIDED 4u        /* the kernel accepts any strides of its inputs */
#define TG_OP_CONSTANT_SLOPE 8u /* locally constant, or of integer type: its derivative is zero */
#define TG_OP_CAN_FAIL 16u      /* the kernel can fail on bad values */
#define TG_OP_OPAQUE 32u        /* never folded or simplified away */
#define TG_OP_REDUCTION 64u     /* the library's sum, max, min: parts may be reduced first */
#define TG_OP_ROWWISE 128u      /* a row of the result needs that row of the first input alone */
/* A column of the result needs that column of the second input alone, and rows of the result may lie further apart. */
#define TG_OP_COLUMNWISE 256u

/* The interval that tests draw an input from. */
typedef struct tg_domain {
    double low, high;
} tg_domain;

/* How an operation reads in index notation, for proofs (proof.h). Elementwise operations are read from their formula
 * and views from their strides, so this is for the others. */
typedef enum tg_index_form {
    TG_INDEX_NONE,    /* not said */
    TG_INDEX_SUM,     /* the sum over the axes that the attribute `axis` names */
    TG_INDEX_MAX,     /* the largest element over them */
    TG_INDEX_MIN,     /* the smallest */
    TG_INDEX_PRODUCT, /* sum_k a[..., i, k] b[..., k, j] */
    TG_INDEX_CAST     /* the same numbers in another element type */
} tg_index_form;

struct tg_op {
    const char *name;    /* letters, digits and '_' */
    int n_inputs;        /* or TG_VARIADIC */
    const char *inputs;  /* their names: "x", "a b", "condition a b" */
    const char *formula; /* what it computes, for people: "log(1 + exp(x))" */
    const char *text;  /* how it prints, #1 #2 … standing for the inputs: "#1 + #2"; NULL: name(#1, …) */
    const char *latex; /* the same for LaTeX; NULL: \operatorname{name}(…) */
    const tg_attr *attrs; /* n_attrs of them */
    int n_attrs;
    size_t attr_size; /* of the attribute struct; at most TG_ATTR_MAX */
    unsigned flags;
    tg_domain domain;         /* where every floating input is drawn from in tests; {0, 0}: -2 to 2 */
    const char *const *cases; /* calls for the tests, NULL-ended: "sum(f[2, 3], axis=1)"; docs/checking.md has
                                 their form */

    /* A primitive. Elementwise operations find their inputs broadcast to one shape. */
    tg_status (*canonical)(tg_infer *q, void *attr); /* rewrites the attributes into the one form that equal
                                                        operations share (axis -1 as 1); or NULL */
    tg_status (*infer)(tg_infer *q);
    tg_kernel_fn kernel;
    size_t (*scratch)(const tg_type *inputs, int n, const tg_type *output, const void *attr); /* or NULL */
    /* One of these ways to a derivative, unless TG_OP_CONSTANT_SLOPE:
     * slope — elementwise operations only: g times the derivative with respect to input i, elementwise. It
     *         serves both modes, since the Jacobian is diagonal.
     * vjp and jvp — jvp may be NULL: it is then derived from vjp by transposing it. */
    tg_tensor *(*slope)(const tg_rule *r, int i, tg_tensor *g);
    tg_rule_fn vjp;
    tg_rule_fn jvp;
    const tg_simplification *simplify; /* ended by a NULL name; or NULL */
    /* For an operation that is smooth in pieces: the tensor whose values say which piece applies where (relu:
     * the sign of x; a comparison: itself). Between two points with the same values lies no kink; tg_check
     * (check.h) relies on it. NULL: smooth. */
    tg_tensor *(*branch)(tg_tensor *node);
    tg_index_form index;
    /* The output is the first input's memory seen with other strides (reshape, transpose): fills *offset and
     * strides, both in elements, from the input's, and returns 1; or returns 0 when that cannot be, and the
     * kernel runs (which may be NULL when that never happens). NULL: never. */
    int (*view)(const tg_type *input, const int64_t *input_strides, const tg_type *output, const void *attr,
                int64_t *offset, int64_t *strides);

    /* Or a composed operation. A primitive may have both: compose is then called only where composes says so,
     * for inputs that have to be brought into a form that the primitive takes. */
    tg_tensor *(*compose)(tg_graph *g, tg_tensor *const *inputs, int n, const void *attr);
    int (*composes)(tg_tensor *const *inputs, int n, const void *attr);
};

#define TG_ATTR_MAX 1024     /* bytes of an attribute struct */
#define TG_ELEMENTWISE_MAX 4 /* inputs of an elementwise operation */

/* ---- Using records ------------------------------------------------------------------------------------ */

/* Records an operation. attr is the record's attribute struct, or NULL when it has none. op is one of the
 * library's (tg_op_find) or what tg_op_register returned. Errors, kept by the graph: NULL, GRAPH, whatever
 * infer says, MEMORY. Returns NULL quietly when an input is NULL and the graph has an error already. */
TG_API tg_tensor *tg_apply(tg_graph *g, const tg_op *op, tg_tensor *const *inputs, int n, const void *attr);

/* Checks a record, copies it into the graph and returns the copy, or NULL with an error kept (NAME: taken or
 * malformed; RULE: neither kernel nor compose, or no way to a derivative; ARGUMENT: attributes do not fit).
 * Strings, attribute lists and functions stay borrowed and must outlive the graph. */
TG_API const tg_op *tg_op_register(tg_graph *g, const tg_op *op);

/* Every operation: the library's, then the graph's own. NULL beyond the end, or for an unknown name. */
TG_API const tg_op *tg_op_at(const tg_graph *g, int i);
TG_API const tg_op *tg_op_find(const tg_graph *g, const char *name);

#ifdef __cplusplus
}
#endif

#endif
