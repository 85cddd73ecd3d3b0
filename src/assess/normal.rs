//! Normals with loadings on shared effects: the logarithms of factors.

use std::cell::RefCell;

use super::draft::Draft;
use super::effects::Loads;
use crate::engine::stats::normal::Level;
use crate::portfolio::Distribution;
use crate::portfolio::distribution::remembered::{Remembered, of_thread};
use crate::portfolio::distribution::shape::ShapeKey;
use crate::portfolio::quantile::Quantiles;

/// A normal with loadings on shared effects.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Normal {
    pub mean: f64,
    /// Of the own part.
    pub sd: f64,
    pub shared: Loads,
}

impl Normal {
    pub fn scaled(mut self, factor: f64) -> Normal {
        self.shared.values_mut().for_each(|weight| *weight *= factor);
        Normal { mean: self.mean * factor, sd: self.sd * factor.abs(), shared: self.shared }
    }

    /// A sum of two, own parts independent.
    pub fn plus(&self, other: &Normal, sign: f64) -> Normal {
        let mut shared = self.shared.clone();
        add(&mut shared, &other.shared, sign);
        Normal { mean: self.mean + sign * other.mean, sd: (self.sd * self.sd + other.sd * other.sd).sqrt(), shared }
    }
}

/// `into += factor · loads`; what cancels goes.
pub fn add(into: &mut Loads, loads: &Loads, factor: f64) {
    for (key, weight) in loads {
        *into.entry(key.clone()).or_insert(0.0) += factor * weight;
    }
    into.retain(|_, weight| weight.abs() > 1e-9);
}

/// Mean and standard deviation of the logarithm of the own part, with the shared effects.
pub fn ln(draft: &Draft) -> Normal {
    let (mean, sd) = ln_moments(&draft.alone());
    Normal { mean, sd, shared: draft.shared.clone() }
}

/// Quantiles from which the moments of a logarithm are taken.
const MIDPOINTS: usize = 128;

/// Moments that a thread remembers at most.
const REMEMBERED: usize = 1 << 12;

thread_local! {
    static KNOWN: RefCell<Remembered<ShapeKey, (f64, f64)>> = RefCell::new(Remembered::at_most(REMEMBERED));
}

fn ln_moments(d: &Distribution) -> (f64, f64) {
    match d {
        Distribution::Fixed(x) => (libm::log(*x), 0.0),
        Distribution::LogNormal { median, gsd } => (libm::log(*median), libm::log(*gsd)),
        d => of_thread(&KNOWN, ShapeKey::of(d), || of_quantiles(&Quantiles::new(d))),
    }
}

fn of_quantiles(quantiles: &Quantiles) -> (f64, f64) {
    let level = |k: usize| Level::below((k as f64 + 0.5) / MIDPOINTS as f64);
    let at = |k: usize| libm::log(quantiles.at(level(k)).max(f64::MIN_POSITIVE));
    let values: Vec<f64> = (0..MIDPOINTS).map(at).collect();
    let mean = values.iter().sum::<f64>() / MIDPOINTS as f64;
    let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, (squares / MIDPOINTS as f64).sqrt())
}
