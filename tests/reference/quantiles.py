"""Reference quantiles Q(Phi(z)) for tests/input/marginals, by bisection on 50-digit CDFs of mpmath.

Run: python3 tests/reference/quantiles.py > tests/reference/quantiles.csv   (mpmath 1.3.0)
"""

from mpmath import mp, mpf, betainc, erfc, exp, gammainc, log, ncdf, sqrt

mp.dps = 50


def lognormal(median, gsd):
    return lambda x: ncdf(log(x / mpf(median)) / log(mpf(gsd))) if x > 0 else mpf(0)


def normal(mean, sd):
    mean, sd = mpf(mean), mpf(sd)
    zero = ncdf(-mean / sd)
    return lambda x: (ncdf((x - mean) / sd) - zero) / (1 - zero) if x > 0 else mpf(0)


def clip(p):
    return min(max(p, mpf(0)), mpf(1))


def uniform(lo, hi):
    return lambda x: clip((x - mpf(lo)) / (mpf(hi) - mpf(lo)))


def loguniform(lo, hi):
    return lambda x: clip(log(x / mpf(lo)) / log(mpf(hi) / mpf(lo))) if x > 0 else mpf(0)


def triangular(lo, mode, hi):
    lo, mode, hi = mpf(lo), mpf(mode), mpf(hi)

    def cdf(x):
        if x <= lo:
            return mpf(0)
        if x >= hi:
            return mpf(1)
        if x <= mode and mode > lo:
            return (x - lo) ** 2 / ((hi - lo) * (mode - lo))
        return 1 - (hi - x) ** 2 / ((hi - lo) * (hi - mode))

    return cdf


def beta(a, b, lo, hi):
    a, b, lo, hi = mpf(a), mpf(b), mpf(lo), mpf(hi)

    def cdf(x):
        t = clip((x - lo) / (hi - lo))
        if t > mpf("0.5"):
            return 1 - betainc(b, a, 0, 1 - t, regularized=True)
        return betainc(a, b, 0, t, regularized=True)

    return cdf


def pert(lo, mode, hi):
    lo_, mode_, hi_ = mpf(lo), mpf(mode), mpf(hi)
    return beta(1 + 4 * (mode_ - lo_) / (hi_ - lo_), 1 + 4 * (hi_ - mode_) / (hi_ - lo_), lo, hi)


def gamma(shape, scale):
    shape, scale = mpf(shape), mpf(scale)
    return lambda x: 1 - gammainc(shape, x / scale, regularized=True) if x > 0 else mpf(0)


def logitnormal(mu, sd, lo, hi):
    mu, sd, lo, hi = mpf(mu), mpf(sd), mpf(lo), mpf(hi)
    return lambda x: mpf(0) if x <= lo else mpf(1) if x >= hi else ncdf((log((x - lo) / (hi - x)) - mu) / sd)


def fixed(v):
    return lambda x: mpf(1) if x >= mpf(v) else mpf(0)


def empirical(values):
    return lambda x: mpf(sum(1 for v in values if mpf(v) <= x)) / len(values)


def shifted(shift, inner):
    return lambda x: inner(x - mpf(shift))


def mixture(*parts):
    return lambda x: sum(mpf(w) * f(x) for w, f in parts)


def truncated(inner, lo, hi):
    """For inner distributions without an atom at lo."""
    start = inner(mpf(lo))
    end = mpf(1) if hi == "inf" else inner(mpf(hi))
    return lambda x: clip((inner(x) - start) / (end - start)) if x >= mpf(lo) else mpf(0)


# Numbers are the f64 literals of the test, so they are given as floats.
CASES = {
    "lognormal": lognormal(3.0, 2.5),
    "normal": normal(3.0, 0.4),
    "normal_near_zero": normal(2.5, 1.0),
    "uniform": uniform(0.0, 2.0),
    "uniform_positive": uniform(1.0, 1.5),
    "loguniform": loguniform(2.0, 5000.0),
    "triangular": triangular(0.0, 1.0, 4.0),
    "triangular_left": triangular(2.0, 2.0, 3.0),
    "triangular_zero": triangular(0.0, 0.0, 1.0),
    "triangular_right": triangular(2.0, 3.0, 3.0),
    "pert": pert(0.0, 1.0, 8.0),
    "pert_edge": pert(1.0, 1.0, 3.0),
    "beta": beta(2.5, 4.0, 0.0, 1.0),
    "beta_u": beta(0.5, 0.25, 0.0, 1.0),
    "beta_large": beta(3000.0, 500.0, 0.0, 1.0),
    "beta_bounds": beta(2.0, 3.0, 1.0, 5.0),
    "gamma": gamma(3.0, 2.0),
    "gamma_small": gamma(0.0625, 1.0),
    "gamma_one": gamma(1.0, 1.0),
    "gamma_large": gamma(20000.0, 0.5),
    "logitnormal": logitnormal(-0.5, 1.25, 0.0, 1.0),
    "logitnormal_bounds": logitnormal(0.5, 2.0, 0.25, 0.75),
    "shifted": shifted(1.0, lognormal(0.125, 1.5)),
    "mixture_far": mixture((0.5, lognormal(50.0, 1.25)), (0.5, lognormal(600.0, 1.25))),
    "mixture_three": mixture((0.5, lognormal(0.125, 1.375)), (0.25, lognormal(0.25, 1.375)), (0.25, uniform(0.5, 1.0))),
    "zero_inflated": mixture((0.25, fixed(0.0)), (0.75, lognormal(10.0, 3.0))),
    "atoms_between": mixture((0.5, uniform(0.0, 1.0)), (0.25, fixed(0.5)), (0.25, empirical([0.25, 3.0, 3.0, 7.0]))),
    "gap": mixture((0.5, uniform(0.0, 1.0)), (0.5, uniform(5.0, 6.0))),
    "empirical": empirical([0.0, 1.0, 1.0, 2.5, 4.0, 8.0, 16.0]),
    "truncated_top": truncated(lognormal(1.0, 8.0), 0.0, 4.0),
    "truncated_tail": truncated(lognormal(1.0, 2.0), 64.0, "inf"),
    "truncated_both": truncated(gamma(2.0, 1.0), 0.5, 6.0),
    "truncated_mixture": truncated(mixture((0.5, lognormal(1.0, 2.0)), (0.5, lognormal(100.0, 2.0))), 0.5, 150.0),
}


def quantile(cdf, z):
    p = ncdf(mpf(z))
    if cdf(mpf(0)) >= p:
        return mpf(0)
    lo, hi = mpf(-2000), mpf(60)
    while hi - lo > mpf(10) ** -24:
        mid = (lo + hi) / 2
        if cdf(exp(mid)) >= p:
            hi = mid
        else:
            lo = mid
    return exp(hi)


if __name__ == "__main__":
    print("case,z,quantile")
    for name, cdf in CASES.items():
        for i in range(19):
            z = -6.3 + 0.7 * i
            print(f"{name},{z!r},{mp.nstr(quantile(cdf, z), 19, min_fixed=0, max_fixed=0)}")
