/* Optimisers as expressions: gradients, clipping, rates, updates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tapegrad/nn.h>

/* ---- Settings ----------------------------------------------------------------------------------------- */

static double or_default(double value, double fallback)
{
    return value == 0 ? fallback : value;
}

static int uses_moments(const tg_optimizer *o)
{
    return o->kind == TG_OPTIMIZER_ADAM || o->kind == TG_OPTIMIZER_ADAMW;
}

/* The settings with their defaults. */
static tg_optimizer settled(const tg_optimizer *given)
{
    tg_optimizer o = *given;
    o.rate = or_default(o.rate, uses_moments(&o) ? 1e-3 : 1e-2);
    o.momentum = or_default(o.momentum, 0.9);
    o.beta1 = or_default(o.beta1, 0.9);
    o.beta2 = or_default(o.beta2, 0.999);
    o.epsilon = or_default(o.epsilon, 1e-8);
    return o;
}

static tg_status check_rates(tg_graph *g, const tg_optimizer *o)
{
    if (o->n_rates > 0 && o->rates == NULL) {
        tg_set_error(g, TG_ERR_ARGUMENT, "optimizer: rates is NULL, expected %d", o->n_rates);
        return TG_ERR_ARGUMENT;
    }
    for (int i = 0; i < o->n_rates; i++) {
        const tg_rate *r = &o->rates[i];
        if (r->prefix != NULL && r->factor >= 0 && r->factor < (double)INFINITY) continue;
        if (r->prefix == NULL)
            tg_set_error(g, TG_ERR_ARGUMENT, "optimizer: rates[%d].prefix is NULL", i);
        else
            tg_set_error(g, TG_ERR_ARGUMENT, "optimizer: rates[%d].factor is %g, expected 0 or more", i,
                         r->factor);
        return TG_ERR_ARGUMENT;
    }
    return TG_OK;
}

static tg_status check_settings(tg_graph *g, const tg_optimizer *o)
{
    const tg_schedule *s = &o->schedule;
    const double inf = (double)INFINITY;
    const struct {
        const char *name;
        double value, low, high; /* low <= value < high */
    } ranges[] = {
        {"kind", (int)o->kind, 0, TG_OPTIMIZER_ADAMW + 1},
        {"rate", o->rate, 0, inf},
        {"momentum", o->momentum, 0, 1},
        {"beta1", o->beta1, 0, 1},
        {"beta2", o->beta2, 0, 1},
        {"epsilon", o->epsilon, 0, inf},
        {"decay", o->decay, 0, inf},
        {"clip_norm", o->clip_norm, 0, inf},
        {"clip_value", o->clip_value, 0, inf},
        {"schedule.kind", (int)s->kind, 0, TG_SCHEDULE_COSINE + 1},
        {"schedule.factor", s->factor, 0, inf},
        {"schedule.every", (double)s->every, s->kind == TG_SCHEDULE_CONSTANT ? -inf : 1, inf},
        {"schedule.warmup", (double)s->warmup, 0, inf},
        {"n_rates", o->n_rates, 0, inf},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (ranges[i].value >= ranges[i].low && ranges[i].value < ranges[i].high) continue;
        tg_set_error(g, TG_ERR_ARGUMENT, "optimizer: %s is %g, expected %g or more and less than %g",
                     ranges[i].name, ranges[i].value, ranges[i].low, ranges[i].high);
        return TG_ERR_ARGUMENT;
    }
    return check_rates(g, o);
}

/* ---- States ------------------------------------------------------------------------------------------- */

/* The state of this name and type, made of zeros unless it is there. */
static tg_tensor *find_or_make_state(tg_graph *g, const char *name, const tg_type *type)
{
    tg_tensor *found = tg_find(g, name);
    if (found == NULL) return tg_state(g, name, type->dtype, type->rank, type->shape, NULL);
    tg_type there = tg_type_of(found);
    if (tg_leaf_kind_of(found) == TG_LEAF_STATE && memcmp(&there, type, sizeof there) == 0) return found;
    char expected[TG_TYPE_TEXT], text[TG_TYPE_TEXT];
    return tg_set_error(g, TG_ERR_NAME, "optimizer: '%s' must be a state %s, but is the %s %s", name,
                        tg_type_text(type, expected, sizeof expected), tg_op_of(found)->name,
                        tg_type_text(&there, text, sizeof text));
}

static tg_tensor *state_for(tg_tensor *param, const char *suffix)
{
    char name[256];
    tg_graph *g = tg_graph_of(param);
    int length = snprintf(name, sizeof name, "%s.%s", tg_name(param), suffix);
    if (length < 0 || (size_t)length >= sizeof name)
        return tg_set_error(g, TG_ERR_NAME, "optimizer: the name of '%.60s' is too long for its states",
                            tg_name(param));
    tg_type type = tg_type_of(param);
    return find_or_make_state(g, name, &type);
}

static tg_tensor *step_counter(tg_graph *g)
{
    const tg_type scalar = {.dtype = TG_I64};
    return find_or_make_state(g, "train.step", &scalar);
}

/* ---- Rate --------------------------------------------------------------------------------------------- */

/* t / every; a division, because 49 (1 / 49) is less than 1. */
static tg_tensor *turns(tg_tensor *t, int64_t every)
{
    return tg_div(t, tg_number_like(t, (double)every));
}

/* How far `every` steps have gone, at most 1. */
static tg_tensor *fraction_done(tg_tensor *t, int64_t every)
{
    return tg_minimum(turns(t, every), tg_number_like(t, 1));
}

/* The schedule's factor at step t, an f64 scalar. */
static tg_tensor *schedule_factor(const tg_schedule *s, tg_tensor *t)
{
    tg_tensor *factor = tg_number_like(t, s->factor), *f = tg_number_like(t, 1);
    switch (s->kind) {
    case TG_SCHEDULE_CONSTANT:
        break;
    case TG_SCHEDULE_STEPS:
        f = tg_pow(factor, tg_cast(tg_cast(turns(t, s->every), TG_I64), TG_F64));
        break;
    case TG_SCHEDULE_EXPONENTIAL:
        f = tg_pow(factor, turns(t, s->every));
        break;
    case TG_SCHEDULE_LINEAR:
        f = tg_add_scalar(tg_mul_scalar(fraction_done(t, s->every), s->factor - 1), 1);
        break;
    case TG_SCHEDULE_COSINE:
        f = tg_mul_scalar(
            tg_add_scalar(tg_cos(tg_mul_scalar(fraction_done(t, s->every), 3.14159265358979323846)), 1),
            0.5 * (1 - s->factor));
        f = tg_add_scalar(f, s->factor);
        break;
    }
    if (s->warmup > 0) f = tg_mul(f, fraction_done(tg_add_scalar(t, 1), s->warmup));
    return f;
}

static double own_factor(const tg_optimizer *o, const tg_tensor *param)
{
    for (int i = 0; i < o->n_rates; i++)
        if (strncmp(tg_name(param), o->rates[i].prefix, strlen(o->rates[i].prefix)) == 0)
            return o->rates[i].factor;
    return 1;
}

/* ---- Gradients ---------------------------------------------------------------------------------------- */

static int is_bias(const tg_tensor *param)
{
    const char *dot = strrchr(tg_name(param), '.');
    return dot != NULL && strcmp(dot, ".b") == 0;
}

static void clip(const tg_optimizer *o, tg_tensor **gradients, int n)
{
    if (o->clip_value > 0)
        for (int i = 0; i < n; i++) {
            tg_tensor *limit = tg_number_like(gradients[i], o->clip_value);
            gradients[i] = tg_maximum(tg_minimum(gradients[i], limit), tg_neg(limit));
        }
    if (o->clip_norm <= 0) return;
    tg_tensor *total = NULL;
    for (int i = 0; i < n; i++) {
        tg_tensor *square = tg_cast(tg_sum(tg_square(gradients[i]), NULL), TG_F64);
        total = total == NULL ? square : tg_add(total, square);
    }
    tg_tensor *norm = tg_sqrt(total), *limit = tg_number_like(norm, o->clip_norm);
    tg_tensor *scale = tg_where(tg_gt(norm, limit), tg_div(limit, norm), tg_number_like(norm, 1));
    for (int i = 0; i < n; i++)
        gradients[i] = tg_mul(gradients[i], tg_cast(scale, tg_dtype_of(gradients[i])));
}

/* ---- Updates ------------------------------------------------------------------------------------------ */

/* What the updates of all params share. */
typedef struct context {
    tg_optimizer o;
    tg_tensor *rate;                      /* f64 scalar: rate times schedule */
    tg_tensor *correction1, *correction2; /* f64 scalars: 1 - beta^(t + 1) */
    tg_tensor *last_rate;                 /* of the param before: mostly the next one's too */
    double last_factor;
    tg_update *updates;
    int n;
} context;

static void add_update(context *c, tg_tensor *param, tg_tensor *value)
{
    c->updates[c->n++] = (tg_update){param, value};
}

static tg_tensor *momentum_direction(context *c, tg_tensor *param, tg_tensor *gradient)
{
    tg_tensor *u = state_for(param, "momentum");
    tg_tensor *next = tg_add(tg_mul_scalar(u, c->o.momentum), gradient);
    add_update(c, u, next);
    return c->o.nesterov ? tg_add(gradient, tg_mul_scalar(next, c->o.momentum)) : next;
}

static tg_tensor *adam_direction(context *c, tg_tensor *param, tg_tensor *gradient)
{
    tg_tensor *m = state_for(param, "adam_m"), *v = state_for(param, "adam_v");
    tg_tensor *next_m = tg_add(tg_mul_scalar(m, c->o.beta1), tg_mul_scalar(gradient, 1 - c->o.beta1));
    tg_tensor *next_v =
        tg_add(tg_mul_scalar(v, c->o.beta2), tg_mul_scalar(tg_square(gradient), 1 - c->o.beta2));
    add_update(c, m, next_m);
    add_update(c, v, next_v);
    tg_dtype dtype = tg_dtype_of(param);
    tg_tensor *mean = tg_div(next_m, tg_cast(c->correction1, dtype));
    tg_tensor *spread = tg_sqrt(tg_div(next_v, tg_cast(c->correction2, dtype)));
    return tg_div(mean, tg_add_scalar(spread, c->o.epsilon));
}

/* A scalar of the param's type. */
static tg_tensor *rate_of(context *c, const tg_tensor *param)
{
    const double factor = own_factor(&c->o, param);
    const tg_dtype dtype = tg_dtype_of(param);
    if (c->last_rate == NULL || c->last_factor != factor || tg_dtype_of(c->last_rate) != dtype)
        c->last_rate = tg_cast(tg_mul_scalar(c->rate, factor), dtype);
    c->last_factor = factor;
    return c->last_rate;
}

static void update_param(context *c, tg_tensor *param, tg_tensor *gradient)
{
    int decays = c->o.decay > 0 && !is_bias(param), decoupled = c->o.kind == TG_OPTIMIZER_ADAMW;
    tg_tensor *decay = decays ? tg_mul_scalar(param, c->o.decay) : NULL;
    if (decays && !decoupled) gradient = tg_add(gradient, decay);
    tg_tensor *direction = gradient;
    if (c->o.kind == TG_OPTIMIZER_MOMENTUM) direction = momentum_direction(c, param, gradient);
    if (uses_moments(&c->o)) direction = adam_direction(c, param, gradient);
    if (decays && decoupled) direction = tg_add(direction, decay);
    add_update(c, param, tg_sub(param, tg_mul(rate_of(c, param), direction)));
}

static tg_status make_updates(tg_graph *g, context *c, tg_tensor *const *params, tg_tensor *const *gradients,
                              int n)
{
    tg_tensor *step = step_counter(g), *t = tg_cast(step, TG_F64), *next = tg_add_scalar(t, 1);
    c->rate = tg_mul_scalar(schedule_factor(&c->o.schedule, t), c->o.rate);
    if (uses_moments(&c->o)) {
        tg_tensor *one = tg_number_like(t, 1);
        c->correction1 = tg_sub(one, tg_pow(tg_number_like(t, c->o.beta1), next));
        c->correction2 = tg_sub(one, tg_pow(tg_number_like(t, c->o.beta2), next));
    }
    for (int i = 0; i < n; i++) update_param(c, params[i], gradients[i]);
    add_update(c, step, tg_add_scalar(step, 1));
    for (int i = 0; i < c->n; i++)
        if (c->updates[i].param == NULL || c->updates[i].value == NULL) return tg_graph_status(g);
    return TG_OK;
}

/* The trainable params that loss depends on; returns how many, or -1 with the error kept. One sweep finds them all:
 * to ask for one after the other would take a deep network's square. */
static int params_of(tg_graph *g, tg_tensor *loss, tg_tensor **params)
{
    int64_t last = tg_graph_of(loss) == g ? tg_id(loss) : -1;
    unsigned char *reached = calloc((size_t)last + 2, 1);
    int n = 0;
    if (reached == NULL) {
        tg_set_error(g, TG_ERR_MEMORY, "tg_optimizer_updates: out of memory");
        return -1;
    }
    if (last >= 0) reached[last] = 1;
    for (int64_t id = last; id >= 0; id--) {
        const tg_tensor *t = tg_node(g, id);
        for (int i = 0; reached[id] && i < tg_input_count(t); i++) reached[tg_id(tg_input_at(t, i))] = 1;
    }
    for (int64_t i = 0; i < tg_param_count(g); i++) {
        tg_tensor *param = tg_param_at(g, i);
        if (tg_is_trainable(param) && tg_id(param) <= last && reached[tg_id(param)]) params[n++] = param;
    }
    free(reached);
    return n;
}

static tg_status no_params(tg_graph *g)
{
    tg_set_error(g, TG_ERR_ARGUMENT, "optimizer: the loss depends on no param");
    return TG_ERR_ARGUMENT;
}

/* Up to three updates a param, and the counter. */
#define UPDATES_PER_PARAM 3

tg_status tg_optimizer_updates(tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer,
                               tg_update **updates, int *n_updates)
{
    if (g == NULL || optimizer == NULL || updates == NULL || n_updates == NULL) {
        tg_set_error(g, TG_ERR_NULL, "tg_optimizer_updates: an argument is NULL");
        return TG_ERR_NULL;
    }
    *updates = NULL;
    *n_updates = 0;
    context c = {.o = settled(optimizer)};
    tg_status status = check_settings(g, &c.o);
    if (status != TG_OK) return status;
    size_t most = (size_t)tg_param_count(g) + 1;
    tg_tensor **params = calloc(2 * most, sizeof(tg_tensor *)),
              **gradients = params == NULL ? NULL : params + most;
    c.updates = calloc(UPDATES_PER_PARAM * most, sizeof *c.updates);
    if (params == NULL || c.updates == NULL) {
        tg_set_error(g, TG_ERR_MEMORY, "tg_optimizer_updates: out of memory");
        status = TG_ERR_MEMORY;
    }
    int n = status == TG_OK ? params_of(g, loss, params) : 0;
    if (n < 0) status = TG_ERR_MEMORY;
    if (status == TG_OK) status = tg_grad(g, loss, params, n, gradients);
    if (status == TG_OK && n == 0) status = no_params(g);
    if (status == TG_OK) {
        clip(&c.o, gradients, n);
        status = make_updates(g, &c, params, gradients, n);
    }
    free(params);
    if (status != TG_OK) {
        free(c.updates);
        return status;
    }
    *updates = c.updates;
    *n_updates = c.n;
    return TG_OK;
}

void tg_updates_free(tg_update *updates)
{
    free(updates);
}

tg_status tg_train_step(tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer, tg_function **step)
{
    return tg_train_step_with(g, loss, optimizer, NULL, step);
}

tg_status tg_train_step_with(tg_graph *g, tg_tensor *loss, const tg_optimizer *optimizer,
                             const tg_compile_options *options, tg_function **step)
{
    if (step != NULL) *step = NULL;
    tg_update *updates;
    int n;
    tg_status status = tg_optimizer_updates(g, loss, optimizer, &updates, &n);
    if (status != TG_OK) return status;
    status = tg_compile_with(g, &loss, 1, updates, n, options, step);
    tg_updates_free(updates);
    return status;
}
