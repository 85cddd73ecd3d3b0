"""What is drawn, and on what: the arguments that all functions which draw have in common."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any, Literal

from . import _native
from ._errors import InputError
from ._study import Study

Backend = Literal["auto", "cpu", "gpu"]


class _Default:
    """The value that holds where neither the call nor the study says another."""


class _Number(float, _Default):
    pass


class _Whole(int, _Default):
    pass


#: As in the program. A study's own values go before them, a call's go before both.
PRECISION: float = _Number(0.0025)
SEED: int = _Whole(42)
INTERVAL: float = _Number(0.95)


@dataclass
class Drawing:
    """What the native half is asked for. None is what the study file says, else the default."""

    draws: int | None = None
    precision: float | None = None
    seed: int | None = None
    interval: float | None = None
    backend: str = "auto"
    adapter: str | None = None
    threads: int | None = None


def _given(value: Any) -> Any:
    return None if isinstance(value, _Default) else value


def asked(
    study: Study,
    draws: int | None,
    precision: float,
    seed: int,
    interval: float,
    backend: str,
    threads: int | None = None,
) -> Drawing:
    """The values of a call, and where it leaves them open those of its study."""
    own = study.settings
    extent = {"draws": draws, "precision": _given(precision)}
    if extent["draws"] is None and extent["precision"] is None:
        extent = {key: own.get(key) for key in extent}
    values = {"seed": _given(seed), "interval": _given(interval)}
    values = {key: own.get(key) if value is None else value for key, value in values.items()}
    return Drawing(
        draws=_whole("draws", extent["draws"], 1, _native.MAX_DRAWS),
        precision=_fraction("precision", extent["precision"]),
        seed=_whole("seed", values["seed"], 0, 2**64 - 1),
        interval=_fraction("interval", values["interval"]),
        backend=backend,
        threads=_whole("threads", threads, 1, 65_535),
    )


def _whole(name: str, value: Any, least: int, most: int) -> int | None:
    """A whole number within its range, of Python or NumPy. InputError for anything else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not least <= int(value) <= most:
        raise InputError(f"{name}: expected a whole number from {least} to {most}, not {value!r}")
    return int(value)


def _fraction(name: str, value: Any) -> float | None:
    """A number; its range is checked where it is used. InputError for anything else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InputError(f"{name}: expected a fraction such as 0.05, not {value!r}")
    return float(value)
