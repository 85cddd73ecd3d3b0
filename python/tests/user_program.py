"""A program of a user, for type checkers: everything that the package offers, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

import carbonhaze as ch


@ch.track("finetune", out=None)
def measured(epochs: int) -> str:
    return str(epochs)


def intervals(frame: pd.DataFrame, other: pl.DataFrame, path: Path) -> tuple[float, float]:
    study = ch.Study(interval=0.9, scope={"run": "development"}, priors={"pue": {"unknown": ch.shifted(1, ch.lognormal(0.2, 1.3))}})
    result: ch.Result = ch.run(frame, study=study, groups=["tier"], progress=False)
    same = ch.run([{"id": "a", "parameters": ch.between(1e9, 2e9)}], draws=1000, backend="cpu")
    total: ch.Total = result.total
    estimate: ch.Estimate = total.emissions_t
    if estimate.interval is None or estimate.mcse.mean is None:
        return 0.0, 0.0
    draws: npt.NDArray[np.float64] = result.draws("emissions_t")
    print(float(draws.mean()), result.to_dict()["seed"], result.to_json(models="all"), same.n_draws)
    models: pd.DataFrame = result.models.to_pandas()
    print(models.head(), pl.DataFrame(result.groups), result.sensitivity.to_dict())
    figure: ch.Figure = result.plot.total(width="page")
    print(figure.save(path), result.report(path, compare=[same], validation=False))
    document: ch.Document = ch.sensitivity(other, by=["tier"])
    print(document["disclosures"], ch.lineage(path, roots=["a"]).to_mermaid(), ch.coverage(path, top=3))
    print(ch.validate(path), ch.diff(frame, other), ch.explain(frame, "a"), ch.check(path).tiers)
    print(ch.export("audit", frame, format="json"), ch.import_(path).rows, ch.merge([path, b""]))
    with ch.track("finetune", out=path, region="France") as run:
        print(measured(3))
    if run.record.energy_kwh is not None:
        print(run.record.energy_kwh.interval[0], run.record.devices[0].mean_power_w, ch.run([run.record.to_row()]))
    energies: dict[str, ch.TrackEnergy] = ch.track_summary([path]).energy_kwh
    callback = ch.transformers.TrackCallback("finetune", quiet=True)
    print(energies, callback.record.accelerator_hours, ch.track().start().stop().unread)
    try:
        ch.ray.run(frame, shards=4, draws=1000)
        ch.dask.run(frame, shards=4)
    except ch.InputError as error:
        for problem in error.problems:
            print(problem.row, problem.column, problem.value, problem.rule, problem.advice)
    low, high = estimate.interval
    return low, high
