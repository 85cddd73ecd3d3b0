"""Indices of shared effects where one acts on PUE - 1, by brute force: the numbers of `an_effect_on_pue` in
tests/statistics/shares.rs.

Y = sum over two models of w_m C_m (1 + P_m S^a_m) G on the tensor grid of 14-point Gauss-Hermite rules of its six
standard normals (7.5 million points): conditional means are means over axes of the grid, nothing is expanded.
"""

from math import prod

import numpy as np

NODES = 14
x, w = np.polynomial.hermite_e.hermegauss(NODES)
w = w / w.sum()
AXES = ["C1", "C2", "P1", "P2", "S", "G"]


def axis(name, values):
    shape = [1] * len(AXES)
    shape[AXES.index(name)] = NODES
    return values.reshape(shape)


def lognormal(name, median, sigma, weight=1.0):
    return axis(name, median * np.exp(weight * sigma * x))


def total(on_all_of_pue):
    def model(weight, c, p, power):
        s = lognormal("S", 1.0, 0.6, power)
        pue = (1 + p) * s if on_all_of_pue else 1 + p * s
        return weight * c * pue * lognormal("G", 1.0, 0.3)

    one = model(2.0, lognormal("C1", 1.0, 0.4), lognormal("P1", 0.3, 0.5), 1.0)
    two = model(1.0, lognormal("C2", 1.0, 0.5), lognormal("P2", 0.6, 0.3), 0.7)
    return one + two


def mean_given(y, names):
    for i, name in enumerate(AXES):
        if name not in names:
            y = (y * axis(name, w)).sum(axis=i, keepdims=True)
    return y


def variance_given(y, names):
    y = mean_given(y, names)
    weight = prod(axis(name, w) for name in names)
    mean = (y * weight).sum()
    return ((y - mean) ** 2 * weight).sum()


for on_all_of_pue in [False, True]:
    y = total(on_all_of_pue)
    v = variance_given(y, AXES)
    print("on all of PUE:" if on_all_of_pue else "on PUE - 1:", "sd", repr(float(v**0.5)))
    for part in [["S"], ["G"], ["C1", "P1"], ["C2", "P2"], ["S", "P1", "P2"], ["S", "G"]]:
        others = [name for name in AXES if name not in part]
        first, all_of_it = variance_given(y, part) / v, 1 - variance_given(y, others) / v
        print(" ", "+".join(part), f"{first:.10f}", f"{all_of_it:.10f}")
