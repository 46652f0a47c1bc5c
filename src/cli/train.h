/* The parts of `train`. */
#ifndef TG_CLI_TRAIN_H
#define TG_CLI_TRAIN_H

#include "command.h"
#include "train_net.h"
#include "train_profile.h"
#include "train_progress.h"

/* What training is to do. */
typedef struct train_settings {
    const char *model, *data, *test, *save, *report; /* paths; NULL where not wanted */
    const char *optimizer;
    double rate; /* 0: the optimiser's own */
    int64_t epochs, batch;
    uint64_t seed;
    int resume, threads;
    int64_t first_epoch, first_step; /* where a checkpoint stopped */
} train_settings;

/* Defaults, what the checkpoint says when training resumes, and then the options. TG_EXIT_OK or TG_EXIT_BAD with a
 * message. The optimiser's record follows from them. */
int train_settings_read(const tg_arguments *a, train_settings *s);
tg_optimizer train_optimizer(const train_settings *s);

/* Saves the graph's params and states with the settings; (epoch, step) is where training would go on. */
tg_status train_save(tg_graph *g, const train_settings *s, int64_t epoch, int64_t step);

#define TRAIN_EXIT_INTERRUPTED 130 /* as shells have it: 128 + SIGINT */

/* From now on the first Ctrl-C is noted, and a later one ends the program. */
void train_catch_interrupts(void);
int train_interrupted(void);
/* The command line that goes on, on standard error. */
void train_say_how_to_resume(const tg_arguments *a);

/* One epoch's scores. */
typedef struct train_epoch {
    int64_t epoch;        /* from 1 */
    tg_score train, test; /* NaN where there is none */
} train_epoch;

/* Training while it runs, and its results. */
typedef struct train_run {
    const tg_arguments *arguments;
    train_settings settings;
    tg_graph *graph;
    tg_model *model;
    train_data data, test; /* test.x NULL: none */
    train_net net;
    train_progress progress;
    train_profile profile; /* of --profile */
    train_epoch *history;
    int64_t n_history, history_room;
    tg_status stopped; /* why the test scores are missing: an error in a callback */
    int64_t next_epoch, next_step;
    int64_t epochs; /* done, earlier runs included */
    double seconds;
    tg_score train_score, test_score;
} train_run;

#endif
