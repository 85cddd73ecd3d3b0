"""SALib's Sobol' indices of a product of four lognormals, for tests/statistics/sensitivity/peers.rs.

    pip install SALib==1.6.0 && python3 tests/peers/salib_four_lognormals.py

Writes salib_four_lognormals.json beside itself: first-order and total indices from Saltelli's scheme on a scrambled
Sobol' sequence, with SALib's bootstrap standard errors.
"""

import json
from importlib.metadata import version
from pathlib import Path

from SALib.analyze import sobol as analyze
from SALib.sample import sobol as sample

SIGMA = [0.5, 0.3, 0.05, 0.4]
ROWS = 2**15
LEVEL, Z = 0.95, 1.959963984540054

problem = {
    "num_vars": 4,
    "names": ["x1", "x2", "x3", "x4"],
    "dists": ["lognorm"] * 4,
    "bounds": [[0, s] for s in SIGMA],  # mean and standard deviation of the logarithm
}
inputs = sample.sample(problem, ROWS, calc_second_order=False, seed=1)
found = analyze.analyze(
    problem, inputs.prod(axis=1), calc_second_order=False, num_resamples=200, conf_level=LEVEL, seed=2
)
result = {
    "salib": version("SALib"),
    "sigma": SIGMA,
    "rows": ROWS,
    "first_order": [float(x) for x in found["S1"]],
    "first_order_se": [float(x) / Z for x in found["S1_conf"]],
    "total": [float(x) for x in found["ST"]],
    "total_se": [float(x) / Z for x in found["ST_conf"]],
}
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(result, indent=2) + "\n")
