//! The beta distribution on an interval.
//!
//! ```text
//! f(x) = u^(a−1) (1 − u)^(b−1) / (B(a, b)(hi − lo)),  u = (x − lo)/(hi − lo)          beta(a, b, lo, hi)
//! ```
//!
//! N. L. Johnson, S. Kotz, N. Balakrishnan, Continuous Univariate Distributions, vol. 2 (2nd ed., Wiley 1995), chapter
//! 25; its cumulative probability is the incomplete beta function, DLMF 8.17.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "beta(2, 2, 0, 10)".parse()?;
//! assert_eq!(d, Distribution::Beta { a: 2.0, b: 2.0, lo: 0.0, hi: 10.0 });
//! assert!((quantile(&d, 0.5) - 5.0).abs() < 1e-12);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{ordered, shape};
use super::family::{Family, Numbers, Syntax};
use super::logitnormal::logistic;
use super::quantile::Prepared;
use crate::engine::stats::normal::Level;
use crate::engine::stats::special;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "beta",
    arguments: "a, b, lo, hi",
    key: 7,
    parse: |arguments| {
        let n = arguments.numbers(&[4])?;
        Ok(Distribution::Beta { a: n[0], b: n[1], lo: n[2], hi: n[3] })
    },
};

pub(super) struct Beta {
    pub(super) a: f64,
    pub(super) b: f64,
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Family for Beta {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.a, self.b, self.lo, self.hi])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        shape("a", self.a)?;
        shape("b", self.b)?;
        ordered(self.lo, self.hi)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Curve { beta: special::Beta::new(self.a, self.b), lo: self.lo, hi: self.hi })
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Beta { a: self.a, b: self.b, lo: number(self.lo), hi: number(self.hi) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.hi)
    }

    fn ends(&self) -> (f64, f64) {
        (self.lo, self.hi)
    }

    fn reaches_zero(&self) -> bool {
        // The reciprocal of x^(a−1) dx near 0 has a mean only for a > 1.
        self.lo == 0.0 && self.a <= 1.0
    }

    fn order_at_zero(&self) -> f64 {
        if self.lo == 0.0 { self.a } else { f64::INFINITY }
    }

    fn closed_moment(&self, power: i32) -> Option<f64> {
        let Beta { a, b, lo, hi } = self;
        let power = f64::from(power);
        let ln = || power * libm::log(*hi) + special::ln_beta(a + power, *b) - special::ln_beta(*a, *b);
        (*lo == 0.0).then(|| libm::exp(ln()))
    }
}

#[derive(Debug)]
struct Curve {
    beta: special::Beta,
    lo: f64,
    hi: f64,
}

impl Prepared for Curve {
    fn at(&self, level: Level) -> f64 {
        logistic(self.beta.logit_quantile(level), self.lo, self.hi)
    }

    fn ln_at(&self, level: Level) -> f64 {
        if self.lo == 0.0 {
            libm::log(self.hi) - special::softplus(-self.beta.logit_quantile(level))
        } else {
            libm::log(self.at(level))
        }
    }

    fn cdf(&self, x: f64) -> Level {
        self.beta.cdf((x - self.lo) / (self.hi - self.lo))
    }

    fn density(&self, x: f64) -> f64 {
        let (from, to) = (x - self.lo, self.hi - x);
        if from <= 0.0 || to <= 0.0 {
            return 0.0;
        }
        // The logit rises by (hi − lo)/(from · to) per unit of x.
        self.beta.density(libm::log(from / to)) * x * (self.hi - self.lo) / (from * to)
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.extend([self.lo, self.hi]);
    }
}
