"""Settings of a run: what a study file holds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Union

from ._cells import Distribution
from ._errors import InputError

PathLike = Union[str, "os.PathLike[str]"]
Shared = Sequence[Mapping[str, Any]]
Groups = Union[str, Sequence[str]]
Outputs = Union[str, Sequence[str]]


#: Settings that say what is drawn.
DRAWN = ("draws", "precision", "seed", "interval")


class Study:
    """Settings that several runs have in common, as a study file has them (docs/study.md).

    Parameters
    ----------
    file : path, optional
        A study file to begin with. What else is given replaces its keys. Without models of their own, runs read those that
        it names.
    draws : int, optional
        Monte Carlo draws. Without a number, as many as the precision needs.
    precision : float, optional
        Fraction to which the median and both ends of the interval of the total are to be known; 0.0025 by default.
    seed : int, optional
        Seed of the random stream; 42 by default.
    interval : float, optional
        Level of all credible intervals, between 0 and 1; 0.95 by default.
    scope : dict, optional
        ``run`` ("final" or "development"), ``boundary`` ("facility" or "it"), ``basis`` ("location" or "market").
    priors : dict, optional
        Default priors to replace, by section and name: ``{"pue": {"unknown": ch.shifted(1, ch.lognormal(0.2, 1.3))}}``.
        `haze priors` prints all of them.
    shared : list of dict, optional
        Further shared effects: ``{"factor": "grid", "gsd": 1.2, "by": ["region"]}``.
    groups : str or list of str, optional
        Columns by whose values totals are given too; "tier" and "year" as well.
    outputs : str or list of str, optional
        "water", "embodied", "development": reported separately, never added to the total.
    facts : bool, optional
        False leaves out what is published of runs that rows name.
    learn, default_shared : bool, optional
        False turns off what rows say of others, and the default shared effects.
    imputation : dict, optional
        ``compute`` ("tokens" or "regression"), ``fits`` (a file).

    Examples
    --------
    >>> study = Study(interval=0.9, scope={"run": "development"}, groups=["tier"])
    >>> study.settings["interval"]
    0.9
    """

    def __init__(
        self,
        file: PathLike | None = None,
        *,
        draws: int | None = None,
        precision: float | None = None,
        seed: int | None = None,
        interval: float | None = None,
        scope: Mapping[str, Any] | None = None,
        priors: Mapping[str, Mapping[str, Any]] | None = None,
        shared: Shared | None = None,
        groups: Groups | None = None,
        outputs: Outputs | None = None,
        facts: bool | None = None,
        learn: bool | None = None,
        default_shared: bool | None = None,
        imputation: Mapping[str, Any] | None = None,
    ) -> None:
        self.file: Path | None = None if file is None else Path(file)
        given: dict[str, Any] = {
            "draws": draws,
            "precision": precision,
            "seed": seed,
            "interval": interval,
            "facts": facts,
            "learn": learn,
            "default_shared": default_shared,
            "scope": scope,
            "imputation": imputation,
            "outputs": None if outputs is None else {name: True for name in _names(outputs)},
            "priors": priors,
            "shared": shared,
            "groups": None if groups is None else {"by": _names(groups)},
        }
        #: What was given, by the keys of a study file.
        self.settings: dict[str, Any] = {key: _plain(value, key) for key, value in given.items() if value is not None}

    def __repr__(self) -> str:
        first = [] if self.file is None else [repr(str(self.file))]
        return f"Study({', '.join(first + [f'{key}={value!r}' for key, value in self.settings.items()])})"

    @property
    def file_settings(self) -> dict[str, Any]:
        """What says how models are read and assessed: all but draws, precision, seed and interval."""
        return {key: value for key, value in self.settings.items() if key not in DRAWN}

    def without_outputs(self) -> Study:
        """The same study without further outputs."""
        changed = self.with_settings()
        none = {"water": False, "embodied": False, "development": False}
        changed.settings["outputs"] = none
        return changed

    def with_settings(self, **settings: Any) -> Study:
        """The same study with other settings, which are those of `Study`."""
        changed = Study(self.file, **settings)
        before = dict(self.settings)
        for one, other in (("draws", "precision"), ("precision", "draws")):
            if one in changed.settings:
                before.pop(other, None)
        changed.settings = _merged(before, changed.settings)
        return changed


def _merged(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Sections key by key, everything else as a whole."""
    merged = dict(before)
    for key, value in after.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _plain(value: Any, key: str) -> Any:
    """As TOML can hold it."""
    if isinstance(value, Distribution):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(inner, f"{key}.{name}") for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, key) for inner in value]
    if isinstance(value, (str, bool, int, float)):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _plain(value.item(), key)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise InputError(f"{key}: expected text, a number, a distribution, or a list or dict of these, not {value!r}")
