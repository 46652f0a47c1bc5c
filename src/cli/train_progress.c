/* Shows how training goes. */
#define _DEFAULT_SOURCE /* ioctl, isatty, clock_gettime */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "train_progress.h"

#define BAR_MAX 30

double train_clock(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

train_progress train_progress_begin(int64_t first_step, int64_t batch)
{
    double now = train_clock();
    return (train_progress){
        .terminal = isatty(STDERR_FILENO), .first_step = first_step, .batch = batch, .start = now};
}

const char *train_loss_text(double loss, char *text, size_t size)
{
    if (isnan(loss))
        snprintf(text, size, "nan");
    else
        snprintf(text, size, fabs(loss) < 1e6 ? "%.4f" : "%.4g", loss);
    return text;
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* "12 s", "3 min 05 s", "2 h 07 min". */
static void show_time(char *text, size_t size, double seconds)
{
    int64_t s = seconds < 1e9 ? (int64_t)ceil(seconds) : 1000000000;
    if (s < 60)
        snprintf(text, size, "%" PRId64 " s", s);
    else if (s < 3600)
        snprintf(text, size, "%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
    else
        snprintf(text, size, "%" PRId64 " h %02" PRId64 " min", s / 3600, s / 60 % 60);
}

static void draw_bar(const train_progress *p, const tg_progress *now)
{
    double done = (double)now->epoch * (double)now->steps + (double)now->step;
    double all = (double)now->epochs * (double)now->steps, own = done - (double)p->first_step;
    double elapsed = p->shown - p->start;
    char left[32], text[240], accuracy[40] = "";
    show_time(left, sizeof left, own > 0 ? elapsed / own * (all - done) : 0);
    if (!isnan(now->train.metric))
        snprintf(accuracy, sizeof accuracy, "  accuracy %.1f %%", 100 * now->train.metric);
    snprintf(text, sizeof text, " epoch %" PRId64 "/%" PRId64 "  loss %.4g%s  %.0f examples/s  %s left",
             now->epoch + 1, now->epochs, now->train.loss, accuracy,
             own * (double)p->batch / fmax(elapsed, 1e-9), left);
    int room = terminal_width() - 3 - (int)strlen(text); /* for the bar; a line must never wrap */
    int width = room > BAR_MAX ? BAR_MAX : room < 0 ? 0 : room, filled = (int)(width * done / all);
    fputs("\r[", stderr);
    for (int i = 0; i < width; i++) fputc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "]%.*s\033[K", terminal_width() - 3 - width > 0 ? terminal_width() - 3 - width : 0, text);
}

void train_progress_step(train_progress *p, const tg_progress *now)
{
    double time = train_clock();
    int last = now->epoch + 1 == now->epochs && now->step == now->steps;
    if (!p->terminal || (!last && time - p->shown < 0.1)) return;
    p->shown = time;
    p->drawn = 1;
    draw_bar(p, now);
}

static void show_score(const char *name, tg_score score)
{
    if (isnan(score.loss) && isnan(score.metric)) return;
    char loss[32];
    fprintf(stderr, "   %sloss %s", name, train_loss_text(score.loss, loss, sizeof loss));
    if (!isnan(score.metric)) fprintf(stderr, "   %saccuracy %.1f %%", name, 100 * score.metric);
}

void train_progress_epoch(train_progress *p, const tg_progress *now, tg_score test)
{
    if (p->terminal) return;
    int width = snprintf(NULL, 0, "%" PRId64, now->epochs);
    fprintf(stderr, "epoch %*" PRId64 " of %" PRId64, width, now->epoch + 1, now->epochs);
    show_score("", now->train);
    show_score("test ", test);
    fputc('\n', stderr);
}

void train_progress_end(train_progress *p)
{
    if (p->drawn) fputc('\n', stderr);
    p->drawn = 0;
}
