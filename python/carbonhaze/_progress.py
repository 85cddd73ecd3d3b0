"""How far a run is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, Union

from ._errors import InputError

#: None: a bar of tqdm where it is installed and somebody may look; True: a bar, or an error; False: nothing; or a function
#: that is called with the model-draws that are done, those there are to make, and what draws.
Progress = Union[bool, Callable[[int, int, str], Any], None]
Report = Callable[[int, int, str], Any]


def _tqdm() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm


def _watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules


@contextlib.contextmanager
def follow(progress: Progress) -> Iterator[Report | None]:
    """A function for the native half, or None."""
    if callable(progress):
        yield progress
        return
    if progress is False or (progress is None and not _watched()):
        yield None
        return
    tqdm = _tqdm()
    if tqdm is None:
        if progress:
            raise InputError("progress: a bar needs tqdm; install it (pip install tqdm), or give a function")
        yield None
        return
    bar = tqdm(unit=" model-draws", unit_scale=True, desc="drawing", leave=False)

    def report(done: int, total: int, device: str) -> None:
        bar.total = total
        bar.set_postfix_str(device, refresh=False)
        bar.update(done - bar.n)

    try:
        yield report
    finally:
        bar.close()
