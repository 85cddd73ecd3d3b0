"""The odd files that the Rust tests keep: a frame of each gives what the file gives, and nothing panics."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, bytes_of

import carbonhaze as ch

CORPUS = ROOT / "tests" / "input" / "corpus"
#: Whose trouble is in the text of the file, and not in its cells.
OF_TEXT = {"model-card", "nul", "too-few-cells", "web-page"}
FILES = sorted(path for folder in ("rows", "headers") for path in (CORPUS / folder).glob("*.csv") if path.stem not in OF_TEXT)


def outcome(models: object) -> bytes | set[tuple[str | None, str]]:
    try:
        return bytes_of(ch.run(models, draws=200, backend="cpu").to_json())  # type: ignore[arg-type]
    except ch.InputError as error:
        return {(p.column, p.value) for p in error.problems}


def frame_of(path: Path) -> pd.DataFrame | None:
    """The cells of the file as they stand, or None where pandas reads it otherwise than we do."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False, header=None, skip_blank_lines=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        return None
    head = [str(name) for name in table.iloc[0]]
    if len(set(head)) < len(head) or any(name.strip() == "" for name in head):
        return None
    return table.iloc[1:].set_axis(head, axis=1).reset_index(drop=True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_frame_is_read_as_its_file(path: Path) -> None:
    frame = frame_of(path)
    found = outcome(path)
    if frame is None or frame.empty:
        return
    assert outcome(frame) == found


def test_there_is_something_to_compare() -> None:
    frames = [frame for frame in map(frame_of, FILES) if frame is not None and not frame.empty]
    results = [outcome(frame) for frame in frames]
    assert len(frames) > 30
    assert len({result for result in results if isinstance(result, bytes)}) > 15
    assert any(isinstance(result, set) for result in results)
