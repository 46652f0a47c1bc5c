#!/usr/bin/python3
"""Compares random programs of the model language with PyTorch.

    scripts/compare_random_programs.py TAPEGRAD [--programs 1000] [--seed 0] [--keep FOLDER]

Each program is written as text and built in PyTorch (f64) at the same time, from the same random choices:
operations, indices, functions, and derivatives of the results (grad, vjp, jvp, hvp, jacobian, hessian, nested
gradients). TAPEGRAD evaluates the text with `eval --load in.npz --save out.npz`; every output has to agree to 1e-9
of its largest element. Needs torch and numpy.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile

import numpy
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

TOLERANCE = 1e-9

# name in the language, the same in PyTorch; both are smooth enough where the programs keep their values.
UNARY = {
    "neg": torch.neg, "abs": torch.abs, "square": torch.square, "exp": torch.exp, "expm1": torch.expm1,
    "sin": torch.sin, "cos": torch.cos, "atan": torch.atan, "sinh": torch.sinh, "cosh": torch.cosh,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu, "elu": torch.nn.functional.elu,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)), "erf": torch.erf, "erfc": torch.erfc,
    "silu": torch.nn.functional.silu, "gelu": torch.nn.functional.gelu,
}
POSITIVE = {"sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "reciprocal": torch.reciprocal, "log": torch.log,
            "log1p": torch.log1p}
BINARY = {"+": torch.add, "-": torch.sub, "*": torch.mul}
REDUCE = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "logsumexp": torch.logsumexp}


class Program:
    """Lines of text, and beside each name the PyTorch tensor of the same value."""

    def __init__(self, choose):
        self.choose = choose
        self.lines, self.values, self.inputs, self.outputs = [], {}, {}, []
        self.functions = []

    def new_name(self, prefix="t"):
        return f"{prefix}{len(self.values)}"

    def add_input(self, shape, size_name=None):
        name = self.new_name("x")
        generator = torch.Generator().manual_seed(self.choose.getrandbits(32))
        value = torch.rand(shape, generator=generator) * 2 - 1
        value.requires_grad_(True)
        self.values[name] = value
        self.inputs[name] = value
        sizes = [str(n) for n in shape]
        if size_name and sizes:
            sizes[0] = size_name
        self.lines.append(f"input {name} : f64[{', '.join(sizes)}]")

    def assign(self, text, value):
        """Values that grow are squashed, so that programs stay in a range where digits mean something."""
        if value.numel() == 0 or value.numel() > 400:
            return
        if value.abs().max() > 4:
            text, value = f"tanh({text})", torch.tanh(value)
        name = self.new_name()
        self.lines.append(f"{name} = {text}")
        self.values[name] = value

    def pick(self, fits=lambda v: True):
        names = [n for n, v in self.values.items() if fits(v)]
        if not names:
            return None, None
        name = self.choose.choice(names[-8:] if self.choose.random() < 0.6 else names)
        return name, self.values[name]


def broadcastable(a, b):
    try:
        torch.broadcast_shapes(a, b)
        return True
    except RuntimeError:
        return False


# ---- Statements: each adds one line, or nothing when it finds no operands. -----------------------------------


def unary(p):
    name, x = p.pick()
    op = p.choose.choice(sorted(UNARY))
    p.assign(f"{op}({name})", UNARY[op](x))


def positive(p):
    name, x = p.pick()
    op = p.choose.choice(sorted(POSITIVE))
    p.assign(f"{op}({name}^2 + 0.5)", POSITIVE[op](x ** 2 + 0.5))


def binary(p):
    a, x = p.pick()
    b, y = p.pick(lambda v: broadcastable(v.shape, x.shape))
    op = p.choose.choice(sorted(BINARY))
    number = round(p.choose.uniform(-2, 2), 3)
    kind = p.choose.randrange(5)
    if kind == 0:
        p.assign(f"{number} {op} {a}", BINARY[op](torch.tensor(number), x))
    elif kind == 1:
        p.assign(f"-{a} / (1.5 + {b}^2)", -x / (1.5 + y ** 2))
    elif kind == 2:
        p.assign(f"maximum({a}, {b} + 0.1234)", torch.maximum(x, y + 0.1234))
    elif kind == 3:
        p.assign(f"({a}^2 + 0.5) ^ {b}", (x ** 2 + 0.5) ** y)
    else:
        p.assign(f"{a} {op} {b}", BINARY[op](x, y))


def power(p):
    name, x = p.pick()
    exponent = p.choose.choice([2, 3, 4])
    p.assign(f"-{name}^{exponent}", -(x ** exponent))


def matmul(p):
    a, x = p.pick(lambda v: v.dim() == 2)
    if a is None:
        return
    b, y = p.pick(lambda v: v.dim() in (1, 2) and v.shape[0] == x.shape[1])
    if b is None:
        p.assign(f"{a} @ transpose({a})", x @ x.T)
    else:
        p.assign(f"{a} @ {b}", x @ y)


def reduce(p):
    name, x = p.pick(lambda v: v.dim() >= 1)
    if name is None:
        return
    op = p.choose.choice(sorted(REDUCE))
    axis = p.choose.randrange(-x.dim(), x.dim())
    keep = p.choose.random() < 0.5
    value = REDUCE[op](x, dim=axis, keepdim=keep)
    p.assign(f"{op}({name}, axis={axis}{', keepdims=true' if keep else ''})", value)


def softmax(p):
    name, x = p.pick(lambda v: v.dim() >= 1)
    if name is None:
        return
    axis = p.choose.randrange(-x.dim(), x.dim())
    if p.choose.random() < 0.5:
        p.assign(f"softmax({name}, axis={axis})", torch.softmax(x, axis))
    else:
        p.assign(f"log_softmax({name}, axis={axis})", torch.log_softmax(x, axis))


def index(p):
    name, x = p.pick(lambda v: v.dim() >= 1 and v.shape[0] >= 2)
    if name is None:
        return
    n = x.shape[0]
    kind = p.choose.randrange(5)
    if kind == 0:
        i = p.choose.randrange(-n, n)
        p.assign(f"{name}[{i}]", x[i])
    elif kind == 1:
        a = p.choose.randrange(0, n - 1)
        b = p.choose.randrange(a + 1, n + 1)
        p.assign(f"{name}[{a}:{b}]", x[a:b])
    elif kind == 2:
        p.assign(f"{name}[::-1]", torch.flip(x, [0]))
    elif kind == 3:
        rows = [p.choose.randrange(n) for _ in range(p.choose.randrange(1, 5))]
        p.assign(f"{name}[{rows}]", x[torch.tensor(rows)])
    elif x.dim() >= 2:
        p.assign(f"{name}[:, -1]", x[:, -1])


def shape(p):
    name, x = p.pick(lambda v: v.dim() >= 1)
    if name is None:
        return
    kind = p.choose.randrange(5)
    if kind == 0:
        p.assign(f"transpose({name})", x.permute(*reversed(range(x.dim()))))
    elif kind == 1:
        p.assign(f"reshape({name}, [-1])", x.reshape(-1))
    elif kind == 2:
        axis = p.choose.randrange(x.dim())
        p.assign(f"concat([{name}, sin({name})], axis={axis})", torch.cat([x, torch.sin(x)], axis))
    elif kind == 3:
        p.assign(f"stack([{name}, {name} * 0.5])", torch.stack([x, x * 0.5]))
    else:
        axis = p.choose.randrange(x.dim())
        p.assign(f"cumsum({name}, axis={axis})", torch.cumsum(x, axis))


def where(p):
    a, x = p.pick()
    b, y = p.pick(lambda v: broadcastable(v.shape, x.shape))
    p.assign(f"where({a} > 0.01234, {a} * 2, {b})", torch.where(x > 0.01234, x * 2, y))


def function(p):
    """A function of the program, defined at its first use."""
    if len(p.functions) < 2:
        p.functions.append(len(p.functions))
        p.lines.append([f"def blend(u, v) = 0.25 * u + tanh(v) * 0.5", "def bell(u) = exp(-u^2)"][len(p.functions) - 1])
    a, x = p.pick()
    if p.choose.randrange(len(p.functions)) == 0:
        b, y = p.pick(lambda v: broadcastable(v.shape, x.shape))
        p.assign(f"blend({a}, {b})", 0.25 * x + torch.tanh(y) * 0.5)
    else:
        p.assign(f"bell({a})", torch.exp(-x ** 2))


STATEMENTS = [unary, unary, positive, binary, binary, binary, power, matmul, matmul, reduce, softmax, index, shape,
              where, function]

# ---- Derivatives ---------------------------------------------------------------------------------------------


def gradient(y, x, **options):
    """Zeros where y does not depend on x."""
    if not y.requires_grad:
        return torch.zeros_like(x)
    result = torch.autograd.grad(y, x, allow_unused=True, **options)[0]
    return torch.zeros_like(x) if result is None else result


def product_with_hessian(y, x, v):
    return gradient((gradient(y, x, create_graph=True) * v).sum(), x, retain_graph=True)


def forward_product(y, x, xdot):
    """J xdot by differentiating the vjp, which is linear in its adjoint, once more."""
    if not y.requires_grad:
        return torch.zeros_like(y)
    adjoint = torch.zeros_like(y, requires_grad=True)
    back = torch.autograd.grad(y, x, adjoint, create_graph=True, allow_unused=True)[0]
    if back is None or not back.requires_grad:
        return torch.zeros_like(y)
    return gradient((back * xdot).sum(), adjoint, retain_graph=True)


def rows(y, x):
    parts = [gradient(element, x, retain_graph=True) for element in y.reshape(-1)]
    return torch.stack(parts).reshape(tuple(y.shape) + tuple(x.shape))


def add_output(p, text, value):
    name = f"out{len(p.outputs)}"
    p.lines.append(f"{name} = {text}")
    p.outputs.append((name, value.detach()))


def add_derivatives(p):
    name, t = list(p.values.items())[-1]
    x_name, x = p.choose.choice(sorted(p.inputs.items()))
    p.lines.append(f"loss = mean({name}^2) + sum(sin({name})) * 0.1")
    loss = (t ** 2).mean() + torch.sin(t).sum() * 0.1
    p.outputs.append(("loss", loss.detach()))
    p.outputs.extend((n, v.detach()) for n, v in p.values.items() if n not in p.inputs)
    add_output(p, f"grad(loss, {x_name})", gradient(loss, x, retain_graph=True))
    v, v_text = torch.ones_like(x) * 0.5, f"0 * {x_name} + 0.5"
    kind = p.choose.randrange(6)
    if kind == 0:
        add_output(p, f"vjp({name}, cos({name}), {x_name})",
                   gradient(t, x, grad_outputs=torch.cos(t).detach(), retain_graph=True))
    elif kind == 1:
        add_output(p, f"jvp({name}, {x_name}, {v_text})", forward_product(t, x, v))
    elif kind == 2:
        add_output(p, f"hvp(loss, {x_name}, {v_text})", product_with_hessian(loss, x, v))
    elif kind == 3 and t.numel() * x.numel() <= 400:
        add_output(p, f"jacobian({name}, {x_name})", rows(t, x))
    elif kind == 4 and x.numel() <= 12:
        add_output(p, f"hessian(loss, {x_name})", rows(gradient(loss, x, create_graph=True), x)
                   if gradient(loss, x, create_graph=True).requires_grad
                   else torch.zeros(tuple(x.shape) * 2))
    else:
        inner = gradient(loss, x, create_graph=True)
        add_output(p, f"grad(sum(grad(loss, {x_name})^2), {x_name})",
                   gradient((inner ** 2).sum(), x, retain_graph=True))


# ---- One program ---------------------------------------------------------------------------------------------


def make_program(seed):
    choose = random.Random(seed)
    p = Program(choose)
    n = choose.choice([1, 2, 3])
    p.add_input((n, choose.choice([2, 3, 4])), "N")
    for _ in range(choose.randrange(1, 3)):
        p.add_input(tuple(choose.choice([1, 2, 3]) for _ in range(choose.randrange(0, 4))))
    for _ in range(choose.randrange(3, 14)):
        choose.choice(STATEMENTS)(p)
    if len(p.values) == len(p.inputs):
        unary(p)
    add_derivatives(p)
    p.lines.append("output " + ", ".join(name for name, _ in p.outputs))
    return p


def compare(command, p, folder):
    """The largest error relative to each output's largest element, and what went wrong as text or None."""
    source, data, result = (os.path.join(folder, f) for f in ("p.tg", "in.npz", "out.npz"))
    with open(source, "w", encoding="utf-8") as file:
        file.write("\n".join(p.lines) + "\n")
    numpy.savez(data, **{name: value.detach().numpy() for name, value in p.inputs.items()})
    run = subprocess.run([command, "eval", source, "--load", data, "--save", result], capture_output=True, text=True,
                         check=False)
    if run.returncode != 0:
        return 0, f"exit status {run.returncode}: {run.stderr}"
    found, worst = numpy.load(result), 0
    for name, expected in p.outputs:
        want, got = expected.numpy(), found[name]
        if want.shape != got.shape:
            return worst, f"{name}: expected shape {want.shape}, found {got.shape}"
        error = numpy.abs(want - got).max() / max(1, numpy.abs(want).max())
        if not error <= TOLERANCE:
            return error, f"{name}: expected {want}, found {got}, error {error}"
        worst = max(worst, error)
    return worst, None


def main():
    parser = argparse.ArgumentParser(description="Compares random programs with PyTorch.")
    parser.add_argument("tapegrad")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", help="keep programs that differ in this folder")
    arguments = parser.parse_args()
    failed, worst, outputs = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(arguments.programs):
            seed = arguments.seed + i
            p = make_program(seed)
            error, problem = compare(arguments.tapegrad, p, folder)
            worst = max(worst, error)
            outputs += len(p.outputs)
            if problem is None:
                continue
            failed += 1
            print(f"program {seed}: {problem}", file=sys.stderr)
            if arguments.keep:
                os.makedirs(arguments.keep, exist_ok=True)
                with open(os.path.join(arguments.keep, f"{seed}.tg"), "w", encoding="utf-8") as file:
                    file.write("\n".join(p.lines) + "\n")
    print(f"{arguments.programs} programs, {outputs} outputs, {failed} programs differ, largest error {worst:.2g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
