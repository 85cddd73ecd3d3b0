"""Documentation: what stands in it is run, and what is generated is up to date."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FIXTURES, ROOT

import carbonhaze as ch

DOCS = ROOT / "docs"
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^\n]*?) -->\n+)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


def tasks(page: str) -> dict[str, str]:
    """The tasks of a page by their heading; what stands above the first is that of the page."""
    parts = re.split(r"^## (.*)$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def run(text: str, names: dict[str, object], folder: Path) -> int:
    """Writes the files of a text and runs its blocks of Python, in the order of the page."""
    ran = 0
    for block in BLOCK.finditer(text):
        mark, kind, content = block["mark"] or "", block["kind"], block["text"]
        if mark.startswith("file "):
            (folder / mark.removeprefix("file ")).write_text(content, encoding="utf-8")
        elif kind == "python" and mark != "not run":
            exec(compile(content, "<a block of the page>", "exec"), names)  # noqa: S102
            ran += 1
    return ran


COOKBOOK = tasks("cookbook.md")


@pytest.mark.parametrize("task", [name for name in COOKBOOK if name])
def test_a_task_of_the_cookbook(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert run(COOKBOOK[""], names, tmp_path) == 1
    assert run(COOKBOOK[task], names, tmp_path) >= 1


def test_there_are_eleven_tasks() -> None:
    assert [name.split(".")[0] for name in COOKBOOK if name] == [str(n) for n in range(1, 12)]


def test_the_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    text = "\n".join(tasks("python.md").values())
    assert run(text, names, tmp_path) == 4
    assert isinstance(names["wide"], ch.Result)
    # Negative control: a page that promises something wrong fails.
    with pytest.raises(AssertionError):
        run(text.replace('("second", "tokens", "many")', '("first", "tokens", "many")'), {}, tmp_path)


def test_the_way_to_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert run(tasks("track.md")["From Python"], names, tmp_path) == 1
    assert isinstance(names["result"], ch.Result) and (tmp_path / "haze-track.jsonl").is_file()


def test_the_readme_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(FIXTURES / "open_weights.csv", tmp_path / "models.csv")
    assert run((ROOT / "python" / "README.md").read_text(encoding="utf-8"), {}, tmp_path) == 1


def test_the_api_page_is_that_of_the_docstrings() -> None:
    checked = subprocess.run(
        [sys.executable, ROOT / "python" / "docs" / "api.py", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_every_function_says_what_it_takes_and_gives() -> None:
    import inspect

    for name in ("run", "merge", "diff", "check", "explain", "sensitivity", "lineage", "coverage", "validate", "export", "import_", "track", "track_summary"):
        function = getattr(ch, name)
        text = inspect.getdoc(function) or ""
        assert "Parameters\n" in text and ("Returns\n" in text or "Raises\n" in text), name
        for parameter in inspect.signature(function).parameters:
            assert re.search(rf"\b{parameter}\b", text), f"{name}: {parameter}"


def test_the_examples_of_the_docstrings() -> None:
    import doctest

    import carbonhaze._run
    import carbonhaze._study
    import carbonhaze._track

    for module in (ch, carbonhaze._run, carbonhaze._study, carbonhaze._track):
        found = doctest.testmod(module)
        assert found.attempted > 0 and found.failed == 0, module


def test_the_notebook_runs(tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "python" / "notebooks" / "first.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    environment = {"PYTHONPATH": str(Path(ch.__file__).parents[1])}
    os.environ.update(environment) if "site-packages" not in ch.__file__ else None
    client = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("image/svg+xml" in data for data in shown) >= 1
    assert sum("text/html" in data for data in shown) >= 2
