/* The threads of a function. They wait for the next unit by looking at a counter for a while, since it mostly comes
 * within microseconds, and then sleep. */
#include <stdlib.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "function.h"

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
    /* The work, written before `round` goes up. */
    tg_function *f;
    const tg_unit *unit;
    atomic_uint round;
    atomic_int busy;     /* workers that have not finished it */
    atomic_int sleeping; /* workers that have to be woken */
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

static void sleep_until(tg_pool *pool, unsigned seen)
{
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleeping, 1);
    while (atomic_load(&pool->round) == seen) pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void wait_for_work(tg_pool *pool, unsigned seen)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (atomic_load_explicit(&pool->round, memory_order_acquire) != seen) return;
        pause_a_moment();
    }
    sleep_until(pool, seen);
}

static void *work(void *argument)
{
    worker *w = argument;
    tg_pool *pool = w->pool;
    for (unsigned seen = 0;; seen++) {
        wait_for_work(pool, seen);
        if (atomic_load(&pool->ends)) return NULL;
        tg_run_panels(pool->f, &pool->f->lanes[w->lane], pool->unit, w->lane, pool->n + 1);
        atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_release);
    }
}

/* A new round, which those that sleep have to be told of. The counters are read and written in one order that all
 * threads agree on, so that either a worker sees the new round before it sleeps, or is seen sleeping. */
static void begin_round(tg_pool *pool)
{
    atomic_fetch_add(&pool->round, 1);
    if (atomic_load(&pool->sleeping) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- The caller -------------------------------------------------------------------------------------------- */

/* The lane whose panels come first keeps the error, as it would without threads. */
static void collect_failure(tg_function *f, int n)
{
    for (int l = 1; l <= n && f->lanes[0].status == TG_OK; l++) {
        if (f->lanes[l].status == TG_OK) continue;
        f->lanes[0].status = f->lanes[l].status;
        f->lanes[0].failed = f->lanes[l].failed;
        f->lanes[0].diag = f->lanes[l].diag;
    }
}

void tg_pool_run(tg_pool *pool, tg_function *f, const tg_unit *unit)
{
    pool->f = f;
    pool->unit = unit;
    atomic_store_explicit(&pool->busy, pool->n, memory_order_relaxed);
    begin_round(pool);
    tg_run_panels(f, &f->lanes[0], unit, 0, pool->n + 1);
    for (int i = 0; atomic_load_explicit(&pool->busy, memory_order_acquire) > 0; i++) {
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

tg_pool *tg_pool_new(int n)
{
    tg_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) return NULL;
    pool->workers = calloc((size_t)n, sizeof *pool->workers);
    if (pool->workers == NULL) {
        free(pool);
        return NULL;
    }
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
