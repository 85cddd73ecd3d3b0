//! What counts as a disagreement: limits at a level, through `libm` only.

/// Φ(z).
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The |z| that the largest of `count` normal scores passes with probability `alpha` at most (Bonferroni).
pub fn bonferroni_limit(alpha: f64, count: usize) -> f64 {
    let tail = alpha / (2.0 * count as f64);
    let (mut lo, mut hi) = (0.0, 12.0);
    for _ in 0..80 {
        let mid = 0.5 * (lo + hi);
        if normal_cdf(-mid) > tail { lo = mid } else { hi = mid }
    }
    hi
}

/// Upper 0.1 % point of Kolmogorov's distribution. SciPy 1.17: `stats.kstwobign.isf(0.001)` = 1.9494746...
pub const KOLMOGOROV_0_001: f64 = 1.949_474_6;

/// √n·D of scores against the standard normal, with Stephens' correction for finite n
/// (doi:10.1111/j.2517-6161.1970.tb00821.x): to be compared with a quantile of Kolmogorov's distribution.
pub fn kolmogorov_of_scores(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let gap = |(i, z): (usize, &f64)| {
        let p = normal_cdf(*z);
        (p - i as f64 / n).max((i + 1) as f64 / n - p)
    };
    let d = sorted.iter().enumerate().map(gap).fold(0.0, f64::max);
    (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * d
}
