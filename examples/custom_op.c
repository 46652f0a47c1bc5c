/* An operation of one's own: softsign(x) = x / (1 + |x|), with a kernel, a shape rule and a reverse rule.
 *
 * The reverse rule is written with tensors, so the operation can be differentiated again, and forward mode is
 * derived from it. */
#include <math.h>
#include <stdio.h>

#include <tapegrad/tapegrad.h>

static tg_status softsign_infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    if (x.dtype != TG_F64) return tg_infer_fail(q, TG_ERR_DTYPE, "softsign is for f64");
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status softsign_kernel(const tg_kernel_call *call)
{
    const double *x = call->in[0].data;
    double *y = call->out.data;
    for (int64_t i = 0; i < call->out.count; i++) y[i] = x[i] / (1 + fabs(x[i]));
    return TG_OK;
}

/* The derivative is 1 / (1 + |x|)^2, so the input's adjoint is the output's divided by (1 + |x|)^2. */
static void softsign_vjp(tg_rule *r)
{
    tg_tensor *d = tg_add_scalar(tg_abs(tg_rule_input(r, 0)), 1);
    tg_rule_adjoint(r, 0, tg_div(tg_rule_output_adjoint(r), tg_square(d)));
}

static const tg_op softsign = {.name = "softsign",
                               .n_inputs = 1,
                               .inputs = "x",
                               .formula = "x / (1 + |x|)",
                               .infer = softsign_infer,
                               .kernel = softsign_kernel,
                               .vjp = softsign_vjp};

/* y, dy/dx by reverse and by forward mode, d2y/dx2, all elementwise on x. */
static tg_status derive(tg_graph *g, tg_tensor *x, tg_tensor *out[4])
{
    const tg_op *op = tg_op_register(g, &softsign);
    tg_tensor *y = out[0] = tg_apply(g, op, &x, 1, NULL);
    tg_tensor *ones = tg_full(g, TG_F64, 1, tg_shape(x), 1);
    tg_status status = tg_grad(g, tg_sum(y, NULL), &x, 1, &out[1]);
    if (status == TG_OK) status = tg_jvp(g, &y, 1, &x, &ones, 1, &out[2]);
    if (status == TG_OK) status = tg_grad(g, tg_sum(out[1], NULL), &x, 1, &out[3]);
    return status;
}

int main(void)
{
    double at[5] = {-2, -0.5, 0.25, 1, 3}, v[4][5];
    tg_graph *g = tg_graph_new(NULL);
    tg_tensor *x = tg_input(g, "x", TG_F64, 1, (int64_t[]){5}), *results[4];
    tg_status status = derive(g, x, results);
    if (status == TG_OK) status = tg_set(x, at, sizeof at);
    if (status == TG_OK) status = tg_eval(g, results, 4, v, sizeof v);
    if (status != TG_OK) {
        fprintf(stderr, "%s\n", tg_error(g));
    } else {
        printf("    x         y   dy/dx reverse   forward   closed form    d2y/dx2   closed form\n");
        for (int i = 0; i < 5; i++) {
            double d = 1 + fabs(at[i]);
            printf("%5.2f  %8.5f        %8.5f  %8.5f      %8.5f   %8.5f      %8.5f\n", at[i], v[0][i],
                   v[1][i], v[2][i], 1 / (d * d), v[3][i], copysign(2, -at[i]) / (d * d * d));
        }
    }
    tg_graph_free(g);
    return status == TG_OK ? 0 : 1;
}
