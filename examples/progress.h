/* Shows how training goes: a bar on a terminal, a line for every epoch elsewhere. */
#ifndef TAPEGRAD_EXAMPLES_PROGRESS_H
#define TAPEGRAD_EXAMPLES_PROGRESS_H

#include <tapegrad/tapegrad.h>

typedef struct progress {
    int64_t batch;       /* examples in a step */
    int terminal;        /* standard error is one */
    double start, shown; /* seconds: when training began, and when the bar was last drawn */
} progress;

/* For tg_fit: on_step = progress_step, on_epoch = progress_epoch, context = a progress from progress_begin. */
progress progress_begin(int64_t batch);
int progress_step(const tg_progress *now, void *context);
int progress_epoch(const tg_progress *now, void *context);

#endif
