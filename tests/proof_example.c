#include <stdio.h>
#include <tapegrad/tapegrad.h>

int main(void)
{
    tg_graph *g = tg_graph_new(NULL);
    const int64_t shape[2] = {32, 10};
    tg_tensor *s = tg_input(g, "s", TG_F64, 2, shape), *y = tg_input(g, "y", TG_F64, 2, shape);
    tg_tensor *loss = tg_mean(tg_softmax_cross_entropy(s, y), NULL), *gradient;
    if (tg_grad(g, loss, &s, 1, &gradient) != TG_OK) return 1;

    tg_tensor *by_hand = tg_div(tg_sub(tg_softmax(s, 1), y), tg_number(g, TG_F64, 32));
    const tg_sum_one y_sums_to_one = {y, 1};
    for (int assume = 0; assume <= 1; assume++) {
        tg_proof *p;
        const tg_proof_task task = {
            .left = gradient, .right = by_hand, .sums = &y_sums_to_one, .n_sums = assume, .points = 24};
        if (tg_prove(g, &task, &p) != TG_OK) return 1;
        printf("%s: %s\n", tg_proof_verdict_name(tg_proof_verdict_of(p)), tg_proof_form(p, 0, TG_TEXT));
        for (int i = 0; i < tg_proof_rule_count(p); i++) printf("  %s\n", tg_proof_rule(p, i));
        tg_proof_free(p);
    }
    tg_graph_free(g);
    return 0;
}
