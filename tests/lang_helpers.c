/* Programs of the model language for the tests. */
#include "lang_helpers.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

program program_of_bytes(const char *text, size_t size)
{
    program p = {0};
    const char *name;
    /* A copy of exactly this size: reading past it is seen by checking tools. */
    char *bytes = malloc(size > 0 ? size : 1);
    assert_non_null(bytes);
    memcpy(bytes, text, size);
    tg_model_parse(bytes, size, "test.tg", &p.model, NULL);
    free(bytes);
    p.graph = tg_graph_new(NULL);
    assert_non_null(p.model);
    assert_non_null(p.graph);
    for (int i = 0; (name = tg_model_size_at(p.model, i, NULL)) != NULL; i++)
        if (strcmp(name, "N") == 0 || strcmp(name, "M") == 0)
            assert_int_equal(tg_model_bind_size(p.model, name, name[0] == 'N' ? 2 : 3, NULL), TG_OK);
    p.status = tg_model_build(p.model, p.graph, NULL);
    assert_int_equal(tg_graph_status(p.graph), TG_OK);
    const char *problems = tg_model_problems(p.model);
    p.problems = malloc(strlen(problems) + 1);
    assert_non_null(p.problems);
    strcpy(p.problems, problems);
    assert_int_equal(p.status == TG_ERR_SYNTAX, problems[0] != '\0');
    return p;
}

program program_of(const char *text)
{
    return program_of_bytes(text, strlen(text));
}

void program_free(program *p)
{
    tg_graph_free(p->graph);
    tg_model_free(p->model);
    free(p->problems);
    *p = (program){0};
}

static int print_element(char *to, size_t room, const tg_type *type, const char *data, int64_t i)
{
    switch (type->dtype) {
    case TG_F32:
        return snprintf(to, room, " %.9g", (double)((const float *)(const void *)data)[i]);
    case TG_F64:
        return snprintf(to, room, " %.10g", ((const double *)(const void *)data)[i]);
    case TG_I64:
        return snprintf(to, room, " %" PRId64, ((const int64_t *)(const void *)data)[i]);
    case TG_BOOL:
        break;
    }
    return snprintf(to, room, " %s", data[i] ? "true" : "false");
}

static void print_value(tg_graph *g, tg_tensor *t, char *value, size_t size)
{
    tg_type type = tg_type_of(t);
    char *data = malloc(tg_type_bytes(&type) + 1);
    assert_non_null(data);
    if (tg_eval(g, &t, 1, data, tg_type_bytes(&type)) != TG_OK) {
        snprintf(value, size, "%s", tg_error(g));
    } else {
        tg_type_text(&type, value, size);
        for (int64_t i = 0; i < tg_type_count(&type); i++) {
            size_t used = strlen(value);
            print_element(value + used, size - used, &type, data, i);
        }
    }
    free(data);
}

char *program_value(const char *text, const char *name, char *value, size_t size)
{
    program p = program_of(text);
    tg_tensor *t = p.status == TG_OK ? tg_model_find(p.model, name) : NULL;
    if (p.status != TG_OK)
        snprintf(value, size, "%s", p.problems);
    else if (t == NULL)
        snprintf(value, size, "no tensor");
    else
        print_value(p.graph, t, value, size);
    program_free(&p);
    return value;
}
