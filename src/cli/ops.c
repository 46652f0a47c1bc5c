/* tapegrad ops: the operations, from their records. */
#define _POSIX_C_SOURCE 200809L /* strnlen */

#include <string.h>

#include "lang/problems.h"
#include "op_example.h"
#include "print.h"

#define SIGNATURE 256

static void show_line(const tg_op *op)
{
    char signature[SIGNATURE];
    printf("%-46s %s\n", tg_op_signature(op, signature, sizeof signature),
           op->formula == NULL ? "" : op->formula);
}

static void show_example(const tg_op *op, const tg_op_example *e)
{
    char text[TG_TYPE_TEXT];
    tg_type type = tg_type_of(e->result);
    int any = 0;
    for (int i = 0; i < e->n_inputs; i++) {
        if (e->derivatives[i] == NULL) continue;
        printf("%s adjoint of %s = %s\n", any++ == 0 ? "derivative   " : "             ", e->names[i],
               e->derivatives[i]);
    }
    if (any > 0)
        puts("              (g: the adjoint of the result)");
    else
        printf("derivative    %s\n", (op->flags & TG_OP_CONSTANT_SLOPE) != 0 ? "zero" : "none");
    printf("example       %s : %s", e->call, tg_type_text(&type, text, sizeof text));
    for (int i = 0; i < e->n_inputs; i++)
        printf("%s%s : %s", i == 0 ? "  for " : ", ", e->names[i], e->types[i]);
    putchar('\n');
}

static void show_op(const tg_op *op)
{
    char signature[SIGNATURE];
    tg_op_example e;
    printf("%s\n", tg_op_signature(op, signature, sizeof signature));
    if (op->formula != NULL) printf("formula       %s\n", op->formula);
    if (tg_op_example_make(op, &e)) show_example(op, &e);
    tg_op_example_clear(&e);
}

static json_t *json_attrs(const tg_op *op)
{
    static const char *const kinds[] = {[TG_ATTR_INT] = "int",
                                        [TG_ATTR_FLOAT] = "float",
                                        [TG_ATTR_BOOL] = "bool",
                                        [TG_ATTR_DTYPE] = "dtype",
                                        [TG_ATTR_INTS] = "ints"};
    json_t *list = json_array();
    for (int i = 0; i < op->n_attrs; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?}", "name", op->attrs[i].name, "kind",
                                              kinds[op->attrs[i].kind], "default", op->attrs[i].fallback));
    return list;
}

static void add_example(json_t *object, const tg_op_example *e)
{
    tg_type type = tg_type_of(e->result);
    char text[TG_TYPE_TEXT];
    json_t *inputs = json_object(), *adjoints = json_object();
    for (int i = 0; i < e->n_inputs; i++) {
        json_object_set_new(inputs, e->names[i], json_string(e->types[i]));
        if (e->derivatives[i] != NULL)
            json_object_set_new(adjoints, e->names[i], json_string(e->derivatives[i]));
    }
    json_object_set_new(object, "adjoints", adjoints);
    json_object_set_new(object, "example",
                        json_pack("{s:s, s:o, s:s}", "call", e->call, "inputs", inputs, "type",
                                  tg_type_text(&type, text, sizeof text)));
}

static json_t *json_op(const tg_op *op)
{
    char signature[SIGNATURE];
    tg_op_example e;
    json_t *object = json_pack("{s:s, s:s, s:s?, s:s, s:o}", "name", op->name, "signature",
                               tg_op_signature(op, signature, sizeof signature), "formula", op->formula,
                               "inputs", op->inputs == NULL ? "" : op->inputs, "attributes", json_attrs(op));
    if (object != NULL && tg_op_example_make(op, &e)) add_example(object, &e);
    tg_op_example_clear(&e);
    return object;
}

/* Derivatives are no operations, but who asks for the list wants to know of them. */
static void show_all(const tg_graph *g)
{
    const tg_op *op;
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++) show_line(op);
    puts(
        "\nDerivatives: grad(y, x), vjp(y, ybar, x), jvp(y, x, xdot), hvp(y, x, v), jacobian(y, x), hessian(y, x)\n"
        "'tapegrad ops NAME' shows an operation's derivative and an example.");
}

static json_t *json_all(const tg_graph *g)
{
    const tg_op *op;
    json_t *list = json_array();
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++) json_array_append_new(list, json_op(op));
    return json_pack("{s:o}", "ops", list);
}

static int unknown_op(const tg_arguments *a, const tg_graph *g, const char *name)
{
    const tg_op *op;
    const char *best = NULL;
    int distance = 3;
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++)
        tg_suggest(name, (uint32_t)strnlen(name, 1000), op->name, &best, &distance);
    return tg_complain(a->command, "there is no operation '%s'%s%s%s", name,
                       best == NULL ? "" : "; did you mean '", best == NULL ? "" : best,
                       best == NULL ? "" : "'?");
}

static int run(const tg_arguments *a)
{
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return tg_complain(a->command, "out of memory");
    int status = TG_EXIT_OK, as_json = tg_option_given(a, "json");
    const char *name = a->n_operands > 0 ? a->operands[0] : NULL;
    const tg_op *op = name == NULL ? NULL : tg_op_find(g, name);
    if (name != NULL && op == NULL)
        status = unknown_op(a, g, name);
    else if (as_json)
        status = tg_json_print(a->command, op == NULL ? json_all(g) : json_op(op));
    else if (op != NULL)
        show_op(op);
    else
        show_all(g);
    tg_graph_free(g);
    return status;
}

static const tg_option options[] = {{"json", 0, NULL, 0, "Write one JSON object.", NULL},
                                    {NULL, 0, NULL, 0, NULL, NULL}};

static const tg_example examples[] = {
    {"tapegrad ops", "every operation: its signature and formula"},
    {"tapegrad ops softmax", "one of them, with its derivative and an example"},
    {NULL, NULL}};

const tg_command tg_command_ops = {
    "ops",
    "list the operations of the model language",
    "[NAME]",
    0,
    1,
    "Lists the operations that a program can call, with the defaults of their arguments, or shows one with its "
    "derivative, which the differentiation itself writes, and an example.",
    options,
    examples,
    run};
