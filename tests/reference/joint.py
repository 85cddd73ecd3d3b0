"""Reference values for factors that shared effects act on below a bound or by rank: src/exact/below.rs, src/exact/rank.rs.

below:  F(e, s) = exp(n (tau s + sigma z)), z = inverse of Phi at Phi(e) Phi(t - tau s / sigma): a lognormal of median 1 and
        ln sd sigma times exp(tau s), cut at exp(sigma t) given s. E[F G] of two of them, whose own normals are the same
        (own = 1) or independent (own = 0) and whose shared normals have the correlation rho, and which are shifted by
        d (E F(e, s + d) G(e', s' + d)). Given s the mean is an integral of the truncated density; all other integrals are
        trapezoidal sums. Own normals of one factor are coupled by their quantiles, as two draws of one model are when
        only its own part is known.
rank:   E[Q(w) Q(w')] over the squared mean for Q of mixture(p: 1, 1 - p: r), from the bivariate normal distribution:
        r^2 + 2 r (1 - r) p + (1 - r)^2 P(w, w' both in the upper p).

Run: python3 tests/reference/joint.py > tests/reference/joint.csv   (NumPy, SciPy)
"""

import numpy as np
from scipy import integrate, special

#       sigma, tau, t, n
BELOW = {
    "even": (0.8, 0.8, 1.0, 1),
    "narrow": (0.3, 0.9, 0.5, 1),
    "wide": (1.5, 0.4, 2.0, 1),
    "far": (0.6, 0.5, 6.0, 1),
    "low": (0.7, 1.0, 0.0, 1),
    "divided": (0.8, 0.8, 1.0, -1),
}
STEP = 0.1
Z = np.arange(-9, 9 + STEP / 2, STEP)
W = np.exp(-0.5 * Z**2) / np.sqrt(2 * np.pi) * STEP
NODES, WEIGHTS = np.polynomial.legendre.leggauss(120)


def conditional(case, s):
    """E[F | s] by the integral of the truncated lognormal's density, relative to the density at the cut or at 0."""
    sigma, tau, t, n = BELOW[case]
    s = np.asarray(s, dtype=float)[..., None]
    end = t - tau * s / sigma
    # The density is below e^-60 of its largest value further down.
    peak = np.minimum(end, 0.0)
    low = np.where(peak < 0, peak - np.minimum(60 / np.maximum(-peak, 1e-9), 12.0), -12.0)
    high = np.minimum(end, 12.0)
    z = 0.5 * (low + high) + 0.5 * (high - low) * NODES
    density = np.exp(-0.5 * (z**2 - peak**2)) * WEIGHTS
    mean = (density * np.exp(n * sigma * z)).sum(axis=-1) / density.sum(axis=-1)
    return np.exp(n * tau * s[..., 0]) * mean


def between(a, b, rho, shift):
    """E[f(S) g(T)] by the trapezoidal rule."""
    f = conditional(a, Z + shift)
    if rho == 1:
        return float((W * f * conditional(b, Z + shift)).sum())
    t = rho * Z[:, None] + np.sqrt(1 - rho**2) * Z[None, :]
    return float((W * f * (W[None, :] * conditional(b, t + shift)).sum(axis=1)).sum())


def factor(case, e, s):
    sigma, tau, t, n = BELOW[case]
    cut = t - tau * s / sigma
    # log Phi(e) + log Phi(cut), inverted in logs: no tail is lost.
    z = special.ndtri_exp(np.minimum(special.log_ndtr(e) + special.log_ndtr(cut), -1e-300))
    return np.exp(n * (tau * s + sigma * z))


def itself(case, known, shift):
    """E[F F'] with one own normal; shared normals with the correlation `known`."""
    if known == 1:
        return float((W[:, None] * W[None, :] * factor(case, Z[:, None], Z[None, :] + shift) ** 2).sum())
    total = 0.0
    for e, w in zip(Z, W):
        s = np.sqrt(known) * Z[:, None] + np.sqrt(1 - known) * Z[None, :]
        given = (W[None, :] * factor(case, e, s + shift)).sum(axis=1)
        total += w * (W * given**2).sum()
    return float(total)


def both_above(p, rho):
    """P(w > c, w' > c) with P(w > c) = p: an integral over the correlation (Plackett 1954)."""
    c = special.ndtri(1 - p)
    # d/d rho is the bivariate density at (c, c); sin substitution.
    f = lambda th: np.exp(-(c**2) / (1 + np.sin(th))) / (2 * np.pi)
    return p**2 + integrate.quad(f, 0, np.arcsin(rho), epsabs=1e-14, epsrel=1e-13)[0]


if __name__ == "__main__":
    print("kind,case,other,own,rho,shift,value")
    for a, b in [("even", "even"), ("even", "narrow"), ("wide", "low"), ("far", "even"), ("divided", "divided")]:
        for rho in (0, 0.3, 1):
            print(f"below,{a},{b},0,{rho},0,{between(a, b, rho, 0)!r}")
    print(f"below,even,narrow,0,1,-0.35,{between('even', 'narrow', 1, -0.35)!r}")
    for case in BELOW:
        for known in (0, 0.5, 1):
            print(f"below,{case},{case},1,{known},0,{itself(case, known, 0)!r}")
    print(f"below,even,even,1,0.5,-0.35,{itself('even', 0.5, -0.35)!r}")
    for p, r in [(0.9, 0.002), (0.4, 0.15)]:
        mean = p + (1 - p) * r
        for rho in (0.05, 0.3, 0.9, 0.98, 0.999):
            value = r * r + 2 * r * (1 - r) * p + (1 - r) ** 2 * both_above(p, rho)
            print(f"rank,{p},{r},0,{rho},0,{value / mean**2!r}")
