"""What stands in a cell: numbers, texts, and distributions as objects."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Union

from ._errors import InputError

Number = Union[int, float]


class Distribution:
    """A probability distribution for a cell of a models table, or for a prior.

    It is written as in a models file (docs/columns.md): ``str(ch.lognormal(1e24, 1.5))`` is ``lognormal(1e24, 1.5)``. Its
    numbers are in the unit of the column. Make one with `fixed`, `lognormal`, `between`, `normal`, `uniform`, `loguniform`,
    `triangular`, `pert`, `beta`, `gamma`, `logitnormal`, `shifted`, `truncated`, `mixture` or `empirical`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distribution) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def _number(x: Number, name: str) -> str:
    if isinstance(x, bool) or not isinstance(x, numbers.Real) or not math.isfinite(x):
        raise InputError(f"{name}: expected a finite number, not {x!r}")
    return number_text(float(x)) if not isinstance(x, numbers.Integral) else str(int(x))


def _call(family: str, **values: Number) -> Distribution:
    return Distribution(f"{family}({', '.join(_number(x, f'{family}: {name}') for name, x in values.items())})")


def fixed(x: Number) -> Distribution:
    """Exactly `x`, without the measurement error that a plain number gets."""
    return _call("fixed", x=x)


def lognormal(median: Number, gsd: Number) -> Distribution:
    """Lognormal, by its median and its geometric standard deviation (above 1)."""
    return _call("lognormal", median=median, gsd=gsd)


def between(lo: Number, hi: Number, level: float = 0.9) -> Distribution:
    """Lognormal with the central interval `lo` to `hi` at this level."""
    if not 0 < level < 1:
        raise InputError(f"between: the level is a fraction between 0 and 1, not {level!r}")
    return Distribution(f"{_number(lo, 'between: lo')} to {_number(hi, 'between: hi')} @ {_number(level * 100, 'level')}%")


def normal(mean: Number, sd: Number) -> Distribution:
    """Normal, truncated at 0."""
    return _call("normal", mean=mean, sd=sd)


def uniform(lo: Number, hi: Number) -> Distribution:
    """Uniform from `lo` to `hi`."""
    return _call("uniform", lo=lo, hi=hi)


def loguniform(lo: Number, hi: Number) -> Distribution:
    """Uniform in the logarithm, from `lo` to `hi`."""
    return _call("loguniform", lo=lo, hi=hi)


def triangular(lo: Number, mode: Number, hi: Number) -> Distribution:
    """Triangular, from a lowest, a most likely and a highest value."""
    return _call("triangular", lo=lo, mode=mode, hi=hi)


def pert(lo: Number, mode: Number, hi: Number) -> Distribution:
    """PERT: a smooth curve from a lowest, a most likely and a highest value."""
    return _call("pert", lo=lo, mode=mode, hi=hi)


def beta(a: Number, b: Number, lo: Number = 0, hi: Number = 1) -> Distribution:
    """Beta with the shapes `a` and `b`, scaled to `lo` … `hi`."""
    return _call("beta", a=a, b=b, lo=lo, hi=hi)


def gamma(shape: Number, scale: Number) -> Distribution:
    """Gamma."""
    return _call("gamma", shape=shape, scale=scale)


def logitnormal(mu: Number, sd: Number) -> Distribution:
    """A fraction whose logit is normal."""
    return _call("logitnormal", mu=mu, sd=sd)


def shifted(x: Number, distribution: Distribution) -> Distribution:
    """`x` plus a distribution."""
    return Distribution(f"shifted({_number(x, 'shifted: x')}, {_inner(distribution)})")


def truncated(distribution: Distribution, lo: Number, hi: Number) -> Distribution:
    """A distribution, given that it lies between `lo` and `hi`."""
    ends = f"{_number(lo, 'truncated: lo')}, {_number(hi, 'truncated: hi')}"
    return Distribution(f"truncated({_inner(distribution)}, {ends})")


def mixture(*parts: tuple[Number, Distribution]) -> Distribution:
    """One of several distributions: pairs of a weight and a distribution."""
    texts = [f"{_number(weight, 'mixture: weight')}: {_inner(distribution)}" for weight, distribution in parts]
    return Distribution(f"mixture({', '.join(texts)})")


def empirical(file: str | Path) -> Distribution:
    """Equally likely values from a text file with one number on each line. A relative path is relative to the models file, or
    for a table in memory to the working directory."""
    text = str(file)
    if '"' in text:
        raise InputError(f"empirical: a path with a quotation mark cannot be named: {text!r}")
    return Distribution(f'empirical("{text}")')


def _inner(distribution: Distribution) -> str:
    if not isinstance(distribution, Distribution):
        raise InputError(f"expected a distribution such as ch.lognormal(2, 1.3), not {distribution!r}")
    return str(distribution)


def number_text(x: float) -> str:
    """The shortest text that is read as the same number, whole numbers without a point."""
    return f"{x:.0f}" if x == int(x) and abs(x) < 1e15 else repr(x)


def text_of(value: Any) -> str | None:
    """A value as the text of a cell; None where it is missing: None, NaN, NaT, pandas' NA, NumPy's masked."""
    if value is None:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, Distribution):
        return str(value)
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real) and not hasattr(value, "numerator"):
        x = float(value)
        if math.isnan(x):
            return None
        return f"{x:.0f}" if math.isfinite(x) and x == int(x) and abs(x) < 1e15 else str(value)
    if type(value).__name__ in {"NAType", "NaTType", "MaskedConstant"}:
        return None
    return _other_text(value)


def _other_text(value: Any) -> str | None:
    """Decimals, dates, lists, and whatever else has a text."""
    if hasattr(value, "is_nan"):
        return None if value.is_nan() else str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    if hasattr(value, "dtype") and getattr(value, "ndim", None) == 0:
        return text_of(value.item()) if str(value) != "NaT" else None
    if isinstance(value, Mapping):
        return json.dumps({str(key): _json_of(inner) for key, inner in value.items()}, ensure_ascii=False)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return json.dumps([_json_of(inner) for inner in value], ensure_ascii=False)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", errors="replace")
    return str(value)


def _json_of(value: Any) -> Any:
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    return value if isinstance(value, float) and math.isfinite(value) else text_of(value)
