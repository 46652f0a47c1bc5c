/* Programs of the model language that are, or are not, multilayer perceptrons, and what is to be seen in them. */
#include "recognise_models.h"

#define ROWS "input x : f64[N, 4]\ninput y : f64[N, 3]\n"
#define COLUMNS "input x : f64[4, N]\ninput y : f64[3, N]\n"
#define ONE "input x : f64[N, 4]\ninput y : f64[N, 1]\n"
#define IN_OUT                                                                                               \
    "param W1 : f64[4, 5] = glorot\nparam b1 : f64[5]\nparam W2 : f64[5, 3] = glorot\nparam b2 : f64[3]\n"
#define IN_OUT_ONE                                                                                           \
    "param W1 : f64[4, 5] = glorot\nparam b1 : f64[5]\nparam W2 : f64[5, 1] = glorot\nparam b2 : f64[1]\n"
#define OUT_IN_COLUMNS                                                                                       \
    "param W1 : f64[5, 4] = glorot\nparam b1 : f64[5, 1]\nparam W2 : f64[3, 5] = glorot\nparam b2 : f64[3, 1]\n"
#define NET(s) "h = " s "(x @ W1 + b1)\no = h @ W2 + b2\n"

const recognise_model perceptrons[] = {
    {"rows, sigmoid, mean of squares",
     ROWS "param U : f64[4, 5]\nparam c : f64[1, 5]\nparam V : f64[5, 3]\nparam e : f64[1, 3]\n"
          "p = sigmoid(sigmoid(x @ U + c) @ V + e)\nloss = mean((p - y)^2)",
     "4-5-3 N=7 sigmoid,sigmoid quadratic 2/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"one column, sigmoid by exp",
     "input x : f64[4, 1]\ninput t : f64[3, 1]\n" OUT_IN_COLUMNS "h = 1 / (1 + exp(-(W1 @ x + b1)))\n"
     "o = 1 / (1 + exp(-(W2 @ h + b2)))\nloss = sum((t - o)^2) / 2",
     "4-5-3 N=1 sigmoid,sigmoid quadratic 1 x:c y:c W:oo b:11 z:cc a:cc"},
    {"columns, W transposed, mean over M and K",
     "input x : f64[4, M]\ninput t : f64[3, M]\nparam A : f64[4, 5]\nparam a : f64[5, 1]\nparam B : f64[5, 3]\n"
     "param b : f64[3, 1]\no = transpose(B) @ tanh(transpose(A) @ x + a) + b\nloss = sum((o - t)^2) / 2 / M / 3",
     "4-5-3 N=7 tanh,identity quadratic 1/(N K) x:c y:c W:ii b:11 z:cc a:cc"},
    {"three layers of relu, shifted log-softmax by hand",
     ROWS IN_OUT
     "param W3 : f64[3, 3]\nparam b3 : f64[3]\ns = relu(relu(x @ W1 + b1) @ W2 + b2) @ W3 + b3\n"
     "m = max(s, axis=1, keepdims=true)\nl = s - m - log(sum(exp(s - m), axis=1, keepdims=true))\n"
     "loss = mean(-sum(y * l, axis=1))",
     "4-5-3-3 N=7 relu,relu,softmax cross_entropy 1/N x:r y:r W:iii b:111 z:rrr a:rr-"},
    {"out x in with rows, leaky relu by where, log of softmax, no last bias",
     ROWS
     "param W1 : f64[5, 4]\nparam c : f64[1, 5]\nparam W2 : f64[3, 5]\nz = x @ transpose(W1) + c\n"
     "h = where(z > 0, z, 0.01 * z)\ns = h @ transpose(W2)\np = exp(s) / sum(exp(s), axis=1, keepdims=true)\n"
     "loss = -sum(y * log(p)) / N",
     "4-5-3 N=7 leaky_relu,softmax cross_entropy 1/N x:r y:r W:oo b:10 z:rr a:rr"},
    {"binary cross-entropy with logs, max(z, 0), one output",
     ONE IN_OUT_ONE "s = maximum(x @ W1 + b1, 0) @ W2 + b2\n"
                    "loss = mean(-(y * log(sigmoid(s)) + (1 - y) * log(1 - sigmoid(s))))",
     "4-5-1 N=7 relu,sigmoid binary_cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:rr"},
    {"silu, stable binary cross-entropy",
     ONE IN_OUT_ONE "z = x @ W1 + b1\ns = (z * sigmoid(z)) @ W2 + b2\n"
                    "loss = mean(relu(s) - s * y + log(1 + exp(-abs(s))))",
     "4-5-1 N=7 silu,sigmoid binary_cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:r-"},
    {"vectors, products as sum(W x), tanh by sigmoid, l1",
     "input x : f64[4]\ninput t : f64[3]\nparam W1 : f64[5, 4]\nparam b1 : f64[5]\nparam W2 : f64[3, 5]\nparam b2 : f64[3]\n"
     "def mv(W, v) = sum(W * v, axis=1)\nh = 2 * sigmoid(2 * (mv(W1, x) + b1)) - 1\no = mv(W2, h) + b2\n"
     "loss = sum(abs(t - o))",
     "4-5-3 N=1 tanh,identity l1 1 x:r y:r W:oo b:11 z:rr a:rr"},
    {"transposes all over, softplus by log, huber",
     ROWS IN_OUT
     "h = transpose(transpose(W1) @ transpose(x) + reshape(b1, [5, 1]))\ng = log(1 + exp(h))\no = b2 + g @ W2\n"
     "loss = mean(where(abs(o - y) <= 1, 0.5 * (o - y)^2, abs(o - y) - 0.5))",
     "4-5-3 N=7 softplus,identity huber 1/(N K) x:r y:r W:ii b:11 z:cr a:rr"},
    {"gelu by erf, squares as products",
     ROWS IN_OUT
     "z = b1 + x @ W1\no = (0.5 * z * (1 + erf(z / sqrt(2)))) @ W2 + b2\nd = y - o\nloss = mean(d * d)",
     "4-5-3 N=7 gelu,identity quadratic 2/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"elu by where, logistic cost",
     ROWS IN_OUT
     "z = b1 + x @ W1\nh = where(z > 0, z, exp(z) - 1)\no = h @ W2 + b2\nloss = mean(log(1 + exp(-(y * o))))",
     "4-5-3 N=7 elu,identity logistic 1/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"no biases, linear", ROWS "param A : f64[4, 5]\nparam B : f64[5, 3]\nloss = sum((x @ A @ B - y)^2) / 2",
     "4-5-3 N=7 identity,identity quadratic 1 x:r y:r W:ii b:00 z:rr a:rr"},
    {"sin, hinge", ROWS IN_OUT NET("sin") "loss = sum(relu(y - o)) / N",
     "4-5-3 N=7 sin,identity hinge 1/N x:r y:r W:ii b:11 z:rr a:rr"},
    {"the library's activations and fused costs",
     ROWS IN_OUT NET("silu") "loss = mean(softmax_cross_entropy(o, y))",
     "4-5-3 N=7 silu,softmax cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:r-"},
    {"fused binary cross-entropy, several outputs",
     ROWS IN_OUT NET("gelu") "loss = sum(sigmoid_cross_entropy(o, y)) / N",
     "4-5-3 N=7 gelu,sigmoid binary_cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:r-"},
    {"the softmax kept beside the fused cost",
     COLUMNS OUT_IN_COLUMNS "s = W2 @ softplus(W1 @ x + b1) + b2\npred = softmax(s, axis=0)\n"
                            "loss = -sum(y * log_softmax(s, axis=0)) / N\noutput loss, pred",
     "4-5-3 N=7 softplus,softmax cross_entropy 1/N x:c y:c W:oo b:11 z:cc a:cc"},
    {"quadratic of a softmax", ROWS IN_OUT NET("tanh") "loss = mean((softmax(o, axis=-1) - y)^2)",
     "4-5-3 N=7 tanh,softmax quadratic 2/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"logistic regression",
     ROWS "param W : f64[4, 3]\nparam b : f64[3]\nloss = mean(softmax_cross_entropy(x @ W + b, y))",
     "4-3 N=7 softmax cross_entropy 1/N x:r y:r W:i b:1 z:r a:-"},
    {"a line through points, all numbers",
     "input x : f64[N]\ninput y : f64[N]\nparam w : f64[]\nparam b : f64[]\nloss = mean((w * x + b - y)^2)",
     "1-1 N=7 identity quadratic 2/N x:c y:c W:i b:1 z:c a:c"},
    {"a vector of weights for one output",
     "input x : f64[N, 4]\ninput y : f64[N]\nparam w : f64[4]\nparam b : f64[]\n"
     "loss = sum(sigmoid_cross_entropy(x @ w + b, y)) / N",
     "4-1 N=7 sigmoid binary_cross_entropy 1/N x:r y:c W:i b:1 z:c a:-"},
    {"standardised inputs",
     ROWS IN_OUT "const m = [5.8, 3.1, 3.8, 1.2]\nu = (x - m) / 2\nh = relu(u @ W1 + b1)\n"
                 "loss = mean((h @ W2 + b2 - y)^2) / 2",
     "4-5-3 N=7 relu,identity quadratic 1/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"images, flattened by the model",
     "input x : f64[N, 2, 2]\ninput y : f64[N, 3]\n" IN_OUT
     "h = tanh(reshape(x, [N, 4]) @ W1 + b1)\nloss = mean((h @ W2 + b2 - y)^2)",
     "4-5-3 N=7 tanh,identity quadratic 2/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"targets made of classes",
     "input x : f64[N, 4]\ninput c : i64[N]\n" IN_OUT NET(
         "relu") "loss = mean(softmax_cross_entropy(o, one_hot(c, depth=3)))",
     "4-5-3 N=7 relu,softmax cross_entropy 1/N x:r y:r W:ii b:11 z:rr a:r-"},
    {"targets in columns, outputs in rows",
     "input x : f64[N, 4]\ninput y : f64[3, N]\n" IN_OUT NET("relu") "loss = mean((transpose(o) - y)^2)",
     "4-5-3 N=7 relu,identity quadratic 2/(N K) x:r y:c W:ii b:11 z:rr a:rr"},
    {"an autoencoder",
     "input x : f64[N, 4]\nparam A : f64[4, 2]\nparam a : f64[2]\nparam B : f64[2, 4]\nparam b : f64[4]\n"
     "loss = sum((tanh(x @ A + a) @ B + b - x)^2)",
     "4-2-4 N=7 tanh,identity quadratic 2 x:r y:r W:ii b:11 z:rr a:rr"},
    {"as many examples as outputs",
     "input x : f64[3, 3]\ninput y : f64[3, 3]\nparam A : f64[3, 3]\nparam a : f64[3, 1]\n"
     "param B : f64[3, 3]\nparam b : f64[3, 1]\n"
     "o = transpose(B) @ tanh(A @ x + a) + b\nloss = sum((o - y)^2) / 2",
     "3-3-3 N=3 tanh,identity quadratic 1 x:c y:c W:oi b:11 z:cc a:cc"},
    {"relu as half of z + |z|, f32",
     "input x : f32[N, 4]\ninput y : f32[N, 3]\nparam A : f32[4, 5]\nparam a : f32[5]\nparam B : f32[5, 3]\n"
     "z = x @ A + a\nloss = mean(abs((z + abs(z)) / 2 @ B - y))",
     "4-5-3 N=7 relu,identity l1 1/(N K) x:r y:r W:ii b:10 z:rr a:rr"},
    {"tanh by exp, sigmoid by tanh",
     ROWS IN_OUT "z = x @ W1 + b1\nh = (exp(z) - exp(-z)) / (exp(z) + exp(-z))\n"
                 "o = (1 + tanh((h @ W2 + b2) / 2)) / 2\nloss = sum((o - y)^2) / 2",
     "4-5-3 N=7 tanh,sigmoid quadratic 1 x:r y:r W:ii b:11 z:rr a:rr"},
    {"a row as the one example",
     "input x : f64[1, 4]\ninput y : f64[1, 3]\n" IN_OUT NET("sigmoid") "loss = sum((o - y)^2)",
     "4-5-3 N=1 sigmoid,identity quadratic 2 x:r y:r W:ii b:11 z:rr a:rr"},
    {"gradients and a step beside the loss",
     ROWS IN_OUT NET(
         "tanh") "loss = mean((o - y)^2)\ng = grad(loss, W1)\nnext = W1 - 0.1 * g\noutput loss, g, next",
     "4-5-3 N=7 tanh,identity quadratic 2/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"an odd factor", ROWS IN_OUT NET("tanh") "loss = 0.3 * mean(sum(abs(y - o), axis=1))",
     "4-5-3 N=7 tanh,identity l1 3/(10 N) x:r y:r W:ii b:11 z:rr a:rr"},
    {"a factor that was rounded twice", ROWS IN_OUT NET("tanh") "loss = sum((y - o)^2) / 2 / N / 5",
     "4-5-3 N=7 tanh,identity quadratic 1/(5 N) x:r y:r W:ii b:11 z:rr a:rr"},
    {"targets made of integers",
     "input x : f64[N, 4]\ninput c : i64[N, 3]\n" IN_OUT NET(
         "tanh") "loss = mean((o - cast(c, dtype=f64))^2)",
     "4-5-3 N=7 tanh,identity quadratic 2/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {"a loss of shape [1, 1]", ROWS IN_OUT NET("tanh") "loss = mean(abs(y - o), axis=[0, 1], keepdims=true)",
     "4-5-3 N=7 tanh,identity l1 1/(N K) x:r y:r W:ii b:11 z:rr a:rr"},
    {NULL, NULL, NULL}};

#define SQUARE "input x : f64[N, 4]\ninput y : f64[N, 4]\nparam W1 : f64[4, 4]\nparam b1 : f64[4]\n"

const recognise_model others[] = {
    {"residual", SQUARE "param W2 : f64[4, 4]\nh = relu(x @ W1 + b1) + x\nloss = sum((h @ W2 - y)^2) / 2",
     "the input 'x' goes into layer 1 and also around it, into 'h': a connection that skips a layer"},
    {"residual above",
     SQUARE "param W2 : f64[4, 4]\nparam W3 : f64[4, 4]\nh = relu(x @ W1 + b1)\nk = tanh(h @ W2) + h\n"
            "loss = sum((k @ W3 - y)^2) / 2",
     "'h' of layer 1 goes into layer 2 and also around it, into 'k': a connection that skips a layer"},
    {"shared weights", SQUARE "loss = sum((tanh(tanh(x @ W1) @ W1) - y)^2) / 2",
     "the param 'W1' is used in two places, in layer 1 and again in"},
    {"decay of weights", ROWS IN_OUT NET("tanh") "loss = mean((o - y)^2) + 0.01 * sum(W1^2)",
     "the param 'W1' is used in two places, in layer 1 and again in"},
    {"an unknown activation",
     ROWS IN_OUT "z = x @ W1 + b1\nh = z / (1 + abs(z))\nloss = mean((h @ W2 + b2 - y)^2)",
     "what layer 1 makes of its z, 'h', is none of the activations that are known here"},
    {"an unknown cost", ROWS IN_OUT NET("tanh") "loss = mean((o - y)^4)",
     "the loss is no multiple of a cost that is known here"},
    {"a negative cost", ROWS IN_OUT NET("tanh") "loss = -mean((o - y)^2)",
     "the loss is no multiple of a cost that is known here"},
    {"no param", ROWS "loss = sum(x) - sum(y)",
     "the loss depends on no param, so there is no network to look for"},
    {"no targets", "input x : f64[N, 4]\n" IN_OUT NET("tanh") "loss = mean(o^2)",
     "the loss compares the outputs with no targets"},
    {"no targets, one layer", "input x : f64[N, 4]\nparam W : f64[4, 3]\nloss = sum((x @ W)^2)",
     "the loss compares the outputs with no targets"},
    {"two branches",
     ROWS "param A : f64[4, 3]\nparam B : f64[4, 3]\nloss = mean((sigmoid(x @ A) * tanh(x @ B) - y)^2)",
     "the param 'B' is not applied to the outputs"},
    {"two inputs",
     ROWS "input u : f64[N, 4]\nparam A : f64[4, 3]\nparam B : f64[4, 3]\n"
          "loss = mean((tanh(x @ A + u @ B) - y)^2)",
     "the param 'B' is not applied to the outputs"},
    {"a product of params", ROWS "param A : f64[4, 2]\nparam B : f64[2, 3]\nloss = mean((x @ (A @ B) - y)^2)",
     "the param 'A' is not applied to an input: it first meets another param"},
    {"weights times a number", ROWS "param A : f64[4, 3]\nloss = mean((x @ (2 * A) - y)^2)",
     "the param 'A' does not enter as the weights W of W a + b"},
    {"one bias for all units", ROWS "param A : f64[4, 3]\nparam b : f64[]\nloss = mean((x @ A + b - y)^2)",
     "the param 'A' is not the weights of a layer: its bias is one number for all units"},
    {"a bias for each example",
     ROWS "param A : f64[4, 3]\nparam b : f64[N, 1]\nloss = mean((x @ A + b - y)^2)",
     "the param 'A' is not the weights of a layer: its bias has other values for every example"},
    {"examples mixed",
     "input x : f64[N, 4]\ninput y : f64[5, 3]\nparam A : f64[4, 3]\nparam B : f64[5, N]\n"
     "loss = mean((B @ tanh(x @ A) - y)^2)",
     "the param 'B' is not the weights of a layer: it mixes examples"},
    {"every output compared with every target",
     "input x : f64[N, 4]\ninput y : f64[N]\nparam w : f64[4, 1]\nloss = mean((x @ w - y)^2)",
     "the targets 'y' are f64[7] and the outputs f64[7, 1]: a reshape may be missing"},
    {"classes as numbers",
     "input x : f64[N, 4]\ninput c : i64[N]\n" IN_OUT NET(
         "tanh") "loss = -mean(take_along_axis(log_softmax(o, axis=1), reshape(c, [N, 1]), axis=1))",
     "the targets 'c' are i64, and none of the costs that are known here takes those"},
    {"no function of the input", "input y : f64[N, 3]\nparam p : f64[3]\nloss = sum((p - y)^2)",
     "the param 'p' does not enter as the weights W of W a + b"},
    {"the loss a matrix", ROWS IN_OUT NET("tanh") "loss = (o - y)^2", "the loss is no single number"},
    {"normalised outputs",
     ROWS IN_OUT "z = x @ W1 + b1\nh = tanh(z - mean(z, axis=0, keepdims=true))\n"
                 "loss = mean((h @ W2 + b2 - y)^2)",
     "what layer 1 makes of its z, 'h', is none of the activations that are known here"},
    {"a softmax below the last layer",
     ROWS IN_OUT "h = softmax(x @ W1 + b1, axis=-1)\nloss = mean((h @ W2 + b2 - y)^2)",
     "what layer 1 makes of its z, 'h', is none of the activations that are known here"},
    {"outputs without a gradient",
     ROWS IN_OUT "h = stop_gradient(tanh(x @ W1 + b1))\nloss = mean((h @ W2 + b2 - y)^2)",
     "what layer 1 makes of its z, 'h', is none of the activations that are known here"},
    {"a loss partly without a gradient",
     ROWS IN_OUT NET("tanh") "loss = mean((o - y) * stop_gradient(o - y))",
     "the loss is no multiple of a cost that is known here"},
    {"three axes",
     "input x : f64[N, 2, 4]\ninput y : f64[N, 2, 3]\nparam W : f64[4, 3]\nloss = mean((x @ W - y)^2)",
     "the targets 'y' are f64[7, 2, 3] and the outputs f64[14, 3]: a reshape may be missing"},
    {"one bias for all units, in columns",
     COLUMNS "param A : f64[3, 4]\nparam b : f64[]\nloss = mean((A @ x + b - y)^2)",
     "the param 'A' is not the weights of a layer: its bias is one number for all units"},
    {"weights as their own bias",
     "input x : f64[N, 1]\ninput y : f64[N, 3]\nparam W : f64[1, 3]\n"
     "loss = mean((x @ W + W - y)^2)",
     "the param 'W' is used in two places, in layer 1 and again in"},
    {"squared weights", ROWS "param W : f64[4, 3]\nloss = mean((x @ W^2 - y)^2)",
     "the param 'W' does not enter as the weights W of W a + b"},
    {"a softmax over the examples",
     ROWS "param W : f64[4, 3]\nloss = -sum(y * log_softmax(x @ W, axis=0)) / N",
     "the loss is no multiple of a cost that is known here"},
    {"a softmax over the examples of one output",
     "input x : f64[N, 4]\ninput y : f64[N]\nparam w : f64[4]\nloss = -sum(y * log_softmax(sum(x * w, axis=1), axis=0)) / N",
     "the loss is no multiple of a cost that is known here"},
    {NULL, NULL, NULL}};
