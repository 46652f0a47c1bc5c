/* Models: reading them, binding their sizes, looking at them. */
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ------------------------------------------------------------------------------------------ */

static char *copy_bytes(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL) return NULL;
    if (size > 0) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

tg_status tg_model_parse(const char *text, size_t size, const char *name, tg_model **out, tg_diag *diag)
{
    if (out != NULL) *out = NULL;
    if (out == NULL || (text == NULL && size > 0))
        return tg_fail(diag, TG_ERR_NULL, "tg_model_parse: an argument is NULL");
    if (size > UINT32_MAX / 2)
        return tg_fail(diag, TG_ERR_SIZE, "a program of %zu bytes, at most %u", size, UINT32_MAX / 2);
    if (name == NULL) name = "program";
    tg_model *m = calloc(1, sizeof *m);
    tg_status status = m == NULL ? TG_ERR_MEMORY : TG_OK;
    if (status == TG_OK) {
        m->text = copy_bytes(text, size);
        m->name = copy_bytes(name, strlen(name));
        m->problems = (tg_problems){.text = m->text, .size = (uint32_t)size, .name = m->name};
        status = m->text == NULL || m->name == NULL
                     ? TG_ERR_MEMORY
                     : tg_lex(m->text, (uint32_t)size, &m->tokens, &m->problems);
    }
    if (status == TG_OK) status = tg_parse(m);
    if (status != TG_OK) {
        tg_model_free(m);
        return tg_fail(diag, status, "out of memory for a program of %zu bytes", size);
    }
    *out = m;
    m->parse_problems = m->problems.count;
    if (m->problems.count == 0) return TG_OK;
    return tg_fail(diag, TG_ERR_SYNTAX, "%s", m->problems.items[0].message);
}

static void free_names(tg_model *m)
{
    tg_name_entry *entry, *next;
    HASH_ITER(hh, m->names, entry, next)
    {
        HASH_DELETE(hh, m->names, entry);
        free(entry);
    }
}

void tg_model_free(tg_model *m)
{
    if (m == NULL) return;
    free_names(m);
    for (int i = 0; i < m->n_declared; i++) free(m->declared[i].name);
    for (int i = 0; i < m->n_sizes; i++) free(m->sizes[i].name);
    for (int i = 0; m->output_names != NULL && i < m->n_outputs; i++) free(m->output_names[i]);
    free(m->output_names);
    tg_problems_free(&m->problems);
    free(m->tokens.items);
    free(m->statements);
    free(m->declared);
    free(m->sizes);
    free(m->outputs);
    free(m->shown);
    free(m->text);
    free(m->name);
    free(m);
}

const char *tg_model_problems(const tg_model *m)
{
    if (m == NULL) return "";
    tg_model *writable = (tg_model *)(uintptr_t)m; /* the shown text is kept, nothing else changes */
    free(writable->shown);
    writable->shown = tg_problems_show(&writable->problems);
    return writable->shown == NULL ? "out of memory" : writable->shown;
}

int tg_model_problem_count(const tg_model *m)
{
    return m == NULL ? 0 : m->problems.count;
}

tg_model_problem tg_model_problem_at(const tg_model *m, int i)
{
    tg_model_problem problem = {0};
    if (m == NULL || i < 0 || i >= m->problems.count) return problem;
    tg_problem_place(&m->problems, m->problems.items[i].start, &problem.line, &problem.column);
    problem.message = m->problems.items[i].message;
    return problem;
}

/* ---- Declarations and sizes --------------------------------------------------------------------------- */

int tg_model_declaration_count(const tg_model *m)
{
    if (m == NULL || m->n_declared == 0) return 0;
    const tg_declared *last = &m->declared[m->n_declared - 1];
    return last->number + !last->is_const;
}

/* The i-th input or param: the last of the declarations with that number, since typed constants share the number of
 * the input or param that follows. */
static const tg_declared *declaration(const tg_model *m, int i)
{
    int low = 0, high = m->n_declared;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (m->declared[middle].number <= i)
            low = middle;
        else
            high = middle;
    }
    return &m->declared[low];
}

/* The shape with the sizes that are bound. */
void tg_declared_shape(const tg_model *m, const tg_declared *d, int64_t *shape)
{
    for (int i = 0; i < d->rank; i++) shape[i] = d->size[i] >= 0 ? m->sizes[d->size[i]].value : d->shape[i];
}

tg_declaration tg_model_declaration_at(const tg_model *m, int i)
{
    tg_declaration made = {0};
    if (i < 0 || i >= tg_model_declaration_count(m)) return made;
    const tg_declared *d = declaration(m, i);
    made = (tg_declaration){.name = d->name, .is_input = d->is_input, .dtype = d->dtype, .rank = d->rank};
    tg_declared_shape(m, d, made.shape);
    for (int axis = 0; axis < d->rank; axis++)
        made.size_names[axis] = d->size[axis] >= 0 ? m->sizes[d->size[axis]].name : NULL;
    return made;
}

const char *tg_model_size_at(const tg_model *m, int i, int64_t *value)
{
    if (m == NULL || i < 0 || i >= m->n_sizes) return NULL;
    if (value != NULL) *value = m->sizes[i].value;
    return m->sizes[i].name;
}

static tg_status bind(tg_size *size, int64_t value, tg_diag *diag)
{
    if (value < 0) return tg_fail(diag, TG_ERR_SIZE, "size %s cannot be %" PRId64, size->name, value);
    if (size->value >= 0 && size->value != value)
        return tg_fail(diag, TG_ERR_SHAPE, "size %s is %" PRId64 " and cannot be %" PRId64 " too", size->name,
                       size->value, value);
    size->value = value;
    return TG_OK;
}

tg_status tg_model_bind_size(tg_model *m, const char *name, int64_t value, tg_diag *diag)
{
    if (m == NULL || name == NULL)
        return tg_fail(diag, TG_ERR_NULL, "tg_model_bind_size: an argument is NULL");
    int found = tg_size_find(m, name, (uint32_t)strlen(name));
    if (found >= 0) return bind(&m->sizes[found], value, diag);
    const char *best = NULL;
    int distance = 3;
    for (int i = 0; i < m->n_sizes; i++)
        tg_suggest(name, (uint32_t)strlen(name), m->sizes[i].name, &best, &distance);
    return tg_fail(diag, TG_ERR_NAME, "%s has no size '%s'%s%s", m->name, name,
                   best == NULL ? "" : "; did you mean ", best == NULL ? "" : best);
}

static tg_status shape_problem(const tg_model *m, const tg_declared *d, int rank, const int64_t *shape,
                               tg_diag *diag)
{
    char wanted[200] = "", found[200] = "";
    size_t at = 0, from = 0;
    for (int i = 0; i < d->rank; i++) {
        int n = d->size[i] >= 0
                    ? snprintf(wanted + at, sizeof wanted - at, "%s%.20s", i > 0 ? ", " : "",
                               m->sizes[d->size[i]].name)
                    : snprintf(wanted + at, sizeof wanted - at, "%s%" PRId64, i > 0 ? ", " : "", d->shape[i]);
        at = n > 0 && at + (size_t)n < sizeof wanted ? at + (size_t)n : at;
    }
    for (int i = 0; i < rank; i++) {
        int n = snprintf(found + from, sizeof found - from, "%s%" PRId64, i > 0 ? ", " : "", shape[i]);
        from = n > 0 && from + (size_t)n < sizeof found ? from + (size_t)n : from;
    }
    return tg_fail(diag, TG_ERR_SHAPE, "%s '%s' has shape [%s], but the array for it has [%s]",
                   d->is_input ? "input" : "param", d->name, wanted, found);
}

tg_status tg_model_bind_shape(tg_model *m, const char *name, int rank, const int64_t *shape, tg_diag *diag)
{
    if (m == NULL || name == NULL || (rank > 0 && shape == NULL))
        return tg_fail(diag, TG_ERR_NULL, "tg_model_bind_shape: an argument is NULL");
    const tg_declared *d = NULL;
    for (int i = 0; i < m->n_declared && d == NULL; i++)
        if (strcmp(m->declared[i].name, name) == 0 && !m->declared[i].is_const) d = &m->declared[i];
    if (d == NULL) return tg_fail(diag, TG_ERR_NAME, "%s has no input or param '%s'", m->name, name);
    int fits = rank == d->rank;
    for (int i = 0; i < rank && fits; i++) fits = d->size[i] >= 0 || d->shape[i] == shape[i];
    if (!fits) return shape_problem(m, d, rank, shape, diag);
    for (int i = 0; i < rank; i++) {
        tg_diag why;
        if (d->size[i] < 0) continue;
        tg_status status = bind(&m->sizes[d->size[i]], shape[i], &why);
        if (status != TG_OK) return tg_fail(diag, status, "'%s': %.400s", name, why.message);
    }
    return TG_OK;
}

void tg_model_unbind_sizes(tg_model *m)
{
    for (int i = 0; m != NULL && i < m->n_sizes; i++) m->sizes[i].value = -1;
}

/* ---- Results ------------------------------------------------------------------------------------------ */

tg_tensor *tg_model_find(const tg_model *m, const char *name)
{
    if (m == NULL || name == NULL) return NULL;
    const tg_name_entry *entry = tg_name_find(m, name, (uint32_t)strlen(name));
    return entry == NULL || entry->value.kind != TG_VALUE_TENSOR ? NULL : entry->value.tensor;
}

int tg_model_output_count(const tg_model *m)
{
    return m == NULL || m->output_names == NULL ? 0 : m->n_outputs;
}

const char *tg_model_output_at(const tg_model *m, int i, tg_tensor **tensor)
{
    if (tensor != NULL) *tensor = NULL;
    if (i < 0 || i >= tg_model_output_count(m)) return NULL;
    if (tensor != NULL) *tensor = tg_model_find(m, m->output_names[i]);
    return m->output_names[i];
}
