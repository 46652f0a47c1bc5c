/* A lesson: everything that an explanation of a model shows, before any format. One lesson feeds text, LaTeX and HTML,
 * so that they agree.
 *
 * Equations and symbols are LaTeX (explain/math.h turns them into text and MathML). Paragraphs, reasons, notes and slips
 * are prose, in which LaTeX may stand between dollars; all other strings are plain text. Strings belong to the lesson. */
#ifndef TG_LESSON_LESSON_H
#define TG_LESSON_LESSON_H

#include <stdint.h>

#include <tapegrad/rules.h>

/* A few numbers of a tensor: those of the chosen sample where the tensor has an axis of examples. */
typedef struct tg_lesson_values {
    int rank; /* 0 to 2; -1: there are none */
    int64_t shape[2];
    double *numbers; /* row-major */
} tg_lesson_values;

typedef enum tg_lesson_phase {
    TG_LESSON_FORWARD,
    TG_LESSON_COST,
    TG_LESSON_BACKWARD,
    TG_LESSON_GRADIENT
} tg_lesson_phase;

/* One quantity, in the order of computation. */
typedef struct tg_lesson_step {
    tg_lesson_phase phase;
    int layer;      /* 0: none */
    char *symbol;   /* what it is called: "\\delta^{2}"; the model's own name without a convention */
    char *equation; /* how the convention has it; NULL without a convention */
    char *label;    /* the convention's name of the equation, "equation 2"; or NULL */
    char *reason;   /* why it holds, in a sentence; or NULL */
    char *name;     /* what the model calls it, "h" or "%12" */
    char *shape;    /* "f64[N, 3]"-like, with the real sizes: "f64[4, 3]" */
    char *tape;     /* what the tape computes here, in the model language: "delta2 @ transpose(W2)" */
    char *rule;     /* for adjoints: "reverse rule of matmul for its first input"; or NULL */
    char *verdict;  /* "proved: equals the rule of the convention by S/S, x/x"; or NULL */
    int holds;      /* 1 proved, 0 refuted, -1 not decided, -2 nothing to prove */
    char *notes[4]; /* asides: where the transpose comes from, what cancels; NULL-ended */
    tg_lesson_values values;
} tg_lesson_step;

/* A box of the drawing and what it holds; arrows go from box to box. Columns and rows count from 0; the forward pass runs
 * to the right in the upper rows, the reverse pass to the left in the lower ones. */
typedef struct tg_lesson_box {
    char *symbol; /* LaTeX */
    int column, row;
    int step; /* the step that computes it; -1: given (inputs, params) */
} tg_lesson_box;

typedef struct tg_lesson_arrow {
    int from, to;
    int reverse; /* it belongs to the reverse pass */
} tg_lesson_arrow;

/* The model as one convention has it; or, for a model that is no MLP, as the tape has it. */
typedef struct tg_lesson_view {
    int convention;    /* tg_convention; -1: none */
    char *title;       /* "delta: columns, the four equations" */
    char **paragraphs; /* what to know first: layout, factor, correspondence; n_paragraphs */
    int n_paragraphs;
    char **names;   /* the model's names beside the convention's symbols: n_names rows of 2: "h", "a^{1}" */
    int n_names;    /* 0: the lesson's rows go for this view too */
    char **general; /* the equations with the letter l, LaTeX; n_general */
    char **general_labels;
    int n_general;
    char **slips; /* where the course text slips; n_slips */
    int n_slips;
    tg_lesson_step *steps;
    int n_steps;
    tg_lesson_box *boxes;
    int n_boxes;
    tg_lesson_arrow *arrows;
    int n_arrows;
} tg_lesson_view;

typedef struct tg_lesson {
    char *model;   /* the file's name */
    char *loss;    /* the name of what is differentiated */
    char *source;  /* the program's text; or NULL */
    char *summary; /* "a 4-5-3 network, sigmoid, sigmoid; quadratic cost, mean over 4 examples" */
    char *not_mlp; /* why the model is not shown as an MLP; NULL when it is */
    char *sample;  /* what the values are those of: "example 1 of 4, drawn at random with seed 0"; or NULL */
    char **names;  /* the model's names beside the convention's symbols: n_names rows of 2: "h", "a^{1}" */
    int n_names;
    int first;             /* the view to show first */
    tg_lesson_view *views; /* five, or one */
    int n_views;
} tg_lesson;

void tg_lesson_clear(tg_lesson *lesson);

/* The formats. NULL when memory runs out; free with tg_text_free. `view` is an index of views; HTML has them all. */
char *tg_lesson_text(const tg_lesson *lesson, int view);
char *tg_lesson_latex(const tg_lesson *lesson, int view);
char *tg_lesson_html(const tg_lesson *lesson);

#endif
