/* Counting what the kernels of a function's runs take. */
#define _POSIX_C_SOURCE 199309L /* clock_gettime */

#include <tapegrad/profile.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "function.h"

struct tg_profile {
    uint64_t runs, nanoseconds;
    double clock_cost; /* nanoseconds */
    /* One list for each lane, in memory of its own since lanes write at the same time: the plan's steps, and then how
     * many series of steps there were. */
    tg_step_time **of_lanes;
};

/* ---- While it runs ------------------------------------------------------------------------------------ */

uint64_t tg_clock_nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* The clock is read once between two steps: the end of one is the beginning of the next. */
tg_status tg_time_steps(const tg_function *f, tg_lane *lane, int64_t first, int64_t n)
{
    uint64_t began = tg_clock_nanoseconds();
    lane->times[f->plan->n_steps].calls++;
    for (int64_t s = first; s < first + n; s++) {
        tg_status status = tg_run_steps(f, lane, s, 1);
        uint64_t ended = tg_clock_nanoseconds();
        lane->times[s].calls++;
        lane->times[s].nanoseconds += ended - began;
        began = ended;
        if (status != TG_OK) return status;
    }
    return TG_OK;
}

/* Without panels there is nothing between the unit and its steps. */
static tg_status time_unit(tg_function *f, const tg_unit *unit)
{
    if (unit->rows != unit->block_rows) return tg_run_unit(f, unit);
    return tg_time_steps(f, &f->lanes[0], unit->first_step, tg_unit_steps(unit));
}

/* Unit by unit, also those that run as programs otherwise. */
tg_status tg_time_units(tg_function *f)
{
    tg_status status = TG_OK;
    for (int64_t u = 0; u < f->plan->n_units && status == TG_OK; u++)
        status = time_unit(f, &f->plan->units[u]);
    return status;
}

void tg_profile_count_run(tg_function *f, uint64_t began)
{
    f->profile->runs++;
    f->profile->nanoseconds += tg_clock_nanoseconds() - began;
}

/* ---- Starting and stopping ---------------------------------------------------------------------------- */

/* The best of some rounds, in nanoseconds. */
static double cost_of_clock(void)
{
    enum { ROUNDS = 20, READS = 50 };
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t began = tg_clock_nanoseconds(), ended = began;
        for (int k = 0; k < READS; k++) ended = tg_clock_nanoseconds();
        double cost = (double)(ended - began) / READS;
        best = cost < best ? cost : best;
    }
    return best;
}

static size_t bytes_of_times(const tg_function *f)
{
    return ((size_t)f->plan->n_steps + 1) * sizeof(tg_step_time);
}

void tg_profile_free(tg_profile *profile)
{
    if (profile == NULL) return;
    for (int l = 0; profile->of_lanes != NULL && profile->of_lanes[l] != NULL; l++)
        tg_aligned_free(profile->of_lanes[l]);
    free(profile->of_lanes);
    free(profile);
}

static tg_profile *new_profile(const tg_function *f)
{
    tg_profile *profile = calloc(1, sizeof *profile);
    if (profile == NULL) return NULL;
    profile->of_lanes = calloc((size_t)f->n_lanes + 1, sizeof *profile->of_lanes);
    int made = profile->of_lanes != NULL;
    for (int l = 0; l < f->n_lanes && made; l++) {
        profile->of_lanes[l] = tg_aligned_alloc(bytes_of_times(f));
        made = profile->of_lanes[l] != NULL;
    }
    if (made) return profile;
    tg_profile_free(profile);
    return NULL;
}

tg_status tg_profile_start(tg_function *f)
{
    if (f == NULL) return TG_ERR_NULL;
    if (f->profile == NULL) f->profile = new_profile(f);
    if (f->profile == NULL) return tg_fail(&f->diag, TG_ERR_MEMORY, "tg_profile_start: out of memory");
    f->profile->runs = f->profile->nanoseconds = 0;
    f->profile->clock_cost = cost_of_clock();
    for (int l = 0; l < f->n_lanes; l++) {
        f->lanes[l].times = f->profile->of_lanes[l];
        memset(f->lanes[l].times, 0, bytes_of_times(f));
    }
    f->is_profiled = 1;
    return TG_OK;
}

void tg_profile_stop(tg_function *f)
{
    if (f == NULL) return;
    f->is_profiled = 0;
    for (int l = 0; l < f->n_lanes; l++) f->lanes[l].times = NULL;
}

/* ---- Results ------------------------------------------------------------------------------------------ */

tg_step_profile tg_profile_step(const tg_function *f, int64_t i)
{
    tg_step_profile sum = {0};
    if (f == NULL || f->profile == NULL || i < 0 || i >= f->plan->n_steps) return sum;
    double nanoseconds = 0;
    for (int l = 0; l < f->n_lanes; l++) {
        const tg_step_time *time = &f->profile->of_lanes[l][i];
        sum.calls += (int64_t)time->calls;
        nanoseconds += (double)time->nanoseconds;
    }
    nanoseconds -= f->profile->clock_cost * (double)sum.calls;
    if (nanoseconds > 0) sum.seconds = 1e-9 * nanoseconds;
    return sum;
}

/* At the ends of runs and kernels, and at the beginning of every series of kernels. */
static double clock_reads(const tg_function *f)
{
    double reads = 2 * (double)f->profile->runs;
    for (int64_t i = 0; i < f->plan->n_steps; i++) reads += (double)tg_profile_step(f, i).calls;
    for (int l = 0; l < f->n_lanes; l++) reads += (double)f->profile->of_lanes[l][f->plan->n_steps].calls;
    return reads;
}

tg_profile_total tg_profile_sum(const tg_function *f)
{
    tg_profile_total sum = {0};
    if (f == NULL || f->profile == NULL) return sum;
    sum.runs = (int64_t)f->profile->runs;
    sum.threads = f->n_lanes;
    sum.seconds = 1e-9 * (double)f->profile->nanoseconds;
    for (int64_t i = 0; i < f->plan->n_steps; i++) sum.kernel_seconds += tg_profile_step(f, i).seconds;
    sum.clock_seconds = 1e-9 * f->profile->clock_cost * clock_reads(f);
    return sum;
}

const tg_tensor *tg_step_tensor(const tg_function *f, int64_t i, int input)
{
    if (f == NULL || i < 0 || i >= f->plan->n_steps || input < 0) return NULL;
    const tg_step *step = &f->plan->steps[i];
    if (input > step->n_inputs) return NULL;
    const tg_place *place = &f->plan->places[step->first_place + input];
    if (place->base < TG_BASE_LEAF) return NULL;
    const tg_bound_leaf *leaf = &f->leaves[place->base - TG_BASE_LEAF];
    return tg_leaf_is_there(f, leaf) ? leaf->tensor : NULL;
}
