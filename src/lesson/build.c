/* A lesson about a model: as a multilayer perceptron in five conventions where it is one, else as the tape has it. */
#include "build.h"

#include <inttypes.h>
#include <stdlib.h>

/* The convention whose layout is the model's. */
static tg_convention closest(const tg_found_mlp *found)
{
    if (found->x_rows) return TG_CONVENTION_ROWS;
    if (!found->layer[1].in_out) return found->N == 1 ? TG_CONVENTION_VECTOR : TG_CONVENTION_DELTA;
    return found->N == 1 ? TG_CONVENTION_JACOBIAN : TG_CONVENTION_COLUMNS;
}

static char *summary(const tg_found_mlp *found)
{
    tg_text text = {0};
    tg_text_print(&text, "a network %" PRId64, found->inputs);
    for (int l = 1; l <= found->L; l++) tg_text_print(&text, "-%" PRId64, found->layer[l].units);
    for (int l = 1; l <= found->L; l++)
        tg_text_print(&text, "%s%s", l > 1 ? ", " : " with ", tg_activation_name(found->layer[l].activation));
    tg_text_print(&text, "; the loss is %s%sthe sum of the %s cost over %" PRId64 " example%s",
                  found->factor == 1 ? "" : found->factor_text, found->factor == 1 ? "" : " times ",
                  tg_cost_name(found->cost), found->N, found->N == 1 ? "" : "s");
    return tg_text_take(&text);
}

static tg_status build_mlp(const tg_lesson_task *task, const tg_found_mlp *found, tg_lesson *lesson,
                           tg_diag *diag)
{
    tg_status status = TG_OK;
    lesson->summary = summary(found);
    if (found->N > 1)
        lesson->sample = tg_lesson_print("example %" PRId64 " of %" PRId64, task->sample + 1, found->N);
    lesson->views = calloc(TG_CONVENTIONS, sizeof *lesson->views);
    if (lesson->views == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    lesson->n_views = TG_CONVENTIONS;
    lesson->first = task->convention >= 0 ? task->convention : (int)closest(found);
    for (int c = 0; c < TG_CONVENTIONS && status == TG_OK; c++)
        status = tg_lesson_mlp_view(task, found, (tg_convention)c, &lesson->views[c], diag);
    return status;
}

static tg_status build_tape(const tg_lesson_task *task, const char *reason, tg_lesson *lesson, tg_diag *diag)
{
    lesson->not_mlp = tg_lesson_copy(reason);
    lesson->views = calloc(1, sizeof *lesson->views);
    if (lesson->views == NULL || lesson->not_mlp == NULL)
        return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    lesson->n_views = 1;
    return tg_lesson_tape_view(task, &lesson->views[0], diag);
}

static tg_status fill(const tg_lesson_task *task, tg_lesson *lesson, tg_diag *diag)
{
    tg_found_mlp *found = malloc(sizeof *found);
    char reason[TG_REASON] = "";
    if (found == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    int is_mlp = tg_recognise(task->g, task->loss, found, reason);
    tg_status status = TG_OK;
    if (is_mlp < 0)
        status = tg_fail(diag, tg_graph_status(task->g) != TG_OK ? tg_graph_status(task->g) : TG_ERR_MEMORY,
                         "%s", tg_error(task->g));
    else if (is_mlp && (task->sample < 0 || task->sample >= found->N))
        status = tg_fail(diag, TG_ERR_ARGUMENT, "there is no example %" PRId64 "; the model has %" PRId64,
                         task->sample + 1, found->N);
    else if (tg_lesson_draw_inputs(task, is_mlp ? found : NULL) != TG_OK)
        status = tg_fail(diag, TG_ERR_MEMORY, "out of memory for the inputs");
    else
        status = is_mlp ? build_mlp(task, found, lesson, diag) : build_tape(task, reason, lesson, diag);
    free(found);
    return status;
}

tg_status tg_lesson_build(const tg_lesson_task *task, tg_lesson **out, tg_diag *diag)
{
    *out = NULL;
    tg_lesson *lesson = calloc(1, sizeof *lesson);
    if (lesson == NULL) return tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson");
    lesson->model = tg_lesson_copy(task->model);
    lesson->loss = tg_lesson_copy(task->loss_name);
    lesson->source = tg_lesson_copy(task->source);
    tg_status status = lesson->model == NULL || lesson->loss == NULL
                           ? tg_fail(diag, TG_ERR_MEMORY, "out of memory for a lesson")
                           : fill(task, lesson, diag);
    if (status == TG_OK) {
        *out = lesson;
        return TG_OK;
    }
    tg_lesson_clear(lesson);
    free(lesson);
    return status;
}
