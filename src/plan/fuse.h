/* Fusion: which steps run together, block by block, so that what only they read stays in the cache. A group works
 * on rows by columns: the elements of its members' results and of what they read. Nothing here knows an operation
 * by name; the flags of its record say how its result depends on its inputs. */
#ifndef TG_PLAN_FUSE_H
#define TG_PLAN_FUSE_H

#include "build.h"

/* What a member reads, and what it makes, for some rows of its group. */
typedef enum tg_extent {
    TG_EXTENT_NONE,   /* it is alone in its group, and runs as a whole */
    TG_EXTENT_FULL,   /* rows by columns */
    TG_EXTENT_COLUMN, /* an element for each row, where there are several columns */
    TG_EXTENT_END     /* one row, or one element, for all rows: nobody reads it before the group has ended */
} tg_extent;

typedef struct tg_member {
    int64_t group; /* or one that was merged into another: see tg_group_of */
    int64_t next;  /* member, -1 after the last */
    tg_extent reads, makes;
} tg_member;

/* Groups are numbered in an order in which they can run: a group reads what earlier ones make. */
typedef struct tg_group {
    int64_t merged_into; /* itself while it stands */
    int64_t rows, columns;
    int64_t depends;      /* the last group that it reads from, -1 for none */
    int64_t head;         /* a step that makes what the others begin with: a matrix product; -1 for none */
    int64_t head_depends; /* the last group that the head reads from */
    int64_t first, last, count;
} tg_group;

typedef struct tg_fusion {
    tg_member *members; /* of every step */
    tg_group *groups;
    int64_t n_groups;
} tg_fusion;

/* Which steps form groups. The caller frees with tg_fusion_free, also after a failure (0: out of memory). */
int tg_fuse(const tg_builder *b, tg_fusion *fusion);
void tg_fusion_free(tg_fusion *fusion);
int64_t tg_group_of(const tg_fusion *fusion, int64_t step);

/* Brings the steps into the order of their groups, makes the plan's units, gives what only one group reads a place
 * in scratch memory, and finds when every buffer lives. 0 when memory runs out. */
int tg_schedule(tg_builder *b, const tg_fusion *fusion);

/* ---- How a place lies in a group's rows and columns ------------------------------------------------------- */

/* Elements from one row to the next and from one column to the next. */
typedef struct tg_lie {
    int64_t row, column;
} tg_lie;

/* Rows and columns of an array: the last axis is the columns, where there are two or more. */
void tg_extent_of(const tg_place *p, int64_t *rows, int64_t *columns);
/* 0 when the rows have no common stride. For a column, all axes are rows. */
int tg_lie_of(const tg_place *p, tg_extent extent, tg_lie *lie);

/* How a reduction of rows by columns (or of a column) goes: TG_EXTENT_FULL or COLUMN when each row is reduced by
 * itself, END when rows are reduced together, NONE for anything else; *axes: which of the two axes. */
tg_extent tg_reduced_extent(const tg_step *step, const tg_place *input, tg_extent reads, unsigned *axes);

#endif
