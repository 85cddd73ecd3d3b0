"""A run in parts, for clusters: what is the same whoever draws them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from . import _native
from ._draw import Drawing, asked
from ._errors import InputError, Labels, translated
from ._models import Models, read
from ._progress import Progress, follow
from ._result import Result, result_of
from ._run import command_of, study_of
from ._study import Study


@dataclass
class Plan:
    """A run that is divided: everything that a worker needs, and what the whole is made with."""

    archive: bytes
    file: str
    settings: tuple[int, int, float]
    drawing: Drawing
    shards: int
    #: The precision that was asked for, where a pilot found the number of draws.
    precision: float | None
    name: str
    labels: Labels | None

    def merged(self, parts: list[bytes], *, depth: int) -> Result:
        """The run that the parts make, with the bytes of the undivided one."""
        with translated(self.labels):
            outcome = _native.merge(parts, self.precision, None)
        how = command_of(self.name, self.settings)
        return result_of(outcome, self.labels, self.name, how, depth=depth + 1)


def draw(archive: bytes, file: str, settings: tuple[int, int, float], shard: int, of: int, drawing: Drawing) -> bytes:
    """One part, drawn where this is called."""
    with translated():
        return _native.draw_part(archive, file, settings, shard, of, drawing, None)


def plan_of(
    models: Models | None,
    shards: int,
    draws: int | None,
    precision: float,
    seed: int,
    interval: float,
    threads: int | None,
    progress: Progress,
    study: Any,
    settings: dict[str, Any],
) -> Plan:
    """Reads the models and fixes the number of draws, by the pilot where only a precision is known."""
    if isinstance(shards, bool) or not isinstance(shards, int) or shards < 1:
        raise InputError(f"shards: expected a whole number from 1 on, not {shards!r}")
    chosen: Study = study_of(study, **settings)
    opened = read(models, chosen)
    drawing = asked(chosen, draws, precision, seed, interval, "cpu", threads)
    with follow(progress) as noted, translated(opened.labels):
        settled = opened.opened.settled(drawing, noted)
        archive = opened.opened.archive()
        found = opened.opened.asked_precision(drawing)
    if shards > settled[0]:
        raise InputError(f"shards: {shards} parts of {settled[0]} draws; use at most as many parts as draws")
    worker = replace(drawing, draws=None, precision=None, seed=None, interval=None)
    return Plan(archive, opened.file, settled, worker, shards, found, opened.name, opened.labels)
