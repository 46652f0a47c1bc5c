/* The table of nodes: open addressing by the upper bits of the structure's hash, at most half full. */
#include "graph.h"

#define FEWEST_BITS 6

/* What a slot keeps: its upper bits say where the node belongs, so that a table grows without looking at nodes. */
static uint32_t hash_of(XXH128_hash_t structure)
{
    return (uint32_t)(structure.low64 >> 32);
}

static uint64_t mask_of(const tg_node_table *table)
{
    return ((uint64_t)1 << table->bits) - 1;
}

static uint64_t home_of(const tg_node_table *table, uint32_t hash)
{
    return (uint64_t)hash >> (32 - table->bits);
}

tg_tensor *tg_node_table_find(const tg_node_table *table, tg_tensor *const *nodes, XXH128_hash_t structure)
{
    if (table->slots == NULL) return NULL;
    const uint32_t hash = hash_of(structure);
    for (uint64_t i = home_of(table, hash); table->slots[i].number != 0; i = (i + 1) & mask_of(table)) {
        if (table->slots[i].hash != hash) continue;
        tg_tensor *t = nodes[table->slots[i].number - 1];
        if (t->structure.low64 == structure.low64 && t->structure.high64 == structure.high64) return t;
    }
    return NULL;
}

static void put(tg_node_table *table, tg_node_slot slot)
{
    uint64_t i = home_of(table, slot.hash);
    while (table->slots[i].number != 0) i = (i + 1) & mask_of(table);
    table->slots[i] = slot;
}

/* The upper bits of the hash keep the order of the slots, so that both arrays are gone through from end to end. */
static int grow(tg_node_table *table)
{
    tg_node_table grown = {.count = table->count,
                           .bits = table->slots == NULL ? FEWEST_BITS : table->bits + 1};
    if (grown.bits > 32) return 0;
    grown.slots = tg_aligned_zeros(sizeof *grown.slots << grown.bits);
    if (grown.slots == NULL) return 0;
    for (uint64_t i = 0; table->slots != NULL && i <= mask_of(table); i++)
        if (table->slots[i].number != 0) put(&grown, table->slots[i]);
    tg_node_table_free(table);
    *table = grown;
    return 1;
}

int tg_node_table_add(tg_node_table *table, XXH128_hash_t structure, int64_t id)
{
    if (table->slots == NULL || 2 * (uint64_t)table->count > mask_of(table)) {
        if (!grow(table)) return 0;
    }
    put(table, (tg_node_slot){hash_of(structure), (int32_t)(id + 1)});
    table->count++;
    return 1;
}

/* What follows moves up where it belongs there or before, so that nobody stops at the gap too early. */
static void close_gap(tg_node_table *table, uint64_t gap)
{
    const uint64_t mask = mask_of(table);
    for (uint64_t i = (gap + 1) & mask; table->slots[i].number != 0; i = (i + 1) & mask) {
        uint64_t home = home_of(table, table->slots[i].hash);
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        table->slots[gap] = table->slots[i];
        gap = i;
    }
    table->slots[gap] = (tg_node_slot){0, 0};
}

void tg_node_table_remove(tg_node_table *table, XXH128_hash_t structure, int64_t id)
{
    if (table->slots == NULL) return;
    uint64_t i = home_of(table, hash_of(structure));
    while (table->slots[i].number != id + 1) i = (i + 1) & mask_of(table);
    close_gap(table, i);
    table->count--;
}

void tg_node_table_free(tg_node_table *table)
{
    tg_aligned_free(table->slots);
    *table = (tg_node_table){0};
}
