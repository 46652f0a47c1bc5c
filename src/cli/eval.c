/* tapegrad eval: the values of a program's outputs. */
#include <stdlib.h>
#include <string.h>

#include "print.h"
#include "program.h"

static void show(const tg_selection *s, tg_function *f)
{
    for (int i = 0; i < s->count; i++) {
        char text[TG_TYPE_TEXT];
        tg_type type = tg_type_of(s->tensors[i]);
        printf("%s : %s =%s", s->names[i], tg_type_text(&type, text, sizeof text),
               type.rank > 1 ? "\n" : " ");
        tg_print_array(stdout, &type, tg_output(f, s->tensors[i]));
    }
}

static json_t *as_json(const tg_selection *s, tg_function *f)
{
    json_t *outputs = json_object();
    for (int i = 0; i < s->count; i++) {
        tg_type type = tg_type_of(s->tensors[i]);
        if (json_object_set_new(outputs, s->names[i], tg_json_array(&type, tg_output(f, s->tensors[i]))) == 0)
            continue;
        json_decref(outputs);
        return NULL;
    }
    return json_pack("{s:o}", "outputs", outputs);
}

static int save(const tg_program *p, const char *path, const tg_selection *s, tg_function *f)
{
    tg_bundle bundle = {0};
    tg_diag diag = {TG_OK, ""};
    tg_status status = TG_OK;
    for (int i = 0; i < s->count && status == TG_OK; i++) {
        tg_type type = tg_type_of(s->tensors[i]);
        tg_array *array = tg_array_new(type.dtype, type.rank, type.shape, &diag);
        status = array == NULL ? TG_ERR_MEMORY : TG_OK;
        if (array != NULL) {
            memcpy(array->data, tg_output(f, s->tensors[i]), tg_type_bytes(&type));
            status = tg_bundle_add(&bundle, s->names[i], array, &diag);
        }
    }
    if (status == TG_OK) status = tg_npz_save(path, &bundle, &diag);
    tg_bundle_clear(&bundle);
    return status == TG_OK ? TG_EXIT_OK : tg_complain(p->command, "%s", diag.message);
}

static int answer(const tg_program *p, const tg_arguments *a, const tg_selection *s)
{
    tg_function *f;
    tg_compile_options options;
    const char *path;
    if (!tg_option_compile(a, &options) || !tg_option_save(a, ".npz", &path)) return TG_EXIT_BAD;
    if (tg_compile_with(p->graph, s->tensors, s->count, NULL, 0, &options, &f) != TG_OK)
        return tg_complain(p->command, "%s: %s", p->path, tg_error(p->graph));
    int status = TG_EXIT_OK;
    if (tg_run(f) != TG_OK) status = tg_complain(p->command, "%s: %s", p->path, tg_function_error(f));
    if (status == TG_EXIT_OK && path != NULL) status = save(p, path, s, f);
    if (status == TG_EXIT_OK && tg_option_given(a, "json"))
        status = tg_json_print(p->command, as_json(s, f));
    else if (status == TG_EXIT_OK && path == NULL)
        show(s, f);
    tg_function_free(f);
    return status;
}

static int run(const tg_arguments *a)
{
    tg_program p;
    tg_selection s = {0};
    int status = tg_program_open(a, &p);
    if (status == TG_EXIT_OK) status = tg_program_select(&p, a, "out", &s);
    if (status == TG_EXIT_OK) status = tg_program_require_values(&p, s.tensors, s.count);
    if (status == TG_EXIT_OK) status = answer(&p, a, &s);
    tg_selection_clear(&s);
    tg_program_close(&p);
    return status;
}

static const tg_option options[] = {
    TG_PROGRAM_OPTIONS,
    {"out", 'o', "NAMES", 1, "What to evaluate, as a,b: any names of the program, not its outputs alone.",
     NULL},
    {"save", 0, "FILE.npz", 0, "Write the values to FILE.npz instead of standard output.", "FILE"},
    TG_THREADS_OPTION,
    TG_WITHOUT_OPTION,
    {"json", 0, NULL, 0, "Write one JSON object: {\"outputs\": {NAME: {\"dtype\", \"shape\", \"data\"}}}.",
     NULL},
    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad eval model.tg --load data.npz", "prints the outputs of model.tg for the arrays of data.npz"},
    {"tapegrad eval model.tg --load x=x.npy --dim H=8 --out loss,gW", "one array, a size, and what to print"},
    {"tapegrad eval model.tg --load in.npz --load weights.safetensors --save out.npz",
     "for other programs: f64 arrays come back bit for bit"},
    {"tapegrad eval model.tg --load data.npz --without small,chain", "the same by other kernels"},
    {NULL, NULL}};

const tg_command tg_command_eval = {
    "eval",
    "evaluate a program's outputs",
    "MODEL.tg",
    1,
    1,
    "Evaluates the outputs of a program in the model language ('-' reads it from standard input). Inputs and params "
    "take the arrays of their names from the files; named sizes follow from the arrays or are given with --dim; "
    "params that are not loaded begin as their initialisers and the seed say.\n\n"
    "An array of another element type is converted when every element keeps its value; f64 becomes f32 by rounding "
    "to nearest, unless a finite number is too large for it. Text shows 8 significant digits, and the ends of long "
    "axes; --json and --save are exact.\n\n"
    "--without leaves out passes of the planner, which 'tapegrad plan --help' lists. Results stay what they are, but "
    "for rounding.",
    options,
    examples,
    run};
