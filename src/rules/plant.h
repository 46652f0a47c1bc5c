/* The kinds of errors that can be planted in a convention's rules. */
#ifndef TG_RULES_PLANT_H
#define TG_RULES_PLANT_H

#include "net.h"

typedef enum tg_plant_kind {
    TG_PLANT_DROPPED_TRANSPOSE,
    TG_PLANT_WRONG_WEIGHTS,
    TG_PLANT_SKIPPED_LAYER,
    TG_PLANT_DROPPED_SLOPE,
    TG_PLANT_SLOPE_BELOW,
    TG_PLANT_SLOPE_OF_ACTIVATION,
    TG_PLANT_ACTIVATION_FOR_SLOPE,
    TG_PLANT_SLOPE_INSIDE,
    TG_PLANT_DOT_PRODUCT,
    TG_PLANT_FLIPPED_SIGN,
    TG_PLANT_FACTOR_TWO,
    TG_PLANT_DROPPED_TARGET,
    TG_PLANT_KEPT_SLOPE,
    TG_PLANT_SOFTMAX_DIAGONAL,
    TG_PLANT_MISSING_MEAN,
    TG_PLANT_MEAN_TWICE,
    TG_PLANT_WEIGHTS_FROM_SAME_LAYER,
    TG_PLANT_WEIGHTS_FROM_Z,
    TG_PLANT_WEIGHTS_FROM_INPUT,
    TG_PLANT_WEIGHTS_OFF_BY_ONE,
    TG_PLANT_WEIGHTS_TRANSPOSED,
    TG_PLANT_WEIGHTS_SUM_FOR_MEAN,
    TG_PLANT_WEIGHT_DECAY,
    TG_PLANT_BIAS_FROM_ACTIVATION,
    TG_PLANT_BIAS_WITHOUT_SLOPE,
    TG_PLANT_BIAS_OFF_BY_ONE,
    TG_PLANT_BIAS_SUM_FOR_MEAN,
    TG_PLANT_KINDS
} tg_plant_kind;

/* Whether the kind is one that only equal widths let pass: shapes would give it away. */
int tg_plant_needs_equal_widths(int kind);
/* The kind of that name, or -1. */
int tg_plant_find(const char *name);

#endif
