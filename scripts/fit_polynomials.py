#!/usr/bin/env python3
"""Fits the polynomials of src/kernels/vector_math_*.h: coefficients that make the largest weighted error as small as
it can be (Remez's exchange), rounded to the precision that they are used in; those of f32 one at a time, the rest fitted anew.

    scripts/fit_polynomials.py [NAME…]

Needs mpmath. Prints the coefficients from the lowest power up, and the error in units of 2^-24 or 2^-53.
"""

import sys

import mpmath as mp

mp.mp.dps = 45


def round_to(bits, x):
    if x == 0:
        return mp.mpf(0)
    scale = mp.mpf(2) ** (bits - 1 - mp.floor(mp.log(abs(x), 2)))
    return mp.nint(x * scale) / scale


def grid(low, high, n):
    """Chebyshev points, which miss 0 in the middle of an interval."""
    return [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (2 * i + mp.mpf("1.01")) / (2 * n + 1)) for i in range(n)][::-1]


def extrema(values, wanted):
    """Indices of alternating local extrema; the weakest go while there are too many."""
    chosen = []
    for i, v in enumerate(values):
        if chosen and (values[chosen[-1]] > 0) == (v > 0):
            if abs(v) > abs(values[chosen[-1]]):
                chosen[-1] = i
        else:
            chosen.append(i)
    while len(chosen) > wanted:
        if len(chosen) == wanted + 1:
            chosen = chosen[1:] if abs(values[chosen[0]]) < abs(values[chosen[-1]]) else chosen[:-1]
        else:
            i = min(range(len(chosen) - 1), key=lambda k: max(abs(values[chosen[k]]), abs(values[chosen[k + 1]])))
            chosen = chosen[:i] + chosen[i + 2:]
    return chosen


def fit(points, target, weight, powers):
    n = len(powers)
    at = extrema([mp.cos(mp.pi * i * n / (len(points) - 1)) for i in range(len(points))], n + 1)
    coefficients = None
    for _ in range(40):
        system, right = mp.matrix(n + 1), mp.matrix(n + 1, 1)
        for row, i in enumerate(at):
            for column, power in enumerate(powers):
                system[row, column] = weight[i] * points[i] ** power
            system[row, n] = (-1) ** row
            right[row] = weight[i] * target[i]
        solution = mp.lu_solve(system, right)
        coefficients = [solution[k] for k in range(n)]
        level = abs(solution[n])
        values = [weight[i] * (target[i] - sum(c * x**p for c, p in zip(coefficients, powers))) for i, x in enumerate(points)]
        if max(abs(v) for v in values) <= level * mp.mpf("1.005"):
            break
        new = extrema(values, n + 1)
        if len(new) < n + 1 or new == at:
            break
        at = new
    return coefficients


def fit_rounded(bits, low, high, function, weight, powers, points=400):
    xs = grid(mp.mpf(low), mp.mpf(high), points)
    target, weights = [function(x) for x in xs], [weight(x) for x in xs]
    rest, result = list(powers), []
    if bits == 53:  # rounding matters little
        result = [round_to(bits, c) for c in fit(xs, target, weights, rest)]
        target = [t - sum(c * x**p for c, p in zip(result, rest)) for t, x in zip(target, xs)]
        rest = []
    while rest:
        c = round_to(bits, fit(xs, target, weights, rest)[0])
        result.append(c)
        target = [t - c * x ** rest[0] for t, x in zip(target, xs)]
        rest = rest[1:]
    return result, max(abs(w * t) for w, t in zip(weights, target))


half_log2 = mp.log(2) / 2 * mp.mpf("1.001")
low_log, high_log = 1 / mp.sqrt(2) - 1, mp.sqrt(2) - 1
eighth_turn = (mp.pi / 4 * mp.mpf("1.001")) ** 2
z_log = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2


def erf_tail(z):
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1


def erfc_variable(x):
    return (mp.mpf(x) - 4) / (mp.mpf(x) + 4)


def erfc_factor(t):
    """(x + 1/2) e^(x^2) erfc(x) for x = 4 (1 + t) / (1 - t)."""
    x = 4 * (1 + t) / (1 - t)
    return (x + mp.mpf("0.5")) * mp.exp(x * x) * mp.erfc(x)


ERFC_MIDDLE = erfc_factor(mp.mpf(0))


def odd_tail(function):
    """P where the odd function is r + r z P(z), z = r^2."""
    return lambda z: (function(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


def odd_weight(function):
    return lambda z: z ** mp.mpf("1.5") / function(mp.sqrt(z))


def log_factor(z):
    """log((1 + s) / (1 - s)) = 2/3 s log_factor(s^2)."""
    return 3 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z)

# name: bits, low, high, function, weight of its error, powers
FITS = {
    # e^r = 1 + r + r^2 P(r)
    "exp_f32": (24, -half_log2, half_log2, lambda r: (mp.expm1(r) - r) / r**2, lambda r: abs(r**2 / mp.expm1(r)), range(6)),
    "exp_f64": (53, -half_log2, half_log2, lambda r: (mp.expm1(r) - r) / r**2, lambda r: abs(r**2 / mp.expm1(r)), range(11)),
    # log(1 + f) = f - f^2 / 2 + f^3 P(f)
    "log_f32": (24, low_log, high_log, lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, lambda f: abs(f**3 / mp.log1p(f)), range(9)),
    # log((1 + s) / (1 - s)) = 2 s + s z P(z), z = s^2
    "log_f64": (53, mp.mpf("1e-9"), z_log, lambda z: (2 * mp.atanh(mp.sqrt(z)) - 2 * mp.sqrt(z)) / mp.sqrt(z) ** 3, lambda z: z / 2, range(7)),
    # sin r = r + r z P(z), z = r^2
    "sin_f32": (24, mp.mpf("1e-9"), eighth_turn, lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z ** mp.mpf("1.5") / mp.sin(mp.sqrt(z)), range(4)),
    "sin_f64": (53, mp.mpf("1e-9"), eighth_turn, lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z ** mp.mpf("1.5") / mp.sin(mp.sqrt(z)), range(7)),
    # cos r = 1 - z / 2 + z^2 P(z)
    "cos_f32": (24, mp.mpf("1e-9"), eighth_turn, lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / mp.cos(mp.sqrt(z)), range(3)),
    "cos_f64": (53, mp.mpf("1e-9"), eighth_turn, lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / mp.cos(mp.sqrt(z)), range(6)),
    # sinh r = r + r z P(z), z = r^2
    "sinh_f32": (24, mp.mpf("1e-9"), half_log2**2, odd_tail(mp.sinh), odd_weight(mp.sinh), range(3)),
    "sinh_f64": (53, mp.mpf("1e-9"), half_log2**2, odd_tail(mp.sinh), odd_weight(mp.sinh), range(6)),
    # cosh r = 1 + z / 2 + z^2 P(z)
    "cosh_f32": (24, mp.mpf("1e-9"), half_log2**2, lambda z: (mp.cosh(mp.sqrt(z)) - 1 - z / 2) / z**2, lambda z: z**2 / mp.cosh(mp.sqrt(z)), range(2)),
    "cosh_f64": (53, mp.mpf("1e-9"), half_log2**2, lambda z: (mp.cosh(mp.sqrt(z)) - 1 - z / 2) / z**2, lambda z: z**2 / mp.cosh(mp.sqrt(z)), range(5)),
    # atan t = t + t z P(z), z = t^2
    "atan_f32": (24, mp.mpf("1e-9"), 1, odd_tail(mp.atan), odd_weight(mp.atan), range(10)),
    "atan_f64": (53, mp.mpf("1e-9"), 1, odd_tail(mp.atan), odd_weight(mp.atan), range(21)),
    # log((1 + s) / (1 - s)) = 2/3 s (3 + z + z^2 P(z)), z = s^2, to more than 53 bits
    "pow_log_f64": (53, mp.mpf("1e-9"), z_log, lambda z: (log_factor(z) - 3 - z) / z**2, lambda z: z**2 / log_factor(z), range(9)),
    # The power of f32 is computed in double: log(1 + f) = f - f^2 / 2 + f^3 P(f), and e^r = 1 + r + r^2 P(r)
    "pow_log_f32": (53, low_log, high_log, lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, lambda f: abs(f**3 / mp.log1p(f)), range(12)),
    "pow_exp_f32": (53, -half_log2, half_log2, lambda r: (mp.expm1(r) - r) / r**2, lambda r: r**2 / mp.exp(r), range(6)),
    # erf x = x + x P(z), z = x^2
    "erf_f32": (24, mp.mpf("1e-9"), 1, erf_tail, lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), range(7)),
    "erf_f64": (53, mp.mpf("1e-9"), 1, erf_tail, lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), range(13)),
    # (x + 1/2) e^(x^2) erfc(x) = c + P(t), c its rounded value at t = 0
    "erfc_f32": (24, erfc_variable("0.75"), erfc_variable("10.2"), lambda t: erfc_factor(t) - round_to(24, ERFC_MIDDLE), lambda t: 1 / erfc_factor(t), range(11)),
    "erfc_f64": (53, erfc_variable("0.75"), erfc_variable("27.5"), lambda t: erfc_factor(t) - round_to(53, ERFC_MIDDLE), lambda t: 1 / erfc_factor(t), range(23)),
}


def main():
    for name in sys.argv[1:] or FITS:
        bits, low, high, function, weight, powers = FITS[name]
        coefficients, error = fit_rounded(bits, low, high, function, weight, list(powers))
        print(f"{name}: error {mp.nstr(error * 2**bits, 3)} * 2^-{bits}")
        for c in coefficients:
            print(f"    {float(c):.9g}" if bits == 24 else f"    {float(c):.17g}")


if __name__ == "__main__":
    main()
