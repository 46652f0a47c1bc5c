/* Running shape rules, and what they may ask and answer. */
#include <stdio.h>
#include <string.h>

#include "c_locale.h"
#include "infer.h"

int tg_infer_input_count(const tg_infer *q)
{
    return q->n;
}

tg_type tg_infer_input(const tg_infer *q, int i)
{
    return tg_type_of(i >= 0 && i < q->n ? q->inputs[i] : NULL);
}

const void *tg_infer_attr(const tg_infer *q)
{
    return q->attr;
}

tg_status tg_infer_output(tg_infer *q, tg_dtype dtype, int rank, const int64_t *shape)
{
    tg_diag diag;
    tg_status status = tg_type_make(&q->output, dtype, rank, shape, &diag);
    if (status != TG_OK) return tg_infer_fail(q, status, "an impossible result: %s", diag.message);
    q->given = 1;
    q->like_first = 0;
    return TG_OK;
}

/* "matmul: <text>; a: 'x' f32[2, 3], b: 'W' f32[4, 5]" */
tg_status tg_infer_fail(tg_infer *q, tg_status status, const char *format, ...)
{
    char what[TG_DIAG_SIZE / 2], inputs[TG_DIAG_SIZE];
    va_list args;
    va_start(args, format);
    tg_c_vsnprintf(what, sizeof what, format, args);
    va_end(args);

    inputs[0] = '\0';
    const char *name = q->op->inputs == NULL ? "" : q->op->inputs;
    for (int i = 0, used = 0; i < q->n && used < (int)sizeof inputs - 1; i++) {
        char label[TG_LABEL_TEXT];
        int length = (int)strcspn(name, " ");
        used += snprintf(inputs + used, sizeof inputs - (size_t)used, "%s%.*s%s%s", i == 0 ? "; " : ", ",
                         length, name, length > 0 ? ": " : "", tg_label(q->inputs[i], label, sizeof label));
        name += length;
        name += strspn(name, " ");
    }
    return tg_graph_fail(q->graph, status, "%s: %s%s", q->op->name, what, inputs);
}

tg_status tg_infer_failed(tg_infer *q, tg_status status)
{
    if (status == TG_OK) return tg_infer_fail(q, TG_ERR_RULE, "its shape rule gave no result");
    /* A rule of a user's that fails without a message still gets one. */
    if (q->graph->status == TG_OK) tg_infer_fail(q, status, "its shape rule failed");
    return status;
}
