"""Shape of the upper tail by ArviZ: the numbers of tests/peers/pareto_k.json.

python3 tests/peers/pareto_k.py > tests/peers/pareto_k.json

The generalised Pareto fit is ArviZ's `_gpdfit` (Zhang and Stephens 2009 with the prior of Vehtari et al. 2024); which
draws are the tail follows `_psislw`: the largest ceil(min(n / 5, 3 sqrt(n))), less the next. The draws are quantiles at
a shuffled grid of probabilities, so that they need no generator: u_i = ((i * 7919) % n + 0.5) / n, n prime to 7919.
"""

import json
import math

import arviz
import numpy as np
from arviz.stats.stats import _gpdfit
from scipy import stats

FAMILIES = {
    "uniform": lambda u: u,
    "exponential": stats.expon.ppf,
    "normal": stats.norm.ppf,
    "lognormal, sigma 0.5": lambda u: np.exp(0.5 * stats.norm.ppf(u)),
    "lognormal, sigma 2": lambda u: np.exp(2 * stats.norm.ppf(u)),
    "lognormal, sigma 4": lambda u: np.exp(4 * stats.norm.ppf(u)),
    "pareto, k 0.5": lambda u: (1 - u) ** -0.5,
    "pareto, k 1.2": lambda u: (1 - u) ** -1.2,
}


def tail(x):
    n = len(x)
    x = np.sort(x)
    cutoff = x[-int(math.ceil(min(n / 5.0, 3 * n**0.5))) - 1]
    return x[x > cutoff] - cutoff


cases = []
for n in [25, 100, 5000, 100003]:
    u = ((np.arange(n) * 7919) % n + 0.5) / n
    for name, quantile in FAMILIES.items():
        exceedances = tail(quantile(u))
        k, _ = _gpdfit(exceedances)
        cases.append({"family": name, "draws": n, "tail": len(exceedances), "k": float(k)})
print(json.dumps({"arviz": arviz.__version__, "cases": cases}, indent=1))
