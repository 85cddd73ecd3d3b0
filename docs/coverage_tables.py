"""The tables of docs/coverage.md, from what `haze coverage --json` gives for both lists.

    python3 docs/coverage_tables.py target/release/haze results
    python3 docs/coverage_tables.py target/release/haze thresholds      # or: union, counts, choices, sizes

Emissions in ktCO2e as mean (interval). Needs Python 3.11 and no packages.
"""

import functools
import json
import subprocess
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
LISTS = ["hub_models.csv", "open_weights.csv"]
NONE = "–"


@functools.cache
def lists(program):
    """Both documents; each list is compared with the other."""
    def document(name):
        command = [program, "coverage", str(FIXTURES / name), "--backend", "cpu", "--json", "-"]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)

    return [document(name) for name in LISTS]


def kt(tonnes):
    x = tonnes / 1000
    return f"{x:,.{0 if x >= 99.95 else 1 if x >= 0.95 else 2}f}"


def amount(estimate):
    lo, hi = estimate["interval"]
    return f"{kt(estimate['mean'])} ({kt(lo)} to {kt(hi)})"


def percent(share):
    x = 100 * share
    return f"{x:.{0 if x >= 9.95 else 1}f}"


def share(estimate):
    lo, hi = estimate["interval"]
    return f"{percent(estimate['mean'])} % ({percent(lo)} to {percent(hi)})"


def table(heads, rows):
    """Columns whose head begins with a colon are text."""
    line = lambda cells: "|" + "".join(f" {cell} |" if cell else " |" for cell in cells) + "\n"
    rule = "".join("---|" if head.startswith(":") else "---:|" for head in heads)
    return line(head.removeprefix(":") for head in heads) + f"|{rule}\n" + "".join(map(line, rows))


def results(both):
    rows = []
    add = lambda name, of: rows.append([name, *(of(c) for c in both)])
    add("models", lambda c: f"{c['models']:,}")
    add("total", lambda c: amount(c["emissions_t"]))
    add("correlation ignored", lambda c: amount(c["independent_t"]))
    add(f"the {len(both[0]['top']['models'])} largest", lambda c: amount(c["top"]["emissions_t"]))
    add("their share", lambda c: share(c["top"]["share"]))
    add("all others", lambda c: amount(c["top"]["without_t"]))
    for tier in sorted({t["tier"] for c in both for t in c["tiers"]}):
        here = lambda c: next((t for t in c["tiers"] if t["tier"] == tier), None)
        add(f"share of tier {tier}", lambda c: f"{here(c)['models']:,} models, {share(here(c)['share'])}" if here(c) else NONE)
    for name, key in [("alone", "first_order"), ("with interactions", "total")]:
        add(f"variance from chosen priors, {name}", lambda c: f"{percent(c['chosen'][key])} %")
    every = lambda c: next(g for g in c["predictive"]["groups"] if g["tier"] == "all")
    add("models with published compute", lambda c: f"{every(c)['models']:,}")
    inside = lambda c: ", ".join(percent(p) for p in every(c)["inside"])
    add("published figure inside the central 50, 80, 90, 95 %", lambda c: f"{inside(c)} %")
    upper = lambda c: sum(every(c)["deciles"][5:]) / every(c)["models"]
    add("published figure above the median", lambda c: f"{percent(upper(c))} %")
    return table([":", *LISTS], rows)


def thresholds(both):
    rows = []
    for step in both[0]["thresholds"]["steps"]:
        lo, hi = step["independent_t"]["interval"]
        uncorrelated = f"{kt(lo)} to {kt(hi)}"
        counts = [f"{step['downloads']:,.0f}", f"{step['models']:,}"]
        rows.append([*counts, amount(step["emissions_t"]), uncorrelated, share(step["share"])])
    return table(["at least", "models", "total", "uncorrelated", "share of the list"], rows)


NAMES = {"both": "in both (as the hub list has them)", "first": "hub list only", "second": "open weights only"}


def union(both):
    found = both[0]["lists"]
    rows = [
        [NAMES[p["part"]], f"{p['rows']:,}", f"{p['models']:,}", amount(p["emissions_t"]), share(p["share"])]
        for p in found["parts"]
    ]
    models = sum(p["models"] for p in found["parts"])
    rows.append(["union", f"{found['rows']:,}", f"{models:,}", amount(found["union_t"]), ""])
    rows.append(["in both, as open weights has them", "", "", amount(found["both_by_other_t"]), ""])
    return table([":", "rows", "models", "total", "share of the union"], rows)


def counts(both):
    rows = []
    for r in both[0]["lists"]["recapture"]:
        numbers = [f"{r[key]:,}" for key in ["first", "second", "both"]]
        rows.append([f"{r['of']} ({r['domain']})", *numbers, f"{r['estimate']:,.0f}"])
    return table([":", "hub list", "open weights", "both", "at least (Chapman)"], rows)


def choices(both):
    lines = [{(a["choice"], a["name"]): a for a in c["alternatives"]} for c in both]
    rows = []
    for choice, name in dict.fromkeys(key for of in lines for key in of):
        cells = [choice, name]
        for of in lines:
            found = of.get((choice, name))
            cells += [amount(found["emissions_t"]), f"{found['ratio']:.2f}"] if found else [NONE, NONE]
        rows.append(cells)
    return table([":choice", ":otherwise", LISTS[0], "ratio", LISTS[1], "ratio"], rows)


def sizes(both):
    """Lines in the order of the first list; the largest effects need not be the same."""
    lines = [{(a["effect"], a["factor"]): a for a in c["sizes"]["lines"]} for c in both]
    rows = []
    for effect, factor in dict.fromkeys(key for of in lines for key in of):
        cells = [effect or "all default effects", f"{factor:g}"]
        for of in lines:
            found = of.get((effect, factor))
            cells += [kt(found["exact_sd_t"]), amount(found["emissions_t"]), f"{found['width_ratio']:.2f}"] if found else [NONE] * 3
        rows.append(cells)
    return table([":effect", "factor", "exact sd", LISTS[0], "width", "exact sd", LISTS[1], "width"], rows)


TABLES = {of.__name__: of for of in [results, thresholds, union, counts, choices, sizes]}


def made(program, name):
    return TABLES[name](lists(program))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in TABLES:
        sys.exit(__doc__)
    print(made(str(Path(sys.argv[1]).resolve()), sys.argv[2]), end="")
