/* Writes every case of the operations that have no formula to be evaluated as JSON to the standard output:
 * attributes, operands, cotangents, tangents and weights. scripts/make_references.py makes reference values of it.
 * The random operations are left out: their values are what their own tests say. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/op_case.h"

static void print_values(const char *name, const double *values, int64_t n)
{
    printf(", \"%s\": [", name);
    for (int64_t i = 0; i < n; i++) printf("%s%.17g", i > 0 ? ", " : "", values[i]);
    printf("]");
}

static void print_random(const tg_op_case *c, const char *name, const char *purpose, int64_t n)
{
    double *values = malloc(((size_t)n + 1) * sizeof *values);
    if (values == NULL) exit(1);
    tg_op_case_random(c, purpose, n, values);
    print_values(name, values, n);
    free(values);
}

static void print_shape(const int64_t *values, int n)
{
    printf("[");
    for (int i = 0; i < n; i++) printf("%s%" PRId64, i > 0 ? ", " : "", values[i]);
    printf("]");
}

static void print_attribute(const tg_op_case *c, const tg_attr *a)
{
    int64_t integer;
    double number;
    tg_ints list;
    printf("\"%s\": ", a->name);
    memcpy(&integer, c->attr + a->offset, sizeof integer);
    switch (a->kind) {
    case TG_ATTR_INT:
        printf("%" PRId64, integer);
        break;
    case TG_ATTR_BOOL:
        printf(integer ? "true" : "false");
        break;
    case TG_ATTR_DTYPE:
        printf("\"%s\"", tg_dtype_name((tg_dtype)integer));
        break;
    case TG_ATTR_FLOAT:
        memcpy(&number, c->attr + a->offset, sizeof number);
        printf("%.17g", number);
        break;
    case TG_ATTR_INTS:
        memcpy(&list, c->attr + a->offset, sizeof list);
        if (list.count < 0)
            printf("null");
        else
            print_shape(list.values, (int)list.count);
        break;
    }
}

static void print_operand(const tg_op_case *c, int k)
{
    int64_t n = tg_type_count(&c->types[k]);
    double *values = malloc(((size_t)n + 1) * sizeof *values);
    if (values == NULL) exit(1);
    printf("%s{\"dtype\": \"%s\", \"shape\": ", k > 0 ? ", " : "", tg_dtype_name(c->types[k].dtype));
    print_shape(c->types[k].shape, c->types[k].rank);
    tg_op_case_values(c, k, values);
    print_values("values", values, n);
    free(values);
    char purpose[32];
    snprintf(purpose, sizeof purpose, "tangent%d", k);
    print_random(c, "tangent", purpose, n);
    snprintf(purpose, sizeof purpose, "weights%d", k);
    print_random(c, "weights", purpose, n);
    printf("}");
}

/* More cotangents than the value can have elements; the reader takes the first ones. */
#define COTANGENTS 256

static void print_case(const tg_op_case *c)
{
    printf("{\"text\": \"%s\", \"op\": \"%s\", \"attributes\": {", c->text, c->op->name);
    for (int i = 0; i < c->op->n_attrs; i++) {
        if (i > 0) printf(", ");
        print_attribute(c, &c->op->attrs[i]);
    }
    printf("}, \"inputs\": [");
    for (int k = 0; k < c->n_inputs; k++) print_operand(c, k);
    printf("]");
    print_random(c, "cotangent", "cotangent", COTANGENTS);
    printf("}");
}

int main(void)
{
    tg_graph *g = tg_graph_new(NULL);
    if (g == NULL) return 1;
    int n = 0;
    const tg_op *op;
    printf("[");
    for (int i = 0; (op = tg_op_at(g, i)) != NULL; i++) {
        if ((op->flags & TG_OP_ELEMENTWISE) != 0 || strncmp(op->name, "random_", 7) == 0) continue;
        for (int k = 0; k < tg_op_case_count(op); k++) {
            tg_op_case c;
            if (!tg_op_case_make(&c, op, k, TG_F64)) {
                fprintf(stderr, "%s\n", c.error);
                tg_graph_free(g);
                return 1;
            }
            printf("%s", n++ > 0 ? ",\n" : "\n");
            print_case(&c);
        }
    }
    printf("\n]\n");
    tg_graph_free(g);
    return ferror(stdout) ? 1 : 0;
}
