//! The median that a lognormal has before it is cut at a bound, given the geometric mean that is left after the cut.
//!
//! What was observed was observed below the bound: the geometric mean of a period's training lengths is that of a cut
//! distribution. Cutting a lognormal about it once more would put the mean too low. With μ the logarithm of the median
//! before the cut, σ its standard deviation, t = (ln bound − μ)/σ and φ, Φ the standard normal density and distribution,
//!
//! ```text
//! E[ln X | X ≤ bound] = μ − σ φ(t) / Φ(t)
//! ```
//!
//! (Johnson, Kotz and Balakrishnan 1994, Continuous Univariate Distributions, vol. 1, section 10.1), which increases
//! with μ. [`raised`] solves it.

use std::f64::consts::FRAC_1_SQRT_2;

/// 1/√(2π).
const DENSITY: f64 = 0.398_942_280_401_432_7;

/// `E[ln X | X ≤ bound]` of a lognormal with ln median `mu` and ln sd `sd`.
fn mean_below(mu: f64, sd: f64, ln_bound: f64) -> f64 {
    let t = (ln_bound - mu) / sd;
    mu - sd * DENSITY * libm::exp(-0.5 * t * t) / (0.5 * libm::erfc(-t * FRAC_1_SQRT_2))
}

/// ln of the median whose cut distribution has the geometric mean exp(`mean`); at most that of the bound.
pub fn raised(mean: f64, sd: f64, ln_bound: f64) -> f64 {
    if sd <= 0.0 {
        return mean.min(ln_bound);
    }
    if mean_below(ln_bound, sd, ln_bound) <= mean {
        return ln_bound;
    }
    let (mut lo, mut hi) = (mean, ln_bound);
    for _ in 0..60 {
        let mid = 0.5 * (lo + hi);
        if mean_below(mid, sd, ln_bound) < mean { lo = mid } else { hi = mid }
    }
    0.5 * (lo + hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17.1: brentq over mu of truncnorm.mean(-inf, (b − mu)/sd, mu, sd) − mean.
    #[test]
    fn the_cut_distribution_has_the_mean() {
        for (mean, sd, bound, want) in CASES {
            assert!((raised(mean, sd, bound) - want).abs() < 1e-9, "{mean}: {} {want}", raised(mean, sd, bound));
            // Negative control: without raising it the mean is missed.
            assert!((mean - want).abs() > 1e-3);
        }
    }

    #[test]
    fn a_mean_too_near_the_bound_is_put_at_it() {
        // E at the bound is ln bound − 0.798 sd.
        assert_eq!(raised(-0.5, 1.0, 0.0), 0.0);
        assert_eq!(raised(2.0, 1.0, 0.0), 0.0);
        assert_eq!(raised(-3.0, 0.0, 0.0), -3.0);
    }

    const CASES: [(f64, f64, f64, f64); 3] = [
        (30.345715859749426, 1.007957920399979, 31.43768360569887, 30.78602067177192),
        (28.48117204529816, 1.809926773183504, 31.032218497590705, 28.886573102583903),
        (-1.0, 1.0, 0.0, -0.48105838703462833),
    ];
}
