/* Activations and costs of the closed-form delta rules, one example (one row) at a time. */
#ifndef TG_NN_DELTA_ACTIVATION_H
#define TG_NN_DELTA_ACTIVATION_H

#include <stdint.h>

#include <tapegrad/delta.h>

/* a = s(z); all have n elements. */
void tg_delta_activate(tg_activation activation, int64_t n, const double *z, double *a);

/* delta = g (*) s'(z), or the product of g with softmax's Jacobian; delta may be g itself. */
void tg_delta_through(tg_activation activation, int64_t n, const double *z, const double *a, const double *g,
                      double *delta);

/* The cost of one example whose last layer has the given activation. */
double tg_delta_cost_of(tg_cost cost, tg_activation activation, int64_t n, const double *z, const double *a,
                        const double *y);

/* delta^L of that example: dC/da^L (*) s'(z^L). */
void tg_delta_of_output(tg_cost cost, tg_activation activation, int64_t n, const double *z, const double *a,
                        const double *y, double *delta);

#endif
