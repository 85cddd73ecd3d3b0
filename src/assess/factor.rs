//! Factors under construction: a distribution, where it came from, and the shared effects on it.
//!
//! Spreads are kept as standard deviations of the natural logarithm. Own and shared parts are split so that their
//! quadrature sum is the spread that the evidence shows: what a shared effect takes is taken from the own part, and
//! what a model is not exposed to (no organisation, default effects switched off) stays its own.

use std::collections::BTreeMap;

use super::shared::EffectKey;
use super::{Kind, Provenance};
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
        match value {
            Value::Number(x) | Value::Distribution(Distribution::Fixed(x)) => LogNormal { median: *x, ln_sd: 0.0 },
            Value::Distribution(Distribution::LogNormal { median, gsd }) => {
                LogNormal { median: *median, ln_sd: libm::log(*gsd) }
            }
            Value::Distribution(d) => {
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

/// A number as people write it: large and small ones with an exponent.
pub fn shown(x: f64) -> String {
    // Without the digits that binary arithmetic adds.
    let x = format!("{x:.11e}").parse().unwrap_or(x);
    if x != 0.0 && !(1e-4..1e7).contains(&x.abs()) { format!("{x:e}") } else { format!("{x}") }
}

/// A factor before its shared effects are numbered.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub distribution: Distribution,
    pub provenance: Provenance,
    /// Effect → weight on its ln GSD.
    pub shared: BTreeMap<EffectKey, f64>,
    /// Given as a distribution by the user: it is used as it is.
    pub explicit: bool,
}

impl Draft {
    pub fn new(distribution: Distribution, provenance: Provenance) -> Draft {
        Draft { distribution, provenance, shared: BTreeMap::new(), explicit: false }
    }

    /// A user's value: a number with its measurement error (ln sd), or a distribution as it stands. Zero has no error.
    pub fn given(value: &Value, error: f64, what: &str) -> Draft {
        let provenance = |how: String| Provenance {
            kind: Kind::Disclosed,
            how,
            source: "the models file".to_string(),
            chosen: false,
        };
        match value {
            Value::Number(x) => {
                let gsd =
                    if error > 0.0 && *x > 0.0 { format!(", GSD {:.3}", libm::exp(error)) } else { String::new() };
                let how = format!("{what} {}{gsd}", shown(*x));
                Draft::new(lognormal(LogNormal { median: *x, ln_sd: error }), provenance(how))
            }
            Value::Distribution(d) => Draft {
                explicit: true,
                ..Draft::new(d.clone(), provenance(format!("{what} as the distribution given")))
            },
        }
    }

    /// Its own median.
    pub fn median(&self) -> f64 {
        quantile(&self.distribution, 0.5)
    }

    pub fn is_zero(&self) -> bool {
        self.distribution == Distribution::Fixed(0.0)
    }
}
