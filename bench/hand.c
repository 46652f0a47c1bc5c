/* The buffers of a step that is written by hand. */
#include "hand.h"

#include <stdlib.h>
#include <string.h>

static void *zeros(precision type, int n)
{
    size_t bytes = (bytes_of(type, n) + 63) / 64 * 64;
    void *memory = aligned_alloc(64, bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

int hand_make(hand_net *net, const workload *of, const batch *data)
{
    *net = (hand_net){.of = of, .type = data->type, .x = data->x, .y = data->y};
    int made = 1;
    for (int l = 0; l < of->n_layers; l++) {
        int out = of->sizes[l + 1];
        net->W[l] = zeros(net->type, weights_of(of, l));
        net->b[l] = zeros(net->type, out);
        net->a[l] = zeros(net->type, of->batch * out);
        net->delta[l] = zeros(net->type, of->batch * out);
        made = made && net->W[l] != NULL && net->b[l] != NULL && net->a[l] != NULL && net->delta[l] != NULL;
    }
    return made;
}

void hand_free(hand_net *net)
{
    for (int l = 0; l < MAX_LAYERS; l++) {
        free(net->W[l]);
        free(net->b[l]);
        free(net->a[l]);
        free(net->delta[l]);
    }
}
