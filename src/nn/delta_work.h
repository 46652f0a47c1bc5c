/* What the closed forms of the five conventions share: the layers with the memory for one run, and copies of columns.
 * The algorithms share nothing else but the scalar formulas of delta_activation.h. */
#ifndef TG_NN_DELTA_WORK_H
#define TG_NN_DELTA_WORK_H

#include <stddef.h>
#include <stdint.h>

#include <tapegrad/delta.h>

/* Elements that one array may have, so that its size in bytes fits ptrdiff_t. */
#define TG_DELTA_ELEMENTS ((int64_t)(PTRDIFF_MAX / (ptrdiff_t)sizeof(double)))

/* Layer l. The arrays are of one example, or, for rows and columns, of all N in the convention's layout. */
typedef struct tg_delta_layer {
    int64_t inputs, outputs; /* n_(l-1), n_l */
    tg_activation activation;
    const double *weights, *bias; /* bias may be NULL */
    double *z, *a, *error;        /* z^l, a^l, the error term dC/dz^l */
    double *below;                /* dC/da^(l-1) */
} tg_delta_layer;

typedef struct tg_delta_work {
    double *numbers; /* the block that is allocated */
    tg_delta_layer *layers;
    double *x, *y;         /* of one example: n_0 and n_L numbers */
    double *z, *a, *error; /* of one example at the last layer: n_L numbers each */
} tg_delta_work;

/* NULL, ARGUMENT or SIZE unless the network is right. `call` begins the message. Vector may have more than one
 * example here. */
tg_status tg_delta_check(const tg_delta_net *net, const char *call, tg_diag *diag);

/* Memory for a network that was checked: SIZE or MEMORY. Does not depend on the batch but for rows and columns. */
tg_status tg_delta_work_new(const tg_delta_net *net, const char *call, tg_delta_work *work, tg_diag *diag);
void tg_delta_work_free(tg_delta_work *work);

/* *total += n, unless that is more than an array may have: then 0. */
int tg_delta_add(int64_t *total, int64_t n);

/* The algorithms. Each runs forward, then backward, and fills what *result wants. They cannot fail. */
void tg_delta_run(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result);
void tg_delta_vector(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result);
void tg_delta_jacobian(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result);
void tg_delta_equations(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result);
void tg_delta_rows(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result);
void tg_delta_columns(const tg_delta_net *net, const tg_delta_work *work, tg_delta_result *result);

/* list[l], or NULL when there is no list. */
double *tg_delta_wanted(double *const *list, int l);

/* Column i of a matrix [n, count] out of it, and into it unless it is NULL. */
void tg_delta_get_column(const double *matrix, int64_t n, int64_t count, int64_t i, double *column);
void tg_delta_put_column(const double *column, int64_t n, int64_t count, int64_t i, double *matrix);

/* Sets n numbers to 0 unless they are NULL. */
void tg_delta_clear(int64_t n, double *numbers);

/* Copies n numbers unless `to` is NULL. */
void tg_delta_copy(const double *from, int64_t n, double *to);

#endif
