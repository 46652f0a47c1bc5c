/* Plans within a limit of memory: results that are not read for long are dropped, and computed again when they are. The
 * lowering takes any order of the nodes in which inputs come first, with repeats; what is found here is such an
 * order. So a poor choice costs time or memory, and never a result. */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* What is known of a node, by its index in the request. A view has no memory of its own: its root has. */
typedef struct result {
    int32_t root; /* itself, or whose memory it sees; -1: a leaf's or a constant's */
    int is_view;
    int is_kept;   /* an output's or an update's: stays to the end */
    int is_there;  /* computed and not dropped since; of a view: see `seen` */
    int was_there; /* computed before */
    int pins;      /* computations under way that read it */
    int32_t drops,
        seen; /* how often it was dropped; of a view: how often its root had been when it was made */
    int64_t bytes;
    double cost;
    int64_t next_use, end_use; /* in uses */
    int64_t place;             /* in `present` */
    int64_t stamp;
} result;

typedef struct search {
    const tg_request *q;
    size_t limit;
    result *results;
    int32_t *sequence; /* the order without repeats */
    int64_t *uses;     /* positions in the sequence that read a root, root by root */
    int32_t *present;  /* roots that take memory now */
    int32_t *stack, *ancestors;
    int64_t n_present, now, live, stamp;
    tg_order order;
    int64_t room;
} search;

static int32_t input_of(const search *s, int32_t k, int i)
{
    return tg_request_index(s->q, s->q->nodes[k]->inputs[i]);
}

/* A view reads its first input; others, of a barrier, only say when. */
static int reads(const search *s, int32_t k)
{
    return s->results[k].is_view ? 0 : s->q->nodes[k]->n_inputs;
}

/* ---- What is known beforehand ------------------------------------------------------------------------- */

static double cost_of(const tg_tensor *t)
{
    double most = (double)tg_count(t), fixed = 100; /* of calling a kernel at all */
    for (int i = 0; i < t->n_inputs; i++)
        if ((double)tg_count(t->inputs[i]) > most) most = (double)tg_count(t->inputs[i]);
    if (t->op->index == TG_INDEX_PRODUCT && t->inputs[0]->rank > 0)
        most = 0.25 * (double)tg_count(t) * (double)t->inputs[0]->shape[t->inputs[0]->rank - 1];
    return most + fixed;
}

static void describe(search *s)
{
    for (int32_t k = 0; k < s->q->n_nodes; k++) {
        const tg_tensor *t = s->q->nodes[k];
        tg_type type = tg_type_of(t);
        result *r = &s->results[k];
        *r = (result){.root = k, .place = -1};
        if (t->op->infer == NULL || t->op == &tg_op_constant) {
            r->root = -1;
        } else if (t->op->view != NULL) {
            r->is_view = 1;
            r->root = s->results[input_of(s, k, 0)].root;
        } else {
            r->bytes = (int64_t)((tg_type_bytes(&type) + TG_ALIGNMENT - 1) / TG_ALIGNMENT * TG_ALIGNMENT);
            r->cost = cost_of(t);
        }
    }
    for (int i = 0; i < s->q->n_outputs + s->q->n_updates; i++) {
        const tg_tensor *t =
            i < s->q->n_outputs ? s->q->outputs[i] : s->q->updates[i - s->q->n_outputs].value;
        int32_t root = s->results[tg_request_index(s->q, t)].root;
        if (root < 0) continue;
        s->results[root].is_kept = 1;
        /* An update's value is computed in the param, as a rule. */
        if (i >= s->q->n_outputs && (t->op->flags & TG_OP_ELEMENTWISE) != 0) s->results[root].bytes = 0;
    }
}

/* Which nodes only make the values of updates, elementwise: they are computed as soon as they can be, since they end
 * the life of gradients and their results lie in the params. others counts, for each node, who else reads it. */
static void find_tails(const search *s, unsigned char *tail, int32_t *others)
{
    for (int u = 0; u < s->q->n_updates; u++) tail[tg_request_index(s->q, s->q->updates[u].value)] = 1;
    for (int i = 0; i < s->q->n_outputs; i++) others[tg_request_index(s->q, s->q->outputs[i])]++;
    for (int32_t k = (int32_t)s->q->n_nodes - 1; k >= 0; k--) {
        const tg_tensor *t = s->q->nodes[k];
        int can = t->n_inputs > 0 && (s->results[k].is_view || (t->op->flags & TG_OP_ELEMENTWISE) != 0);
        tail[k] = tail[k] && can && others[k] == 0;
        for (int i = 0; i < t->n_inputs; i++) {
            if (tail[k])
                tail[input_of(s, k, i)] = 1;
            else
                others[input_of(s, k, i)]++;
        }
    }
}

/* The node after which k, a tail, can be computed: the last of what it reads that is no tail itself; -1 for none,
 * when it is made of leaves alone: it is then computed for the first that reads it. */
static int32_t latest_input(const search *s, int32_t k, const unsigned char *tail, const int32_t *behind)
{
    int32_t latest = -1;
    for (int i = 0; i < s->q->nodes[k]->n_inputs; i++) {
        int32_t input = input_of(s, k, i);
        int32_t from = behind[input] >= 0 ? behind[input] : input;
        if (s->q->nodes[from]->n_inputs > 0 && !tail[from] && from > latest) latest = from;
    }
    return latest;
}

/* Leaves and constants first, then the order of the tape, each tail behind the last of its inputs. */
static int make_sequence(search *s)
{
    size_t n = (size_t)s->q->n_nodes + 1;
    unsigned char *tail = calloc(n, 1);
    int32_t *others = calloc(n, sizeof *others), *behind = malloc(n * sizeof *behind);
    int32_t *next = malloc(n * sizeof *next), *last = malloc(n * sizeof *last);
    int done = tail != NULL && others != NULL && behind != NULL && next != NULL && last != NULL;
    int64_t filled = 0;
    if (done) find_tails(s, tail, others);
    /* next chains a node and the tails behind it, in the order of the tape. */
    for (int32_t k = 0; k < s->q->n_nodes && done; k++) {
        next[k] = -1;
        last[k] = k;
        behind[k] = tail[k] ? latest_input(s, k, tail, behind) : -1;
        if (s->q->nodes[k]->n_inputs == 0) s->sequence[filled++] = k;
        if (behind[k] < 0) continue;
        next[last[behind[k]]] = k;
        last[behind[k]] = k;
    }
    for (int32_t k = 0; k < s->q->n_nodes && done; k++) {
        if (s->q->nodes[k]->n_inputs == 0 || behind[k] >= 0) continue;
        for (int32_t t = k; t >= 0; t = next[t]) s->sequence[filled++] = t;
    }
    free(tail);
    free(others);
    free(behind);
    free(next);
    free(last);
    return done;
}

/* results[r].next_use .. end_use: where in the sequence root r is read. */
static int list_uses(search *s)
{
    int64_t total = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t p = 0; p < s->q->n_nodes; p++) {
            int32_t k = s->sequence[p];
            for (int i = 0; i < reads(s, k); i++) {
                int32_t root = s->results[input_of(s, k, i)].root;
                if (root < 0) continue;
                if (pass == 1) s->uses[s->results[root].end_use] = p;
                s->results[root].end_use++;
            }
        }
        if (pass == 1) break;
        for (int32_t k = 0; k < s->q->n_nodes; k++) {
            int64_t count = s->results[k].end_use;
            s->results[k].next_use = s->results[k].end_use = total;
            total += count;
        }
        s->uses = malloc(((size_t)total + 1) * sizeof *s->uses);
        if (s->uses == NULL) return 0;
    }
    return 1;
}

/* ---- Dropping ----------------------------------------------------------------------------------------- */

/* The next position that reads root r, -1 for none. */
static int64_t next_use(const search *s, result *r)
{
    while (r->next_use < r->end_use && s->uses[r->next_use] <= s->now) r->next_use++;
    return r->next_use < r->end_use ? s->uses[r->next_use] : -1;
}

static void drop(search *s, int32_t k)
{
    result *r = &s->results[k];
    int32_t moved = s->present[--s->n_present];
    s->present[r->place] = moved;
    s->results[moved].place = r->place;
    r->is_there = 0;
    r->drops++;
    s->live -= r->bytes;
}

static void drop_if_unread(search *s, int32_t k)
{
    result *r = &s->results[k];
    if (r->is_there && r->pins == 0 && !r->is_kept && next_use(s, r) < 0) drop(s, k);
}

enum { MOST_ANCESTORS = 256 };

/* What computing root k again would cost now, with all that is not there and is needed for it. */
static double cost_again(search *s, int32_t k)
{
    int n = 0, at = 0;
    double cost = 0;
    s->stamp++;
    s->ancestors[n++] = k;
    s->results[k].stamp = s->stamp;
    for (; at < n; at++) {
        int32_t from = s->ancestors[at];
        cost += s->results[from].cost;
        for (int i = 0; i < reads(s, from) && n < MOST_ANCESTORS; i++) {
            int32_t root = s->results[input_of(s, from, i)].root;
            if (root < 0 || s->results[root].is_there || s->results[root].stamp == s->stamp) continue;
            s->results[root].stamp = s->stamp;
            s->ancestors[n++] = root;
        }
    }
    return cost;
}

/* Drops what is large, cheap to have again and not read for long, until `bytes` more fit or nothing can go. */
static void make_room(search *s, int64_t bytes)
{
    while (s->live + bytes > (int64_t)s->limit) {
        int32_t best = -1;
        double best_score = 0;
        for (int64_t i = 0; i < s->n_present; i++) {
            result *r = &s->results[s->present[i]];
            if (r->pins > 0 || r->is_kept) continue;
            double score =
                (double)r->bytes * (double)(next_use(s, r) - s->now) / cost_again(s, s->present[i]);
            if (best >= 0 && score <= best_score) continue;
            best = s->present[i];
            best_score = score;
        }
        if (best < 0) return;
        drop(s, best);
    }
}

/* ---- Computing ---------------------------------------------------------------------------------------- */

static int is_there(const search *s, int32_t k)
{
    const result *r = &s->results[k];
    if (!r->is_view) return r->is_there;
    return r->is_there &&
           (r->root < 0 || (s->results[r->root].is_there && s->results[r->root].drops == r->seen));
}

static int append(search *s, int32_t k)
{
    if (s->order.n == s->room) {
        int64_t room = s->room == 0 ? 1024 : 2 * s->room;
        int32_t *nodes = realloc(s->order.nodes, (size_t)room * sizeof *nodes);
        if (nodes != NULL) s->order.nodes = nodes;
        unsigned char *again = realloc(s->order.again, (size_t)room);
        if (again != NULL) s->order.again = again;
        if (nodes == NULL || again == NULL) return 0;
        s->room = room;
    }
    s->order.nodes[s->order.n] = k;
    s->order.again[s->order.n++] = s->results[k].was_there != 0;
    return 1;
}

static int compute(search *s, int32_t k)
{
    result *r = &s->results[k];
    if (r->root == k) {
        make_room(s, r->bytes);
        s->live += r->bytes;
        r->place = s->n_present;
        s->present[s->n_present++] = k;
    } else if (r->root >= 0) {
        r->seen = s->results[r->root].drops;
    }
    if (!append(s, k)) return 0;
    r->is_there = r->was_there = 1;
    return 1;
}

static void pin_inputs(search *s, int32_t k, int by)
{
    for (int i = 0; i < s->q->nodes[k]->n_inputs; i++) {
        int32_t root = s->results[input_of(s, k, i)].root;
        if (root < 0) continue;
        s->results[root].pins += by;
        if (by < 0) drop_if_unread(s, root);
    }
}

/* Computes node k, and before it what it reads and is not there. The inputs of all that is under way stay, so that
 * every turn makes one node more. */
static int compute_with_inputs(search *s, int32_t k)
{
    int64_t depth = 0;
    s->stack[depth++] = k;
    pin_inputs(s, k, 1);
    while (depth > 0) {
        int32_t top = s->stack[depth - 1], missing = -1;
        for (int i = 0; i < s->q->nodes[top]->n_inputs && missing < 0; i++)
            if (!is_there(s, input_of(s, top, i))) missing = input_of(s, top, i);
        if (missing >= 0) {
            s->stack[depth++] = missing;
            pin_inputs(s, missing, 1);
            continue;
        }
        if (!compute(s, top)) return 0;
        pin_inputs(s, top, -1);
        if (s->results[top].root == top) drop_if_unread(s, top);
        depth--;
    }
    return 1;
}

/* ---- Plans -------------------------------------------------------------------------------------------- */

static int find_order(search *s)
{
    size_t n = (size_t)s->q->n_nodes + 1;
    s->results = malloc(n * sizeof *s->results);
    s->sequence = malloc(n * sizeof *s->sequence);
    s->present = malloc(n * sizeof *s->present);
    s->stack = malloc(n * sizeof *s->stack);
    s->ancestors = malloc((MOST_ANCESTORS + 1) * sizeof *s->ancestors);
    int done = s->results != NULL && s->sequence != NULL && s->present != NULL && s->stack != NULL &&
               s->ancestors != NULL;
    if (done) describe(s);
    done = done && make_sequence(s) && list_uses(s);
    for (s->now = 0; s->now < s->q->n_nodes && done; s->now++)
        if (!s->results[s->sequence[s->now]].was_there) done = compute_with_inputs(s, s->sequence[s->now]);
    free(s->results);
    free(s->sequence);
    free(s->uses);
    free(s->present);
    free(s->stack);
    free(s->ancestors);
    return done;
}

/* A plan whose memory the search believes to be `limit`. NULL with the error kept. */
static tg_plan *build_within(const tg_request *request, size_t limit)
{
    search s = {.q = request, .limit = limit};
    tg_plan *plan = NULL;
    if (find_order(&s))
        plan = tg_plan_build(request, &s.order);
    else
        tg_graph_fail(request->graph, TG_ERR_MEMORY, "out of memory for a plan within %zu bytes", limit);
    free(s.order.nodes);
    free(s.order.again);
    return plan;
}

enum { TRIES = 8 };

tg_plan *tg_plan_build_within(const tg_request *request)
{
    size_t limit = request->memory_limit, believed = limit, least;
    tg_plan *plan = tg_plan_build(request, NULL);
    if (plan == NULL || limit == 0 || plan->arena_bytes <= limit) return plan;
    least = plan->arena_bytes;
    /* What a plan needs differs from what the search believes: copies, alignment, scratch memory, fusion. */
    for (int i = 0; i < TRIES; i++) {
        tg_plan_release(plan);
        plan = build_within(request, believed);
        if (plan == NULL || plan->arena_bytes <= limit) return plan;
        if (plan->arena_bytes < least) least = plan->arena_bytes;
        believed = (size_t)((double)believed * 0.95 * (double)limit / (double)plan->arena_bytes);
    }
    tg_plan_release(plan);
    tg_graph_fail(request->graph, TG_ERR_SIZE,
                  "tg_compile: the memory limit is %zu bytes; the smallest plan found takes %zu", limit,
                  least);
    return NULL;
}
