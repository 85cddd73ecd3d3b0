//! Exact quantile functions of every [`Distribution`].
//!
//! [`quantile_z`] is `Q(Φ(z))`, the form in which the project draws: every random input is a monotone function of a
//! standard normal. Both tails keep their relative accuracy (about 1e-12; 1e-9 in the gap between far components of a
//! mixture, where there is next to no density) because probabilities are [`Level`]s, counted from both ends. `Q(p)` is
//! the smallest x whose probability `P(X ≤ x)` reaches p, so point masses (a fixed number, a zero, equally likely
//! values) are exact: no value between two atoms is ever returned.
//!
//! Each family prepares itself (`Prepared`); this file knows none of them.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;

use super::Distribution;
use super::remembered::{Remembered, of_thread};
use super::shape::ShapeKey;
use crate::engine::stats::normal::Level;

/// Standard normals at which a part of a mixture is looked at.
const LANDMARKS: [f64; 7] = [-4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5];

/// Quantiles that a thread remembers at most.
const REMEMBERED: usize = 1 << 12;

thread_local! {
    /// Some families are inverted by a search.
    static KNOWN: RefCell<Remembered<(ShapeKey, u64), f64>> = RefCell::new(Remembered::at_most(REMEMBERED));
}

/// The p-quantile, p in [0, 1].
pub fn quantile(d: &Distribution, p: f64) -> f64 {
    let found = || Quantiles::new(d).at(Level::below(p));
    if matches!(d, Distribution::Fixed(_) | Distribution::LogNormal { .. } | Distribution::Uniform { .. }) {
        return found();
    }
    of_thread(&KNOWN, (ShapeKey::of(d), p.to_bits()), found)
}

/// The quantile at `Φ(z)`, accurate in both tails.
pub fn quantile_z(d: &Distribution, z: f64) -> f64 {
    Quantiles::new(d).at_z(z)
}

/// A distribution prepared for evaluation: the value at a level and the level at a value, which are inverse to each
/// other but for atoms. A level is counted from both ends, and each family computes from the end that is near.
pub(super) trait Prepared: Debug + Send + Sync {
    /// The value at a level.
    fn at(&self, level: Level) -> f64;

    /// Its natural logarithm.
    fn ln_at(&self, level: Level) -> f64 {
        libm::log(self.at(level))
    }

    /// The value at `Φ(z)`.
    fn at_z(&self, z: f64) -> f64 {
        self.at(Level::at_z(z))
    }

    /// Its natural logarithm.
    fn ln_at_z(&self, z: f64) -> f64 {
        self.ln_at(Level::at_z(z))
    }

    /// `P(X ≤ x)`.
    fn cdf(&self, x: f64) -> Level;

    /// `P(X < x)`; the same where there are no atoms.
    fn cdf_below(&self, x: f64) -> Level {
        self.cdf(x)
    }

    /// Probability per unit of `ln X` at x: x times the density. Atoms have none.
    fn density(&self, x: f64) -> f64;

    /// The level at a value whose natural logarithm is given, and [`Self::density`] there.
    fn point(&self, ln: f64) -> (Level, f64) {
        let x = libm::exp(ln);
        (self.cdf(x), self.density(x))
    }

    /// Adds logarithms of values around which the density may change, so that a narrow part of a mixture is seen.
    fn landmarks(&self, out: &mut Vec<f64>) {
        out.extend(LANDMARKS.map(|z| self.ln_at_z(z)));
    }

    /// Whether there is nothing but values with a probability of their own.
    fn is_atomic(&self) -> bool {
        false
    }

    /// Adds the values at which the cumulative probability jumps, bends or begins to be flat.
    fn edges(&self, out: &mut Vec<f64>);
}

/// A distribution prepared for many evaluations.
#[derive(Debug, Clone)]
pub struct Quantiles {
    of: Arc<dyn Prepared>,
}

impl From<Box<dyn Prepared>> for Quantiles {
    fn from(of: Box<dyn Prepared>) -> Quantiles {
        Quantiles { of: of.into() }
    }
}

impl Quantiles {
    /// Prepares `d`.
    pub fn new(d: &Distribution) -> Quantiles {
        Quantiles::from(d.family(|f| f.prepared()))
    }

    /// The value at `Φ(z)`.
    pub fn at_z(&self, z: f64) -> f64 {
        self.of.at_z(z)
    }

    /// The value at a level.
    pub fn at(&self, level: Level) -> f64 {
        self.of.at(level)
    }

    /// The natural logarithm of [`Self::at_z`], finite even where the value itself underflows; −∞ for a zero.
    pub fn ln_at_z(&self, z: f64) -> f64 {
        self.of.ln_at_z(z)
    }

    /// The level at a value whose natural logarithm is given, and the probability per unit of the logarithm there.
    pub(super) fn point(&self, ln: f64) -> (Level, f64) {
        self.of.point(ln)
    }

    /// Logarithms of values around which the density may change, ascending.
    pub(super) fn landmarks(&self) -> Vec<f64> {
        let mut landmarks = Vec::new();
        self.of.landmarks(&mut landmarks);
        landmarks.sort_by(f64::total_cmp);
        landmarks
    }

    /// `P(X ≤ x)`.
    pub fn cdf(&self, x: f64) -> Level {
        self.of.cdf(x)
    }

    /// `P(X < x)`.
    pub fn cdf_below(&self, x: f64) -> Level {
        self.of.cdf_below(x)
    }

    /// `P(X = 0)`.
    pub fn zero_probability(&self) -> f64 {
        self.cdf(0.0).below
    }

    /// Every z in (−`limit`, `limit`) at which the quantile function may jump or bend, ascending: the ends of atoms,
    /// of gaps and of bounded pieces. Between two of them it is continuous, if possibly steep. It is continuous
    /// from the left: a jump is taken by the next larger z.
    pub fn breaks(&self, limit: f64) -> Vec<f64> {
        let mut edges = Vec::new();
        self.of.edges(&mut edges);
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let ends = |x: &f64| [self.of.cdf_below(*x).z(), self.of.cdf(*x).z()];
        let mut breaks: Vec<f64> = edges.iter().flat_map(ends).filter(|z| z.abs() < limit).collect();
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        breaks
    }
}

/// All or nothing.
pub(super) fn step(reached: bool) -> Level {
    if reached { Level::TOP } else { Level::BOTTOM }
}

/// A level from both of its parts, each cut to a probability.
pub(super) fn fraction(below: f64, above: f64) -> Level {
    Level { below: below.clamp(0.0, 1.0), above: above.clamp(0.0, 1.0) }
}

/// The probability between two levels, from the tail in which it is most exact.
pub(super) fn mass_between(from: Level, to: Level) -> f64 {
    let mass = if to.below <= 0.5 {
        to.below - from.below
    } else if from.above <= 0.5 {
        from.above - to.above
    } else {
        1.0 - from.below - to.above
    };
    mass.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest relative difference of `density` from the rise of the cumulative probability over ±h in ln x, in the
    /// tail that is smaller; its error falls with h². (A zero has neither, and no number comes of it.)
    fn worst(d: &Distribution, density: impl Fn(&Quantiles, f64) -> f64) -> f64 {
        const H: f64 = 1e-4;
        let quantiles = Quantiles::new(d);
        let zs = (-12..=12).map(|k| f64::from(k) * 0.25 + 0.03);
        let miss = |z: f64| {
            let ln = quantiles.ln_at_z(z);
            let (from, to) = (quantiles.point(ln - H).0, quantiles.point(ln + H).0);
            let rise = if z < 0.0 { to.below - from.below } else { from.above - to.above };
            (density(&quantiles, ln) / (rise / (2.0 * H)) - 1.0).abs()
        };
        zs.map(miss).fold(0.0, f64::max)
    }

    #[test]
    fn densities_are_the_slopes_of_the_cumulative_probability() {
        let cells = [
            "lognormal(3, 2.5)",
            "normal(2.5, 1)",
            "uniform(0, 2)",
            "loguniform(2, 5000)",
            "triangular(0, 1, 4)",
            "pert(0, 1, 8)",
            "beta(2, 3, 0, 5)",
            "gamma(3, 2)",
            "logitnormal(-0.5, 1.25)",
            "shifted(1, lognormal(0.125, 1.5))",
            "mixture(0.5: lognormal(1, 2), 0.5: lognormal(10, 1.5))",
            "mixture(0.25: 0, 0.75: lognormal(10, 3))",
            "truncated(lognormal(1, 8), 0, 4)",
            "truncated(gamma(2, 1), 0.5, 6)",
        ];
        for cell in cells {
            let d: Distribution = cell.parse().unwrap();
            let miss = worst(&d, |q, ln| q.point(ln).1);
            assert!(miss < 2e-4, "{cell}: {miss:e}");
            // Negative control: a tenth of a per cent too much.
            assert!(worst(&d, |q, ln| q.point(ln).1 * 1.001) > 2e-4, "{cell}");
        }
    }
}
