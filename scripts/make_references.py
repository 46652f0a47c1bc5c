#!/usr/bin/python3
"""Reference values for the operations' tests, made with PyTorch in double precision.

    build/tests/dump_cases | scripts/make_references.py tests/data/references/references.npz

For every case: its value, the adjoints of its floating operands for the given cotangent, the tangent for the given
tangents, and the gradient of the adjoints weighted with the given weights (reverse over reverse). What an operation
computes is written here a second time, with PyTorch's functions; its derivatives are PyTorch's.
"""
import json
import math
import sys

import numpy as np
import torch

DTYPES = {"f32": torch.float32, "f64": torch.float64, "i64": torch.int64, "bool": torch.bool}


def axes_of(x, a):
    """The axes that a reduction names, all where it names none."""
    return tuple(range(x.dim())) if a["axis"] is None else tuple(a["axis"])


def product(x, a):
    for axis in sorted((i % x.dim() for i in axes_of(x, a)), reverse=True):
        x = torch.prod(x, dim=axis, keepdim=a["keepdims"])
    return x


def slices(x, a):
    """Positions by Python's own slicing of a list."""
    end = 2**63 - 1
    start = None if a["start"] == end else a["start"]
    stop = None if a["stop"] == end else a["stop"]
    positions = list(range(x.shape[a["axis"]]))[start : stop : a["step"]]
    return torch.index_select(x, a["axis"], torch.tensor(positions, dtype=torch.int64))


def pad(x, a):
    """Element i of an axis of x goes to low + i (inner + 1)."""
    inner = a["inner"] or [0] * x.dim()
    high = a["high"] or [0] * x.dim()
    places, shape = [], []
    for size, low, after, gap in zip(x.shape, a["low"], high, inner):
        places.append([low + i * (gap + 1) for i in range(size)])
        shape.append(low + max(size - 1, 0) * gap + size + after)
    out = torch.full(shape, a["value"], dtype=x.dtype)
    return out.index_put(torch.meshgrid(*map(torch.tensor, places), indexing="ij"), x)


def gather(x, indices, a):
    axis = a["axis"] % x.dim()
    picked = torch.index_select(x, axis, indices.reshape(-1))
    return picked.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def scatter_add(x, indices, updates, a):
    axis = a["axis"] % x.dim()
    flat = updates.reshape(x.shape[:axis] + (-1,) + x.shape[axis + 1 :])
    return torch.index_add(x, axis, indices.reshape(-1), flat)


def extremum(f):
    return lambda x, a: f(x, dim=axes_of(x, a), keepdim=a["keepdims"])


OPS = {
    "leaky_relu": lambda x, a: torch.nn.functional.leaky_relu(x, a["slope"]),
    "sum": lambda x, a: torch.sum(x, dim=axes_of(x, a), keepdim=a["keepdims"]),
    "mean": lambda x, a: torch.mean(x, dim=axes_of(x, a), keepdim=a["keepdims"]),
    "max": extremum(torch.amax),
    "min": extremum(torch.amin),
    "prod": product,
    "logsumexp": lambda x, a: torch.logsumexp(x, dim=axes_of(x, a), keepdim=a["keepdims"]),
    "cumsum": lambda x, a: (
        torch.cumsum(x.flip(a["axis"]), a["axis"]).flip(a["axis"]) if a["reverse"] else torch.cumsum(x, a["axis"])
    ),
    "argmax": lambda x, a: torch.argmax(x, dim=a["axis"]),
    "argmin": lambda x, a: torch.argmin(x, dim=a["axis"]),
    "matmul": lambda x, y, a: torch.matmul(x, y),
    "dot": lambda x, y, a: torch.dot(x, y),
    "outer": lambda x, y, a: torch.outer(x, y),
    "reshape": lambda x, a: x.reshape(a["shape"]),
    "transpose": lambda x, a: x.permute(a["order"] if a["order"] is not None else list(range(x.dim()))[::-1]),
    "broadcast_to": lambda x, a: x.expand(a["shape"]),
    "flip": lambda x, a: x.flip(a["axis"]),
    "slice": slices,
    "pad": pad,
    "concat": lambda *xs: torch.cat(xs[:-1], dim=xs[-1]["axis"]),
    "stack": lambda *xs: torch.stack(xs[:-1], dim=xs[-1]["axis"]),
    "gather": gather,
    "scatter_add": scatter_add,
    "take_along_axis": lambda x, i, a: torch.gather(x, a["axis"], i),
    "scatter_add_along_axis": lambda x, i, u, a: torch.scatter_add(x, a["axis"], i, u),
    "iota": lambda a: torch.arange(a["n"], dtype=DTYPES[a["dtype"]]),
    "full": lambda a: torch.full(a["shape"], a["value"], dtype=DTYPES[a["dtype"]]),
    "one_hot": lambda i, a: torch.nn.functional.one_hot(i, a["depth"]).to(DTYPES[a["dtype"]]),
    "cast": lambda x, a: x.to(DTYPES[a["dtype"]]),
    "stop_gradient": lambda x, a: x.detach(),
    "softmax": lambda x, a: torch.softmax(x, dim=a["axis"]),
    "log_softmax": lambda x, a: torch.log_softmax(x, dim=a["axis"]),
    "softmax_cross_entropy": lambda s, y, a: -(y * torch.log_softmax(s, dim=-1)).sum(-1),
    "sigmoid_cross_entropy": lambda z, y, a: torch.nn.functional.binary_cross_entropy_with_logits(
        z, y, reduction="none"
    ),
}


def tensor(values, like):
    return torch.tensor(values[: math.prod(like["shape"])], dtype=DTYPES[like["dtype"]]).reshape(like["shape"])


def gradients(y, xs, ybar):
    """Adjoints that can be differentiated again; zeros where y does not depend on an x."""
    if not y.requires_grad:
        return [torch.zeros_like(x) for x in xs]
    found = torch.autograd.grad(y, xs, ybar, create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if f is None else f for x, f in zip(xs, found)]


def references(case):
    inputs = [tensor(i["values"], i) for i in case["inputs"]]
    floating = [k for k, x in enumerate(inputs) if x.is_floating_point()]
    xs = [inputs[k].requires_grad_() for k in floating]
    y = OPS[case["op"]](*inputs, case["attributes"])
    made = {"value": y}
    if not xs or not y.is_floating_point():
        return made
    u = torch.tensor(case["cotangent"][: y.numel()], dtype=y.dtype).reshape(y.shape).requires_grad_()
    adjoints = gradients(y, xs, u)
    v = [tensor(case["inputs"][k]["tangent"], case["inputs"][k]) for k in floating]
    w = [tensor(case["inputs"][k]["weights"], case["inputs"][k]) for k in floating]
    # The adjoints are linear in u: the gradient of <J^T u, v> with respect to u is J v.
    made["tangent"] = gradients(sum((a * d).sum() for a, d in zip(adjoints, v)), [u], None)[0]
    second = gradients(sum((a * d).sum() for a, d in zip(adjoints, w)), xs, None)
    for k, adjoint, twice in zip(floating, adjoints, second):
        made[f"adjoint{k}"], made[f"second{k}"] = adjoint, twice
    return made


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    arrays = {}
    for case in json.load(sys.stdin):
        if case["op"] not in OPS:
            sys.exit(f"{case['op']}: write what it computes into OPS in {sys.argv[0]}")
        for name, value in references(case).items():
            arrays[f"{case['text']}/{name}"] = value.detach().contiguous().numpy()
    np.savez_compressed(sys.argv[1], **arrays)
    print(f"{sys.argv[1]}: {len(arrays)} arrays")


if __name__ == "__main__":
    main()
