"""The other commands of the program."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union

from . import _native
from ._document import Document, Lineage
from ._draw import INTERVAL, PRECISION, SEED, Backend, asked
from ._errors import InputError, Problem, translated, warn
from ._models import Input, Models, read
from ._progress import Progress, follow
from ._run import study_of
from ._study import PathLike, Study
from ._table import Table, of_records

StudyLike = Union[Study, PathLike, None]


def _known(opened: Input, argument: str, column: str, others: Sequence[str] = ()) -> None:
    """InputError for a column that no row has a value in."""
    with translated(opened.labels):
        hint = opened.opened.unknown_column(column, list(others))
    if hint is not None:
        raise InputError(f"{argument}: {hint}")


@dataclass(frozen=True)
class Check:
    """What `check` found.

    Attributes
    ----------
    models : int
        Rows.
    tiers : dict
        Rows by tier, from 1 (metered emissions) to 6 (nothing but the kind of model).
    warnings : list of Problem
        Every note and warning.
    labels : list of str
        Columns in which at least one row has a text. Groups and shared effects can use them.
    """

    models: int
    tiers: dict[str, int]
    warnings: list[Problem]
    labels: list[str]

    def table(self) -> Table:
        """The notes and warnings as a table."""
        keys = ("row", "column", "value", "rule", "message", "note")
        return of_records(
            {key: str(getattr(w, key)) if key == "row" else getattr(w, key) for key in keys} for w in self.warnings
        )

    def __str__(self) -> str:
        lines = [f"{'note' if w.note else 'warning'}: {w}" for w in self.warnings]
        warned = sum(not w.note for w in self.warnings)
        return "\n".join([*lines, f"{self.models} models, no problem, {warned} warnings"])


def check(models: Models | None = None, *, study: StudyLike = None) -> Check:
    """Reads, assesses and compiles as a run does, reports everything, and draws nothing.

    Parameters
    ----------
    models, study
        As in `run`.

    Raises
    ------
    InputError
        What a run would refuse, all problems at once.
    """
    opened = read(models, study_of(study))
    with translated(opened.labels):
        opened.opened.compile()
    native = opened.opened
    return Check(native.models, dict(native.tiers), opened.warnings, native.labels)


class Explanation(str):
    """Where every factor of a model comes from, as text."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def explain(models: Models | None, id: str, *, study: StudyLike = None) -> Explanation:
    """Where every factor of one model comes from: its distribution, how it was found, and the source.

    Parameters
    ----------
    models, study
        As in `run`.
    id : str
        The model's id.

    Returns
    -------
    Explanation
        A text; ``print`` shows it, and so do notebooks. Emissions in t of CO2e, compute in EFLOP, energy in kWh.
    """
    opened = read(models, study_of(study))
    with translated(opened.labels):
        text = opened.opened.explain(id)
        if text is None:
            raise InputError(f"id: {opened.opened.unknown_id(id)}")
    return Explanation(text)


def sensitivity(
    models: Models | None = None,
    *,
    by: str | Sequence[str] = (),
    reruns: bool = False,
    sample: bool = False,
    groups: str = "factor",
    of: Sequence[tuple[str, str]] | Mapping[str, str] = (),
    threshold: float | None = None,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    backend: Backend = "auto",
    progress: Progress = None,
    study: StudyLike = None,
) -> Document:
    """What makes the interval wide, and which disclosure would narrow it.

    Without ``sample`` everything is exact, concerns the variance of the total emissions, and draws nothing, but for
    ``reruns``.

    Parameters
    ----------
    models, draws, precision, seed, interval, backend, progress, study
        As in `run`.
    by : str or list of str
        Also shares by the values of these columns.
    reruns : bool
        Draw the interval that each of the 20 most valuable disclosures would leave.
    sample : bool
        Sampled indices instead: of emissions, their logarithm, ATCI, energy and the upper 5 %.
    groups : str
        With ``sample``: decompose by "factor", "tier" or a column.
    of : list of (column, value), or dict
        With ``sample``: only models with this value, each pair an analysis of its own.
    threshold : float, optional
        With ``sample``: also what decides whether emissions exceed this many tonnes.

    Returns
    -------
    Document
        ``haze sensitivity``. ``table("disclosures")`` has the most valuable disclosures. Its keys:
        docs/sensitivity.schema.json, with ``sample`` docs/sampled.schema.json. The estimators and their sources:
        docs/sensitivity.md.
    """
    columns = [by] if isinstance(by, str) else list(by)
    parts = list(of.items()) if isinstance(of, Mapping) else [(column, value) for column, value in of]
    if not sample and (groups != "factor" or parts or threshold is not None):
        raise InputError("groups, of and threshold are for sample=True")
    if sample and (columns or reruns):
        raise InputError("by and reruns are for sample=False; with sample=True use groups")
    chosen = study_of(study)
    opened = read(models, chosen)
    drawing = asked(chosen, draws, precision, seed, interval, backend)
    for column in columns:
        _known(opened, "by", column)
    if groups not in ("factor", "tier"):
        _known(opened, "groups", groups, ["factor"])
    for column, value in parts:
        _known(opened, "of", column)
        if (hint := opened.opened.unknown_value(column, value)) is not None:
            raise InputError(f"of: {hint}")
    with follow(progress) as noted, translated(opened.labels):
        if not sample:
            text, page = _native.sensitivity(opened.opened, columns, reruns, None, drawing, noted)
            cautions: list[str] = []
        else:
            text, page, cautions = _native.sampled(opened.opened, groups, parts, threshold, None, drawing, noted)
    warn(opened.opened.by_rule, opened.labels, cautions, depth=2)
    return Document("haze sensitivity", text, page)


def lineage(
    models: Models | None = None,
    *,
    roots: str | Sequence[str] = (),
    ancestors: str | Sequence[str] = (),
    allocate: Literal["equal", "weights"] | None = None,
    branches: int = 30,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    backend: Backend = "auto",
    progress: Progress = None,
    study: StudyLike = None,
) -> Lineage:
    """What base models and everything made from them emit together.

    Parameters
    ----------
    models, draws, precision, seed, interval, backend, progress, study
        As in `run`.
    roots : str or list of str
        Base models whose families are looked at in detail. Without roots and ancestors, all families.
    ancestors : str or list of str
        Models of which everything that went into them is asked.
    allocate : "equal" or "weights", optional
        Divide models that belong to several families between them.
    branches : int
        Models in a tree, from 1 to 1000.

    Returns
    -------
    Lineage
        ``haze lineage``, with ``to_dot()`` and ``to_mermaid()``. ``table("families")``: emissions in t. Its keys:
        docs/lineage.schema.json.
    """
    chosen = study_of(study)
    opened = read(models, chosen)
    drawing = asked(chosen, draws, precision, seed, interval, backend)
    families, wholes = ([ids] if isinstance(ids, str) else list(dict.fromkeys(ids)) for ids in (roots, ancestors))
    with follow(progress) as noted, translated(opened.labels):
        found = _native.lineage(opened.opened, families, wholes, allocate, branches, drawing, noted)
    warn(opened.opened.by_rule, opened.labels, depth=2)
    return Lineage(*found)


def coverage(
    models: Models | None = None,
    *,
    other: Models | None = None,
    matches: PathLike | None = None,
    thresholds: Sequence[float] = (),
    top: int = 20,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    backend: Backend = "auto",
    progress: Progress = None,
    study: StudyLike = None,
) -> Document:
    """What a total rests on, what it leaves out, and what it would be under other structural choices.

    Parameters
    ----------
    models, draws, precision, seed, interval, backend, progress, study
        As in `run`.
    other : as models, optional
        A list that overlaps this one, joined by id or by a column epoch_model.
    matches : path, optional
        A CSV file that joins both lists, with the columns id and epoch_model.
    thresholds : list of float
        Minimum downloads. Without them, thresholds that suit the list.
    top : int
        Also the total without so many of the largest models.

    Returns
    -------
    Document
        ``haze coverage``, without a second list unless ``other`` names one (``--alone``). ``table("alternatives")`` has the
        structural choices. Its keys: docs/coverage.schema.json.
    """
    if other is None and matches is not None:
        raise InputError("matches: joins two lists; give the other one as well")
    chosen = study_of(study)
    opened = read(models, chosen)
    drawing = asked(chosen, draws, precision, seed, interval, backend)
    second = None
    if other is not None:
        listed = read(other, Study(facts=chosen.settings.get("facts")))
        second = (listed.opened, listed.name, None if matches is None else str(matches))
    with follow(progress) as noted, translated(opened.labels):
        text, page = _native.coverage(opened.opened, second, [float(t) for t in thresholds], top, drawing, noted)
    warn(opened.opened.by_rule, opened.labels, depth=2)
    return Document("haze coverage", text, page)


def validate(
    runs: PathLike,
    *,
    masked_sum: Sequence[PathLike] = (),
    draws: int = 100_000,
    seed: int = 42,
    backend: Backend = "auto",
    progress: Progress = None,
) -> Document:
    """A back-test: published runs predicted from less than was published.

    Parameters
    ----------
    runs : path
        Published runs, with the columns of fixtures/reported_training_emissions.csv.
    masked_sum : list of paths
        Models files for the masked sums, instead of the two lists that come with the program.
    draws : int
        Draws of each prediction.
    seed, backend, progress
        As in `run`.

    Returns
    -------
    Document
        ``haze validate``. ``table("quantities")``: errors and coverage. Its keys: docs/validate.schema.json. The protocol and
        the sources of its scores: docs/validation.md.
    """
    drawing = asked(Study(), draws, PRECISION, seed, INTERVAL, backend)
    lists = [str(path) for path in masked_sum]
    with follow(progress) as noted, translated():
        text, page = _native.validate(str(runs), lists, (draws, seed), drawing, noted)
    return Document("haze validate", text, page)
