/* A graph as a drawing for Graphviz. The forward pass runs down the page. The edges of the reverse pass are laid out
 * the other way round (dir=back), so that it runs up beside the forward pass and each layer's adjoints come to lie
 * next to the layer. */
#include "graph_dot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/explain.h>
#include <tapegrad/op.h>

#include "explain/attributes.h"
#include "graph_groups.h"

typedef struct drawing {
    tg_graph *graph;
    int64_t count;
    unsigned char *wanted, *visible, *is_output; /* by id */
    tg_groups groups;
    tg_text text;
} drawing;

/* ---- What is seen ------------------------------------------------------------------------------------- */

static int is_constant(const tg_tensor *t)
{
    return tg_leaf_kind_of(t) == TG_LEAF_CONSTANT;
}

static int is_leaf(const tg_tensor *t)
{
    return tg_input_count(t) == 0;
}

/* Another look at its input's elements: it stands on an edge instead of being a node. */
static int is_view(const tg_tensor *t)
{
    return tg_op_of(t)->view != NULL && tg_input_count(t) == 1;
}

static int is_hidden(const drawing *d, const tg_tensor *t)
{
    return !d->is_output[tg_id(t)] && (is_constant(t) || (is_view(t) && tg_name(t)[0] == '\0'));
}

/* The node that an operand's edge comes from: the first that is seen behind the views; NULL behind a constant. */
static const tg_tensor *source(const drawing *d, const tg_tensor *t)
{
    while (!d->visible[tg_id(t)] && !is_constant(t)) t = tg_input_at(t, 0);
    return d->visible[tg_id(t)] ? t : NULL;
}

static int mark(drawing *d, tg_tensor *const *tensors, int n)
{
    size_t room = (size_t)d->count + 1;
    d->wanted = calloc(room, 1);
    d->visible = calloc(room, 1);
    d->is_output = calloc(room, 1);
    if (d->wanted == NULL || d->visible == NULL || d->is_output == NULL) return 0;
    for (int i = 0; i < n; i++) d->wanted[tg_id(tensors[i])] = d->is_output[tg_id(tensors[i])] = 1;
    for (int64_t id = d->count - 1; id >= 0; id--) {
        const tg_tensor *t = tg_node(d->graph, id);
        for (int i = 0; d->wanted[id] && i < tg_input_count(t); i++) d->wanted[tg_id(tg_input_at(t, i))] = 1;
        d->visible[id] = d->wanted[id] && !is_hidden(d, t);
    }
    return 1;
}

/* ---- Labels ------------------------------------------------------------------------------------------- */

static void escaped(tg_text *text, const char *chars)
{
    for (; *chars != '\0'; chars++) {
        const char *entity = *chars == '&'   ? "&amp;"
                             : *chars == '<' ? "&lt;"
                             : *chars == '>' ? "&gt;"
                             : *chars == '"' ? "&quot;"
                                             : NULL;
        if (entity != NULL)
            tg_text_print(text, "%s", entity);
        else
            tg_text_add(text, chars, 1);
    }
}

static int is_transpose(const tg_tensor *t)
{
    return is_view(t) && strcmp(tg_op_of(t)->name, "transpose") == 0 && tg_rank(t) == 2;
}

/* An operand in a label: its name or value, or a dot for what comes in by an edge. */
static void operand(drawing *d, tg_text *text, const tg_tensor *t)
{
    int transposed = 0;
    for (; !d->visible[tg_id(t)] && !is_constant(t); t = tg_input_at(t, 0)) transposed ^= is_transpose(t);
    if (is_constant(t) && tg_count(t) == 1)
        tg_text_number(text, tg_dtype_of(t), tg_data(t));
    else if (is_constant(t))
        tg_text_print(text, "constant");
    else
        tg_text_print(text, "%s", tg_name(t)[0] != '\0' ? tg_name(t) : "\xE2\x80\xA2");
    if (transposed) tg_text_print(text, "\xE1\xB5\x80");
}

/* The operation with its operands, by its own template. */
static void operation(drawing *d, tg_text *text, const tg_tensor *t)
{
    const tg_op *op = tg_op_of(t);
    if (op->text == NULL) {
        tg_text_print(text, "%s(", op->name);
        for (int i = 0; i < tg_input_count(t); i++) {
            if (i > 0) tg_text_print(text, ", ");
            operand(d, text, tg_input_at(t, i));
        }
        tg_text_attributes(text, op, tg_attr_of(t), tg_input_count(t) > 0);
        tg_text_print(text, ")");
        return;
    }
    const char *rest = op->text;
    for (const char *place; (place = strchr(rest, '#')) != NULL; rest = place + 2) {
        tg_text_add(text, rest, (size_t)(place - rest));
        const tg_tensor *input = tg_input_at(t, place[1] - '1');
        if (input != NULL) operand(d, text, input);
    }
    tg_text_print(text, "%s", rest);
}

/* "[64, 10]", with the element type where it is no floating one. */
static void shape(tg_text *text, const tg_tensor *t)
{
    tg_dtype dtype = tg_dtype_of(t);
    if (tg_rank(t) == 0) {
        tg_text_print(text, "%s", tg_dtype_name(dtype));
        return;
    }
    if (dtype != TG_F32 && dtype != TG_F64) tg_text_print(text, "%s", tg_dtype_name(dtype));
    tg_text_print(text, "[");
    for (int i = 0; i < tg_rank(t); i++) tg_text_print(text, "%s%" PRId64, i > 0 ? ", " : "", tg_shape(t)[i]);
    tg_text_print(text, "]");
}

/* ---- Nodes -------------------------------------------------------------------------------------------- */

typedef struct colours {
    const char *fill, *line;
} colours;

static const colours input_colours = {"#e3f4e6", "#2f7d4f"}, param_colours = {"#fdf1cc", "#9a6b12"},
                     forward_colours = {"#e6f0fb", "#2b62a8"}, reverse_colours = {"#fde9e5", "#b93a26"};

static const colours *colours_of(const drawing *d, const tg_tensor *t)
{
    if (d->groups.is_reverse[tg_id(t)]) return &reverse_colours;
    if (tg_is_trainable(t)) return &param_colours;
    return is_leaf(t) ? &input_colours : &forward_colours;
}

static void put_node(drawing *d, const tg_tensor *t)
{
    char type_text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(t);
    const colours *c = colours_of(d, t);
    tg_text what = {0};
    operation(d, &what, t);
    char *chars = tg_text_take(&what);
    tg_text_print(&d->text, "        n%" PRId64 " [label=<", tg_id(t));
    if (tg_name(t)[0] != '\0') {
        tg_text_print(&d->text, "<b>");
        escaped(&d->text, tg_name(t));
        tg_text_print(&d->text, "</b>%s", is_leaf(t) ? "<br/>" : "<br/>= ");
    }
    if (is_leaf(t))
        shape(&d->text, t);
    else if (chars != NULL)
        escaped(&d->text, chars);
    tg_text_print(&d->text, ">, fillcolor=\"%s\", color=\"%s\"", c->fill, c->line);
    if (is_leaf(t)) tg_text_print(&d->text, ", shape=ellipse");
    if (d->is_output[tg_id(t)]) tg_text_print(&d->text, ", penwidth=2.5");
    tg_text_print(&d->text, ", tooltip=\"%%%" PRId64 " : %s\"];\n", tg_id(t),
                  tg_type_text(&type, type_text, sizeof type_text));
    if (chars == NULL) d->text.failed = 1;
    free(chars);
}

/* ---- Edges -------------------------------------------------------------------------------------------- */

/* What comes over the edge: the shape, with the views that it went through. */
static void edge_label(drawing *d, const tg_tensor *from, const tg_tensor *operand_node)
{
    for (const tg_tensor *t = operand_node; t != from; t = tg_input_at(t, 0)) {
        if (strcmp(tg_op_of(t)->name, "broadcast_to") != 0 && strcmp(tg_op_of(t)->name, "reshape") != 0)
            tg_text_print(&d->text, "%s ", tg_op_of(t)->name);
    }
    if (is_leaf(from) && operand_node == from) return; /* it says so itself */
    shape(&d->text, from);
    if (operand_node == from) return;
    tg_text_print(&d->text, "\xE2\x86\x92");
    shape(&d->text, operand_node);
}

static void put_edge(drawing *d, const tg_tensor *to, const tg_tensor *operand_node)
{
    const tg_tensor *from = source(d, operand_node);
    if (from == NULL) return;
    int from_reverse = d->groups.is_reverse[tg_id(from)], to_reverse = d->groups.is_reverse[tg_id(to)];
    if (from_reverse && to_reverse)
        tg_text_print(&d->text, "    n%" PRId64 " -> n%" PRId64 " [dir=back, color=\"%s\", label=\"",
                      tg_id(to), tg_id(from), reverse_colours.line);
    else if (to_reverse)
        tg_text_print(&d->text,
                      "    n%" PRId64 " -> n%" PRId64
                      " [style=dashed, color=\"#9aa3ad\", minlen=0, weight=0, label=\"",
                      tg_id(from), tg_id(to));
    else
        tg_text_print(&d->text, "    n%" PRId64 " -> n%" PRId64 " [label=\"", tg_id(from), tg_id(to));
    /* A value that the reverse pass takes from the forward one has its name in the label already. */
    if (from_reverse || !to_reverse) edge_label(d, from, operand_node);
    tg_text_print(&d->text, "\"];\n");
}

/* ---- The page ----------------------------------------------------------------------------------------- */

static void legend_cell(drawing *d, const colours *c, const char *label)
{
    tg_text_print(&d->text, "<td bgcolor=\"%s\" color=\"%s\" border=\"1\">%s</td>", c->fill, c->line, label);
}

static void put_head(drawing *d, const char *title)
{
    int has_reverse = 0;
    for (int64_t id = 0; id < d->count && !has_reverse; id++)
        has_reverse = d->visible[id] && d->groups.is_reverse[id];
    tg_text_print(&d->text,
                  "digraph tape {\n    labelloc=t;\n    label=<<table border=\"0\" cellspacing=\"6\" "
                  "cellpadding=\"4\"><tr><td><b>");
    escaped(&d->text, title);
    tg_text_print(&d->text, "</b></td>");
    legend_cell(d, &input_colours, "input");
    legend_cell(d, &param_colours, "param");
    legend_cell(d, &forward_colours, has_reverse ? "forward pass, downwards" : "operation");
    if (has_reverse) {
        legend_cell(d, &reverse_colours, "reverse pass, upwards");
        tg_text_print(&d->text, "<td>- - value of the forward pass</td>");
    }
    tg_text_print(
        &d->text,
        "</tr></table>>;\n    fontname=\"Helvetica\";\n    ranksep=0.35;\n    nodesep=0.3;\n    node "
        "[shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=12, height=0.3, "
        "margin=\"0.1,0.05\"];\n    edge [color=\"%s\", fontname=\"Helvetica\", fontsize=9, "
        "fontcolor=\"#4a5560\", arrowsize=0.7];\n",
        forward_colours.line);
}

/* Nodes by group and pass: chains through next, which are in the order of the tape. */
typedef struct chains {
    int64_t *first, *next;
} chains;

static void put_group(drawing *d, const tg_group *group, int reverse, int number, const int64_t *next,
                      int64_t first)
{
    int is_cluster = group->nodes[reverse] > 1;
    if (first < 0) return;
    if (is_cluster) {
        tg_text_print(&d->text,
                      "    subgraph cluster_%d {\n        style=\"rounded,filled\"; fillcolor=\"%s\"; "
                      "color=\"#c9d1da\"; fontsize=12; fontcolor=\"#4a5560\";\n        label=<%s",
                      2 * number + reverse, reverse ? "#fffaf8" : "#f8fafd", reverse ? "reverse of " : "");
        escaped(&d->text, group->key);
        tg_text_print(&d->text, ">;\n");
    }
    for (int64_t id = first; id >= 0; id = next[id]) put_node(d, tg_node(d->graph, id));
    if (is_cluster) tg_text_print(&d->text, "    }\n");
}

/* Nodes without a group come as they are, the others by group. */
static int put_nodes(drawing *d)
{
    tg_group *group;
    int number = 0, n_groups = (int)HASH_COUNT(d->groups.all);
    chains c = {malloc((2 * (size_t)n_groups + 1) * sizeof *c.first),
                malloc(((size_t)d->count + 1) * sizeof *c.next)};
    int fine = c.first != NULL && c.next != NULL;
    if (fine) {
        for (int i = 0; i < 2 * n_groups; i++) c.first[i] = -1;
        for (group = d->groups.all; group != NULL; group = group->hh.next) group->number = number++;
        for (int64_t id = d->count - 1; id >= 0; id--) {
            if (!d->visible[id]) continue;
            group = d->groups.of[id];
            int reverse = d->groups.is_reverse[id];
            if (group == NULL) {
                put_node(d, tg_node(d->graph, id));
                continue;
            }
            group->nodes[reverse]++;
            c.next[id] = c.first[2 * group->number + reverse];
            c.first[2 * group->number + reverse] = id;
        }
        for (group = d->groups.all; group != NULL; group = group->hh.next)
            for (int reverse = 0; reverse < 2; reverse++)
                put_group(d, group, reverse, group->number, c.next, c.first[2 * group->number + reverse]);
    }
    free(c.first);
    free(c.next);
    return fine;
}

static void put_edges(drawing *d)
{
    for (int64_t id = 0; id < d->count; id++) {
        const tg_tensor *t = tg_node(d->graph, id);
        for (int i = 0; d->visible[id] && i < tg_input_count(t); i++) put_edge(d, t, tg_input_at(t, i));
    }
}

char *tg_graph_dot(tg_graph *g, tg_tensor *const *tensors, int n, const char *title)
{
    drawing d = {.graph = g, .count = tg_node_count(g)};
    int fine = mark(&d, tensors, n) && tg_groups_make(g, d.wanted, &d.groups);
    if (fine) {
        put_head(&d, title);
        fine = put_nodes(&d);
        put_edges(&d);
        tg_text_print(&d.text, "}\n");
    }
    tg_groups_free(&d.groups);
    free(d.wanted);
    free(d.visible);
    free(d.is_output);
    char *text = tg_text_take(&d.text);
    if (fine) return text;
    free(text);
    return NULL;
}
