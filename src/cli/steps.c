/* The kernels of a compiled function, for `plan` and for the profile of `train`. */
#define _POSIX_C_SOURCE 200809L /* strdup */
#include "steps.h"

#include <stdlib.h>
#include <string.h>

#include "print.h"

/* ---- Reading ------------------------------------------------------------------------------------------ */

static int read_row(const tg_function *f, int64_t i, tg_step_row *row)
{
    row->info = tg_step_at(f, i);
    row->time = tg_profile_step(f, i);
    int n = row->info.n_inputs;
    row->places = calloc((size_t)n + 1, sizeof *row->places);
    if (row->places == NULL) return 0;
    for (int k = 0; k <= n; k++) {
        const char *name = tg_name(tg_step_tensor(f, i, k));
        row->places[k].type = k < n ? tg_step_input(f, i, k) : row->info.output;
        if (name[0] == '\0') continue;
        row->places[k].name = strdup(name);
        if (row->places[k].name == NULL) return 0;
    }
    return 1;
}

int tg_steps_read(const tg_function *f, tg_step_list *list)
{
    *list = (tg_step_list){.stats = tg_stats(f), .total = tg_profile_sum(f)};
    list->rows = calloc((size_t)list->stats.steps + 1, sizeof *list->rows);
    if (list->rows == NULL) return 0;
    for (int64_t i = 0; i < list->stats.steps; i++)
        if (!read_row(f, i, &list->rows[i])) return 0;
    return 1;
}

void tg_steps_clear(tg_step_list *list)
{
    for (int64_t i = 0; list->rows != NULL && i < list->stats.steps; i++) {
        tg_step_row *row = &list->rows[i];
        for (int k = 0; row->places != NULL && k <= row->info.n_inputs; k++) free(row->places[k].name);
        free(row->places);
    }
    free(list->rows);
    *list = (tg_step_list){0};
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static void print_place(FILE *to, const char *before, const tg_step_place *place)
{
    char text[TG_TYPE_TEXT];
    fprintf(to, "%s%s%s%s", before, place->name == NULL ? "" : place->name, place->name == NULL ? "" : " ",
            tg_type_text(&place->type, text, sizeof text));
}

void tg_step_print_places(FILE *to, const tg_step_row *row)
{
    int n = row->info.n_inputs;
    for (int k = 0; k < n; k++) print_place(to, k == 0 ? "" : ", ", &row->places[k]);
    print_place(to, n == 0 ? "-> " : " -> ", &row->places[n]);
    putc('\n', to);
}

static json_t *place_json(const tg_step_place *place)
{
    json_t *object = json_pack("{s:s, s:o}", "dtype", tg_dtype_name(place->type.dtype), "shape",
                               tg_json_shape(&place->type));
    if (object != NULL && place->name != NULL) json_object_set_new(object, "name", json_string(place->name));
    return object;
}

json_t *tg_step_json(const tg_step_row *row)
{
    int n = row->info.n_inputs;
    json_t *inputs = json_array();
    for (int k = 0; k < n; k++) json_array_append_new(inputs, place_json(&row->places[k]));
    return json_pack("{s:s, s:I, s:f, s:I, s:I, s:o, s:o}", "kernel", row->info.op, "unit",
                     (json_int_t)row->info.unit, "flops", row->info.flops, "bytes_read",
                     (json_int_t)row->info.bytes_read, "bytes_written", (json_int_t)row->info.bytes_written,
                     "inputs", inputs, "output", place_json(&row->places[n]));
}
