"""Tables of results."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _native

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_SHOWN = 20


class Table(_native.Table):
    """A table of results: columns of text and numbers, in Arrow.

    Anything that speaks the Arrow PyCapsule interface reads it without a copy: ``pl.DataFrame(table)``, ``pa.table(table)``,
    DuckDB. `to_pandas` and `to_dict` need no other library than pandas, or none. The unit stands at the end of a column's
    name, and in `units`. A number that is undefined is null.
    """

    def __getitem__(self, name: str) -> list[Any]:
        """The values of a column, None where there is none. KeyError for a column that is not there."""
        return self.values(name)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows, as dicts."""
        columns = self.to_dict()
        return (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.column_names)}>"

    def to_dict(self) -> dict[str, list[Any]]:
        """The columns as lists."""
        return {name: self.values(name) for name in self.column_names}

    def to_pandas(self) -> pandas.DataFrame:
        """As a pandas data frame; numbers that are undefined are NaN."""
        import pandas

        return pandas.DataFrame({name: self._column(name) for name in self.column_names})

    def to_polars(self) -> polars.DataFrame:
        """As a polars data frame."""
        import polars

        return polars.DataFrame(self)

    def to_pyarrow(self) -> pyarrow.Table:
        """As a pyarrow table, with the unit of each column in its metadata."""
        import pyarrow

        return pyarrow.table(self)

    def _column(self, name: str) -> Any:
        numbers = self.floats(name)
        return self.values(name) if numbers is None else np.frombuffer(numbers, dtype=np.float64)

    def _repr_html_(self) -> str:
        names = self.column_names
        rows = [row for row, _ in zip(self, range(_SHOWN), strict=False)]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{_shown(row[name])}</td>" for name in names) + "</tr>" for row in rows)
        more = f"<p>{len(self)} rows, the first {_SHOWN} are shown</p>" if len(self) > _SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))


def of_records(records: Iterable[Mapping[str, Any]]) -> Table:
    """Objects of a JSON document as rows: numbers within numbers get joined names, ``interval`` becomes ``_lo`` and ``_hi``."""
    rows = [dict(_flat("", record)) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return Table([(name, [row.get(name) for row in rows]) for name in names])


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            # The value of something is that itself: first_order, first_order_lo, first_order_hi.
            joined = prefix if prefix and name == "value" else f"{prefix}_{name}" if prefix else str(name)
            yield from _flat(joined, inner)
    elif isinstance(value, list) and len(value) == 2 and all(x is None or isinstance(x, (int, float)) for x in value):
        yield f"{prefix}_lo", value[0]
        yield f"{prefix}_hi", value[1]
    elif isinstance(value, list):
        yield prefix, ", ".join(map(str, value))
    else:
        yield prefix, value
