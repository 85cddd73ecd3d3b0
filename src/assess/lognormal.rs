//! Lognormals by median and standard deviation of the natural logarithm, and how spreads are put together.
//!
//! Own and shared parts of a factor are split so that their quadrature sum is the spread that the evidence shows: what a
//! shared effect takes is taken from the own part ([`residual`]), and what a model is not exposed to (no organisation,
//! default effects switched off) stays its own.

use crate::portfolio::quantile::quantile;
use crate::portfolio::{Distribution, Value};

/// A lognormal by median and standard deviation of ln (0: a fixed number).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogNormal {
    pub median: f64,
    pub ln_sd: f64,
}

impl LogNormal {
    /// The lognormal that a value is, or the one with its median and central 90 % range.
    pub fn of(value: &Value) -> LogNormal {
        let d = match value {
            Value::Number(x) => return LogNormal { median: *x, ln_sd: 0.0 },
            Value::Distribution(d) => &**d,
        };
        match d {
            Distribution::Fixed(x) => LogNormal { median: *x, ln_sd: 0.0 },
            Distribution::LogNormal { median, gsd } => LogNormal { median: *median, ln_sd: libm::log(*gsd) },
            d => {
                let (lo, median, hi) = (quantile(d, 0.05), quantile(d, 0.5), quantile(d, 0.95));
                let ln_sd = if lo > 0.0 && hi > lo { libm::log(hi / lo) / (2.0 * Z95) } else { 0.0 };
                LogNormal { median, ln_sd }
            }
        }
    }

    pub fn times(self, factor: f64) -> LogNormal {
        LogNormal { median: self.median * factor, ln_sd: self.ln_sd }
    }
}

/// Standard normal quantile at 0.95 (Abramowitz & Stegun, table 26.5).
const Z95: f64 = 1.644_853_626_951_472_7;

/// The distribution; a fixed number where there is no spread.
pub fn lognormal(l: LogNormal) -> Distribution {
    let gsd = libm::exp(l.ln_sd);
    if gsd > 1.0 && l.median > 0.0 {
        Distribution::LogNormal { median: l.median, gsd }
    } else {
        Distribution::Fixed(l.median)
    }
}

/// `sqrt(total² − part²)`, 0 where the part is the larger.
pub fn residual(total: f64, part: f64) -> f64 {
    (total * total - part * part).max(0.0).sqrt()
}

/// `sqrt(a² + b²)`.
pub fn quadrature(a: f64, b: f64) -> f64 {
    (a * a + b * b).sqrt()
}

/// Parts with weights that sum to 1; a single part stands alone.
pub fn mixture(mut parts: Vec<(f64, Distribution)>) -> Distribution {
    match parts.len() {
        1 => parts.remove(0).1,
        _ => Distribution::Mixture(parts),
    }
}

/// To the nearest eighth of an octave (4.4 %). For sizes that enter only a prior's shape or a small power of it: models
/// of like size then share one compiled table.
pub fn eighth_octave(x: f64) -> f64 {
    libm::exp2(libm::round(8.0 * libm::log2(x)) / 8.0)
}
