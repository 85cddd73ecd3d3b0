"""The result of a run."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np

from . import _native
from ._draw import Drawing
from ._errors import InputError, Labels, Problem, problems_of, translated, warn
from ._files import write_whole
from ._plot import Plot
from ._progress import Progress, follow
from ._table import Table, of_records

if TYPE_CHECKING:
    import numpy.typing as npt

Interval = tuple[float, float]
#: The models that a document lists: all up to 10,000 and else the 1,000 largest, all, or so many.
Listed = Union[Literal["usual", "all"], int]


@dataclass(frozen=True)
class Mcse:
    """Monte Carlo standard errors of an estimate, in its unit. None where there is none."""

    mean: float | None
    sd: float | None
    median: float | None
    interval: Interval | None
    shortest: Interval | None


@dataclass(frozen=True)
class Estimate:
    """An estimate from the draws, in the unit that stands at the end of its name. None where it is undefined.

    Attributes
    ----------
    mean, sd, median : float or None
        Of the draws.
    interval : (float, float) or None
        The equal-tailed credible interval at the run's level.
    shortest : (float, float) or None
        The shortest interval at that level.
    mcse : Mcse
        Monte Carlo standard errors of all these.
    """

    mean: float | None
    sd: float | None
    median: float | None
    interval: Interval | None
    shortest: Interval | None
    mcse: Mcse


@dataclass(frozen=True)
class Total:
    """The whole portfolio.

    Attributes
    ----------
    models : int
        Rows that were counted.
    emissions_t : Estimate
        Emissions, in t of CO2e.
    compute_eflop : Estimate
        Training compute, in EFLOP (10^18 FLOP).
    it_energy_kwh, energy_kwh : Estimate
        Energy of the IT equipment and of the facility, in kWh.
    atci_kg_per_eflop : Estimate
        AI training carbon intensity: emissions over compute, in kg per EFLOP. The next three multiply to it.
    it_energy_kwh_per_eflop, energy_per_it_energy, emissions_kg_per_kwh : Estimate
        Its factors.
    water_m3, water_site_m3, water_grid_m3, embodied_t, development_t : Estimate or None
        What ``outputs`` asked for: water in m³, emissions of making the hardware and of all development runs, in t.
    """

    models: int
    emissions_t: Estimate
    compute_eflop: Estimate
    it_energy_kwh: Estimate
    energy_kwh: Estimate
    atci_kg_per_eflop: Estimate
    it_energy_kwh_per_eflop: Estimate
    energy_per_it_energy: Estimate
    emissions_kg_per_kwh: Estimate
    water_m3: Estimate | None = None
    water_site_m3: Estimate | None = None
    water_grid_m3: Estimate | None = None
    embodied_t: Estimate | None = None
    development_t: Estimate | None = None


def _pair(ends: list[float] | None) -> Interval | None:
    return None if ends is None else (ends[0], ends[1])


def _estimate(found: dict[str, Any]) -> Estimate:
    def of(part: dict[str, Any]) -> dict[str, Any]:
        pairs = {name: _pair(part[name]) for name in ("interval", "shortest")}
        return {name: part[name] for name in ("mean", "sd", "median")} | pairs

    return Estimate(**of(found), mcse=Mcse(**of(found["mcse"])))


def _total(found: dict[str, Any]) -> Total:
    known = {field.name for field in fields(Total)} - {"models"}
    estimates = {name: _estimate(found[name]) for name in known if found.get(name) is not None}
    return Total(models=found["models"], **estimates)


class Result:
    """The result of `run` or `merge`.

    Attributes
    ----------
    total : Total
        The portfolio, with correlation between models as modelled.
    independent : Estimate
        Total emissions in t if every shared effect were drawn separately for each model.
    n_draws : int
        Monte Carlo draws.
    seed : int
        Seed of the random stream.
    level : float
        Level of all intervals.
    scope : dict
        What was counted: run, boundary, basis, embodied.
    plan_hash : str
        SHA-256 of what was drawn: results with the same hash, seed and number of draws are the same.
    models, groups, sensitivity : Table
        By model, by group and by factor.
    plot : Plot
        Figures.
    warnings : list of Problem
        Every note and warning about the input.
    """

    def __init__(self, outcome: _native.Outcome, labels: Labels | None, name: str, how: str) -> None:
        self._outcome = outcome
        self._labels = labels
        self._name = name
        self._how = how
        self._head: dict[str, Any] = json.loads(outcome.json("0"))
        self.total: Total = _total(self._head["total"])
        self.independent: Estimate = _estimate(self._head["independent"]["emissions_t"])
        self.n_draws: int = self._head["draws"]
        self.seed: int = self._head["seed"]
        self.level: float = self._head["interval"]
        self.scope: dict[str, Any] = self._head["scope"]
        self.plan_hash: str = self._head["plan_hash"]
        self.plot = Plot(outcome)

    @cached_property
    def warnings(self) -> list[Problem]:
        """Every note and warning about the input."""
        return problems_of(self._outcome.warnings, self._labels)

    @cached_property
    def models(self) -> Table:
        """One row for each model, by id: tier, share of the mean, emissions in t and ATCI in kg per EFLOP, each with mean, sd,
        median, both ends of the intervals, and Monte Carlo standard errors. The columns of ``models.csv``."""
        with translated():
            return Table(self._outcome.models())

    @cached_property
    def groups(self) -> Table:
        """One row for each value of each column of ``groups``. The columns of ``groups.csv``."""
        with translated():
            return Table(self._outcome.groups())

    @cached_property
    def sensitivity(self) -> Table:
        """One row for each factor: which share of the variance of the emissions would disappear if it were known
        (first_order), would remain if all others were (total), and its Shapley effect, each with ``_lo`` and ``_hi``. Exact:
        the ends are the value."""
        return of_records(self._head["sensitivity"]["groups"])

    @property
    def outputs(self) -> list[str]:
        """The names that `draws` takes."""
        return [*self._outcome.outputs, "independent_emissions_t"]

    def draws(self, output: str) -> npt.NDArray[np.float64]:
        """The totals of an output by draw.

        Parameters
        ----------
        output : str
            One of `outputs`, such as "emissions_t" (t of CO2e), "compute_eflop", "energy_kwh". Draw k of one goes with draw k
            of another, and with draw k of any run of the same seed.

        Returns
        -------
        numpy.ndarray
            64-bit floats, of the shape (n_draws,). A new array for each call: 8 bytes a draw.

        Raises
        ------
        KeyError
            The run does not have this output.
        """
        found = self._outcome.draws(output)
        if found is None:
            raise KeyError(f"{output}: this run has draws of {', '.join(self.outputs)}")
        return np.frombuffer(found, dtype=np.float64)

    def to_json(self, models: Listed = "usual") -> str:
        """The JSON result: the bytes that the program writes, but for the keys backend and timings.

        Parameters
        ----------
        models : "usual", "all" or int
            The models that it lists: all up to 10,000 and else the 1,000 largest; all; or so many.
        """
        if not isinstance(models, str) and (isinstance(models, bool) or models < 0):
            raise InputError('models: expected "usual", "all" or a number')
        with translated():
            return self._outcome.json(str(models)).decode()

    def to_dict(self, models: Listed = "usual") -> dict[str, Any]:
        """The JSON result as Python objects, described by docs/result.schema.json."""
        content: dict[str, Any] = json.loads(self.to_json(models))
        return content

    def to_arviz(self, draws: int | None = None) -> Any:
        """The draws of all totals as an ArviZ DataTree, with one chain in the group posterior.

        Its attributes state the level of this result's intervals and each variable its unit: ArviZ's own default level is
        another one, so that ``az.summary`` needs ``ci_prob=result.level``, and ``ci_kind="eti"``, to show the same interval.

        Parameters
        ----------
        draws : int, optional
            Only so many of the first draws.

        Raises
        ------
        ImportError
            Without the extra: ``pip install carbonhaze[arviz]``.
        """
        import arviz_base

        variables = {name: self.draws(name)[:draws][np.newaxis, :] for name in self.outputs}
        about = {"interval": self.level, "seed": self.seed, "plan_hash": self.plan_hash, "created_by": "carbonhaze"}
        tree = arviz_base.from_dict({"posterior": variables}, attrs={"posterior": about, "/": about})
        for name in variables:
            tree["posterior"][name].attrs["units"] = _UNITS[name.rsplit("_", 1)[-1]]
        return tree

    def report(
        self, path: str | Path, *, compare: Result | list[Result] | None = None, validation: bool = True,
        progress: Progress = None,
    ) -> Path:
        """Writes everything on one HTML page that loads nothing from anywhere; its path.

        Parameters
        ----------
        path : path
            The page. It appears whole or not at all.
        compare : Result or list of Result, optional
            Other results, shown on the same page and compared draw by draw.
        validation : bool
            False leaves out the back-test on published runs, which takes some seconds.
        progress : bool or function, optional
            As in `run`.
        """
        others = [] if compare is None else [compare] if isinstance(compare, Result) else compare
        results = [(r._outcome, r._name, r._how) for r in [self, *others]]
        names = [name for _, name, _ in results]
        if len(set(names)) < len(names):
            results = [(outcome, f"{name} ({n})", how) for n, (outcome, name, how) in enumerate(results, 1)]
        with follow(progress) as noted, translated():
            page = _native.page(results, validation, Drawing(), noted)
        return write_whole(path, page.encode())

    def __str__(self) -> str:
        """The page that the program prints."""
        return self._outcome.page(100)

    def __repr__(self) -> str:
        found = self.total.emissions_t
        ends = "undefined" if found.interval is None else f"{found.interval[0]:.4g} to {found.interval[1]:.4g} t"
        return f"<Result: {self.total.models} models, {self.n_draws} draws, emissions {ends} ({self.level:.0%})>"

    def _repr_html_(self) -> str:
        rows = [("Emissions", "tCO2e", self.total.emissions_t), ("Correlation ignored", "tCO2e", self.independent)]
        rows += [("Energy", "kWh", self.total.energy_kwh), ("IT energy", "kWh", self.total.it_energy_kwh)]
        rows += [("Compute", "EFLOP", self.total.compute_eflop), ("ATCI", "kg/EFLOP", self.total.atci_kg_per_eflop)]
        for name, unit in (("water_m3", "m³"), ("embodied_t", "tCO2e"), ("development_t", "tCO2e")):
            further = getattr(self.total, name)
            rows += [] if further is None else [(name.split("_")[0].capitalize(), unit, further)]
        cells = [[title, *_numbers(e), unit] for title, unit, e in rows]
        head = ["", "mean", "median", f"{self.level * 100:g} % credible interval (equal-tailed)", "unit"]
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
        names = "".join(f"<th>{html.escape(name)}</th>" for name in head)
        about = f"{self.total.models:,} models, {self.n_draws:,} draws, seed {self.seed}; ± is the Monte Carlo standard error"
        warned = sum(count for _, count in self._outcome.by_rule)
        about += f"; {warned} warnings about the input" if warned else ""
        return f"<p>{html.escape(about)}</p><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


_UNITS = {"t": "tCO2e", "eflop": "EFLOP", "kwh": "kWh", "m3": "m3"}


def _numbers(e: Estimate) -> tuple[str, str, str]:
    """Mean, median and interval with the digits that are known."""
    if e.mean is None or e.median is None or e.interval is None:
        return "undefined", "undefined", "undefined"
    value = _native.number_text
    mean = value(e.mean, e.mcse.mean)
    mean += "" if e.mcse.mean is None else f" ± {e.mcse.mean:.1g}"
    errors = e.mcse.interval or (None, None)
    ends = " to ".join(value(x, error) for x, error in zip(e.interval, errors, strict=True))
    return mean, value(e.median, e.mcse.median), ends


def result_of(outcome: _native.Outcome, labels: Labels | None, name: str, how: str, *, depth: int) -> Result:
    """A result, after its warnings were given."""
    warn(outcome.by_rule, labels, outcome.cautions, depth=depth + 1)
    return Result(outcome, labels, name, how)
