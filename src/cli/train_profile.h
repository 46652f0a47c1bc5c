/* The profile of a training step. */
#ifndef TG_CLI_TRAIN_PROFILE_H
#define TG_CLI_TRAIN_PROFILE_H

#include "steps.h"

typedef struct train_profile {
    tg_function *function; /* of whole batches; NULL before its first step, and after training */
    int64_t batch;
    tg_step_list list; /* what was measured */
    tg_peak peak;
} train_profile;

/* After a step: begins with the first whole batch, whose own run, on cold caches, does not count. */
tg_status train_profile_step(train_profile *p, const tg_progress *now);
/* At the end of training, while the function is there. */
tg_status train_profile_end(train_profile *p);
void train_profile_clear(train_profile *p);

void train_profile_print(const train_profile *p);
/* NULL when memory runs out. */
json_t *train_profile_json(const train_profile *p);

#endif
