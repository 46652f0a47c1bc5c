/* The threads of a function. They wait for the next unit by looking at a counter for a while, since it mostly comes
 * within microseconds, and then sleep; so does the caller when the others are late. Every lane has panels of its own,
 * the same ones in every run, so that what they work on stays in the cache of one processor. Whoever has done his
 * takes those of others that nobody has begun, so that nobody waits for a thread that the system does not let run. */
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask */
#include <stdlib.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "function.h"

/* Nanoseconds that a waiting thread looks for, before it sleeps: what one thread does alone between two units that all
 * work on should be shorter. The clock is read every so many looks. */
#define PATIENCE 100000
#define LOOKS 100

typedef struct worker {
    tg_pool *pool;
    int lane;
    pthread_t thread;
} worker;

struct tg_pool {
    worker *workers;
    int n;
    pid_t process; /* that the threads belong to */
    tg_function *f;
    /* The work, or NULL for the end. It is written between two steps of the round, which is odd meanwhile. */
    _Atomic(const tg_unit *) unit;
    atomic_ullong round;
    atomic_ullong *taken;    /* of every panel: the round in which it was taken last */
    atomic_llong unfinished; /* panels of this round */
    atomic_int sleeping;     /* workers that have to be woken */
    atomic_int caller_sleeps;
    pthread_mutex_t lock; /* for sleeping */
    pthread_cond_t wake, done;
};

static void pause_a_moment(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#endif
}

/* What a waiting thread knows of its waiting. */
typedef struct patience {
    uint64_t began;
    int looks;
} patience;

/* 0 when it is time to sleep. */
static int waits_on(patience *p)
{
    pause_a_moment();
    if (++p->looks % LOOKS != 0) return 1;
    uint64_t now = tg_clock_nanoseconds();
    if (p->began == 0) p->began = now;
    return now - p->began < PATIENCE;
}

/* ---- Panels ------------------------------------------------------------------------------------------------- */

/* Takes a panel, unless somebody has. All panels of a round are taken before it ends, so that a thread that comes too
 * late finds none: they have that round, or a later one. */
static int take(tg_pool *pool, int64_t panel, unsigned long long round)
{
    unsigned long long last = atomic_load(&pool->taken[panel]);
    return last < round && atomic_compare_exchange_strong(&pool->taken[panel], &last, round);
}

static void finish_panel(tg_pool *pool)
{
    if (atomic_fetch_sub(&pool->unfinished, 1) > 1 || atomic_load(&pool->caller_sleeps) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
}

/* Runs the panels of a round that lane `own` finds: its own, and then the others', theirs last first. */
static void run_round(tg_pool *pool, const tg_unit *unit, unsigned long long round, int own)
{
    const int lanes = pool->n + 1;
    for (int l = 0; l < lanes; l++) {
        int64_t whose = (own + l) % lanes, first = whose * unit->n_panels / lanes;
        int64_t n = (whose + 1) * unit->n_panels / lanes - first;
        for (int64_t i = 0; i < n; i++) {
            int64_t panel = l == 0 ? first + i : first + n - 1 - i;
            if (!take(pool, panel, round)) continue;
            tg_run_panel(pool->f, &pool->f->lanes[own], unit, panel);
            finish_panel(pool);
        }
    }
}

/* ---- Workers ------------------------------------------------------------------------------------------------ */

static void sleep_until(tg_pool *pool, unsigned long long seen)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleeping, 1);
    while (atomic_load(&pool->round) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_work(tg_pool *pool, unsigned long long seen)
{
    patience p = {0};
    do {
        if (atomic_load_explicit(&pool->round, memory_order_acquire) != seen) return;
    } while (waits_on(&p));
    sleep_until(pool, seen);
}

static void *work(void *argument)
{
    const worker *w = argument;
    tg_pool *pool = w->pool;
    for (unsigned long long seen = 0;;) {
        wait_for_work(pool, seen);
        unsigned long long round = atomic_load(&pool->round);
        const tg_unit *unit = atomic_load(&pool->unit);
        if (round % 2 != 0 || atomic_load(&pool->round) != round) continue; /* it is being written */
        if (unit == NULL) return NULL;
        run_round(pool, unit, round, w->lane);
        seen = round;
    }
}

/* A new round, which those that sleep have to be told of. The counters are read and written in one order that all
 * threads agree on, so that either a worker sees the new round before it sleeps, or is seen sleeping. */
static unsigned long long begin_round(tg_pool *pool, const tg_unit *unit)
{
    unsigned long long round = atomic_fetch_add(&pool->round, 1) + 2;
    atomic_store_explicit(&pool->unfinished, unit == NULL ? 0 : unit->n_panels, memory_order_relaxed);
    atomic_store(&pool->unit, unit);
    atomic_store(&pool->round, round);
    if (atomic_load(&pool->sleeping) == 0) return round;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    return round;
}

/* ---- The caller -------------------------------------------------------------------------------------------- */

/* The first lane gets the error, whichever it was in. */
static void collect_failure(tg_function *f, int n)
{
    for (int l = 1; l <= n && f->lanes[0].status == TG_OK; l++) {
        if (f->lanes[l].status == TG_OK) continue;
        f->lanes[0].status = f->lanes[l].status;
        f->lanes[0].failed = f->lanes[l].failed;
        f->lanes[0].diag = f->lanes[l].diag;
    }
}

/* A caller that sleeps leaves its processor to a worker that the system has not let run. */
static void wait_for_others(tg_pool *pool)
{
    patience p = {0};
    do {
        if (atomic_load_explicit(&pool->unfinished, memory_order_acquire) == 0) return;
    } while (waits_on(&p));
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->caller_sleeps, 1);
    while (atomic_load(&pool->unfinished) > 0) pthread_cond_wait(&pool->done, &pool->lock);
    atomic_store(&pool->caller_sleeps, 0);
    pthread_mutex_unlock(&pool->lock);
}

void tg_pool_run(tg_pool *pool, const tg_unit *unit)
{
    tg_function *f = pool->f;
    for (int l = 0; l <= pool->n; l++) f->lanes[l].status = TG_OK;
    run_round(pool, unit, begin_round(pool, unit), 0);
    wait_for_others(pool);
    collect_failure(f, pool->n);
}

int tg_pool_size(const tg_pool *pool)
{
    return pool == NULL || pool->process != getpid() ? 0 : pool->n;
}

/* ---- Making and ending -------------------------------------------------------------------------------------- */

static int64_t most_panels(const tg_plan *plan)
{
    int64_t most = 0;
    for (int64_t u = 0; u < plan->n_units; u++)
        if (plan->units[u].n_panels > most) most = plan->units[u].n_panels;
    return most;
}

static void free_memory(tg_pool *pool)
{
    free(pool->taken);
    free(pool->workers);
    free(pool);
}

/* Signals are for the program's own threads: ours begin with all of them blocked. */
static void start_workers(tg_pool *pool, int n)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->n < n) {
        worker *w = &pool->workers[pool->n];
        *w = (worker){.pool = pool, .lane = pool->n + 1};
        if (pthread_create(&w->thread, NULL, work, w) != 0) break;
        pool->n++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

tg_pool *tg_pool_new(tg_function *f, int n)
{
    tg_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->workers = calloc((size_t)n, sizeof *pool->workers);
    pool->taken = calloc((size_t)most_panels(f->plan) + 1, sizeof *pool->taken);
    if (pool->workers == NULL || pool->taken == NULL) {
        free_memory(pool);
        return NULL;
    }
    pool->f = f;
    pool->process = getpid();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    start_workers(pool, n);
    return pool;
}

/* In a process that was forked off there are no threads to end, and the lock may be taken for ever. */
void tg_pool_free(tg_pool *pool)
{
    if (pool == NULL) return;
    if (pool->process == getpid()) {
        begin_round(pool, NULL);
        for (int i = 0; i < pool->n; i++) pthread_join(pool->workers[i].thread, NULL);
        pthread_cond_destroy(&pool->wake);
        pthread_cond_destroy(&pool->done);
        pthread_mutex_destroy(&pool->lock);
    }
    free_memory(pool);
}
