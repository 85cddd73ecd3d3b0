//! The gamma distribution.
//!
//! ```text
//! f(x) = (x/scale)^(shape−1) e^(−x/scale) / (Γ(shape) scale)          gamma(shape, scale)
//! ```
//!
//! N. L. Johnson, S. Kotz, N. Balakrishnan, Continuous Univariate Distributions, vol. 1 (2nd ed., Wiley 1994), chapter
//! 17; its cumulative probability is the incomplete gamma function, DLMF 8.2.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, moments::raw_moment};
//!
//! let d: Distribution = "gamma(2, 3)".parse()?;
//! assert_eq!(d, Distribution::Gamma { shape: 2.0, scale: 3.0 });
//! assert!((raw_moment(&d, 1).unwrap() - 6.0).abs() < 1e-12);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{positive, shape};
use super::family::{Family, Numbers, Syntax};
use super::quantile::Prepared;
use crate::engine::stats::normal::Level;
use crate::engine::stats::special;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "gamma",
    arguments: "shape, scale",
    key: 8,
    parse: |arguments| {
        let n = arguments.numbers(&[2])?;
        Ok(Distribution::Gamma { shape: n[0], scale: n[1] })
    },
};

pub(super) struct Gamma {
    pub(super) shape: f64,
    pub(super) scale: f64,
}

impl Family for Gamma {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.shape, self.scale])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        shape("the shape", self.shape)?;
        positive("the scale", self.scale)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Curve { gamma: special::Gamma::new(self.shape), scale: self.scale })
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Gamma { shape: self.shape, scale: number(self.scale) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.scale)
    }

    fn ends(&self) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    fn reaches_zero(&self) -> bool {
        self.shape <= 1.0
    }

    fn order_at_zero(&self) -> f64 {
        self.shape
    }

    fn closed_moment(&self, power: i32) -> Option<f64> {
        let power = f64::from(power);
        let ln_scale = libm::log(self.scale);
        Some(libm::exp(power * ln_scale + libm::lgamma(self.shape + power) - libm::lgamma(self.shape)))
    }
}

#[derive(Debug)]
struct Curve {
    gamma: special::Gamma,
    scale: f64,
}

impl Prepared for Curve {
    fn at(&self, level: Level) -> f64 {
        libm::exp(self.ln_at(level))
    }

    fn ln_at(&self, level: Level) -> f64 {
        libm::log(self.scale) + self.gamma.ln_quantile(level)
    }

    fn cdf(&self, x: f64) -> Level {
        if x <= 0.0 { Level::BOTTOM } else { self.gamma.cdf(x / self.scale) }
    }

    fn density(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { self.gamma.density(libm::log(x / self.scale)) }
    }

    fn edges(&self, _out: &mut Vec<f64>) {}
}
