"""Explains a total: the mean under the defaults, with one choice after another undone, and with one changed at a time.

    python3 docs/decomposition.py target/release/haze fixtures/hub_models.csv

Prints two Markdown tables. Each line of the first keeps all changes of the lines above it, so the factors multiply to
the whole difference; in another order the single factors would differ. Each line of the second changes only one of the
defaults. The emissions are the exact mean of the closed form (`diagnostics.oracle.mean_t`), not a sampled one; the
compute is sampled with DRAWS draws. Needs Python 3.11 and no packages. The variants are study files like any other:
nothing here reaches into the program.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

DRAWS = 50_000
# Tiers with stated compute or stated accelerator-hours.
STATED = {"1", "1b", "2", "3", "4", "4b"}
CHIPS = ["h100", "a100", "v100", "tpu_v3", "tpu_v4", "tpu_other", "gpu_other"]
US_MEAN_2024 = 384  # gCO2e/kWh, Ember and Energy Institute by Our World in Data, as in src/assess/data/grid_country.csv

WITHOUT_FACTS, FACTS_OFF = "without published facts of single runs", "facts = false\n"
EXACT_COMPUTE = {"compute": {"disclosed_gsd": 1, "confident_gsd": 1, "likely_gsd": 1, "speculative_gsd": 1}}
TDP_ONLY = {"k_node": {chip: 1 for chip in CHIPS} | {"shared_gsd": 1}}
MFU_040 = {"efficiency": {f"mfu_{chip}": 0.4 for chip in ["a100", "v100", "tpu", "other", "h100_at_20b"]}
           | {"mfu_h100_exponent": 0, "mfu_family_sd": 0, "mfu_run_sd": 0}}

# What is changed, the priors and the columns (for every row) that this sets, whether rows without stated compute are dropped.
STEPS = [
    ("defaults", {}, {}, False),
    (WITHOUT_FACTS, {}, {}, False),
    ("without rows that state neither compute nor hours (tiers 5 and 6)", {}, {}, True),
    ('spread of "Likely" compute as that of "Confident" (GSD 1.95)', {"compute": {"likely_gsd": 1.95}}, {}, False),
    ("stated compute taken as exact, every confidence", EXACT_COMPUTE, {}, False),
    (f"one grid, {US_MEAN_2024} g/kWh", {}, {"grid_g_per_kwh": f"fixed({US_MEAN_2024})"}, False),
    ("PUE 1.10", {}, {"pue": "fixed(1.1)"}, False),
    ("accelerator TDP alone, without the node around it", TDP_ONLY, {}, False),
    ("MFU 0.40 wherever hours are not stated", MFU_040, {"mfu": ""}, False),
]


BOUNDS = ["to_2020", "in_2021_2022", "in_2023", "in_2024", "from_2025"]
UNBOUNDED = {"compute": {"bound_flop": 1e32}, "tokens": {f"{era}_bound": 1e22 for era in BOUNDS}}

# What is changed, settings of the study, priors.
ALTERNATIVES = [
    ("defaults", "", {}),
    (WITHOUT_FACTS, FACTS_OFF, {}),
    ("no bounds on imputed and estimated compute", "", UNBOUNDED),
    ('"Likely" compute with GSD 3 instead of 4.05', "", {"compute": {"likely_gsd": 3}}),
    ("tokens from 2025: median 7.3e12 instead of 14.6e12", "", {"tokens": {"from_2025": "lognormal(7.3e12, 1.93)"}}),
    ("MFU of H100s 0.35 instead of 0.265 (20 B)", "", {"efficiency": {"mfu_h100_at_20b": 0.35}}),
    ("no default shared effects", "default_shared = false\n", {}),
    ("no default shared effects, no bounds on imputed and estimated compute", "default_shared = false\n", UNBOUNDED),
]


def toml(value):
    return f'"{value}"' if isinstance(value, str) else repr(float(value))


def read(models):
    with open(models, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return list(reader), list(reader.fieldnames)


def run(haze, folder, header, rows, priors, settings="", draws=DRAWS):
    with open(folder / "models.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = ['models = ["models.csv"]', f"draws = {draws}", settings]
    for section, entries in priors.items():
        lines += [f"[priors.{section}]", *(f"{key} = {toml(value)}" for key, value in entries.items())]
    (folder / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [haze, "run", "study.toml", "--quiet", "--json", "result.json"]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def alternatives(haze, models):
    rows, header = read(models)
    print("| changed alone | mean, kt | sd, kt |")
    print("|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for name, settings, priors in ALTERNATIVES:
            # Both figures are exact: the draws do not matter.
            exact = run(haze, Path(folder), header, rows, priors, settings, draws=64)["diagnostics"]["oracle"]
            print(f"| {name} | {exact['mean_t'] / 1e3:.0f} | {exact['sd_t'] / 1e3:.0f} |", flush=True)


def decomposition(haze, models):
    rows, header = read(models)
    header += [column for column in ["grid_g_per_kwh", "pue", "mfu"] if column not in header]
    print("| cumulative change | rows | compute, 10^6 EFLOP | kg/EFLOP | mean, kt | factor |")
    print("|---|---:|---:|---:|---:|---:|")
    priors, before, tiers, settings = {}, None, {}, ""
    with tempfile.TemporaryDirectory() as folder:
        for name, new, columns, drop in STEPS:
            for section, entries in new.items():
                priors.setdefault(section, {}).update(entries)
            if drop:
                rows = [row for row in rows if tiers[row["id"]] in STATED]
            rows = [row | columns for row in rows]
            settings = FACTS_OFF if name == WITHOUT_FACTS else settings
            result = run(haze, Path(folder), header, rows, priors, settings)
            tiers = {model["id"]: model["tier"] for model in result["models"]}
            mean = result["diagnostics"]["oracle"]["mean_t"]
            compute = result["total"]["compute_eflop"]["mean"]
            factor = "" if before is None else f"× {mean / before:.2f}"
            print(f"| {name} | {len(rows):,} | {compute / 1e6:.0f} | {mean * 1e3 / compute:.2f} | {mean / 1e3:.0f} "
                  f"| {factor} |", flush=True)
            before = mean


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program = str(Path(sys.argv[1]).resolve())
    decomposition(program, sys.argv[2])
    print()
    alternatives(program, sys.argv[2])
