"""SALib's grouped Sobol' analysis of a portfolio: models x 4 lognormal factors, grouped by factor.

    python3 benches/peers/salib_grouped.py MODELS BASE      # one round of benches/salib.rs

Prints "sample S", "model S", "analyze S" (seconds), "rows R", then "first F i value" and "total F i value". Saltelli's
scheme: BASE x (groups + 2) rows of the model, second-order indices off, as many bootstrap resamples as SALib takes by
default. SALib draws both samples from one Sobol' sequence of SciPy, of at most 21,201 dimensions: 10,600 inputs, 2,650
models of four. The model itself is NumPy, a chunk of rows at a time, and counts as SALib's time: it is what a user has to run.
"""

import sys
import time

import numpy as np
from SALib.analyze import sobol as analyze
from SALib.sample import sobol as sample

models, base = int(sys.argv[1]), int(sys.argv[2])
SIGMA = {"compute": 0.5, "efficiency": 0.3, "reporting": 0.05, "grid": 0.4}
problem = {
    "num_vars": 4 * models,
    "names": [f"{factor} {m}" for factor in SIGMA for m in range(models)],
    "groups": [factor for factor in SIGMA for _ in range(models)],
    "dists": ["lognorm"] * (4 * models),
    "bounds": [[0, sigma] for sigma in SIGMA.values() for _ in range(models)],
}

start = time.perf_counter()
inputs = sample.sample(problem, base, calc_second_order=False, seed=1)
sampled = time.perf_counter()
output = np.empty(len(inputs))
for at in range(0, len(inputs), 64):
    rows = inputs[at : at + 64].reshape(-1, 4, models)
    output[at : at + 64] = (rows[:, 0] * rows[:, 1] * rows[:, 2] * rows[:, 3]).sum(axis=1)
modelled = time.perf_counter()
found = analyze.analyze(problem, output, calc_second_order=False, seed=2)
analyzed = time.perf_counter()

print("sample", sampled - start)
print("model", modelled - sampled)
print("analyze", analyzed - modelled)
print("rows", len(inputs))
for kind, key in (("first", "S1"), ("total", "ST")):
    for group, value in enumerate(found[key]):
        print(kind, group, float(value))
