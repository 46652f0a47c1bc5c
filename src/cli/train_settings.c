/* What training is to do: the options, and what a checkpoint says. */
#define _POSIX_C_SOURCE 200809L /* access */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train.h"

/* Names of the metadata pairs of a checkpoint. */
#define EPOCH_KEY "tapegrad.train.epoch"
#define STEP_KEY "tapegrad.train.step"
#define SEED_KEY "tapegrad.train.seed"
#define BATCH_KEY "tapegrad.train.batch"
#define OPTIMIZER_KEY "tapegrad.train.optimizer"
#define RATE_KEY "tapegrad.train.rate"

/* ---- Checkpoints -------------------------------------------------------------------------------------- */

static tg_status set_integer(tg_metadata *m, const char *key, int64_t value, tg_diag *diag)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return tg_metadata_set(m, key, text, diag);
}

tg_status train_save(tg_graph *g, const train_settings *s, int64_t epoch, int64_t step)
{
    tg_metadata m = {0};
    tg_diag diag;
    char seed[32], rate[32];
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    snprintf(rate, sizeof rate, "%.17g", s->rate);
    tg_status status = set_integer(&m, EPOCH_KEY, epoch, &diag);
    if (status == TG_OK) status = set_integer(&m, STEP_KEY, step, &diag);
    if (status == TG_OK) status = set_integer(&m, BATCH_KEY, s->batch, &diag);
    if (status == TG_OK) status = tg_metadata_set(&m, SEED_KEY, seed, &diag);
    if (status == TG_OK) status = tg_metadata_set(&m, OPTIMIZER_KEY, s->optimizer, &diag);
    if (status == TG_OK) status = tg_metadata_set(&m, RATE_KEY, rate, &diag);
    if (status != TG_OK)
        tg_set_error(g, status, "%s", diag.message);
    else
        status = tg_checkpoint_save(g, s->save, &m);
    tg_metadata_clear(&m);
    return status;
}

/* 0 when the pair is missing or no such number. */
static int get_integer(const tg_metadata *m, const char *key, int64_t least, int64_t *value)
{
    const char *text = tg_metadata_get(m, key);
    return text != NULL && tg_read_integer(text, NULL, least, INT64_MAX, value);
}

/* What the checkpoint says of the run that it is from. */
static int from_metadata(const tg_metadata *m, train_settings *s)
{
    const char *optimizer = tg_metadata_get(m, OPTIMIZER_KEY), *rate = tg_metadata_get(m, RATE_KEY);
    const char *seed = tg_metadata_get(m, SEED_KEY);
    if (!get_integer(m, EPOCH_KEY, 0, &s->first_epoch) || !get_integer(m, STEP_KEY, 0, &s->first_step) ||
        !get_integer(m, BATCH_KEY, 1, &s->batch) || optimizer == NULL || rate == NULL || seed == NULL)
        return 0;
    static const char *const known[] = {"sgd", "momentum", "adam", "adamw"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(optimizer, known[i]) == 0) s->optimizer = known[i];
    char *end;
    s->rate = strtod(rate, &end);
    return *end == '\0' && s->rate > 0 && tg_read_seed(seed, &s->seed);
}

static int read_checkpoint(const tg_arguments *a, train_settings *s)
{
    tg_diag diag;
    tg_bundle bundle = {0};
    tg_metadata m = {0};
    int status = TG_EXIT_OK;
    if (s->save == NULL)
        return tg_complain(a->command, "--resume needs --save FILE: the file that training goes on from");
    if (tg_safetensors_load(s->save, &bundle, &m, &diag) != TG_OK)
        return tg_complain(a->command, "--resume: %s", diag.message);
    if (!from_metadata(&m, s))
        status = tg_complain(a->command, "--resume: %s is not a checkpoint of 'tapegrad train'", s->save);
    tg_bundle_clear(&bundle);
    tg_metadata_clear(&m);
    return status;
}

/* ---- Options ------------------------------------------------------------------------------------------ */

tg_optimizer train_optimizer(const train_settings *s)
{
    if (strcmp(s->optimizer, "sgd") == 0) return TG_SGD(.rate = s->rate);
    if (strcmp(s->optimizer, "momentum") == 0) return TG_MOMENTUM(.rate = s->rate);
    if (strcmp(s->optimizer, "adamw") == 0) return TG_ADAMW(.rate = s->rate, .decay = 0.01);
    return TG_ADAM(.rate = s->rate);
}

/* Finding out after an hour of training that a file cannot be written would be late. */
static int check_writable(const tg_arguments *a, const char *option, const char *path)
{
    struct stat there;
    if (path == NULL) return TG_EXIT_OK;
    if (path[0] == '\0')
        return tg_complain(a->command, "--%s: expected the name of a file, found ''", option);
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return tg_complain(a->command, "--%s %s: expected a file, found %s", option, path,
                           S_ISDIR(there.st_mode) ? "a directory" : "a device, pipe or socket");
    char *folder = strdup(path);
    if (folder == NULL) return tg_complain(a->command, "out of memory");
    char *slash = strrchr(folder, '/');
    if (slash != NULL) slash[slash == folder] = '\0';
    int status = TG_EXIT_OK;
    if (access(slash == NULL ? "." : folder, W_OK) != 0)
        status = tg_complain(a->command, "--%s %s: cannot write there: %s", option, path, strerror(errno));
    free(folder);
    return status;
}

/* In the middle of an epoch the draws must stay what they were. */
static int check_middle(const tg_arguments *a, const train_settings *s, int64_t batch, uint64_t seed)
{
    if (s->first_step == 0 || (s->batch == batch && s->seed == seed)) return TG_EXIT_OK;
    return tg_complain(
        a->command,
        "--resume: %s was interrupted in the middle of an epoch and goes on with --batch %" PRId64
        " and --seed %" PRIu64,
        s->save, batch, seed);
}

int train_settings_read(const tg_arguments *a, train_settings *s)
{
    *s = (train_settings){.model = a->operands[0],
                          .data = tg_option_value(a, "data"),
                          .test = tg_option_value(a, "test"),
                          .report = tg_option_value(a, "report"),
                          .optimizer = "adam",
                          .epochs = 10,
                          .batch = 32,
                          .resume = tg_option_given(a, "resume")};
    if (!tg_option_save(a, ".safetensors", &s->save)) return TG_EXIT_BAD;
    if (s->data == NULL)
        return tg_complain(a->command, "--data is missing: a CSV file, a folder with IDX files or an npz");
    if (s->resume && read_checkpoint(a, s) != TG_EXIT_OK) return TG_EXIT_BAD;
    int64_t batch = s->batch;
    uint64_t seed = s->seed;
    const char *optimizer = tg_option_value(a, "optimizer"), *before = s->optimizer;
    if (optimizer != NULL) s->optimizer = optimizer;
    if (strcmp(s->optimizer, before) != 0) s->rate = 0;
    if (!tg_option_integer(a, "epochs", 1, 1000000000, &s->epochs) ||
        !tg_option_integer(a, "batch", 1, 1000000000, &s->batch) ||
        !tg_option_real(a, "lr", 1e-300, 1e300, &s->rate) || !tg_option_seed(a, &s->seed) ||
        !tg_option_threads(a, &s->threads))
        return TG_EXIT_BAD;
    if (s->rate == 0) s->rate = strncmp(s->optimizer, "adam", 4) == 0 ? 0.001 : 0.01;
    if (s->resume && check_middle(a, s, batch, seed) != TG_EXIT_OK) return TG_EXIT_BAD;
    if (check_writable(a, "save", s->save) != TG_EXIT_OK) return TG_EXIT_BAD;
    return check_writable(a, "report", s->report);
}
