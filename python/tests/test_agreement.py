"""From a frame come the bytes that the program writes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from conftest import FIXTURES, bytes_of, program

import carbonhaze as ch

FILES = ["hub_models.csv", "open_weights.csv"]
DRAWS = 2_000


def stream(path: Path) -> Any:
    """A table that is known by its capsule alone."""
    table = pyarrow.csv.read_csv(path)

    class Capsule:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return table.__arrow_c_stream__(requested_schema)

    return Capsule()


FRAMES = {
    "path": lambda path: path,
    "pandas, text": lambda path: pd.read_csv(path, dtype=str),
    "pandas, numbers": pd.read_csv,
    "pandas, objects": lambda path: pd.read_csv(path, dtype=object),
    "pandas, nullable": lambda path: pd.read_csv(path, dtype_backend="numpy_nullable"),
    "pandas, Arrow": lambda path: pd.read_csv(path, dtype_backend="pyarrow"),
    "pandas, categories": lambda path: pd.read_csv(path, dtype={"region": "category", "date": "category"}),
    "polars": lambda path: pl.read_csv(path, infer_schema_length=None),
    "polars, lazy": lambda path: pl.scan_csv(path, infer_schema_length=None),
    "polars, text": lambda path: pl.read_csv(path, infer_schema=False),
    "pyarrow": pyarrow.csv.read_csv,
    "pyarrow, a batch": lambda path: pyarrow.csv.read_csv(path).combine_chunks().to_batches()[0],
    "a capsule": stream,
    "rows": lambda path: pl.read_csv(path, infer_schema_length=None).to_dicts(),
}


@lru_cache
def expected(haze: Path, file: str, *arguments: str) -> bytes:
    return bytes_of(program(haze, "run", FIXTURES / file, "--json", "-", "--quiet", *arguments))


@pytest.mark.parametrize("file", FILES)
def test_a_frame_gives_the_bytes_of_the_program(haze: Path, file: str) -> None:
    result = ch.run(pd.read_csv(FIXTURES / file))
    assert bytes_of(result.to_json()) == expected(haze, file)


#: Of the larger file, one of each library.
OF_BOTH = ["pandas, text", "pandas, categories", "polars", "pyarrow"]
PAIRS = [(kind, FILES[1]) for kind in FRAMES] + [(kind, FILES[0]) for kind in OF_BOTH]


@pytest.mark.parametrize(("kind", "file"), PAIRS)
def test_whatever_the_frame(haze: Path, kind: str, file: str) -> None:
    result = ch.run(FRAMES[kind](FIXTURES / file), draws=DRAWS, backend="cpu")
    assert bytes_of(result.to_json()) == expected(haze, file, "--draws", str(DRAWS))


def test_another_number_gives_other_bytes(haze: Path) -> None:
    frame = pd.read_csv(FIXTURES / "open_weights.csv")
    same = expected(haze, "open_weights.csv", "--draws", str(DRAWS))
    frame.loc[3, "parameters"] *= 1.001
    assert bytes_of(ch.run(frame, draws=DRAWS).to_json()) != same
    frame.loc[3, "parameters"] /= 1.001
    assert bytes_of(ch.run(frame, draws=DRAWS, seed=43).to_json()) != same


def test_settings_are_those_of_a_study_file(haze: Path, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f"""models = ["{FIXTURES / "open_weights.csv"}"]
draws = 3000
seed = 18446744073709551615
interval = 0.9
[outputs]
water = true
[scope]
run = "development"
[priors.pue]
unknown = "shifted(1, lognormal(0.2, 1.3))"
[[shared]]
factor = "grid"
gsd = 1.2
[groups]
by = ["tier", "year"]
""".replace("seed = 18446744073709551615\n", ""))
    wanted = bytes_of(program(haze, "run", path, "--json", "-", "--quiet", "--seed", "18446744073709551615"))
    study = ch.Study(
        draws=3000,
        seed=2**64 - 1,
        interval=0.9,
        outputs="water",
        scope={"run": "development"},
        priors={"pue": {"unknown": ch.shifted(1, ch.lognormal(0.2, 1.3))}},
        shared=[{"factor": "grid", "gsd": 1.2}],
        groups=["tier", "year"],
    )
    frame = pl.read_csv(FIXTURES / "open_weights.csv", infer_schema_length=None)
    assert bytes_of(ch.run(frame, study=study).to_json()) == wanted
    # What the call says goes before the study, and a frame before the files that a study names.
    assert bytes_of(ch.run(frame, study=path, seed=2**64 - 1).to_json()) == wanted
    assert bytes_of(ch.run(path, seed=2**64 - 1).to_json()) == wanted
    assert bytes_of(ch.run(study=path, seed=2**64 - 1).to_json()) == wanted
    assert bytes_of(ch.run(frame, study=study, interval=0.95).to_json()) != wanted
    assert bytes_of(ch.run(frame, study=study, scope={"boundary": "it"}).to_json()) != wanted


def test_a_study_replaces_keys_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('models = ["models.csv"]\nprecision = 0.01\n[scope]\nrun = "development"\nboundary = "it"\n')
    (tmp_path / "models.csv").write_text("id,parameters\na,1e9\n")
    result = ch.run(study=path, draws=500, scope={"run": "final"})
    # The precision of the file gives way to a number of draws, and the boundary stays.
    assert (result.n_draws, result.scope["run"], result.scope["boundary"]) == (500, "final", "it")
    study = ch.Study(path, draws=600).with_settings(scope={"basis": "market"}).with_settings(scope={"boundary": "facility"})
    assert study.settings["scope"] == {"basis": "market", "boundary": "facility"}
    result = ch.run(study=study)
    assert (result.n_draws, *result.scope.values()) == (600, "development", "facility", "market", False)
    assert study.with_settings(precision=0.02).settings.get("draws") is None


def test_the_version_is_that_of_the_program(haze: Path) -> None:
    assert program(haze, "--version").split()[1] == ch.__version__ == ch.run([{"id": "a"}], draws=500).to_dict()["version"]


def test_models_of_the_document(haze: Path) -> None:
    result = ch.run(FIXTURES / "open_weights.csv", draws=DRAWS)
    for models, argument in ((3, "3"), (0, "none"), ("all", "all")):
        wanted = expected(haze, "open_weights.csv", "--draws", str(DRAWS), "--models", argument)
        assert bytes_of(result.to_json(models=models)) == wanted, models


def test_tables_are_those_of_the_folder(haze: Path, tmp_path: Path) -> None:
    study = ch.Study(groups=["tier"])
    (tmp_path / "study.toml").write_text(f'models = ["{FIXTURES / "open_weights.csv"}"]\n[groups]\nby = ["tier"]\n')
    program(haze, "run", tmp_path / "study.toml", "--draws", str(DRAWS), "--out", tmp_path / "out", "--quiet")
    result = ch.run(FIXTURES / "open_weights.csv", draws=DRAWS, study=study)
    for name in ("models", "groups"):
        wanted = pl.read_parquet(tmp_path / "out" / f"{name}.parquet")
        found = pl.DataFrame(getattr(result, name))
        assert found.equals(wanted) and found.height > 3, name
        assert not found.with_columns(pl.col("emissions_mean_t") * 2).equals(wanted)
    assert result.models.units[0] == ("share_of_mean", "1")
    assert str(result) == program(haze, "run", tmp_path / "study.toml", "--draws", str(DRAWS))
    assert pa.table(result.models).num_rows == len(result.models) == result.total.models
