/* tg_prove: the attempts, from the one that reads best to the one that decides most, and what they found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "refute.h"

typedef struct step {
    int64_t id;
    uint32_t used;
    tg_proof_step shown;
} step;

struct tg_proof {
    tg_graph *graph;
    tg_proof_task task; /* its lists are copies */
    tg_proof_verdict verdict;
    int tier;
    tg_engine *engine;
    tg_lowering *lowering;
    const tg_form *sides[2];
    step *steps;
    int n_steps;
    char *texts[2][2]; /* of the sides: as text, as LaTeX */
    tg_counterexample counterexample;
};

/* ---- Checking the task -------------------------------------------------------------------------------- */

static tg_status refuse(tg_graph *g, tg_status status, const char *what)
{
    tg_set_error(g, status, "prove: %s", what);
    return status;
}

static int same_shape(const tg_tensor *a, const tg_tensor *b)
{
    if (tg_rank(a) != tg_rank(b)) return 0;
    for (int i = 0; i < tg_rank(a); i++)
        if (tg_shape(a)[i] != tg_shape(b)[i]) return 0;
    return 1;
}

static tg_status check_tensor(tg_graph *g, const tg_tensor *t, const char *role)
{
    char text[96];
    if (t == NULL) {
        snprintf(text, sizeof text, "%s is NULL", role);
        return refuse(g, TG_ERR_NULL, text);
    }
    if (tg_graph_of(t) == g) return TG_OK;
    snprintf(text, sizeof text, "%s belongs to another graph", role);
    return refuse(g, TG_ERR_GRAPH, text);
}

static tg_status check_assumptions(tg_graph *g, const tg_proof_task *task)
{
    for (int i = 0; i < task->n_sizes; i++)
        if (task->sizes[i].size < 2 || task->sizes[i].name == NULL)
            return refuse(g, TG_ERR_ARGUMENT, "a size symbol needs a size of 2 or more and a name");
    for (int i = 0; i < task->n_sums; i++) {
        tg_status status = check_tensor(g, task->sums[i].leaf, "a leaf that sums to one");
        if (status != TG_OK) return status;
        int rank = tg_rank(task->sums[i].leaf), axis = task->sums[i].axis;
        if (tg_leaf_kind_of(task->sums[i].leaf) == TG_LEAF_NONE || axis < -rank || axis >= rank)
            return refuse(g, TG_ERR_ARGUMENT,
                          "only a leaf can be assumed to sum to one, along one of its axes");
    }
    for (int i = 0; i < task->n_positive; i++) {
        tg_status status = check_tensor(g, task->positive[i], "a positive leaf");
        if (status != TG_OK) return status;
        if (tg_leaf_kind_of(task->positive[i]) == TG_LEAF_NONE)
            return refuse(g, TG_ERR_ARGUMENT, "only a leaf can be assumed to be positive");
    }
    return TG_OK;
}

static tg_status check_task(tg_graph *g, const tg_proof_task *task)
{
    if (task == NULL) return refuse(g, TG_ERR_NULL, "the task is NULL");
    tg_status status = check_tensor(g, task->left, "left");
    if (status == TG_OK) status = check_tensor(g, task->right, "right");
    if (status != TG_OK) return status;
    if (!same_shape(task->left, task->right))
        return refuse(g, TG_ERR_SHAPE, "left and right have different shapes");
    for (int i = 0; i < task->n_cuts; i++) {
        status = check_tensor(g, task->cuts[i].node, "a node that is cut");
        if (status == TG_OK) status = check_tensor(g, task->cuts[i].value, "the value of a cut");
        if (status != TG_OK) return status;
        if (!same_shape(task->cuts[i].node, task->cuts[i].value))
            return refuse(g, TG_ERR_SHAPE, "a cut and its value have different shapes");
    }
    return check_assumptions(g, task);
}

/* ---- Attempts ----------------------------------------------------------------------------------------- */

typedef struct attempt {
    int tier, off_kinks, sums, positive;
} attempt;

static void drop_attempt(tg_proof *p)
{
    tg_engine_free(p->engine);
    free(p->steps);
    p->engine = NULL;
    p->lowering = NULL;
    p->sides[0] = p->sides[1] = NULL;
    p->steps = NULL;
    p->n_steps = 0;
}

/* The nodes of the side lowered last whose form needed a rule. */
static int collect_steps(tg_proof *p, int right)
{
    tg_lowering *l = p->lowering;
    int64_t last = tg_id(right ? p->task.right : p->task.left);
    int more = 0;
    for (int64_t id = 0; id <= last; id++) more += l->wanted[id] && l->used[id] != 0;
    if (more == 0) return 1;
    step *steps = realloc(p->steps, (size_t)(p->n_steps + more) * sizeof *steps);
    if (steps == NULL) return tg_engine_fail(p->engine, TG_ERR_MEMORY) != NULL;
    p->steps = steps;
    for (int64_t id = 0; id <= last; id++) {
        if (!l->wanted[id] || l->used[id] == 0) continue;
        p->steps[p->n_steps++] =
            (step){.id = id, .used = l->used[id], .shown = {.right = right, .node = tg_node(p->graph, id)}};
        l->used[id] = 0; /* listed */
    }
    return 1;
}

static void lower_sides(tg_proof *p)
{
    tg_engine *e = p->engine;
    tg_lowering *values = tg_lowering_new(e, p->graph);
    p->lowering = tg_lowering_new(e, p->graph);
    for (int i = 0; i < p->task.n_cuts; i++)
        tg_lowering_cut(p->lowering, p->task.cuts[i].node, tg_lower(values, p->task.cuts[i].value));
    e->used = e->seen = 0;
    e->n_seen = 0;
    p->sides[0] = tg_lower(p->lowering, p->task.left);
    if (p->sides[0] == NULL || !collect_steps(p, 0)) return;
    p->sides[1] = tg_lower(p->lowering, p->task.right);
    if (p->sides[1] != NULL) collect_steps(p, 1);
}

/* 1: proved, 0: not; -1: out of memory. Its engine replaces the proof's earlier one. */
static int try_attempt(tg_proof *p, attempt a)
{
    drop_attempt(p);
    tg_engine *e = p->engine = tg_engine_new(&p->task, a.tier);
    if (e == NULL) return -1;
    e->off_kinks = a.off_kinks;
    e->assume_sums = a.sums;
    e->assume_positive = a.positive;
    p->tier = a.tier;
    lower_sides(p);
    int equal = e->failure == TG_OK && tg_form_equal(e, p->sides[0], p->sides[1]);
    if (e->failure == TG_ERR_MEMORY) return -1;
    return equal && e->failure == TG_OK;
}

static int uses(const tg_proof *p, tg_rule_number rule)
{
    return (p->engine->used >> rule & 1u) != 0;
}

/* Proves again without an assumption that was used, and keeps the proof that needs less. */
static int without_assumption(tg_proof *p, attempt *a, tg_rule_number rule, int *assumption)
{
    if (!*assumption || !uses(p, rule)) return 1;
    attempt with = *a;
    *assumption = 0;
    int proved = try_attempt(p, *a);
    if (proved != 0) return proved;
    *a = with;
    return try_attempt(p, with);
}

static int attempt_all(tg_proof *p)
{
    attempt a = {.sums = 1, .positive = 1};
    int proved = 0;
    for (int i = 0; i < 4 && proved == 0; i++) {
        if (i >= 2 && !p->task.off_kinks) break;
        a.tier = 1 + i % 2;
        a.off_kinks = i >= 2;
        proved = try_attempt(p, a);
    }
    if (proved == 1) proved = without_assumption(p, &a, TG_RULE_SUM_ONE, &a.sums);
    if (proved == 1) proved = without_assumption(p, &a, TG_RULE_POSITIVE, &a.positive);
    return proved;
}

/* ---- The call ----------------------------------------------------------------------------------------- */

/* n items of the caller's, or NULL; *ok becomes 0 when memory runs out. */
static void *copy_list(const void *items, int n, size_t size, int *ok)
{
    if (n <= 0 || items == NULL) return NULL;
    void *copy = malloc((size_t)n * size);
    if (copy == NULL)
        *ok = 0;
    else
        memcpy(copy, items, (size_t)n * size);
    return copy;
}

/* A proof keeps what its engine and its texts refer to. The names of size symbols stay borrowed. */
static int copy_task(tg_proof *p, const tg_proof_task *task)
{
    int ok = 1;
    p->task = *task;
    p->task.cuts = copy_list(task->cuts, task->n_cuts, sizeof *task->cuts, &ok);
    p->task.sizes = copy_list(task->sizes, task->n_sizes, sizeof *task->sizes, &ok);
    p->task.sums = copy_list(task->sums, task->n_sums, sizeof *task->sums, &ok);
    p->task.positive = copy_list(task->positive, task->n_positive, sizeof(tg_tensor *), &ok);
    return ok;
}

static tg_status decide(tg_proof *p)
{
    if (p->task.left == p->task.right) {
        p->verdict = TG_PROVED;
        return TG_OK;
    }
    int proved = attempt_all(p), refuted = 0;
    if (proved < 0) return TG_ERR_MEMORY;
    if (proved) p->verdict = TG_PROVED;
    if (proved || p->task.points <= 0) return TG_OK;
    tg_status status = tg_refute(p->graph, &p->task, &p->counterexample, &refuted);
    if (refuted) p->verdict = TG_REFUTED;
    return status;
}

tg_status tg_prove(tg_graph *g, const tg_proof_task *task, tg_proof **out)
{
    if (g == NULL || out == NULL) return TG_ERR_NULL;
    *out = NULL;
    tg_status status = check_task(g, task);
    if (status != TG_OK) return status;
    tg_proof *p = calloc(1, sizeof *p);
    status = TG_ERR_MEMORY;
    if (p != NULL) {
        p->graph = g;
        p->verdict = TG_UNDECIDED;
        if (copy_task(p, task)) status = decide(p);
    }
    if (status == TG_OK) {
        *out = p;
        return TG_OK;
    }
    tg_proof_free(p);
    return refuse(g, status, "out of memory");
}

void tg_proof_free(tg_proof *p)
{
    if (p == NULL) return;
    for (int i = 0; i < p->n_steps; i++) {
        tg_text_free((char *)p->steps[i].shown.rules);
        tg_text_free((char *)p->steps[i].shown.matrix);
        tg_text_free((char *)p->steps[i].shown.index);
        tg_text_free((char *)p->steps[i].shown.index_latex);
    }
    for (int i = 0; i < 4; i++) tg_text_free(p->texts[i / 2][i % 2]);
    drop_attempt(p);
    free((void *)p->task.cuts);
    free((void *)p->task.sizes);
    free((void *)p->task.sums);
    free((void *)p->task.positive);
    free(p);
}

/* ---- What was found ----------------------------------------------------------------------------------- */

tg_proof_verdict tg_proof_verdict_of(const tg_proof *p)
{
    return p == NULL ? TG_UNDECIDED : p->verdict;
}

int tg_proof_tier(const tg_proof *p)
{
    return p == NULL ? 0 : p->tier;
}

const char *tg_proof_rule(const tg_proof *p, int i)
{
    if (p == NULL || p->engine == NULL || i < 0) return NULL;
    const tg_engine *e = p->engine;
    for (int k = 0; k < e->n_seen; k++)
        if ((e->used >> e->order[k] & 1u) != 0 && i-- == 0) return tg_proof_rules(NULL)[e->order[k]].name;
    return NULL;
}

int tg_proof_rule_count(const tg_proof *p)
{
    int n = 0;
    while (tg_proof_rule(p, n) != NULL) n++;
    return n;
}

int tg_proof_step_count(const tg_proof *p)
{
    return p == NULL ? 0 : p->n_steps;
}

/* "S/S; step". NULL when memory runs out. */
static char *rule_names(uint32_t used)
{
    char text[512] = "";
    size_t length = 0;
    for (int rule = 0; rule < TG_RULE_COUNT; rule++)
        if ((used >> rule & 1u) != 0 && length < sizeof text)
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? "; " : "",
                                       tg_proof_rules(NULL)[rule].name);
    char *copy = malloc(strlen(text) + 1);
    if (copy != NULL) memcpy(copy, text, strlen(text) + 1);
    return copy;
}

const tg_proof_step *tg_proof_step_at(tg_proof *p, int i)
{
    if (p == NULL || i < 0 || i >= p->n_steps) return NULL;
    step *s = &p->steps[i];
    tg_proof_step *shown = &s->shown;
    const tg_form *form = p->lowering->forms[s->id];
    if (shown->rules == NULL) shown->rules = rule_names(s->used);
    if (shown->matrix == NULL) shown->matrix = tg_expression(shown->node, TG_TEXT);
    if (shown->index == NULL) shown->index = tg_form_text(p->engine, form, 0);
    if (shown->index_latex == NULL) shown->index_latex = tg_form_text(p->engine, form, 1);
    int whole =
        shown->rules != NULL && shown->matrix != NULL && shown->index != NULL && shown->index_latex != NULL;
    return whole ? shown : NULL;
}

const char *tg_proof_form(tg_proof *p, int right, tg_notation notation)
{
    int side = right != 0, latex = notation == TG_LATEX;
    if (p == NULL || p->sides[side] == NULL) return "";
    char **text = &p->texts[side][latex];
    if (*text == NULL) *text = tg_form_text(p->engine, p->sides[side], latex);
    return *text;
}

const tg_counterexample *tg_proof_counterexample(const tg_proof *p)
{
    return p != NULL && p->verdict == TG_REFUTED ? &p->counterexample : NULL;
}
