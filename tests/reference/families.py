"""Points (x, P(X <= x)) of a distribution of each family for the Kolmogorov-Smirnov tests of tests/statistics.

Continuous parts: SciPy's quantiles at 199 levels. Around atoms: points between them.

Run: python3 tests/reference/families.py > tests/reference/families.csv   (NumPy, SciPy 1.17)
"""

import numpy as np
from scipy import special, stats

P = np.arange(1, 200) / 200


def lognormal(median, gsd):
    return stats.lognorm(np.log(gsd), scale=median)


def given(frozen, lo, hi):
    """Quantiles of what lies in [lo, hi]."""
    a, b = frozen.cdf(lo), frozen.cdf(hi)
    return frozen.ppf(a + P * (b - a))


def pert(lo, mode, hi):
    return stats.beta(1 + 4 * (mode - lo) / (hi - lo), 1 + 4 * (hi - mode) / (hi - lo), lo, hi - lo)


FAMILIES = {
    "lognormal": lognormal(3.0, 2.5).ppf(P),
    "normal": given(stats.norm(2.5, 1.0), 0.0, np.inf),
    "uniform": stats.uniform(1.0, 2.0).ppf(P),
    "loguniform": stats.loguniform(2.0, 5000.0).ppf(P),
    "triangular": stats.triang(0.2, 1.0, 5.0).ppf(P),
    "pert": pert(0.0, 1.0, 8.0).ppf(P),
    "beta": stats.beta(2.5, 4.0).ppf(P),
    "gamma": stats.gamma(3.0, scale=2.0).ppf(P),
    "logitnormal": special.expit(-0.5 + 1.25 * special.ndtri(P)),
    "shifted": 1.0 + lognormal(0.125, 1.5).ppf(P),
    "truncated": given(lognormal(1.0, 8.0), 0.0, 4.0),
    "truncated_gamma": given(stats.gamma(2.0), 0.5, 6.0),
}


def mixture():
    """A quarter zero, half lognormal(10, 3), a quarter uniform(20, 60)."""
    x = np.concatenate([[1e-6], lognormal(10.0, 3.0).ppf(P), np.linspace(20.0, 60.0, 41)])
    x.sort()
    return x, 0.25 + 0.5 * lognormal(10.0, 3.0).cdf(x) + 0.25 * stats.uniform(20.0, 40.0).cdf(x)


def empirical():
    """0.5, 1, 1, 2.5, 4, 8, 16: midpoints."""
    values = np.array([0.5, 1.0, 1.0, 2.5, 4.0, 8.0, 16.0])
    x = np.array([0.75, 1.75, 3.25, 6.0, 12.0, 17.0])
    return x, np.searchsorted(values, x) / 7


if __name__ == "__main__":
    print("family,x,cdf")
    rows = {name: (x, P) for name, x in FAMILIES.items()} | {"mixture": mixture(), "empirical": empirical()}
    for name, (x, cdf) in rows.items():
        for a, b in zip(x, cdf):
            print(f"{name},{a:.12g},{b:.12g}")
