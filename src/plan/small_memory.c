/* Where the records of a program leave what only their own unit reads. A unit's results take turns in scratch memory, so
 * that a record would have to wait until what was there before has been read: in a program every one has a place of its
 * own. */
#include "plan.h"
#include "tile.h"

/* A result in scratch memory: where it was, how large it is, and how far it was moved; bytes is 0 for none. */
typedef struct moved_result {
    int64_t at, bytes, by;
} moved_result;

/* The input is in the newest result that was there. */
static void follow(tg_place *in, const moved_result *moved, int64_t n)
{
    if (in->base != TG_BASE_SCRATCH) return;
    while (n > 0 && (in->offset < moved[n - 1].at || in->offset >= moved[n - 1].at + moved[n - 1].bytes)) n--;
    if (n > 0) in->offset += moved[n - 1].by;
}

static moved_result move(tg_place *out, int64_t to)
{
    if (out->base != TG_BASE_SCRATCH) return (moved_result){0};
    size_t bytes = (size_t)out->count * tg_dtype_size(out->dtype);
    moved_result m = {out->offset, (int64_t)tg_tile_aligned(bytes), to - out->offset};
    out->offset = to;
    return m;
}

size_t tg_spread_program(tg_plan *plan, const tg_small_record *first, int64_t n)
{
    moved_result moved[TG_SMALL_RECORDS];
    int64_t end = (int64_t)plan->stats.scratch_bytes;
    for (int64_t i = 0; i < n; i++) {
        for (int k = 0; k < first[i].n_inputs; k++) follow(&plan->places[first[i].places[k]], moved, i);
        moved[i] = move(&plan->places[first[i].places[3]], end);
        end += moved[i].bytes;
    }
    return (size_t)end - plan->stats.scratch_bytes;
}
