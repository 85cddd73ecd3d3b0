"""Runs in parts on real local clusters of two workers, of which one is killed in the middle."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import FIXTURES, bytes_of, program, rows

import carbonhaze as ch

MODELS = FIXTURES / "open_weights.csv"
DRAWS = 6_000
SHARDS = 6


@pytest.fixture(scope="module")
def dask_client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[Any]:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def whole(haze: Path) -> bytes:
    return bytes_of(program(haze, "run", MODELS, "--draws", str(DRAWS), "--json", "-", "--quiet"))


def test_dask_gives_the_bytes_of_the_undivided_run(dask_client: Any, whole: bytes) -> None:
    seen: list[tuple[int, int, str]] = []
    result = ch.dask.run(pd.read_csv(MODELS), shards=3, draws=DRAWS, client=dask_client, progress=lambda *t: seen.append(t))
    assert bytes_of(result.to_json()) == whole
    assert seen[-1] == (3, 3, "parts")
    # The current client; another seed gives other bytes.
    assert bytes_of(ch.dask.run(MODELS, shards=2, draws=DRAWS, seed=1).to_json()) != whole


def test_ray_gives_the_bytes_of_the_undivided_run(ray_cluster: Any, whole: bytes) -> None:
    result = ch.ray.run(pd.read_csv(MODELS), shards=3, draws=DRAWS)
    assert bytes_of(result.to_json()) == whole
    assert bytes_of(ch.ray.run(MODELS, shards=2, draws=DRAWS, seed=1).to_json()) != whole


def test_a_precision_is_settled_by_the_pilot(dask_client: Any) -> None:
    undivided = ch.run(rows(), precision=0.01, groups="tier")
    divided = ch.dask.run(rows(), precision=0.01, groups="tier", shards=4, client=dask_client)
    assert bytes_of(divided.to_json()) == bytes_of(undivided.to_json())
    assert undivided.n_draws % 16_384 == 0 and undivided.to_dict()["precision"]["asked"] == 0.01


def _kill(running: Callable[[], list[int]], killed: list[int]) -> None:
    """Kills a worker once it is drawing."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit:
        for pid in running():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed.append(pid)
            return
        time.sleep(0.02)


def _drawing(pids: Callable[[], list[int]]) -> Callable[[], list[int]]:
    """Of these processes those that have threads of ours: the pool of a part that is being drawn."""
    psutil = pytest.importorskip("psutil")
    calm: dict[int, float] = {}

    def found() -> list[int]:
        busy = []
        for pid in pids():
            try:
                now = sum(psutil.Process(pid).cpu_times()[:2])
            except psutil.Error:
                continue
            if now - calm.setdefault(pid, now) > 0.5:
                busy.append(pid)
        return busy

    return found


LONG_DRAWS = 120_000


@pytest.fixture(scope="module")
def long_whole() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ch.InputWarning)
        return bytes_of(ch.run(MODELS, draws=LONG_DRAWS, backend="cpu").to_json())


def _with_a_kill(pids: Callable[[], list[int]], run: Callable[[], ch.Result]) -> ch.Result:
    killed: list[int] = []
    killer = threading.Thread(target=_kill, args=(_drawing(pids), killed))
    killer.start()
    result = run()
    killer.join()
    assert len(killed) == 1, "no worker was killed: the run was over before"
    return result


def test_dask_survives_a_lost_worker(dask_client: Any, long_whole: bytes) -> None:
    def pids() -> list[int]:
        return list(dask_client.run(os.getpid).values())

    alive = pids()
    run = lambda: ch.dask.run(MODELS, shards=SHARDS, draws=LONG_DRAWS, client=dask_client)  # noqa: E731
    result = _with_a_kill(lambda: alive, run)
    assert bytes_of(result.to_json()) == long_whole
    dask_client.wait_for_workers(2, timeout=60)
    assert set(pids()) != set(alive)


def test_ray_survives_a_lost_worker(ray_cluster: Any, long_whole: bytes) -> None:
    psutil = pytest.importorskip("psutil")

    def pids() -> list[int]:
        named = [p for p in psutil.process_iter(["pid", "cmdline"]) if "ray::draw" in " ".join(p.info["cmdline"] or [])]
        return [p.info["pid"] for p in named]

    result = _with_a_kill(pids, lambda: ch.ray.run(MODELS, shards=SHARDS, draws=LONG_DRAWS))
    assert bytes_of(result.to_json()) == long_whole


def test_what_cannot_be_divided_is_refused_before_anything_is_sent(dask_client: Any) -> None:
    for shards in (0, -1, 1.5, True, 501):
        with pytest.raises(ch.InputError, match="shards"):
            ch.dask.run(rows(), shards=shards, draws=500, client=dask_client)  # type: ignore[arg-type]
    with pytest.raises(ch.InputError, match="tokens"):
        ch.dask.run(rows(tokens="wrong"), shards=2, draws=500, client=dask_client)
