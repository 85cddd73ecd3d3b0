//! The uniform (rectangular) distribution: only the bounds are known.
//!
//! ```text
//! f(x) = 1/(hi − lo) on [lo, hi]          uniform(lo, hi)
//! ```
//!
//! JCGM 101:2008, Propagation of distributions using a Monte Carlo method, 6.4.2; doi:10.59161/JCGM101-2008.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "uniform(1, 3)".parse()?;
//! assert_eq!(d, Distribution::Uniform { lo: 1.0, hi: 3.0 });
//! assert_eq!(quantile(&d, 0.25), 1.5);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::ordered;
use super::family::{Family, Numbers, Syntax};
use super::quantile::{Prepared, fraction};
use crate::engine::stats::normal::Level;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "uniform",
    arguments: "lo, hi",
    key: 3,
    parse: |arguments| {
        let n = arguments.numbers(&[2])?;
        Ok(Distribution::Uniform { lo: n[0], hi: n[1] })
    },
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Uniform {
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Family for Uniform {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.lo, self.hi])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        ordered(self.lo, self.hi)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(*self)
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Uniform { lo: number(self.lo), hi: number(self.hi) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.hi)
    }

    fn ends(&self) -> (f64, f64) {
        (self.lo, self.hi)
    }

    fn reaches_zero(&self) -> bool {
        self.lo == 0.0
    }

    fn order_at_zero(&self) -> f64 {
        if self.lo == 0.0 { 1.0 } else { f64::INFINITY }
    }

    fn closed_moment(&self, power: i32) -> Option<f64> {
        let power = f64::from(power);
        (self.lo == 0.0).then(|| libm::pow(self.hi, power) / (power + 1.0))
    }
}

impl Prepared for Uniform {
    fn at(&self, level: Level) -> f64 {
        let width = self.hi - self.lo;
        if level.below <= level.above { self.lo + width * level.below } else { self.hi - width * level.above }
    }

    fn cdf(&self, x: f64) -> Level {
        let Uniform { lo, hi } = self;
        fraction((x - lo) / (hi - lo), (hi - x) / (hi - lo))
    }

    fn density(&self, x: f64) -> f64 {
        if self.lo <= x && x <= self.hi { x / (self.hi - self.lo) } else { 0.0 }
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.extend([self.lo, self.hi]);
    }
}
