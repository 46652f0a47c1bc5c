/* The proof of a convention's rules for every size: a network whose sizes are primes, which stand for any size. */
#include <stdio.h>

#include "report.h"

/* n_0 .. n_L and N. */
typedef struct symbols {
    int64_t sizes[TG_RULES_LAYERS + 1];
    int64_t N;
    char names[TG_RULES_LAYERS + 2][8];
    tg_size_symbol list[TG_RULES_LAYERS + 2];
    int n;
} symbols;

static int64_t next_prime(int64_t after)
{
    for (int64_t p = after + 1;; p++) {
        int64_t d = 2;
        while (d * d <= p && p % d != 0) d++;
        if (d * d > p) return p;
    }
}

#define SMALLEST_PRIME 1000

static int64_t add_symbol(symbols *s, int64_t prime, const char *letter, int l)
{
    snprintf(s->names[s->n], sizeof s->names[s->n], l >= 0 ? "%s%d" : "%s", letter, l);
    s->list[s->n] = (tg_size_symbol){prime, s->names[s->n]};
    s->n++;
    return prime;
}

static void choose_symbols(symbols *s, const tg_rules_spec *spec, tg_planted planted)
{
    int64_t prime = next_prime(SMALLEST_PRIME);
    int equal = planted.kind >= 0 && spec->sizes[0] == spec->sizes[spec->n_layers];
    s->n = 0;
    for (int l = 1; l <= spec->n_layers && equal; l++) equal = spec->sizes[l] == spec->sizes[0];
    for (int l = 0; l <= spec->n_layers; l++) {
        if (equal && l > 0) {
            s->sizes[l] = s->sizes[0];
            continue;
        }
        s->sizes[l] = add_symbol(s, prime, "n", equal ? -1 : l);
        prime = next_prime(prime);
    }
    s->N = tg_rules_single(spec->convention) ? 1 : add_symbol(s, prime, "N", -1);
}

tg_status tg_rules_prove(tg_rules_report *r, tg_planted planted, tg_diag *diag)
{
    symbols s;
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_rules_net net;
    choose_symbols(&s, &r->spec, planted);
    if (!tg_rules_record(r->proof_graph, &r->spec, s.sizes, s.N, planted, layers, &net))
        return tg_fail(diag, tg_graph_status(r->proof_graph), "%s", tg_error(r->proof_graph));
    int assume = r->spec.cost == TG_COST_CROSS_ENTROPY && !r->spec.no_assumptions;
    return tg_rules_induct(&net, s.list, s.n, assume, r->claims, diag);
}
