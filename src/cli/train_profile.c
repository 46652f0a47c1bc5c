/* The profile of a training step: kernels, their time, and how near that is to what the machine can do. */
#include "train_profile.h"

#include <inttypes.h>

/* ---- Measuring ---------------------------------------------------------------------------------------- */

tg_status train_profile_step(train_profile *p, const tg_progress *now)
{
    /* The last batch of an epoch may be a smaller one. */
    if (p->function != NULL || (now->step == now->steps && now->steps > 1)) return TG_OK;
    p->function = now->function;
    return tg_profile_start(p->function);
}

tg_status train_profile_end(train_profile *p)
{
    if (p->function == NULL) return TG_OK;
    tg_profile_stop(p->function);
    tg_steps_clear(&p->list);
    tg_status status = tg_steps_read(p->function, &p->list) ? TG_OK : TG_ERR_MEMORY;
    p->function = NULL;
    return status == TG_OK ? tg_measure_peak(p->list.total.threads, &p->peak) : status;
}

void train_profile_clear(train_profile *p)
{
    tg_steps_clear(&p->list);
}

/* ---- The table ---------------------------------------------------------------------------------------- */

/* Sums over rows of the table. */
typedef struct work {
    double calls, seconds, flops, bytes; /* of all runs */
    double least;                        /* seconds that the machine's peak would take for the flops */
} work;

/* Of one thread, as the seconds of kernels are. */
static double peak_flops(const tg_peak *peak, tg_dtype dtype)
{
    return (dtype == TG_F32 ? peak->f32_flops : peak->f64_flops) / peak->threads;
}

static void add_step(work *sum, const train_profile *p, const tg_step_row *row)
{
    double runs = (double)p->list.total.runs, flops = row->info.flops * runs;
    sum->calls += (double)row->time.calls;
    sum->seconds += row->time.seconds;
    sum->flops += flops;
    sum->least += flops / peak_flops(&p->peak, row->info.output.dtype);
    sum->bytes += tg_step_bytes(row) * runs;
}

/* Without work or time there is no rate. */
static void print_rate(double amount, double seconds, double share)
{
    if (amount > 0 && seconds > 0)
        printf(" %8.2f %5.1f%%", 1e-9 * amount / seconds, 100 * share);
    else
        printf(" %8s %6s", "-", "-");
}

static void print_work(const train_profile *p, const work *w)
{
    double all = p->list.total.kernel_seconds;
    printf(" %9.0f %10.3f %9.3f %5.1f%%", w->calls, 1e3 * w->seconds,
           w->calls > 0 ? 1e6 * w->seconds / w->calls : 0, all > 0 ? 100 * w->seconds / all : 0);
    print_rate(w->flops, w->seconds, w->least / w->seconds);
    print_rate(w->bytes, w->seconds, w->bytes / (p->peak.bandwidth / p->peak.threads) / w->seconds);
}

/* Steps first to last - 1, which are a unit. */
static void print_unit(const train_profile *p, int64_t first, int64_t last)
{
    work sum = {0};
    for (int64_t i = first; i < last; i++) {
        const tg_step_row *row = &p->list.rows[i];
        work step = {0};
        add_step(&step, p, row);
        add_step(&sum, p, row);
        printf("%4" PRId64 " %5" PRId64 "  %-12s", i, row->info.unit, row->info.op);
        print_work(p, &step);
        fputs("  ", stdout);
        tg_step_print_places(stdout, row);
    }
    if (last - first < 2) return;
    printf("     %5" PRId64 "  %-12s", p->list.rows[first].info.unit, "together");
    print_work(p, &sum);
    putchar('\n');
}

static void print_total(const train_profile *p)
{
    work sum = {0};
    const tg_profile_total *total = &p->list.total;
    for (int64_t i = 0; i < p->list.stats.steps; i++) add_step(&sum, p, &p->list.rows[i]);
    printf("%-10s  %-12s", "all", "");
    print_work(p, &sum);
    /* All threads have this long a step: what is left over is between kernels, or waiting. */
    double runs = (double)total->runs, of_threads = total->threads * total->seconds;
    double between = of_threads - sum.seconds - total->clock_seconds;
    printf(
        "\n\na step          %.3f us%s: %.3f us in kernels, %.3f us between them%s, %.3f us for reading the clock\n",
        1e6 * total->seconds / runs, total->threads > 1 ? ", on all threads together" : "",
        1e6 * sum.seconds / runs, 1e6 * (between > 0 ? between : 0) / runs,
        total->threads > 1 ? " or waiting" : "", 1e6 * total->clock_seconds / runs);
    printf("this machine    %.1f GFLOP/s in f32, %.1f GFLOP/s in f64, %.1f GB/s; threads: %d, measured now\n",
           1e-9 * p->peak.f32_flops, 1e-9 * p->peak.f64_flops, 1e-9 * p->peak.bandwidth, p->peak.threads);
}

void train_profile_print(const train_profile *p)
{
    const tg_step_list *list = &p->list;
    if (list->total.runs == 0) {
        puts("\nno profile: the first step is not timed, and there was no second one on a whole batch");
        return;
    }
    printf("\nprofile of %" PRId64 " steps on batches of %" PRId64 "\n", list->total.runs, p->batch);
    printf("step  unit  kernel           calls   total ms   us/call  share  GFLOP/s   peak     GB/s   peak"
           "  shapes\n");
    for (int64_t first = 0, last; first < list->stats.steps; first = last) {
        last = first + 1;
        while (last < list->stats.steps && list->rows[last].info.unit == list->rows[first].info.unit) last++;
        print_unit(p, first, last);
    }
    print_total(p);
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

json_t *train_profile_json(const train_profile *p)
{
    const tg_profile_total *total = &p->list.total;
    json_t *steps = json_array();
    for (int64_t i = 0; i < p->list.stats.steps; i++) {
        const tg_step_row *row = &p->list.rows[i];
        json_t *step = tg_step_json(row);
        json_object_set_new(step, "calls", json_integer((json_int_t)row->time.calls));
        json_object_set_new(step, "seconds", json_real(row->time.seconds));
        json_array_append_new(steps, step);
    }
    json_t *peak =
        json_pack("{s:i, s:f, s:f, s:f}", "threads", p->peak.threads, "f32_flops", p->peak.f32_flops,
                  "f64_flops", p->peak.f64_flops, "bandwidth", p->peak.bandwidth);
    return json_pack("{s:I, s:I, s:i, s:f, s:f, s:f, s:o, s:o}", "runs", (json_int_t)total->runs, "batch",
                     (json_int_t)p->batch, "threads", total->threads, "seconds", total->seconds,
                     "kernel_seconds", total->kernel_seconds, "clock_seconds", total->clock_seconds, "peak",
                     peak, "steps", steps);
}
