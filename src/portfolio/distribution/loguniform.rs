//! The log-uniform (reciprocal) distribution: only the order of magnitude is bounded.
//!
//! ```text
//! f(x) = 1/(x ln(hi/lo)) on [lo, hi]          loguniform(lo, hi)
//! ```
//!
//! R. W. Hamming, Bell Syst. Tech. J. 49 (1970) 1609–1625, doi:10.1002/j.1538-7305.1970.tb04281.x (the "reciprocal
//! distribution").
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "loguniform(1, 100)".parse()?;
//! assert_eq!(d, Distribution::LogUniform { lo: 1.0, hi: 100.0 });
//! assert!((quantile(&d, 0.5) - 10.0).abs() < 1e-12);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{ordered, positive};
use super::family::{Family, Numbers, Syntax};
use super::quantile::{Prepared, fraction};
use crate::engine::stats::normal::Level;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "loguniform",
    arguments: "lo, hi",
    key: 4,
    parse: |arguments| {
        let n = arguments.numbers(&[2])?;
        Ok(Distribution::LogUniform { lo: n[0], hi: n[1] })
    },
};

pub(super) struct LogUniform {
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Family for LogUniform {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.lo, self.hi])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        ordered(self.lo, self.hi)?;
        positive("the lower bound", self.lo)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Curve { lo: self.lo, hi: self.hi, ln_ratio: libm::log(self.hi / self.lo) })
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::LogUniform { lo: number(self.lo), hi: number(self.hi) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.hi)
    }

    fn ends(&self) -> (f64, f64) {
        (self.lo, self.hi)
    }
}

#[derive(Debug)]
struct Curve {
    lo: f64,
    hi: f64,
    ln_ratio: f64,
}

impl Prepared for Curve {
    fn at(&self, level: Level) -> f64 {
        libm::exp(self.ln_at(level))
    }

    fn ln_at(&self, level: Level) -> f64 {
        if level.below <= level.above {
            libm::log(self.lo) + self.ln_ratio * level.below
        } else {
            libm::log(self.hi) - self.ln_ratio * level.above
        }
    }

    fn cdf(&self, x: f64) -> Level {
        if x <= 0.0 {
            return Level::BOTTOM;
        }
        fraction(libm::log(x / self.lo) / self.ln_ratio, libm::log(self.hi / x) / self.ln_ratio)
    }

    fn density(&self, x: f64) -> f64 {
        if self.lo <= x && x <= self.hi { 1.0 / self.ln_ratio } else { 0.0 }
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.extend([self.lo, self.hi]);
    }
}
