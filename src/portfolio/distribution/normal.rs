//! The normal distribution, cut off at 0: a measurement with a symmetric error that is small against its value.
//!
//! ```text
//! f(x) = φ((x − mean)/sd) / (sd Φ(mean/sd)) for x > 0          normal(mean, sd), or mean ± sd
//! ```
//!
//! N. L. Johnson, S. Kotz, N. Balakrishnan, Continuous Univariate Distributions, vol. 1 (2nd ed., Wiley 1994), chapter
//! 13. At most 1 % may lie below 0, so that what is cut off hardly counts.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "300 ± 20".parse()?;
//! assert_eq!(d, Distribution::Normal { mean: 300.0, sd: 20.0 });
//! assert!((quantile(&d, 0.5) - 300.0).abs() < 1e-9);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{fail, positive};
use super::family::{Family, Numbers, Syntax};
use super::moments::GAUSS_10;
use super::quantile::Prepared;
use crate::engine::stats::normal::{Level, density};
use crate::portfolio::number::Decimal;
use crate::portfolio::problem::CellError;

/// Upper 1 % point of the standard normal (SciPy `norm.isf(0.01)`): `mean/sd` below it puts more than 1 % below zero.
const NORMAL_99: f64 = 2.3263478740408408;
/// A normal whose zero lies further below its mean than this many standard deviations is never drawn near zero.
const OUT_OF_REACH: f64 = 6.5;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "normal",
    arguments: "mean, sd",
    key: 2,
    parse: |arguments| {
        let n = arguments.numbers(&[2])?;
        Ok(Distribution::Normal { mean: n[0], sd: n[1] })
    },
};

pub(super) struct Normal {
    pub(super) mean: f64,
    pub(super) sd: f64,
}

impl Family for Normal {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.mean, self.sd])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        let Normal { mean, sd } = *self;
        positive("the mean", mean)?;
        if sd.is_nan() || sd <= 0.0 {
            return fail(
                format!("the standard deviation is {}", Decimal(sd)),
                format!("it must be above 0; write fixed({}) for a number known exactly", Decimal(mean)),
            );
        }
        positive("the standard deviation", sd)?;
        if mean < NORMAL_99 * sd {
            return fail(
                format!("normal({}, {}) has more than 1 % below 0", Decimal(mean), Decimal(sd)),
                format!("use lognormal({}, gsd) or truncated bounds such as uniform(lo, hi)", Decimal(mean)),
            );
        }
        Ok(())
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(TruncatedNormal::new(self.mean, self.sd))
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Normal { mean: number(self.mean), sd: number(self.sd) }
    }

    fn scale(&self) -> Option<f64> {
        Some(self.mean)
    }

    fn ends(&self) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    fn order_at_zero(&self) -> f64 {
        1.0
    }

    fn out_of_reach_of_zero(&self) -> bool {
        self.mean > OUT_OF_REACH * self.sd
    }
}

impl Prepared for TruncatedNormal {
    fn at(&self, level: Level) -> f64 {
        self.quantile(level)
    }

    fn cdf(&self, x: f64) -> Level {
        if x <= 0.0 { Level::BOTTOM } else { self.probability(x) }
    }

    fn density(&self, x: f64) -> f64 {
        let distance = x / self.sd;
        if distance <= 0.0 { 0.0 } else { distance * density(distance - self.depth) / self.zero.above }
    }

    fn edges(&self, _out: &mut Vec<f64>) {}
}

/// A normal given that it is positive.
#[derive(Debug, Clone, Copy)]
struct TruncatedNormal {
    mean: f64,
    sd: f64,
    /// Distance of zero below the mean in standard deviations, and the probability on either side of zero.
    depth: f64,
    zero: Level,
}

impl TruncatedNormal {
    /// Within this distance of zero, in standard deviations, probabilities are integrated from zero, because
    /// the difference of two normal probabilities would lose the small one.
    const NEAR: f64 = 0.5;

    fn new(mean: f64, sd: f64) -> TruncatedNormal {
        TruncatedNormal { mean, sd, depth: mean / sd, zero: Level::at_z(-mean / sd) }
    }

    fn quantile(&self, level: Level) -> f64 {
        let positive = self.zero.above;
        let z = Level { below: self.zero.below + level.below * positive, above: level.above * positive }.z();
        let mut distance = z + self.depth;
        if distance >= Self::NEAR {
            return self.mean + self.sd * z;
        }
        let target = level.below * positive;
        distance = distance.max(0.0);
        for _ in 0..20 {
            let step = (target - self.mass_within(distance)) / density(distance - self.depth);
            distance += step;
            if step.abs() <= 1e-9 * distance {
                break;
            }
        }
        self.sd * distance
    }

    fn probability(&self, x: f64) -> Level {
        let distance = x / self.sd;
        if distance <= 0.0 {
            return Level::BOTTOM;
        }
        let at = Level::at_z(distance - self.depth);
        let below = if distance < Self::NEAR { self.mass_within(distance) } else { at.below - self.zero.below };
        Level { below: (below / self.zero.above).min(1.0), above: (at.above / self.zero.above).min(1.0) }
    }

    /// `∫ φ(t − depth) dt` over [0, distance], distance ≤ ½: 10-point Gauss–Legendre, exact to the last digits.
    fn mass_within(&self, distance: f64) -> f64 {
        let half = 0.5 * distance;
        let pair =
            |(x, w): &(f64, f64)| w * (density(half * (1.0 - x) - self.depth) + density(half * (1.0 + x) - self.depth));
        half * GAUSS_10.iter().map(pair).sum::<f64>()
    }
}
