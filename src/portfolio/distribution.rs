//! The distributions a cell, a prior or an assessment can hold.
//!
//! Invariants (kept by whoever constructs one: the cell reader and the assessment): every number is finite; bounds
//! are in order; spreads are positive; nothing has probability below zero of the factor's range. Quantile functions
//! and moments are in `plan`, because only the compiled form is ever drawn from.

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
