"""What was measured: records of `track`, and their sums."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass, field
from typing import Any, Literal

from . import _native
from ._errors import InputError, Problem, problem_of, translated
from ._forms import Paths
from ._table import Table

#: Standard normal quantile at 0.95 (Abramowitz and Stegun 1964, ISBN 0-486-61272-4, table 26.5).
_Z95 = 1.6448536269514727


@dataclass(frozen=True)
class TrackEnergy:
    """An energy that was measured, with the error of the meters: lognormal, in kWh at the plug of the machine, without PUE.

    Attributes
    ----------
    median : float
        The median, in kWh.
    gsd : float
        The geometric standard deviation, at least 1: the interval of about 68 % is from median / gsd to median * gsd.
    """

    median: float
    gsd: float

    @property
    def interval(self) -> tuple[float, float]:
        """The central 90 % interval, in kWh: median / gsd ** 1.645 and median * gsd ** 1.645."""
        factor = self.gsd**_Z95
        return self.median / factor, self.median * factor


@dataclass(frozen=True)
class TrackDevice:
    """What one device used for the run.

    Attributes
    ----------
    name : str
        Which one: "GPU 0", "CPU package 1".
    part : str
        "accelerator", "processor", "memory", or "rest" for all else up to the plug.
    model : str or None
        As its driver or the system calls it.
    basis : str
        "energy-counter", "integrated-power" (sampled power), or "estimated" where nothing could be read.
    energy_kwh : TrackEnergy
        The run's share, with the meter's error.
    share : float
        The run's share of what the device used, 0 to 1.
    mean_power_w, max_power_w : float or None
        In watts, as far as they were read.
    mean_utilisation : float or None
        0 to 1.
    samples : int
        How often it was read.
    longest_gap_s : float
        The longest time between two readings, in seconds.
    notes : list of str
        What a reader must know: a counter that wrapped, why it is estimated.
    """

    name: str
    part: Literal["accelerator", "processor", "memory", "rest"]
    model: str | None
    basis: Literal["energy-counter", "integrated-power", "estimated"]
    energy_kwh: TrackEnergy
    share: float
    mean_power_w: float | None
    max_power_w: float | None
    mean_utilisation: float | None
    samples: int
    longest_gap_s: float
    notes: list[str]


def _energy(found: dict[str, Any]) -> TrackEnergy:
    return TrackEnergy(found["median_kwh"], found["gsd"])


@dataclass(frozen=True, repr=False)
class TrackRecord:
    """The record of one measurement: a line of the file that `run` reads (docs/track.md, docs/track.schema.json).

    Attributes
    ----------
    id : str
        Different in every record.
    name : str
        What the run is called: runs of one name are one model.
    started, ended : str
        UTC, such as "2026-07-30T12:03:01.123Z".
    duration_s : float
        In seconds, on a clock that never steps and counts suspension.
    energy_kwh : TrackEnergy or None
        At the plug of the machine, without PUE; None where another rank of the job read this node.
    devices : list of TrackDevice
        Where it comes from.
    accelerator_hours : float or None
        All accelerators together; None where there is none.
    cpu_time_s : float or None
        User and system time of all processes that were measured, in seconds.
    unread : list of str
        What could not be read and why; it is estimated, and never 0.
    notes : list of str
        What a reader must know, such as the exception that ended the block.
    reader : str or None
        The id of the record with this node's energy, where this one has none.
    interval_s : float
        Seconds between samples.
    """

    id: str
    name: str
    started: str
    ended: str
    duration_s: float
    energy_kwh: TrackEnergy | None
    devices: list[TrackDevice]
    accelerator_hours: float | None
    cpu_time_s: float | None
    unread: list[str]
    notes: list[str]
    reader: str | None
    interval_s: float
    _line: str = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything in the record, as it is in the file."""
        content: dict[str, Any] = json.loads(self._line)
        return content

    def to_row(self) -> dict[str, str]:
        """The record as a row of a models file, which `run` takes. InputError where it has no energy."""
        row: dict[str, str] | None = self.to_dict().get("row")
        if row is None:
            raise InputError("the record has no energy; use that of the rank that read this node")
        return row

    def __str__(self) -> str:
        return _native.record_text(self._line)

    def __repr__(self) -> str:
        return f"<TrackRecord {self.name!r}: {self}>"

    def _repr_html_(self) -> str:
        said = [f"not read: {why}" for why in self.unread] + self.notes
        items = "".join(f"<li>{html.escape(text)}</li>" for text in said)
        listed = f"<ul>{items}</ul>" if items else ""
        return f"<p><b>{html.escape(self.name)}</b>: {html.escape(str(self))}</p>{listed}"


def record_of(line: str) -> TrackRecord:
    """The record of a line."""
    found = json.loads(line)
    measured = found["measured"] or {"devices": [], "energy": None, "unread": []}
    devices = []
    for device in measured["devices"]:
        others = {key: value for key, value in device.items() if key != "energy"}
        devices.append(TrackDevice(energy_kwh=_energy(device["energy"]), **others))
    return TrackRecord(
        id=found["id"],
        name=found["name"],
        started=found["started"],
        ended=found["ended"],
        duration_s=found["duration_s"],
        energy_kwh=None if measured["energy"] is None else _energy(measured["energy"]),
        devices=devices,
        accelerator_hours=measured.get("accelerator_hours"),
        cpu_time_s=measured.get("cpu_time_s"),
        unread=measured["unread"],
        notes=found["notes"],
        reader=found.get("reader", {}).get("record") or None,
        interval_s=found["interval_s"],
        _line=line,
    )


class TrackSummary:
    """What the runs of some files used, by name: ``haze track summary``. ``print`` shows its page, and so do notebooks."""

    def __init__(
        self,
        page: str,
        records: list[TrackRecord],
        left_out: list[Problem],
        sums: list[tuple[str, int, float, float]],
    ) -> None:
        #: The records that count.
        self.records = records
        #: What does not count, with file and line: torn lines, copies, ranks whose reader is missing.
        self.left_out = left_out
        #: The energy of all runs of a name, in kWh.
        self.energy_kwh = {name: TrackEnergy(median, gsd) for name, _, median, gsd in sums}
        self._page = page
        self._runs = [runs for _, runs, _, _ in sums]

    def table(self) -> Table:
        """A row for each name: its runs, and the median, GSD and 90 % interval of its energy in kWh."""
        energies = list(self.energy_kwh.values())
        return Table(
            [
                ("name", list(self.energy_kwh)),
                ("runs", self._runs),
                ("energy_median_kwh", [energy.median for energy in energies]),
                ("energy_gsd", [energy.gsd for energy in energies]),
                ("energy_lo_kwh", [energy.interval[0] for energy in energies]),
                ("energy_hi_kwh", [energy.interval[1] for energy in energies]),
            ]
        )

    def __str__(self) -> str:
        return self._page

    def __repr__(self) -> str:
        return f"<TrackSummary of {len(self.records)} runs, {len(self.energy_kwh)} names>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._page)}</pre>"


def track_summary(paths: Paths) -> TrackSummary:
    """What measured runs used, by name: ``haze track summary``.

    Errors of meters are taken as common to all runs, so that the interval of a sum is the widest (docs/track.md).

    Parameters
    ----------
    paths : path or list of paths
        Files that `track` and ``haze track`` wrote.

    Returns
    -------
    TrackSummary
        With the energy by name in kWh, as a dict and as a table.

    Raises
    ------
    InputError
        Files that cannot be read, and files without a record that has an energy.
    """
    named = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    with translated():
        page, lines, left_out, sums = _native.track_summary([str(path) for path in named])
    return TrackSummary(page, [record_of(line) for line in lines], [problem_of(row, None) for row in left_out], sums)
