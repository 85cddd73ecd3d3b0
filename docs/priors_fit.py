"""The fitted priors of MFU, of training length and of chip mixtures, with their own uncertainty. NumPy only.

    python3 docs/priors_fit.py            prints every number as the lines of src/assess/data/priors.toml
    python3 docs/priors_fit.py --check    compares them with that file and exits with 1 where one differs
    python3 docs/priors_fit.py --slopes   scores the MFU fit on families that it has not seen, by which chips have a slope
    python3 docs/priors_fit.py --tokens   scores the fit of tokens on organisations that it has not seen, by its data

Only shipped files are read: fixtures/reported_training_emissions.csv, fixtures/training_tokens.csv and fixtures/raw.

One model serves twice. With y an observation, x its regressors and g its group,

    y = x.theta + u_g + e,   u_g ~ N(0, s_group^2),   e ~ N(0, s_own^2),   theta ~ N(m, P^-1).

Given the sds the posterior of theta and the marginal likelihood are closed (Lindley and Smith 1972). The sds are summed
over a grid, each with a half-normal prior (Gelman 2006); theta gets the mean and the covariance of the mixture. The
covariance is exported as its Cholesky factor: a row with regressors x is multiplied by exp((x.L).z), z standard normals
that all rows share.

MFU       y = ln MFU, theta = (one level for each class of chip, slope on ln N_active/20 B of H100-class chips), group =
          organisation x year. Levels ~ N(mu, s_chip^2), mu ~ N(ln 0.40, 0.3^2), the usual planning assumption; slope ~
          N(0, 0.25^2). Half-normal scales: 0.3 each for chips, families and runs. A class without runs ("other") has mu
          with s_chip and the uncertainty of both. --slopes compares slopes on other classes by marginal likelihood.
tokens    y = ln D, D = C / (6 N_active) or as a document states it, of base language models with open weights, which is what
          models without published compute are (fixtures/build/training_tokens.py says which); theta = (ln D at 10 B, slope
          on ln N_active/10 B) for each era, group = organisation.
          One generation (organisation, year, name up to its size) is one observation, at its mean. Level ~ N(ln 1e12, 3^2),
          slope ~ N(0.5, 0.5^2). The share of the variance that is an organisation's is one for all eras (uniform prior); an
          era's total sd has a half-normal prior of scale 2.
chips     Shares of accelerators by compute, and how many runs of equal size these shares are worth: (sum C)^2 / sum C^2
          (Kish 1965). One run's worth is spread by number of runs. The shares are then a Dirichlet of that concentration.
"""

import csv
import math
import pathlib
import sys
from collections import defaultdict

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
PRIORS = ROOT / "src/assess/data/priors.toml"


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text else None


# One group model, given its sds.


class Grouped:
    """Sums over the groups of the data, so that a point of the grid costs the same whatever the number of rows."""

    def __init__(self, x, y, groups):
        self.x, self.y = np.asarray(x, float), np.asarray(y, float)
        names = sorted(set(groups))
        of = np.array([names.index(g) for g in groups])
        sums = lambda values: np.array([values[of == k].sum(axis=0) for k in range(len(names))])
        self.n = len(self.y)
        self.counts = np.bincount(of, minlength=len(names)).astype(float)
        self.sx, self.sy = sums(self.x), sums(self.y)
        self.xx, self.xy, self.yy = self.x.T @ self.x, self.x.T @ self.y, float(self.y @ self.y)

    def given(self, s_group, s_own, mean, precision):
        """ln of the marginal likelihood, posterior mean and covariance of theta.

        The covariance of a group of n is s_own^2 (I + r J); its inverse is (I - r/(1 + n r) J) / s_own^2.
        """
        r = (s_group / s_own) ** 2
        w = r / (1.0 + self.counts * r)
        a = (self.xx - self.sx.T @ (w[:, None] * self.sx)) / s_own**2 + precision
        b = (self.xy - self.sx.T @ (w * self.sy)) / s_own**2 + precision @ mean
        c = (self.yy - float(w @ self.sy**2)) / s_own**2 + float(mean @ precision @ mean)
        covariance = np.linalg.inv(a)
        theta = covariance @ b
        ln_det = 2 * self.n * math.log(s_own) + float(np.log1p(self.counts * r).sum())
        ln_a, ln_p = np.linalg.slogdet(a)[1], np.linalg.slogdet(precision)[1]
        return -0.5 * (ln_det + ln_a - ln_p + c - float(b @ theta)), theta, covariance


def mixed(points):
    """Mean and covariance of theta, and means of the sds, over (ln weight, theta, covariance, sds)."""
    top = max(p[0] for p in points)
    w = np.array([math.exp(p[0] - top) for p in points])
    w /= w.sum()
    thetas = np.array([p[1] for p in points])
    mean = w @ thetas
    covariance = sum(wk * (p[2] + np.outer(p[1] - mean, p[1] - mean)) for wk, p in zip(w, points))
    return mean, covariance, w @ np.array([p[3] for p in points])


def half_normal(x, scale):
    return -0.5 * (x / scale) ** 2


def middles(hi, n):
    """The middles of n cells from 0 to hi."""
    return [(k + 0.5) * hi / n for k in range(n)]


# MFU.

CLASSES = ("h100", "a100", "tpu", "v100", "other")
# Parameters in the order of the Cholesky factor: rows on H100s, most of the compute, then load on two normals only.
MFU_NAMES = ("mfu_h100_at_20b", "mfu_h100_exponent", "mfu_a100", "mfu_tpu", "mfu_v100", "mfu_other")
MFU_CENTRE, MFU_CENTRE_SD, SLOPE_SD, SD_SCALE = math.log(0.40), 0.3, 0.25, 0.3
MFU_GRID = middles(0.9, 12)
# Dense 16-bit peaks in FLOP/s, as in Epoch's hardware table.
PEAKS = (("H100", 989.4e12, "h100"), ("H800", 989e12, "h100"), ("A100", 312e12, "a100"), ("V100", 125e12, "v100"),
         ("TPU v3", 123e12, "tpu"), ("TPU v4", 275e12, "tpu"))
REFERENCE = 20e9


def mfu_runs():
    """(family, class, ln N/20 B or 0, ln MFU) of every run that sets the prior."""
    found = []
    for row in rows(FIXTURES / "reported_training_emissions.csv"):
        if "mfu" not in row["sets_prior"].split(";"):
            continue
        active = number(row["active_parameters"])
        if active is None and row["architecture"] != "moe":
            active = number(row["parameters"])
        tokens = number(row["tokens"])
        per = 3.0 if row["architecture"] == "encdec" else 6.0
        flop = number(row["training_flop"]) or (per * active * tokens if active and tokens else None)
        chip = next((p for p in PEAKS if p[0] in row["hardware"]), None)
        if flop is None or chip is None:
            continue
        mfu = flop / (number(row["gpu_hours"]) * 3600 * chip[1])
        size = math.log(active / REFERENCE) if active else 0.0
        found.append((row["organization"] + " " + row["date"][:4], chip[2], size, math.log(mfu)))
    return found


def regressors(of, size, slopes):
    """Of (mu, level less mu of each class, slopes)."""
    by_slope = {"h100": [size * (of == "h100")], "all": [size], "none": [], "each": [size * (of == c) for c in CLASSES]}
    return [1.0] + [float(c == of) for c in CLASSES] + by_slope[slopes]


def mfu_points(runs, slopes="h100"):
    """The grid: (ln weight, theta, covariance, sds of chips, families and runs)."""
    k = len(CLASSES)
    x = np.array([regressors(of, size, slopes) for _, of, size, _ in runs])
    data = Grouped(x, [r[3] for r in runs], [r[0] for r in runs])
    mean = np.array([MFU_CENTRE] + [0.0] * (x.shape[1] - 1))
    points = []
    for chip in MFU_GRID:
        precision = np.diag([MFU_CENTRE_SD**-2] + [chip**-2] * k + [SLOPE_SD**-2] * (x.shape[1] - 1 - k))
        for family in MFU_GRID:
            for run in MFU_GRID:
                ln, theta, covariance = data.given(family, run, mean, precision)
                ln += sum(half_normal(s, SD_SCALE) for s in (chip, family, run))
                points.append((ln, theta, covariance, (chip, family, run)))
    return points


def mfu_fit(runs):
    """Mean and covariance of the parameters in the order of MFU_NAMES, and the sds (chips, families, runs)."""
    mean, covariance, sds = mixed(mfu_points(runs))
    k = len(CLASSES)
    to = np.zeros((1 + k, 2 + k))
    to[1, 1 + k] = 1.0
    for i, row in enumerate((0, 2, 3, 4, 5)):
        to[row, 0] = to[row, 1 + i] = 1.0
    return to @ mean, to @ covariance @ to.T, sds


def crps_normal(error, sd):
    """Gneiting and Raftery 2007, equation 21."""
    z = error / sd
    return sd * (z * math.erf(z / math.sqrt(2)) + 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - 1 / math.sqrt(math.pi))


def mfu_folds(slopes):
    """Scores of the runs of each family, predicted without it, and the marginal likelihood of all."""
    runs = mfu_runs()
    scores, families = [], defaultdict(list)
    for family in sorted({r[0] for r in runs}):
        mean, covariance, (_, s_family, s_run) = mixed(mfu_points([r for r in runs if r[0] != family], slopes))
        for _, of, size, y in (r for r in runs if r[0] == family):
            x = np.array(regressors(of, size, slopes))
            sd = math.sqrt(x @ covariance @ x + s_family**2 + s_run**2)
            error = x @ mean - y
            scores.append((crps_normal(error, sd), sd, error, abs(error) <= 1.6448536 * sd))
            families[family].append(scores[-1][0])
    crps, sd, error, inside = np.array(scores, float).T
    by_family = np.mean([np.mean(v) for v in families.values()])
    evidence = _evidence(mfu_points(runs, slopes)) - math.log(len(MFU_GRID) ** 3)
    print(f"slope on {slopes:<5} CRPS {crps.mean():.3f} (mean over families {by_family:.3f}), predictive sd {sd.mean():.3f}, "
          f"mean error {error.mean():+.3f}, inside 90 %: {int(inside.sum())} of {len(crps)}, ln marginal likelihood {evidence:.1f}")


# Tokens.

ERAS = (("to_2020", 0, 2020), ("in_2021_2022", 2021, 2022), ("in_2023", 2023, 2023), ("in_2024", 2024, 2024),
        ("from_2025", 2025, 9999))
LEVEL, LEVEL_SD, TOKENS_SLOPE, TOKENS_SLOPE_SD, TOTAL_SCALE = math.log(1e12), 3.0, 0.5, 0.5, 2.0
SHARES = middles(1.0, 20)
TOTALS = middles(5.0, 50)


def token_models(sources=("compute", "document")):
    """(organisation, year, generation, N, D) of every base language model with open weights."""
    for row in rows(FIXTURES / "training_tokens.csv"):
        if row["tokens_from"] not in sources:
            continue
        n = number(row["active_parameters"]) or number(row["parameters"])
        yield row["organization"], int(row["date"][:4]), row["generation"], n, number(row["tokens"])


def token_rows(left_out=frozenset(), sources=("compute", "document")):
    """era -> list of (organisation, ln N/10 B, ln D), one for each generation of a base language model."""
    found = defaultdict(lambda: defaultdict(list))
    for organization, year, name, n, tokens in token_models(sources):
        if organization not in left_out:
            era = next(era for era, lo, hi in ERAS if lo <= year <= hi)
            found[era][organization, year, name].append((math.log(n / 10e9), math.log(tokens)))
    means = lambda values: tuple(np.mean(np.array(values), axis=0))
    return {era: [(key[0], *means(values)) for key, values in sorted(of.items())] for era, of in found.items()}


def tokens_fit(left_out=frozenset(), sources=("compute", "document")):
    """era -> (mean and covariance of (level, slope), total sd, generations, organisations), and the organisations' share."""
    mean = np.array([LEVEL, TOKENS_SLOPE])
    precision = np.diag([LEVEL_SD**-2, TOKENS_SLOPE_SD**-2])
    found = token_rows(left_out, sources)
    points, ln_share = {}, np.zeros(len(SHARES))
    for era, of in found.items():
        data = Grouped([[1.0, r[1]] for r in of], [r[2] for r in of], [r[0] or f"none {i}" for i, r in enumerate(of)])
        for k, share in enumerate(SHARES):
            cell = []
            for total in TOTALS:
                ln, theta, covariance = data.given(total * math.sqrt(share), total * math.sqrt(1 - share), mean, precision)
                cell.append((ln + half_normal(total, TOTAL_SCALE), theta, covariance, (total,)))
            points[era, k] = cell
            ln_share[k] += _evidence(cell)
    fitted = {}
    for era, of in found.items():
        others = [ln_share[k] - _evidence(points[era, k]) for k in range(len(SHARES))]
        all_points = [(p[0] + others[k], *p[1:]) for k in range(len(SHARES)) for p in points[era, k]]
        theta, covariance, (total,) = mixed(all_points)
        fitted[era] = (theta, covariance, float(total), len(of), len({r[0] for r in of}))
    w = np.exp(ln_share - ln_share.max())
    return fitted, float(w @ np.array(SHARES) / w.sum())


def _evidence(points):
    """ln of the sum of the weights."""
    top = max(p[0] for p in points)
    return top + math.log(sum(math.exp(p[0] - top) for p in points))


def token_folds(sources):
    """Scores of every generation, predicted by a fit to these sources without its organisation."""
    targets = token_rows()
    scores = defaultdict(list)
    for organization in sorted({r[0] for of in targets.values() for r in of}):
        fitted, _ = tokens_fit({organization}, sources)
        for era, of in targets.items():
            theta, covariance, total, _, _ = fitted[era]
            for _, size, y in (r for r in of if r[0] == organization):
                x = np.array([1.0, size])
                sd, error = math.sqrt(x @ covariance @ x + total**2), x @ theta - y
                ln = -0.5 * (error / sd) ** 2 - math.log(sd * math.sqrt(2 * math.pi))
                scores[era].append((ln, crps_normal(error, sd), error, abs(error) <= 1.6448536 * sd))
    print(f"fitted to {' and '.join(sources)}")
    for era in (e[0] for e in ERAS):
        ln, crps, error, inside = np.array(scores[era], float).T
        print(f"  {era:<13} ln score {ln.mean():.3f}, CRPS {crps.mean():.3f}, mean error {error.mean():+.3f}, "
              f"inside 90 %: {int(inside.sum())} of {len(ln)}")


# Chips.

# The shares before, by judgement and number of rows: worth so many runs.
BEFORE_RUNS = 2.0
# Spellings of Epoch that stand for one kind of chip.
KINDS = (("NVIDIA A100", "NVIDIA A100"), ("NVIDIA A800", "NVIDIA A800 SXM"), ("NVIDIA H100", "NVIDIA H100 SXM5 80GB"),
         ("Nvidia H100", "NVIDIA H100 SXM5 80GB"), ("NVIDIA H200", "NVIDIA H200 SXM"), ("NVIDIA H800", "NVIDIA H800 SXM5"),
         ("NVIDIA V100", "NVIDIA V100"), ("NVIDIA Tesla V100", "NVIDIA V100"), ("NVIDIA P100", "NVIDIA P100"),
         ("NVIDIA B200", "NVIDIA B200"), ("NVIDIA GB300", "NVIDIA B300 (Blackwell Ultra)"),
         ("NVIDIA B300", "NVIDIA B300 (Blackwell Ultra)"), ("Google TPU v2", "Google TPU v2"),
         ("Google TPU v3", "Google TPU v3"), ("Google TPU v4", "Google TPU v4"), ("Google TPU v5p", "Google TPU v5p"),
         ("Google TPU v5e", "Google TPU v5e"), ("Google TPU v6e", "Google TPU v6e Trillium"),
         ("Huawei Ascend 910B", "Huawei Ascend 910B"), ("Huawei Ascend 910C", "Huawei Ascend 910C"),
         ("Huawei Ascend 910", "Huawei Ascend 910"), ("AMD Radeon Instinct MI250X", "AMD Radeon Instinct MI250X"))
# Smallest share that is listed.
LISTED = 0.02
BEFORE = {
    "google_2018": "0.5: NVIDIA P100, 0.3: Google TPU v2, 0.2: Google TPU v3",
    "google_2021": "0.9: Google TPU v3, 0.1: Google TPU v4",
    "google_2023": "0.75: Google TPU v4, 0.25: Google TPU v3",
    "google_2024": "0.55: Google TPU v5p, 0.45: Google TPU v4",
    "google_2026": "0.4: Google TPU v5p, 0.4: Google TPU v6e Trillium, 0.2: Google TPU v7 Ironwood",
    "us_2018": "0.6: NVIDIA V100, 0.4: NVIDIA P100",
    "us_2020": "0.9: NVIDIA V100, 0.1: Google TPU v3",
    "us_2021": "0.5: NVIDIA V100, 0.5: NVIDIA A100",
    "us_2022": "0.7: NVIDIA A100, 0.2: NVIDIA V100, 0.1: Google TPU v3",
    "us_2023": "0.75: NVIDIA A100, 0.2: NVIDIA V100, 0.05: NVIDIA H100 SXM5 80GB",
    "us_2024": "0.55: NVIDIA H100 SXM5 80GB, 0.45: NVIDIA A100",
    "us_2025": "0.85: NVIDIA H100 SXM5 80GB, 0.15: NVIDIA A100",
    "us_2026": "0.6: NVIDIA H100 SXM5 80GB, 0.4: NVIDIA B200",
    "china_2020": "1: NVIDIA V100",
    "china_2021": "0.75: NVIDIA V100, 0.2: NVIDIA A100, 0.05: Huawei Ascend 910",
    "china_2022": "0.7: NVIDIA A100, 0.2: NVIDIA V100, 0.1: Huawei Ascend 910",
    "china_2023": "0.7: NVIDIA A100, 0.2: NVIDIA A800 SXM, 0.1: NVIDIA V100",
    "china_2024": "0.6: NVIDIA A100, 0.2: NVIDIA A800 SXM, 0.2: NVIDIA H800 SXM5",
    "china_2026": "0.6: NVIDIA H800 SXM5, 0.3: NVIDIA A800 SXM, 0.1: Huawei Ascend 910B",
    "other_2018": "0.5: NVIDIA V100, 0.5: NVIDIA P100",
    "other_2020": "0.8: NVIDIA V100, 0.2: Google TPU v3",
    "other_2021": "0.4: NVIDIA A100, 0.4: NVIDIA V100, 0.2: Google TPU v3",
    "other_2022": "0.8: NVIDIA A100, 0.2: NVIDIA V100",
    "other_2023": "0.8: NVIDIA A100, 0.1: Google TPU v4, 0.1: NVIDIA V100",
    "other_2024": "0.6: NVIDIA A100, 0.3: NVIDIA H100 SXM5 80GB, 0.1: AMD Radeon Instinct MI250X",
    "other_2026": "0.7: NVIDIA H100 SXM5 80GB, 0.2: NVIDIA A100, 0.1: NVIDIA B200",
}
COUNTRIES = {"United States of America": "us", "China": "china", "Hong Kong": "china"}


def chip_rows():
    """(mixture, chip, FLOP) of Epoch's rows that state own compute and one or more chips of the kinds above."""
    seen = {}
    for name in ("epoch_notable_models_2026-07.csv", "epoch_all_models_2025-03.csv"):
        for row in rows(FIXTURES / "raw" / name):
            seen.setdefault(row["model"], row)
    found = []
    for model, row in sorted(seen.items()):
        flop = number(row["finetune_compute_flop"] if row["base_model"] else row["training_compute_flop"])
        kinds = [next((kind for start, kind in KINDS if chip.strip().startswith(start)), None)
                 for chip in row["training_hardware"].split(",")]
        if not flop or not row["publication_date"] or None in kinds:
            continue
        organization = row["organization"].lower()
        countries = {c.strip() for c in row["country"].split(",")}
        place = COUNTRIES.get(countries.pop(), "other") if len(countries) == 1 else "other"
        if "google" in organization or "deepmind" in organization:
            place = "google"
        year = int(row["publication_date"][:4])
        periods = [int(key.rsplit("_", 1)[1]) for key in BEFORE if key.startswith(place + "_")]
        period = next((p for p in periods if year <= p), periods[-1])
        found.extend((f"{place}_{period}", kind, flop / len(kinds)) for kind in kinds)
    return found


def chip_mixtures():
    """mixture -> (shares by chip, runs that they are worth, rows)."""
    found, data = {}, chip_rows()
    for key, text in BEFORE.items():
        before = {part.split(":")[1].strip(): float(part.split(":")[0]) for part in text.split(",")}
        of = [(chip, flop) for mixture, chip, flop in data if mixture == key]
        total = sum(flop for _, flop in of)
        runs = total**2 / sum(flop**2 for _, flop in of) if of else 0.0
        shares = defaultdict(float)
        for chip, share in before.items():
            shares[chip] += BEFORE_RUNS * share
        for chip, flop in of:
            shares[chip] += runs * flop / total
        whole = runs + BEFORE_RUNS
        listed = {chip: share / whole for chip, share in shares.items() if share / whole >= LISTED}
        scale = sum(listed.values())
        found[key] = ({c: round(s / scale, 2) for c, s in sorted(listed.items(), key=lambda x: -x[1])}, round(whole, 1), len(of))
    return found


# Output.


def count(n, one, several):
    return f"{n or 'no'} {one if n == 1 else several}"


def of_runs(runs):
    families = len({r[0] for r in runs})
    if not runs:
        return "no runs"
    return f"{count(len(runs), 'run', 'runs')} of {count(families, 'family', 'families')}"


def loadings(values):
    return ", ".join(f"{v:.4f}" for v in values)


def priors():
    """(section, key, value as TOML, evidence) of every prior that is fitted here."""
    runs = mfu_runs()
    mean, covariance, (_, family, run) = mfu_fit(runs)
    lower = np.linalg.cholesky(covariance)
    of_class = {"mfu_h100_exponent": "h100"}
    out = []
    for i, name in enumerate(MFU_NAMES):
        kind = of_class.get(name, name.split("_")[1])
        evidence = of_runs([r for r in runs if r[1] == kind])
        value = f"{mean[i]:.3f}" if name.endswith("exponent") else f"{math.exp(mean[i]):.3f}"
        out.append(("efficiency", name, value, evidence))
        out.append(("efficiency", name + "_loadings", f'"{loadings(lower[i, : i + 1])}"', evidence))
    evidence = of_runs(runs)
    out += [("efficiency", "mfu_family_sd", f"{family:.3f}", evidence), ("efficiency", "mfu_run_sd", f"{run:.3f}", evidence)]
    fitted, share = tokens_fit()
    for era, (theta, covariance, total, generations, organizations) in ((e[0], fitted[e[0]]) for e in ERAS):
        lower = np.linalg.cholesky(covariance)
        evidence = f"{generations} generations of {organizations} organisations"
        level = f'"lognormal({math.exp(theta[0]):.3g}, {math.exp(total):.2f})"'
        out += [("tokens", era, level, evidence), ("tokens", era + "_exponent", f"{theta[1]:.3f}", evidence),
                ("tokens", era + "_loadings", f'"{loadings(lower[0, :1])}"', evidence),
                ("tokens", era + "_exponent_loadings", f'"{loadings(lower[1])}"', evidence)]
    # Only their proportion counts; the size is that of 2024.
    total = fitted["in_2024"][2]
    evidence = f"{sum(f[3] for f in fitted.values())} generations"
    out += [("tokens", "organization_gsd", f"{math.exp(total * math.sqrt(share)):.2f}", evidence),
            ("tokens", "within_gsd", f"{math.exp(total * math.sqrt(1 - share)):.2f}", evidence)]
    for key, (shares, worth, n) in chip_mixtures().items():
        text = ", ".join(f"{share}: {chip}" for chip, share in shares.items())
        evidence = f"{count(n, 'row', 'rows')}, worth {worth - BEFORE_RUNS:.1f} of equal compute"
        out += [("chips", key, f'"{text}"', evidence), ("chips", key + "_runs", f"{worth}", evidence)]
    return out


def check(found):
    """The number of priors whose line in the program differs."""
    import tomllib

    shipped = tomllib.loads(PRIORS.read_text(encoding="utf-8"))
    differ = 0
    for section, key, value, evidence in found:
        entry = shipped[section].get(key, {})
        wanted = tomllib.loads(f"x = {value}")["x"]
        if entry.get("value") != wanted or entry.get("evidence") != evidence:
            print(f"{section}.{key}: {entry.get('value')!r} ({entry.get('evidence')}) is shipped, {wanted!r} ({evidence}) fitted")
            differ += 1
    return differ


def main():
    if "--slopes" in sys.argv:
        for slopes in ("h100", "none", "all", "each"):
            mfu_folds(slopes)
        return 0
    if "--tokens" in sys.argv:
        for sources in (("compute",), ("compute", "document")):
            token_folds(sources)
        return 0
    found = priors()
    if "--check" in sys.argv:
        differ = check(found)
        print(f"{len(found)} priors, {differ} differ")
        return 1 if differ else 0
    section = ""
    for of, key, value, evidence in found:
        if of != section:
            section = of
            print(f"\n[{section}]")
        print(f"{key} = {value}  # {evidence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
