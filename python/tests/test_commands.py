"""Each command gives the document and the page of the program."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import FIXTURES, ROOT, bytes_of, program, rows

import carbonhaze as ch

MODELS = FIXTURES / "open_weights.csv"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    pd.read_csv(MODELS).head(40).to_csv(path, index=False)
    return path


def without_clocks(text: str) -> Any:
    document = json.loads(text)
    assert isinstance(document, dict)
    return {key: value for key, value in document.items() if key not in ("backend", "timings")}


def agrees(haze: Path, document: ch.Document, *arguments: str | Path) -> None:
    told = program(haze, *arguments, "--json", "-")
    assert without_clocks(document.to_json()) == without_clocks(told)
    assert document.to_dict() == json.loads(document.to_json())
    assert str(document).strip() and str(document) in program(haze, *arguments)


def test_sensitivity(haze: Path, small: Path) -> None:
    document = ch.sensitivity(small, by="organization")
    agrees(haze, document, "sensitivity", small, "--by", "organization")
    assert len(document.table("disclosures")) > 5
    assert ch.sensitivity(small).to_json() != document.to_json()
    agrees(haze, ch.sensitivity(small, reruns=True, draws=1000), "sensitivity", small, "--reruns", "--draws", "1000")


def test_sampled_sensitivity(haze: Path, small: Path) -> None:
    found = ch.sensitivity(small, sample=True, draws=2048, threshold=50, of={"country": "China"})
    wanted = ["--sample", "--draws", "2048", "--threshold", "50", "--of", "country=China"]
    agrees(haze, found, "sensitivity", small, *wanted)
    for settings in (
        {"groups": "nothing"},
        {"by": "nothing", "sample": False},
        {"of": [("country", "Nowhere")]},
        {"of": [("nothing", "x")]},
        {"threshold": -1.0},
        {"draws": 3},
        {"by": "tier"},
        {"groups": "tier", "sample": False},
    ):
        with pytest.raises(ch.InputError):
            ch.sensitivity(small, **{"sample": True, **settings})  # type: ignore[arg-type]


def test_lineage(haze: Path, tmp_path: Path) -> None:
    path = tmp_path / "family.csv"
    family = [{"id": "a", "parameters": 1e9}, *({"id": f"b{i}", "parameters": 1e9, "base_model": "a"} for i in range(3))]
    pd.DataFrame(family).to_csv(path, index=False)
    agrees(haze, ch.lineage(path, draws=1000), "lineage", path, "--draws", "1000")
    found = ch.lineage(pd.DataFrame(family), roots="a", allocate="equal", draws=1000)
    graphs = ["--dot", tmp_path / "t.dot", "--mermaid", tmp_path / "t.mmd"]
    program(haze, "lineage", path, "--root", "a", "--allocate", "equal", "--draws", "1000", *graphs)
    assert found.to_dot() == (tmp_path / "t.dot").read_text()
    assert found.to_mermaid() == (tmp_path / "t.mmd").read_text()
    assert found.table("families")["root"] == ["a"] or len(found.table("families")) == 1
    for settings in ({"allocate": "half"}, {"branches": 0}, {"roots": [str(i) for i in range(9)]}, {"roots": "none"}):
        with pytest.raises(ch.InputError):
            ch.lineage(path, **settings)  # type: ignore[arg-type]


def test_coverage(haze: Path, small: Path, tmp_path: Path) -> None:
    draws = ["--draws", "500"]
    agrees(haze, ch.coverage(small, draws=500, top=3), "coverage", small, "--alone", "--top", "3", *draws)
    other = tmp_path / "other.csv"
    pd.read_csv(MODELS).iloc[20:60].to_csv(other, index=False)
    found = ch.coverage(small, other=other, draws=500)
    told = json.loads(program(haze, "coverage", small, "--other", other, *draws, "--json", "-"))
    assert found["lists"]["union_t"] == told["lists"]["union_t"]
    with pytest.raises(ch.InputError, match="matches"):
        ch.coverage(small, matches=other)
    with pytest.raises(ch.InputError, match="thresholds"):
        ch.coverage(small, thresholds=[-1])


def test_validate(haze: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs.csv"
    text = (FIXTURES / "reported_training_emissions.csv").read_text().splitlines(keepends=True)
    runs.write_text("".join(text[:15]))
    arguments = [runs, "--draws", "500", "--masked-sum", MODELS]
    agrees(haze, ch.validate(runs, draws=500, masked_sum=[MODELS]), "validate", *arguments)
    with pytest.raises(ch.InputError):
        ch.validate(tmp_path / "none.csv")


def test_diff(haze: Path, small: Path, tmp_path: Path) -> None:
    what_if = tmp_path / "what-if.toml"
    what_if.write_text('models = ["small.csv"]\n[scope]\nboundary = "it"\n')
    found = ch.diff(small, what_if, draws=1000)
    told = without_clocks(program(haze, "diff", small, what_if, "--draws", "1000", "--json", "-"))
    assert without_clocks(found.to_json()) == told
    by_study = ch.diff(pd.read_csv(small), pd.read_csv(small), second_study=ch.Study(scope={"boundary": "it"}), draws=1000)
    assert by_study["emissions_t"] == found["emissions_t"] and found["emissions_t"]["difference"]["mean"] != 0
    assert ch.diff(small, small, draws=1000)["emissions_t"]["difference"]["mean"] == 0


def test_explain(haze: Path) -> None:
    id = pd.read_csv(MODELS)["id"][5]
    assert ch.explain(MODELS, id) == program(haze, "explain", MODELS, id)
    assert ch.explain(pd.read_csv(MODELS), id) == ch.explain(MODELS, id) != ch.explain(MODELS, pd.read_csv(MODELS)["id"][6])
    with pytest.raises(ch.InputError, match="did you mean 'lab/base'|did you mean \"lab/base\""):
        ch.explain(rows(), "lab/bass")


FORMS = {
    "dia": "yaml", "hf": "yaml", "gpai": "md", "sci-ai": "json", "boamps": "json", "cyclonedx": "json", "spdx": "json",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_one_model(haze: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1769860800")
    path = tmp_path / "models.csv"
    models = [{**row, "hardware": "NVIDIA A100", "hardware_count": count} for row, count in zip(rows(), (8, 16), strict=True)]
    pd.DataFrame(models).to_csv(path, index=False)
    told = program(haze, "export", form, path, "--model", "lab/base", "--draws", "1000", "--quiet")
    found = ch.export(form, models, model="lab/base", draws=1000)  # type: ignore[arg-type]
    assert found == told
    assert ch.export(form, models, model="other/large", draws=1000) != told  # type: ignore[arg-type]


def test_forms_of_all_models(haze: Path, small: Path) -> None:
    told = program(haze, "export", "ipcc", small, "--by", "organization", "--draws", "1000", "--format", "md", "--quiet")
    assert ch.export("ipcc", small, by="organization", format="md", draws=1000) == told
    audit = json.loads(ch.export("audit", rows(), model="lab/base", format="json", draws=1000))
    assert audit and "ch.export" in json.dumps(audit)


def test_a_block_goes_into_a_card(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("---\nlicense: mit\n---\n# A model\n")
    merged = ch.export("hf", rows(), model="lab/base", card=card, draws=1000)
    assert merged.startswith("---\nlicense: mit\n") and merged.endswith("# A model\n") and "co2_eq_emissions" in merged
    assert card.read_text() == "---\nlicense: mit\n---\n# A model\n"


@pytest.mark.parametrize(
    "settings",
    [
        {"form": "pdf"},
        {"form": "hf"},
        {"form": "hf", "model": "none"},
        {"form": "hf", "model": "lab/base", "format": "json"},
        {"form": "ipcc", "model": "lab/base"},
        {"form": "ipcc", "by": "nothing"},
        {"form": "ipcc", "interval": 0.5},
        {"form": "gpai", "model": "lab/base", "by": "tier"},
        {"form": "gpai", "model": "lab/base", "card": "x"},
        {"form": "hf", "model": "lab/base", "card": "none.md"},
    ],
    ids=str,
)
def test_forms_that_cannot_be_had(settings: dict[str, Any]) -> None:
    with pytest.raises(ch.InputError):
        ch.export(models=rows(), draws=500, **settings)


HEADER = (ROOT / "tests/input/corpus/headers/codecarbon.csv").read_text().splitlines()[0]


def codecarbon(project: str, run: int) -> str:
    line = "2024-0{run}-01T00:00:00,{project},r{run},e,100,0.{run},0.002,42,0,3,0.1,0,0.01,0.{run}1,France,FRA,,,,Linux,3.11,2.3.4"
    return line.format(project=project, run=run)


def test_files_of_other_tools(haze: Path, tmp_path: Path) -> None:
    lines = [codecarbon("one", 1), codecarbon("one", 2), codecarbon("two", 3)]
    log = tmp_path / "emissions.csv"
    log.write_text("\n".join([HEADER, *lines]) + "\n")
    (tmp_path / "notes.csv").write_text("nothing\n1\n")
    for paths, settings, arguments in (
        (log, {}, []),
        (log, {"group_by": "run"}, ["--group-by", "run"]),
        ([log], {"kind": "codecarbon"}, ["--kind", "codecarbon"]),
        (tmp_path, {}, []),
    ):
        named = paths[0] if isinstance(paths, list) else paths
        ended = subprocess.run([haze, "import", named, *arguments], capture_output=True, text=True, check=True)
        found = ch.import_(paths, **settings)  # type: ignore[arg-type]
        assert found.csv == ended.stdout
        told = [line for line in ended.stderr.splitlines() if line.split(":")[0] in ("not used", "mended", "assumed")]
        assert len(found.changes) == len(told)
        assert found.passed_over == (1 if paths == tmp_path else 0)
    assert len(ch.import_(log, group_by="run").rows) == 3 != len(ch.import_(log).rows) == 2
    # The rows of an import, its table, and the file itself: the same totals.
    rows_of_log, direct = ch.run(ch.import_(log).rows, draws=500), ch.run(log, draws=500)
    assert rows_of_log.total == direct.total == ch.run(ch.import_(log).table(), draws=500).total
    assert ch.import_(log).save(tmp_path / "models.csv").read_text() == ch.import_(log).csv
    broken = log.read_text().replace("0.002", "many", 1)
    (tmp_path / "broken.csv").write_text(broken)
    assert ch.import_(tmp_path / "broken.csv").csv is not None


def test_a_file_that_is_no_import(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n")
    for settings in ({}, {"kind": "nothing"}, {"group_by": "year"}):
        with pytest.raises(ch.InputError):
            ch.import_(tmp_path / "notes.txt", **settings)  # type: ignore[arg-type]
    with pytest.raises(ch.InputError):
        ch.import_([])


def test_parts_of_the_program_are_merged(haze: Path, small: Path, tmp_path: Path) -> None:
    parts = [tmp_path / f"part-{k}.haze" for k in (1, 2, 3)]
    for k, part in enumerate(parts, 1):
        program(haze, "run", small, "--draws", "1000", "--shard", f"{k}/3", "--out", part, "--quiet")
    whole = bytes_of(program(haze, "run", small, "--draws", "1000", "--json", "-", "--quiet"))
    assert bytes_of(ch.merge(parts[::-1]).to_json()) == whole
    assert bytes_of(ch.merge([parts[0], parts[1].read_bytes(), parts[2]]).to_json()) == whole
    with pytest.raises(ch.InputError, match="missing of 3 parts: 2"):
        ch.merge([parts[0], parts[2]])
    with pytest.raises(ch.InputError, match="damaged|cut short"):
        ch.merge([parts[0], parts[1], parts[2].read_bytes()[:-9]])
    for wrong in ([], [b""], [os.devnull], [tmp_path / "none.haze"]):
        with pytest.raises(ch.InputError):
            ch.merge(wrong)  # type: ignore[arg-type]
