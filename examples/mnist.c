/* Trains one of three networks on MNIST, or on any data in files of the same names and format.
 *
 *     mnist folder [sigmoid|relu|deep]
 *
 * folder holds train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and
 * t10k-labels-idx1-ubyte.gz. The test digits are looked at after every epoch but nothing is chosen by them. */
#include <stdio.h>
#include <string.h>

#include "digit_data.h"
#include "progress.h"

typedef struct model {
    const char *name;
    int n_layers;
    int64_t units[3];
    tg_activation activations[3];
    int cross_entropy; /* of the softmax of the last layer; otherwise the quadratic cost */
    tg_init_kind init;
    tg_optimizer_kind optimizer;
    double rate; /* falls to 0 along half a cosine */
    int64_t batch, epochs;
} model;

static const model models[] = {
    {"sigmoid", 2, {30, 10}, {TG_SIGMOID, TG_SIGMOID}, 0, TG_INIT_KIND_GLOROT, TG_OPTIMIZER_SGD, 3, 10, 30},
    {"relu", 2, {64, 10}, {TG_RELU, TG_IDENTITY}, 1, TG_INIT_KIND_HE, TG_OPTIMIZER_ADAM, 2e-3, 64, 10},
    {"deep",
     3,
     {512, 512, 10},
     {TG_RELU, TG_RELU, TG_IDENTITY},
     1,
     TG_INIT_KIND_HE,
     TG_OPTIMIZER_ADAM,
     1e-3,
     128,
     10},
};

typedef struct context {
    const model *model;
    int64_t pixels;
} context;

static tg_status build(tg_graph *g, int64_t n, tg_net *net, void *of)
{
    const context *c = of;
    const model *m = c->model;
    net->x = tg_batch_input(g, "x", n, TG_F32, 1, &c->pixels);
    net->y = tg_batch_input(g, "y", n, TG_F32, 1, (int64_t[]){10});
    tg_mlp_spec spec = {m->n_layers, m->units, m->activations, {m->init, 0, 0}};
    tg_tensor *a = tg_mlp(g, m->name, net->x, &spec, NULL);
    net->loss = tg_mean(m->cross_entropy ? tg_softmax_cross_entropy(a, net->y)
                                         : tg_cost_of(TG_COST_QUADRATIC, a, net->y),
                        NULL);
    net->metric = tg_accuracy(a, net->y);
    return tg_graph_status(g);
}

static int train(const model *m, const tg_dataset *digits, const tg_dataset *test)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 1});
    context c = {m, digits->x->type.shape[1]};
    progress shown = progress_begin(m->batch);
    int64_t steps = m->epochs * ((digits->x->type.shape[0] + m->batch - 1) / m->batch);
    tg_fit_options options = {
        .optimizer = {.kind = m->optimizer, .rate = m->rate, .schedule = {TG_SCHEDULE_COSINE, 0, steps, 0}},
        .epochs = m->epochs,
        .batch = m->batch,
        .seed = 1,
        .validation = test,
        .on_step = progress_step,
        .on_epoch = progress_epoch,
        .context = &shown};
    tg_fit_result result;
    tg_status status = tg_fit(g, build, &c, digits, &options, &result);
    if (status == TG_OK)
        printf("test accuracy %.2f %%\n", 100 * result.validation.metric);
    else
        fprintf(stderr, "%s\n", tg_error(g));
    tg_graph_free(g);
    return status == TG_OK ? 0 : 1;
}

static const model *find_model(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (strcmp(name, models[i].name) == 0) return &models[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const model *m = find_model(argc > 2 ? argv[2] : "relu");
    if (argc < 2 || argc > 3 || m == NULL) {
        fprintf(stderr, "usage: mnist folder [sigmoid|relu|deep]\n");
        return 2;
    }
    digit_data digits = {0}, test = {0};
    tg_diag diag;
    int result = 1;
    if (digit_data_load(argv[1], "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", 255, &digits,
                        &diag) != TG_OK ||
        digit_data_load(argv[1], "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", 255, &test,
                        &diag) != TG_OK)
        fprintf(stderr, "%s\n", diag.message);
    else
        result = train(m, &(tg_dataset){digits.x, digits.y}, &(tg_dataset){test.x, test.y});
    digit_data_clear(&digits);
    digit_data_clear(&test);
    return result;
}
