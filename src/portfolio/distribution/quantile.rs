//! Exact quantile functions of every [`Distribution`].
//!
//! [`quantile_z`] is `Q(Φ(z))`, the form in which the project draws: every random input is a monotone function of a
//! standard normal. Both tails keep their relative accuracy (about 1e-12; 1e-9 in the gap between far components of a
//! mixture, where there is next to no density) because probabilities are [`Level`]s, counted from both ends. `Q(p)` is
//! the smallest x whose probability `P(X ≤ x)` reaches p, so point masses (a fixed number, a zero, equally likely
//! values) are exact: no value between two atoms is ever returned.
//!
//! Each family prepares itself (`Prepared`); this file knows none of them.

use std::fmt::Debug;
use std::sync::Arc;

use super::Distribution;
use crate::engine::stats::normal::Level;

/// The p-quantile, p in [0, 1].
pub fn quantile(d: &Distribution, p: f64) -> f64 {
    Quantiles::new(d).at(Level::below(p))
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

    /// Its natural logarithm. A family that is inverted numerically can use a bracket.
    fn ln_at(&self, level: Level, _bracket: Option<Bracket>) -> f64 {
        libm::log(self.at(level))
    }

    /// The value at `Φ(z)`.
    fn at_z(&self, z: f64) -> f64 {
        self.at(Level::at_z(z))
    }

    /// Its natural logarithm.
    fn ln_at_z(&self, z: f64) -> f64 {
        self.ln_at(Level::at_z(z), None)
    }

    /// Whether [`Self::ln_at`] is found by iteration, so that a bracket saves work.
    fn is_inverted(&self) -> bool {
        false
    }

    /// `P(X ≤ x)`.
    fn cdf(&self, x: f64) -> Level;

    /// `P(X < x)`; the same where there are no atoms.
    fn cdf_below(&self, x: f64) -> Level {
        self.cdf(x)
    }

    /// Whether there is nothing but values with a probability of their own.
    fn is_atomic(&self) -> bool {
        false
    }

    /// Adds the values at which the cumulative probability jumps, bends or begins to be flat.
    fn edges(&self, out: &mut Vec<f64>);
}

/// Known quantiles on both sides of a wanted one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bracket {
    pub(super) below: End,
    pub(super) above: End,
}

/// One side of a bracket.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) level: Level,
    pub(super) ln: f64,
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

    /// [`Self::ln_at_z`] with less work, to about 1e-10, between two z whose values are known: `(z, ln value)` each.
    pub fn ln_between(&self, z: f64, below: (f64, f64), above: (f64, f64)) -> f64 {
        if !self.of.is_inverted() {
            return self.ln_at_z(z);
        }
        let end = |(z, ln): (f64, f64)| End { level: Level::at_z(z), ln };
        self.of.ln_at(Level::at_z(z), Some(Bracket { below: end(below), above: end(above) }))
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
