"""What stands in cells, whatever holds them."""

from __future__ import annotations

import datetime
import decimal
import math
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import rows

import carbonhaze as ch

DRAWS = 500


def mean(models: Any, **settings: Any) -> float:
    found = ch.run(models, draws=DRAWS, **settings).total.emissions_t.mean
    assert found is not None
    return found


MISSING = [None, math.nan, float("-nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), "", "NA", "n/a"]


@pytest.mark.parametrize("missing", MISSING, ids=repr)
def test_a_missing_value_is_an_empty_cell(missing: Any) -> None:
    without = rows()
    del without[0]["region"]
    assert mean(rows(region=missing)) == mean(without)
    assert mean(rows()) != mean(without)
    frame = pd.DataFrame(rows(region=missing), dtype=object)
    assert mean(frame) == mean(without)


def test_missing_values_of_each_frame() -> None:
    want = mean(rows())
    for frame in (
        pd.DataFrame(rows()),
        pd.DataFrame(rows()).convert_dtypes(),
        pd.DataFrame(rows()).astype({"region": "category", "hardware": "category"}),
        pd.DataFrame(rows()).astype({"parameters": "Int64", "tokens": "Int64"}),
        pd.DataFrame(rows()).assign(date=pd.to_datetime([None, "2024-05-01"])),
        pl.DataFrame(rows(), infer_schema_length=None),
        pl.DataFrame(rows(), infer_schema_length=None).cast({"region": pl.Categorical, "parameters": pl.Int64}),
        pl.DataFrame(rows(), infer_schema_length=None).with_columns(pl.col("date").str.to_date()),
        pa.Table.from_pylist([{"date": None, **rows()[0]}, rows()[1]]),
    ):
        assert mean(frame) == want, frame
    # The same with one number changed.
    assert mean(pd.DataFrame(rows(tokens=3e12))) != want


def test_numbers_of_every_type() -> None:
    want = mean(rows(parameters="7e9", tokens="2e12"))
    for parameters in (7_000_000_000, 7e9, np.int64(7_000_000_000), np.float64(7e9), decimal.Decimal("7e9"), "7B", "7 billion"):
        assert mean(rows(parameters=parameters)) == want, repr(parameters)
    assert mean(rows(parameters=np.float32(0.1))) == mean(rows(parameters="0.1"))
    assert mean(rows(parameters=7.1e9)) != want


def test_dates_of_every_type() -> None:
    want = mean(rows(date="2023-02-01"))
    for date in (
        datetime.date(2023, 2, 1),
        datetime.datetime(2023, 2, 1),
        pd.Timestamp("2023-02-01"),
        np.datetime64("2023-02-01"),
        pd.Timestamp("2023-02-01", tz="UTC").to_pydatetime().replace(tzinfo=None),
    ):
        assert mean(rows(date=date)) == want, repr(date)


def test_lists_and_truth_values() -> None:
    base = {"id": "org/b", "parameters": 1e9}
    assert mean([base, *rows(base_model=["org/b"])]) == mean([base, *rows(base_model="org/b")])
    frame = pl.DataFrame([{"base_model": ["org/b"], "id": "x", "parameters": 1e9}, {**base, "base_model": None}])
    assert mean(frame) == mean([{"base_model": "org/b", "id": "x", "parameters": 1e9}, base])
    stated = [{"id": "a", "emissions_t": 5, "emissions_include_pue": truth} for truth in (True,)]
    assert mean(stated) == mean([{**stated[0], "emissions_include_pue": "true"}])


DISTRIBUTIONS = [
    (ch.fixed(3), "fixed(3)"),
    (ch.lognormal(1e24, 1.5), "lognormal(1e+24, 1.5)"),
    (ch.between(1e24, 5e24), "1e+24 to 5e+24 @ 90%"),
    (ch.normal(3.2, 0.4), "normal(3.2, 0.4)"),
    (ch.uniform(1, 2), "uniform(1, 2)"),
    (ch.loguniform(1, 2), "loguniform(1, 2)"),
    (ch.triangular(1, 2, 3), "triangular(1, 2, 3)"),
    (ch.pert(1, 2, 3), "pert(1, 2, 3)"),
    (ch.beta(2, 3, 0.1, 0.9), "beta(2, 3, 0.1, 0.9)"),
    (ch.gamma(2, 3), "gamma(2, 3)"),
    (ch.logitnormal(0, 1), "logitnormal(0, 1)"),
    (ch.shifted(1, ch.lognormal(2, 1.1)), "shifted(1, lognormal(2, 1.1))"),
    (ch.truncated(ch.normal(3, 1), 2, 4), "truncated(normal(3, 1), 2, 4)"),
    (ch.mixture((0.5, ch.fixed(1)), (0.5, ch.uniform(1, 2))), "mixture(0.5: fixed(1), 0.5: uniform(1, 2))"),
]


@pytest.mark.parametrize(("distribution", "text"), DISTRIBUTIONS, ids=lambda x: str(x)[:20])
def test_a_distribution_is_its_text(distribution: ch.Distribution, text: str) -> None:
    assert str(distribution) == text
    assert mean(rows(energy_kwh=distribution)) == mean(rows(energy_kwh=text))
    assert mean(rows(energy_kwh=distribution)) != mean(rows(energy_kwh="uniform(100, 200)"))
    frame = pd.DataFrame(rows(energy_kwh=distribution))
    assert mean(frame) == mean(rows(energy_kwh=text))
    if hasattr(pl, "Object"):
        column = pl.Series("energy_kwh", [distribution, 12.5], dtype=pl.Object)
        mixed = [{**rows()[0], "energy_kwh": text}, {**rows()[1], "energy_kwh": 12.5}]
        assert mean(pl.DataFrame(rows(), infer_schema_length=None).with_columns(column)) == mean(mixed)


def test_values_of_a_file(tmp_path: Any) -> None:
    file = tmp_path / "values, measured.txt"
    file.write_text("100\n200\n300\n")
    assert mean(rows(energy_kwh=ch.empirical(file))) == pytest.approx(mean(rows(energy_kwh="uniform(100, 300)")), rel=0.5)
    with pytest.raises(ch.InputError, match="could not be read"):
        mean(rows(energy_kwh=ch.empirical(tmp_path / "none.txt")))


def test_numbers_that_are_none_are_no_distribution() -> None:
    for bad in (math.nan, math.inf, "3", None, True):
        with pytest.raises(ch.InputError, match="expected a finite number"):
            ch.lognormal(bad, 1.5)  # type: ignore[arg-type]
    with pytest.raises(ch.InputError, match="expected a distribution"):
        ch.shifted(1, 2)  # type: ignore[arg-type]


def test_ids_in_any_script() -> None:
    ids = ["模型/一", "модель/б", "نموذج", "café/ümlaut", "emoji/🔥"]
    random.Random(1).shuffle(ids)
    frame = pd.DataFrame({"id": ids, "parameters": [1e9, 2e9, 3e9, 4e9, 5e9]})
    for models in (frame, pl.from_pandas(frame), frame.to_dict("records")):
        result = ch.run(models, draws=DRAWS)
        assert result.models["id"] == sorted(ids, key=lambda text: text.encode())
    with pytest.raises(ch.InputError, match="lone surrogate"):
        ch.run([{"id": "bad\ud800", "parameters": 1}], draws=DRAWS)


@pytest.mark.parametrize(
    "empty",
    [pd.DataFrame(), pd.DataFrame({"id": []}), pl.DataFrame(), pl.DataFrame({"id": []}), pa.table({"id": pa.array([], pa.string())}), [], [{}]],
    ids=["pandas", "pandas, columns", "polars", "polars, columns", "pyarrow", "no rows", "an empty row"],
)
def test_an_empty_frame_is_refused(empty: Any) -> None:
    with pytest.raises(ch.InputError, match="the table has no (rows|columns)"):
        ch.run(empty, draws=DRAWS)


def test_a_huge_text_is_read_or_refused_and_never_shown_whole() -> None:
    huge = "x" * 50_000_000
    assert mean(pd.DataFrame(rows(remark=huge))) == mean(rows(remark="x"))
    assert mean(pl.DataFrame(rows(remark=huge), infer_schema_length=None)) == mean(rows(remark="x"))
    with pytest.raises(ch.InputError) as refused:
        ch.run(pd.DataFrame(rows(parameters=huge)), draws=DRAWS)
    assert len(str(refused.value)) < 1_000
    assert refused.value.problems[0].column == "parameters"


def test_a_frame_in_pieces_is_one() -> None:
    table = pa.Table.from_pylist(rows())
    pieces = pa.concat_tables([table.slice(0, 1), table.slice(1, 1)])
    assert mean(pieces) == mean(table)
    frame = pd.concat([pd.DataFrame(rows()[:1]), pd.DataFrame(rows()[1:])]).convert_dtypes(dtype_backend="pyarrow")
    assert mean(frame) == mean(rows())


def test_columns_that_no_cell_can_hold_are_named() -> None:
    with pytest.raises(ch.InputError, match="bytes that are marked as no text") as refused:
        ch.run(pa.table({"id": ["a"], "raw": pa.array([b"\x00"])}), draws=DRAWS)
    assert refused.value.problems[0].value == "raw"
    with pytest.raises(ch.InputError, match="structures of several values"):
        ch.run(pl.DataFrame({"id": ["a"], "s": [{"a": 1}]}), draws=DRAWS)


@pytest.mark.parametrize("wrong", [3, {"id": "a"}, [1], ["a"], object(), b"bytes"], ids=repr)
def test_what_is_no_table_is_refused(wrong: Any) -> None:
    with pytest.raises(ch.InputError, match="models"):
        ch.run(wrong, draws=DRAWS)


def test_the_index_is_no_column_and_the_frame_stays() -> None:
    frame = pd.DataFrame(rows(), index=["first", "second"])
    before = frame.copy(deep=True)
    assert mean(frame) == mean(rows())
    pd.testing.assert_frame_equal(frame, before)
    same_names = pd.DataFrame([["a", 1e9, 2e9]], columns=["id", "parameters", "parameters"])
    with pytest.raises(ch.InputError, match="parameters"):
        ch.run(same_names, draws=DRAWS)


def test_pandas_without_pyarrow(tmp_path: Any) -> None:
    """Then no frame of pandas speaks Arrow, and its cells become text one by one."""
    program = tmp_path / "program.py"
    program.write_text(
        """
import sys

sys.modules["pyarrow"] = None
import pandas as pd
import carbonhaze as ch

rows = [{"id": "a", "parameters": 7e9, "tokens": 2, "date": pd.Timestamp("2024-05-01"), "region": "France"}, {"id": "b"}]
rows[0]["tokens"] = 2_000_000_000_000
frame = pd.DataFrame(rows)
print(ch.run(frame, draws=500).total.emissions_t.mean, ch.run(rows, draws=500).models.to_pandas().shape)
"""
    )
    shown = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True).stdout.split()
    with_arrow = [{"id": "a", "parameters": 7e9, "tokens": 2e12, "date": "2024-05-01", "region": "France"}, {"id": "b"}]
    assert float(shown[0]) == mean(pd.DataFrame(with_arrow))
    assert float(shown[0]) != mean(with_arrow[:1])
