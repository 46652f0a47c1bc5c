/* The library's operations and the graph's own. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "graph.h"

const tg_op *tg_op_at(const tg_graph *g, int i)
{
    if (g == NULL || i < 0) return NULL;
    int n_library = 0;
    while (g->library->op_at(n_library) != NULL) {
        if (n_library == i) return g->library->op_at(i);
        n_library++;
    }
    return i - n_library < g->n_own_ops ? g->own_ops[i - n_library] : NULL;
}

const tg_op *tg_op_find(const tg_graph *g, const char *name)
{
    if (g == NULL || name == NULL) return NULL;
    const tg_op *op;
    for (int i = 0; (op = g->library->op_at(i)) != NULL; i++)
        if (strcmp(op->name, name) == 0) return op;
    for (int i = 0; i < g->n_own_ops; i++)
        if (strcmp(g->own_ops[i]->name, name) == 0) return g->own_ops[i];
    return NULL;
}

static size_t attr_kind_size(tg_attr_kind kind)
{
    return kind == TG_ATTR_INTS ? sizeof(tg_ints) : sizeof(int64_t);
}

static tg_status check_attrs(tg_graph *g, const tg_op *op)
{
    if (op->attr_size > TG_ATTR_MAX)
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "op '%s': attributes of %zu bytes, at most %d", op->name,
                             op->attr_size, TG_ATTR_MAX);
    if (op->n_attrs < 0 || (op->n_attrs > 0 && op->attrs == NULL))
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "op '%s': n_attrs is %d but the list is %s", op->name,
                             op->n_attrs, op->attrs == NULL ? "NULL" : "there");
    for (int i = 0; i < op->n_attrs; i++) {
        const tg_attr *a = &op->attrs[i];
        if (a->name == NULL || a->offset > op->attr_size ||
            attr_kind_size(a->kind) > op->attr_size - a->offset)
            return tg_graph_fail(g, TG_ERR_ARGUMENT,
                                 "op '%s': attribute %d has no name or lies outside the %zu bytes", op->name,
                                 i, op->attr_size);
    }
    return TG_OK;
}

static tg_status check_record(tg_graph *g, const tg_op *op)
{
    if (op->name == NULL || op->name[0] == '\0' || isdigit((unsigned char)op->name[0]))
        return tg_graph_fail(g, TG_ERR_NAME, "an op needs a name that does not begin with a digit");
    for (const char *c = op->name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return tg_graph_fail(g, TG_ERR_NAME, "op '%s': a name has letters, digits and '_'", op->name);
    if (tg_op_find(g, op->name) != NULL)
        return tg_graph_fail(g, TG_ERR_NAME, "op '%s': the name is taken", op->name);
    if (op->n_inputs < 0 && op->n_inputs != TG_VARIADIC)
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "op '%s': %d inputs", op->name, op->n_inputs);
    if ((op->flags & TG_OP_COMMUTATIVE) != 0 && op->n_inputs != 2)
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "op '%s': commutative, but not of two inputs", op->name);
    if ((op->flags & TG_OP_ELEMENTWISE) != 0 && (op->n_inputs < 1 || op->n_inputs > TG_ELEMENTWISE_MAX))
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "op '%s': elementwise ops have 1 to %d inputs", op->name,
                             TG_ELEMENTWISE_MAX);
    if (op->view != NULL && op->n_inputs == 0)
        return tg_graph_fail(g, TG_ERR_ARGUMENT, "op '%s': a view of no input", op->name);
    int primitive = op->compose == NULL || op->composes != NULL;
    if (primitive && (op->infer == NULL || (op->kernel == NULL && op->view == NULL)))
        return tg_graph_fail(g, TG_ERR_RULE, "op '%s': it needs infer and a kernel or view, or compose",
                             op->name);
    if (primitive && op->slope == NULL && op->vjp == NULL && (op->flags & TG_OP_CONSTANT_SLOPE) == 0)
        return tg_graph_fail(g, TG_ERR_RULE, "op '%s': it needs slope or vjp, or TG_OP_CONSTANT_SLOPE",
                             op->name);
    if (op->slope != NULL && (op->flags & TG_OP_ELEMENTWISE) == 0)
        return tg_graph_fail(g, TG_ERR_RULE, "op '%s': slope is for elementwise ops", op->name);
    return check_attrs(g, op);
}

const tg_op *tg_op_register(tg_graph *g, const tg_op *op)
{
    if (g == NULL) return NULL;
    if (op == NULL) {
        tg_graph_fail(g, TG_ERR_NULL, "tg_op_register: the record is NULL");
        return NULL;
    }
    if (check_record(g, op) != TG_OK) return NULL;
    tg_op *copy = malloc(sizeof *copy);
    tg_op **ops = realloc(g->own_ops, (size_t)(g->n_own_ops + 1) * sizeof(tg_op *));
    if (ops != NULL) g->own_ops = ops;
    if (copy == NULL || ops == NULL) {
        free(copy);
        tg_graph_fail(g, TG_ERR_MEMORY, "op '%s': out of memory", op->name);
        return NULL;
    }
    *copy = *op;
    g->own_ops[g->n_own_ops++] = copy;
    return copy;
}
