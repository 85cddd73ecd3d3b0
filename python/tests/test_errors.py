"""Problems and warnings: where they are, what they say, in which form they come."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from conftest import FIXTURES, program, rows

import carbonhaze as ch


def refused(models: Any, **settings: Any) -> list[ch.Problem]:
    with pytest.raises(ch.InputError) as error:
        ch.run(models, draws=500, **settings)
    assert isinstance(error.value, ValueError)
    return error.value.problems


def test_all_problems_at_once_each_with_the_label_of_its_row() -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b", "c", "b"], "parameters": ["7e9", "many", "-3", "1e9"], "region": ["Frannce", None, None, None]},
        index=["first", "second", "third", "fourth"],
    )
    found = refused(frame)
    assert [(p.row, p.column) for p in found] == [("second", "parameters"), ("third", "parameters"), ("fourth", "id")]
    by_row = {p.row: p for p in found}
    assert by_row["second"].value == "many" and by_row["second"].file is None and by_row["second"].rule is None
    assert by_row["second"].advice and by_row["second"].message.endswith(by_row["second"].advice)
    assert "in row 'second'" in by_row["fourth"].message
    text = str(ch.InputError(found))
    assert "row 'second': parameters: 'many'" in text and "<models>" not in text and "line" not in text.split("\n")[0]


@pytest.mark.parametrize(
    ("index", "label"),
    [
        (pd.RangeIndex(3), 1),
        (pd.RangeIndex(10, 40, 10), 20),
        (pd.Index([7, 5, 3]), 5),
        (pd.date_range("2024-01-01", periods=3), pd.Timestamp("2024-01-02")),
        (pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)]), ("x", 2)),
    ],
    ids=["range", "steps", "integers", "dates", "several levels"],
)
def test_labels_of_any_index(index: Any, label: Any) -> None:
    frame = pd.DataFrame({"id": list("abc"), "tokens": ["1e9", "wrong", "1e9"]}, index=index)
    assert [p.row for p in refused(frame)] == [label]
    assert [p.row for p in refused(pl.from_pandas(frame.reset_index(drop=True)))] == [1]
    assert [p.row for p in refused(frame.to_dict("records"))] == [1]


def test_problems_of_a_file_name_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text("id,tokens\na,1e9\nb,wrong\n")
    (found,) = refused(path)
    assert (found.row, found.column, found.value, found.file) == (3, "tokens", "wrong", str(path))
    assert str(found).startswith(f"{path}: line 3: tokens: 'wrong'")
    assert refused(tmp_path / "none.csv")[0].advice == "check the path"


@pytest.mark.parametrize(
    ("settings", "column", "message"),
    [
        ({"scope": {"boundary": "all"}}, "scope.boundary", "expected one of"),
        ({"scope": {"boundry": "it"}}, "scope.boundry", "boundary"),
        ({"groups": ["nothing"]}, "groups.by", "no models file has this column"),
        ({"shared": [{"factor": "grid"}]}, "shared.gsd", "no gsd"),
        ({"priors": {"pue": {"unknown": "wrong"}}}, "priors.pue.unknown", ""),
        ({"priors": {"pue": {"unknown": object()}}}, None, "expected text, a number"),
        ({"interval": 95}, None, "interval"),
        ({"interval": float("nan")}, None, "interval"),
        ({"backend": "tpu"}, None, "backend"),
        ({"sensitivity": "all"}, None, "sensitivity"),
    ],
    ids=str,
)
def test_problems_of_settings_name_the_key(settings: dict[str, Any], column: str | None, message: str) -> None:
    found = refused(rows(), **settings)
    assert any((column is None or p.column == column) and message in p.message for p in found), found
    assert not any("<study>" in str(p) for p in found)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("draws", x) for x in (0, 2**31, -1, 1.5, True, "1000")]
    + [("seed", x) for x in (-1, 2**64, 0.5, "42")]
    + [("precision", x) for x in (0.5, 0, -1, float("nan"), "0.01", True)]
    + [("interval", x) for x in (0, 1, 95, "0.9")]
    + [("threads", x) for x in (0, -1, 2.0)],
)
def test_numbers_out_of_their_range(name: str, wrong: Any) -> None:
    with pytest.raises(ch.InputError, match=f"^{name}: expected"):
        ch.run(rows(), **{name: wrong})


def test_a_study_that_is_no_toml(tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text("models = [\n")
    assert refused(study)[0].file == str(study)
    with pytest.raises(ch.InputError, match="not TOML"):
        ch.run(rows(), draws=500, study=study, groups="tier")


def test_one_warning_for_each_rule() -> None:
    frame = pd.read_csv(FIXTURES / "hub_models.csv")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = ch.run(frame, draws=2000, backend="cpu")
    ours = [w for w in caught if w.category is ch.InputWarning]
    rules = {w.rule for w in result.warnings if not w.note}
    assert len(ours) == len(rules) > 1
    assert all(any(f"[{rule}]" in str(w.message) for w in ours) for rule in rules)
    assert any("more of this rule" in str(w.message) for w in ours)
    # They point to this file.
    assert {w.filename for w in ours} == {__file__}
    warned = [w for w in result.warnings if not w.note]
    assert len(warned) > len(rules) and all(w.row in frame.index for w in warned if w.row is not None)


def test_a_warning_can_be_an_error_and_then_nothing_is_lost() -> None:
    doubtful = rows(parameters=5.22e8) + [{"id": "lab/model-30b", "parameters": 5.22e8}]
    with warnings.catch_warnings():
        warnings.simplefilter("error", ch.InputWarning)
        with pytest.raises(ch.InputWarning, match="parameters-against-name"):
            ch.run(doubtful, draws=500)
        ch.run(rows(), draws=500)


def test_warnings_are_those_of_the_program(haze: Path) -> None:
    import subprocess

    path = FIXTURES / "open_weights.csv"
    told = subprocess.run([haze, "check", path], capture_output=True, text=True, check=True).stderr
    found = ch.check(path)
    assert told.count("\nwarning: ") + told.startswith("warning: ") == sum(not w.note for w in found.warnings)
    printed = program(haze, "check", path)
    assert f"{found.models} models, no problem" in printed
    for tier, count in found.tiers.items():
        assert any(line.split() == [tier, str(count)] for line in printed.splitlines()), tier


def test_a_fault_of_the_library_is_no_panic() -> None:
    # Nothing that can be given may raise pyo3's PanicException, which is no Exception.
    for models in ([{"id": "a", "parameters": "1e308"}], [{"id": "a", "emissions_t": "1e300", "gpu_hours": "1e-300"}]):
        try:
            ch.run(models, draws=500)
        except ch.InputError as e:
            assert e.problems
