"""The main job: from models to credible intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from . import _native
from ._document import Document
from ._draw import INTERVAL, PRECISION, SEED, Backend, Drawing, asked
from ._errors import InputError, translated
from ._models import Models, read
from ._progress import Progress, follow
from ._result import Result, result_of
from ._study import Groups, Outputs, PathLike, Shared, Study


def study_of(
    study: Study | PathLike | None,
    scope: Mapping[str, Any] | None = None,
    priors: Mapping[str, Mapping[str, Any]] | None = None,
    shared: Shared | None = None,
    groups: Groups | None = None,
    outputs: Outputs | None = None,
) -> Study:
    """The study of a call: what is given goes before what the study has."""
    own = study if isinstance(study, Study) else Study(study)
    return own.with_settings(scope=scope, priors=priors, shared=shared, groups=groups, outputs=outputs)


def command_of(name: str, drawn: tuple[int, int, float]) -> str:
    """What gives a result again, in words of Python."""
    draws, seed, level = drawn
    return f"ch.run({name!r}, draws={draws}, seed={seed}, interval={level!r})"


def run(
    models: Models | None = None,
    *,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    scope: Mapping[str, Any] | None = None,
    priors: Mapping[str, Mapping[str, Any]] | None = None,
    shared: Shared | None = None,
    groups: Groups | None = None,
    outputs: Outputs | None = None,
    sensitivity: Literal["exact", "cube"] = "exact",
    backend: Backend = "auto",
    threads: int | None = None,
    progress: Progress = None,
    study: Study | PathLike | None = None,
) -> Result:
    """Credible intervals for a portfolio of AI models.

    The same input, settings, seed and version give the bytes that ``haze run`` gives, on every machine, with any number of
    threads, on a GPU and without one.

    Parameters
    ----------
    models : path, data frame, Arrow table or list of dicts
        One row for each model, with the columns of docs/columns.md; only ``id`` is required. A path is what ``haze run``
        takes: CSV, JSON Lines, Parquet, a study (``.toml``), a file or folder of another tool. A frame of pandas or polars,
        a pyarrow table, or anything else with the Arrow PyCapsule interface. Cells hold numbers, text as in a CSV file, or
        distributions such as ``ch.lognormal(1e24, 1.5)``; None, NaN, NaT and ``pandas.NA`` are missing. May be left out
        where the study names models files.
    draws : int, optional
        Monte Carlo draws, up to 2,147,483,647. Without it, as many as the precision needs.
    precision : float
        Fraction to which the median and both ends of the interval of the total are to be known, by at most a million draws.
    seed : int
        Seed of the random stream, from 0 to 2^64 - 1.
    interval : float
        Level of all credible intervals, between 0 and 1.
    scope, priors, shared, groups, outputs
        As in `Study`, before which they go.
    sensitivity : "exact" or "cube"
        "cube" also samples the indices of emissions, their logarithm, ATCI, energy and the upper tail.
    backend : "auto", "cpu" or "gpu"
        What draws. Changes no result.
    threads : int, optional
        Threads of the CPU; all cores by default. Changes no result.
    progress : bool or function, optional
        None: a bar of tqdm, where it is installed and standard error is a terminal or a notebook. True: a bar. False: nothing.
        A function is called with the model-draws that are done, those there are to make, and what draws.
    study : Study or path, optional
        Settings that several runs have in common, or a study file.

    Returns
    -------
    Result
        Totals, models, groups, sensitivity, draws, figures.

    Raises
    ------
    InputError
        Models or settings that cannot be used: all problems at once, each with its row, column, value and what to do.
    RunError
        The work failed: no GPU, a device that failed.
    MemoryError
        The draws need more memory than is free.
    KeyboardInterrupt
        Ctrl-C. Nothing is left behind.

    Warns
    -----
    InputWarning
        Something in the input should be looked at again. Once for each rule; ``result.warnings`` has all.

    Notes
    -----
    Python's lock is released while the portfolio is read and drawn. The method and its sources: docs/method.md.

    Examples
    --------
    >>> import carbonhaze as ch
    >>> rows = [{"id": "lab/base", "parameters": 7e9, "tokens": ch.between(1e12, 3e12), "hardware": "NVIDIA A100"}]
    >>> result = ch.run(rows, draws=10_000)
    >>> result.total.models
    1
    """
    chosen = study_of(study, scope, priors, shared, groups, outputs)
    if sensitivity not in ("exact", "cube"):
        raise InputError(f'sensitivity: expected "exact" or "cube", not {sensitivity!r}')
    opened = read(models, chosen)
    drawing = asked(chosen, draws, precision, seed, interval, backend, threads)
    with follow(progress) as noted, translated(opened.labels):
        outcome = opened.opened.run(drawing, sensitivity == "cube", noted)
    how = command_of(opened.name, outcome.settings)
    return result_of(outcome, opened.labels, opened.name, how, depth=2)


def merge(parts: Sequence[PathLike | bytes], *, progress: Progress = None) -> Result:
    """The run that parts make, as if it had been drawn in one piece: the bytes of the undivided run.

    Parameters
    ----------
    parts : list of paths or bytes
        What ``haze run --shard`` wrote, or a worker of `ray.run` or `dask.run` gave, in any order. Each part once, and all.
    progress : bool or function, optional
        As in `run`.

    Raises
    ------
    InputError
        A part is missing, there twice, damaged, or of another run: each is named.
    """
    given = [part if isinstance(part, bytes) else str(part) for part in parts]
    with follow(progress) as noted, translated():
        outcome = _native.merge(given, None, noted)
    draws, seed, level = outcome.settings
    how = f"ch.merge(parts), of {draws} draws, seed {seed}, intervals of {level!r}"
    return result_of(outcome, None, "parts", how, depth=2)


def diff(
    first: Models,
    second: Models,
    *,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    backend: Backend = "auto",
    progress: Progress = None,
    study: Study | PathLike | None = None,
    second_study: Study | PathLike | None = None,
) -> Document:
    """Two portfolios, or two scenarios of one, compared in the same random draws: what they have in common cancels.

    Parameters
    ----------
    first, second : path, data frame, Arrow table or list of dicts
        As in `run`. Differences are those of the second less the first.
    draws, precision, seed, interval, backend, progress
        As in `run`; both have as many draws as the one that needs more.
    study, second_study : Study or path, optional
        Settings of both, and of the second alone.

    Returns
    -------
    Document
        ``haze diff``: ``emissions_t`` (t), ``compute_eflop`` (EFLOP) and ``energy_kwh`` (kWh) of both with the difference,
        which models and factors moved, which settings differ. Its keys: docs/diff.schema.json.
    """
    one = study_of(study)
    other = one if second_study is None else study_of(second_study)
    a, b = read(first, one), read(second, other)
    drawing: Drawing = asked(one, draws, precision, seed, interval, backend)
    with follow(progress) as noted, translated(a.labels):
        text, page = _native.diff(a.opened, b.opened, (a.name, b.name), drawing, noted)
    return Document("haze diff", text, page)
