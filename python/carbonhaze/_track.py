"""Measuring a block of a program: this process and all that it starts (docs/track.md).

The native half measures, in a thread of its own. Here is decided when a measurement may begin and what ends it:

- A process has at most one measurement at a time that writes to a file, or its energy would count twice in that file.
- A process that is forked meanwhile measures nothing: it belongs to what its parent measures.
- What nobody ended is ended when the program ends.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import inspect
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar, cast

from . import _native
from ._errors import InputError, InputWarning, RunError, translated
from ._record import TrackRecord, record_of
from ._study import PathLike

#: The file of the program, too.
OUT = "haze-track.jsonl"

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Settings:
    """What `track` was given."""

    name: str | None
    out: PathLike | None
    interval: float
    region: str | None
    provider: str | None
    cloud_metadata: bool
    with_host: bool
    quiet: bool


#: Measurements of this process that go on.
_running: list[Track] = []
#: Names of those that went on in the process that this one was forked from.
_forked_within: list[str] = []
_lock = threading.RLock()


def _after_fork() -> None:
    global _lock
    # Another thread, which is not here, may have had it.
    _lock = threading.RLock()
    _forked_within.extend(track.name for track in _running)
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@atexit.register
def _at_exit() -> None:
    for track in list(_running):
        track._end(["the program ended before the measurement did"])


class Track:
    """A measurement, as `track` gives it: for ``with``, as a decorator, or with `start` and `stop`.

    It can be used again, for a record each time, but not twice at once.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        #: What the run is called.
        self.name = _program() if settings.name is None else settings.name
        self._native: _native.Tracking | None = None
        self._record: TrackRecord | None = None
        self._owner = 0
        self._others: list[str] = []
        self._ending = threading.RLock()

    @property
    def running(self) -> bool:
        """Whether this process is being measured. False in a process that was forked meanwhile."""
        return self._native is not None and self._native.line is None and self._owner == os.getpid()

    @property
    def record(self) -> TrackRecord:
        """What was measured. RunError as long as nothing is: before the end, and in a process that was forked meanwhile."""
        line = None if self._native is None else self._native.line
        if line is None:
            raise RunError("there is no record; a measurement has one when it has ended, in the process that began it")
        if self._record is None:
            self._record = record_of(line)
        return self._record

    @property
    def file(self) -> Path | None:
        """Where the record is: the file, a file in the temporary folder where that could not be written, or None."""
        return None if self._native is None else self._native.kept

    def start(self) -> Track:
        """Begins to measure; the measurement itself.

        Raises
        ------
        InputError
            The file cannot be written, a setting cannot be used, or this process is being measured already and both
            records would go to a file.
        RunError
            This system cannot be measured: it is not Linux, or gives no thread.
        """
        if not hasattr(_native, "Tracking"):
            raise RunError("measuring needs Linux; records are read everywhere")
        settings = self._settings
        with _lock:
            if self.running:
                raise RunError(f"the measurement {self.name!r} goes on already; stop it first")
            writes = [track.name for track in _running if track._settings.out is not None]
            if writes and settings.out is not None:
                raise InputError(
                    f"out: {writes[0]!r} measures this process already, and its energy would count twice; measure a part "
                    "of it with out=None, or stop that first"
                )
            out = None if settings.out is None else os.path.abspath(settings.out)
            place = (settings.region, settings.provider)
            with translated():
                native = _native.Tracking(
                    self.name, out, float(settings.interval), place, settings.cloud_metadata, settings.with_host
                )
            self._native, self._record, self._owner = native, None, os.getpid()
            self._others = [track.name for track in _running]
            for track in _running:
                track._others.append(self.name)
            _running.append(self)
        return self

    def stop(self) -> TrackRecord:
        """Ends the measurement; its record, which is in the file now. RunError where none goes on."""
        if not self.running:
            raise RunError("the measurement does not go on in this process; start it first")
        self._end([])
        return self.record

    def _end(self, notes: list[str]) -> None:
        """Ends it, once: of two threads the second waits."""
        native = self._native
        if native is None:
            return
        with self._ending:
            if native.line is not None:
                return
            try:
                # The lock of Python is not held meanwhile, and no signal comes between the end and the file.
                native.end(self._notes() + notes)
            except KeyboardInterrupt:
                # It came just before or just after.
                native.end(self._notes() + notes)
                raise
            finally:
                if native.line is not None:
                    with _lock:
                        _running[:] = [track for track in _running if track is not self]
        self._say(native)

    def _notes(self) -> list[str]:
        notes = []
        if self._others:
            names = ", ".join(map(repr, dict.fromkeys(self._others)))
            notes.append(f"also measured in this process at the same time: {names}; what is in both counts in both")
        if _forked_within:
            names = ", ".join(map(repr, dict.fromkeys(_forked_within)))
            notes.append(f"this process was forked while {names} was measured, whose record may have the energy too")
        return notes

    def _say(self, native: _native.Tracking) -> None:
        if native.why is not None:
            where = "it is in no file" if native.kept is None else f"it is in {native.kept}: append that file to the log"
            text = f"the record cannot go to {os.path.abspath(self._settings.out or '')} ({native.why}); {where}"
            warnings.warn(InputWarning(text), stacklevel=4)
        if self._settings.quiet or sys.stderr is None:
            return
        place = "" if native.kept is None else f"; the record is in {native.kept}"
        # Whoever closed it does not want to see it.
        with contextlib.suppress(OSError, ValueError):
            print(f"haze: {self.name!r}: {self.record}{place}", file=sys.stderr)

    def __enter__(self) -> Track:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # A process that was forked in the block leaves it too.
        if self.running:
            self._end(_ended_by(kind, value))

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, measured at each call under the name of the measurement, else its own."""
        if not callable(function):
            raise InputError("track: as a decorator, it takes a function")
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise InputError("track: a generator runs when it is read; measure it with `with ch.track(...)` within it")
        name = self._settings.name or getattr(function, "__name__", None)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> object:
                with self._once(name):
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", awaited)

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._once(name):
                return function(*args, **kwargs)

        return called

    @contextlib.contextmanager
    def _once(self, name: str | None) -> Iterator[None]:
        """A measurement with the settings of this one, whose record is then the last of this one."""
        run = Track(replace(self._settings, name=name))
        try:
            with run:
                yield
        finally:
            if run._native is not None and not self.running:
                self._native, self._record, self._owner = run._native, None, run._owner

    def __repr__(self) -> str:
        state = "goes on" if self.running else "has not begun" if self._native is None else "has ended"
        return f"<Track {self.name!r}: {state}>"


def _ended_by(kind: type[BaseException] | None, value: BaseException | None) -> list[str]:
    """A note where it ended with an exception: its kind only, because its text may hold secrets."""
    if kind is None or (isinstance(value, SystemExit) and value.code in (None, 0)):
        return []
    return [f"what was measured ended with an exception: {kind.__name__}"]


def _program() -> str:
    """The name of the program: its module or file; "run" in a notebook."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.parent or spec.name)
    return os.path.basename(getattr(main, "__file__", None) or "") or "run"


def track(
    name: str | None = None,
    *,
    out: PathLike | None = OUT,
    interval: float = 1.0,
    region: str | None = None,
    provider: str | None = None,
    cloud_metadata: bool = False,
    with_host: bool = False,
    quiet: bool = False,
) -> Track:
    """Measures what this process and all that it starts use: ``with ch.track("finetune") as run:``. It needs Linux, and no root.

    Energy of GPUs is read through the driver, that of CPU and memory through RAPL; what cannot be read is estimated from the
    hardware, with its uncertainty, and named in the record (docs/track.md, with the sources). The record is appended to a
    file that `run`, `import_` and ``haze`` read. It is also written when the block ends with an exception or Ctrl-C, and
    says so.

    Parameters
    ----------
    name : str, optional
        What the run is called; runs of one name are one model. Without it the name of the program, as a decorator that of
        the function.
    out : path, optional
        The file that gets the record. None writes none; it is also for a part of what is measured already.
    interval : float
        Seconds between two samples, from 0.05 to 3600.
    region, provider : str, optional
        Where it runs and who runs the data centre, as in a models file.
    cloud_metadata : bool
        Ask the metadata service of the cloud (AWS, Google, Azure) for both.
    with_host : bool
        Let the record have the name of this machine.
    quiet : bool
        Do not say on standard error what was measured.

    Returns
    -------
    Track
        For ``with``, as a decorator, or with ``start()`` and ``stop()``; afterwards ``run.record`` has the energy in kWh.

    Raises
    ------
    InputError
        A setting that cannot be used. When it begins: the file cannot be written, or this process is being measured already.
    RunError
        When it begins: this system cannot be measured.

    Examples
    --------
    >>> with track("finetune", out=None, quiet=True) as run:
    ...     total = sum(range(1000))
    >>> low, high = run.record.energy_kwh.interval  # 90 %, in kWh
    >>> low < run.record.energy_kwh.median < high
    True
    """
    if not (name is None or isinstance(name, str)) or (name is not None and not name.strip()):
        raise InputError('name: expected a text such as "finetune"; a decorator is @ch.track(), with parentheses')
    return Track(Settings(name, out, interval, region, provider, cloud_metadata, with_host, quiet))
