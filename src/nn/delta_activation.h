/* Activations and costs of the closed forms: scalars, and one example where the units of a layer mix. */
#ifndef TG_NN_DELTA_ACTIVATION_H
#define TG_NN_DELTA_ACTIVATION_H

#include <stdint.h>

#include <tapegrad/delta.h>

/* a = s(z), n elements. */
void tg_delta_activate(tg_activation activation, int64_t n, const double *z, double *a);

/* s'(z); not for softmax. */
double tg_delta_slope(tg_activation activation, double z);

/* The derivative of the cost by the output a. */
double tg_delta_cost_slope(tg_cost cost, double a, double y);

/* The cost of one example whose last layer has the given activation. */
double tg_delta_cost_of(tg_cost cost, tg_activation activation, int64_t n, const double *z, const double *a,
                        const double *y);

/* The error term dC/dz^L of one example where it is not dC/da (*) s'(z) unit by unit, or where that product would
 * lose a result that is finite: softmax with any cost, sigmoid with the cross-entropies. 0 for all else. */
int tg_delta_of_pair(tg_cost cost, tg_activation activation, int64_t n, const double *z, const double *a,
                     const double *y, double *error);

#endif
