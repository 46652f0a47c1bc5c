/* A program with its data: read, bound, built. */
#define _POSIX_C_SOURCE 200809L

#include "program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"

/* ---- Reading ------------------------------------------------------------------------------------------ */

int tg_program_read(const tg_command *command, const char *path, tg_model **out)
{
    tg_diag diag;
    tg_bytes text = {0};
    int is_stdin = strcmp(path, "-") == 0;
    *out = NULL;
    if ((is_stdin ? tg_standard_input_read(&text, &diag) : tg_file_read(path, &text, &diag)) != TG_OK)
        return tg_complain(command, "%s", diag.message);
    /* Problems of syntax are shown together with those that building finds. */
    const char *name = is_stdin ? "standard input" : path;
    tg_model_parse((const char *)text.data, text.size, name, out, &diag);
    tg_bytes_clear(&text);
    return *out == NULL ? tg_complain(command, "%s: %s", name, diag.message) : TG_EXIT_OK;
}

/* ---- Binding ------------------------------------------------------------------------------------------ */

static int bind_dim(const tg_command *command, tg_model *m, const char *text)
{
    tg_diag diag;
    char name[256];
    int64_t value;
    const char *equals = strchr(text, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - text);
    if (length == 0 || length >= sizeof name)
        return tg_complain(command, "--dim: expected NAME=NUMBER, found '%s'", text);
    memcpy(name, text, length);
    name[length] = '\0';
    if (!tg_read_integer(equals + 1, NULL, 0, INT64_MAX, &value))
        return tg_complain(command, "--dim %s: expected a size, found '%s'", name, equals + 1);
    if (tg_model_bind_size(m, name, value, &diag) != TG_OK)
        return tg_complain(command, "--dim: %s", diag.message);
    return TG_EXIT_OK;
}

int tg_program_bind_dims(const tg_arguments *a, tg_model *m)
{
    const char *text;
    for (int i = 0; (text = tg_option_value_at(a, "dim", i)) != NULL; i++)
        if (bind_dim(a->command, m, text) != TG_EXIT_OK) return TG_EXIT_BAD;
    return TG_EXIT_OK;
}

static int is_declared(const tg_model *m, const char *name)
{
    int n = tg_model_declaration_count(m);
    for (int i = 0; i < n; i++)
        if (strcmp(tg_model_declaration_at(m, i).name, name) == 0) return 1;
    return 0;
}

static int bind_sizes(const tg_program *p, const tg_arguments *a)
{
    tg_diag diag;
    if (tg_program_bind_dims(a, p->model) != TG_EXIT_OK) return TG_EXIT_BAD;
    for (int i = 0; i < p->loaded.count; i++) {
        const tg_loaded *item = &p->loaded.items[i];
        if (!is_declared(p->model, item->name)) {
            if (!item->is_state)
                tg_note(p->command, "%s: the program has no input or param '%s'; not used", item->from,
                        item->name);
            continue;
        }
        tg_type type = item->array->type;
        if (tg_model_bind_shape(p->model, item->name, type.rank, type.shape, &diag) != TG_OK)
            return tg_complain(p->command, "%s: %s", item->from, diag.message);
    }
    return TG_EXIT_OK;
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static int set_value(const tg_program *p, tg_tensor *leaf, const tg_loaded *item)
{
    tg_diag diag;
    tg_array *converted = NULL;
    const tg_array *array = item->array;
    if (array->type.dtype != tg_dtype_of(leaf)) {
        converted = tg_array_as(array, tg_dtype_of(leaf), &diag);
        if (converted == NULL)
            return tg_complain(p->command, "%s: '%s' is %s in the file and %s in the program: %s", item->from,
                               item->name, tg_dtype_name(array->type.dtype), tg_dtype_name(tg_dtype_of(leaf)),
                               diag.message);
        array = converted;
    }
    tg_status status = tg_set(leaf, array->data, tg_type_bytes(&array->type));
    tg_array_free(converted);
    return status == TG_OK ? TG_EXIT_OK : tg_complain(p->command, "%s", tg_error(p->graph));
}

static int set_values(const tg_program *p)
{
    for (int i = 0; i < p->loaded.count; i++) {
        const tg_loaded *item = &p->loaded.items[i];
        tg_tensor *leaf = tg_find(p->graph, item->name);
        if (leaf != NULL && set_value(p, leaf, item) != TG_EXIT_OK) return TG_EXIT_BAD;
    }
    return TG_EXIT_OK;
}

int tg_program_load(const tg_arguments *a, tg_program *p)
{
    *p = (tg_program){.command = a->command, .path = a->operands[0]};
    const char *file;
    if (tg_program_read(a->command, p->path, &p->model) != TG_EXIT_OK) return TG_EXIT_BAD;
    if (strcmp(p->path, "-") == 0) p->path = "standard input"; /* in messages */
    for (int i = 0; (file = tg_option_value_at(a, "load", i)) != NULL; i++)
        if (tg_load_arrays(a->command, file, &p->loaded) != TG_EXIT_OK) return TG_EXIT_BAD;
    return bind_sizes(p, a);
}

int tg_program_build(const tg_arguments *a, tg_program *p)
{
    tg_graph_options options = {0};
    if (!tg_option_seed(a, &options.seed)) return TG_EXIT_BAD;
    p->graph = tg_graph_new(&options);
    if (p->graph == NULL) return tg_complain(a->command, "out of memory");
    tg_status status = tg_model_build(p->model, p->graph, NULL);
    fputs(tg_model_problems(p->model), stderr);
    if (status == TG_ERR_SYNTAX) return TG_EXIT_BAD;
    if (status != TG_OK) return tg_complain(a->command, "%s: %s", p->path, tg_status_text(status));
    return set_values(p);
}

int tg_program_open(const tg_arguments *a, tg_program *p)
{
    int status = tg_program_load(a, p);
    return status == TG_EXIT_OK ? tg_program_build(a, p) : status;
}

void tg_program_close(tg_program *p)
{
    tg_model_free(p->model);
    tg_graph_free(p->graph);
    tg_loaded_clear(&p->loaded);
    *p = (tg_program){0};
}

int tg_program_require_values(const tg_program *p, tg_tensor *const *tensors, int n)
{
    int status = TG_EXIT_OK;
    int count = tg_model_declaration_count(p->model);
    for (int i = 0; i < count; i++) {
        char type[TG_TYPE_TEXT];
        tg_declaration d = tg_model_declaration_at(p->model, i);
        tg_tensor *input = d.is_input ? tg_find(p->graph, d.name) : NULL;
        if (input == NULL || tg_data(input) != NULL) continue;
        int needed = 0;
        for (int k = 0; k < n && !needed; k++) needed = tg_depends_on(tensors[k], input);
        if (!needed) continue;
        tg_type wanted = tg_type_of(input);
        status = tg_complain(p->command,
                             "input '%s : %s' has no value; give --load FILE.npz with an array '%s', or "
                             "--load %s=FILE.npy",
                             d.name, tg_type_text(&wanted, type, sizeof type), d.name, d.name);
    }
    return status;
}

/* ---- Selections --------------------------------------------------------------------------------------- */

static int is_selected(const tg_selection *s, const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->names[i], name) == 0) return 1;
    return 0;
}

/* Takes the name over. */
static int select_tensor(const tg_program *p, char *name, tg_selection *s)
{
    if (name != NULL && is_selected(s, name)) {
        free(name);
        return TG_EXIT_OK;
    }
    size_t n = (size_t)s->count + 1;
    char **names = name == NULL ? NULL : realloc(s->names, n * sizeof *names);
    if (names != NULL) s->names = names;
    tg_tensor **tensors = names == NULL ? NULL : realloc(s->tensors, n * sizeof(tg_tensor *));
    if (tensors != NULL) s->tensors = tensors;
    if (tensors == NULL) {
        free(name);
        return tg_complain(p->command, "out of memory");
    }
    tg_tensor *t = tg_model_find(p->model, name);
    if (t == NULL) {
        tg_complain(p->command, "%s has no tensor '%s'", p->path, name);
        free(name);
        return TG_EXIT_BAD;
    }
    s->names[s->count] = name;
    s->tensors[s->count++] = t;
    return TG_EXIT_OK;
}

static int select_listed(const tg_program *p, const char *list, tg_selection *s)
{
    for (;; list++) {
        size_t length = strcspn(list, ",");
        if (select_tensor(p, strndup(list, length), s) != TG_EXIT_OK) return TG_EXIT_BAD;
        list += length;
        if (*list == '\0') return TG_EXIT_OK;
    }
}

int tg_program_select(const tg_program *p, const tg_arguments *a, const char *option, tg_selection *s)
{
    *s = (tg_selection){0};
    int status = TG_EXIT_OK;
    const char *list;
    for (int i = 0; status == TG_EXIT_OK && (list = tg_option_value_at(a, option, i)) != NULL; i++)
        status = select_listed(p, list, s);
    if (tg_option_given(a, option)) return status;
    for (int i = 0; status == TG_EXIT_OK && i < tg_model_output_count(p->model); i++)
        status = select_tensor(p, strdup(tg_model_output_at(p->model, i, NULL)), s);
    if (status == TG_EXIT_OK && s->count == 0)
        return tg_complain(p->command, "%s computes nothing: it has no output and no assignment", p->path);
    return status;
}

void tg_selection_clear(tg_selection *s)
{
    for (int i = 0; i < s->count; i++) free(s->names[i]);
    free(s->names);
    free(s->tensors);
    *s = (tg_selection){0};
}
