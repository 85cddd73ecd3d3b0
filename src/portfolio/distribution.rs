//! The distributions a cell, a prior or an assessment can hold.
//!
//! Invariants (kept by whoever constructs one: the cell reader and the assessment): every number is finite; bounds
//! are in order; spreads are positive; nothing has probability below zero of the factor's range. Quantile functions
//! and moments are in `plan`, because only the compiled form is ever drawn from.
//!
//! `Display` writes the grammar that [`super::cell`] reads, and what it writes reads back as the same numbers.

use std::fmt;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub enum Distribution {
    /// A known number, ≥ 0.
    Fixed(f64),
    /// `ln x ~ N(ln median, (ln gsd)²)`, gsd > 1.
    LogNormal {
        median: f64,
        gsd: f64,
    },
    /// Truncated at 0 (at most 1 % may lie below).
    Normal {
        mean: f64,
        sd: f64,
    },
    Uniform {
        lo: f64,
        hi: f64,
    },
    LogUniform {
        lo: f64,
        hi: f64,
    },
    Triangular {
        lo: f64,
        mode: f64,
        hi: f64,
    },
    /// Beta with shapes `1 + 4(mode − lo)/(hi − lo)` and `1 + 4(hi − mode)/(hi − lo)` on `[lo, hi]`.
    Pert {
        lo: f64,
        mode: f64,
        hi: f64,
    },
    Beta {
        a: f64,
        b: f64,
        lo: f64,
        hi: f64,
    },
    /// Mean `shape · scale`.
    Gamma {
        shape: f64,
        scale: f64,
    },
    /// `lo + (hi − lo)/(1 + exp(−(mu + sd·z)))`; a cell's `logitnormal(mu, sd)` has lo = 0, hi = 1.
    LogitNormal {
        mu: f64,
        sd: f64,
        lo: f64,
        hi: f64,
    },
    /// `shift + X`.
    Shifted {
        shift: f64,
        inner: Box<Distribution>,
    },
    /// Weights are positive and sum to 1.
    Mixture(Vec<(f64, Distribution)>),
    /// Equally likely values, sorted.
    Empirical(Arc<[f64]>),
    /// `inner` given that it lies in `[lo, hi]` (redrawn, never clipped); `lo` may be 0, `hi` infinite.
    Truncated {
        inner: Box<Distribution>,
        lo: f64,
        hi: f64,
    },
}

impl Distribution {
    /// The distribution of X − 1, for a PUE (at least 1).
    pub fn minus_one(&self) -> Distribution {
        use Distribution::*;
        match self {
            Fixed(x) => Fixed(x - 1.0),
            Shifted { shift, inner } if *shift == 1.0 => (**inner).clone(),
            Mixture(parts) => Mixture(parts.iter().map(|(w, d)| (*w, d.minus_one())).collect()),
            other => Shifted { shift: -1.0, inner: Box::new(other.clone()) },
        }
    }

    /// The distribution of `factor · X`, `factor` > 0.
    pub fn scaled(&self, factor: f64) -> Distribution {
        use Distribution::*;
        let k = factor;
        match self {
            Fixed(x) => Fixed(x * k),
            LogNormal { median, gsd } => LogNormal { median: median * k, gsd: *gsd },
            Normal { mean, sd } => Normal { mean: mean * k, sd: sd * k },
            Uniform { lo, hi } => Uniform { lo: lo * k, hi: hi * k },
            LogUniform { lo, hi } => LogUniform { lo: lo * k, hi: hi * k },
            Triangular { lo, mode, hi } => Triangular { lo: lo * k, mode: mode * k, hi: hi * k },
            Pert { lo, mode, hi } => Pert { lo: lo * k, mode: mode * k, hi: hi * k },
            Beta { a, b, lo, hi } => Beta { a: *a, b: *b, lo: lo * k, hi: hi * k },
            Gamma { shape, scale } => Gamma { shape: *shape, scale: scale * k },
            LogitNormal { mu, sd, lo, hi } => LogitNormal { mu: *mu, sd: *sd, lo: lo * k, hi: hi * k },
            Shifted { shift, inner } => Shifted { shift: shift * k, inner: Box::new(inner.scaled(k)) },
            Mixture(parts) => Mixture(parts.iter().map(|(w, d)| (*w, d.scaled(k))).collect()),
            Empirical(values) => Empirical(values.iter().map(|x| x * k).collect()),
            Truncated { inner, lo, hi } => Truncated { inner: Box::new(inner.scaled(k)), lo: lo * k, hi: hi * k },
        }
    }
}

/// A number in the shortest decimal form that reads back as the same f64: plain where people would write it so,
/// with an exponent elsewhere.
pub(crate) struct Decimal(pub f64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0;
        if x == 0.0 || !x.is_finite() || (1e-4..1e7).contains(&x.abs()) { write!(f, "{x}") } else { write!(f, "{x:e}") }
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Distribution::*;
        let call = |f: &mut fmt::Formatter<'_>, name: &str, numbers: &[f64]| {
            write!(f, "{name}(")?;
            for (i, x) in numbers.iter().enumerate() {
                write!(f, "{}{}", if i == 0 { "" } else { ", " }, Decimal(*x))?;
            }
            write!(f, ")")
        };
        match self {
            Fixed(x) => call(f, "fixed", &[*x]),
            LogNormal { median, gsd } => call(f, "lognormal", &[*median, *gsd]),
            Normal { mean, sd } => call(f, "normal", &[*mean, *sd]),
            Uniform { lo, hi } => call(f, "uniform", &[*lo, *hi]),
            LogUniform { lo, hi } => call(f, "loguniform", &[*lo, *hi]),
            Triangular { lo, mode, hi } => call(f, "triangular", &[*lo, *mode, *hi]),
            Pert { lo, mode, hi } => call(f, "pert", &[*lo, *mode, *hi]),
            Beta { a, b, lo, hi } => call(f, "beta", &[*a, *b, *lo, *hi]),
            Gamma { shape, scale } => call(f, "gamma", &[*shape, *scale]),
            LogitNormal { mu, sd, lo, hi } if *lo == 0.0 && *hi == 1.0 => call(f, "logitnormal", &[*mu, *sd]),
            LogitNormal { mu, sd, lo, hi } => call(f, "logitnormal", &[*mu, *sd, *lo, *hi]),
            Shifted { shift, inner } => write!(f, "shifted({}, {inner})", Decimal(*shift)),
            Mixture(parts) => {
                write!(f, "mixture(")?;
                for (i, (weight, part)) in parts.iter().enumerate() {
                    write!(f, "{}{}: {part}", if i == 0 { "" } else { ", " }, Decimal(*weight))?;
                }
                write!(f, ")")
            }
            Empirical(values) => call(f, "empirical", values),
            Truncated { inner, lo, hi } => write!(f, "truncated({inner}, {}, {})", Decimal(*lo), Decimal(*hi)),
        }
    }
}
