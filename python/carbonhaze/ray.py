"""A run in parts on a Ray cluster.

Ray is an extra: ``pip install carbonhaze[ray]``. Each part is a task; a task whose worker is lost is drawn again by Ray, on
another worker. A part depends on the seed and its number alone, so the result has the bytes of the undivided run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._draw import INTERVAL, PRECISION, SEED
from ._models import Models
from ._parts import draw, plan_of
from ._progress import Progress, follow
from ._result import Result
from ._study import Groups, Outputs, PathLike, Shared, Study

__all__ = ["run"]


def run(
    models: Models | None = None,
    *,
    shards: int,
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
    retries: int = 10,
    progress: Progress = None,
    study: Study | PathLike | None = None,
) -> Result:
    """`carbonhaze.run` in parts, each a task of Ray: the same result, to the last byte.

    Parameters
    ----------
    models, draws, precision, seed, interval, scope, priors, shared, groups, outputs, study
        As in `carbonhaze.run`. Without ``draws`` the pilot is drawn here first, and fixes the number.
    shards : int
        Parts, at most as many as draws. A part lost with its worker is drawn again, so more and smaller parts lose less.
    threads : int
        Threads of each task, which Ray counts as its CPUs.
    retries : int
        How often a part is drawn again after its worker was lost.
    progress : bool or function, optional
        As in `carbonhaze.run`, in parts.

    Raises
    ------
    InputError
        As `carbonhaze.run`, before anything is sent.
    ImportError
        Ray is not installed.
    """
    import ray

    settings = {"scope": scope, "priors": priors, "shared": shared, "groups": groups, "outputs": outputs}
    plan = plan_of(models, shards, draws, precision, seed, interval, threads, progress, study, settings)
    task = ray.remote(num_cpus=threads, max_retries=retries)(draw)
    archive = ray.put(plan.archive)
    numbers = range(1, shards + 1)
    waiting = [task.remote(archive, plan.file, plan.settings, k, shards, plan.drawing) for k in numbers]
    parts = list(waiting)
    with follow(progress) as noted:
        while waiting:
            _, waiting = ray.wait(waiting, num_returns=1)
            if noted is not None:
                noted(shards - len(waiting), shards, "parts")
    return plan.merged(ray.get(parts), depth=2)
