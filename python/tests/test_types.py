"""Types: of a user's program, of the package, of the stubs."""

from __future__ import annotations

import os
import subprocess
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

import carbonhaze

HERE = Path(__file__).parent
PACKAGE = Path(carbonhaze.__file__).parent
PROGRAM = (HERE / "user_program.py").read_text()


def checked(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    # In a working tree; where the package is installed, type checkers find it by themselves.
    in_tree = "site-packages" not in str(PACKAGE)
    paths = {name: str(PACKAGE.parent) for name in ("MYPYPATH", "PYTHONPATH") if in_tree}
    return subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=folder, env={**os.environ, **paths}, capture_output=True, text=True, check=False
    )


CACHE = Path(tempfile.gettempdir()) / f"carbonhaze-mypy-{os.getpid()}"
MYPY = ("mypy", "--strict", "--cache-dir", str(CACHE), "program.py")
PYRIGHT = ("pyright", "--pythonpath", sys.executable, "program.py")


@pytest.mark.parametrize("checker", [MYPY, PYRIGHT], ids=["mypy", "pyright"])
def test_a_user_program_is_clean(tmp_path: Path, checker: tuple[str, ...]) -> None:
    pytest.importorskip(checker[0])
    (tmp_path / "program.py").write_text(PROGRAM)
    if "site-packages" not in str(PACKAGE):
        (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{PACKAGE.parent}"]}}')
    found = checked(tmp_path, *checker)
    assert found.returncode == 0, found.stdout + found.stderr
    # Negative control: wrong uses are seen.
    (tmp_path / "program.py").write_text(PROGRAM.replace("return low, high", 'return low, ch.run(3, draws="many")'))
    found = checked(tmp_path, *checker)
    assert found.returncode == 1 and found.stdout.count("error") >= 2, found.stdout


def test_the_package_is_clean(tmp_path: Path) -> None:
    for needed in ("mypy", "ray", "distributed", "arviz_base"):
        pytest.importorskip(needed)
    assert (PACKAGE / "py.typed").is_file()
    # As its author sees it: what is installed is not looked into.
    shutil.copytree(PACKAGE, tmp_path / "carbonhaze", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    arguments = ("--config-file", HERE.parent / "pyproject.toml", "--cache-dir", CACHE, "-p", "carbonhaze")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
    file = tmp_path / "carbonhaze" / "_files.py"
    file.write_text(file.read_text() + "\nx: int = write_whole\n")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1 and "_files.py" in found.stdout, found.stdout


def test_the_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    found = checked(tmp_path, "mypy.stubtest", "carbonhaze._native")
    assert found.returncode == 0, found.stdout + found.stderr
    # Negative control: what is not there is missed.
    copy = tmp_path / "carbonhaze"
    copy.mkdir()
    for file in PACKAGE.iterdir():
        if file.is_file():
            os.symlink(file, copy / file.name)
    stub = copy / "_native.pyi"
    text = stub.read_text()
    stub.unlink()
    stub.write_text(text.replace("def page(self, columns: int)", "def page(self, columns: int, more: int)"))
    environment = {**os.environ, "MYPYPATH": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "mypy.stubtest", "carbonhaze._native"]
    wrong = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert wrong.returncode == 1 and "more" in wrong.stdout, wrong.stdout + wrong.stderr
