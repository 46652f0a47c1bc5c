/* The tape as lines of text. */
#include <inttypes.h>
#include <stdlib.h>

#include <tapegrad/explain.h>
#include <tapegrad/op.h>

#include "attributes.h"

static void reference(tg_text *text, const tg_tensor *t)
{
    tg_text_print(text, "%%%" PRId64, tg_id(t));
    if (tg_name(t)[0] != '\0') tg_text_print(text, " '%s'", tg_name(t));
}

static void note(tg_text *text, const tg_tensor *t)
{
    static const char *const words[] = {[TG_ORIGIN_REVERSE] = "reverse of",
                                        [TG_ORIGIN_FORWARD] = "forward of",
                                        [TG_ORIGIN_SUM] = "sum of the adjoints of"};
    tg_origin origin = tg_origin_of(t);
    if (origin.kind == TG_ORIGIN_RECORDED || origin.of == NULL) return;
    tg_text_print(text, "  # %s ", words[origin.kind]);
    reference(text, origin.of);
    if (origin.input >= 0) tg_text_print(text, ", input %d", origin.input);
}

static void line(tg_text *text, const tg_tensor *t)
{
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    reference(text, t);
    tg_text_print(text, " = %s(", tg_op_of(t)->name);
    for (int i = 0; i < tg_input_count(t); i++) {
        if (i > 0) tg_text_add(text, ", ", 2);
        reference(text, tg_input_at(t, i));
    }
    if (tg_leaf_kind_of(t) == TG_LEAF_CONSTANT)
        tg_text_constant(text, t);
    else
        tg_text_attributes(text, tg_op_of(t), tg_attr_of(t), tg_input_count(t) > 0);
    tg_text_print(text, ") : %s", tg_type_text(&type, type_text, sizeof type_text));
    note(text, t);
    tg_text_add(text, "\n", 1);
}

char *tg_listing(tg_graph *g, tg_tensor *const *tensors, int n)
{
    if (g == NULL) return NULL;
    int64_t count = tg_node_count(g), newest = -1;
    unsigned char *wanted = calloc((size_t)count + 1, 1);
    if (wanted == NULL) {
        tg_set_error(g, TG_ERR_MEMORY, "tg_listing: out of memory");
        return NULL;
    }
    for (int i = 0; tensors != NULL && i < n; i++) {
        if (tensors[i] == NULL || tg_graph_of(tensors[i]) != g) continue;
        wanted[tg_id(tensors[i])] = 1;
        if (tg_id(tensors[i]) > newest) newest = tg_id(tensors[i]);
    }
    for (int64_t id = newest; id >= 0; id--)
        for (int i = 0; wanted[id] && i < tg_input_count(tg_node(g, id)); i++)
            wanted[tg_id(tg_input_at(tg_node(g, id), i))] = 1;
    tg_text text = {0};
    for (int64_t id = 0; id <= newest; id++)
        if (wanted[id]) line(&text, tg_node(g, id));
    free(wanted);
    char *chars = tg_text_take(&text);
    if (chars == NULL) tg_set_error(g, TG_ERR_MEMORY, "tg_listing: out of memory");
    return chars;
}
