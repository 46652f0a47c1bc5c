/* Scoring a network on a dataset. */
#include <inttypes.h>
#include <stdlib.h>

#include "batches.h"

/* The examples rows[0 .. count-1], in batches of n, which divides count. */
static tg_status score_rows(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data, int64_t n,
                            const int64_t *rows, int64_t count, const tg_compile_options *options,
                            tg_score *total)
{
    if (count == 0) return TG_OK;
    tg_runner runner = {0};
    tg_status status = tg_runner_make(&runner, g, build, context, data, n, NULL, options);
    for (int64_t at = 0; at < count && status == TG_OK; at += n)
        status = tg_runner_run(&runner, g, "tg_evaluate", data, rows + at, total);
    tg_runner_free(&runner);
    return status;
}

tg_status tg_evaluate(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data, int64_t batch,
                      tg_score *score)
{
    return tg_evaluate_with(g, build, context, data, batch, NULL, score);
}

tg_status tg_evaluate_with(tg_graph *g, tg_net_fn build, void *context, const tg_dataset *data, int64_t batch,
                           const tg_compile_options *options, tg_score *score)
{
    if (g == NULL || build == NULL || score == NULL) {
        tg_set_error(g, TG_ERR_NULL, "tg_evaluate: build or score is NULL");
        return TG_ERR_NULL;
    }
    if (batch < 0) {
        tg_set_error(g, TG_ERR_ARGUMENT, "tg_evaluate: batches of %" PRId64 " examples", batch);
        return TG_ERR_ARGUMENT;
    }
    tg_status status = tg_check_dataset(g, "tg_evaluate", data);
    if (status != TG_OK) return status;
    int64_t n = data->x->type.shape[0];
    if (batch == 0) batch = 256;
    if (batch > n) batch = n;
    int64_t whole = n / batch * batch, *rows = tg_rows_new(g, "tg_evaluate", n);
    if (rows == NULL) return TG_ERR_MEMORY;
    tg_draw_rows(TG_IN_ORDER, 0, 0, n, n, rows);
    tg_score total = {0};
    status = score_rows(g, build, context, data, batch, rows, whole, options, &total);
    if (status == TG_OK)
        status = score_rows(g, build, context, data, n - whole, rows + whole, n - whole, options, &total);
    if (status == TG_OK) *score = (tg_score){total.loss / (double)n, total.metric / (double)n};
    free(rows);
    return status;
}
