//! A factor whose shared effects act on its own standard normal w: X = Q(w), w = √(1 − a²) · own + Σ λ z, a² = Σ λ².
//!
//! The marginal stays as it is, so that the factor's mean and second moment are those of any other. Two such factors are
//! functions of two normals with the correlation Σ λ λ' over the effects that are known, and of the factor with itself
//! 1 − a² more if the own part is known: pairs follow from the series of Q (`hermite`).
//!
//! Q of a mixture jumps where one part ends and the next begins, and then a_k² falls off with k^(−3/2) only. The series
//! is long enough for the correlations that shared effects leave. Where the correlation ρ is close to 1, the squares
//! beyond the last order K are taken to follow that power, from their known sum R: they add
//!
//! ```text
//! R · ½√K ∫_K^∞ k^(−3/2) ρ^k dk = R · (e^(−x) − √(πx) erfc √x),   x = −K ln ρ,   between 0 and R ρ^K
//! ```

use super::hermite::{Series, polynomials};
use crate::engine::stats::normal::{Level, density};
use crate::portfolio::Distribution;
use crate::portfolio::moments::GAUSS_10;
use crate::portfolio::quantile::Quantiles;

const ORDER: usize = 128;
/// The engine's normals end here.
const END: f64 = 6.34;
const PANEL: f64 = 0.5;

/// The series of a marginal's quantile function.
#[derive(Debug)]
pub struct Rank {
    /// Of Xⁿ over its mean.
    pub first: Series,
    /// Of its square; its mean is E[X²ⁿ]/E[Xⁿ]². `None` where infinite.
    second: Option<Series>,
    /// `E[X^(kn)] / E[Xⁿ]^k` for k = 2, 3, 4; `None` where infinite.
    pub moments: [Option<f64>; 3],
}

impl Rank {
    /// Of the `power`-th power, with its relative moments.
    pub fn new(of: &Distribution, power: i32, moments: [Option<f64>; 3]) -> Rank {
        let quantiles = Quantiles::new(of);
        let raised = |z: f64| libm::pow(quantiles.at_z(z), f64::from(power));
        let mut sums = [vec![0.0; ORDER + 1], vec![0.0; ORDER + 1]];
        let mut from = f64::NEG_INFINITY;
        for to in quantiles.breaks(END).into_iter().chain([f64::INFINITY]) {
            if from < to {
                piece(&raised, from, to, &mut sums);
                from = to;
            }
        }
        let [first, square] = sums.map(Series);
        // The means are exact already: of the series only the shape is taken.
        let (mean, mean_square) = (first.mean(), square.mean());
        Rank {
            first: first.times(1.0 / mean),
            second: moments[0].map(|second| square.times(second / mean_square)),
            moments,
        }
    }

    /// E[X²ⁿ]/E[Xⁿ]² where w has the mean `shift`, over the squared mean without it.
    pub fn second(&self, shift: f64) -> Option<f64> {
        Some(self.second.as_ref()?.shifted(shift).mean())
    }

    /// What the squares beyond the last order add at a correlation of `rho`, if they sum to `rest`.
    pub fn beyond(rest: f64, rho: f64) -> f64 {
        if rho <= 0.0 || rest <= 0.0 {
            return 0.0;
        }
        let x = -(ORDER as f64) * libm::log(rho.min(1.0));
        let left = libm::exp(-x) - (std::f64::consts::PI * x).sqrt() * libm::erfc(x.sqrt());
        rest * left.max(0.0)
    }
}

/// Adds what the piece of Q between two of its breaks has in the series of X and X².
fn piece(raised: &dyn Fn(f64) -> f64, from: f64, to: f64, sums: &mut [Vec<f64>; 2]) {
    let (left, right) = (from.max(-END), to.min(END));
    let inside = |share: f64| raised(left + share * (right - left));
    let value = inside(0.5);
    if inside(1e-6) == value && inside(1.0 - 1e-6) == value {
        // ∫ h_k φ = −h_(k−1) φ / √k, and φ vanishes at the ends.
        sums[0][0] += value * mass(from, to);
        sums[1][0] += value * value * mass(from, to);
        for (end, sign) in [(from, 1.0), (to, -1.0)] {
            if end.is_finite() {
                let weight = sign * density(end);
                polynomials(end, ORDER - 1, |k, h| {
                    let integral = weight * h / ((k + 1) as f64).sqrt();
                    sums[0][k + 1] += value * integral;
                    sums[1][k + 1] += value * value * integral;
                });
            }
        }
        return;
    }
    let panels = libm::ceil((right - left) / PANEL).max(1.0);
    let half = 0.5 * (right - left) / panels;
    for i in 0..panels as u32 {
        let centre = left + (2.0 * f64::from(i) + 1.0) * half;
        for (x, w) in GAUSS_10.into_iter().flat_map(|(x, w)| [(-x, w), (x, w)]) {
            let z = centre + half * x;
            let (value, weight) = (raised(z), half * w * density(z));
            polynomials(z, ORDER, |k, h| {
                sums[0][k] += weight * value * h;
                sums[1][k] += weight * value * value * h;
            });
        }
    }
}

/// The probability between two z.
fn mass(from: f64, to: f64) -> f64 {
    let (from, to) = (Level::at_z(from), Level::at_z(to));
    if from.below < 0.5 { to.below - from.below } else { from.above - to.above }
}
