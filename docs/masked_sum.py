"""The masked sums of docs/regressions.md: compute hidden by organisation folds, predicted by the regressions of ln D.

    python3 docs/masked_sum.py

Prints, for open-weight and for all base models, mean and 95 % interval of the predicted sum over the true one, with
normal and with empirical residuals, cut at the bounds of the priors. Needs numpy; independent of the program.
"""

import csv
import math
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
FOLDS, DRAWS = 10, 4000
LARGEST = 3.8e25
VISION = ("Vision", "Image generation", "Video")


def bound(year):
    return 10e12 if year <= 2022 else 15e12 if year == 2023 else 30e12 if year == 2024 else 45e12


def usable():
    with open(ROOT / "fixtures/known_compute.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            if row["relation"] or day.year < 2018 or row["compute_confidence"] == "Wrong":
                continue
            per_token = (3 if row["architecture"] == "encdec" else 6) * float(row["active_parameters"] or row["parameters"])
            size = float(row["active_parameters"] or row["parameters"])
            text = row["domain"]
            domain = ("language" if "Language" in text or not text else "vision" if any(w in text for w in VISION)
                      else "biology" if "Biology" in text else "other")
            years = day.year + (day.timetuple().tm_yday - 1) / 365.25 - 2023
            dummies = [float(domain == d) for d in ("vision", "biology", "other")]
            yield {
                "fit": domain if domain in ("language", "vision") else "all", "plain": [1, math.log(size / 1e10), years],
                "dummies": dummies, "ln_d": math.log(float(row["compute_flop"]) / per_token), "per_token": per_token,
                "compute": float(row["compute_flop"]), "organization": row["organization"] or row["id"],
                "open": row["open_weights"] == "yes", "year": day.year,
            }


def masked(rows, targets, empirical, random):
    organizations = sorted({r["organization"] for r in targets})
    np.random.default_rng(7).shuffle(organizations)
    fold = {o: i % FOLDS for i, o in enumerate(organizations)}
    total = np.zeros(DRAWS)
    for f in range(FOLDS):
        for name in ("language", "vision", "all"):
            hidden = [r for r in targets if fold[r["organization"]] == f and r["fit"] == name]
            seen = [r for r in rows if fold.get(r["organization"]) != f and name in ("all", r["fit"])]
            x = lambda of: np.array([r["plain"] + (r["dummies"] if name == "all" else []) for r in of])
            y = np.array([r["ln_d"] for r in seen])
            if not hidden:
                continue
            inverse = np.linalg.inv(x(seen).T @ x(seen))
            b = inverse @ x(seen).T @ y
            residuals = y - x(seen) @ b
            s = math.sqrt(residuals @ residuals / (len(y) - len(b)))
            drawn = b + s * random.standard_normal((DRAWS, len(b))) @ np.linalg.cholesky(inverse).T
            pool = residuals * math.sqrt(len(y) / (len(y) - len(b)))
            one = (lambda n: random.choice(pool, n)) if empirical else (lambda n: s * random.standard_normal(n))
            for row, r in zip(x(hidden), hidden):
                most = math.log(min(bound(r["year"]), LARGEST / r["per_token"]))
                middle = min(row @ b, most)
                own = one(DRAWS)
                while (above := middle + own > most).any():
                    own[above] = one(above.sum())
                total += r["per_token"] * np.exp(drawn @ row + own)
    return total / sum(r["compute"] for r in targets)


def main():
    random = np.random.default_rng(1)
    rows = list(usable())
    for name, targets in (("open weights", [r for r in rows if r["open"]]), ("all", rows)):
        for empirical in (False, True):
            ratio = masked(rows, targets, empirical, random)
            lo, hi = np.quantile(ratio, [0.025, 0.975])
            residuals = "empirical" if empirical else "normal"
            print(f"{name}, {len(targets)} models, {residuals} residuals: {ratio.mean():.2f} [{lo:.2f}, {hi:.2f}]")


if __name__ == "__main__":
    main()
