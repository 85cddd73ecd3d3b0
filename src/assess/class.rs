//! What is common to the lineage guesses of one class.
//!
//! A probability that was counted on a sample has an error, and it is the same error for every row that it is given to.
//! Row i is a run of its own if its standard normal `z = √(1 − a²)·own + a·w` is above the threshold of its probability
//! p; w is one draw per class. Given w, the probability is `Φ((Φ⁻¹(p) + a·w) / √(1 − a²))`, whose mean is p, and whose
//! variance is that of two rows being runs together, `Φ₂(Φ⁻¹(p), Φ⁻¹(p); a²) − p²`. [`loading`] is the a for which its
//! standard deviation is the stated one. Reference: Vasicek 2002, The distribution of loan portfolio value, Risk.

use std::f64::consts::FRAC_1_SQRT_2;

use super::acts::Acts;
use super::default_effects::DefaultEffect;
use super::draft::Draft;
use super::exposure::Exposure;
use super::priors::names;

/// Loadings are multiples of its inverse, up to [`LARGEST`]: few rows then have loadings of their own.
const STEPS: u32 = 256;
/// 0.984: given the class, little is left to the row.
const LARGEST: u32 = 252;

/// Exposes a guess to its class, where the row states how uncertain its probability is and names a class.
pub fn expose(exposure: Exposure<'_>, p: f64, draft: &mut Draft) {
    let share = exposure.priors.number(names::lineage::CLASS_SHARE);
    let Some(sd) = exposure.model.base_probability_sd.filter(|sd| *sd > 0.0 && share > 0.0) else { return };
    if exposure.expose(draft, DefaultEffect::LineageClass, loading(p, sd * share.sqrt()), 1.0) > 0.0 {
        draft.acts = Acts::Rank;
    }
}

/// The loading a for a probability `p` in (0, 1) of standard deviation `sd`.
fn loading(p: f64, sd: f64) -> f64 {
    let threshold = quantile(p);
    let (mut lo, mut hi) = (0, LARGEST);
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if spread(threshold, p, f64::from(mid) / f64::from(STEPS)) < sd * sd { lo = mid + 1 } else { hi = mid }
    }
    f64::from(lo) / f64::from(STEPS)
}

/// Variance of the probability given the class, by the trapezoidal rule, which converges fast under a normal density.
fn spread(threshold: f64, p: f64, a: f64) -> f64 {
    const STEP: f64 = 0.125;
    let rest = (1.0 - a * a).sqrt();
    let at = |k: i32| {
        let w = f64::from(k) * STEP;
        let given = below((threshold + a * w) / rest);
        STEP * 0.398_942_280_401_432_7 * libm::exp(-0.5 * w * w) * given * given
    };
    ((-64..=64).map(at).sum::<f64>() - p * p).max(0.0)
}

/// Φ(z).
pub fn below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// Φ⁻¹(p), by bisection.
fn quantile(p: f64) -> f64 {
    let (mut lo, mut hi) = (-38.0, 38.0);
    for _ in 0..64 {
        let mid = 0.5 * (lo + hi);
        if below(mid) < p { lo = mid } else { hi = mid }
    }
    0.5 * (lo + hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loading_gives_the_stated_spread() {
        // SciPy 1.17.1: brentq over a of multivariate_normal([0, 0], [[1, a²], [a², 1]]).cdf([q, q]) − p² = sd²,
        // q = norm.ppf(p); sd of Beta(6.5, 2.5), (1.5, 6.5), (0.5, 4.5), (3.5, 2.5).
        for (p, sd, a) in LOADINGS {
            assert!((loading(p, sd) - a).abs() < 1.0 / f64::from(STEPS), "{p} {sd}: {} against {a}", loading(p, sd));
        }
        // Negative control: the linear approximation sd / φ(q) is not it.
        let (p, sd, a) = LOADINGS[2];
        let q = quantile(p);
        let linear = sd / (0.398_942_280_401_432_7 * libm::exp(-0.5 * q * q));
        assert!((linear - a).abs() > 5.0 / f64::from(STEPS));
    }

    #[test]
    fn a_spread_beyond_reach_has_the_largest_loading() {
        assert_eq!(loading(0.5, 0.5), f64::from(LARGEST) / f64::from(STEPS));
        assert_eq!(loading(1e-300, 0.5), f64::from(LARGEST) / f64::from(STEPS));
        assert_eq!(loading(0.5, 0.0), 0.0);
    }

    const LOADINGS: [(f64, f64, f64); 4] = [
        (0.722222222222, 0.141639430933, 0.415663),
        (0.1875, 0.130104124967, 0.463707),
        (0.1, 0.122474487139, 0.607113),
        (0.583333333333, 0.186338998125, 0.474452),
    ];
}
