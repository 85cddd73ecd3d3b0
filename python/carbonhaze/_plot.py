"""Figures of a result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ._draw import Drawing
from ._errors import translated
from ._files import write_whole

if TYPE_CHECKING:
    from . import _native

Width = Literal["column", "page"]


class Figure:
    """A figure as SVG, with its text as outlines: it looks the same everywhere. Notebooks show it."""

    def __init__(self, svg: str) -> None:
        #: The text of the file.
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> Path:
        """Writes the SVG file, whole or not at all; its path."""
        return write_whole(path, self.svg.encode())

    def __repr__(self) -> str:
        return f"<Figure, {len(self.svg)} bytes of SVG>"


class Plot:
    """The figures of a result (docs/figures.md), each a column (89 mm) or a page (183 mm) of a paper wide."""

    def __init__(self, outcome: _native.Outcome) -> None:
        self._outcome = outcome

    def _drawn(self, kind: str, width: Width, root: str | None = None) -> Figure:
        with translated():
            return Figure(self._outcome.figure(kind, width, Drawing(), root))

    def total(self, width: Width = "column") -> Figure:
        """The density of the total emissions, as modelled and with correlation ignored."""
        return self._drawn("total", width)

    def sensitivity(self, width: Width = "column") -> Figure:
        """Where the variance of the emissions comes from."""
        return self._drawn("sensitivity", width)

    def tornado(self, width: Width = "column") -> Figure:
        """The total with one input at a time at the ends of its range."""
        return self._drawn("tornado", width)

    def atci(self, width: Width = "column") -> Figure:
        """Emissions per compute of each model."""
        return self._drawn("atci", width)

    def scaling(self, width: Width = "column") -> Figure:
        """How the relative spread falls as models are added."""
        return self._drawn("scaling", width)

    def convergence(self, width: Width = "column") -> Figure:
        """The result against the number of draws."""
        return self._drawn("convergence", width)

    def lineage(self, root: str | None = None, width: Width = "column") -> Figure:
        """The family of a base model as a tree; without a root, the largest family. InputError where no row names a base."""
        return self._drawn("lineage", width, root)

    def trend(self, width: Width = "column") -> Figure:
        """By year of training. InputError where no row has a date."""
        return self._drawn("trend", width)

    def calibration(self, width: Width = "column") -> Figure:
        """How well predictions of published runs are calibrated: the back-test that comes with the program."""
        return self._drawn("calibration", width)
