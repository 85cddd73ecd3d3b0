"""A run in parts on a Dask cluster.

Dask is an extra: ``pip install carbonhaze[dask]``. Each part is a task; a task whose worker is lost is drawn again by Dask,
on another worker. A part depends on the seed and its number alone, so the result has the bytes of the undivided run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._draw import INTERVAL, PRECISION, SEED
from ._models import Models
from ._parts import draw, plan_of
from ._progress import Progress, follow
from ._result import Result
from ._study import Groups, Outputs, PathLike, Shared, Study

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["run"]


def _same(archive: bytes) -> bytes:
    return archive


def run(
    models: Models | None = None,
    *,
    shards: int,
    client: Client | None = None,
    draws: int | None = None,
    precision: float = PRECISION,
    seed: int = SEED,
    interval: float = INTERVAL,
    scope: Mapping[str, Any] | None = None,
    priors: Mapping[str, Mapping[str, Any]] | None = None,
    shared: Shared | None = None,
    groups: Groups | None = None,
    outputs: Outputs | None = None,
    threads: int = 1,
    progress: Progress = None,
    study: Study | PathLike | None = None,
) -> Result:
    """`carbonhaze.run` in parts, each a task of Dask: the same result, to the last byte.

    Parameters
    ----------
    models, draws, precision, seed, interval, scope, priors, shared, groups, outputs, study
        As in `carbonhaze.run`. Without ``draws`` the pilot is drawn here first, and fixes the number.
    shards : int
        Parts, at most as many as draws. A part lost with its worker is drawn again, so more and smaller parts lose less.
    client : distributed.Client, optional
        The cluster; the current client without it. How often a part may be lost is the scheduler's setting
        ``distributed.scheduler.allowed-failures``.
    threads : int
        Threads of each task.
    progress : bool or function, optional
        As in `carbonhaze.run`, in parts.

    Raises
    ------
    InputError
        As `carbonhaze.run`, before anything is sent.
    ImportError
        Dask is not installed.
    ValueError
        There is no client.
    """
    from distributed import as_completed, get_client

    settings = {"scope": scope, "priors": priors, "shared": shared, "groups": groups, "outputs": outputs}
    plan = plan_of(models, shards, draws, precision, seed, interval, threads, progress, study, settings)
    # Half of Dask has no types.
    cluster: Any = get_client() if client is None else client
    completed: Any = as_completed
    # A task and no scattered bytes: these would be lost with the last worker that holds them.
    archive = cluster.submit(_same, plan.archive, pure=False)
    numbers = range(1, shards + 1)
    parts = [
        cluster.submit(draw, archive, plan.file, plan.settings, k, shards, plan.drawing, pure=False) for k in numbers
    ]
    with follow(progress) as noted:
        for done, _ in enumerate(completed(parts), 1):
            if noted is not None:
                noted(done, shards, "parts")
    return plan.merged(cluster.gather(parts), depth=2)
