"""The native half: see `src/lib.rs`. Not for users."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, final

from typing_extensions import CapsuleType, Self, disjoint_base

from ._draw import Drawing

__all__ = [
    "Arrow",
    "Failed",
    "MAX_DRAWS",
    "Opened",
    "Outcome",
    "Problems",
    "Table",
    "Tracking",
    "Usage",
    "VERSION",
    "calibration",
    "coverage",
    "diff",
    "draw_part",
    "export",
    "import_files",
    "lineage",
    "merge",
    "number_text",
    "page",
    "record_text",
    "sampled",
    "sensitivity",
    "study_text",
    "track_summary",
    "validate",
]

VERSION: str
MAX_DRAWS: int

_Row = tuple[str, int, str, str, str]
_Told = tuple[str, bool, _Row]
_Report = Callable[[int, int, str], Any]
_Document = tuple[str, str]

class Problems(Exception): ...
class Usage(Exception): ...
class Failed(Exception): ...

@final
class Arrow:
    def __new__(cls, table: Any) -> Arrow: ...
    @staticmethod
    def side_by_side(tables: Sequence[Arrow]) -> Arrow: ...
    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...

@disjoint_base
class Table:
    def __new__(cls, columns: Table | Sequence[tuple[str, list[Any]]]) -> Self: ...
    def __arrow_c_stream__(self, requested_schema: CapsuleType | None = None) -> CapsuleType: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    def __len__(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def units(self) -> list[tuple[str, str]]: ...
    def values(self, name: str) -> list[Any]: ...
    def floats(self, name: str) -> bytearray | None: ...

@final
class Opened:
    def __new__(cls, file: str, texts: Sequence[tuple[str, str]], frame: tuple[str, Arrow] | None = None) -> Opened: ...
    @property
    def models(self) -> int: ...
    @property
    def warnings(self) -> list[_Told]: ...
    @property
    def by_rule(self) -> list[tuple[_Told, int]]: ...
    @property
    def tiers(self) -> list[tuple[str, int]]: ...
    @property
    def labels(self) -> list[str]: ...
    @property
    def ids(self) -> list[str]: ...
    def compile(self) -> None: ...
    def explain(self, id: str) -> str | None: ...
    def unknown_column(self, column: str, others: Sequence[str]) -> str | None: ...
    def unknown_value(self, column: str, value: str) -> str | None: ...
    def unknown_id(self, id: str) -> str: ...
    def run(self, drawing: Drawing, sensitivity: bool = False, progress: _Report | None = None) -> Outcome: ...
    def settled(self, drawing: Drawing, progress: _Report | None = None) -> tuple[int, int, float]: ...
    def asked_precision(self, drawing: Drawing) -> float | None: ...
    def archive(self) -> bytes: ...

@final
class Outcome:
    def json(self, models: str) -> bytes: ...
    def page(self, columns: int) -> str: ...
    def draws(self, output: str) -> bytearray | None: ...
    @property
    def outputs(self) -> list[str]: ...
    def models(self) -> Table: ...
    def groups(self) -> Table: ...
    @property
    def cautions(self) -> list[str]: ...
    @property
    def settings(self) -> tuple[int, int, float]: ...
    @property
    def warnings(self) -> list[_Told]: ...
    @property
    def by_rule(self) -> list[tuple[_Told, int]]: ...
    def figure(
        self,
        name: str,
        width_name: str,
        drawing: Drawing,
        root: str | None = None,
        progress: _Report | None = None,
    ) -> str: ...

@final
class Tracking:
    def __new__(
        cls,
        name: str,
        out: str | None,
        interval_s: float,
        place: tuple[str | None, str | None],
        cloud_metadata: bool,
        with_host: bool,
    ) -> Tracking: ...
    def end(self, notes: Sequence[str]) -> None: ...
    @property
    def line(self) -> str | None: ...
    @property
    def kept(self) -> Path | None: ...
    @property
    def why(self) -> str | None: ...

def study_text(settings: str, base: str | None = None, models: Sequence[str] | None = None) -> str: ...
def draw_part(
    archive: bytes,
    file: str,
    settings: tuple[int, int, float],
    shard: int,
    of: int,
    drawing: Drawing,
    progress: _Report | None = None,
) -> bytes: ...
def merge(parts: Sequence[bytes | str], precision: float | None = None, progress: _Report | None = None) -> Outcome: ...
def sensitivity(
    opened: Opened, by: Sequence[str], reruns: bool, top: int | None, drawing: Drawing, progress: _Report | None = None
) -> _Document: ...
def sampled(
    opened: Opened,
    groups: str,
    of: Sequence[tuple[str, str]],
    threshold: float | None,
    top: int | None,
    drawing: Drawing,
    progress: _Report | None = None,
) -> tuple[str, str, list[str]]: ...
def lineage(
    opened: Opened,
    roots: Sequence[str],
    ancestors: Sequence[str],
    allocate: str | None,
    branches: int,
    drawing: Drawing,
    progress: _Report | None = None,
) -> tuple[str, str, str, str]: ...
def coverage(
    opened: Opened,
    other: tuple[Opened, str, str | None] | None,
    thresholds: Sequence[float],
    top: int,
    drawing: Drawing,
    progress: _Report | None = None,
) -> _Document: ...
def validate(
    file: str, lists: Sequence[str], settings: tuple[int, int], drawing: Drawing, progress: _Report | None = None
) -> _Document: ...
def diff(
    first: Opened, second: Opened, names: tuple[str, str], drawing: Drawing, progress: _Report | None = None
) -> _Document: ...
def export(
    opened: Opened,
    form: str,
    layout: str | None,
    model: str | None,
    by: str,
    card: bytes | None,
    texts: tuple[str, str],
    drawing: Drawing,
    progress: _Report | None = None,
) -> str: ...
def import_files(
    paths: Sequence[str], kind: str | None, group_by: str, strict: bool
) -> tuple[str, list[tuple[str, int, str, str, str, str]], list[str], int]: ...
def page(
    results: Sequence[tuple[Outcome, str, str]], validation: bool, drawing: Drawing, progress: _Report | None = None
) -> str: ...
def calibration(file: str, width_name: str, drawing: Drawing, progress: _Report | None = None) -> str: ...
def number_text(x: float, mcse: float | None = None) -> str: ...
def record_text(line: str) -> str: ...
def track_summary(
    paths: Sequence[str],
) -> tuple[str, list[str], list[_Row], list[tuple[str, int, float, float]]]: ...
