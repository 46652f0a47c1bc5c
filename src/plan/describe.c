/* What a plan does, for people. */
#include "function.h"
#include "ops/ops.h"

static tg_type type_of_place(const tg_place *p)
{
    tg_type type = {.dtype = p->dtype, .rank = p->rank};
    for (int i = 0; i < p->rank; i++) type.shape[i] = p->shape[i];
    return type;
}

/* Axes of stride 0 repeat what is there once. */
static size_t bytes_of_place(const tg_place *p)
{
    size_t bytes = tg_dtype_size(p->dtype);
    for (int i = 0; i < p->rank; i++)
        if (p->strides[i] != 0) bytes *= (size_t)p->shape[i];
    return p->count == 0 || p->base == TG_BASE_SCRATCH || p->base == TG_BASE_PARTS ? 0 : bytes;
}

/* A product, and one more for each element in everything that its step does to it. */
static double flops_of_product(const tg_step *step, const tg_place *left, const tg_place *out)
{
    double each = 2.0 * (double)left->shape[left->rank - 1];
    if (step->kernel == tg_matmul_epilogue) {
        const tg_epilogue_attr *attr = step->attr;
        each += (attr->scale > 0) + (attr->start > 0) + (attr->mask > 0) + attr->is_relu;
    }
    return each * (double)out->count;
}

static double flops_of(const tg_step *step, const tg_place *places, const tg_place *out)
{
    if (step->op == NULL || out->dtype == TG_BOOL) return 0;
    if (step->op == tg_matmul_ops[0]) return flops_of_product(step, &places[0], out);
    int64_t most = out->count;
    for (int i = 0; i < step->n_inputs; i++)
        if (places[i].count > most) most = places[i].count;
    return (double)most;
}

static int64_t unit_of(const tg_plan *plan, int64_t step)
{
    int64_t low = 0, high = plan->n_units - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (plan->units[middle].first_step <= step)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

tg_step_info tg_step_at(const tg_function *f, int64_t i)
{
    tg_step_info info = {0};
    if (f == NULL || i < 0 || i >= f->plan->n_steps) return info;
    const tg_step *step = &f->plan->steps[i];
    const tg_place *places = &f->plan->places[step->first_place], *out = &places[step->n_inputs];
    info = (tg_step_info){.op = step->op == NULL ? "copy" : step->op->name,
                          .n_inputs = step->n_inputs,
                          .unit = unit_of(f->plan, i),
                          .output = type_of_place(out),
                          .flops = flops_of(step, places, out),
                          .bytes_written = bytes_of_place(out)};
    for (int k = 0; k < step->n_inputs; k++) info.bytes_read += bytes_of_place(&places[k]);
    return info;
}

tg_type tg_step_input(const tg_function *f, int64_t i, int input)
{
    tg_type none = {.rank = -1};
    if (f == NULL || i < 0 || i >= f->plan->n_steps || input < 0 || input >= f->plan->steps[i].n_inputs)
        return none;
    return type_of_place(&f->plan->places[f->plan->steps[i].first_place + input]);
}
