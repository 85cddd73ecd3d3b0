"""Lists of more than 20,000 models, which are drawn block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from conftest import bytes_of, program

import carbonhaze as ch

MODELS = 20_050


@pytest.fixture(scope="module")
def table() -> pa.Table:
    numbers = range(MODELS)
    return pa.table(
        {
            "id": [f"lab-{k % 13}/model-{k}" for k in numbers],
            "organization": [f"lab-{k % 13}" for k in numbers],
            "date": [f"202{k % 6}-0{1 + k % 9}" for k in numbers],
            "parameters": [1e8 * (1.0 + k * k % 97) for k in numbers],
        }
    )


@pytest.fixture(scope="module")
def result(table: pa.Table) -> Any:
    return ch.run(table, draws=200, backend="cpu")


def test_the_document_and_the_models_are_those_of_the_program(
    haze: Path, tmp_path: Path, table: pa.Table, result: Any
) -> None:
    pyarrow.parquet.write_table(table, tmp_path / "models.parquet")
    arguments = ["run", tmp_path / "models.parquet", "--draws", "200", "--backend", "cpu", "--quiet"]
    program(haze, *arguments, "--out", tmp_path / "results")
    assert bytes_of(result.to_json()) == bytes_of((tmp_path / "results/result.json").read_text())
    of_program = pyarrow.parquet.read_table(tmp_path / "results/models.parquet")
    assert pa.table(result.models).equals(of_program)
    other = ch.run(table, draws=200, seed=43, backend="cpu")
    assert not pa.table(other.models).equals(of_program)


def test_all_models_are_there_and_the_document_has_the_largest(result: Any) -> None:
    assert len(pa.table(result.models)) == MODELS
    assert len(result.to_dict()["models"]) == 1_000
    with pytest.raises(Exception, match=r"result\.models has all"):
        result.to_json("all")


def test_what_needs_all_models_at_once_says_so(tmp_path: Path, result: Any) -> None:
    assert "20,050 models" in result.plot.total()._repr_svg_()
    with pytest.raises(Exception, match="needs all models at once"):
        result.report(tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
