/* Proving in a line, and an evaluator of normal forms that shares nothing with the engine but the forms. */
#include "proof_helpers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static tg_proof *prove(tg_graph *g, const tg_proof_task *task)
{
    tg_proof *p = NULL;
    if (tg_prove(g, task, &p) != TG_OK) fail_msg("%s", tg_error(g));
    return p;
}

tg_proof_verdict verdict_on(tg_graph *g, tg_proof_task task)
{
    tg_proof *p = prove(g, &task);
    tg_proof_verdict verdict = tg_proof_verdict_of(p);
    assert_true((tg_proof_counterexample(p) != NULL) == (verdict == TG_REFUTED));
    tg_proof_free(p);
    return verdict;
}

int proof_uses(tg_graph *g, tg_proof_task task, const char *rule)
{
    int used = 0;
    tg_proof *p = prove(g, &task);
    for (int i = 0; i < tg_proof_rule_count(p); i++) used |= strcmp(tg_proof_rule(p, i), rule) == 0;
    tg_proof_free(p);
    return used;
}

void set_inputs(tg_graph *g, uint64_t seed, double low, double high)
{
    for (int64_t id = 0; id < tg_node_count(g); id++) {
        tg_tensor *t = tg_node(g, id);
        if (strcmp(tg_op_of(t)->name, "input") != 0 || tg_dtype_of(t) != TG_F64) continue;
        size_t size = (size_t)tg_count(t) * sizeof(double);
        double *values = malloc(size);
        assert_non_null(values);
        uint64_t key = tg_random_key(seed, tg_name(t));
        for (int64_t i = 0; i < tg_count(t); i++)
            values[i] = low + (high - low) * (double)tg_random_below(key, (uint64_t)i, 1000000) / 1e6;
        assert_int_equal(tg_set(t, values, size), TG_OK);
        free(values);
    }
}

/* ---- The value of a form ------------------------------------------------------------------------------ */

/* Terms that are larger than this may cancel and leave nothing but rounding errors. */
#define CANCELLING 1e6

#define NEAR_KINK 1e-9
#define INDICES_MAX (TG_MAX_RANK + 8)

typedef struct evaluator {
    const tg_engine *e;
    double **atoms; /* by id: their elements, once computed */
    int failed;
} evaluator;

static double *values_of_form(evaluator *v, const tg_form *a);

static int64_t count_of(const int64_t *sizes, int n)
{
    int64_t count = 1;
    for (int i = 0; i < n; i++) count *= sizes[i];
    return count;
}

static double named_value(evaluator *v, const char *name, double x)
{
    if (strcmp(name, "sigmoid") == 0) return 1 / (1 + exp(-x));
    if (strcmp(name, "tanh") == 0) return tanh(x);
    if (strcmp(name, "softplus") == 0) return log(1 + exp(x));
    if (strcmp(name, "erf") == 0) return erf(x);
    if (strcmp(name, "sin") == 0) return sin(x);
    if (strcmp(name, "cos") == 0) return cos(x);
    if (strcmp(name, "elu") == 0) return x > 0 ? x : exp(x) - 1;
    v->failed = 1;
    return 0;
}

static double value_of_atom(evaluator *v, const tg_atom *a, double x)
{
    switch (a->kind) {
    case TG_ATOM_EXP:
        return exp(x);
    case TG_ATOM_LOG:
        return log(x);
    case TG_ATOM_POSITIVE: /* rounding decides on which side of a kink what should lie on it comes to lie */
        return fabs(x) > NEAR_KINK ? x > 0 : (double)NAN;
    case TG_ATOM_NEGATIVE:
        return fabs(x) > NEAR_KINK ? x < 0 : (double)NAN;
    case TG_ATOM_FUNCTION:
        return named_value(v, a->name, x);
    case TG_ATOM_SIZE:
    case TG_ATOM_PRIME:
        return (double)a->number;
    case TG_ATOM_PI:
        return acos(-1);
    case TG_ATOM_REAL:
        memcpy(&x, &a->number, sizeof x);
        return x;
    default:
        return x;
    }
}

static double larger(double a, double b)
{
    return isnan(a) || a > b ? a : b;
}

static void atom_elements(evaluator *v, const tg_atom *a, double *out, int64_t count)
{
    if (a->kind == TG_ATOM_OPAQUE) {
        int undefined = strcmp(a->name, "undefined") == 0;
        v->failed |= !undefined;
        for (int64_t i = 0; i < count; i++) out[i] = (double)NAN;
    } else if (a->kind == TG_ATOM_LEAF) {
        const double *data = a->source == NULL ? NULL : tg_data(a->source);
        v->failed |= data == NULL || tg_dtype_of(a->source) != TG_F64;
        for (int64_t i = 0; i < count && !v->failed; i++) out[i] = data[i];
    } else if (a->n_arguments == 0) {
        out[0] = value_of_atom(v, a, 0);
    } else {
        v->failed |= a->n_arguments != 1;
        double *argument = values_of_form(v, a->arguments[0]);
        int64_t inner = a->kind == TG_ATOM_MAX ? count_of(a->arguments[0]->sizes, a->captured) : 1;
        for (int64_t i = 0; i < count && argument != NULL; i++) {
            out[i] = value_of_atom(v, a, argument[i]);
            for (int64_t k = 1; k < inner; k++) out[i] = larger(out[i], argument[k * count + i]);
        }
        free(argument);
    }
}

static const double *elements_of(evaluator *v, const tg_atom *a)
{
    if (v->atoms[a->id] == NULL) {
        int64_t count = count_of(a->sizes, a->slots);
        double *out = calloc((size_t)count, sizeof(double));
        assert_non_null(out);
        atom_elements(v, a, out, count);
        v->atoms[a->id] = out;
    }
    return v->atoms[a->id];
}

/* A term at given free indices, summed over its bound ones. at[TG_MAX_RANK + b] is bound index b. */
static double value_of_term(evaluator *v, const tg_term *t, int64_t *at)
{
    double sum = 0;
    for (int b = 0; b < t->n_bound; b++) at[TG_MAX_RANK + b] = 0;
    for (;;) {
        double product = (double)t->coefficient.num / (double)t->coefficient.den;
        for (int i = 0; i < t->n_factors; i++) {
            const tg_factor *f = &t->factors[i];
            const tg_atom *a = v->e->atoms[f->atom];
            int64_t place = 0;
            for (int s = 0; s < f->slots; s++)
                place =
                    place * a->sizes[s] + at[f->index[s] >= 0 ? f->index[s] : TG_MAX_RANK - 1 - f->index[s]];
            double exponent = (double)f->exponent.num / (double)f->exponent.den;
            product *= pow(elements_of(v, a)[place], exponent);
        }
        sum += product;
        int b = t->n_bound - 1;
        for (; b >= 0 && ++at[TG_MAX_RANK + b] == t->bound[b]; b--) at[TG_MAX_RANK + b] = 0;
        if (b < 0) return sum;
    }
}

static double *values_of_form(evaluator *v, const tg_form *a)
{
    int64_t count = count_of(a->sizes, a->rank), at[INDICES_MAX] = {0};
    double *out = calloc((size_t)count, sizeof(double));
    assert_non_null(out);
    for (int i = 0; i < a->n_terms; i++) v->failed |= a->terms[i].n_bound > 6;
    for (int64_t place = 0; place < count && !v->failed; place++) {
        int64_t rest = place;
        for (int k = a->rank - 1; k >= 0; k--) {
            at[k] = rest % a->sizes[k];
            rest /= a->sizes[k];
        }
        for (int i = 0; i < a->n_terms; i++) {
            double term = value_of_term(v, &a->terms[i], at);
            out[place] += fabs(term) > CANCELLING ? (double)NAN : term;
        }
    }
    return out;
}

int form_values(const tg_engine *e, const tg_form *a, double *values)
{
    evaluator v = {.e = e, .atoms = calloc((size_t)e->n_atoms + 1, sizeof(double *))};
    assert_non_null(v.atoms);
    double *out = values_of_form(&v, a);
    memcpy(values, out, (size_t)count_of(a->sizes, a->rank) * sizeof(double));
    free(out);
    for (int i = 0; i < e->n_atoms; i++) free(v.atoms[i]);
    free(v.atoms);
    return !v.failed;
}
