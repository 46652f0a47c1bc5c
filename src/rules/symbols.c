/* The proof of a convention's rules for every size: a network whose sizes are primes, which stand for any size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/text.h"
#include "report.h"

static int64_t next_prime(int64_t after)
{
    for (int64_t p = after + 1;; p++) {
        int64_t d = 2;
        while (d * d <= p && p % d != 0) d++;
        if (d * d > p) return p;
    }
}

#define SMALLEST_PRIME 1000

static int64_t add_symbol(tg_rules_symbols *s, int64_t prime, const char *letter, int l)
{
    snprintf(s->names[s->n], sizeof s->names[s->n], l >= 0 ? "%s%d" : "%s", letter, l);
    s->list[s->n] = (tg_size_symbol){prime, s->names[s->n]};
    s->n++;
    return prime;
}

static void choose_symbols(tg_rules_symbols *s, const tg_rules_spec *spec, tg_planted planted)
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
    tg_rules_symbols *s = &r->symbols;
    tg_rules_layer layers[TG_RULES_LAYERS + 1];
    tg_rules_net net;
    choose_symbols(s, &r->spec, planted);
    if (!tg_rules_record(r->proof_graph, &r->spec, s->sizes, s->N, planted, layers, &net))
        return tg_fail(diag, tg_graph_status(r->proof_graph), "%s", tg_error(r->proof_graph));
    int assume = r->spec.cost == TG_COST_CROSS_ENTROPY && !r->spec.no_assumptions;
    return tg_rules_induct(&net, s->list, s->n, assume, r->claims, diag);
}

/* ---- Expressions with the symbols ---------------------------------------------------------------------- */

/* A number that is a size, or the product of two. */
static int write_symbol(tg_text *text, const tg_rules_symbols *s, int64_t number)
{
    for (int i = 0; i < s->n; i++) {
        if (s->list[i].size == number) {
            tg_text_print(text, "%s", s->list[i].name);
            return 1;
        }
        for (int k = 0; k < s->n; k++)
            if (s->list[i].size * s->list[k].size == number) {
                tg_text_print(text, "(%s * %s)", s->list[k].name, s->list[i].name);
                return 1;
            }
    }
    return 0;
}

char *tg_rules_rule_text(const tg_rules_report *report, int i)
{
    const tg_claim *claim = tg_rules_claim(report, i);
    char *whole = claim != NULL && claim->ruled != NULL ? tg_expression(claim->ruled, TG_TEXT) : NULL;
    tg_text text = {0};
    if (whole == NULL) return NULL;
    for (const char *at = whole; *at != '\0';) {
        size_t word = strspn(at, "0123456789.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (word == 0) word = 1;
        size_t digits = strspn(at, "0123456789");
        if (digits != word || !write_symbol(&text, &report->symbols, strtoll(at, NULL, 10)))
            tg_text_add(&text, at, word);
        at += word;
    }
    tg_text_free(whole);
    return tg_text_take(&text);
}
