"""A run under way: progress, Ctrl-C, other threads, forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from conftest import FIXTURES, rows

import carbonhaze as ch

LONG = {"draws": 50_000_000, "backend": "cpu"}


def test_progress_is_told_in_order() -> None:
    seen: list[tuple[int, int, str]] = []
    ch.run(FIXTURES / "hub_models.csv", draws=100_000, backend="cpu", progress=lambda *told: seen.append(told))
    done, totals, devices = zip(*seen, strict=True)
    assert list(done) == sorted(done) and done[-1] <= totals[-1] == 100_000 * 1313
    assert len(set(done)) > 1 and all("CPU" in device or "cpu" in device for device in devices)


def test_an_exception_of_the_progress_ends_the_run() -> None:
    def stop(done: int, total: int, device: str) -> None:
        raise RuntimeError("enough")

    start = time.monotonic()
    with pytest.raises(RuntimeError, match="enough"):
        ch.run(rows() * 1 + [{"id": str(i), "parameters": 1e9} for i in range(2000)], **LONG, progress=stop)
    assert time.monotonic() - start < 60


def test_a_bar_needs_tqdm_or_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    ch.run(FIXTURES / "open_weights.csv", draws=20_000, backend="cpu", progress=True)
    assert "drawing" in capsys.readouterr().err
    ch.run(rows(), draws=500, progress=False)
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    ch.run(rows(), draws=500)
    with pytest.raises(ch.InputError, match="pip install tqdm"):
        ch.run(rows(), draws=500, progress=True)


PROGRAM = """
import sys
import carbonhaze as ch
rows = [{"id": str(i), "parameters": 1e9} for i in range(2000)]
print("begun", flush=True)
try:
    ch.run(rows, draws=50_000_000, backend="cpu", progress=lambda *told: print("drawing", flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
    result = ch.run(rows[:2], draws=500)
    print(result.total.models, flush=True)
"""


def test_ctrl_c_ends_a_run_and_the_next_one_works(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        assert running.stdout.readline() == "drawing\n"
        start = time.monotonic()
        running.send_signal(signal.SIGINT)
        rest = [line for line in running.stdout.read().splitlines() if line != "drawing"]
        assert rest == ["interrupted", "2"]
        assert time.monotonic() - start < 30
    assert running.returncode == 0


def test_other_threads_run_meanwhile() -> None:
    """Python's lock is released: a thread of Python counts while the run draws, and two runs give their own results."""
    counted, over = 0, threading.Event()

    def count() -> None:
        nonlocal counted
        while not over.is_set():
            counted += 1
            time.sleep(0.001)

    results: dict[int, ch.Result] = {}

    def draw(seed: int) -> None:
        results[seed] = ch.run(FIXTURES / "open_weights.csv", draws=20_000, seed=seed, backend="cpu")

    threads = [threading.Thread(target=count), *(threading.Thread(target=draw, args=(seed,)) for seed in (1, 2))]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    over.set()
    threads[0].join()
    assert counted > 50
    assert results[1].total.emissions_t.mean != results[2].total.emissions_t.mean
    again = ch.run(FIXTURES / "open_weights.csv", draws=20_000, seed=1, backend="cpu")
    assert again.total == results[1].total


def test_a_forked_process_can_run(tmp_path: Path) -> None:
    """Threads do not survive a fork, and a run of the child must not wait for those of its parent."""
    program = tmp_path / "fork.py"
    program.write_text(
        textwrap.dedent("""
        import os, sys
        import carbonhaze as ch
        rows = [{"id": "a", "parameters": 1e9}]
        mean = ch.run(rows, draws=500, backend="cpu").total.emissions_t.mean
        child = os.fork()
        if child == 0:
            os._exit(0 if ch.run(rows, draws=500, backend="cpu").total.emissions_t.mean == mean else 3)
        _, status = os.waitpid(child, 0)
        sys.exit(os.waitstatus_to_exitcode(status))
        """)
    )
    assert subprocess.run([sys.executable, program], timeout=120, check=False).returncode == 0


def test_a_run_that_does_not_fit_is_refused() -> None:
    with pytest.raises(MemoryError, match="use fewer draws"):
        ch.run(rows(), draws=2**31 - 1, outputs=["water", "embodied", "development"])


def test_nothing_is_left_in_the_folder(tmp_path: Path) -> None:
    before = os.getcwd()
    try:
        os.chdir(tmp_path)
        ch.run(rows(), draws=500).to_json()
        assert list(tmp_path.iterdir()) == []
    finally:
        os.chdir(before)
