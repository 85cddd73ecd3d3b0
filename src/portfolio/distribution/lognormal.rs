//! The lognormal: a product of many small factors, and the usual form of "known within a factor of".
//!
//! ```text
//! f(x) = φ((ln x − μ)/σ) / (σ x),  μ = ln median, σ = ln gsd          lognormal(median, gsd), or lo to hi
//! ```
//!
//! E. Limpert, W. A. Stahel, M. Abbt, BioScience 51 (2001) 341–352,
//! doi:10.1641/0006-3568(2001)051[0341:LNDATS]2.0.CO;2: median and geometric standard deviation ("multiplicative
//! standard deviation").
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "lognormal(400, 1.5)".parse()?;
//! assert_eq!(d, Distribution::LogNormal { median: 400.0, gsd: 1.5 });
//! assert!((quantile(&d, 0.5) - 400.0).abs() < 1e-9);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{fail, magnitude, positive};
use super::family::{Family, Numbers, Syntax};
use super::moments::{Power, lognormal_engine_moment, quadrature};
use super::quantile::{Prepared, Quantiles, mass_between};
use crate::engine::stats::normal::{Level, density};
use crate::portfolio::number::Decimal;
use crate::portfolio::problem::CellError;

/// A geometric standard deviation above this is a slip of the pen: 95 % of it spans 24 orders of magnitude.
const LARGEST_GSD: f64 = 1e6;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "lognormal",
    arguments: "median, gsd",
    key: 1,
    parse: |arguments| {
        let n = arguments.numbers(&[2])?;
        Ok(Distribution::LogNormal { median: n[0], gsd: n[1] })
    },
};

/// The rule for every geometric standard deviation, in cells and in study files.
pub fn gsd_in_range(gsd: f64) -> Result<(), CellError> {
    if gsd.is_nan() || gsd <= 1.0 {
        return fail(
            format!("the GSD is {}", Decimal(gsd)),
            "a geometric standard deviation is a factor above 1 (1.2 is about ±20 %); for no spread write fixed(x)",
        );
    }
    if gsd > LARGEST_GSD {
        return fail(
            format!("the GSD is {}", Decimal(gsd)),
            "a geometric standard deviation above 1e6 is not credible",
        );
    }
    Ok(())
}

/// The lognormal that leaves probability `tail` below `lo` and above `hi`.
pub(super) fn between(lo: f64, hi: f64, tail: f64) -> Result<Distribution, CellError> {
    magnitude("the lower bound", lo)?;
    magnitude("the upper bound", hi)?;
    if lo == 0.0 {
        return Err(CellError::new(
            "the interval starts at 0, where no lognormal does",
            format!("start above 0, or write uniform(0, {})", Decimal(hi)),
        ));
    }
    if lo > hi {
        return Err(CellError::new(
            format!("the bounds are reversed: {} is above {}", Decimal(lo), Decimal(hi)),
            format!("write {} to {}", Decimal(hi), Decimal(lo)),
        ));
    }
    if lo == hi {
        return Err(CellError::new("both bounds are equal", format!("write fixed({})", Decimal(lo))));
    }
    let sigma = (libm::log(hi) - libm::log(lo)) / (-2.0 * Level::below(tail).z());
    Ok(Distribution::LogNormal { median: (lo * hi).sqrt(), gsd: libm::exp(sigma) })
}

pub(super) struct LogNormal {
    pub(super) median: f64,
    pub(super) gsd: f64,
}

impl Family for LogNormal {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.median, self.gsd])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        positive("the median", self.median)?;
        gsd_in_range(self.gsd)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Curve { mu: libm::log(self.median), sigma: libm::log(self.gsd) })
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::LogNormal { median: number(self.median), gsd: self.gsd }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.median)
    }

    fn ends(&self) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    fn closed_engine_moment(&self, power: i32) -> Option<f64> {
        let location = libm::exp(f64::from(power) * libm::log(self.median));
        Some(location * lognormal_engine_moment(f64::from(power) * libm::log(self.gsd)))
    }

    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        if g.shift.is_some() {
            return quadrature(&Quantiles::from(self.prepared()), g, lo, hi);
        }
        let (mu, load) = (libm::log(self.median), f64::from(g.k) * libm::log(self.gsd));
        let z = |x: f64| if x <= 0.0 { f64::NEG_INFINITY } else { (libm::log(x) - mu) / libm::log(self.gsd) };
        let mass = mass_between(Level::at_z(z(lo) - load), Level::at_z(z(hi) - load));
        libm::exp(f64::from(g.k) * mu + 0.5 * load * load) * mass
    }
}

#[derive(Debug)]
struct Curve {
    mu: f64,
    sigma: f64,
}

impl Prepared for Curve {
    fn at(&self, level: Level) -> f64 {
        libm::exp(self.ln_at(level))
    }

    fn ln_at(&self, level: Level) -> f64 {
        self.ln_at_z(level.z())
    }

    fn at_z(&self, z: f64) -> f64 {
        libm::exp(self.ln_at_z(z))
    }

    fn ln_at_z(&self, z: f64) -> f64 {
        self.mu + self.sigma * z
    }

    fn cdf(&self, x: f64) -> Level {
        if x <= 0.0 { Level::BOTTOM } else { Level::at_z((libm::log(x) - self.mu) / self.sigma) }
    }

    fn density(&self, x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { self.point(libm::log(x)).1 }
    }

    fn point(&self, ln: f64) -> (Level, f64) {
        let z = (ln - self.mu) / self.sigma;
        (Level::at_z(z), density(z) / self.sigma)
    }

    fn edges(&self, _out: &mut Vec<f64>) {}
}
