/* Rewrite rules of the elementwise operations. */
#ifndef TG_OPS_SIMPLIFY_H
#define TG_OPS_SIMPLIFY_H

#include "ops.h"

extern const tg_simplification number_rules[], neg_rules[], add_rules[], sub_rules[], mul_rules[],
    div_rules[], pow_rules[], same_rules[], and_rules[], or_rules[], not_rules[], where_rules[];

extern const tg_op tg_neg_op; /* rules look for it */

#endif
