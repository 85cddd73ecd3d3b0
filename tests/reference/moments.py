"""Reference moments for tests/input/marginals.

raw:    E[X^k] by mpmath quadrature of the density in ln x, 30 digits.
engine: E[X^k] over the 2^32 equally likely p = (2m+1)/2^33 and their mirror images: the outermost 2^18 cells of both
        tails summed one by one in f64 with SciPy's quantiles, the rest as an integral by mpmath (where the midpoint
        rule and the integral differ by less than 1e-11 of the moment).
load:   the same of exp(load z).

Run: python3 tests/reference/moments.py > tests/reference/moments.csv   (NumPy, SciPy 1.17, mpmath 1.3.0)
"""

import numpy as np
from mpmath import mp, mpf, beta as betafn, exp, gamma as gammafn, inf, log, ncdf, npdf, quad
from scipy import special, stats

mp.dps = 30


def lognormal(median, gsd):
    m, s = log(mpf(median)), log(mpf(gsd))
    return lambda u: npdf((u - m) / s) / s, lambda a, b: ncdf((b - m) / s) - ncdf((a - m) / s)


def moment(density, k, points):
    return quad(lambda u: exp(k * u) * density(u), points)


def ln_density(pdf):
    return lambda u: pdf(exp(u)) * exp(u)


LN = lambda *xs: [log(mpf(x)) if x > 0 else -inf for x in xs]


def raw():
    wide = list(range(-60, 61, 4))
    ln3 = lognormal(3.0, 2.5)[0]
    yield "lognormal", [1, 2, 3, 4, -1, -4], ln3, wide
    zero = ncdf(mpf(-3.0) / mpf(0.4))
    normal = lambda x: npdf((x - 3) / mpf(0.4)) / mpf(0.4) / (1 - zero)
    yield "normal", [1, 2, 4], ln_density(normal), [-100, -20, -5, 0, 1, 2, 3, 4]
    yield "uniform", [1, 3], ln_density(lambda x: mpf(1) / 2), [-100, -10, log(mpf(2))]
    yield "uniform_positive", [2, -1, -2], ln_density(lambda x: mpf(2)), LN(1, 1.5)
    yield "loguniform", [1, 4, -1], lambda u: 1 / (log(mpf(5000)) - log(mpf(2))), LN(2, 5000)
    triangle = lambda x: x / 2 if x < 1 else (4 - x) / 6
    yield "triangular", [1, 2, -1], ln_density(triangle), [-200, -20, -2, 0, log(mpf(4))]
    be = lambda a, b: lambda t: t ** (a - 1) * (1 - t) ** (b - 1) / betafn(a, b)
    a, b = mpf(1.5), mpf(4.5)
    yield "pert", [1, 2, 4, -1], ln_density(lambda x: be(a, b)(x / 8) / 8), [-300, -20, -2, 0, 1, log(mpf(7.9)), log(mpf(8))]
    yield "beta_bounds", [1, -1, -2], ln_density(lambda x: be(2, 3)((x - 1) / 4) / 4), LN(1, 2, 5)
    ga = lambda s: lambda u: exp(s * u - exp(u)) / gammafn(s)
    yield "gamma", [1, 4, -1, -2], lambda u: ga(3)(u - log(mpf(2))), list(range(-120, 11, 2))
    ex = lambda u: npdf((u + mpf(0.5)) / mpf(1.25)) / mpf(1.25)  # density of the logit
    t = lambda u: 1 / (1 + exp(-u))
    for k in (1, 2, -1, -3):
        yield "logitnormal", [k], (lambda k: lambda u: ex(u) * t(u) ** k * exp(-k * u))(k), wide
    s = lognormal(0.125, 1.5)[0]
    for k in (1, 2, 4, -1):
        yield "shifted", [k], (lambda k: lambda u: s(u) * (1 + exp(u)) ** k * exp(-k * u))(k), wide
    z, zc = lognormal(10.0, 3.0)
    yield "zero_inflated", [1, 2], lambda u: mpf(3) / 4 * z(u), wide
    d, c = lognormal(1.0, 8.0)
    top = log(mpf(4))
    yield "truncated_top", [1, 2, -1], lambda u: d(u) / c(-inf, top), list(range(-80, 1, 4)) + [1, top]
    d2, c2 = lognormal(1.0, 2.0)
    yield "truncated_tail", [1, 2, -1], lambda u: d2(u) / c2(log(mpf(64)), inf), LN(64, 80, 128, 512, 4096, 1e6, 1e9)


CELLS = 2**18
H = 2.0**-32
P = (2 * np.arange(CELLS) + 1) * H / 2
A = CELLS * H


def tail(low, high, k):
    return H * (np.sum(low[::-1] ** k) + np.sum(high[::-1] ** k))


def engine():
    z = special.ndtri(P)
    za = mp.findroot(lambda x: ncdf(x) - mpf(A), special.ndtri(A))
    for load in (0.25, 1.0, 1.5, 1.75, 3.0, 6.0, 12.0, -2.0):
        l = mpf(load)
        body = exp(l * l / 2) * (ncdf(-za - l) - ncdf(za - l))
        yield f"load,{load!r},", body + mpf(H * np.sum(np.exp(load * z)[::-1] + np.exp(-load * z)[::-1]))
    # Gamma(3) scale 2
    low, high = stats.gamma.ppf(P, 3, scale=2), stats.gamma.isf(P, 3, scale=2)
    a, b = stats.gamma.ppf(A, 3, scale=2), stats.gamma.isf(A, 3, scale=2)
    for k in (-2, -1, 1, 2, 4):
        body = quad(lambda x: x**k * x**2 * exp(-x / 2) / 16, [a, 0.1, 1, 5, 20, b])
        yield f"engine,gamma,{k}", body + mpf(tail(low, high, float(k)))
    # 0.25 zero, 0.75 lognormal(10, 3): the lower tail is zero
    s = np.log(3.0)
    high = 10 * np.exp(-s * special.ndtri(P / 0.75))
    zb = mp.findroot(lambda x: ncdf(x) - mpf(A) / mpf(0.75), special.ndtri(A / 0.75))
    for k in (1, 2, 4):
        l = k * log(mpf(3))
        body = mpf(0.75) * mpf(10) ** k * exp(l * l / 2) * ncdf(-zb - l)
        yield f"engine,zero_inflated,{k}", body + mpf(H * np.sum(high[::-1] ** k))
    # lognormal(1, 8) below 4
    s = np.log(8.0)
    c = special.ndtr(np.log(4.0) / s)
    low, high = np.exp(s * special.ndtri(P * c)), np.exp(s * special.ndtri(c - P * c))
    sm = log(mpf(8))
    cm = ncdf(log(mpf(4)) / sm)
    z0 = mp.findroot(lambda x: ncdf(x) - A * cm, special.ndtri(A * c))
    z1 = mp.findroot(lambda x: ncdf(x) - (1 - A) * cm, 0.66)
    for k in (1, 2, -1):
        l = k * sm
        body = exp(l * l / 2) * (ncdf(z1 - l) - ncdf(z0 - l)) / cm
        yield f"engine,truncated_top,{k}", body + mpf(tail(low, high, float(k)))
    # half lognormal(50, 1.25), half lognormal(600, 1.25): in either tail the other half is beyond 1e-25
    s = np.log(1.25)
    low, high = 50 * np.exp(s * special.ndtri(2 * P)), 600 * np.exp(-s * special.ndtri(2 * P))
    sm = log(mpf(1.25))
    z0 = mp.findroot(lambda x: ncdf(x) - 2 * A, special.ndtri(2 * A))
    for k in (1, 2, -1):
        l = k * sm
        body = exp(l * l / 2) / 2 * (mpf(50) ** k * (1 - ncdf(z0 - l)) + mpf(600) ** k * ncdf(-z0 - l))
        yield f"engine,mixture_far,{k}", body + mpf(tail(low, high, float(k)))


if __name__ == "__main__":
    print("kind,case,k,moment")
    for name, ks, density, points in raw():
        for k in ks:
            print(f"raw,{name},{k},{mp.nstr(moment(density, k, points), 17)}")
    for label, value in engine():
        print(f"{label},{mp.nstr(value, 17)}")
