/* The table by which nodes are found that are not found by their newest input. */
#ifndef TG_GRAPH_NODE_TABLE_H
#define TG_GRAPH_NODE_TABLE_H

#include <stdint.h>

#include <tapegrad/array.h>
#include <xxhash.h>

typedef struct tg_node_slot {
    uint32_t hash;
    int32_t number; /* the node's id and 1; 0: empty */
} tg_node_slot;

/* Slots in one array, each node in the first free one at or behind that which its hash asks for: a node of a tape of
 * any length is looked for in one line of the cache. All zeros is an empty table. */
typedef struct tg_node_table {
    tg_node_slot *slots;
    int64_t count;
    int bits; /* there are 2^bits slots */
} tg_node_table;

/* The node of this structure, or NULL; nodes has them by their ids. */
tg_tensor *tg_node_table_find(const tg_node_table *table, tg_tensor *const *nodes, XXH128_hash_t structure);

/* 0 when memory runs out; nothing is changed then. */
int tg_node_table_add(tg_node_table *table, XXH128_hash_t structure, int64_t id);
void tg_node_table_remove(tg_node_table *table, XXH128_hash_t structure, int64_t id);
void tg_node_table_free(tg_node_table *table);

#endif
