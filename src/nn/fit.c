/* The training loop. */
#include <math.h>
#include <stdlib.h>

#include "batches.h"

/* Nothing measured yet. */
static const tg_score no_score = {(double)NAN, (double)NAN};

/* Training while it runs. */
typedef struct fit {
    tg_graph *graph;
    tg_net_fn build;
    void *context;
    const tg_dataset *data;
    const tg_fit_options *options;
    tg_compile_options compile;
    int64_t n, batch, n_rows, steps; /* rows and steps of an epoch */
    int64_t skipped;                 /* rows of this epoch that count as seen */
    int64_t *rows;
    tg_runner whole, rest; /* for full batches, and for the last one where it is smaller */
    tg_progress progress;
    tg_fit_result result;
    double best;
    int64_t worse; /* epochs without a smaller validation loss */
} fit;

static tg_status check_options(tg_graph *g, const tg_fit_options *o)
{
    if (o->epochs >= 0 && o->first_epoch >= 0 && o->first_step >= 0 && o->batch >= 0 && o->patience >= 0 &&
        (unsigned)o->sampling <= TG_FULL && (o->patience == 0 || o->validation != NULL))
        return TG_OK;
    tg_set_error(g, TG_ERR_ARGUMENT,
                 "tg_fit: epochs, first_epoch, first_step, batch and patience must not be negative, the way "
                 "of sampling known, and patience needs validation data");
    return TG_ERR_ARGUMENT;
}

/* Sizes, memory and functions. */
static tg_status prepare(fit *f)
{
    const tg_fit_options *o = f->options;
    f->n = f->data->x->type.shape[0];
    f->batch = o->sampling == TG_FULL ? f->n : o->batch == 0 ? 32 : o->batch;
    if (f->batch > f->n && o->sampling != TG_UNIFORM) f->batch = f->n;
    f->steps = (f->n - 1) / f->batch + 1;
    f->n_rows = o->sampling == TG_UNIFORM ? f->steps * f->batch : f->n;
    f->rows = tg_rows_new(f->graph, "tg_fit", f->n_rows);
    if (f->rows == NULL) return TG_ERR_MEMORY;
    if (o->first_step > f->steps) {
        tg_set_error(f->graph, TG_ERR_ARGUMENT, "tg_fit: first_step is beyond the epoch's steps");
        return TG_ERR_ARGUMENT;
    }
    int64_t rest = f->n_rows % f->batch;
    tg_status status = tg_runner_make(&f->whole, f->graph, f->build, f->context, f->data, f->batch,
                                      &o->optimizer, &f->compile);
    if (status == TG_OK && rest != 0)
        status = tg_runner_make(&f->rest, f->graph, f->build, f->context, f->data, rest, &o->optimizer,
                                &f->compile);
    return status;
}

/* ---- Running ------------------------------------------------------------------------------------------ */

static tg_status run_step(fit *f, int64_t first, tg_score *total)
{
    tg_runner *runner = f->n_rows - first < f->batch ? &f->rest : &f->whole;
    tg_status status = tg_runner_run(runner, f->graph, "tg_fit", f->data, f->rows + first, total);
    if (status != TG_OK) return status;
    double seen = (double)(first - f->skipped + runner->n);
    f->progress.step++;
    f->progress.function = runner->function;
    f->progress.train = (tg_score){total->loss / seen, total->metric / seen};
    f->result.steps++;
    return TG_OK;
}

static int asked_to_stop(const fit *f, tg_progress_fn ask)
{
    return ask != NULL && ask(&f->progress, f->options->context) != 0;
}

static tg_status run_steps(fit *f)
{
    tg_score total = {0};
    const tg_fit_options *o = f->options;
    f->progress.step = f->progress.epoch == o->first_epoch ? o->first_step : 0;
    f->skipped = f->progress.step * f->batch;
    f->progress.train = f->progress.validation = no_score;
    tg_draw_rows(o->sampling, o->seed, f->progress.epoch, f->n, f->n_rows, f->rows);
    for (int64_t first = f->skipped; first < f->n_rows; first += f->batch) {
        tg_status status = run_step(f, first, &total);
        if (status != TG_OK) return status;
        if (asked_to_stop(f, o->on_step)) return TG_STOPPED;
    }
    return TG_OK;
}

/* 1 when validation has not become better for so many epochs. */
static int out_of_patience(fit *f)
{
    if (f->options->patience == 0) return 0;
    int better = f->progress.validation.loss < f->best;
    f->worse = better ? 0 : f->worse + 1;
    if (better) f->best = f->progress.validation.loss;
    return f->worse >= f->options->patience;
}

static tg_status run_epoch(fit *f)
{
    tg_status status = run_steps(f);
    f->result.train = f->progress.train;
    if (status != TG_OK) return status;
    if (f->options->validation != NULL) {
        status = tg_evaluate_with(f->graph, f->build, f->context, f->options->validation, 0, &f->compile,
                                  &f->progress.validation);
        if (status != TG_OK) return status;
        f->result.validation = f->progress.validation;
    }
    f->result.epochs = f->progress.epoch + 1;
    if (asked_to_stop(f, f->options->on_epoch)) return TG_STOPPED;
    f->result.stopped_early = f->options->validation != NULL && out_of_patience(f);
    return TG_OK;
}

static tg_status run(fit *f)
{
    const tg_fit_options *o = f->options;
    f->progress.epochs = o->epochs == 0 ? 1 : o->epochs;
    f->progress.steps = f->steps;
    f->progress.graph = f->graph;
    f->best = (double)INFINITY;
    tg_status status = TG_OK;
    for (int64_t e = o->first_epoch; e < f->progress.epochs && status == TG_OK && !f->result.stopped_early;
         e++) {
        f->progress.epoch = e;
        status = run_epoch(f);
    }
    return status;
}

tg_status tg_fit(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data,
                 const tg_fit_options *options, tg_fit_result *result)
{
    if (g == NULL || build == NULL || options == NULL) {
        tg_set_error(g, TG_ERR_NULL, "tg_fit: build or options are NULL");
        return TG_ERR_NULL;
    }
    tg_status status = tg_check_dataset(g, "tg_fit", data);
    if (status == TG_OK && options->validation != NULL)
        status = tg_check_dataset(g, "tg_fit: validation", options->validation);
    if (status == TG_OK) status = check_options(g, options);
    if (status != TG_OK) return status;

    fit f = {.graph = g, .build = build, .context = context, .data = data, .options = options};
    f.compile.threads = options->threads;
    f.result = (tg_fit_result){.epochs = options->first_epoch, .train = no_score, .validation = no_score};
    status = prepare(&f);
    if (status == TG_OK) status = run(&f);
    if (result != NULL) *result = f.result;
    tg_runner_free(&f.whole);
    tg_runner_free(&f.rest);
    free(f.rows);
    return status;
}
