/* The comparison of numbers: the generic gradients beside the rules in plain C and the rules on the tape. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/function.h>
#include <tapegrad/random.h>

#include "report.h"

#define ROUNDING 1e-9 /* relative to the largest element: beyond it, two gradients differ */
#define POINTS 24     /* how many random points to look for a difference at */

/* Everything of one network: its numbers, what runs it, what the plain C rules give. */
typedef struct numbers {
    tg_rules_report *report;
    tg_rules_net net;
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_function *function;
    tg_tensor *generic[3 * TG_RULES_LAYERS], *rule[3 * TG_RULES_LAYERS];
    double *memory;
    double *x, *y, *W[TG_RULES_LAYERS], *b[TG_RULES_LAYERS];
    double *delta[TG_RULES_LAYERS], *dW[TG_RULES_LAYERS], *db[TG_RULES_LAYERS];
    uint64_t key, drawn;
} numbers;

/* ---- Data --------------------------------------------------------------------------------------------- */

static double uniform(numbers *n, double low, double high)
{
    const uint64_t steps = (uint64_t)1 << 53;
    return low + (high - low) * (double)tg_random_below(n->key, n->drawn++, steps) / (double)steps;
}

static void fill(numbers *n, double *values, int64_t count, double low, double high)
{
    for (int64_t i = 0; i < count; i++) values[i] = uniform(n, low, high);
}

/* Makes each example's targets sum to one. */
static void normalise_targets(numbers *n)
{
    int64_t N = n->net.N, K = n->net.K;
    int64_t by_unit = n->net.axis == 1 ? 1 : N, by_example = n->net.axis == 1 ? K : 1;
    for (int64_t e = 0; e < N; e++) {
        double sum = 0;
        for (int64_t k = 0; k < K; k++) sum += n->y[e * by_example + k * by_unit];
        for (int64_t k = 0; k < K; k++) n->y[e * by_example + k * by_unit] /= sum;
    }
}

static void draw_examples(numbers *n)
{
    tg_cost cost = n->net.kind;
    int64_t count = n->net.N * n->net.K;
    fill(n, n->x, tg_count(n->net.x), -2, 2);
    int positive = cost == TG_COST_CROSS_ENTROPY || cost == TG_COST_BINARY_CROSS_ENTROPY;
    fill(n, n->y, count, positive ? 0.05 : -2, positive ? 0.95 : 2);
    if (cost == TG_COST_CROSS_ENTROPY && !n->report->spec.no_assumptions) normalise_targets(n);
    for (int64_t i = 0; i < count && cost == TG_COST_LOGISTIC; i++) n->y[i] = n->y[i] < 0 ? -1 : 1;
}

static void draw_params(numbers *n)
{
    for (int l = 1; l <= n->net.L; l++) {
        double bound = sqrt(3 / (double)n->report->sizes[l - 1]);
        fill(n, n->W[l - 1], tg_count(n->layers[l].W), -bound, bound);
        fill(n, n->b[l - 1], tg_count(n->layers[l].b), -0.5, 0.5);
    }
}

/* ---- Setting up --------------------------------------------------------------------------------------- */

/* Divides the memory, or only counts it when there is none yet. */
static int64_t place(numbers *n)
{
    int64_t used = 0;
    double *base = n->memory;
    for (int l = 0; l <= n->net.L; l++) {
        const tg_rules_layer *layer = &n->layers[l];
        double **to[5] = {&n->x, &n->y, NULL, NULL, NULL};
        int64_t count[5] = {tg_count(n->net.x), tg_count(n->net.y), 0, 0, 0};
        if (l > 0) {
            int64_t W = tg_count(layer->W), b = tg_count(layer->b);
            double **own[5] = {&n->W[l - 1], &n->b[l - 1], &n->delta[l - 1], &n->dW[l - 1], &n->db[l - 1]};
            int64_t sizes[5] = {W, b, tg_count(layer->z), W, b};
            memcpy(to, own, sizeof own);
            memcpy(count, sizes, sizeof sizes);
        }
        for (int i = 0; i < 5 && to[i] != NULL; i++) {
            if (base != NULL) *to[i] = base + used;
            used += count[i];
        }
    }
    return used;
}

static tg_status compile(numbers *n, tg_diag *diag)
{
    tg_rules_report *r = n->report;
    tg_graph *g = n->net.g;
    tg_tensor *outputs[6 * TG_RULES_LAYERS];
    for (int i = 0; i < r->n_claims; i++) {
        tg_claim_sides(&n->net, &r->claims[i], &n->generic[i], &n->rule[i]);
        outputs[2 * i] = n->generic[i], outputs[2 * i + 1] = n->rule[i];
    }
    tg_status status = tg_compile(g, outputs, 2 * r->n_claims, NULL, 0, &n->function);
    return status == TG_OK ? TG_OK : tg_fail(diag, status, "%s", tg_error(g));
}

static tg_status set_up(numbers *n, tg_graph *g, tg_planted planted, tg_diag *diag)
{
    const tg_rules_spec *spec = &n->report->spec;
    int64_t N = tg_rules_single(spec->convention) ? 1 : spec->batch;
    if (!tg_rules_record(g, spec, spec->sizes, N, planted, n->layers, &n->net))
        return tg_fail(diag, tg_graph_status(g), "%s", tg_error(g));
    tg_status status = compile(n, diag);
    if (status != TG_OK) return status;
    n->memory = calloc((size_t)place(n), sizeof *n->memory);
    if (n->memory == NULL) return tg_fail(diag, TG_ERR_MEMORY, "no memory for the numbers of the network");
    place(n);
    return TG_OK;
}

/* ---- One point ---------------------------------------------------------------------------------------- */

static tg_status run_plain(numbers *n, tg_diag *diag)
{
    const tg_rules_spec *spec = &n->report->spec;
    tg_delta_net net = {.convention = spec->convention,
                        .n_layers = spec->n_layers,
                        .sizes = spec->sizes,
                        .activations = spec->activations,
                        .cost = spec->cost,
                        .batch = n->net.N,
                        .x = n->x,
                        .y = n->y,
                        .weights = (const double *const *)n->W,
                        .biases = (const double *const *)n->b};
    tg_delta_result result = {.deltas = n->delta, .dweights = n->dW, .dbiases = n->db};
    return tg_delta_rules(&net, &result, diag);
}

static tg_status run_tape(numbers *n, tg_diag *diag)
{
    tg_function *f = n->function;
    tg_status status = tg_bind(f, n->net.x, n->x);
    if (status == TG_OK) status = tg_bind(f, n->net.y, n->y);
    for (int l = 1; l <= n->net.L && status == TG_OK; l++) {
        status = tg_bind(f, n->layers[l].W, n->W[l - 1]);
        if (status == TG_OK) status = tg_bind(f, n->layers[l].b, n->b[l - 1]);
    }
    if (status == TG_OK) status = tg_run(f);
    return status == TG_OK ? TG_OK : tg_fail(diag, status, "%s", tg_function_error(f));
}

static double largest(const double *values, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++) most = fmax(most, fabs(values[i]));
    return most;
}

static double *more(double *at, double value)
{
    if (!(value <= *at)) *at = value; /* a NaN counts as more */
    return at;
}

/* The generic gradient beside the plain rules'. */
static void compare_plain(tg_claim *claim, const double *generic, const double *plain, int64_t count,
                          double factor)
{
    double scale = fmax(largest(generic, count), largest(plain, count) * factor);
    double worst = 0;
    for (int64_t i = 0; i < count; i++) more(&worst, fabs(generic[i] - plain[i] * factor));
    more(&claim->max_abs_error, worst);
    if (worst == 0) return;
    more(&claim->max_rel_error, worst / scale);
    more(&claim->max_ulp, worst / (nextafter(scale, (double)INFINITY) - scale));
}

/* The generic gradient beside the tape's rule: the worst element, if it differs beyond rounding. */
static void compare_rule(tg_claim *claim, const tg_tensor *of, const double *generic, const double *rule)
{
    int64_t count = tg_count(of), worst = 0;
    double scale = fmax(largest(generic, count), largest(rule, count));
    for (int64_t i = 0; i < count; i++)
        if (!(fabs(generic[i] - rule[i]) <= fabs(generic[worst] - rule[worst]))) worst = i;
    if (claim->differs || fabs(generic[worst] - rule[worst]) <= ROUNDING * scale) return;
    claim->differs = 1;
    claim->rank = tg_rank(of);
    claim->index[0] = worst / tg_shape(of)[1], claim->index[1] = worst % tg_shape(of)[1];
    claim->generic = generic[worst], claim->rule = rule[worst];
}

static void compare_claims(numbers *n)
{
    int elsewhere = n->net.convention == TG_CONVENTION_DELTA || n->net.convention == TG_CONVENTION_ROWS;
    for (int i = 0; i < n->report->n_claims; i++) {
        tg_claim *claim = &n->report->claims[i];
        const double *generic = tg_output(n->function, n->generic[i]),
                     *rule = tg_output(n->function, n->rule[i]);
        double *const plain[3] = {n->delta[claim->layer - 1], n->dW[claim->layer - 1],
                                  n->db[claim->layer - 1]};
        double factor = claim->kind == TG_CLAIM_ERROR && elsewhere ? 1 / (double)n->net.N : 1;
        compare_plain(claim, generic, plain[claim->kind], tg_count(n->generic[i]), factor);
        compare_rule(claim, n->generic[i], generic, rule);
    }
}

static tg_status compare_point(numbers *n, tg_diag *diag)
{
    draw_examples(n);
    tg_status status = run_plain(n, diag);
    if (status == TG_OK) status = run_tape(n, diag);
    if (status == TG_OK) compare_claims(n);
    return status;
}

/* ---- All points --------------------------------------------------------------------------------------- */

/* Whether some claim is neither proved nor seen to differ. */
static int open_claims(const tg_rules_report *r)
{
    for (int i = 0; i < r->n_claims; i++)
        if (r->claims[i].verdict != TG_PROVED && !r->claims[i].differs) return 1;
    return 0;
}

tg_status tg_rules_compare(tg_rules_report *r, tg_planted planted, tg_diag *diag)
{
    numbers *n = calloc(1, sizeof *n);
    tg_graph *g = tg_graph_new(NULL);
    tg_status status = TG_OK;
    if (n == NULL || g == NULL) {
        status = tg_fail(diag, TG_ERR_MEMORY, "no memory for the numbers of the network");
    } else {
        n->report = r;
        n->key = tg_random_key(r->spec.seed, "rules");
        status = set_up(n, g, planted, diag);
        int64_t examples = tg_rules_single(r->spec.convention) ? r->spec.batch : 1;
        for (int point = 0; point < POINTS && status == TG_OK && (point == 0 || open_claims(r)); point++) {
            draw_params(n);
            for (int64_t e = 0; e < examples && status == TG_OK; e++) status = compare_point(n, diag);
        }
        for (int i = 0; i < r->n_claims && status == TG_OK; i++) {
            tg_claim *claim = &r->claims[i];
            if (claim->verdict != TG_PROVED && claim->differs && !claim->conditional)
                claim->verdict = TG_REFUTED;
        }
        tg_function_free(n->function);
        free(n->memory);
    }
    tg_graph_free(g);
    free(n);
    return status;
}
