/* Params with initial values, and inputs by batch size. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/nn.h>
#include <tapegrad/random.h>

/* A tensor's first and last axis as the layer sees them. */
static void fans(int rank, const int64_t *shape, double *in, double *out)
{
    *in = *out = 1;
    for (int i = 0; i < rank; i++) {
        if (i < rank - 1) *in *= (double)shape[i];
        if (i == rank - 1) *out = (double)shape[i];
    }
}

/* The initial values as an expression of graph g. */
static tg_tensor *initial(tg_graph *g, uint64_t seed, tg_dtype dtype, int rank, const int64_t *shape,
                          tg_init init)
{
    double in, out;
    fans(rank, shape, &in, &out);
    int64_t bits;
    memcpy(&bits, &seed, sizeof bits);
    tg_tensor *key = tg_constant(g, TG_I64, 0, NULL, &bits);
    double limit = sqrt(6 / (in + out));
    switch (init.kind) {
    case TG_INIT_KIND_ZEROS:
        return tg_full(g, dtype, rank, shape, 0);
    case TG_INIT_KIND_CONSTANT:
        return tg_full(g, dtype, rank, shape, init.a);
    case TG_INIT_KIND_UNIFORM:
        if (fabs(init.b - init.a) > (dtype == TG_F32 ? (double)FLT_MAX : DBL_MAX))
            return tg_set_error(g, TG_ERR_ARGUMENT, "uniform from %g to %g is wider than the numbers of %s",
                                init.a, init.b, tg_dtype_name(dtype));
        return tg_add_scalar(tg_mul_scalar(tg_random_uniform(key, dtype, rank, shape), init.b - init.a),
                             init.a);
    case TG_INIT_KIND_NORMAL:
        return tg_add_scalar(tg_mul_scalar(tg_random_normal(key, dtype, rank, shape), init.b), init.a);
    case TG_INIT_KIND_GLOROT:
        return tg_add_scalar(tg_mul_scalar(tg_random_uniform(key, dtype, rank, shape), 2 * limit), -limit);
    case TG_INIT_KIND_HE:
        return tg_mul_scalar(tg_random_normal(key, dtype, rank, shape), sqrt(2 / in));
    }
    return tg_set_error(g, TG_ERR_ARGUMENT, "unknown initialiser %d", (int)init.kind);
}

/* Fills data in a graph of its own, so that the caller's tape holds the network alone. */
static tg_status compute_initial(uint64_t seed, const tg_type *type, tg_init init, void *data, tg_diag *diag)
{
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory");
    tg_tensor *value = initial(g, seed, type->dtype, type->rank, type->shape, init);
    tg_status status = tg_eval(g, &value, 1, data, tg_type_bytes(type));
    if (status != TG_OK) tg_fail(diag, status, "%.400s", tg_error(g));
    tg_graph_free(g);
    return status;
}

/* A leaf that may be asked for again, if it is of the same kind and type. */
static tg_tensor *existing(tg_tensor *found, const char *kind, tg_dtype dtype, int rank, const int64_t *shape)
{
    tg_type type = tg_type_of(found);
    int same = strcmp(tg_op_of(found)->name, kind) == 0 && type.dtype == dtype && type.rank == rank;
    for (int i = 0; i < rank && same; i++) same = type.shape[i] == shape[i];
    if (same) return found;
    char text[TG_TYPE_TEXT];
    return tg_set_error(tg_graph_of(found), TG_ERR_NAME, "%s '%s': the name is taken by the %s %s", kind,
                        tg_name(found), tg_op_of(found)->name, tg_type_text(&type, text, sizeof text));
}

tg_tensor *tg_param_init(tg_graph *g, const char *name, tg_dtype dtype, int rank, const int64_t *shape,
                         tg_init init)
{
    tg_type type;
    tg_diag diag;
    if (g == NULL) return NULL;
    if (name == NULL) return tg_set_error(g, TG_ERR_NAME, "param: its name is NULL");
    if (shape == NULL && rank > 0) return tg_set_error(g, TG_ERR_NULL, "param '%s': its shape is NULL", name);
    tg_tensor *found = tg_find(g, name);
    if (found != NULL) return existing(found, "param", dtype, rank, shape);
    if (dtype != TG_F32 && dtype != TG_F64)
        return tg_set_error(g, TG_ERR_DTYPE, "param '%s': initialisers make f32 and f64", name);
    if (tg_type_make(&type, dtype, rank, shape, &diag) != TG_OK)
        return tg_set_error(g, diag.status, "param '%s': %s", name, diag.message);
    size_t size = tg_type_bytes(&type);
    void *data = malloc(size + 1);
    if (data == NULL) return tg_set_error(g, TG_ERR_MEMORY, "param '%s': out of memory", name);
    tg_tensor *param = NULL;
    if (compute_initial(tg_random_key(tg_graph_seed(g), name), &type, init, data, &diag) == TG_OK)
        param = tg_param(g, name, dtype, rank, shape, data);
    else
        tg_set_error(g, diag.status, "param '%s': %s", name, diag.message);
    free(data);
    return param;
}

tg_tensor *tg_batch_input(tg_graph *g, const char *name, int64_t n, tg_dtype dtype, int rank,
                          const int64_t *shape)
{
    if (g == NULL) return NULL;
    if (name == NULL) return tg_set_error(g, TG_ERR_NAME, "input: its name is NULL");
    if (rank < 0 || rank >= TG_MAX_RANK)
        return tg_set_error(g, TG_ERR_RANK, "input '%s': examples of rank %d, at most %d", name, rank,
                            TG_MAX_RANK - 1);
    if (shape == NULL && rank > 0) return tg_set_error(g, TG_ERR_NULL, "input '%s': its shape is NULL", name);
    char full[256];
    int length = snprintf(full, sizeof full, "%s.%" PRId64, name, n);
    if (length < 0 || (size_t)length >= sizeof full)
        return tg_set_error(g, TG_ERR_NAME, "input '%.60s': the name is too long", name);
    int64_t whole[TG_MAX_RANK] = {n};
    for (int i = 0; i < rank; i++) whole[i + 1] = shape[i];
    tg_tensor *found = tg_find(g, full);
    if (found != NULL) return existing(found, "input", dtype, rank + 1, whole);
    return tg_input(g, full, dtype, rank + 1, whole);
}
