/* Which tensor of a program is differentiated. */
#include "program.h"

static int is_floating(const tg_tensor *t)
{
    return tg_dtype_of(t) == TG_F32 || tg_dtype_of(t) == TG_F64;
}

/* The name of the only output that is a floating number, or NULL with a message. */
static const char *only_number(const tg_program *p)
{
    const char *name, *found = NULL;
    tg_tensor *t;
    int n = 0;
    for (int i = 0; (name = tg_model_output_at(p->model, i, &t)) != NULL; i++) {
        if (t == NULL || !is_floating(t) || tg_count(t) != 1) continue;
        found = name;
        n++;
    }
    if (n == 1) return found;
    tg_complain(p->command,
                "%s has no 'loss', and %s of its outputs is a floating number; --of NAME says what to "
                "differentiate",
                p->path, n == 0 ? "none" : "more than one");
    return NULL;
}

/* --of, otherwise 'loss', otherwise the only number. */
tg_tensor *tg_program_result(const tg_program *p, const tg_arguments *a, const char **name)
{
    char text[TG_TYPE_TEXT];
    *name = tg_option_value(a, "of");
    if (*name == NULL) *name = tg_model_find(p->model, "loss") != NULL ? "loss" : only_number(p);
    if (*name == NULL) return NULL;
    tg_tensor *t = tg_model_find(p->model, *name);
    tg_type type = tg_type_of(t);
    if (t != NULL && is_floating(t)) return t;
    if (t == NULL)
        tg_complain(p->command, "--of: %s has no tensor '%s'", p->path, *name);
    else
        tg_complain(p->command, "'%s' is %s; only f32 and f64 tensors have derivatives", *name,
                    tg_type_text(&type, text, sizeof text));
    return NULL;
}
