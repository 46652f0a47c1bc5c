/* The engine: its memory, its atoms, its interned forms. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

tg_engine *tg_engine_new(const tg_proof_task *task, int tier)
{
    tg_engine *e = calloc(1, sizeof *e);
    if (e == NULL) return NULL;
    e->task = task;
    e->tier = tier;
    e->assume_sums = e->assume_positive = task != NULL;
    /* The first block of the scratch stays, so that its chunk is not given back and taken again all the time. */
    if (tg_arena_take(&e->scratch, 1) != NULL) return e;
    tg_engine_free(e);
    return NULL;
}

void tg_engine_free(tg_engine *e)
{
    if (e == NULL) return;
    HASH_CLEAR(hh, e->interned_atoms);
    HASH_CLEAR(hh, e->interned_forms);
    HASH_CLEAR(hh, e->facts);
    tg_arena_free(&e->arena);
    tg_arena_free(&e->scratch);
    free(e->atoms);
    free(e);
}

void *tg_engine_fail(tg_engine *e, tg_status status)
{
    if (e->failure == TG_OK) e->failure = status;
    return NULL;
}

void *tg_engine_take(tg_engine *e, size_t size)
{
    void *block = e->failure != TG_OK ? NULL : tg_arena_take(&e->arena, size);
    return block != NULL ? block : tg_engine_fail(e, TG_ERR_MEMORY);
}

void *tg_engine_scratch(tg_engine *e, size_t size)
{
    void *block = e->failure != TG_OK ? NULL : tg_arena_take(&e->scratch, size);
    return block != NULL ? block : tg_engine_fail(e, TG_ERR_MEMORY);
}

/* ---- Atoms -------------------------------------------------------------------------------------------- */

static int keep_atom(tg_engine *e, tg_atom *atom)
{
    if (e->n_atoms == e->atoms_room) {
        int room = e->atoms_room == 0 ? 64 : 2 * e->atoms_room;
        tg_atom **atoms = realloc(e->atoms, (size_t)room * sizeof *atoms);
        if (atoms == NULL) return 0;
        e->atoms = atoms;
        e->atoms_room = room;
    }
    atom->id = e->n_atoms;
    e->atoms[e->n_atoms++] = atom;
    return 1;
}

/* What an atom is known by, as bytes. */
static char *atom_key(tg_engine *e, const tg_atom *a, const void *attr, size_t attr_size, size_t *length)
{
    size_t arguments = (size_t)a->n_arguments * sizeof *a->arguments;
    *length = 4 * sizeof(int) + sizeof a->sizes + sizeof a->number + sizeof a->source + arguments + attr_size;
    char *key = tg_engine_take(e, *length), *at = key;
    if (key == NULL) return NULL;
    const int head[4] = {(int)a->kind, a->slots, a->captured, a->n_arguments};
    memcpy(at, head, sizeof head), at += sizeof head;
    memcpy(at, a->sizes, sizeof a->sizes), at += sizeof a->sizes;
    memcpy(at, &a->number, sizeof a->number), at += sizeof a->number;
    memcpy(at, &a->source, sizeof a->source), at += sizeof a->source;
    if (arguments > 0) memcpy(at, a->arguments, arguments), at += arguments;
    if (attr_size > 0) memcpy(at, attr, attr_size);
    return key;
}

const tg_atom *tg_atom_intern(tg_engine *e, const tg_atom *key, const void *attr, size_t attr_size)
{
    size_t length;
    char *bytes = atom_key(e, key, attr, attr_size, &length);
    if (bytes == NULL) return NULL;
    tg_atom *found;
    HASH_FIND(hh, e->interned_atoms, bytes, length, found);
    if (found != NULL) {
        tg_arena_rewind(&e->arena, bytes);
        return found;
    }
    tg_atom *atom = tg_engine_take(e, sizeof *atom);
    const tg_form **arguments = tg_engine_take(e, ((size_t)key->n_arguments + 1) * sizeof *arguments);
    if (atom == NULL || arguments == NULL) return NULL;
    *atom = *key;
    for (int i = 0; i < key->n_arguments; i++) arguments[i] = key->arguments[i];
    atom->arguments = arguments;
    HASH_ADD_KEYPTR(hh, e->interned_atoms, bytes, length, atom);
    if (!tg_hash_added(atom)) return tg_engine_fail(e, TG_ERR_MEMORY);
    return keep_atom(e, atom) ? atom : tg_engine_fail(e, TG_ERR_MEMORY);
}

const tg_atom *tg_atom_of(const tg_engine *e, const tg_factor *f)
{
    return e->atoms[f->atom];
}

const tg_atom *tg_atom_about(tg_engine *e, tg_atom_kind kind, const tg_form *argument, int captured)
{
    if (argument == NULL) return NULL;
    tg_atom key = {.kind = kind,
                   .slots = argument->rank - captured,
                   .captured = captured,
                   .n_arguments = 1,
                   .arguments = &argument,
                   .indicator = kind == TG_ATOM_POSITIVE || kind == TG_ATOM_NEGATIVE,
                   .positive = kind == TG_ATOM_EXP,
                   .sum_slot = -1};
    for (int i = 0; i < key.slots; i++) key.sizes[i] = argument->sizes[captured + i];
    return tg_atom_intern(e, &key, NULL, 0);
}

const tg_atom *tg_atom_number(tg_engine *e, tg_atom_kind kind, int64_t number)
{
    tg_atom key = {.kind = kind, .number = number, .positive = 1, .sum_slot = -1};
    return tg_atom_intern(e, &key, NULL, 0);
}

#define DEPTH_MAX 32 /* of atoms within atoms that are looked into for a sign */

/* log(q) > 0 where q - 1 is. */
static int log_is_positive(tg_engine *e, const tg_form *q)
{
    return tg_form_is_positive(e, tg_form_add(e, q, tg_form_number(e, q, tg_integer(1)), -1), 1);
}

static int argument_is_positive(tg_engine *e, const tg_atom *atom)
{
    const tg_form *argument = atom->arguments[0];
    return atom->kind == TG_ATOM_POWER ? tg_form_is_positive(e, argument, 1) : log_is_positive(e, argument);
}

/* The answer is kept, with whether it rests on an assumption. */
int tg_atom_is_positive(tg_engine *e, const tg_atom *atom)
{
    const uint32_t assumption = UINT32_C(1) << TG_RULE_POSITIVE;
    if (atom->positive == 0 && (atom->kind == TG_ATOM_POWER || atom->kind == TG_ATOM_LOG) &&
        e->depth < DEPTH_MAX) {
        uint32_t before = e->used;
        e->used = 0;
        e->depth++;
        int found = argument_is_positive(e, atom);
        e->depth--;
        e->atoms[atom->id]->positive = !found ? -1 : (e->used & assumption) != 0 ? 2 : 1;
        e->used = before;
    }
    if (atom->positive == 2) tg_note(e, TG_RULE_POSITIVE);
    return atom->positive > 0;
}

/* ---- Interned forms ----------------------------------------------------------------------------------- */

static size_t form_key_size(const tg_term *terms, int n)
{
    size_t size = (2 + TG_MAX_RANK) * sizeof(int64_t);
    for (int i = 0; i < n; i++)
        size += 4 * sizeof(int64_t) + (size_t)terms[i].n_bound * sizeof(int64_t) +
                (size_t)terms[i].n_factors * sizeof(tg_factor);
    return size;
}

/* Writes the key and lets the terms in *out point into it. */
static void write_form_key(char *key, int rank, const int64_t *sizes, const tg_term *terms, int n,
                           tg_term *out)
{
    int64_t head[2 + TG_MAX_RANK] = {rank, n};
    for (int i = 0; i < rank; i++) head[2 + i] = sizes[i];
    memcpy(key, head, sizeof head), key += sizeof head;
    for (int i = 0; i < n; i++) {
        const tg_term *t = &terms[i];
        int64_t of_term[4] = {t->coefficient.num, t->coefficient.den, t->n_factors, t->n_bound};
        memcpy(key, of_term, sizeof of_term), key += sizeof of_term;
        out[i] = *t;
        out[i].bound = (int64_t *)(void *)key;
        if (t->n_bound > 0) memcpy(key, t->bound, (size_t)t->n_bound * sizeof *t->bound);
        key += (size_t)t->n_bound * sizeof *t->bound;
        out[i].factors = (tg_factor *)(void *)key;
        if (t->n_factors > 0) memcpy(key, t->factors, (size_t)t->n_factors * sizeof *t->factors);
        key += (size_t)t->n_factors * sizeof *t->factors;
    }
}

const tg_form *tg_form_intern(tg_engine *e, int rank, const int64_t *sizes, const tg_term *terms, int n)
{
    size_t length = form_key_size(terms, n);
    char *key = tg_engine_take(e, length);
    tg_term *copies = tg_engine_take(e, ((size_t)n + 1) * sizeof *copies);
    if (key == NULL || copies == NULL) return NULL;
    write_form_key(key, rank, sizes, terms, n, copies);
    tg_form *found;
    HASH_FIND(hh, e->interned_forms, key, length, found);
    if (found != NULL) {
        tg_arena_rewind(&e->arena, key);
        return found;
    }
    tg_form *form = tg_engine_take(e, sizeof *form);
    if (form == NULL) return NULL;
    *form = (tg_form){.id = e->n_forms++, .rank = rank, .n_terms = n, .terms = copies};
    for (int i = 0; i < rank; i++) form->sizes[i] = sizes[i];
    HASH_ADD_KEYPTR(hh, e->interned_forms, key, length, form);
    return tg_hash_added(form) ? form : tg_engine_fail(e, TG_ERR_MEMORY);
}
