"""From whatever a user calls models to an input of the library.

A table in memory goes through the Arrow PyCapsule interface without a copy. Columns that Arrow does not know, such as a
pandas column of numbers and distributions, become text first, one cell after the other.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Union, runtime_checkable

from . import _native
from ._cells import text_of
from ._errors import STUDY, TABLE, InputError, Labels, Problem, problems_of, translated
from ._study import Study

if TYPE_CHECKING:
    import pandas


@runtime_checkable
class ArrowStream(Protocol):
    """A table that speaks the Arrow PyCapsule interface: polars, pyarrow, DuckDB, cuDF …"""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


Rows = Sequence[Mapping[str, Any]]
#: A path (a models file, a study, a file or folder of another tool), a data frame, or rows as dicts.
Models = Union[str, "os.PathLike[str]", ArrowStream, "pandas.DataFrame", Rows]


@dataclass
class Input:
    """A portfolio that was read and assessed, with what its rows are called."""

    opened: _native.Opened
    labels: Labels | None
    #: What it is called on a page.
    name: str
    #: The file that the library read, which may be one in memory.
    file: str

    @property
    def warnings(self) -> list[Problem]:
        """Every note and warning."""
        return problems_of(self.opened.warnings, self.labels)


@dataclass
class _Table:
    arrow: Any
    labels: Labels
    rows: int
    columns: int


def read(models: Models | None, study: Study) -> Input:
    """Reads and assesses models under a study.

    Raises
    ------
    InputError
        With all problems of models and study.
    """
    if models is None and study.file is None:
        raise InputError("models: give a path, a data frame or a list of dicts, or a study that names models files")
    if models is None or isinstance(models, (str, os.PathLike)):
        return _from_path(None if models is None else os.fspath(models), study)
    table = _table(models)
    if table.rows == 0 or table.columns == 0:
        what = "rows" if table.columns else "columns"
        raise InputError(f"models: the table has no {what}; give a column id and a row for each model")
    return _from_table(table, study)


def _from_path(models: str | None, study: Study) -> Input:
    base = study.file
    if base is None and models is not None and models.lower().endswith(".toml"):
        base, models = Path(models), None
    if base is None:
        assert models is not None
        if not study.file_settings:
            return _opened(models, [], None, models)
        text = _native.study_text(json.dumps(study.file_settings), None, [models])
        return _opened(STUDY, [(STUDY, text)], None, models)
    if models is None and not study.file_settings:
        return _opened(str(base), [], None, str(base))
    named = None if models is None else [models if models == "-" else os.path.abspath(models)]
    text = _native.study_text(json.dumps(study.file_settings), _text(base), named)
    return _opened(str(base), [(str(base), text)], None, models or str(base))


def _from_table(table: _Table, study: Study) -> Input:
    if study.file is None and not study.file_settings:
        return _opened(TABLE, [], (TABLE, table), "models")
    base = study.file
    text = _native.study_text(json.dumps(study.file_settings), None if base is None else _text(base), [TABLE])
    file = STUDY if base is None else str(base)
    # A study names models files relative to its folder.
    return _opened(file, [(file, text)], (os.path.join(os.path.dirname(file), TABLE), table), "models")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise InputError(f"{path}: the file could not be read: {e.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: the file is not in UTF-8; save it as UTF-8") from None


def _opened(file: str, texts: list[tuple[str, str]], frame: tuple[str, _Table] | None, name: str) -> Input:
    labels = None if frame is None else frame[1].labels
    with translated(labels):
        given = None if frame is None else (frame[0], frame[1].arrow)
        return Input(_native.Opened(file, texts, given), labels, os.path.basename(name) or name, file)


def _table(models: Any) -> _Table:
    """A table in memory as Arrow, and the labels of its rows."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(models, pandas.DataFrame):
        return _of_pandas(models)
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(models, (polars.DataFrame, polars.LazyFrame)):
        return _of_polars(models.collect() if isinstance(models, polars.LazyFrame) else models, polars)
    if hasattr(models, "__arrow_c_stream__") or hasattr(models, "__arrow_c_array__"):
        arrow = _shared(models)
        return _Table(arrow, _position, arrow.rows, arrow.columns)
    if isinstance(models, Mapping) or not isinstance(models, Iterable):
        kinds = "a path, a data frame, an Arrow table or a list of dicts"
        raise InputError(f"models: expected {kinds}, not {type(models).__name__}")
    return _of_rows(list(models))


def _position(row: int) -> Any:
    return row


def _of_rows(rows: list[Any]) -> _Table:
    names: dict[str, None] = {}
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InputError(f"models: row {place} is {type(row).__name__}, not a dict of column names and values")
        names.update(dict.fromkeys(map(str, row)))
    plain = [{str(name): value for name, value in row.items()} for row in rows]
    columns = [(name, _texts(row.get(name) for row in plain)) for name in names]
    if not columns:
        return _Table(None, _position, len(rows), 0)
    return _Table(_arrow(columns), _position, len(rows), len(names))


def _texts(values: Iterable[Any]) -> list[str | None]:
    return [text_of(value) for value in values]


def _arrow(columns: list[tuple[str, Any]]) -> _native.Arrow:
    try:
        return _native.Arrow(_native.Table(columns))
    except UnicodeEncodeError:
        raise InputError("models: a cell holds a lone surrogate, which is no text; mend it") from None
    except ValueError as e:
        raise InputError(f"models: {e}") from None


def _of_polars(frame: Any, polars: Any) -> _Table:
    objects = [name for name, kind in frame.schema.items() if kind == polars.Object]
    if objects:
        texts = [polars.Series(name, _texts(frame.get_column(name).to_list()), dtype=polars.String) for name in objects]
        frame = frame.with_columns(texts)
    empty = [name for name, kind in frame.schema.items() if kind == polars.Null]
    # Columns of nothing: polars writes them with a buffer, which Arrow does not expect.
    frame = frame.with_columns(polars.col(name).cast(polars.String) for name in empty)
    return _Table(_shared(frame), _position, frame.height, frame.width)


def _shared(table: Any) -> _native.Arrow:
    """A table through its capsule. InputError where its producer gives none, or a broken one."""
    try:
        return _native.Arrow(table)
    except MemoryError:
        raise
    except Exception as e:
        raise InputError(f"models: the table cannot be read through Arrow: {e}") from e


def _of_pandas(frame: pandas.DataFrame) -> _Table:
    index = frame.index

    def label(row: int) -> Any:
        # Of a RangeIndex, the label itself; NumPy's numbers as Python's.
        found: Any = index[row] if row < len(index) else row
        return found.item() if hasattr(found, "item") and not hasattr(found, "isoformat") else found

    names = [str(name) for name in frame.columns]
    if not names or not len(frame):
        return _Table(None, label, len(frame), len(names))
    parts = [_of_column(name, frame.iloc[:, place]) for place, name in enumerate(names)]
    with translated():
        arrow = _native.Arrow.side_by_side(parts)
    return _Table(arrow, label, len(frame), len(names))


def _of_column(name: str, column: Any) -> _native.Arrow:
    """One column: through Arrow where pandas can, as text where it holds objects."""
    kind = str(column.dtype)
    if column.dtype != object and not kind.startswith(("category", "complex", "period", "interval", "Sparse")):
        try:
            return _native.Arrow(column.rename(name).to_frame().reset_index(drop=True))
        except MemoryError:
            raise
        except Exception:
            # Without pyarrow, pandas speaks no Arrow; some of its types have no counterpart.
            pass
    if kind == "category":
        # The categories once, then each cell.
        codes, texts = column.cat.codes.to_numpy(), _texts(column.cat.categories)
        return _arrow([(name, [None if code < 0 else texts[code] for code in codes])])
    return _arrow([(name, _texts(column.array))])
