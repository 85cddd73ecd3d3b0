"""Measuring a training of Hugging Face Transformers.

Transformers is no dependency: it is imported when a callback is made.
"""

from __future__ import annotations

from typing import Any, cast

from ._record import TrackRecord
from ._study import PathLike
from ._track import OUT, Track, track

__all__ = ["TrackCallback"]


class TrackCallback:
    """A callback for the ``Trainer`` that measures a training: ``Trainer(..., callbacks=[ch.transformers.TrackCallback("finetune")])``.

    It measures from the beginning of the training to its end. Of several ranks on a node one reads the meters; the others
    write records without an energy, so that the node counts once. A training that fails has a record when the program
    ends, or when a training begins again.

    Parameters
    ----------
    name, out, interval, region, provider, cloud_metadata, with_host, quiet
        As in `carbonhaze.track`.

    Raises
    ------
    ImportError
        Transformers is not installed.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        out: PathLike | None = OUT,
        interval: float = 1.0,
        region: str | None = None,
        provider: str | None = None,
        cloud_metadata: bool = False,
        with_host: bool = False,
        quiet: bool = False,
    ) -> None:
        base, kind = _base(), type(self)
        if not issubclass(kind, base):
            # The handler of a Trainer calls methods that only the class of Transformers has.
            both = type(kind.__name__, (kind, base), {"__module__": kind.__module__, "__doc__": kind.__doc__})
            self.__class__ = cast("type[TrackCallback]", both)
        #: The measurement.
        self.track: Track = track(
            name,
            out=out,
            interval=interval,
            region=region,
            provider=provider,
            cloud_metadata=cloud_metadata,
            with_host=with_host,
            quiet=quiet,
        )

    @property
    def record(self) -> TrackRecord:
        """What the last training used. RunError before its end."""
        return self.track.record

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Begins to measure."""
        if self.track.running:
            self.track._end(["the training did not end before another began"])
        self.track.start()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the measurement."""
        if self.track.running:
            self.track.stop()


def _base() -> type:
    try:
        from transformers import TrainerCallback
    except ImportError as e:
        message = "TrackCallback needs Transformers; install it (pip install transformers), or use `with ch.track(...)`"
        raise ImportError(message) from e
    base: type = TrainerCallback
    return base
