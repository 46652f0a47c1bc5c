/* The page of a training run. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "lang/model.h"
#include "report.h"

/* ---- Text --------------------------------------------------------------------------------------------- */

/* The length of the UTF-8 character at text, or 0 where there is none (RFC 3629). */
static size_t character_length(const unsigned char *text)
{
    unsigned char c = text[0];
    size_t length = c < 0x80                ? 1
                    : c >= 0xC2 && c < 0xE0 ? 2
                    : c >= 0xE0 && c < 0xF0 ? 3
                    : c >= 0xF0 && c < 0xF5 ? 4
                                            : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80) return 0;
    if (length > 2 && ((c == 0xE0 && text[1] < 0xA0) || (c == 0xED && text[1] > 0x9F) ||
                       (c == 0xF0 && text[1] < 0x90) || (c == 0xF4 && text[1] > 0x8F)))
        return 0;
    return length;
}

/* One character; the number of its bytes. */
static size_t print_character(FILE *to, const char *text)
{
    static const char *const replaced[] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
    unsigned char c = (unsigned char)text[0];
    size_t length = character_length((const unsigned char *)text);
    if (length == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) {
        fputs("\uFFFD", to);
        return 1;
    }
    if (c < sizeof replaced / sizeof replaced[0] && replaced[c] != NULL)
        fputs(replaced[c], to);
    else
        fwrite(text, 1, length, to);
    return length;
}

void report_text(FILE *to, const char *text)
{
    while (*text != '\0') text += print_character(to, text);
}

/* 1797 as 1,797. */
static void print_count(FILE *to, int64_t n)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, n);
    for (int i = 0; i < length; i++) {
        fputc(digits[i], to);
        if ((length - i - 1) % 3 == 0 && i < length - 1) fputc(',', to);
    }
}

/* ---- The page's parts --------------------------------------------------------------------------------- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

static void print_head(FILE *to, const train_run *r)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          to);
    report_text(to, file_name(r->settings.model));
    fputs(" · training</title>\n", to);
    report_style(to);
    fputs("</head>\n<body>\n<main>\n<p class=\"eyebrow\">Training report</p>\n<h1>", to);
    report_text(to, file_name(r->settings.model));
    fputs("</h1>\n<p class=\"soft\">", to);
    print_count(to, r->epochs);
    fprintf(to, " epoch%s over ", r->epochs == 1 ? "" : "s");
    print_count(to, train_data_count(&r->data));
    fputs(" examples of ", to);
    report_text(to, r->settings.data);
    if (r->test.x != NULL) {
        fputs(", tested on ", to);
        print_count(to, train_data_count(&r->test));
        fputs(" of ", to);
        report_text(to, r->settings.test);
    }
    fputs(".</p>\n", to);
}

static void print_tile(FILE *to, const char *name, double value, int percent)
{
    if (isnan(value) && percent) return;
    fprintf(to, percent ? "<div class=\"tile\"><b>%.1f %%</b>" : "<div class=\"tile\"><b>%.4g</b>",
            percent ? 100 * value : value);
    fprintf(to, "<span>%s</span></div>\n", name);
}

static void print_tiles(FILE *to, const train_run *r)
{
    fputs("<div class=\"tiles\">\n", to);
    if (r->test.x != NULL) {
        print_tile(to, "test accuracy", r->test_score.metric, 1);
        print_tile(to, "test loss", r->test_score.loss, 0);
    }
    print_tile(to, "training accuracy", r->train_score.metric, 1);
    print_tile(to, "training loss", r->train_score.loss, 0);
    fputs("</div>\n", to);
}

static void print_curves(FILE *to, const train_run *r)
{
    int64_t n = r->n_history;
    double *values = n == 0 ? NULL : malloc(4 * (size_t)n * sizeof *values);
    if (values == NULL) return;
    for (int64_t i = 0; i < n; i++) {
        values[i] = r->history[i].train.loss;
        values[n + i] = r->history[i].test.loss;
        values[2 * n + i] = r->history[i].train.metric;
        values[3 * n + i] = r->history[i].test.metric;
    }
    report_line loss[2] = {{"training", "one", values}, {"test", "two", values + n}};
    report_line accuracy[2] = {{"training", "one", values + 2 * n}, {"test", "two", values + 3 * n}};
    int lines = r->test.x != NULL ? 2 : 1;
    fputs(
        "<h2>Learning</h2>\n<p class=\"soft\">Training scores are the mean over an epoch, while the params change",
        to);
    fputs(lines > 1 ? "; test scores are taken at its end.</p>\n" : ".</p>\n", to);
    fputs("<div class=\"pair\">\n", to);
    report_draw(to, &(report_chart){"Loss", loss, lines, r->history[0].epoch, n, 0});
    report_draw(to, &(report_chart){"Accuracy", accuracy, lines, r->history[0].epoch, n, 1});
    fputs("</div>\n", to);
    free(values);
}

/* The program, with its comments and first words set off. */
static void print_program(FILE *to, const char *text)
{
    static const char *const words[] = {"input", "param", "const", "def", "output"};
    fputs("<pre>", to);
    int comment = 0, begin = 1;
    while (*text != '\0') {
        for (size_t k = 0; begin && k < sizeof words / sizeof words[0]; k++) {
            size_t length = strlen(words[k]);
            if (strncmp(text, words[k], length) != 0 || (text[length] != ' ' && text[length] != '\t'))
                continue;
            fprintf(to, "<b>%s</b>", words[k]);
            text += length;
        }
        begin = *text == '\n' || (begin && *text == ' ');
        if (*text == '\r') {
            text++;
            continue;
        }
        if (*text == '#' && !comment) {
            fputs("<i>", to);
            comment = 1;
        }
        if (*text == '\n' && comment) {
            fputs("</i>", to);
            comment = 0;
        }
        text += print_character(to, text);
    }
    fputs(comment ? "</i></pre>\n" : "</pre>\n", to);
}

/* A param's name, type, size, and how large its elements are. */
static void print_param(FILE *to, const tg_tensor *t)
{
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    tg_array view = {type, (void *)(uintptr_t)tg_data(t)};
    double low = (double)INFINITY, high = -(double)INFINITY, squares = 0;
    int64_t n = tg_type_count(&type);
    for (int64_t i = 0; i < n; i++) {
        double value = train_number(&view, i);
        low = fmin(low, value);
        high = fmax(high, value);
        squares += value * value;
    }
    fputs("<tr><td class=\"mono\">", to);
    report_text(to, tg_name(t));
    fprintf(to, "</td><td class=\"mono\">%s</td><td class=\"n\">",
            tg_type_text(&type, type_text, sizeof type_text));
    print_count(to, n);
    if (n == 0)
        fputs("</td><td></td><td></td><td></td></tr>\n", to);
    else
        fprintf(to, "</td><td class=\"n\">%.4g</td><td class=\"n\">%.4g</td><td class=\"n\">%.4g</td></tr>\n",
                low, sqrt(squares / (double)n), high);
}

static void print_params(FILE *to, const train_run *r)
{
    int64_t total = 0;
    fputs(
        "<div class=\"card scroll\"><table><thead><tr><th>Param</th><th>Type</th><th class=\"n\">Numbers</th>"
        "<th class=\"n\">Least</th><th class=\"n\">Root mean square</th><th class=\"n\">Most</th></tr></thead><tbody>\n",
        to);
    for (int64_t i = 0; i < tg_param_count(r->graph); i++) {
        const tg_tensor *t = tg_param_at(r->graph, i);
        if (!tg_is_trainable(t)) continue;
        print_param(to, t);
        total += tg_count(t);
    }
    fputs("<tr><td>all</td><td></td><td class=\"n\">", to);
    print_count(to, total);
    fputs("</td><td></td><td></td><td></td></tr>\n</tbody></table></div>\n", to);
}

static void print_fact(FILE *to, const char *name, const char *text)
{
    if (text == NULL) return;
    fprintf(to, "<dt>%s</dt><dd>", name);
    report_text(to, text);
    fputs("</dd>\n", to);
}

static void print_settings(FILE *to, const train_run *r)
{
    const train_settings *s = &r->settings;
    char text[64], type[TG_TYPE_TEXT];
    fputs("<h2>Settings</h2>\n<div class=\"card\" style=\"margin-top:.9rem\"><dl>\n", to);
    print_fact(to, "Model", s->model);
    print_fact(to, "Training data", s->data);
    print_fact(to, "Test data", s->test);
    print_fact(to, "x", tg_type_text(&r->data.x->type, type, sizeof type));
    if (r->data.y != NULL) print_fact(to, "y", tg_type_text(&r->data.y->type, type, sizeof type));
    snprintf(text, sizeof text, "%s, rate %g", s->optimizer, s->rate);
    print_fact(to, "Optimizer", text);
    snprintf(text, sizeof text, "%" PRId64, s->batch);
    print_fact(to, "Batch", text);
    snprintf(text, sizeof text, "%" PRIu64, s->seed);
    print_fact(to, "Seed", text);
    snprintf(text, sizeof text, "%.3g s", r->seconds);
    print_fact(to, "Time", text);
    print_fact(to, "Weights", s->save);
    fputs("</dl></div>\n", to);
}

static tg_status print_page(FILE *to, train_run *r, tg_diag *diag)
{
    const train_data *judged = r->test.x != NULL ? &r->test : &r->data;
    print_head(to, r);
    print_tiles(to, r);
    print_curves(to, r);
    if (!isnan(r->train_score.metric)) {
        int64_t batch = r->net.fixed != 0 ? r->net.fixed : 256;
        tg_array *pred = train_predict(r->graph, &r->net, judged, batch, diag);
        if (pred == NULL) return diag->status;
        report_classes(to, r, judged, pred);
        tg_array_free(pred);
    }
    fputs("<h2>Model</h2>\n", to);
    print_program(to, r->model->text);
    print_params(to, r);
    print_settings(to, r);
    fprintf(to, "<footer>Written by tapegrad %s.</footer>\n</main>\n</body>\n</html>\n", tg_version());
    return TG_OK;
}

/* ---- The file ----------------------------------------------------------------------------------------- */

tg_status report_write(train_run *r, tg_diag *diag)
{
    char *text = NULL;
    size_t size = 0;
    FILE *page = open_memstream(&text, &size);
    if (page == NULL) return tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory", r->settings.report);
    tg_status status = print_page(page, r, diag);
    if (fclose(page) != 0 && status == TG_OK)
        status = tg_fail(diag, TG_ERR_MEMORY, "%s: out of memory", r->settings.report);
    const tg_bytes bytes = {(unsigned char *)text, size, size};
    if (status == TG_OK) status = tg_file_write(r->settings.report, &bytes, 1, diag);
    free(text);
    return status;
}
