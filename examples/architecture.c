/* An architecture of one's own, and its whole training step as one function.
 *
 * Two inputs u and v go through the same layer, whose weights are shared because both ask for the param "encode.W"
 * by its name; the product of what comes out passes a hidden layer with a skip connection around it. The network
 * learns the cosine of the angle between u and v. */
#include <math.h>
#include <stdio.h>

#include <tapegrad/tapegrad.h>

#define BATCH 64
#define SIZE 3
#define UNITS 32
#define STEPS 2000

typedef struct network {
    tg_tensor *u, *v, *target, *loss;
} network;

static network build(tg_graph *g)
{
    network n;
    n.u = tg_input(g, "u", TG_F32, 2, (int64_t[]){BATCH, SIZE});
    n.v = tg_input(g, "v", TG_F32, 2, (int64_t[]){BATCH, SIZE});
    n.target = tg_input(g, "target", TG_F32, 2, (int64_t[]){BATCH, 1});

    tg_tensor *a = tg_silu(tg_dense(g, "encode", n.u, UNITS, TG_INIT_HE));
    tg_tensor *b = tg_silu(tg_dense(g, "encode", n.v, UNITS, TG_INIT_HE)); /* the same weights */
    tg_tensor *both = tg_mul(a, b);
    tg_tensor *hidden = tg_silu(tg_dense(g, "hidden", both, UNITS, TG_INIT_HE));
    tg_tensor *y = tg_dense(g, "output", tg_add(both, hidden), 1, TG_INIT_GLOROT); /* the skip connection */
    n.loss = tg_mean(tg_square(tg_sub(y, n.target)), NULL);
    return n;
}

/* Batch number t: vectors drawn uniformly from [-1, 1]^SIZE, and the cosine of the angle between them. */
static void draw_batch(uint64_t t, float *u, float *v, float *target)
{
    for (uint64_t i = 0; i < BATCH; i++) {
        double uv = 0, uu = 0, vv = 0;
        for (uint64_t k = 0; k < SIZE; k++) {
            uint32_t random[4];
            tg_philox(1, (t * BATCH + i) * SIZE + k, 0, random);
            double p = random[0] / 2147483648.0 - 1, q = random[1] / 2147483648.0 - 1;
            u[i * SIZE + k] = (float)p;
            v[i * SIZE + k] = (float)q;
            uv += p * q, uu += p * p, vv += q * q;
        }
        target[i] = (float)(uv / sqrt(uu * vv));
    }
}

static tg_status train(tg_function *step, const network *n)
{
    float u[BATCH * SIZE], v[BATCH * SIZE], target[BATCH];
    tg_status status = tg_bind(step, n->u, u); /* the step reads the arrays where they are */
    if (status == TG_OK) status = tg_bind(step, n->v, v);
    if (status == TG_OK) status = tg_bind(step, n->target, target);
    double total = 0;
    for (int t = 1; t <= STEPS && status == TG_OK; t++) {
        draw_batch((uint64_t)t, u, v, target);
        status = tg_run(step);
        total += tg_scalar(step, n->loss);
        if (t % 250 != 0) continue;
        printf("steps %4d to %4d   mean loss %.5f\n", t - 249, t, total / 250);
        total = 0;
    }
    if (status != TG_OK) fprintf(stderr, "%s\n", tg_function_error(step));
    return status;
}

int main(void)
{
    tg_graph *g = tg_graph_new(&(tg_graph_options){.seed = 1});
    network n = build(g);
    printf("%d params: W and b of encode, hidden and output\n", (int)tg_param_count(g));
    tg_function *step = NULL; /* forward, reverse and update */
    tg_status status = tg_train_step(g, n.loss, &TG_ADAM(.rate = 3e-3), &step);
    if (status == TG_OK)
        status = train(step, &n);
    else
        fprintf(stderr, "%s\n", tg_error(g));
    tg_function_free(step);
    tg_graph_free(g);
    return status == TG_OK ? 0 : 1;
}
