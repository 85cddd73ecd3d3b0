"""What a result says, shows and writes."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from conftest import FIXTURES, program, rows

import carbonhaze as ch


@pytest.fixture(scope="module")
def result() -> Iterator[ch.Result]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ch.InputWarning)
        yield ch.run(FIXTURES / "open_weights.csv", draws=4000, groups="tier", outputs=["water", "embodied"])


def test_attributes_are_those_of_the_document(result: ch.Result) -> None:
    document = result.to_dict()
    for name in ("emissions_t", "compute_eflop", "it_energy_kwh", "energy_kwh", "atci_kg_per_eflop", "water_m3", "embodied_t"):
        found, wanted = getattr(result.total, name), document["total"][name]
        assert (found.mean, found.sd, found.median) == (wanted["mean"], wanted["sd"], wanted["median"]), name
        assert (list(found.interval), list(found.shortest)) == (wanted["interval"], wanted["shortest"]), name
        assert (found.mcse.mean, list(found.mcse.interval)) == (wanted["mcse"]["mean"], wanted["mcse"]["interval"]), name
    assert result.total.development_t is None
    assert result.independent.mean == document["independent"]["emissions_t"]["mean"] != result.total.emissions_t.mean
    assert (result.n_draws, result.seed, result.level, result.plan_hash) == (4000, 42, 0.95, document["plan_hash"])
    assert json.loads(result.to_json()) == document


def test_draws_are_those_that_the_estimates_come_from(result: ch.Result) -> None:
    for name in result.outputs:
        draws = result.draws(name)
        assert draws.shape == (4000,) and draws.dtype == np.float64 and np.isfinite(draws).all()
    emissions = result.draws("emissions_t")
    assert emissions.mean() == pytest.approx(result.total.emissions_t.mean, rel=1e-12)
    assert emissions.std(ddof=1) == pytest.approx(result.total.emissions_t.sd, rel=1e-9)
    low, high = result.total.emissions_t.interval or (0, 0)
    assert np.mean((emissions < low) | (emissions > high)) == pytest.approx(0.05, abs=0.002)
    assert result.draws("energy_kwh").mean() != pytest.approx(emissions.mean(), rel=0.1)
    # A new array for each call, that belongs to the caller.
    emissions[0] = -1
    assert result.draws("emissions_t")[0] > 0
    with pytest.raises(KeyError, match="this run has draws of emissions_t|compute_eflop"):
        result.draws("development_t")


def test_draws_are_the_same_at_each_number_of_draws(result: ch.Result) -> None:
    fewer = ch.run(FIXTURES / "open_weights.csv", draws=1000, groups="tier", outputs=["water", "embodied"])
    first, all_of_them = fewer.draws("emissions_t"), result.draws("emissions_t")
    assert np.array_equal(first, all_of_them[:1000])
    assert not np.array_equal(first, all_of_them[1000:2000])


def test_tables(result: ch.Result) -> None:
    assert len(result.models) == result.total.models == len(result.models.to_pandas())
    frame = result.models.to_pandas()
    assert frame["emissions_mean_t"].sum() == pytest.approx(result.total.emissions_t.mean, rel=1e-6)
    assert list(frame["id"]) == result.models["id"] == pl.DataFrame(result.models)["id"].to_list()
    assert set(result.groups["by"]) == {"tier"} and len(result.groups) > 3
    factors = result.sensitivity.to_pandas().set_index("name")
    assert {"compute", "grid"} <= set(factors.index) and {"first_order", "total", "shapley"} <= set(factors.columns)
    assert (factors["total"] >= factors["first_order"]).all()
    assert factors["shapley"].sum() == pytest.approx(1, abs=1e-6)
    assert next(iter(result.models))["id"] == result.models["id"][0]
    with pytest.raises(KeyError):
        result.models["nothing"]


def test_a_notebook_shows_it_and_text_stays_text() -> None:
    result = ch.run(rows(id="<script>alert(1)</script>"), draws=500)
    shown = [result._repr_html_(), result.models._repr_html_(), ch.sensitivity(rows(id="<b>x"))._repr_html_()]
    for page in shown:
        assert "<table>" in page or "<pre>" in page
        assert "<script>" not in page and "<b>" not in page
    assert "2 models, 500 draws, seed 42" in shown[0] and "tCO2e" in shown[0] and "&lt;script&gt;" in shown[1]
    assert "95 % credible interval" in shown[0]


FIGURES = ["total", "sensitivity", "tornado", "atci", "scaling", "convergence", "trend"]


@pytest.mark.parametrize("kind", FIGURES)
def test_figures_are_those_of_the_program(haze: Path, tmp_path: Path, kind: str) -> None:
    models = FIXTURES / "open_weights.csv"
    program(haze, "figure", kind, models, "-o", tmp_path / "f.svg", "--draws", "2000", "--quiet")
    figure = getattr(ch.run(models, draws=2000).plot, kind)()
    assert figure._repr_svg_() == (tmp_path / "f.svg").read_text()
    assert ET.fromstring(figure.svg).tag.endswith("svg")
    assert getattr(ch.run(models, draws=2000, seed=1, scope={"boundary": "it"}).plot, kind)().svg != figure.svg
    assert figure.save(tmp_path / "g.svg").read_text() == figure.svg


def test_figures_that_there_is_nothing_for() -> None:
    plain = ch.run([{"id": "a", "parameters": 1e9}], draws=500)
    with pytest.raises(ch.InputError, match="base_model"):
        plain.plot.lineage()
    with pytest.raises(ch.InputError, match="width"):
        plain.plot.total(width="poster")  # type: ignore[arg-type]
    family = [{"id": "a", "parameters": 1e9}, {"id": "b", "parameters": 1e9, "base_model": "a"}]
    assert ch.run(family, draws=500).plot.lineage("a").svg.startswith("<")


def test_the_report_is_one_page(tmp_path: Path) -> None:
    result, other = ch.run(rows(), draws=500), ch.run(rows(tokens=3e12), draws=500)
    page = result.report(tmp_path / "report.html", compare=other, validation=False).read_text()
    assert "<html" in page and "lab/base" in page and "models (2)" in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(FileNotFoundError):
        result.report(tmp_path / "none" / "report.html", validation=False)


def test_arviz_has_the_draws_and_the_level() -> None:
    az = pytest.importorskip("arviz_base")
    result = ch.run(rows(), draws=1000, interval=0.9)
    tree = result.to_arviz()
    posterior = tree["posterior"]
    assert np.array_equal(posterior["emissions_t"].values, result.draws("emissions_t")[np.newaxis])
    assert posterior.attrs["interval"] == 0.9 != az.rcParams["stats.ci_prob"]
    assert posterior["energy_kwh"].attrs["units"] == "kWh"
    assert result.to_arviz(draws=10)["posterior"]["emissions_t"].shape == (1, 10)


def test_numbers_that_are_undefined_are_none() -> None:
    result = ch.run([{"id": "a", "emissions_t": 0}], draws=500)
    assert result.total.emissions_t.mean == 0
    assert result.sensitivity.to_pandas() is not None and "undefined" not in repr(result)
    assert json.loads(result.to_json())["total"]["models"] == 1
    assert "Result" in repr(result) and sys.getsizeof(result._repr_html_()) > 100
