/* Finding a term inside another one, up to the names of its bound indices. */
#include <string.h>

#include "engine.h"

int tg_factor_is_free(const tg_factor *f)
{
    for (int i = 0; i < f->slots; i++)
        if (f->index[i] < 0) return 0;
    return 1;
}

static double degree(const tg_engine *e, const tg_term *t)
{
    double sum = 0;
    for (int i = 0; i < t->n_factors; i++) {
        tg_atom_kind kind = tg_atom_of(e, &t->factors[i])->kind;
        tg_rational exponent = t->factors[i].exponent;
        if (kind != TG_ATOM_PRIME && kind != TG_ATOM_PI && kind != TG_ATOM_SIZE)
            sum += (double)exponent.num / (double)exponent.den;
    }
    return sum;
}

/* The most bound indices, then the highest degree: what is put in its place has less of these. */
const tg_term *tg_form_lead(const tg_engine *e, const tg_form *a)
{
    const tg_term *lead = &a->terms[0];
    for (int i = 1; i < a->n_terms; i++) {
        const tg_term *t = &a->terms[i];
        double difference = degree(e, t) - degree(e, lead);
        int order = t->n_bound != lead->n_bound ? t->n_bound - lead->n_bound
                    : difference != 0           ? (difference > 0) - (difference < 0)
                                                : tg_term_compare(t, lead);
        if (order > 0) lead = t;
    }
    return lead;
}

typedef struct matching {
    const tg_term *pattern, *term;
    const int8_t *at;
    tg_rational *taken;
    int8_t image[TG_BOUND_MAX]; /* of the pattern's bound indices: a bound index of the term, or 0 */
} matching;

/* 1 when the pattern's index p can be the term's index j; enters a bound one. */
static int index_fits(matching *m, int p, int j)
{
    if (p >= 0) return m->at[p] == j;
    int8_t *image = &m->image[-1 - p];
    if (j >= 0 || m->term->bound[-1 - j] != m->pattern->bound[-1 - p]) return 0;
    if (*image == 0) *image = (int8_t)j;
    return *image == j;
}

static int factor_fits(matching *m, const tg_factor *p, const tg_factor *f)
{
    if (p->atom != f->atom) return 0;
    /* The term must have at least the pattern's power. */
    if (p->exponent.num > 0 ? tg_rational_less(f->exponent, p->exponent)
                            : tg_rational_less(p->exponent, f->exponent))
        return 0;
    for (int s = 0; s < p->slots; s++)
        if (!index_fits(m, p->index[s], f->index[s])) return 0;
    return 1;
}

/* The images must differ, and factors that have one must be taken whole. */
static int indices_are_private(const matching *m, uint64_t *gone)
{
    *gone = 0;
    for (int b = 0; b < m->pattern->n_bound; b++) {
        uint64_t bit = UINT64_C(1) << (-1 - m->image[b]);
        if (m->image[b] == 0 || (*gone & bit) != 0) return 0;
        *gone |= bit;
    }
    for (int i = 0; i < m->term->n_factors; i++) {
        const tg_factor *f = &m->term->factors[i];
        for (int s = 0; s < f->slots; s++)
            if (f->index[s] < 0 && (*gone >> (-1 - f->index[s]) & 1) != 0 &&
                !tg_rational_equal(m->taken[i], f->exponent))
                return 0;
    }
    return 1;
}

static int match_from(matching *m, int k, uint64_t *gone)
{
    if (k == m->pattern->n_factors) return indices_are_private(m, gone);
    const tg_factor *p = &m->pattern->factors[k];
    for (int i = 0; i < m->term->n_factors; i++) {
        if (m->taken[i].num != 0) continue;
        int8_t before[TG_BOUND_MAX];
        memcpy(before, m->image, sizeof before);
        if (factor_fits(m, p, &m->term->factors[i])) {
            m->taken[i] = p->exponent;
            if (match_from(m, k + 1, gone)) return 1;
            m->taken[i] = tg_integer(0);
        }
        memcpy(m->image, before, sizeof before);
    }
    return 0;
}

int tg_term_match(const tg_engine *e, const tg_term *pattern, const int8_t *at, const tg_term *t,
                  tg_rational *taken, uint64_t *gone)
{
    (void)e;
    matching m = {.pattern = pattern, .term = t, .at = at, .taken = taken};
    for (int i = 0; i < t->n_factors; i++) taken[i] = tg_integer(0);
    return match_from(&m, 0, gone);
}
