//! The model that fitted priors come from: regressors with a prior, groups that share an effect, and noise.
//!
//! ```text
//! y = x·θ + u(group) + e,   u ~ N(0, s_group²),   e ~ N(0, s_own²),   θ ~ N(m, P⁻¹)
//! ```
//!
//! Given the standard deviations, the posterior of θ and the marginal likelihood are closed (D. V. Lindley and A. F. M.
//! Smith, J. R. Stat. Soc. B 34 (1972) 1–41). The standard deviations are summed over a grid with half-normal priors (A.
//! Gelman, Bayesian Anal. 1 (2006) 515–534, doi:10.1214/06-BA117A); θ has the mean and the covariance of the mixture.
//! `docs/priors_fit.py` is the same in Python, and what the shipped priors were written by.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};

/// One observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Regressors.
    pub x: Vec<f64>,
    /// What is observed.
    pub y: f64,
    /// What shares an effect.
    pub group: String,
}

/// The sums over groups that every point of a grid needs.
#[derive(Debug, Clone)]
pub struct Grouped {
    n: f64,
    /// Of each group: number, sum of x, sum of y.
    groups: Vec<(f64, DVector<f64>, f64)>,
    xx: DMatrix<f64>,
    xy: DVector<f64>,
    yy: f64,
}

/// Mean and precision of θ before the data.
#[derive(Debug, Clone)]
pub struct Prior {
    /// Mean.
    pub mean: DVector<f64>,
    /// Diagonal of the precision.
    pub precision: DVector<f64>,
}

/// A point of the grid.
#[derive(Debug, Clone)]
pub struct Point {
    /// ln of its weight: marginal likelihood, up to a constant of the data, and prior of the standard deviations.
    pub ln_weight: f64,
    /// Posterior mean of θ.
    pub mean: DVector<f64>,
    /// Posterior covariance of θ.
    pub covariance: DMatrix<f64>,
    /// The standard deviations.
    pub sds: Vec<f64>,
}

impl Grouped {
    /// Of observations with `regressors` regressors each; there may be none.
    pub fn new(observations: &[Observation], regressors: usize) -> Grouped {
        let zero = || (0.0, DVector::zeros(regressors), 0.0);
        let mut groups: BTreeMap<&str, (f64, DVector<f64>, f64)> = BTreeMap::new();
        let (mut xx, mut xy, mut yy) = (DMatrix::zeros(regressors, regressors), DVector::zeros(regressors), 0.0);
        for of in observations {
            let x = DVector::from_column_slice(&of.x);
            let (n, sum_x, sum_y) = groups.entry(&of.group).or_insert_with(zero);
            *n += 1.0;
            *sum_x += &x;
            *sum_y += of.y;
            xx += &x * x.transpose();
            xy += &x * of.y;
            yy += of.y * of.y;
        }
        Grouped { n: observations.len() as f64, groups: groups.into_values().collect(), xx, xy, yy }
    }

    /// The point with these standard deviations, both above 0. The covariance of a group of n is s_own²·(I + r·J), r =
    /// (s_group/s_own)²; its inverse is (I − r/(1 + n·r)·J)/s_own². `None` if the precision has no Cholesky factor.
    pub fn point(&self, s_group: f64, s_own: f64, prior: &Prior) -> Option<Point> {
        let (r, own) = ((s_group / s_own) * (s_group / s_own), s_own * s_own);
        let (mut xx, mut xy, mut yy) = (self.xx.clone(), self.xy.clone(), self.yy);
        let mut ln_det = 2.0 * self.n * libm::log(s_own);
        for (n, sum_x, sum_y) in &self.groups {
            let w = r / (1.0 + n * r);
            xx.ger(-w, sum_x, sum_x, 1.0);
            xy.axpy(-w * sum_y, sum_x, 1.0);
            yy -= w * sum_y * sum_y;
            ln_det += libm::log1p(n * r);
        }
        let weighted = prior.precision.component_mul(&prior.mean);
        let precision = xx / own + DMatrix::from_diagonal(&prior.precision);
        let b = xy / own + &weighted;
        let factor = precision.cholesky()?;
        let mean = factor.solve(&b);
        let ln_precision: f64 = 2.0 * factor.l_dirty().diagonal().iter().map(|d| libm::log(*d)).sum::<f64>();
        let ln_prior: f64 = prior.precision.iter().map(|p| libm::log(*p)).sum();
        let square = yy / own + weighted.dot(&prior.mean) - b.dot(&mean);
        let ln_weight = -0.5 * (ln_det + ln_precision - ln_prior + square);
        Some(Point { ln_weight, mean, covariance: factor.inverse(), sds: Vec::new() })
    }
}

/// ln of a half-normal density, up to a constant.
pub fn half_normal(x: f64, scale: f64) -> f64 {
    -0.5 * (x / scale) * (x / scale)
}

/// The middles of `n` cells from 0 to `hi`.
pub fn middles(hi: f64, n: usize) -> impl Iterator<Item = f64> + Clone {
    (0..n).map(move |k| (k as f64 + 0.5) * hi / n as f64)
}

/// ln of the sum of the weights.
pub fn ln_sum<'p>(points: impl Iterator<Item = &'p Point> + Clone) -> f64 {
    let top = points.clone().map(|p| p.ln_weight).fold(f64::NEG_INFINITY, f64::max);
    top + libm::log(points.map(|p| libm::exp(p.ln_weight - top)).sum())
}

/// The mixture of the points of a grid; `None` of none.
pub fn mixed(points: &[Point]) -> Option<Point> {
    let first = points.first()?;
    let ln_weight = ln_sum(points.iter());
    let weights: Vec<f64> = points.iter().map(|p| libm::exp(p.ln_weight - ln_weight)).collect();
    let (mut mean, mut sds) = (first.mean.clone() * 0.0, vec![0.0; first.sds.len()]);
    for (w, point) in weights.iter().zip(points) {
        mean += &point.mean * *w;
        sds.iter_mut().zip(&point.sds).for_each(|(sum, sd)| *sum += w * sd);
    }
    let mut covariance = first.covariance.clone() * 0.0;
    for (w, point) in weights.iter().zip(points) {
        let off = &point.mean - &mean;
        covariance += (&point.covariance + &off * off.transpose()) * *w;
    }
    Some(Point { ln_weight, mean, covariance, sds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(x: f64, y: f64, group: &str) -> Observation {
        Observation { x: vec![1.0, x], y, group: group.to_string() }
    }

    /// Against the normal of all y at once, without sums by group: y ~ N(Xm, X V Xᵀ + R), and θ by its gain (Kalman's form).
    #[test]
    fn a_point_is_the_closed_form() {
        let data = [observation(0.0, 0.3, "a"), observation(1.0, -0.1, "a"), observation(2.0, 0.5, "b")];
        let prior = Prior { mean: DVector::from_vec(vec![0.1, -0.2]), precision: DVector::from_vec(vec![4.0, 6.25]) };
        let point = Grouped::new(&data, 2).point(0.3, 0.2, &prior).unwrap();
        // y ~ N(Xm, X V Xᵀ + R); `ln_weight` leaves out −n/2·ln 2π.
        let x = DMatrix::from_row_slice(3, 2, &[1.0, 0.0, 1.0, 1.0, 1.0, 2.0]);
        let y = DVector::from_vec(vec![0.3, -0.1, 0.5]);
        let v = DMatrix::from_diagonal(&DVector::from_vec(vec![0.25, 0.16]));
        let r = DMatrix::from_row_slice(3, 3, &[0.13, 0.09, 0.0, 0.09, 0.13, 0.0, 0.0, 0.0, 0.13]);
        let s = &x * &v * x.transpose() + r;
        let inverse = s.clone().try_inverse().unwrap();
        let off = &y - &x * &prior.mean;
        let gain = &v * x.transpose() * &inverse;
        let mean = &prior.mean + &gain * &off;
        let ln = -0.5 * (s.determinant().ln() + (off.transpose() * &inverse * &off)[(0, 0)]);
        let covariance = &v - &gain * &x * &v;
        assert!((&point.mean - &mean).norm() < 1e-12 && (&point.covariance - &covariance).norm() < 1e-12);
        assert!((point.ln_weight - ln).abs() < 1e-12);
        // Negative control: each group of its own.
        let apart = [observation(0.0, 0.3, "a"), observation(1.0, -0.1, "c"), observation(2.0, 0.5, "b")];
        let other = Grouped::new(&apart, 2).point(0.3, 0.2, &prior).unwrap();
        assert!((&other.mean - &mean).norm() > 1e-3 && (other.ln_weight - ln).abs() > 1e-3);
    }

    /// By hand: two points with weights 1 and 3, means 0 and 4, variances 1: mean 3, variance 1 + 3, sds 0.25 · 1 + 0.75 · 2.
    #[test]
    fn a_mixture_has_the_variance_between_its_points() {
        let point = |weight: f64, mean: f64, sd: f64| Point {
            ln_weight: weight.ln(),
            mean: DVector::from_vec(vec![mean]),
            covariance: DMatrix::identity(1, 1),
            sds: vec![sd],
        };
        let mixed = mixed(&[point(1.0, 0.0, 1.0), point(3.0, 4.0, 2.0)]).unwrap();
        assert!((mixed.mean[0] - 3.0).abs() < 1e-12 && (mixed.covariance[(0, 0)] - 4.0).abs() < 1e-12);
        assert!((mixed.sds[0] - 1.75).abs() < 1e-12 && (mixed.ln_weight - 4.0_f64.ln()).abs() < 1e-12);
        assert!(super::mixed(&[]).is_none());
        assert_eq!(middles(1.0, 2).collect::<Vec<_>>(), [0.25, 0.75]);
    }
}
