/* Fuzz target: the model language. Any text is read and, with every named size bound to a small number, built; what is
 * built is evaluated when all its tensors are small. */
#include <stdlib.h>
#include <string.h>

#include <tapegrad/tapegrad.h>

#include "fuzz.h"

#define ELEMENTS_MAX 4096 /* of a tensor; larger ones are built but not evaluated */
#define NODES_MAX 2000

/* Sizes from 1 to 3, in turn. Params that are too large would take the memory that the fuzzer watches: 0. */
static int bind_sizes(tg_model *m)
{
    const char *name;
    for (int i = 0; (name = tg_model_size_at(m, i, NULL)) != NULL; i++)
        fuzz_require(tg_model_bind_size(m, name, 1 + i % 3, NULL) == TG_OK, "a size can be bound");
    for (int i = 0; i < tg_model_declaration_count(m); i++) {
        tg_declaration d = tg_model_declaration_at(m, i);
        int64_t count = 1;
        for (int axis = 0; axis < d.rank; axis++) {
            if (d.shape[axis] > ELEMENTS_MAX) return 0;
            count *= d.shape[axis];
            if (count > ELEMENTS_MAX) return 0;
        }
    }
    return tg_model_declaration_count(m) < 1000;
}

static void require_problems(const tg_model *m)
{
    int n = tg_model_problem_count(m);
    fuzz_require(n > 0 && tg_model_problems(m)[0] != '\0', "a refused program has problems");
    for (int i = 0; i < n; i++) {
        tg_model_problem p = tg_model_problem_at(m, i);
        fuzz_require(p.line > 0 && p.column > 0 && p.message[0] != '\0',
                     "a problem has a place and a message");
    }
}

static int is_small(const tg_graph *g)
{
    if (tg_node_count(g) > NODES_MAX) return 0;
    for (int64_t i = 0; i < tg_node_count(g); i++)
        if (tg_count(tg_node(g, i)) > ELEMENTS_MAX) return 0;
    return 1;
}

/* Inputs are zeros. Indices may be out of range for that: an error is an answer too. */
static void evaluate(tg_model *m, tg_graph *g)
{
    static const int64_t zeros[ELEMENTS_MAX];
    tg_type type;
    for (int64_t i = 0; i < tg_node_count(g); i++) {
        tg_tensor *t = tg_node(g, i);
        type = tg_type_of(t);
        if (strcmp(tg_op_of(t)->name, "input") == 0) tg_set(t, zeros, tg_type_bytes(&type));
    }
    for (int i = 0; i < tg_model_output_count(m); i++) {
        tg_tensor *t;
        fuzz_require(tg_model_output_at(m, i, &t) != NULL && t != NULL, "an output is a tensor");
        type = tg_type_of(t);
        void *data = malloc(tg_type_bytes(&type) + 1);
        if (data != NULL) tg_eval(g, &t, 1, data, tg_type_bytes(&type));
        free(data);
        tg_clear_error(g);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tg_model *m = NULL;
    tg_diag diag;
    tg_status status = tg_model_parse((const char *)bytes, size, "fuzz", &m, &diag);
    tg_graph *g = tg_graph_new(NULL);
    if (m != NULL && g != NULL && bind_sizes(m)) {
        int64_t before = tg_node_count(g);
        tg_status built = tg_model_build(m, g, NULL);
        fuzz_require(status == TG_OK || built != TG_OK, "what does not parse is not built");
        fuzz_require(tg_graph_status(g) == TG_OK, "the graph has no error afterwards");
        if (built == TG_ERR_SYNTAX) {
            require_problems(m);
            fuzz_require(tg_node_count(g) == before, "a failed build leaves nothing");
        }
        if (built == TG_OK && is_small(g)) evaluate(m, g);
    }
    tg_graph_free(g);
    tg_model_free(m);
    return 0;
}
