/* Which layer a node belongs to, told by names. */
#include "graph_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/op.h>

/* The layer that the name tells of, as text; 0 when it tells of none. */
static int layer_of_name(const char *name, char *key, size_t size)
{
    const char *point = strrchr(name, '.');
    if (point != NULL && point > name) {
        snprintf(key, size, "%.*s", (int)(point - name < 200 ? point - name : 200), name);
        return 1;
    }
    size_t end = strlen(name), begin = end;
    while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') begin--;
    if (begin == 0 || begin == end) return 0;
    snprintf(key, size, "layer %.200s", name + begin);
    return 1;
}

/* The group of a key, made if it is new; NULL when memory runs out. */
static tg_group *group_of_key(tg_groups *groups, const char *key)
{
    tg_group *group;
    HASH_FIND_STR(groups->all, key, group);
    if (group != NULL) return group;
    group = calloc(1, sizeof *group);
    char *copy = malloc(strlen(key) + 1);
    if (group != NULL && copy != NULL) {
        memcpy(copy, key, strlen(key) + 1);
        group->key = copy;
        HASH_ADD_KEYPTR(hh, groups->all, group->key, strlen(group->key), group);
        if (tg_hash_added(group)) return group;
    }
    free(copy);
    free(group);
    return NULL;
}

/* A node that has a name and is no input: by its name's layer, otherwise (for results alone) by its name. */
static int group_named(tg_groups *groups, const tg_tensor *t)
{
    char key[256];
    int is_param = tg_is_trainable(t);
    if (tg_name(t)[0] == '\0' || (tg_leaf_kind_of(t) != TG_LEAF_NONE && !is_param)) return 1;
    if (!layer_of_name(tg_name(t), key, sizeof key)) {
        if (is_param) return 1;
        snprintf(key, sizeof key, "%s", tg_name(t));
    }
    return (groups->of[tg_id(t)] = group_of_key(groups, key)) != NULL;
}

/* The forward node that a node of a derivative, of whatever order, comes from. */
static const tg_tensor *origin(const tg_tensor *t)
{
    while (t != NULL && tg_origin_of(t).kind != TG_ORIGIN_RECORDED) t = tg_origin_of(t).of;
    return t;
}

/* Nameless nodes stand before the assignment that they were recorded for. */
static void group_nameless(tg_graph *g, const unsigned char *wanted, tg_groups *groups)
{
    tg_group *next = NULL;
    for (int64_t id = tg_node_count(g) - 1; id >= 0; id--) {
        const tg_tensor *t = tg_node(g, id);
        if (!wanted[id] || groups->is_reverse[id]) continue;
        if (tg_name(t)[0] != '\0' && tg_leaf_kind_of(t) == TG_LEAF_NONE) next = groups->of[id];
        if (tg_name(t)[0] == '\0') groups->of[id] = next;
    }
}

/* Params whose name tells nothing go where they are used first; derivatives to their origin. */
static void group_rest(tg_graph *g, const unsigned char *wanted, tg_groups *groups)
{
    for (int64_t id = 0; id < tg_node_count(g); id++) {
        tg_tensor *t = tg_node(g, id);
        if (!wanted[id]) continue;
        for (int i = 0; i < tg_input_count(t) && !groups->is_reverse[id]; i++) {
            const tg_tensor *input = tg_input_at(t, i);
            if (tg_is_trainable(input) && groups->of[tg_id(input)] == NULL)
                groups->of[tg_id(input)] = groups->of[id];
        }
        const tg_tensor *from = groups->is_reverse[id] ? origin(t) : NULL;
        if (from != NULL) groups->of[id] = groups->of[tg_id(from)];
    }
}

int tg_groups_make(tg_graph *g, const unsigned char *wanted, tg_groups *groups)
{
    size_t n = (size_t)tg_node_count(g);
    *groups = (tg_groups){.of = calloc(n + 1, sizeof(tg_group *)), .is_reverse = calloc(n + 1, 1)};
    if (groups->of == NULL || groups->is_reverse == NULL) return 0;
    for (int64_t id = 0; id < (int64_t)n; id++) {
        const tg_tensor *t = tg_node(g, id);
        groups->is_reverse[id] = tg_origin_of(t).kind != TG_ORIGIN_RECORDED;
        if (wanted[id] && !groups->is_reverse[id] && !group_named(groups, t)) return 0;
    }
    group_nameless(g, wanted, groups);
    group_rest(g, wanted, groups);
    return 1;
}

void tg_groups_free(tg_groups *groups)
{
    tg_group *group, *next;
    HASH_ITER(hh, groups->all, group, next)
    {
        HASH_DELETE(hh, groups->all, group);
        free(group->key);
        free(group);
    }
    free(groups->of);
    free(groups->is_reverse);
    *groups = (tg_groups){0};
}
