/* tapegrad train: fits a model's params to data. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "report.h"
#include "train.h"

/* ---- While training runs ------------------------------------------------------------------------------ */

static int on_step(const tg_progress *now, void *context)
{
    train_run *r = context;
    train_progress_step(&r->progress, now);
    r->next_epoch = now->step == now->steps ? now->epoch + 1 : now->epoch;
    r->next_step = now->step == now->steps ? 0 : now->step;
    if (tg_option_given(r->arguments, "profile")) r->stopped = train_profile_step(&r->profile, now);
    return r->stopped != TG_OK || train_interrupted();
}

static tg_status score(train_run *r, const train_data *data, tg_score *result)
{
    tg_dataset set = {data->x, data->y != NULL ? data->y : data->x};
    return tg_evaluate_with(r->graph, train_net_build, &r->net, &set, r->net.fixed,
                            &(tg_compile_options){.threads = r->settings.threads}, result);
}

static int remember(train_run *r, const train_epoch *epoch)
{
    if (r->n_history == r->history_room) {
        int64_t room = r->history_room == 0 ? 64 : 2 * r->history_room;
        train_epoch *more = realloc(r->history, (size_t)room * sizeof *more);
        if (more == NULL) return 0;
        r->history = more;
        r->history_room = room;
    }
    r->history[r->n_history++] = *epoch;
    return 1;
}

static int on_epoch(const tg_progress *now, void *context)
{
    train_run *r = context;
    train_epoch epoch = {now->epoch + 1, now->train, {(double)NAN, (double)NAN}};
    if (r->test.x != NULL) r->stopped = score(r, &r->test, &epoch.test);
    if (r->stopped == TG_OK && !remember(r, &epoch)) r->stopped = TG_ERR_MEMORY;
    if (r->stopped == TG_OK) train_progress_epoch(&r->progress, now, epoch.test);
    if (r->stopped == TG_OK && now->epoch + 1 == now->epochs) r->stopped = train_profile_end(&r->profile);
    return r->stopped != TG_OK || train_interrupted();
}

/* ---- Preparing ---------------------------------------------------------------------------------------- */

static int complain_of_graph(const train_run *r, tg_status status)
{
    if (status == TG_ERR_SYNTAX) {
        fputs(tg_model_problems(r->model), stderr);
        return TG_EXIT_BAD;
    }
    return tg_complain(r->arguments->command, "%s: %s", r->settings.model,
                       tg_graph_status(r->graph) != TG_OK ? tg_error(r->graph) : tg_status_text(status));
}

static int read_model(train_run *r)
{
    tg_diag diag;
    if (tg_program_read(r->arguments->command, r->settings.model, &r->model) != TG_EXIT_OK)
        return TG_EXIT_BAD;
    if (strcmp(r->settings.model, "-") == 0) r->settings.model = "standard input"; /* in messages */
    if (tg_model_problem_count(r->model) > 0) {
        fputs(tg_model_problems(r->model), stderr);
        return TG_EXIT_BAD;
    }
    if (tg_program_bind_dims(r->arguments, r->model) != TG_EXIT_OK) return TG_EXIT_BAD;
    if (train_net_check(r->model, &r->net.fixed, &diag) != TG_OK)
        return tg_complain(r->arguments->command, "%s: %s", r->settings.model, diag.message);
    r->net.given = train_net_given_sizes(r->model);
    return r->net.given != NULL ? TG_EXIT_OK : tg_complain(r->arguments->command, "out of memory");
}

/* A model with a batch size of its own takes whole batches alone. */
static int keep_whole_batches(const train_run *r, const char *path, train_data *data)
{
    int64_t fixed = r->net.fixed, n = train_data_count(data);
    if (fixed == 0 || n % fixed == 0) return TG_EXIT_OK;
    if (n < fixed)
        return tg_complain(r->arguments->command,
                           "%s has %" PRId64 " examples, but the model takes batches of %" PRId64
                           "; a named size as the first axis of x takes any number",
                           path, n, fixed);
    tg_note(r->arguments->command,
            "the model takes batches of %" PRId64 ", so the last %" PRId64 " examples of %s are left out",
            fixed, n % fixed, path);
    train_data_cut(data, n - n % fixed);
    return TG_EXIT_OK;
}

/* Whether data fit the model's declarations, and data for testing those of training too; the sizes are free again
 * afterwards. */
static tg_status check_shapes(const train_run *r, const train_data *data, tg_diag *diag)
{
    int64_t n = r->net.fixed != 0 ? r->net.fixed : train_data_count(data);
    tg_status status = train_net_bind(r->model, &r->data, n, diag);
    if (status == TG_OK && data != &r->data) status = train_net_bind(r->model, data, n, diag);
    train_net_free_sizes(r->model, r->net.given);
    return status;
}

/* An example in place of the header line would be lost without a word. */
static void note_header(const train_run *r, const char *path, const train_data *data)
{
    if (data->numbers_as_header)
        tg_note(r->arguments->command, "%s: the first line, though of numbers, is taken as the header", path);
}

/* Reads the examples of a file or folder into r->data or r->test. */
static int load(const train_run *r, const char *path, train_part part, train_data *data)
{
    tg_diag diag;
    const train_data *like = data == &r->data ? NULL : &r->data;
    if (train_data_load(path, part, r->model, like, data, &diag) != TG_OK)
        return tg_complain(r->arguments->command, "%s", diag.message);
    if (check_shapes(r, data, &diag) != TG_OK)
        return tg_complain(r->arguments->command, "%s: %s", path, diag.message);
    return TG_EXIT_OK;
}

static int read_data(train_run *r)
{
    const train_settings *s = &r->settings;
    if (load(r, s->data, TRAIN_PART_TRAIN, &r->data) != TG_EXIT_OK) return TG_EXIT_BAD;
    if (s->test != NULL && load(r, s->test, TRAIN_PART_TEST, &r->test) != TG_EXIT_OK) return TG_EXIT_BAD;
    note_header(r, s->data, &r->data);
    note_header(r, s->test, &r->test);
    if (keep_whole_batches(r, s->data, &r->data) != TG_EXIT_OK) return TG_EXIT_BAD;
    if (s->test != NULL && keep_whole_batches(r, s->test, &r->test) != TG_EXIT_OK) return TG_EXIT_BAD;
    r->net.classes = train_targets_are_classes(r->data.y);
    return TG_EXIT_OK;
}

static int set_batch(train_run *r)
{
    int64_t *batch = &r->settings.batch, fixed = r->net.fixed;
    if (fixed != 0 && tg_option_given(r->arguments, "batch") && *batch != fixed)
        return tg_complain(r->arguments->command, "--batch %" PRId64 ": the model takes batches of %" PRId64,
                           *batch, fixed);
    if (fixed != 0) *batch = fixed;
    if (*batch > train_data_count(&r->data)) *batch = train_data_count(&r->data);
    return TG_EXIT_OK;
}

/* Builds the model for a batch, which finds its problems, and takes the values of a checkpoint. */
static int build(train_run *r)
{
    tg_net net;
    tg_graph_options options = {.seed = r->settings.seed};
    r->graph = tg_graph_new(&options);
    if (r->graph == NULL) return tg_complain(r->arguments->command, "out of memory");
    r->net.model = r->model;
    r->net.data = &r->data;
    tg_status status = train_net_build(r->graph, r->settings.batch, &net, &r->net);
    if (status != TG_OK) return complain_of_graph(r, status);
    if (!r->settings.resume) return TG_EXIT_OK;
    status = tg_checkpoint_load(r->graph, r->settings.save, NULL);
    return status == TG_OK ? TG_EXIT_OK
                           : tg_complain(r->arguments->command, "--resume: %s", tg_error(r->graph));
}

static int prepare(train_run *r)
{
    if (train_settings_read(r->arguments, &r->settings) != TG_EXIT_OK) return TG_EXIT_BAD;
    if (read_model(r) != TG_EXIT_OK || read_data(r) != TG_EXIT_OK || set_batch(r) != TG_EXIT_OK)
        return TG_EXIT_BAD;
    return build(r);
}

/* ---- Training ----------------------------------------------------------------------------------------- */

static int stop_early(train_run *r)
{
    fprintf(stderr, "interrupted in epoch %" PRId64 ", after its step %" PRId64 "\n",
            r->next_step == 0 ? r->next_epoch : r->next_epoch + 1, r->next_step);
    if (r->settings.save == NULL) {
        fputs("nothing is saved: there was no --save\n", stderr);
        return TRAIN_EXIT_INTERRUPTED;
    }
    if (train_save(r->graph, &r->settings, r->next_epoch, r->next_step) != TG_OK)
        return complain_of_graph(r, tg_graph_status(r->graph));
    fprintf(stderr, "saved %s\n", r->settings.save);
    train_say_how_to_resume(r->arguments);
    return TRAIN_EXIT_INTERRUPTED;
}

static int fit(train_run *r)
{
    const train_settings *s = &r->settings;
    tg_dataset set = {r->data.x, r->data.y != NULL ? r->data.y : r->data.x};
    tg_fit_options options = {.optimizer = train_optimizer(s),
                              .epochs = s->epochs,
                              .first_epoch = s->first_epoch,
                              .first_step = s->first_step,
                              .batch = s->batch,
                              .seed = s->seed,
                              .threads = s->threads,
                              .on_step = on_step,
                              .on_epoch = on_epoch,
                              .context = r};
    tg_fit_result result;
    int64_t steps = (train_data_count(&r->data) - 1) / s->batch + 1;
    r->profile.batch = s->batch;
    r->progress = train_progress_begin(s->first_epoch * steps + s->first_step, s->batch);
    train_catch_interrupts();
    tg_status status = tg_fit(r->graph, train_net_build, &r->net, &set, &options, &result);
    r->seconds = train_clock() - r->progress.start;
    r->epochs = result.epochs;
    train_progress_end(&r->progress);
    if (status == TG_STOPPED && r->stopped == TG_OK) return stop_early(r);
    if (status == TG_STOPPED) status = r->stopped;
    return status == TG_OK ? TG_EXIT_OK : complain_of_graph(r, status);
}

/* Training, or nothing where a checkpoint has all the epochs. */
static int train(train_run *r)
{
    if (r->settings.first_epoch < r->settings.epochs) {
        int status = fit(r);
        if (status != TG_EXIT_OK) return status;
    } else {
        tg_note(r->arguments->command,
                "%s has its %" PRId64 " epochs; --epochs %" PRId64 " or more trains on", r->settings.save,
                r->settings.first_epoch, r->settings.first_epoch + 1);
        r->epochs = r->settings.first_epoch;
    }
    tg_status status = score(r, &r->data, &r->train_score);
    if (status == TG_OK && r->test.x != NULL) status = score(r, &r->test, &r->test_score);
    if (status == TG_OK && r->settings.save != NULL && r->settings.first_epoch < r->settings.epochs)
        status = train_save(r->graph, &r->settings, r->epochs, 0);
    if (status != TG_OK) return complain_of_graph(r, status);
    if (!isfinite(r->train_score.loss))
        tg_note(r->arguments->command, "the loss is not a finite number; a smaller --lr may help");
    return TG_EXIT_OK;
}

/* ---- Results ------------------------------------------------------------------------------------------ */

static json_t *score_json(tg_score score)
{
    json_t *object = json_pack("{s:o}", "loss", tg_json_real(score.loss));
    if (object != NULL && !isnan(score.metric))
        json_object_set_new(object, "accuracy", tg_json_real(score.metric));
    return object;
}

static int print_json(const train_run *r)
{
    json_t *object = json_pack("{s:I, s:o, s:o}", "epochs", (json_int_t)r->epochs, "seconds",
                               tg_json_real(r->seconds), "train", score_json(r->train_score));
    if (r->test.x != NULL) json_object_set_new(object, "test", score_json(r->test_score));
    char *saved = r->settings.save == NULL ? NULL : tg_utf8_name(r->settings.save);
    if (saved != NULL) json_object_set_new(object, "saved", json_string(saved));
    free(saved);
    if (tg_option_given(r->arguments, "profile"))
        json_object_set_new(object, "profile", train_profile_json(&r->profile));
    return tg_json_print(r->arguments->command, object);
}

static void print_score(const char *name, tg_score score)
{
    char loss[32];
    printf("%-7s loss %s", name, train_loss_text(score.loss, loss, sizeof loss));
    if (!isnan(score.metric)) printf("   accuracy %.1f %%", 100 * score.metric);
    putchar('\n');
}

static void print_text(const train_run *r)
{
    fprintf(stderr, "%" PRId64 " epoch%s in %.2f s\n", r->epochs, r->epochs == 1 ? "" : "s", r->seconds);
    print_score("train", r->train_score);
    if (r->test.x != NULL) print_score("test", r->test_score);
    if (r->settings.save != NULL) printf("saved   %s\n", r->settings.save);
    if (r->settings.report != NULL) printf("report  %s\n", r->settings.report);
    if (tg_option_given(r->arguments, "profile")) train_profile_print(&r->profile);
}

static int write_report(train_run *r)
{
    tg_diag diag;
    if (r->settings.report == NULL || report_write(r, &diag) == TG_OK) return TG_EXIT_OK;
    return tg_complain(r->arguments->command, "%s", diag.message);
}

static int run(const tg_arguments *a)
{
    train_run r = {
        .arguments = a, .train_score = {(double)NAN, (double)NAN}, .test_score = {(double)NAN, (double)NAN}};
    int status = prepare(&r);
    if (status == TG_EXIT_OK) status = train(&r);
    if (status == TG_EXIT_OK) status = write_report(&r);
    if (status == TG_EXIT_OK && tg_option_given(a, "json"))
        status = print_json(&r);
    else if (status == TG_EXIT_OK)
        print_text(&r);
    train_profile_clear(&r.profile);
    train_net_clear(&r.net);
    train_data_clear(&r.data);
    train_data_clear(&r.test);
    tg_graph_free(r.graph);
    tg_model_free(r.model);
    free(r.history);
    return status;
}

static const tg_option options[] = {
    {"data", 'd', "DATA", 0, "The examples: a CSV file, a folder with IDX files, or an npz.", "FILE"},
    {"test", 't', "DATA", 0, "Examples to judge the model by, after every epoch.", "FILE"},
    {"epochs", 'e', "N", 0, "How often to go through the examples (10 when not given).", NULL},
    {"batch", 'b', "N", 0, "Examples in a step (32 when not given).", NULL},
    {"dim", 0, "H=8", 1, "Bind a named size that does not follow from the data.", NULL},
    {"optimizer", 'O', "NAME", 0,
     "sgd, momentum (0.9), adam, or adamw (weight decay 0.01); adam when not given.",
     "sgd momentum adam adamw"},
    {"lr", 'r', "X", 0, "The learning rate (0.001 for adam and adamw, 0.01 for sgd and momentum).", NULL},
    {"seed", 's', "S", 0,
     "Seed of the params' initialisers and of the order of the examples (0 when not given).", NULL},
    TG_THREADS_OPTION,
    {"save", 0, "FILE.safetensors", 0, "Write the params and the optimiser's state, at the end or at Ctrl-C.",
     "FILE"},
    {"resume", 0, NULL, 0,
     "Go on from the file of --save, with its batch, optimizer, lr and seed unless they are given, up to --epochs in "
     "all. The result has the bits that training in one go has.",
     NULL},
    {"report", 0, "FILE.html", 0, "Write a page with curves, the model, results by class and wrong answers.",
     "FILE"},
    {"profile", 0, NULL, 0,
     "Show where the time of a step goes: each kernel's, with its operations and bytes beside what this machine can do.",
     NULL},
    {"json", 0, NULL, 0,
     "Write one JSON object: {\"epochs\", \"seconds\", \"train\": {\"loss\", \"accuracy\"}, \"test\", \"saved\", "
     "\"profile\"}.",
     NULL},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad train model.tg --data iris.csv --epochs 100",
     "loss and accuracy after each epoch, and at the end"},
    {"tapegrad train model.tg --data digits/ --save w.safetensors --report r.html",
     "weights, and a page to look at"},
    {"tapegrad train model.tg --data digits/ --save w.safetensors --epochs 20 --resume", "ten epochs more"},
    {"tapegrad train model.tg --data digits/ --epochs 1 --profile", "the time of each kernel of a step"},
    {NULL, NULL}};

const tg_command tg_command_train = {
    "train",
    "fit a program's params to data",
    "MODEL.tg",
    1,
    1,
    "Makes the value 'loss' of a program small by changing its params. The examples are bound to the inputs x and y, "
    "whose first axis is the batch: a named size, or a number, and then the last examples that do not fill a batch "
    "are left out. A model without an input y learns from x alone.\n\n"
    "CSV: a header line; the last column is the target, a number, or a class name, which becomes a row of zeros with "
    "a one. A folder: IDX files (.gz or not) with 'images' and 'labels' in their names; of several, --data takes "
    "train-…, --test t10k-…. npz: arrays x and y. Labels become rows of zeros with a one when y has several columns; "
    "features keep their scale.\n\n"
    "Where the program has an output 'pred' and the targets are classes, accuracy is the share of examples for which "
    "the largest column of pred is the target's; for a single column, both are on the same side of 1/2.\n\n"
    "--profile times every kernel of the steps on whole batches, the first step aside. Kernels of one unit run together on "
    "blocks of rows, one call for each block; what passes between them stays in the cache, so that only the bytes of "
    "other arrays count. 'peak' is the share of the products and sums, or of the bytes of memory, that a thread of this "
    "machine does at most in the same time; arrays that lie in a cache can come faster than from memory. Reading the clock "
    "makes training slower, and its time is taken off.\n\n"
    "Ctrl-C finishes the step, saves, says how to resume, and ends with status 130; a second one ends at once.",
    options,
    examples,
    run};
