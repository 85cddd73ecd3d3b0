"""Results in the forms that others ask for, and files of other tools."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Union

from . import _native
from ._draw import INTERVAL, PRECISION, SEED, Backend, asked
from ._errors import InputError, Problem, translated, warn
from ._files import write_whole
from ._models import Models, read
from ._progress import Progress, follow
from ._run import study_of
from ._study import PathLike, Study
from ._table import Table

Form = Literal["dia", "hf", "gpai", "sci-ai", "boamps", "cyclonedx", "spdx", "ipcc", "audit"]
Paths = Union[PathLike, Sequence[PathLike]]


def export(
    form: Form,
    models: Models | None = None,
    *,
    model: str | None = None,
    by: str | None = None,
    card: PathLike | None = None,
    format: Literal["json", "md", "csv", "yaml"] | None = None,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    backend: Backend = "auto",
    progress: Progress = None,
    study: Study | PathLike | None = None,
) -> str:
    """The figures in a form that others ask for (docs/forms.md).

    Parameters
    ----------
    form : str
        About one model: "dia" and "hf" (blocks of a model card), "gpai" (the EU's documentation form), "sci-ai", "boamps",
        "cyclonedx", "spdx". About all: "ipcc" (Approach 2), "audit".
    models, draws, precision, seed, interval, backend, progress, study
        As in `run`.
    model : str, optional
        The model's id; may be left out where there is one model. Of "audit", only this model.
    by : str, optional
        "ipcc": categories by this column; by tier without it.
    card : path, optional
        "dia" and "hf": the card whose front matter the block is merged into. Its text comes back, and nothing is written.
    format : str, optional
        One that the form has; its first without it.

    Returns
    -------
    str
        The text of the form.
    """
    if card is not None and form not in ("dia", "hf"):
        raise InputError("card: is for dia and hf")
    if by is not None and form != "ipcc":
        raise InputError("by: is for ipcc")
    if model is not None and form == "ipcc":
        raise InputError("model: is for the forms of one model and audit")
    chosen = study_of(study)
    opened = read(models, chosen.without_outputs())
    drawing = asked(chosen, draws, precision, seed, interval, backend)
    if form == "ipcc" and drawing.interval not in (None, 0.95):
        raise InputError("interval: the table of the IPCC has the 2.5 and 97.5 percentiles; leave it out")
    if by is not None and (hint := opened.opened.unknown_column(by, [])) is not None:
        raise InputError(f"by: {hint}")
    bytes_of_card = None if card is None else _card(Path(card))
    command = f"ch.export({form!r}, {opened.name!r})"
    with follow(progress) as noted, translated(opened.labels):
        texts = (command, _now())
        text = _native.export(
            opened.opened, form, format, model, by or "tier", bytes_of_card, texts, drawing, noted
        )
    warn(opened.opened.by_rule, opened.labels, depth=2)
    return text


def _card(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise InputError(f"card: {path} could not be read: {e.strerror}; check the path") from None


def _now() -> str:
    """The time of writing, which SPDX requires; that of SOURCE_DATE_EPOCH where it is set."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    seconds = int(stated) if stated.isdigit() and int(stated) < 253_402_300_800 else int(time.time())
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@dataclass(frozen=True)
class Imported:
    """Files of other tools as a models file.

    Attributes
    ----------
    csv : str
        The text of the models file.
    rows : list of dict
        The same as rows, which `run` takes. Cells are text.
    changes : list of Problem
        What was not used, mended or assumed on the way, each with its line and field.
    formats : list of str
        What the files were read as, in words.
    passed_over : int
        Files in folders that are of no format that is imported.
    """

    csv: str
    rows: list[dict[str, str]]
    changes: list[Problem]
    formats: list[str]
    passed_over: int

    def table(self) -> Table:
        """The rows as a table of texts."""
        names = list(self.rows[0]) if self.rows else []
        return Table([(name, [row[name] or None for row in self.rows]) for name in names])

    def save(self, path: PathLike) -> Path:
        """Writes the models file, whole or not at all; its path."""
        return write_whole(path, self.csv.encode())


def import_(
    paths: Paths,
    *,
    kind: str | None = None,
    group_by: Literal["project", "experiment", "run"] = "project",
    strict: bool = False,
) -> Imported:
    """Files of other tools as one models file (docs/import.md): CodeCarbon logs, model cards, DIA, Epoch, BoAmps …

    A file of these formats can also be given to `run` as it is.

    Parameters
    ----------
    paths : path or list of paths
        Files and folders.
    kind : str, optional
        Read the files as this format instead of recognising it: "codecarbon", "epoch" …
    group_by : "project", "experiment" or "run"
        Which runs of a log are one model.
    strict : bool
        A value that would not be used, or mended, is an error.

    Raises
    ------
    InputError
        Files that cannot be read or are of no known format; with ``strict``, every change.
    """
    named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    with translated():
        text, changed, titles, passed_over = _native.import_files([str(path) for path in named], kind, group_by, strict)
    changes = [
        Problem(line or None, field or None, value, f"import-{done.replace(' ', '-')}", f"{done}: {why}", why, file)
        for file, line, field, value, done, why in changed
    ]
    rows = list(csv.DictReader(io.StringIO(text)))
    return Imported(text, rows, changes, list(dict.fromkeys(titles)), passed_over)
