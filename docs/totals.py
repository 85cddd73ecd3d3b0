"""One line for each portfolio: models, mean, intervals with and without correlation, share of the mean by tier.

    python3 docs/totals.py target/release/haze fixtures/hub_models.csv fixtures/open_weights.csv

Prints a Markdown table of runs at default settings. Python 3.11 without packages.
"""

import sys
from pathlib import Path

import printed


def kt(t):
    return f"{t / 1e3:.0f}"


def interval(estimate):
    low, high = estimate["interval"]
    return f"{kt(low)} to {kt(high)}"


def tiers(outcome):
    total, parts = outcome["total"]["emissions_t"]["mean"], {}
    for model in outcome["models"]:
        count, mean = parts.get(model["tier"], (0, 0.0))
        parts[model["tier"]] = (count + 1, mean + model["emissions_t"]["mean"])
    return ", ".join(f"{tier}: {100 * mean / total:.0f} % ({count:,})" for tier, (count, mean) in sorted(parts.items()))


def totals(program, files):
    print("| | models | mean, kt | 95 % credible interval | correlation ignored | share of the mean by tier (models) |")
    print("|---|---:|---:|---|---|---|")
    for models in files:
        _, outcome = printed.both(program, "run", models)
        alone = outcome["independent"]["emissions_t"]
        print(
            f"| `{models}` | {len(outcome['models']):,} "
            f"| {kt(outcome['total']['emissions_t']['mean'])} | {interval(outcome['total']['emissions_t'])} "
            f"| {interval(alone)} | {tiers(outcome)} |"
        )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    totals(str(Path(sys.argv[1]).resolve()), sys.argv[2:])
