"""What can go wrong, and what should be looked at again."""

from __future__ import annotations

import contextlib
import re
import warnings as _warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from . import _native

#: The name that stands for a table in memory.
TABLE = "<models>"
#: The name that stands for settings in memory.
STUDY = "<study>.toml"

_PLACE = re.compile(r"(?:\S*/)?<models>:(\d+)")
_LINE = re.compile(r"\bon line (\d+)\b")

Labels = Callable[[int], Any]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input, or looks wrong.

    Attributes
    ----------
    row : object
        Of a table in memory, the index label of the row (its position from 0 where the table has no index); of a file, the
        line, from 1. None where the whole input is meant.
    column : str or None
        The column, or the key of a setting such as ``scope.run``.
    value : str
        The text in question, shortened.
    rule : str or None
        The name of the rule that raised a warning (docs/warnings.md). None for an error.
    message : str
        What was found, and what to do.
    advice : str
        What to do: the last part of the message.
    file : str or None
        The file, where the input came from one.
    note : bool
        True where it only says how the input was understood, and nothing looks wrong.
    """

    row: Any
    column: str | None
    value: str
    rule: str | None
    message: str
    advice: str
    file: str | None
    note: bool = False

    def __str__(self) -> str:
        where = [] if self.file is None else [self.file]
        if self.row is not None:
            where.append(f"row {self.row!r}" if self.file is None else f"line {self.row}")
        if self.column is not None:
            where.append(self.column)
        if self.value:
            where.append(repr(self.value))
        rule = f" [{self.rule}]" if self.rule else ""
        return ": ".join([*where, self.message]) + rule


class InputError(ValueError):
    """The input cannot be used. All its problems are reported at once.

    Attributes
    ----------
    problems : list of Problem
        At least one, in the order in which they are best read.
    """

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem(None, None, "", None, problems, _advice(problems), None)]
        self.problems: list[Problem] = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [str(problem) for problem in self.problems]
        return "\n".join([f"{len(lines)} problems", *(f"  {line}" for line in lines)])


class InputWarning(UserWarning):
    """The input can be used, and something in it should be looked at again. Given once for each rule."""


class RunError(RuntimeError):
    """The work failed, and not by a fault of the input: a device, a GPU that is not there."""


def _advice(message: str) -> str:
    return message.rsplit("; ", 1)[-1]


def problem_of(
    row: tuple[str, int, str, str, str], labels: Labels | None, rule: str | None = None, note: bool = False
) -> Problem:
    """A problem of the library, with the row labels of a table in memory."""
    file, line, column, value, message = row
    in_memory = file.endswith(TABLE)
    place: Any = line or None
    if in_memory:
        place = labels(line - 2) if labels is not None and line >= 2 else None
    if labels is not None:
        label = labels

        def named(match: re.Match[str]) -> str:
            number = int(match.group(1))
            return f"row {label(number - 2)!r}" if number >= 2 else match.group(0)

        message = _PLACE.sub(named, message)
        if in_memory:
            message = _LINE.sub(lambda match: "in " + named(match), message)
    hidden = in_memory or file.endswith(STUDY) or not file
    return Problem(place, column or None, value, rule, message, _advice(message), None if hidden else file, note)


@contextlib.contextmanager
def translated(labels: Labels | None = None) -> Iterator[None]:
    """Exceptions of the native half as those of the package."""
    try:
        yield
    except _native.Problems as e:
        rows = e.args[0]
        raise InputError([problem_of(row, labels) for row in rows]) from None
    except _native.Usage as e:
        raise InputError(str(e)) from None
    except _native.Failed as e:
        raise RunError(str(e)) from None


def problems_of(
    noted: Iterable[tuple[str, bool, tuple[str, int, str, str, str]]], labels: Labels | None
) -> list[Problem]:
    """Notes and warnings of the library."""
    return [problem_of(row, labels, rule, note) for rule, note, row in noted]


def warn(
    first: Iterable[tuple[tuple[str, bool, tuple[str, int, str, str, str]], int]],
    labels: Labels | None,
    cautions: Iterable[str] = (),
    *,
    depth: int,
) -> None:
    """One Python warning for each rule, with the first case and the number of the others."""
    # What was not read comes first: the answer may be off by orders of magnitude.
    for (rule, note, row), count in sorted(first, key=lambda case: case[0][0] != "not-read"):
        more = f" (and {count - 1} more of this rule)" if count > 1 else ""
        _warnings.warn(InputWarning(f"{problem_of(row, labels, rule, note)}{more}"), stacklevel=depth + 1)
    for caution in cautions:
        _warnings.warn(InputWarning(caution), stacklevel=depth + 1)
