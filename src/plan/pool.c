/* The threads of a function. They wait for the next unit by looking at a counter for a while, since it mostly comes
 * within microseconds, and then sleep. Panels are taken one by one by whoever is there, so that nobody waits for a
 * thread that the system does not let run. */
#include <stdlib.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "function.h"

#define ROUND (1ULL << 32)
/* Looks before a waiting thread sleeps, or lets others run. */
#define PATIENCE 2000

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
    _Atomic(const tg_unit *) unit; /* the work, written before the round goes up */
    /* The round, times ROUND, and the next panel that nobody has taken: who takes one knows that the round is still
     * the one whose unit it has read. */
    atomic_ullong next;
    atomic_llong unfinished; /* panels of this round */
    atomic_int sleeping;     /* workers that have to be woken */
    atomic_int ends;
    pthread_mutex_t lock; /* for sleeping */
    pthread_cond_t wake;
};

static void pause_a_moment(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#endif
}

/* ---- Workers ---------------------------------------------------------------------------------------------- */

static unsigned long long round_of(unsigned long long next)
{
    return next / ROUND;
}

static void sleep_until(tg_pool *pool, unsigned long long seen)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleeping, 1);
    while (round_of(atomic_load(&pool->next)) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_work(tg_pool *pool, unsigned long long seen)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (round_of(atomic_load_explicit(&pool->next, memory_order_acquire)) != seen) return;
        pause_a_moment();
    }
    sleep_until(pool, seen);
}

/* Takes panels of the current round until there are none; returns that round. */
static unsigned long long take_panels(tg_pool *pool, tg_lane *lane)
{
    unsigned long long next = atomic_load(&pool->next);
    for (;;) {
        const tg_unit *unit = atomic_load(&pool->unit);
        int64_t panel = (int64_t)(next % ROUND);
        if (unit == NULL || panel >= unit->n_panels) {
            unsigned long long now = atomic_load(&pool->next);
            if (now == next) return round_of(next);
            next = now;
        } else if (atomic_compare_exchange_weak(&pool->next, &next, next + 1)) {
            tg_run_panel(pool->f, lane, unit, panel);
            atomic_fetch_sub_explicit(&pool->unfinished, 1, memory_order_release);
            next = atomic_load(&pool->next);
        }
    }
}

static void *work(void *argument)
{
    worker *w = argument;
    tg_pool *pool = w->pool;
    for (unsigned long long seen = 0;;) {
        wait_for_work(pool, seen);
        if (atomic_load(&pool->ends)) return NULL;
        seen = take_panels(pool, &pool->f->lanes[w->lane]);
    }
}

/* Lets nobody take anything: what a thread has read of an earlier round is void. */
static void close_round(tg_pool *pool)
{
    atomic_store(&pool->next, (round_of(atomic_load(&pool->next)) + 1) * ROUND + (ROUND - 1));
}

/* A new round, which those that sleep have to be told of. The counters are read and written in one order that all
 * threads agree on, so that either a worker sees the new round before it sleeps, or is seen sleeping. */
static void begin_round(tg_pool *pool)
{
    atomic_store(&pool->next, (round_of(atomic_load(&pool->next)) + 1) * ROUND);
    if (atomic_load(&pool->sleeping) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
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

void tg_pool_run(tg_pool *pool, const tg_unit *unit)
{
    tg_function *f = pool->f;
    for (int l = 0; l <= pool->n; l++) f->lanes[l].status = TG_OK;
    close_round(pool);
    atomic_store_explicit(&pool->unfinished, unit->n_panels, memory_order_relaxed);
    atomic_store(&pool->unit, unit);
    begin_round(pool);
    take_panels(pool, &f->lanes[0]);
    for (int i = 0; atomic_load_explicit(&pool->unfinished, memory_order_acquire) > 0; i++) {
        if (i < PATIENCE)
            pause_a_moment();
        else
            sched_yield();
    }
    collect_failure(f, pool->n);
}

int tg_pool_size(const tg_pool *pool)
{
    return pool == NULL || pool->process != getpid() ? 0 : pool->n;
}

/* ---- Making and ending -------------------------------------------------------------------------------------- */

tg_pool *tg_pool_new(tg_function *f, int n)
{
    tg_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->workers = calloc((size_t)n, sizeof *pool->workers);
    if (pool->workers == NULL) {
        free(pool);
        return NULL;
    }
    pool->f = f;
    pool->process = getpid();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    while (pool->n < n) {
        worker *w = &pool->workers[pool->n];
        *w = (worker){.pool = pool, .lane = pool->n + 1};
        if (pthread_create(&w->thread, NULL, work, w) != 0) break;
        pool->n++;
    }
    return pool;
}

/* In a process that was forked off there are no threads to end, and the lock may be taken for ever. */
void tg_pool_free(tg_pool *pool)
{
    if (pool == NULL) return;
    if (pool->process == getpid()) {
        atomic_store(&pool->ends, 1);
        begin_round(pool);
        for (int i = 0; i < pool->n; i++) pthread_join(pool->workers[i].thread, NULL);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->lock);
    }
    free(pool->workers);
    free(pool);
}
