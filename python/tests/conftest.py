"""What all tests have in common."""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="session")
def haze() -> Path:
    """The program. HAZE names it; else it is where cargo puts it."""
    program = Path(os.environ.get("HAZE", ROOT / "target" / "release" / "haze"))
    assert program.is_file(), f"{program}: build it first, with cargo build --release, or name it with HAZE"
    return program


@pytest.fixture(autouse=True)
def _warnings() -> Iterator[None]:
    """What fixtures are warned of is not what tests are about."""
    import carbonhaze as ch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ch.InputWarning)
        yield


def program(haze: Path, *arguments: str | Path, code: int = 0) -> str:
    """What the program prints."""
    ended = subprocess.run([haze, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


def bytes_of(text: str) -> bytes:
    """A JSON result without the two keys that may differ between machines. Line by line, so that every other byte counts."""
    lines = text.split("\n")
    assert json.loads(text)["backend"]
    kept, within = [], False
    for line in lines:
        within = within or line.startswith(('  "backend"', '  "timings"'))
        if not within:
            kept.append(line)
        within = within and not line.startswith("  }")
    assert len(kept) > 10 and len(kept) < len(lines)
    return "\n".join(kept).encode()


def rows(**changed: Any) -> list[dict[str, Any]]:
    """Two models, of which the first is changed."""
    first = {"id": "lab/base", "parameters": 7e9, "tokens": 2e12, "hardware": "NVIDIA A100", "region": "France"}
    return [{**first, **changed}, {"id": "other/large", "parameters": 70e9, "date": "2024-05-01"}]
