/* Shows how training goes, on standard error: a bar on a terminal, one line an epoch elsewhere. */
#ifndef TG_CLI_TRAIN_PROGRESS_H
#define TG_CLI_TRAIN_PROGRESS_H

#include <tapegrad/nn.h>

typedef struct train_progress {
    int terminal;        /* standard error is one */
    int64_t first_step;  /* steps of all epochs that were done before */
    int64_t batch;       /* examples in a step */
    double start, shown; /* seconds: when training began, and when the bar was last drawn */
    int drawn;           /* a bar stands on the line */
} train_progress;

/* Seconds on a clock that only goes forward. */
double train_clock(void);

train_progress train_progress_begin(int64_t first_step, int64_t batch);
/* After a step: draws the bar anew, ten times a second at most. */
void train_progress_step(train_progress *p, const tg_progress *now);
/* After an epoch; test is NaN where there is no test data. */
void train_progress_epoch(train_progress *p, const tg_progress *now, tg_score test);
/* A loss for people, also one that has become very large. Returns text. */
const char *train_loss_text(double loss, char *text, size_t size);
/* Leaves the bar's line. */
void train_progress_end(train_progress *p);

#endif
