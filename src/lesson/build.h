/* Building a lesson from a model's tape. */
#ifndef TG_LESSON_BUILD_H
#define TG_LESSON_BUILD_H

#include <tapegrad/function.h>
#include <tapegrad/graph.h>

#include "explain/text.h"
#include "lesson.h"
#include "recognise.h"
#include "rules/net.h"
#include "rules/notation.h"

typedef struct tg_lesson_task {
    tg_graph *g; /* inputs without a value get random ones; expressions get names where they have none */
    tg_tensor *loss;
    const char *loss_name, *model, *source;
    tg_tensor *const *named; /* the program's tensors with names of their own, in any order */
    int n_named;
    int convention; /* the view to show first; -1: the one that fits the model's layout */
    int64_t sample; /* from 0: whose values are shown */
    uint64_t seed;
} tg_lesson_task;

/* Errors: what recording, proving and running can say; the message is the graph's, or *diag's. */
tg_status tg_lesson_build(const tg_lesson_task *task, tg_lesson **out, tg_diag *diag);

/* ---- The parts ---------------------------------------------------------------------------------------- */

/* A view of an MLP in a convention (build_mlp.c), and of any tape (build_tape.c). */
tg_status tg_lesson_mlp_view(const tg_lesson_task *task, const tg_found_mlp *found, tg_convention convention,
                             tg_lesson_view *view, tg_diag *diag);
tg_status tg_lesson_tape_view(const tg_lesson_task *task, tg_lesson_view *view, tg_diag *diag);

/* The asides of an MLP's step: where a transpose comes from, what cancels (build_notes.c). Adds to step->notes. */
void tg_lesson_note(tg_lesson_step *step, char *note);
void tg_lesson_error_notes(tg_lesson_step *step, const tg_rules_spec *spec, int l, double factor);
void tg_lesson_gradient_notes(tg_lesson_step *step, const tg_rules_spec *spec);

/* The drawing of an MLP (build_drawing.c): boxes and arrows for its steps, which stand in the order of the view. */
int tg_lesson_draw_mlp(tg_lesson_view *view, int L);

/* The drawing of a tape (build_tape_drawing.c): named tensors, the loss last, with the step that computes each and the
 * step of its adjoint, -1 where there is none. Draws nothing where it would be too much. 0: out of memory. */
int tg_lesson_draw_tape(tg_lesson_view *view, tg_tensor *const *named, int n, const int *forward,
                        const int *backward);
/* The name of a tensor in LaTeX; with a loss, of the loss's derivative by it. */
char *tg_lesson_symbol(const tg_tensor *t, const tg_tensor *loss);

/* Gives inputs without a value random ones: uniform from -1 to 1; the targets of a recognised network such as its cost
 * takes (build_values.c). */
tg_status tg_lesson_draw_inputs(const tg_lesson_task *task, const tg_found_mlp *found);
/* Element i of an array of t's type. */
double tg_lesson_number_at(const tg_tensor *t, const void *data, int64_t i);
/* Runs the tensors of all steps at once and takes their values; for step i tensors[i] (NULL: none). sample_axis[i] is
 * the axis of examples, -1: none. */
tg_status tg_lesson_take_values(const tg_lesson_task *task, tg_tensor *const *tensors, const int *sample_axis,
                                tg_lesson_view *view, tg_diag *diag);

/* "reverse rules of matmul (second input) and sigmoid": what made an adjoint out of those that came before. Forward
 * nodes and the adjoints in `known` are where the search ends. */
char *tg_lesson_rules_of(const tg_tensor *adjoint, tg_tensor *const *known, int n_known);

/* "f64[4, 3]" */
char *tg_lesson_shape(const tg_tensor *t);
/* A copy; NULL for NULL and when memory runs out. */
char *tg_lesson_copy(const char *text);
/* printf into new memory. */
char *tg_lesson_print(const char *format, ...) TG_PRINTF(1, 2);

#endif
