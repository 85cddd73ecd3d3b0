//! The logit-normal: a fraction whose logit is normal, on an interval.
//!
//! ```text
//! X = lo + (hi − lo)/(1 + e^(−(mu + sd·Z)))          logitnormal(mu, sd) on (0, 1), logitnormal(mu, sd, lo, hi)
//! f(x) = φ((logit u − mu)/sd) / (sd u (1 − u)(hi − lo)),  u = (x − lo)/(hi − lo)
//! ```
//!
//! J. Aitchison, S. M. Shen, Biometrika 67 (1980) 261–272, doi:10.1093/biomet/67.2.261 (logistic-normal; this is its
//! one-dimensional case).
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "logitnormal(0, 0.7)".parse()?;
//! assert_eq!(d, Distribution::LogitNormal { mu: 0.0, sd: 0.7, lo: 0.0, hi: 1.0 });
//! assert_eq!(quantile(&d, 0.5), 0.5);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{fail, ordered};
use super::family::{Family, Numbers, Style, Syntax};
use super::quantile::Prepared;
use crate::engine::stats::normal::{Level, density};
use crate::engine::stats::special::softplus;
use crate::portfolio::number::Decimal;
use crate::portfolio::problem::CellError;

/// Logits within which a logit-normal is not numerically 0 or 1.
const LARGEST_LOGIT: f64 = 30.0;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "logitnormal",
    arguments: "mu, sd",
    key: 9,
    parse: |arguments| {
        let n = arguments.numbers(&[2, 4])?;
        let (lo, hi) = if n.len() == 4 { (n[2], n[3]) } else { (0.0, arguments.measure.of(1.0)) };
        Ok(Distribution::LogitNormal { mu: n[0], sd: n[1], lo, hi })
    },
};

#[derive(Debug, Clone, Copy)]
pub(super) struct LogitNormal {
    pub(super) mu: f64,
    pub(super) sd: f64,
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Family for LogitNormal {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.mu, self.sd, self.lo, self.hi])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        let LogitNormal { mu, sd, lo, hi } = *self;
        if mu.is_nan() || mu.abs() > LARGEST_LOGIT {
            return fail(format!("mu is {}", Decimal(mu)), "mu is the logit of the median, ln(p/(1 − p)), within ±30");
        }
        if sd.is_nan() || sd <= 0.0 || sd > LARGEST_LOGIT {
            return fail(format!("sd is {}", Decimal(sd)), "sd is in logits, above 0 and at most 30");
        }
        ordered(lo, hi)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(*self)
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::LogitNormal { mu: self.mu, sd: self.sd, lo: number(self.lo), hi: number(self.hi) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.hi)
    }

    fn ends(&self) -> (f64, f64) {
        (self.lo, self.hi)
    }

    fn written(&self, style: &Style) -> String {
        let numbers = self.numbers();
        let unit = self.lo == 0.0 && self.hi == 1.0;
        style.call(SYNTAX.name, if unit { &numbers[..2] } else { &numbers })
    }
}

impl Prepared for LogitNormal {
    fn at(&self, level: Level) -> f64 {
        self.at_z(level.z())
    }

    fn at_z(&self, z: f64) -> f64 {
        logistic(self.mu + self.sd * z, self.lo, self.hi)
    }

    fn ln_at_z(&self, z: f64) -> f64 {
        if self.lo == 0.0 {
            libm::log(self.hi) - softplus(-(self.mu + self.sd * z))
        } else {
            self.ln_at(Level::at_z(z))
        }
    }

    fn cdf(&self, x: f64) -> Level {
        let LogitNormal { mu, sd, lo, hi } = self;
        if x <= *lo {
            Level::BOTTOM
        } else if x >= *hi {
            Level::TOP
        } else {
            Level::at_z((libm::log((x - lo) / (hi - x)) - mu) / sd)
        }
    }

    fn density(&self, x: f64) -> f64 {
        let (from, to) = (x - self.lo, self.hi - x);
        if from <= 0.0 || to <= 0.0 {
            return 0.0;
        }
        let z = (libm::log(from / to) - self.mu) / self.sd;
        density(z) / self.sd * x * (self.hi - self.lo) / (from * to)
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.extend([self.lo, self.hi]);
    }
}

/// `lo + (hi − lo)/(1 + e^−u)`, from the end that is near.
pub(super) fn logistic(u: f64, lo: f64, hi: f64) -> f64 {
    if u < 0.0 { lo + (hi - lo) / (1.0 + libm::exp(-u)) } else { hi - (hi - lo) / (1.0 + libm::exp(u)) }
}
