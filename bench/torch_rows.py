#!/usr/bin/env python3
"""Times what bench_steps and bench_arrays do in PyTorch and writes it into their rows.

    bench/torch_rows.py ROWS.json BENCH_STEPS

Every number of threads has a process of its own, in which PyTorch and its BLAS have as many and as many processors. Since
a machine's clock drifts, steps are measured by BENCH_STEPS once more beside PyTorch's: ours_beside_torch_us.

The networks are those of steps.c: sigmoid with the quadratic cost, or ReLU with a softmax cross-entropy, and plain
gradient descent; parameters are updated in place, and gradients are taken by torch.autograd.grad, which stores none.
The arrays are those of arrays.c."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
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
# Rows and columns; operation, as in arrays.c.
ARRAYS = {
    "chain": ((10000000,), lambda x: chain(x)),
    "logsumexp": ((1280000,), lambda x: torch.logsumexp(x, -1)),
    "softmax": ((1280000,), lambda x: torch.softmax(x, -1)),
    "logsumexp_rows": ((1280, 1000), lambda x: torch.logsumexp(x, -1)),
    "softmax_rows": ((1280, 1000), lambda x: torch.softmax(x, -1)),
}
TYPES = {"f32": torch.float32, "f64": torch.float64}
BLOCKS = 9
BLOCK_TIME = 0.05


def chain(x):
    t = (-(x * 1.5 + 0.5)).abs().clamp(min=0.25)
    return (t.square() - x).clamp(max=4) * 0.75 + x


def make_array_step(name, dtype):
    shape, operation = ARRAYS[name]
    x = torch.rand(shape, dtype=dtype) * 8 - 4
    return lambda: operation(x)


def make_step(sizes, batch, is_softmax, rate, dtype):
    torch.manual_seed(1)
    params = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        params.append((torch.randn(inputs, outputs, dtype=dtype) * inputs**-0.5).requires_grad_())
        params.append(torch.zeros(outputs, dtype=dtype, requires_grad=True))
    x = torch.rand(batch, sizes[0], dtype=dtype) * 2 - 1
    classes = torch.arange(batch) % sizes[-1]
    y = torch.nn.functional.one_hot(classes, max(2, sizes[-1]))[:, : sizes[-1]].to(dtype)

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


def measure(row):
    """Seconds of a row's step."""
    dtype = TYPES[row["dtype"]]
    if row["name"] in ARRAYS:
        step = make_array_step(row["name"], dtype)
    else:
        step = make_step(*WORKLOADS[row["name"]], dtype)
    n = 1
    while seconds(step, n) * n < BLOCK_TIME:
        n *= 2
    return statistics.median(seconds(step, n) for _ in range(BLOCKS))


def measure_ours(row, bench_steps):
    """Microseconds of the library's step, measured again."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        subprocess.run([bench_steps, "--only", row["name"], "--type", row["dtype"], "--threads", str(row["threads"]),
                        "--blocks", "5", "--json", file.name], check=True, stdout=subprocess.DEVNULL)
        return json.load(file)[0]["ours_us"]


def time_rows(path, bench_steps, threads):
    """Fills in the rows of so many threads."""
    torch.set_num_threads(threads)
    with open(path, encoding="utf-8") as file:
        rows = json.load(file)
    for row in rows:
        if row["threads"] != threads:
            continue
        row["torch_us"] = round(1e6 * measure(row), 4)
        ours = row["ours_us"]
        if row["name"] in WORKLOADS:
            ours = row["ours_beside_torch_us"] = measure_ours(row, bench_steps)
        print(f"{row['name']:14} {row['dtype']} on {threads}: {row['torch_us']:12.2f} us, ours {ours:12.2f} us, "
              f"ratio {row['torch_us'] / ours:6.2f}", flush=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("[" + ",\n ".join(json.dumps(row) for row in rows) + "]\n")


def main():
    path, bench_steps = sys.argv[1:3]
    if len(sys.argv) > 3:
        time_rows(path, bench_steps, int(sys.argv[3]))
        return
    with open(path, encoding="utf-8") as file:
        counts = sorted({row["threads"] for row in json.load(file)})
    processors = sorted(os.sched_getaffinity(0))
    for threads in counts:
        os.sched_setaffinity(0, processors[:threads])
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
        subprocess.run([sys.executable, __file__, path, bench_steps, str(threads)], check=True, env=environment)


if __name__ == "__main__":
    main()
