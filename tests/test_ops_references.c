/* Every operation that is not elementwise against PyTorch's values and derivatives, which
 * scripts/make_references.py has put into tests/data/references. */
#include "op_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/io.h>

#define TOLERANCE 1e-12

static tg_bundle references;

static int load_references(void **state)
{
    (void)state;
    tg_diag diag;
    if (tg_npz_load(TG_TEST_DATA "/references/references.npz", &references, &diag) == TG_OK) return 0;
    print_error("%s\n", diag.message);
    return 1;
}

static int free_references(void **state)
{
    (void)state;
    tg_bundle_clear(&references);
    return 0;
}

/* The elements of a reference as doubles, after its type was compared. */
static double *reference(const tg_op_case *c, const char *what, const tg_type *type)
{
    char name[256], expected[TG_TYPE_TEXT], found[TG_TYPE_TEXT];
    snprintf(name, sizeof name, "%s/%s", c->text, what);
    const tg_array *array = tg_bundle_find(&references, name);
    if (array == NULL) {
        fail_msg("%s: no reference \"%s\"; run dump_cases | scripts/make_references.py "
                 "tests/data/references/references.npz",
                 c->op->name, name);
        return NULL;
    }
    tg_type_text(type, expected, sizeof expected);
    tg_type_text(&array->type, found, sizeof found);
    if (strcmp(expected, found) != 0) fail_msg("%s: it is %s, the reference is %s", name, expected, found);
    int64_t n = tg_type_count(type);
    double *values = calloc((size_t)n + 1, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++) switch (type->dtype) {
        case TG_F32:
            values[i] = (double)((const float *)array->data)[i];
            break;
        case TG_F64:
            values[i] = ((const double *)array->data)[i];
            break;
        case TG_I64:
            values[i] = (double)((const int64_t *)array->data)[i];
            break;
        case TG_BOOL:
            values[i] = ((const unsigned char *)array->data)[i];
            break;
        }
    return values;
}

static void compare(const tg_op_case *c, const char *what, const tg_type *type, const double *got)
{
    double *expected = reference(c, what, type);
    int64_t n = tg_type_count(type);
    int exact = type->dtype == TG_I64 || type->dtype == TG_BOOL;
    op_assert_close(c, what, got, expected, n, exact ? 0 : TOLERANCE, op_largest(expected, n));
    free(expected);
}

static int is_random(const tg_op *op)
{
    return strncmp(op->name, "random_", 7) == 0;
}

static void check_case(const tg_op_case *c)
{
    if ((c->op->flags & TG_OP_ELEMENTWISE) != 0 || is_random(c->op)) return;
    op_result r;
    op_result_compute(&r, c, NULL, 0);
    compare(c, "value", &r.type, r.value);
    if (r.has_derivatives) compare(c, "tangent", &r.type, r.tangent);
    for (int k = 0; k < c->n_inputs; k++) {
        char name[32];
        if (r.adjoint[k] == NULL) continue;
        snprintf(name, sizeof name, "adjoint%d", k);
        compare(c, name, &c->types[k], r.adjoint[k]);
        snprintf(name, sizeof name, "second%d", k);
        compare(c, name, &c->types[k], r.second[k]);
    }
    op_result_free(&r);
}

static void test_references(void **state)
{
    (void)state;
    op_for_each_case(TG_F64, check_case);
}

/* A case that is no longer there would leave its references behind: their text must be that of some case. */
static void test_nothing_left_over(void **state)
{
    (void)state;
    tg_graph *g = tg_graph_new(NULL);
    for (size_t i = 0; i < references.count; i++) {
        const char *name = references.items[i].name;
        const char *slash = strrchr(name, '/');
        assert_non_null(slash);
        int found = 0;
        const tg_op *op;
        for (int j = 0; (op = tg_op_at(g, j)) != NULL && !found; j++)
            for (int k = 0; op->cases != NULL && op->cases[k] != NULL; k++)
                found = found || (strncmp(name, op->cases[k], (size_t)(slash - name)) == 0 &&
                                  strlen(op->cases[k]) == (size_t)(slash - name));
        if (!found) fail_msg("reference \"%s\" belongs to no case", name);
    }
    assert_true(references.count > 0);
    tg_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_nothing_left_over),
    };
    return cmocka_run_group_tests_name("ops: references", tests, load_references, free_references);
}
