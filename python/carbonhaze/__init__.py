"""How uncertain is the carbon footprint of AI models? Credible intervals by exact, reproducible Monte Carlo.

>>> import carbonhaze as ch
>>> result = ch.run([{"id": "lab/base", "parameters": 7e9, "tokens": "1e12 to 3e12"}], draws=10_000)
>>> low, high = result.total.emissions_t.interval  # t of CO2e
>>> low < high
True
"""

from __future__ import annotations

from . import dask, ray, transformers
from ._cells import (
    Distribution,
    beta,
    between,
    empirical,
    fixed,
    gamma,
    lognormal,
    loguniform,
    logitnormal,
    mixture,
    normal,
    pert,
    shifted,
    triangular,
    truncated,
    uniform,
)
from ._commands import Check, Explanation, check, coverage, explain, lineage, sensitivity, validate
from ._document import Document, Lineage
from ._errors import InputError, InputWarning, Problem, RunError
from ._forms import Imported, export, import_
from ._native import VERSION as __version__
from ._plot import Figure, Plot
from ._record import TrackDevice, TrackEnergy, TrackRecord, TrackSummary, track_summary
from ._result import Estimate, Mcse, Result, Total
from ._run import diff, merge, run
from ._study import Study
from ._table import Table
from ._track import Track, track

__all__ = [
    "Check",
    "Distribution",
    "Document",
    "Estimate",
    "Explanation",
    "Figure",
    "Imported",
    "InputError",
    "InputWarning",
    "Lineage",
    "Mcse",
    "Plot",
    "Problem",
    "Result",
    "RunError",
    "Study",
    "Table",
    "Total",
    "Track",
    "TrackDevice",
    "TrackEnergy",
    "TrackRecord",
    "TrackSummary",
    "__version__",
    "beta",
    "between",
    "check",
    "coverage",
    "dask",
    "diff",
    "empirical",
    "explain",
    "export",
    "fixed",
    "gamma",
    "import_",
    "lineage",
    "lognormal",
    "loguniform",
    "logitnormal",
    "merge",
    "mixture",
    "normal",
    "pert",
    "ray",
    "run",
    "sensitivity",
    "shifted",
    "track",
    "track_summary",
    "transformers",
    "triangular",
    "truncated",
    "uniform",
    "validate",
]
