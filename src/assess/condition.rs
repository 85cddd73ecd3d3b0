//! Gaussian conditioning of a few unknowns on a few observations, with shared effects carried along.
//!
//! Unknowns x_j have independent normal priors and loadings s_j on shared standard normals z; an observation is
//! y_i = Σ a_ij (x_j + s_j·z) + b_i·z + ε_i. What is updated is the own part x given z, so that the posterior mean of x
//! is linear in z: with the gain K of Kalman's update, x̂ = x₀ + K (y − A x₀ − (A s + b) z). Hence whatever is computed
//! from x keeps its shared effects with the loading that the observations leave it: an observation replaces prior and
//! shared effects alike by its own error, in the proportion K. What the observations say of z itself is the other half:
//! with x integrated out, y ~ N(A x₀ + (A s + b) z, A S Aᵀ + R). [`super::learn`] takes that from all rows together.
//!
//! Observations are taken in one at a time, which is the same as all at once (Kalman 1960, doi:10.1115/1.3662552;
//! Bishop, Pattern Recognition and Machine Learning, 2006, section 2.3.3). What each adds to those before it, its
//! innovation, is independent of theirs given z, so that the density of y given z is the product of the innovations'.

use super::effects::{Innovation, Loads};
use super::normal::{Normal, add};

/// Standard deviation of ln for what nothing is known of beforehand.
pub const DIFFUSE: f64 = 1e3;

/// Jointly normal unknowns.
#[derive(Debug, Clone)]
pub struct Joint<const N: usize> {
    mean: [f64; N],
    covariance: [[f64; N]; N],
    shared: [Loads; N],
}

impl<const N: usize> Joint<N> {
    /// Independent unknowns.
    pub fn new(priors: [Normal; N]) -> Joint<N> {
        let mut covariance = [[0.0; N]; N];
        for (j, prior) in priors.iter().enumerate() {
            covariance[j][j] = prior.sd * prior.sd;
        }
        Joint { mean: priors.each_ref().map(|p| p.mean), covariance, shared: priors.map(|p| p.shared) }
    }

    /// Σ a_j x_j.
    pub fn of(&self, row: &[f64; N]) -> Normal {
        let mut shared = Loads::new();
        for (a, loads) in row.iter().zip(&self.shared) {
            add(&mut shared, loads, *a);
        }
        Normal { mean: dot(row, &self.mean), sd: self.covariance(row, row).max(0.0).sqrt(), shared }
    }

    /// Covariance of the own parts of two sums.
    pub fn covariance(&self, a: &[f64; N], b: &[f64; N]) -> f64 {
        dot(a, &self.times(b))
    }

    fn times(&self, row: &[f64; N]) -> [f64; N] {
        self.covariance.each_ref().map(|line| dot(line, row))
    }

    /// `error.mean` is what was observed of Σ a_j x_j, with that own error and those shared ones. What it says of the
    /// shared effects beyond what was observed before; `None` of what was known without error.
    pub fn observe(&mut self, row: &[f64; N], error: &Normal) -> Option<Innovation> {
        let with = self.times(row);
        let variance = dot(row, &with) + error.sd * error.sd;
        if variance <= 0.0 {
            return None;
        }
        let gain = with.map(|c| c / variance);
        let expected = self.of(row);
        let value = error.mean - expected.mean;
        let mut loads = expected.shared;
        add(&mut loads, &error.shared, 1.0);
        for (j, k) in gain.iter().enumerate() {
            self.mean[j] += k * value;
            add(&mut self.shared[j], &loads, -k);
            for (l, c) in with.iter().enumerate() {
                self.covariance[j][l] -= k * c;
            }
        }
        Some(Innovation { value, variance, loads })
    }
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::assess::effects::EffectKey;
    use crate::portfolio::Factor;

    fn key(name: &str) -> EffectKey {
        EffectKey { factor: Factor::Grid, by: Arc::new([]), value: Arc::new([name.to_string()]), ordinal: 0 }
    }

    fn normal(mean: f64, sd: f64, loads: &[(&str, f64)]) -> Normal {
        Normal { mean, sd, shared: loads.iter().map(|(k, w)| (key(k), *w)).collect() }
    }

    /// A chain of three unknowns, two observations, two shared effects, one of them in two places.
    fn example() -> Joint<3> {
        let mut joint = Joint::new([
            normal(2.0, 0.8, &[("a", 0.3)]),
            normal(-1.0, 0.5, &[("a", -0.2), ("b", 0.4)]),
            normal(0.5, 0.6, &[]),
        ]);
        joint.observe(&[1.0, 0.0, 0.0], &normal(2.6, 0.3, &[]));
        joint.observe(&[1.0, 1.0, 0.0], &normal(0.4, 0.2, &[("b", 0.1)]));
        joint
    }

    #[test]
    fn the_same_as_all_at_once_and_as_brute_force() {
        // NumPy, the joint update for a given z: S = diag(.64, .25, .36); A = [[1,0,0],[1,1,0]]; R = diag(.09, .04);
        // K = S A' inv(A S A' + R); x = x0 + K (y − A x0 − (A s + b) z); checked by weighting 4e6 prior draws with the
        // likelihood (mean and sd of the sum to 1e-3).
        let joint = example();
        let sum = joint.of(&[1.0, 1.0, 1.0]);
        for (got, want) in [
            (sum.mean, SUM_MEAN),
            (sum.sd, SUM_SD),
            (sum.shared[&key("a")], SUM_A),
            (sum.shared[&key("b")], SUM_B),
            (joint.of(&[1.0, 0.0, 0.0]).mean, FIRST_MEAN),
            (joint.of(&[1.0, 0.0, 0.0]).shared[&key("b")], FIRST_B),
            (joint.covariance(&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0]), COVARIANCE),
        ] {
            assert!((got - want).abs() < 1e-9, "{got} {want}");
            assert!((got * 1.001 - want).abs() > 1e-9);
        }
    }

    const SUM_MEAN: f64 = 1.0220943186037879;
    const SUM_SD: f64 = 0.6290173523505642;
    const SUM_A: f64 = -0.017675454883030017;
    const SUM_B: f64 = -0.045785369476420215;
    const FIRST_MEAN: f64 = 2.28518380987746;
    const FIRST_B: f64 = -0.10694392870404752;
    const COVARIANCE: f64 = -0.05347196435202376;

    #[test]
    fn nothing_known_beforehand() {
        let mut joint = Joint::new([normal(50.0, DIFFUSE, &[]), normal(1.0, 0.5, &[("a", 0.2)])]);
        joint.observe(&[1.0, 1.0], &normal(7.0, 0.1, &[]));
        // The unknown is what was observed less the link.
        let first = joint.of(&[1.0, 0.0]);
        assert!((first.mean - 6.0).abs() < 1e-4 && (first.sd - 0.26f64.sqrt()).abs() < 1e-5, "{first:?}");
        assert!((first.shared[&key("a")] + 0.2).abs() < 1e-5);
        let sum = joint.of(&[1.0, 1.0]);
        assert!((sum.sd - 0.1).abs() < 1e-5 && sum.shared.values().all(|w| w.abs() < 1e-6), "{sum:?}");
    }

    #[test]
    fn a_certain_link_stays() {
        let mut joint = Joint::new([normal(0.0, 1.0, &[]), normal(3.0, 0.0, &[])]);
        joint.observe(&[1.0, 1.0], &normal(5.0, 0.0, &[]));
        assert_eq!(joint.of(&[0.0, 1.0]), normal(3.0, 0.0, &[]));
        assert_eq!(joint.of(&[1.0, 0.0]).mean, 2.0);
    }
}
