/* The graph's first error, and how tensors are named in messages. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "c_locale.h"
#include "graph.h"

static void keep_error(tg_graph *g, tg_status status, const char *format, va_list args)
{
    if (g == NULL || g->status != TG_OK) return;
    g->status = status;
    g->error_what = g->error_inputs = 0;
    tg_c_vsnprintf(g->error, sizeof g->error, format, args);
}

tg_tensor *tg_set_error(tg_graph *g, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keep_error(g, status, format, args);
    va_end(args);
    return NULL;
}

tg_status tg_graph_fail(tg_graph *g, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keep_error(g, status, format, args);
    va_end(args);
    return status;
}

tg_status tg_graph_status(const tg_graph *g)
{
    return g == NULL ? TG_ERR_NULL : g->status;
}

const char *tg_error(const tg_graph *g)
{
    return g == NULL ? "the graph is NULL" : g->error;
}

void tg_clear_error(tg_graph *g)
{
    if (g == NULL) return;
    g->status = TG_OK;
    g->error[0] = '\0';
}

char *tg_label(const tg_tensor *t, char *text, size_t size)
{
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    tg_type_text(&type, type_text, sizeof type_text);
    if (tg_name(t)[0] != '\0')
        snprintf(text, size, "'%.60s' %s", tg_name(t), type_text);
    else
        snprintf(text, size, "%%%" PRId32 " %s", t->id, type_text);
    return text;
}

tg_status tg_check_tensors(tg_graph *g, const char *call, const char *role, tg_tensor *const *ts, int n)
{
    if (g == NULL) return TG_ERR_NULL;
    if (n < 0) return tg_graph_fail(g, TG_ERR_ARGUMENT, "%s: %d %ss", call, n, role);
    if (n > 0 && ts == NULL) return tg_graph_fail(g, TG_ERR_NULL, "%s: the list of %ss is NULL", call, role);
    for (int i = 0; i < n; i++) {
        if (ts[i] == NULL) {
            /* A tensor that could not be built: its cause was kept, and is the answer. */
            if (g->status != TG_OK) return g->status;
            return tg_graph_fail(g, TG_ERR_NULL, "%s: %s %d is NULL", call, role, i);
        }
        if (ts[i]->graph != g) {
            char label[TG_LABEL_TEXT];
            return tg_graph_fail(g, TG_ERR_GRAPH, "%s: %s %d, %s, belongs to another graph", call, role, i,
                                 tg_label(ts[i], label, sizeof label));
        }
    }
    return TG_OK;
}
