//! A lognormal that shared effects multiply while the product stays below a bound: its mean given the shared part.
//!
//! With own ln median μ and ln sd σ, shared sd τ and shared normal s, the own part of a draw is cut at t of its own
//! standard deviations, and the factor to the power n has the mean
//!
//! ```text
//! t(s) = (ln hi − μ − τ s) / σ
//! f(s) = exp(n (μ + τ s) + n²σ²/2) · Φ(t − nσ) / Φ(t)
//! ```
//!
//! given s. f is analytic where Φ(t) ≠ 0, that is within 2.8 σ/τ of the real axis (the zeros of erfc: DLMF 7.13(ii)),
//! so that its Hermite coefficients fall off fast unless σ is small against τ; what is left of E[f²] beyond the last
//! one is known and bounds the error of every pair. Normals are whole here, not cut at the engine's 6.34: below a bound
//! there is next to nothing of the upper tail.
//!
//! Everything is relative to medianⁿ.

use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use super::hermite::{Grid, Series};
use crate::engine::stats::normal::Level;

/// Order of the series of f, and of the own part's.
const ORDER: usize = 64;
const OWN_ORDER: usize = 48;

/// Points of the shared normal, for f and for the factor given its own normal: with steps h the rule's error is of the
/// size of exp(−2π · 2.8 σ/τ / h).
static SMOOTH: LazyLock<[Grid; 2]> = LazyLock::new(|| [Grid::new(12.0, 16, ORDER), Grid::new(9.0, 5, OWN_ORDER)]);
static BENT: LazyLock<[Grid; 2]> = LazyLock::new(|| [Grid::new(12.0, 64, ORDER), Grid::new(9.0, 32, OWN_ORDER)]);
/// From this σ/τ on the first grids do; below the other one none does.
const IS_SMOOTH: f64 = 0.3;
const IS_SHARP: f64 = 0.02;
/// Points of the own normal.
static OWN: LazyLock<Grid> = LazyLock::new(|| Grid::new(8.0, 4, 0));

/// What the factor depends on, but for its scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Own standard deviation of ln.
    pub sigma: f64,
    /// That of the shared part.
    pub tau: f64,
    /// The bound over the median, in own standard deviations of ln.
    pub t: f64,
    /// The factor enters its product to this power.
    pub power: i32,
    /// The shared normal has this mean: what the rest of the product makes of it (`hermite`).
    pub shift: f64,
}

impl Shape {
    /// Equal for equal shapes.
    pub fn key(&self) -> [u64; 5] {
        [self.sigma.to_bits(), self.tau.to_bits(), self.t.to_bits(), self.power as u64, self.shift.to_bits()]
    }

    fn grids(&self) -> &'static [Grid; 2] {
        if self.sigma >= IS_SMOOTH * self.tau { &SMOOTH } else { &BENT }
    }

    /// Mean of the k-th power given the shared normal, without the shift.
    fn given(&self, k: i32, s: f64) -> f64 {
        let n = f64::from(k * self.power);
        let t = self.t - self.tau * s / self.sigma;
        let load = n * self.sigma;
        libm::exp(n * self.tau * s + 0.5 * load * load + ln_below(t - load) - ln_below(t))
    }

    /// The value at the own normal's level and the shared normal, without the shift.
    fn value(&self, own: Level, s: f64) -> f64 {
        let z = cut(own, self.t - self.tau * s / self.sigma);
        libm::exp(f64::from(self.power) * (self.tau * s + self.sigma * z))
    }
}

/// The quantile at a level of a standard normal that is cut at `t`.
pub fn cut(level: Level, t: f64) -> f64 {
    let end = Level::at_z(t);
    let both = Level { below: level.below * end.below, above: end.above + end.below * level.above };
    // A cut far below the median leaves next to nothing but itself.
    if both.below > 0.0 { both.z().min(t) } else { t }
}

/// A factor below a bound, with the series of its mean given the shared normal.
#[derive(Debug)]
pub struct Below {
    shape: Shape,
    /// The mean.
    pub mean: f64,
    /// Of f over its mean.
    pub series: Series,
    /// E[f²] over the squared mean, less the squares of the series.
    pub rest: f64,
    /// By point of the own normal: weight, and the series of the factor over its mean.
    own: OnceLock<Vec<(f64, Series)>>,
    /// By power and shift: one model asks twice, and models have most shifts in common.
    moments: Mutex<Vec<((i32, u64), f64)>>,
}

impl Below {
    /// Works out the series.
    pub fn new(shape: Shape) -> Below {
        let [grid, _] = shape.grids();
        let values: Vec<f64> = grid.points.iter().map(|(s, _)| shape.given(1, s + shape.shift)).collect();
        let series = grid.series(values.iter().copied());
        let mean = series.mean();
        let series = series.times(1.0 / mean);
        let squares: f64 = grid.points.iter().zip(&values).map(|((_, w), f)| w * f * f).sum();
        let rest = (squares / (mean * mean) - series.squares()).max(0.0);
        Below { shape, mean, series, rest, own: OnceLock::new(), moments: Mutex::default() }
    }

    /// Of the k-th power, where the shared normal has the mean `shift`.
    pub fn moment(&self, k: i32, shift: f64) -> f64 {
        let key = (k, shift.to_bits());
        let mut known = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, moment)) = known.iter().find(|(of, _)| *of == key) {
            return *moment;
        }
        let moment = self.shape.grids()[0].mean(|s| self.shape.given(k, s + shift));
        known.push((key, moment));
        moment
    }

    /// Whether the rule's error is negligible.
    pub fn is_smooth(&self) -> bool {
        self.shape.sigma >= IS_SHARP * self.shape.tau
    }

    /// What it depends on.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The mean that the shared normal has.
    pub fn shift(&self) -> f64 {
        self.shape.shift
    }

    /// By point of the own normal.
    pub fn own(&self) -> &[(f64, Series)] {
        self.own.get_or_init(|| {
            let [_, grid] = self.shape.grids();
            let of = |&(z, weight): &(f64, f64)| {
                let own = Level::at_z(z);
                let at = |&(s, _): &(f64, f64)| self.shape.value(own, s + self.shape.shift) / self.mean;
                (weight, grid.series(grid.points.iter().map(at)).trimmed())
            };
            OWN.points.iter().map(of).collect()
        })
    }
}

/// `ln Φ(x)`.
fn ln_below(x: f64) -> f64 {
    if x > -8.0 {
        return libm::log(Level::at_z(x).below);
    }
    // Mills' ratio by its continued fraction (DLMF 7.9.3).
    let mut fraction = -x;
    for k in (1..=40).rev() {
        fraction = -x + f64::from(k) / fraction;
    }
    -0.5 * x * x - libm::log(fraction * (2.0 * std::f64::consts::PI).sqrt())
}
