#!/usr/bin/env python3
"""Times the training steps of bench_steps in PyTorch and writes them into its rows.

    bench/torch_steps.py ROWS.json

The networks are those of steps.c: sigmoid with the quadratic cost, or ReLU with a softmax cross-entropy, and plain
gradient descent; parameters are updated in place, and gradients are taken by torch.autograd.grad, which stores none."""
import json
import statistics
import sys
import time

import torch

# Sizes, batch, softmax or not, rate: as in steps.c.
WORKLOADS = {
    "W0": ([2, 3, 1], 4, False, 0.5),
    "W1": ([784, 30, 10], 10, False, 0.5),
    "W2": ([784, 64, 10], 64, True, 0.01),
    "W3": ([784, 512, 512, 10], 128, True, 0.01),
    "W4": ([1024, 1024, 1024, 1024, 10], 256, True, 0.002),
}
BLOCKS = 9
BLOCK_TIME = 0.05


def make_step(sizes, batch, is_softmax, rate):
    torch.manual_seed(1)
    params = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        params.append((torch.randn(inputs, outputs) * inputs**-0.5).requires_grad_())
        params.append(torch.zeros(outputs, requires_grad=True))
    x = torch.rand(batch, sizes[0]) * 2 - 1
    classes = torch.arange(batch) % sizes[-1]
    y = torch.nn.functional.one_hot(classes, max(2, sizes[-1]))[:, : sizes[-1]].float()

    def step():
        a = x
        for i in range(0, len(params), 2):
            a = torch.addmm(params[i + 1], a, params[i])
            if not is_softmax:
                a = torch.sigmoid(a)
            elif i < len(params) - 2:
                a = torch.relu(a)
        if is_softmax:
            loss = torch.nn.functional.cross_entropy(a, classes)
        else:
            loss = ((a - y) ** 2).sum() / (2 * batch)
        gradients = torch.autograd.grad(loss, params)
        with torch.no_grad():
            for param, gradient in zip(params, gradients):
                param.add_(gradient, alpha=-rate)

    return step


def seconds(step, n):
    start = time.perf_counter()
    for _ in range(n):
        step()
    return (time.perf_counter() - start) / n


def measure(name, threads):
    torch.set_num_threads(threads)
    step = make_step(*WORKLOADS[name])
    n = 1
    while seconds(step, n) * n < BLOCK_TIME:
        n *= 2
    return statistics.median(seconds(step, n) for _ in range(BLOCKS))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = json.load(file)
    for row in rows:
        row["torch_us"] = round(1e6 * measure(row["name"], row["threads"]), 4)
        print(f"{row['name']} on {row['threads']}: {row['torch_us']:12.2f} us, ours {row['ours_us']:12.2f} us")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("[" + ",\n ".join(json.dumps(row) for row in rows) + "]\n")


if __name__ == "__main__":
    main()
