//! Proper scores and coverage.
//!
//! Scores are of the natural logarithm of a figure, so that a run of 30 million hours counts as much as one of 30 thousand.
//! CRPS and interval score: T. Gneiting and A. E. Raftery, "Strictly Proper Scoring Rules, Prediction, and
//! Estimation", J. Am. Stat. Assoc. 102 (2007) 359–378, doi:10.1198/016214506000001437.

use crate::engine::stats::normal::{Level, density};
use crate::engine::stats::order::rank;

/// CRPS of an equally weighted sample, sorted ascending, at `y`: mean |x − y| − ½ mean |x − x'|.
pub fn crps_of_sample(sorted: &[f64], y: f64) -> f64 {
    let n = sorted.len() as f64;
    let (mut to_y, mut apart) = (0.0, 0.0);
    for (i, x) in sorted.iter().enumerate() {
        to_y += (x - y).abs();
        // Σ_i Σ_j |x_i − x_j| = 2 Σ_i (2i − n + 1) x_(i), i from 0.
        apart += (2.0 * i as f64 - n + 1.0) * x;
    }
    to_y / n - apart / (n * n)
}

/// CRPS of a normal distribution (closed form, Gneiting and Raftery's equation 21 with the opposite sign).
pub fn crps_of_normal(mean: f64, sd: f64, y: f64) -> f64 {
    if sd <= 0.0 {
        return (y - mean).abs();
    }
    let z = (y - mean) / sd;
    let level = Level::at_z(z);
    sd * (z * (level.below - level.above) + 2.0 * density(z) - 1.0 / std::f64::consts::PI.sqrt())
}

/// Interval score of the central interval `[lo, hi]` that leaves out `alpha` (their equation 43).
pub fn interval_score([lo, hi]: [f64; 2], alpha: f64, y: f64) -> f64 {
    (hi - lo) + 2.0 / alpha * ((lo - y).max(0.0) + (y - hi).max(0.0))
}

/// The order statistic of rank ⌈pN⌉ of a sorted sample; NaN of an empty one.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let index = rank(p, sorted.len() as u64).max(1) - 1;
    sorted.get(index as usize).copied().unwrap_or(f64::NAN)
}

/// The central interval of a level.
pub fn central(sorted: &[f64], level: f64) -> [f64; 2] {
    [quantile(sorted, 0.5 * (1.0 - level)), quantile(sorted, 0.5 * (1.0 + level))]
}

/// The median of values, the mean of the two middle ones where their number is even; `None` of none.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get((values.len() - 1) / 2)?;
    Some(0.5 * (lower + upper))
}

/// The arithmetic mean; `None` of no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// Wilson's interval at 95 % of a share `p` seen in `n` trials (E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209–212,
/// doi:10.1080/01621459.1927.10502953).
pub fn wilson(p: f64, n: f64) -> [f64; 2] {
    // Standard normal quantile at 0.975 (Abramowitz & Stegun, table 26.5).
    let z2 = 1.959_963_984_540_054_f64 * 1.959_963_984_540_054;
    if n <= 0.0 {
        return [0.0, 1.0];
    }
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = (z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))).sqrt() / (1.0 + z2 / n);
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// The central `level` range of the number of successes in `n` trials of probability `p`: the quantiles at (1 − level)/2
/// and (1 + level)/2, each the smallest k whose cumulative probability reaches it.
pub fn binomial_range(n: usize, p: f64, level: f64) -> [usize; 2] {
    let (low, high) = (0.5 * (1.0 - level), 0.5 * (1.0 + level));
    let ln_choose = |k: usize| {
        let g = |x: usize| libm::lgamma(x as f64 + 1.0);
        g(n) - g(k) - g(n - k)
    };
    let (mut cumulative, mut found) = (0.0, [None, None]);
    for k in 0..=n {
        let successes = if k == 0 { 0.0 } else { k as f64 * libm::log(p) };
        let failures = if k == n { 0.0 } else { (n - k) as f64 * libm::log(1.0 - p) };
        cumulative += libm::exp(ln_choose(k) + successes + failures);
        // A cumulative probability that should be 1 may lie a rounding error below.
        for (slot, wanted) in found.iter_mut().zip([low, high]) {
            if slot.is_none() && cumulative >= wanted - 1e-12 {
                *slot = Some(k);
            }
        }
    }
    found.map(|k| k.unwrap_or(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (y, mean, sd, CRPS): mpmath 1.3, quad of ∫ (F(t) − 1{t ≥ y})² dt with F = ncdf((t − mean)/sd), 20 digits.
    const NORMALS: [(f64, f64, f64, f64); 3] = [
        (0.0, 0.0, 1.0, 0.233_694_977_255_109_1),
        (1.5, 0.2, 0.7, 0.922_353_063_553_953_9),
        (-2.0, 1.0, 2.0, 1.988_848_007_954_905_9),
    ];

    #[test]
    fn the_crps_of_a_normal_is_its_integral() {
        for (y, mean, sd, want) in NORMALS {
            let got = crps_of_normal(mean, sd, y);
            assert!((got - want).abs() < 1e-12, "{got} {want}");
            assert!((crps_of_normal(mean, sd * 1.01, y) - want).abs() > 1e-5);
        }
    }

    /// A sample at the quantiles (i + ½)/n of a normal has its CRPS but for the discretisation.
    #[test]
    fn the_crps_of_a_sample_goes_to_that_of_its_distribution() {
        let n = 20_000;
        let sample: Vec<f64> =
            (0..n).map(|i| 0.2 + 0.7 * Level::below((f64::from(i) + 0.5) / f64::from(n)).z()).collect();
        let want = crps_of_normal(0.2, 0.7, 1.5);
        assert!((crps_of_sample(&sample, 1.5) - want).abs() < 1e-4);
        assert!((crps_of_sample(&sample, 1.51) - want).abs() > 1e-3);
        // Two points, by hand: mean |x − y| = 1.5, mean |x − x'| = 1.5 (3 in two of four pairs), 1.5 − 0.75.
        assert!((crps_of_sample(&[0.0, 3.0], 1.0) - 0.75).abs() < 1e-15);
    }

    /// By hand: width 2, and 0.5 below the lower end at alpha 0.1 costs 2/0.1 · 0.5 = 10.
    #[test]
    fn an_interval_pays_for_width_and_misses() {
        assert_eq!(interval_score([1.0, 3.0], 0.1, 2.0), 2.0);
        assert_eq!(interval_score([1.0, 3.0], 0.1, 0.5), 12.0);
        assert_eq!(interval_score([1.0, 3.0], 0.5, 3.5), 4.0);
    }

    /// scipy 1.17: binom.ppf([0.005, 0.995], n, 0.9); binomtest(9, 12).proportion_ci(method="wilson").
    #[test]
    fn ranges_are_those_of_scipy() {
        assert_eq!(binomial_range(0, 0.9, 0.99), [0, 0]);
        for (n, want) in BINOMIALS {
            assert_eq!(binomial_range(n, 0.9, 0.99), want, "{n}");
            assert_ne!(binomial_range(n, 0.8, 0.99), want, "{n}");
        }
        let [lo, hi] = wilson(0.75, 12.0);
        assert!((lo - WILSON[0]).abs() < 1e-9 && (hi - WILSON[1]).abs() < 1e-9, "{lo} {hi}");
    }
    const BINOMIALS: [(usize, [usize; 2]); 4] = [(6, [3, 6]), (22, [16, 22]), (34, [25, 34]), (200, [168, 190])];
    const WILSON: [f64; 2] = [0.467_694_665_066_434_26, 0.911_058_331_605_945_3];

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
        assert_eq!(central(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], 0.8), [1.0, 9.0]);
    }
}
