"""The regressions of haze fit by statsmodels: tests/peers/fit_statsmodels.json.

    pip install statsmodels==0.15.0 && python3 tests/peers/fit_statsmodels.py

The design matrix is made here from fixtures/known_compute.csv, not taken from the program.
"""

import csv
import json
import math
from datetime import date
from pathlib import Path

import numpy as np
import statsmodels
import statsmodels.api as sm

ROOT = Path(__file__).resolve().parent.parent.parent
VISION = ("Vision", "Image generation", "Video")
DAYS = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])


def domain(text):
    if "Language" in text or not text:
        return "language"
    if "Biology" in text:
        return "biology"
    return "vision" if any(word in text for word in VISION) else "other"


def usable():
    with open(ROOT / "fixtures/known_compute.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            if day.year >= 2018 and row["compute_confidence"] != "Wrong" and row["relation"] in ("", "finetune", "distill"):
                size = float(row["active_parameters"] or row["parameters"])
                per = 3 if row["architecture"] == "encdec" else 6
                compute = float(row["compute_flop"])
                yield {
                    "derivative": float(row["relation"] != ""), "domain": domain(row["domain"]),
                    "size": math.log(size / 1e10), "year": day.year + (DAYS[day.month - 1] + day.day - 1) / 365.25 - 2023,
                    "compute": math.log(compute), "tokens": math.log(compute / (per * size)),
                    "open": row["open_weights"] == "yes", "notable": row["notable"] == "yes",
                }


def fit(rows, terms, response):
    x = np.array([[1.0 if t == "intercept" else float(r["domain"] == t[7:]) if t.startswith("domain:") else r[t]
                   for t in terms] for r in rows])
    y = np.array([r[response] for r in rows])
    model = sm.OLS(y, x).fit()
    influence = model.get_influence()
    press = float((influence.resid_press**2).sum())
    return {
        "n": len(rows), "terms": terms, "coefficients": model.params.tolist(), "se": model.bse.tolist(),
        "se_hc1": model.HC1_se.tolist(), "se_hc3": model.HC3_se.tolist(), "residual_sd": float(math.sqrt(model.mse_resid)),
        "r2": float(model.rsquared), "q2": 1 - press / float(((y - y.mean())**2).sum()),
        "leverage": influence.hat_matrix_diag.tolist(), "residuals": model.resid.tolist(),
    }


def main():
    rows = list(usable())
    bases = [r for r in rows if not r["derivative"]]
    plain = ["intercept", "size", "year"]
    domains = plain + ["domain:vision", "domain:biology", "domain:other"]
    samples = {
        "language": ([r for r in bases if r["domain"] == "language"], plain),
        "vision": ([r for r in bases if r["domain"] == "vision"], plain),
        "all": (bases, domains),
        "notable": ([r for r in bases if r["notable"]], domains),
        "open-weights": ([r for r in bases if r["open"]], domains),
        "relation": (rows, domains + ["derivative"]),
    }
    found = {"statsmodels": statsmodels.__version__}
    for name, (sample, terms) in samples.items():
        for response in ("tokens", "compute"):
            found[f"{name} {response}"] = fit(sample, terms, response)
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(found, indent=None, separators=(",", ": ")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()
