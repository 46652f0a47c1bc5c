/* Shows how training goes. */
#define _POSIX_C_SOURCE 200809L /* isatty */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define BAR_WIDTH 24

static double seconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

progress progress_begin(int64_t batch)
{
    return (progress){.batch = batch, .terminal = isatty(STDERR_FILENO), .start = seconds()};
}

static void draw_bar(const progress *p, const tg_progress *now)
{
    static const char full[] = "########################", empty[] = "........................";
    double done = (double)(now->epoch * now->steps + now->step), all = (double)(now->epochs * now->steps);
    double elapsed = p->shown - p->start;
    int filled = (int)(BAR_WIDTH * done / all);
    fprintf(stderr,
            "\r[%.*s%.*s] epoch %" PRId64 "/%" PRId64 "  %.0f examples/s  loss %.4f  accuracy %.1f %%  "
            "%.0f s left \033[K",
            filled, full, BAR_WIDTH - filled, empty, now->epoch + 1, now->epochs,
            done * (double)p->batch / fmax(elapsed, 1e-9), now->train.loss, 100 * now->train.metric,
            elapsed / done * (all - done));
    if (done >= all) fputc('\n', stderr);
}

int progress_step(const tg_progress *now, void *context)
{
    progress *p = context;
    double time = seconds();
    int last = now->epoch + 1 == now->epochs && now->step == now->steps;
    if (p->terminal && (last || time - p->shown > 0.1)) {
        p->shown = time;
        draw_bar(p, now);
    }
    return 0;
}

int progress_epoch(const tg_progress *now, void *context)
{
    const progress *p = context;
    if (p->terminal) return 0;
    printf("epoch %2" PRId64 " of %" PRId64 "   loss %.4f   accuracy %.1f %%", now->epoch + 1, now->epochs,
           now->train.loss, 100 * now->train.metric);
    if (!isnan(now->validation.metric)) printf("   test accuracy %.2f %%", 100 * now->validation.metric);
    printf("\n");
    fflush(stdout);
    return 0;
}
