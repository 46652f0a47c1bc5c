/* Results by class: precision and recall, the confusion matrix, examples with a wrong answer. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { MATRIX_MAX = 20, CLASSES_MAX = 1000, WRONG_MAX = 24, ROWS_MAX = 10, FEATURES_MAX = 8 };

/* What the model says of one set of examples. */
typedef struct answers {
    FILE *to;
    const train_run *run;
    const train_data *data;
    const tg_array *pred;
    int64_t k, n;    /* classes, examples */
    int64_t *counts; /* [k, k]: target, answer */
    int64_t wrong;
} answers;

int64_t report_class(const tg_array *array, int64_t i)
{
    int64_t k = array->type.rank == 2 ? array->type.shape[1] : 1, best = 0;
    if (array->type.dtype == TG_I64 && array->type.rank == 1) return ((const int64_t *)array->data)[i];
    if (k == 1) return train_number(array, i) > 0.5;
    for (int64_t c = 1; c < k; c++)
        if (train_number(array, i * k + c) > train_number(array, i * k + best)) best = c;
    return best;
}

static int64_t columns_of(const tg_array *array)
{
    return array->type.rank == 2 ? array->type.shape[1] : 1;
}

/* Counts the classes and the examples in each. 0 when there are none, or too many. */
static int count(answers *a)
{
    const tg_array *y = a->data->y;
    a->n = train_data_count(a->data);
    a->k = columns_of(y) > 1 ? columns_of(y) : 2;
    for (int64_t i = 0; i < a->n; i++) {
        int64_t truth = report_class(y, i), answer = report_class(a->pred, i),
                most = truth > answer ? truth : answer;
        if (truth < 0 || answer < 0 || most >= CLASSES_MAX) return 0;
        if (most >= a->k) a->k = most + 1;
    }
    a->counts = calloc((size_t)(a->k * a->k), sizeof *a->counts);
    for (int64_t i = 0; a->counts != NULL && i < a->n; i++) {
        int64_t truth = report_class(y, i), answer = report_class(a->pred, i);
        a->counts[truth * a->k + answer]++;
        a->wrong += truth != answer;
    }
    return a->counts != NULL;
}

static void print_class(const answers *a, int64_t c)
{
    const train_data *names = &a->run->data;
    if (names->classes != NULL && c < names->n_classes)
        report_text(a->to, names->classes[c]);
    else
        fprintf(a->to, "%" PRId64, c);
}

/* ---- Precision and recall ----------------------------------------------------------------------------- */

static void print_share(FILE *to, int64_t part, int64_t whole)
{
    if (whole == 0)
        fputs("<td class=\"n\">–</td>", to);
    else
        fprintf(
            to,
            "<td class=\"n\"><span class=\"meter\" style=\"--v:%.3f\"></span><span class=\"share\">%.1f %%</span></td>",
            (double)part / (double)whole, 100 * (double)part / (double)whole);
}

static void print_table(const answers *a)
{
    fputs("<div class=\"card scroll\"><table><thead><tr><th>Class</th><th class=\"n\">Precision</th>"
          "<th class=\"n\">Recall</th><th class=\"n\">Support</th></tr></thead><tbody>\n",
          a->to);
    for (int64_t c = 0; c < a->k; c++) {
        int64_t answered = 0, there = 0, right = a->counts[c * a->k + c];
        for (int64_t other = 0; other < a->k; other++) {
            answered += a->counts[other * a->k + c];
            there += a->counts[c * a->k + other];
        }
        fputs("<tr><td>", a->to);
        print_class(a, c);
        fputs("</td>", a->to);
        print_share(a->to, right, answered);
        print_share(a->to, right, there);
        fprintf(a->to, "<td class=\"n\">%" PRId64 "</td></tr>\n", there);
    }
    fputs("</tbody></table></div>\n", a->to);
}

/* ---- Confusion ---------------------------------------------------------------------------------------- */

static void print_cell(const answers *a, int64_t truth, int64_t answer, int64_t there)
{
    int64_t n = a->counts[truth * a->k + answer];
    double share = there == 0 ? 0 : (double)n / (double)there;
    if (n == 0) {
        fputs("<td class=\"zero\">·</td>", a->to);
        return;
    }
    fprintf(a->to, "<td class=\"%s%s\" style=\"--v:%.3f\">%" PRId64 "</td>", truth == answer ? "right" : "",
            share > 0.55 ? " full" : "", share, n);
}

static void print_matrix(const answers *a)
{
    if (a->k > MATRIX_MAX) return;
    fputs("<div class=\"card scroll\"><table class=\"matrix\"><thead><tr><td class=\"zero\"></td>", a->to);
    fprintf(a->to,
            "<th class=\"axis\" colspan=\"%" PRId64
            "\">answer</th></tr><tr><th class=\"axis row\">target</th>",
            a->k);
    for (int64_t c = 0; c < a->k; c++) {
        fputs("<th>", a->to);
        print_class(a, c);
        fputs("</th>", a->to);
    }
    fputs("</tr></thead><tbody>\n", a->to);
    for (int64_t truth = 0; truth < a->k; truth++) {
        int64_t there = 0;
        for (int64_t answer = 0; answer < a->k; answer++) there += a->counts[truth * a->k + answer];
        fputs("<tr><th class=\"row\">", a->to);
        print_class(a, truth);
        fputs("</th>", a->to);
        for (int64_t answer = 0; answer < a->k; answer++) print_cell(a, truth, answer, there);
        fputs("</tr>\n", a->to);
    }
    fputs("</tbody></table></div>\n", a->to);
}

/* ---- Wrong answers ------------------------------------------------------------------------------------ */

typedef struct wrong_answer {
    int64_t example;
    double margin; /* how much surer of the answer than of the target */
} wrong_answer;

static double margin(const answers *a, int64_t i)
{
    int64_t k = columns_of(a->pred);
    if (a->pred->type.dtype == TG_I64) return 0;
    if (k == 1) return fabs(train_number(a->pred, i) - 0.5);
    return train_number(a->pred, i * k + report_class(a->pred, i)) -
           train_number(a->pred, i * k + report_class(a->data->y, i));
}

static int by_margin(const void *a, const void *b)
{
    const wrong_answer *x = a, *y = b;
    if (x->margin != y->margin) return x->margin > y->margin ? -1 : 1;
    return x->example < y->example ? -1 : x->example > y->example;
}

/* The wrong answers, the surest first, or NULL. */
static wrong_answer *find_wrong(const answers *a)
{
    wrong_answer *list = malloc((size_t)a->wrong * sizeof *list);
    int64_t n = 0;
    for (int64_t i = 0; list != NULL && i < a->n; i++)
        if (report_class(a->data->y, i) != report_class(a->pred, i))
            list[n++] = (wrong_answer){i, margin(a, i)};
    if (list != NULL) qsort(list, (size_t)n, sizeof *list, by_margin);
    return list;
}

static void value_range(const tg_array *x, double *low, double *high)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (int64_t i = 0; i < tg_type_count(&x->type); i++) {
        *low = fmin(*low, train_number(x, i));
        *high = fmax(*high, train_number(x, i));
    }
}

static void print_gallery(const answers *a, const wrong_answer *list)
{
    double low, high;
    value_range(a->data->x, &low, &high);
    fputs("<div class=\"gallery\">\n", a->to);
    for (int64_t i = 0; i < a->wrong && i < WRONG_MAX; i++) {
        int64_t example = list[i].example;
        fputs("<figure><div class=\"frame\">", a->to);
        report_picture(a->to, a->data->x, example, a->data->rows, a->data->columns, low, high);
        fputs("</div><figcaption><span>", a->to);
        print_class(a, report_class(a->data->y, example));
        fputs("</span> → <b>", a->to);
        print_class(a, report_class(a->pred, example));
        fprintf(a->to, "</b><br>no. %" PRId64 "</figcaption></figure>\n", example);
    }
    fputs("</div>\n", a->to);
}

static void print_rows(const answers *a, const wrong_answer *list)
{
    int64_t width = tg_type_count(&a->data->x->type) / a->n,
            shown = width < FEATURES_MAX ? width : FEATURES_MAX;
    fputs(
        "<div class=\"card scroll\" style=\"margin-top:1rem\"><table><thead><tr><th>Example</th><th>Target</th>"
        "<th>Answer</th>",
        a->to);
    for (int64_t c = 0; c < shown; c++) fprintf(a->to, "<th class=\"n\">x[%" PRId64 "]</th>", c);
    fputs("</tr></thead><tbody>\n", a->to);
    for (int64_t i = 0; i < a->wrong && i < ROWS_MAX; i++) {
        int64_t example = list[i].example;
        fprintf(a->to, "<tr><td>%" PRId64 "</td><td>", example);
        print_class(a, report_class(a->data->y, example));
        fputs("</td><td>", a->to);
        print_class(a, report_class(a->pred, example));
        fputs("</td>", a->to);
        for (int64_t c = 0; c < shown; c++)
            fprintf(a->to, "<td class=\"n\">%.4g</td>", train_number(a->data->x, example * width + c));
        fputs("</tr>\n", a->to);
    }
    fputs("</tbody></table></div>\n", a->to);
}

static void print_wrong(const answers *a)
{
    if (a->wrong == 0) {
        fputs("<h2>Wrong answers</h2><p class=\"soft\">There are none.</p>\n", a->to);
        return;
    }
    wrong_answer *list = find_wrong(a);
    int pictures =
        a->data->rows > 0 && a->data->rows * a->data->columns * a->n == tg_type_count(&a->data->x->type);
    int64_t most = pictures ? WRONG_MAX : ROWS_MAX;
    fputs("<h2>Wrong answers</h2>\n", a->to);
    if (a->wrong > most)
        fprintf(a->to,
                "<p class=\"soft\">%" PRId64 " of %" PRId64
                ", those of which the model is surest: target → answer, and the number of the "
                "example.</p>\n",
                most, a->wrong);
    else
        fputs(
            "<p class=\"soft\">All of them, the surest first: target → answer, and the number of the example.</p>\n",
            a->to);
    if (list != NULL && pictures) print_gallery(a, list);
    if (list != NULL && !pictures) print_rows(a, list);
    free(list);
}

void report_classes(FILE *to, const train_run *r, const train_data *data, const tg_array *pred)
{
    answers a = {.to = to, .run = r, .data = data, .pred = pred};
    if (!count(&a)) return;
    fputs("<h2>By class</h2>\n", to);
    fprintf(to,
            "<p class=\"soft\">%s: %" PRId64 " of %" PRId64
            " answers are right. Precision is the share of a class's "
            "answers that are right, recall the share of its examples that are found; support counts the "
            "examples.</p>\n",
            data == &r->test ? "On the test data" : "On the training data", a.n - a.wrong, a.n);
    fputs("<div class=\"pair\">\n", to);
    print_table(&a);
    print_matrix(&a);
    fputs("</div>\n", to);
    print_wrong(&a);
    free(a.counts);
}
