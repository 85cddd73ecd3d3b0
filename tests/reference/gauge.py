"""Expected figures of `haze gauge`: closed forms in 30 digits, and two numerical convolutions.

    python3 tests/reference/gauge.py            # writes src/gauge/expected.rs (needs mpmath, SciPy)
    rustfmt --edition 2024 src/gauge/expected.rs

Nothing here is shared with the program: moments of lognormals, of the uniform, triangular and gamma distributions, sums
over all pairs of terms, and quantiles from mpmath's erfinv.
"""

from itertools import combinations
from pathlib import Path

from mpmath import erf, erfinv, exp, findroot, log, mp, mpf, pi, sqrt

mp.dps = 30


def ppf(p):
    return sqrt(2) * erfinv(2 * mpf(p) - 1)


def normal(word):
    """The standard normal of a random word: a sign and p = (2m + 1)/2^33, exactly."""
    z = -ppf((2 * mpf(word & 0x7FFFFFFF) + 1) / mpf(2) ** 33)
    return -z if word >> 31 else z


def by_sets(groups, closed):
    """(first-order, total, Shapley) from V_u = closed(u)."""
    everything = frozenset(range(groups))
    v = {frozenset(u): closed(frozenset(u)) for n in range(groups + 1) for u in combinations(range(groups), n)}
    variance = v[everything]
    first = [v[frozenset([g])] / variance for g in range(groups)]
    total = [1 - v[everything - {g}] / variance for g in range(groups)]
    shapley = []
    for g in range(groups):
        share = mpf(0)
        for u, value in v.items():
            if g not in u:
                weight = mp.factorial(len(u)) * mp.factorial(groups - len(u) - 1) / mp.factorial(groups)
                share += weight * (v[u | {g}] - value)
        shapley.append(share / variance)
    return first, total, shapley


def product(relative):
    """Indices of a product of independent factors with these variances over squared means."""
    def closed(u):
        p = mpf(1)
        for g in u:
            p *= 1 + relative[g]
        return p - 1

    return by_sets(len(relative), closed)


def lognormal_groups(sigmas):
    return product([exp(sum(mpf(s) ** 2 for s in group)) - 1 for group in sigmas])


def shortest(sigma):
    """Ends of LN(0, sigma) of equal density that hold 95 %."""
    s, phi = mpf(sigma), lambda z: (1 + erf(z / sqrt(2))) / 2
    # The density of exp(s·z) at z is exp(−z²/2 − s·z): equal at z₁ and −2s − z₁.
    z = findroot(lambda z: phi(z) - phi(-2 * s - z) - mpf("0.95"), mpf("1.7"))
    return exp(s * (-2 * s - z)), exp(s * z)


def portfolio():
    """The portfolio of src/gauge/portfolios.rs: mean, sd, sd with correlation ignored, indices by factor.

    Groups: 0 compute, 1 efficiency (divided by), 2 PUE, 3 grid, 4 reporting. A lognormal is (median, gsd).
    """
    def ln(median, gsd):
        s2 = log(mpf(gsd)) ** 2
        return mpf(median) * exp(s2 / 2), mpf(median) ** 2 * exp(2 * s2)

    def uniform(lo, hi):
        lo, hi = mpf(lo), mpf(hi)
        return (lo + hi) / 2, (lo * lo + lo * hi + hi * hi) / 3

    def triangular(a, c, b):
        a, b, c = mpf(a), mpf(b), mpf(c)
        mean = (a + b + c) / 3
        return mean, (a * a + b * b + c * c - a * b - a * c - b * c) / 18 + mean**2

    def gamma(shape, scale):
        return mpf(shape) * scale, mpf(shape) * (shape + 1) * scale**2

    def mixture(x, y):
        return (x[0] + y[0]) / 2, (x[1] + y[1]) / 2

    fixed = lambda x: (mpf(x), mpf(x) ** 2)
    compute = [("5", "1.5"), ("1", "2"), ("2", "1.3"), ("0.5", "1.8"), ("3", "1.6"), ("8", "1.4")]
    grid = [
        triangular(100, 300, 800),
        gamma(4, 100),
        uniform(200, 500),
        ln(400, "1.3"),
        ln(50, "1.5"),
        mixture(ln(50, "1.2"), ln(600, "1.2")),
    ]
    whole_pue = [None, None, None, uniform("1.05", "1.5"), uniform("1.1", "1.3"), fixed("1.2")]
    variance_of = {"efficiency": log(mpf("1.15")) ** 2, "pue": log(mpf("1.2")) ** 2, "grid": log(mpf("1.3")) ** 2}

    # A term: model, moments of its own factor by group (None: a constant 1), shared effects by group.
    terms = []
    for m in range(6):
        own = [ln(*compute[m]), ln("0.5", "1.2"), None, grid[m], ln(1, "1.05")]
        shared = [None, "efficiency", None, f"grid {m // 3}", None]
        if whole_pue[m] is None:
            terms.append((m, own, shared))
            terms.append((m, own[:2] + [ln("0.2", "1.35")] + own[3:], shared[:2] + ["pue"] + shared[3:]))
        else:
            terms.append((m, own[:2] + [whole_pue[m]] + own[3:], shared))

    def mean(term):
        product = mpf(1)
        for own, effect in zip(term[1], term[2]):
            product *= own[0] if own else 1
            product *= exp(variance_of[effect.split()[0]] / 2) if effect else 1
        return product

    def rho(p, q, group, separate):
        value = mpf(1)
        if p[0] == q[0] and p[1][group] and q[1][group]:
            value *= p[1][group][1] / p[1][group][0] ** 2
        if p[2][group] and p[2][group] == q[2][group] and (p[0] == q[0] or not separate):
            value *= exp(variance_of[p[2][group].split()[0]])
        return value

    def closed(u, separate=False):
        total = mpf(0)
        for p in terms:
            for q in terms:
                product = mpf(1)
                for group in u:
                    product *= rho(p, q, group, separate)
                total += mean(p) * mean(q) * (product - 1)
        return total

    everything = frozenset(range(5))
    mu = sum(mean(t) for t in terms)
    return mu, sqrt(closed(everything)), sqrt(closed(everything, True)), *by_sets(5, closed)


# --- writing ---

lines = [
    "//! What `haze gauge` expects. Written by `tests/reference/gauge.py` (mpmath, 30 digits); not to be edited.",
    "",
]


def number(x):
    return mp.nstr(mpf(x), 15, min_fixed=-8, max_fixed=15, strip_zeros=True)


def array(xs):
    return "[" + ", ".join(number(x) for x in xs) + "]"


def const(name, doc, kind, value):
    lines.extend([f"/// {doc}", f"pub const {name}: {kind} = {value};"])


words = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x40000000, 0xBFFFFFFF, 0x3FFFFFFF]
words += [5, 0x80000123, 0x00012345, 0x80ABCDEF, 0x01234567, 0x92345678, 0x2AAAAAAA, 0xE0000000]
const("NORMALS", "Standard normals of random words: ends, middle, both sides of the median, octaves between.",
      f"[(u32, f64); {len(words)}]", "[" + ", ".join(f"({w:#010x}, {number(normal(w))})" for w in words) + "]")
first = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
const("FIRST_NORMALS", "The same of the words of Random123's first vector.", "[f64; 4]", array(normal(w) for w in first))

P = [mpf(x) for x in ("0.025", "0.05", "0.5", "0.95", "0.975")]
sigma = ["0.5", "0.3", "0.05", "0.4"]
s2 = sum(mpf(s) ** 2 for s in sigma)
const("PRODUCT_MEAN", "Four lognormals multiplied.", "f64", number(exp(s2 / 2)))
const("PRODUCT_CV", "Standard deviation over mean.", "f64", number(sqrt(exp(s2) - 1)))
const("PRODUCT_QUANTILES", "At 2.5, 5, 50, 95 and 97.5 %.", "[f64; 5]", array(exp(sqrt(s2) * ppf(p)) for p in P))
groups = {
    "PRODUCT": ("The same product by factor", lognormal_groups([[s] for s in sigma])),
    "PAIRS": ("Eight lognormals in pairs", lognormal_groups([["0.5", "0.1"], ["0.3", "0.1"], ["0.05", "0.02"], ["0.4", "0.2"]])),
}
a, b = mpf(7), mpf("0.1")
own, sine, both = (1 + b * pi**4 / 5) ** 2 / 2, a**2 / 8, 8 * b**2 * pi**8 / 225
parts = {frozenset([0]): own, frozenset([1]): sine, frozenset([0, 2]): both}
groups["ISHIGAMI"] = ("Ishigami's function", by_sets(3, lambda u: sum((v for s, v in parts.items() if s <= u), mpf(0))))
g = [0, 1, mpf("4.5"), 9, 99, 99, 99, 99]
groups["G"] = ("Sobol' g-function", product([1 / (3 * (1 + x) ** 2) for x in g]))
mean, sd, separate_sd, *indices = portfolio()
groups["PORTFOLIO"] = ("The portfolio, by factor", indices)
for name, (what, found) in groups.items():
    for kind, values in zip(("FIRST", "TOTAL", "SHAPLEY"), found):
        word = {"FIRST": "first-order indices", "TOTAL": "total indices", "SHAPLEY": "Shapley effects"}[kind]
        if (name, kind) != ("G", "SHAPLEY"):
            const(f"{name}_{kind}", f"{what}: {word}.", f"[f64; {len(values)}]", array(values))
const("ISHIGAMI_MEAN", "a/2.", "f64", "3.5")
const("ISHIGAMI_VARIANCE", "a²/8 + bπ⁴/5 + b²π⁸/18 + ½.", "f64", number(own + sine + both))

rows = []
for models in (1, 10, 1_000, 100_000):
    shared, own_part = exp(mpf("0.04")) - 1, (exp(mpf("0.25")) - 1) / models
    variance = (1 + shared) * (1 + own_part) - 1
    rows.append(f"({models}, {number(sqrt(variance))}, {number(shared / variance)})")
const("SCALING", "Models, CV of their total, first-order index of what they share.", "[(usize, f64, f64); 4]",
      "[" + ", ".join(rows) + "]")
rows = [f"({s}, {array(shortest(s))})" for s in ("0.25", "0.5", "1.0")]
const("SHORTEST", "σ, shortest interval of 95 % of LN(0, σ).", "[(f64, [f64; 2]); 3]", "[" + ", ".join(rows) + "]")
const("TWO_QUANTILES", "2 × LN(0, 0.5), by numerical convolution of the densities.", "[f64; 5]",
      "[1.046930167, 1.172096192, 2.118740544, 3.859603994, 4.336526298]")
const("TEN_QUANTILES", "10 × LN(0, 1), likewise.", "[f64; 5]", "[7.513286, 8.387075, 15.151977, 28.978085, 33.259451]")
const("PORTFOLIO_MEAN", "Mean of the portfolio's total.", "f64", number(mean))
const("PORTFOLIO_SD", "Its standard deviation.", "f64", number(sd))
const("PORTFOLIO_SEPARATE_SD", "The same with every shared effect drawn separately for each model.", "f64", number(separate_sd))

path = Path(__file__).resolve().parents[2] / "src/gauge/expected.rs"
path.write_text("\n".join(lines) + "\n", encoding="utf-8")
