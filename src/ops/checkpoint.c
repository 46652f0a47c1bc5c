/* tg_checkpoint: a segment of the tape that the reverse pass records again instead of keeping it. */
#include <stdlib.h>

#include "graph/rule.h"
#include "ops.h"

static void first_vjp(tg_rule *r)
{
    tg_rule_adjoint(r, 0, tg_rule_output_adjoint(r));
}

static void first_jvp(tg_rule *r)
{
    tg_tensor *tangent = tg_rule_tangent(r, 0);
    if (tangent != NULL) tg_rule_output_tangent(r, tangent);
}

/* The value of x, of which nothing is computed before g is there. The copy of a segment begins with such nodes: they
 * make it another expression than the first one, and keep it behind the adjoint that it is for. */
static const tg_op barrier_op = {
    .name = "barrier",
    .n_inputs = 2,
    .inputs = "x g",
    .formula = "x, once g is there",
    .flags = TG_OP_STRIDED | TG_OP_OPAQUE,
    .infer = tg_same_infer,
    .vjp = first_vjp,
    .jvp = first_jvp,
    .view = tg_same_view,
};

/* The inputs are y and then xs; the value is y's. Neither record is in the list of operations: the rule of this one
 * looks at the tape below it, which only tg_checkpoint has checked. */
typedef struct checkpoint_attr {
    int64_t depth; /* 1, and more than that of the checkpoints within the segment */
} checkpoint_attr;

static void checkpoint_vjp(tg_rule *r);

static const tg_op checkpoint_op = {
    .name = "checkpoint",
    .n_inputs = TG_VARIADIC,
    .inputs = "y",
    .formula = "y, recorded again by the reverse pass",
    .attr_size = sizeof(checkpoint_attr),
    .flags = TG_OP_STRIDED | TG_OP_OPAQUE,
    .infer = tg_same_infer,
    .vjp = checkpoint_vjp,
    .jvp = first_jvp,
    .view = tg_same_view,
};

/* ---- The segment -------------------------------------------------------------------------------------- */

enum { IS_X = 1, IS_BELOW_Y = 2, DEPENDS = 4, INSIDE = 8 };

typedef struct segment {
    tg_tensor *y;
    tg_tensor *const *xs;
    int n;
    int64_t low;   /* flags and copies are by id - low */
    int64_t first; /* the oldest of xs: nothing inside is older */
    uint8_t *flags;
    tg_tensor **copies; /* what stands for a node in the copy; NULL: not known, or the node itself */
    /* What the copy is differentiated with respect to, the nodes that it stands for, and the adjoints. */
    tg_tensor **targets, **originals, **adjoints;
    int n_targets;
} segment;

static uint8_t *flag_of(const segment *s, const tg_tensor *t)
{
    return &s->flags[t->id - s->low];
}

static void free_segment(segment *s)
{
    free(s->flags);
    free(s->copies);
    free(s->targets);
    free(s->originals);
    free(s->adjoints);
}

/* Which nodes y is made of without passing through xs, and which of them depend on xs. */
static void mark_dependent(segment *s)
{
    tg_tensor *const *nodes = s->y->graph->nodes;
    for (int i = 0; i < s->n; i++)
        if (s->xs[i]->id <= s->y->id) *flag_of(s, s->xs[i]) = IS_X | DEPENDS;
    *flag_of(s, s->y) |= IS_BELOW_Y;
    for (int64_t id = s->y->id; id >= s->first; id--) {
        const tg_tensor *t = nodes[id];
        if ((*flag_of(s, t) & (IS_X | IS_BELOW_Y)) != IS_BELOW_Y) continue;
        for (int i = 0; i < t->n_inputs; i++)
            if (t->inputs[i]->id >= s->first) *flag_of(s, t->inputs[i]) |= IS_BELOW_Y;
    }
    for (int64_t id = s->first; id <= s->y->id; id++) {
        const tg_tensor *t = nodes[id];
        if ((*flag_of(s, t) & (IS_X | IS_BELOW_Y)) != IS_BELOW_Y) continue;
        for (int i = 0; i < t->n_inputs; i++)
            if (t->inputs[i]->id >= s->first && (*flag_of(s, t->inputs[i]) & DEPENDS) != 0)
                *flag_of(s, t) |= DEPENDS;
    }
}

static int is_target(const tg_rule *r, const tg_tensor *t)
{
    return r != NULL && t->id >= r->low && (r->visited[t->id - r->low] & TG_SPAN_TARGET) != 0;
}

/* A node is recorded again when it depends on xs; and when it is a view of what does not, since views cost nothing
 * and their adjoints may be large (of a bias that is broadcast). What is differentiated with respect to is kept, so that
 * it gets its own adjoint. */
static int is_inside(const segment *s, const tg_rule *r, const tg_tensor *t)
{
    if (t->id < s->first || is_target(r, t)) return 0;
    if ((*flag_of(s, t) & DEPENDS) != 0) return (*flag_of(s, t) & IS_X) == 0;
    return t->op->view != NULL && t->n_inputs == 1;
}

/* Finds what is inside, for the rule r or (NULL) for no derivative yet. 0 when memory runs out. */
static int find_segment(segment *s, const tg_rule *r)
{
    s->first = s->y->id;
    for (int i = 0; i < s->n; i++)
        if (s->xs[i]->id < s->first) s->first = s->xs[i]->id;
    s->low = r != NULL && r->low < s->first ? r->low : s->first;
    size_t size = (size_t)(s->y->id - s->low) + 1;
    s->flags = calloc(size, 1);
    s->copies = calloc(size, sizeof(tg_tensor *));
    if (s->flags == NULL || s->copies == NULL) return 0;
    mark_dependent(s);
    if ((*flag_of(s, s->y) & DEPENDS) != 0 && is_inside(s, r, s->y)) *flag_of(s, s->y) |= INSIDE;
    size_t reads = 0;
    for (int64_t id = s->y->id; id >= s->first; id--) {
        const tg_tensor *t = s->y->graph->nodes[id];
        if ((*flag_of(s, t) & INSIDE) == 0) continue;
        reads += (size_t)t->n_inputs;
        for (int i = 0; i < t->n_inputs; i++)
            if (is_inside(s, r, t->inputs[i])) *flag_of(s, t->inputs[i]) |= INSIDE;
    }
    s->targets = malloc((reads + 1) * sizeof(tg_tensor *));
    s->originals = malloc((reads + 1) * sizeof(tg_tensor *));
    s->adjoints = calloc(reads + 1, sizeof(tg_tensor *));
    return s->targets != NULL && s->originals != NULL && s->adjoints != NULL;
}

/* ---- The copy ----------------------------------------------------------------------------------------- */

/* What the copy reads for t. xs and what gets an adjoint come through a barrier: only then is nothing that they are
 * made of differentiated here, which is for the rules of those nodes to do. */
static tg_tensor *stand_in(segment *s, const tg_rule *r, tg_tensor *t)
{
    int is_x = t->id >= s->first && (*flag_of(s, t) & IS_X) != 0, wanted = tg_rule_wants_of(r, t);
    if (t->id >= s->low && s->copies[t->id - s->low] != NULL) return s->copies[t->id - s->low];
    if (!is_x && !wanted) return t;
    tg_tensor *const inputs[2] = {t, r->adjoint};
    tg_tensor *made = tg_apply(t->graph, &barrier_op, inputs, 2, NULL);
    s->copies[t->id - s->low] = made;
    if (made != NULL && wanted) {
        s->targets[s->n_targets] = made;
        s->originals[s->n_targets++] = t;
    }
    return made;
}

/* 0 with the error kept by the graph. */
static int copy_node(segment *s, const tg_rule *r, const tg_tensor *t)
{
    tg_tensor *few[8], **inputs = few;
    if (t->n_inputs > 8) inputs = malloc((size_t)t->n_inputs * sizeof(tg_tensor *));
    if (inputs == NULL) {
        tg_set_error(r->graph, TG_ERR_MEMORY, "tg_checkpoint: out of memory");
        return 0;
    }
    int done = 1;
    for (int i = 0; i < t->n_inputs && done; i++) done = (inputs[i] = stand_in(s, r, t->inputs[i])) != NULL;
    tg_tensor *made = done ? tg_apply(r->graph, t->op, inputs, t->n_inputs, tg_node_attr(t)) : NULL;
    s->copies[t->id - s->low] = made;
    if (inputs != few) free(inputs);
    return made != NULL;
}

static int differentiate_copy(segment *s, tg_rule *r)
{
    for (int64_t id = s->first; id <= s->y->id; id++)
        if ((s->flags[id - s->low] & INSIDE) != 0 && !copy_node(s, r, r->graph->nodes[id])) return 0;
    tg_tensor *y = s->copies[s->y->id - s->low];
    if (tg_vjp(r->graph, &y, &r->adjoint, 1, s->targets, s->n_targets, s->adjoints) != TG_OK) return 0;
    for (int i = 0; i < s->n_targets; i++) tg_rule_adjoint_of(r, s->originals[i], s->adjoints[i]);
    return !r->failed;
}

static void checkpoint_vjp(tg_rule *r)
{
    const tg_tensor *node = r->node;
    segment s = {.y = node->inputs[0], .xs = node->inputs + 1, .n = node->n_inputs - 1};
    if (!find_segment(&s, r)) {
        r->failed = 1;
        tg_set_error(r->graph, TG_ERR_MEMORY, "tg_checkpoint: out of memory");
    } else if ((*flag_of(&s, s.y) & INSIDE) == 0) {
        tg_rule_adjoint(r, 0, r->adjoint); /* y is itself differentiated with respect to */
    } else if (!differentiate_copy(&s, r)) {
        r->failed = 1;
    }
    free_segment(&s);
}

/* ---- Recording ---------------------------------------------------------------------------------------- */

static int64_t depth_of(const segment *s)
{
    int64_t deepest = 0;
    for (int64_t id = s->first; id <= s->y->id; id++) {
        const tg_tensor *t = s->y->graph->nodes[id];
        if ((*flag_of(s, t) & INSIDE) == 0 || t->op != &checkpoint_op) continue;
        int64_t depth = ((const checkpoint_attr *)tg_node_attr(t))->depth;
        if (depth > deepest) deepest = depth;
    }
    return deepest + 1;
}

static tg_tensor *record_checkpoint(const segment *s)
{
    tg_graph *g = s->y->graph;
    checkpoint_attr attr = {depth_of(s)};
    if (attr.depth > TG_MAX_CHECKPOINTS)
        return tg_set_error(g, TG_ERR_ARGUMENT, "tg_checkpoint: checkpoints within others, more than %d deep",
                            TG_MAX_CHECKPOINTS);
    tg_tensor **inputs = malloc(((size_t)s->n + 1) * sizeof(tg_tensor *));
    if (inputs == NULL) return tg_set_error(g, TG_ERR_MEMORY, "tg_checkpoint: out of memory");
    int n = 0;
    inputs[n++] = s->y;
    for (int i = 0; i < s->n; i++) {
        if (s->xs[i]->id > s->y->id || (*flag_of(s, s->xs[i]) & IS_BELOW_Y) == 0) continue;
        *flag_of(s, s->xs[i]) &= (uint8_t)~IS_BELOW_Y; /* each once */
        inputs[n++] = s->xs[i];
    }
    tg_tensor *made = tg_apply(g, &checkpoint_op, inputs, n, &attr);
    free(inputs);
    return made;
}

tg_tensor *tg_checkpoint(tg_tensor *y, tg_tensor *const *xs, int n)
{
    tg_graph *g = tg_graph_of(y);
    if (g == NULL) return NULL;
    if (tg_check_tensors(g, "tg_checkpoint", "input", xs, n) != TG_OK) return NULL;
    if (!tg_is_floating(y->dtype)) return y;
    segment s = {.y = y, .xs = xs, .n = n};
    tg_tensor *made = y;
    if (!find_segment(&s, NULL))
        made = tg_set_error(g, TG_ERR_MEMORY, "tg_checkpoint: out of memory");
    else if ((*flag_of(&s, y) & INSIDE) != 0)
        made = record_checkpoint(&s);
    free_segment(&s);
    return made;
}
