/* A training step by hand for a network too small for a library: 2-3-1 sigmoid, batch 4, plain loops of constant
 * sizes. */
#include "hand.h"

#include <math.h>

enum { INPUTS = 2, HIDDEN = 3, BATCH = 4 };

int hand_is_small(const workload *of)
{
    return of->n_layers == 2 && of->sizes[0] == INPUTS && of->sizes[1] == HIDDEN && of->sizes[2] == 1 &&
           of->batch == BATCH && !of->is_softmax;
}

static float sigmoid(float z)
{
    return 1 / (1 + expf(-z));
}

void hand_small_step(hand_net *net)
{
    float *restrict W1 = net->W[0], *restrict b1 = net->b[0], *restrict W2 = net->W[1],
                    *restrict b2 = net->b[1];
    const float *restrict x = net->x, *restrict y = net->y;
    float a1[BATCH * HIDDEN], d1[BATCH * HIDDEN], d2[BATCH], rate = net->of->rate, loss = 0;
    for (int i = 0; i < BATCH; i++) {
        for (int j = 0; j < HIDDEN; j++)
            a1[i * HIDDEN + j] = b1[j] + x[i * INPUTS] * W1[j] + x[i * INPUTS + 1] * W1[HIDDEN + j];
    }
    for (int i = 0; i < BATCH * HIDDEN; i++) a1[i] = sigmoid(a1[i]);
    for (int i = 0; i < BATCH; i++) {
        float z = b2[0];
        for (int j = 0; j < HIDDEN; j++) z += a1[i * HIDDEN + j] * W2[j];
        float a2 = sigmoid(z), e = a2 - y[i];
        loss += e * e;
        d2[i] = e * a2 * (1 - a2) / BATCH;
    }
    net->loss = loss / (2 * BATCH);
    for (int i = 0; i < BATCH; i++) {
        for (int j = 0; j < HIDDEN; j++) {
            float a = a1[i * HIDDEN + j];
            d1[i * HIDDEN + j] = d2[i] * W2[j] * a * (1 - a);
        }
    }
    for (int i = 0; i < BATCH; i++) {
        for (int j = 0; j < HIDDEN; j++) {
            W2[j] -= rate * d2[i] * a1[i * HIDDEN + j];
            W1[j] -= rate * d1[i * HIDDEN + j] * x[i * INPUTS];
            W1[HIDDEN + j] -= rate * d1[i * HIDDEN + j] * x[i * INPUTS + 1];
            b1[j] -= rate * d1[i * HIDDEN + j];
        }
        b2[0] -= rate * d2[i];
    }
}
