"""Measuring: blocks, functions, exceptions, forks, threads, many processes, a Trainer, and what `run` makes of a record."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import program

import carbonhaze as ch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measuring needs Linux")

#: Standard normal quantiles at 0.95 and 0.975 (Abramowitz and Stegun 1964, ISBN 0-486-61272-4, tables 26.1 and 26.5).
Z95, Z975 = 1.6448536269514727, 1.9599639845400545
#: No Trainer, no job: what the machine of the tests runs in is not what they are about.
JOBS = ("SLURM_", "TORCHELASTIC_", "OMPI_", "PMI", "MPI_", "KUBERNETES_", "JOB_COMPLETION", "RANK", "LOCAL_", "WORLD_")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In a folder of its own, and nothing goes on afterwards."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(JOBS)]:
        monkeypatch.delenv(name)
    yield
    assert ch._track._running == []


def lines(path: str | Path = "haze-track.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def spin(seconds: float) -> int:
    """Works, on the clock of CPU time."""
    n, end = 0, time.process_time() + seconds
    while time.process_time() < end:
        n += 1
    return n


def script(text: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    Path("program.py").write_text(textwrap.dedent(text))
    return subprocess.run(
        [sys.executable, "program.py", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_block_has_a_record() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    with ch.track("finetune", interval=0.05, region="France", provider="aws", quiet=True) as run:
        began = time.clock_gettime(time.CLOCK_BOOTTIME)
        spin(0.2)
        over = time.clock_gettime(time.CLOCK_BOOTTIME)
        assert run.running and "goes on" in repr(run)
        with pytest.raises(ch.RunError, match="no record"):
            run.record  # noqa: B018
    after = time.clock_gettime(time.CLOCK_BOOTTIME)
    record = run.record
    assert not run.running and run.record is record
    # The measurement begins and ends between the two, on the clock that the record has.
    assert over - began <= record.duration_s <= after - before
    assert (record.name, record.interval_s, record.reader, record.notes) == ("finetune", 0.05, None, [])
    assert record.started <= record.ended and record.energy_kwh is not None and record.energy_kwh.gsd >= 1
    low, high = record.energy_kwh.interval
    assert low <= record.energy_kwh.median <= high
    assert record.devices and all(device.energy_kwh.median >= 0 for device in record.devices)
    # Work of this process, in ticks of a hundredth of a second, of which each end may lose one.
    assert record.cpu_time_s is not None and 0.18 <= record.cpu_time_s <= (after - before) * (os.cpu_count() or 1)
    assert lines() == [record.to_dict()] and run.file == Path("haze-track.jsonl").resolve()
    assert record.to_dict()["ended_by"] == "stopped" and record.to_dict()["place"] == {"region": "France", "provider": "aws"}
    # Nothing that nobody asked for.
    assert not {"host", "command"} & set(record.to_dict())
    assert record.to_row()["id"] == "finetune" and record.to_row()["region"] == "France"


def test_the_interval_is_that_of_a_lognormal() -> None:
    energy = ch.TrackEnergy(2.0, 1.1)
    # Python: 2 * 1.1 ** -1.6448536269514727 and 2 * 1.1 ** 1.6448536269514727, as in src/report/track.rs.
    assert energy.interval == pytest.approx((1.7098, 2.3395), abs=5e-5)
    assert ch.TrackEnergy(2.0, 1.0).interval == (2.0, 2.0)


def test_children_count() -> None:
    work = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    with ch.track("parent", out=None, quiet=True) as run:
        subprocess.run([sys.executable, "-c", work], check=True)
    assert run.record.cpu_time_s is not None and run.record.cpu_time_s >= 0.28
    assert run.file is None and not Path("haze-track.jsonl").exists()
    # Negative control: what this process did before does not count.
    with ch.track("idle", out=None, quiet=True) as idle:
        pass
    assert idle.record.cpu_time_s is not None and idle.record.cpu_time_s < 0.28


def test_what_run_makes_of_a_record_is_the_record() -> None:
    with ch.track("finetune", region="France", quiet=True) as run:
        time.sleep(0.05)
    energy = run.record.energy_kwh
    assert energy is not None and energy.gsd > 1
    for models in ("haze-track.jsonl", [run.record.to_row()]):
        found = ch.run(models, draws=200_000, backend="cpu", scope={"boundary": "it"}).total.energy_kwh
        assert found.median is not None and found.interval is not None and found.mean is not None
        spread = math.log(energy.gsd)
        # The standard error of a median of n draws is sqrt(pi / 2n) standard deviations, here of the logarithm.
        close = 5 * spread * math.sqrt(math.pi / 2 / 200_000)
        assert math.log(found.median / energy.median) == pytest.approx(0, abs=close)
        low, high = found.interval
        assert math.log(high / low) == pytest.approx(2 * Z975 * spread, rel=0.02)
        assert found.mean == pytest.approx(energy.median * math.exp(spread**2 / 2), rel=0.02)
        # Negative control: the mean is not the median, and 90 % are not 95 %.
        assert abs(math.log(found.mean / energy.median)) > close
        assert math.log(high / low) != pytest.approx(2 * Z95 * spread, rel=0.02)
    imported = ch.import_("haze-track.jsonl")
    assert [row["energy_kwh"] for row in imported.rows] == [run.record.to_row()["energy_kwh"]]


class Secret(Exception):
    pass


def test_an_exception_is_raised_and_noted_without_its_text() -> None:
    with pytest.raises(Secret, match="hunter2"), ch.track("fails", quiet=True) as run:
        raise Secret("hunter2")
    assert run.record.notes == ["what was measured ended with an exception: Secret"]
    assert lines()[0]["notes"] == run.record.notes and "hunter2" not in Path("haze-track.jsonl").read_text()
    with pytest.raises(SystemExit), ch.track("ends", quiet=True) as run:
        sys.exit(0)
    assert run.record.notes == []
    with pytest.raises(SystemExit), ch.track("ends", quiet=True) as run:
        sys.exit(3)
    assert run.record.notes == ["what was measured ended with an exception: SystemExit"]


def test_a_decorator_measures_each_call() -> None:
    run = ch.track(quiet=True)

    @run
    def train(epochs: int, *, fail: bool = False) -> int:
        """Trains."""
        if fail:
            raise ValueError("no")
        return epochs

    assert (train(3), train.__name__, train.__doc__) == (3, "train", "Trains.")
    first = run.record.id
    with pytest.raises(ValueError, match="no"):
        train(4, fail=True)
    assert run.record.id != first and run.record.notes == ["what was measured ended with an exception: ValueError"]
    assert [record["name"] for record in lines()] == ["train", "train"]

    @ch.track("named", out="other.jsonl", quiet=True)
    async def serve() -> str:
        await asyncio.sleep(0)
        return "served"

    assert asyncio.run(serve()) == "served"
    assert [record["name"] for record in lines("other.jsonl")] == ["named"]
    with pytest.raises(ch.InputError, match="generator"):

        @ch.track("rows")
        def rows() -> Iterator[int]:
            yield 1

    with pytest.raises(ch.InputError, match="parentheses"):
        ch.track(train)  # type: ignore[arg-type]


def test_start_and_stop_again_and_again() -> None:
    run = ch.track("notebook", quiet=True)
    with pytest.raises(ch.RunError, match="start it first"):
        run.stop()
    assert run.start() is run
    with pytest.raises(ch.RunError, match="goes on already"):
        run.start()
    first = run.stop()
    second = run.start().stop()
    assert first.id != second.id and run.record == second and first != second
    assert [record["id"] for record in lines()] == [first.id, second.id]
    with pytest.raises(ch.RunError, match="start it first"):
        run.stop()


def test_one_process_counts_once_in_a_file() -> None:
    with ch.track("whole", quiet=True) as whole:
        with pytest.raises(ch.InputError, match="'whole' measures this process already"), ch.track("part"):
            raise AssertionError("the block must not run")
        with ch.track("part", out=None, quiet=True) as part:
            pass
    assert [record["name"] for record in lines()] == ["whole"]
    note = "also measured in this process at the same time: {}; what is in both counts in both"
    assert whole.record.notes == [note.format("'part'")] and part.record.notes == [note.format("'whole'")]
    # Negative control: one after the other is no note.
    with ch.track("later", quiet=True) as later:
        pass
    assert later.record.notes == []


def test_threads_share_one_measurement() -> None:
    run = ch.track("threads", quiet=True).start()
    errors: list[BaseException] = []

    def stop() -> None:
        try:
            run.stop()
        except ch.RunError as e:
            errors.append(e)

    threads = [threading.Thread(target=stop) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whoever came while it ended has waited; whoever came later was refused.
    assert len(lines()) == 1 and not run.running
    assert all("start it first" in str(e) for e in errors) and len(errors) < 8

    def measured() -> None:
        with ch.track("in a thread", quiet=True):
            pass

    thread = threading.Thread(target=measured)
    thread.start()
    thread.join()
    assert [record["name"] for record in lines()] == ["threads", "in a thread"]


FORK = """
import os, sys
import carbonhaze as ch
with ch.track("parent", quiet=True) as run:
    child = os.fork()
    if child == 0:
        assert not run.running
        for wrong in (run.stop, lambda: run.record):
            try:
                wrong()
            except ch.RunError:
                continue
            os._exit(3)
        # What a child measures itself says where else it is.
        with ch.track("child", out="child.jsonl", quiet=True) as own:
            pass
        assert "'parent'" in own.record.notes[0], own.record.notes
if child == 0:
    # The child leaves the block too, as any program does: its end must not wait for threads that are not there.
    del run
    sys.exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_has_no_record_of_its_parent() -> None:
    ended = script(FORK)
    assert (ended.returncode, ended.stdout) == (0, "5\n"), ended.stderr
    assert [record["name"] for record in lines()] == ["parent"]
    assert [record["name"] for record in lines("child.jsonl")] == ["child"]


POOL = """
import multiprocessing
import carbonhaze as ch
def work(n):
    return n * n
if __name__ == "__main__":
    with ch.track("pool", interval=0.05, quiet=True):
        with multiprocessing.get_context("fork").Pool(4) as pool:
            print(sum(pool.map(work, range(100))))
"""


def test_a_pool_of_processes_is_one_record() -> None:
    ended = script(POOL)
    assert (ended.returncode, ended.stdout) == (0, "328350\n"), ended.stderr
    assert [record["name"] for record in lines()] == ["pool"]


def test_ctrl_c_ends_the_block_and_the_record_is_written() -> None:
    Path("program.py").write_text(
        textwrap.dedent("""
        import time
        import carbonhaze as ch
        with ch.track("interrupted"):
            print("begun", flush=True)
            time.sleep(100)
        """)
    )
    with subprocess.Popen([sys.executable, "program.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stderr is not None
        assert running.stdout.readline() == "begun\n"
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
    assert running.returncode in (-signal.SIGINT, 130, 1) and "KeyboardInterrupt" in said
    assert lines()[0]["notes"] == ["what was measured ended with an exception: KeyboardInterrupt"]


def test_what_nobody_ends_has_a_record_when_the_program_ends() -> None:
    ended = script("import carbonhaze as ch\nch.track('left').start()\n")
    assert ended.returncode == 0 and "haze: 'left': " in ended.stderr, ended.stderr
    assert lines()[0]["notes"] == ["the program ended before the measurement did"]


def test_eight_processes_append_to_one_file() -> None:
    Path("program.py").write_text(
        textwrap.dedent("""
        import sys
        import carbonhaze as ch
        for _ in range(5):
            with ch.track(sys.argv[1], interval=0.05, quiet=True):
                pass
        """)
    )
    running = [subprocess.Popen([sys.executable, "program.py", f"p{k}"]) for k in range(8)]
    assert [process.wait(timeout=120) for process in running] == [0] * 8
    records = lines()
    assert len({record["id"] for record in records}) == 40
    assert sorted(record["name"] for record in records) == sorted(f"p{k}" for k in range(8) for _ in range(5))


def test_ranks_of_a_node_count_once() -> None:
    """Two ranks that see each other, as torchrun starts them: one reads, and names itself in the record of the other."""
    Path("program.py").write_text(
        textwrap.dedent("""
        import sys
        import carbonhaze as ch
        with ch.track("ranks", interval=0.05, quiet=True):
            print("begun", flush=True)
            sys.stdin.readline()
        """)
    )
    job = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TMPDIR": os.getcwd()}
    ranks = []
    for rank in "01":
        environment = {**os.environ, **job, "RANK": rank, "LOCAL_RANK": rank}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "program.py"], env=environment, **pipes)
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        ranks.append(process)
        # The first reads as soon as its thread does.
        while not any("reader" in file.read_text() for file in Path().glob("haze-track-*/*.ranks")):
            time.sleep(0.01)
    # The one that came later ends first; the other reads until it has ended.
    for process in reversed(ranks):
        process.communicate("\n", timeout=60)
        assert process.returncode == 0
    other, reader = lines()
    assert other["measured"] is None and other["reader"] == {"record": reader["id"]} and reader["measured"] is not None
    found = ch.track_summary("haze-track.jsonl")
    assert [record.id for record in found.records] == [reader["id"]]


def test_a_record_that_cannot_be_written_is_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ch.InputError, match="out: .*nowhere.* cannot be written"):
        ch.track("x", out="nowhere/log.jsonl").start()
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    # A device that is always full: null(4).
    with pytest.warns(ch.InputWarning, match="append that file to the log"), ch.track("x", out="/dev/full", quiet=True) as run:
        pass
    assert run.file is not None and run.file.parent == tmp_path
    assert lines(run.file)[0]["id"] == run.record.id


def test_settings_that_cannot_be_used() -> None:
    for wrong in (0.0, 0.01, 1e6, math.nan, -1.0):
        with pytest.raises(ch.InputError, match="interval: expected seconds from 0.05 to 3600"):
            ch.track("x", interval=wrong).start()
    for name in ("", "  ", 3):
        with pytest.raises(ch.InputError, match="name: expected a text"):
            ch.track(name)  # type: ignore[arg-type]
    assert not Path("haze-track.jsonl").exists()


def test_what_is_said_is_one_line_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    with ch.track("a\n\x1b[31m<b>") as run:
        pass
    said = capsys.readouterr().err
    assert said.startswith("haze: 'a\\n\\x1b[31m<b>': ") and said.count("\n") == 1 and "haze-track.jsonl" in said
    assert repr(run.record).startswith("<TrackRecord 'a\\n\\x1b[31m<b>': ") and "90 % interval" in str(run.record)
    assert "<b>a" in run.record._repr_html_() and "&lt;b&gt;" in run.record._repr_html_()
    with ch.track("quiet", quiet=True):
        pass
    assert capsys.readouterr().err == ""


def test_the_file_is_where_the_block_began(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with ch.track("moves", quiet=True) as run:
        os.chdir(other)
    assert run.file == tmp_path / "haze-track.jsonl" and not list(other.iterdir())


def energies(names: dict[str, list[tuple[float, float]]]) -> None:
    """A file with records of these energies."""
    with ch.track("x", out=None, quiet=True) as run:
        pass
    with open("log.jsonl", "w") as file:
        for name, all_of in names.items():
            for k, (median, gsd) in enumerate(all_of):
                record = {**run.record.to_dict(), "name": name, "id": f"{name}-{k}"}
                record["measured"] = {**record["measured"], "energy": {"median_kwh": median, "gsd": gsd}}
                file.write(json.dumps(record, separators=(",", ":")) + "\n")


def test_the_summary_adds_runs_of_a_name() -> None:
    energies({"a": [(1.0, 1.3), (3.0, 1.3)], "b": [(2.0, 1.1)]})
    with open("log.jsonl", "a") as file:
        file.write('{"haze_track":1,"id":"torn')
    found = ch.track_summary("log.jsonl")
    assert found.energy_kwh == {"a": ch.TrackEnergy(4.0, 1.3), "b": ch.TrackEnergy(2.0, 1.1)}
    assert found.table().to_dict()["runs"] == [2, 1] and len(found.records) == 3
    assert [(problem.row, problem.file) for problem in found.left_out] == [(4, "log.jsonl")]
    assert "Energy by name" in str(found) and "<pre>" in found._repr_html_()
    # Two files: a copy of a record counts once.
    Path("copy.jsonl").write_text(Path("log.jsonl").read_text().splitlines()[0] + "\n")
    again = ch.track_summary(["log.jsonl", Path("copy.jsonl")])
    assert again.energy_kwh == found.energy_kwh
    assert [problem.file for problem in again.left_out] == ["log.jsonl", "copy.jsonl"]
    Path("other.csv").write_text("id\nx\n")
    with pytest.raises(ch.InputError, match="no record of haze track"):
        ch.track_summary(["log.jsonl", "other.csv"])


def test_the_summary_is_that_of_the_program(haze: Path) -> None:
    if "track" not in program(haze, "--help"):
        pytest.skip("this program cannot measure")
    energies({"a": [(1.0, 1.3), (3.0, 1.4)], "b": [(2.0, 1.1)]})
    pages = [str(ch.track_summary("log.jsonl")), program(haze, "track", "summary", "log.jsonl")]
    numbers = [[line.split() for line in page.splitlines() if line.split()[:1] in (["a"], ["b"], ["total"])] for page in pages]
    assert numbers[0] == numbers[1] and len(numbers[0]) == 3


# A Trainer as small as it can be. What it does with callbacks is what `CallbackHandler` of Transformers does: it makes one
# of a class, and calls each event of each callback with the arguments, the state and the control, and others by name.


class TrainerCallback:
    def on_init_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...
    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...
    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...
    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None: ...


class Trainer:
    def __init__(self, callbacks: list[Any]) -> None:
        self.callbacks = [made() if isinstance(made, type) else made for made in callbacks]
        self.call("on_init_end")

    def call(self, event: str) -> None:
        for callback in self.callbacks:
            getattr(callback, event)({}, {}, {}, model=None, optimizer=None)

    def train(self, steps: int, fail: bool = False) -> None:
        self.call("on_train_begin")
        for _ in range(steps):
            spin(0.001)
            self.call("on_step_end")
        if fail:
            raise RuntimeError("out of memory")
        self.call("on_train_end")


@pytest.fixture
def transformers(monkeypatch: pytest.MonkeyPatch) -> type:
    """The base class of callbacks: that of Transformers where it is installed."""
    try:
        from transformers import TrainerCallback as base
    except ImportError:
        module = types.ModuleType("transformers")
        module.TrainerCallback = base = TrainerCallback  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "transformers", module)
    return base


def test_a_trainer_is_measured(transformers: type) -> None:
    callback = ch.transformers.TrackCallback("finetune", interval=0.05, region="France", quiet=True)
    assert isinstance(callback, transformers) and isinstance(callback, ch.transformers.TrackCallback)
    trainer = Trainer([callback])
    assert not Path("haze-track.jsonl").exists()
    with pytest.raises(ch.RunError):
        callback.record  # noqa: B018
    trainer.train(3)
    assert lines() == [callback.record.to_dict()] and callback.record.name == "finetune"
    assert callback.record.to_row()["region"] == "France"
    # As a class; and again.
    trainer = Trainer([ch.transformers.TrackCallback])
    trainer.train(1)
    trainer.train(1)
    assert len(lines()) == 3


def test_a_training_that_fails_is_measured_until_the_next(transformers: type) -> None:
    callback = ch.transformers.TrackCallback("finetune", quiet=True)
    trainer = Trainer([callback])
    with pytest.raises(RuntimeError, match="out of memory"):
        trainer.train(1, fail=True)
    assert callback.track.running
    trainer.train(1)
    notes = [record["notes"] for record in lines()]
    assert notes == [["the training did not end before another began"], []]


def test_without_transformers_a_callback_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match="pip install transformers"):
        ch.transformers.TrackCallback("finetune")


def test_elsewhere_it_says_that_it_needs_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ch._native, "Tracking")
    with pytest.raises(ch.RunError, match="needs Linux"):
        ch.track("x").start()
