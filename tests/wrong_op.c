/* The command with an operation whose rule is wrong: linked with --wrap=tg_graph_new, this makes every graph begin with
 * `wrong_tanh`, of which the derivative lacks a factor in the second of its two terms. */
#include <math.h>
#include <stddef.h>

#include <tapegrad/tapegrad.h>

tg_graph *__real_tg_graph_new(const tg_graph_options *options);
tg_graph *__wrap_tg_graph_new(const tg_graph_options *options);

static tg_status infer(tg_infer *q)
{
    tg_type x = tg_infer_input(q, 0);
    if (x.dtype != TG_F64) return tg_infer_fail(q, TG_ERR_DTYPE, "it is for f64");
    return tg_infer_output(q, x.dtype, x.rank, x.shape);
}

static tg_status kernel(const tg_kernel_call *call)
{
    const double *x = call->in[0].data;
    double *y = call->out.data;
    for (int64_t i = 0; i < call->out.count; i++) y[i] = tanh(x[i]);
    return TG_OK;
}

/* 1 - y instead of 1 - y^2 */
static void vjp(tg_rule *r)
{
    tg_tensor *y = tg_rule_output(r);
    tg_rule_adjoint(r, 0, tg_mul(tg_rule_output_adjoint(r), tg_sub(tg_number_like(y, 1), y)));
}

static const tg_op wrong_tanh = {.name = "wrong_tanh",
                                 .n_inputs = 1,
                                 .inputs = "x",
                                 .formula = "tanh(x)",
                                 .infer = infer,
                                 .kernel = kernel,
                                 .vjp = vjp};

tg_graph *__wrap_tg_graph_new(const tg_graph_options *options)
{
    tg_graph *g = __real_tg_graph_new(options);
    if (g != NULL) tg_op_register(g, &wrong_tanh);
    return g;
}
