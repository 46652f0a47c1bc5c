/* The memory of a lesson. */
#include "lesson.h"

#include <stdlib.h>

static void clear_strings(char **strings, int n)
{
    for (int i = 0; strings != NULL && i < n; i++) free(strings[i]);
    free(strings);
}

static void clear_step(tg_lesson_step *s)
{
    char *strings[] = {s->symbol, s->equation, s->label, s->reason, s->name,
                       s->shape,  s->tape,     s->rule,  s->verdict};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) free(strings[i]);
    for (size_t i = 0; i < sizeof s->notes / sizeof *s->notes; i++) free(s->notes[i]);
    free(s->values.numbers);
}

static void clear_view(tg_lesson_view *v)
{
    free(v->title);
    clear_strings(v->paragraphs, v->n_paragraphs);
    clear_strings(v->names, 2 * v->n_names);
    clear_strings(v->general, v->n_general);
    clear_strings(v->general_labels, v->n_general);
    clear_strings(v->slips, v->n_slips);
    for (int i = 0; i < v->n_steps; i++) clear_step(&v->steps[i]);
    free(v->steps);
    for (int i = 0; i < v->n_boxes; i++) free(v->boxes[i].symbol);
    free(v->boxes);
    free(v->arrows);
}

void tg_lesson_clear(tg_lesson *lesson)
{
    char *strings[] = {lesson->model,   lesson->loss,    lesson->source,
                       lesson->summary, lesson->not_mlp, lesson->sample};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) free(strings[i]);
    clear_strings(lesson->names, 2 * lesson->n_names);
    for (int i = 0; i < lesson->n_views; i++) clear_view(&lesson->views[i]);
    free(lesson->views);
    *lesson = (tg_lesson){0};
}
