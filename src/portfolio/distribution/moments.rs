//! Moments `E[X^k]` of every [`Distribution`], for positive and negative k.
//!
//! [`raw_moment`] is that of the distribution itself. [`engine_moment`] is that of what the engine draws: its z are the
//! 2^32 equally likely values ±Φ⁻¹((2m+1)/2^33), so nothing beyond |z| = 6.34 occurs. That is the midpoint rule for
//! `∫ Q(p)^k dp` with cells of 2^-32. The outermost cells of either tail, where the rule differs from the integral,
//! are summed one by one; the rest is the integral with the first Euler–Maclaurin correction (DLMF 2.10(i)), whose
//! error falls with the fourth power of the number of cells summed and is below 1e-9 of the moment for `|k| σ ≤ 12`.
//! (The engine's own rounding of z, below 2^-20, is not in it.)
//!
//! Integrals are taken component by component in x, where each is smooth, and never across a mixture's steep
//! stretches. A family may have closed forms; others are integrated over their own z by 10-point Gauss–Legendre panels
//! between bends.

use std::sync::OnceLock;

use super::Distribution;
use super::quantile::{Quantiles, mass_between};
use super::shifted::{unshift_down, unshift_up};
use crate::engine::stats::normal::{Level, density};

/// Probability of one of the engine's z.
const CELL: f64 = 1.0 / (1u64 << 32) as f64;
/// Cells summed one by one in each tail, and how many do where the tails hardly count.
const TAIL_CELLS: usize = 64;
const LIGHT_TAIL_CELLS: usize = 8;
/// Up to this loading the light tails have a relative error below 1e-11.
const LIGHT_LOADING: f64 = 1.5;
/// Quadrature in z ends here (probability 1e-57) and uses panels of this width.
const Z_END: f64 = 16.0;
const PANEL: f64 = 0.5;

/// `E[X^k]`, `None` where it is infinite.
pub fn raw_moment(d: &Distribution, k: i32) -> Option<f64> {
    if k < 0 && order_at_zero(d) + f64::from(k) <= 0.0 {
        return None;
    }
    // Where the tails matter most there are closed forms.
    let closed = d.family(|f| f.closed_moment(k));
    Some(closed.unwrap_or_else(|| partial(d, &Power::new(k), f64::NEG_INFINITY, f64::INFINITY)))
}

/// `E[X^k]` over the engine's z. `None` where the distribution's own moment is infinite, although the engine's
/// never is: what it would give depends on its number of random bits. The exception is a normal so far from zero
/// that the engine cannot come near.
pub fn engine_moment(d: &Distribution, k: i32) -> Option<f64> {
    let [moment] = engine_moments(d, [k]);
    moment
}

/// The same for several powers: the quantiles in the tails, which take most of the time, are found once.
pub fn engine_moments<const N: usize>(d: &Distribution, powers: [i32; N]) -> [Option<f64>; N] {
    let out_of_reach = || d.family(|f| f.out_of_reach_of_zero());
    let finite = |k: i32| k >= 0 || order_at_zero(d) + f64::from(k) > 0.0 || out_of_reach();
    let closed = powers.map(|k| d.family(|f| f.closed_engine_moment(k)).filter(|_| finite(k)));
    if closed.iter().any(Option::is_some) {
        return closed;
    }
    if !powers.into_iter().any(finite) {
        return [None; N];
    }
    let quantiles = Quantiles::new(d);
    let ends: [(f64, f64); TAIL_CELLS + 1] = std::array::from_fn(|m| {
        let low = Level::below((2 * m + 1) as f64 * (0.5 * CELL));
        (quantiles.at(low), quantiles.at(Level { below: low.above, above: low.below }))
    });
    // The body lies between two levels; where one cuts an atom in two, the atom's inner part belongs to it.
    let from = Level::below(TAIL_CELLS as f64 * CELL);
    let to = Level { below: from.above, above: from.below };
    let (lo, hi) = (quantiles.at(from), quantiles.at(to));
    let masses = (mass_between(from, quantiles.cdf(lo)), mass_between(quantiles.cdf_below(hi), to));
    let moment = |k: i32| {
        let power = Power::new(k);
        let tails = tails(TAIL_CELLS, |m| (power.of(ends[m].0), power.of(ends[m].1)));
        if lo == hi {
            return tails + power.of(lo) * mass_between(from, to);
        }
        tails + (power.of(lo) * masses.0 + power.of(hi) * masses.1) + partial(d, &power, lo, hi)
    };
    powers.map(|k| finite(k).then(|| moment(k)))
}

/// `E[exp(loading · z)]` over the engine's z: a shared effect's, and a lognormal's `E[X^k]` for `loading = k σ` and
/// median 1.
pub fn lognormal_engine_moment(loading: f64) -> f64 {
    let cells = if loading.abs() <= LIGHT_LOADING { LIGHT_TAIL_CELLS } else { TAIL_CELLS };
    let end = -Level::below(cells as f64 * CELL).z();
    let (from, to) = (Level::at_z(-end - loading), Level::at_z(end - loading));
    let body = libm::exp(0.5 * loading * loading) * mass_between(from, to);
    body + tails(cells, |m| (libm::exp(loading * tail_z(m)), libm::exp(-loading * tail_z(m))))
}

/// The part of the engine's mean of a function that the outermost `cells` of both tails make, with the correction of
/// the rest. `f` gives its values at the m-th lowest and the m-th highest z.
fn tails(cells: usize, f: impl Fn(usize) -> (f64, f64)) -> f64 {
    let (mut sum, mut last) = (0.0, (0.0, 0.0));
    for m in 0..cells {
        last = f(m);
        sum += last.0 + last.1;
    }
    // First differences across the body's ends stand for the cell's width times the derivative.
    let next = f(cells);
    let (slope_from, slope_to) = (next.0 - last.0, last.1 - next.1);
    CELL * (sum - (slope_to - slope_from) / 24.0)
}

/// The engine's m-th lowest z.
fn tail_z(m: usize) -> f64 {
    static TAIL: OnceLock<[f64; TAIL_CELLS + 1]> = OnceLock::new();
    TAIL.get_or_init(|| std::array::from_fn(|m| Level::below((2 * m + 1) as f64 * (0.5 * CELL)).z()))[m]
}

/// The function `x ↦ (shift + x)^k`. Shifts are added one by one, as the quantile function does, so that atoms keep
/// their very values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Power<'a> {
    pub(super) shift: Option<(f64, &'a Power<'a>)>,
    pub(super) k: i32,
}

impl Power<'_> {
    pub(super) fn new(k: i32) -> Self {
        Power { shift: None, k }
    }

    pub(super) fn shifted(&self, x: f64) -> f64 {
        self.shift.map_or(x, |(shift, outer)| outer.shifted(shift + x))
    }

    /// The largest x that is shifted to `y` or less.
    fn unshift_up(&self, y: f64) -> f64 {
        self.shift.map_or(y, |(shift, outer)| unshift_up(outer.unshift_up(y), shift))
    }

    /// The smallest x that is shifted to `y` or more.
    fn unshift_down(&self, y: f64) -> f64 {
        self.shift.map_or(y, |(shift, outer)| unshift_down(outer.unshift_down(y), shift))
    }

    pub(super) fn of(&self, x: f64) -> f64 {
        let x = self.shifted(x);
        let mut power = 1.0;
        for _ in 0..self.k.unsigned_abs() {
            power *= x;
        }
        if self.k < 0 { 1.0 / power } else { power }
    }
}

/// `E[g(X); lo < shift + X < hi]`, with g and the shift of `g`.
pub(super) fn partial(d: &Distribution, g: &Power, lo: f64, hi: f64) -> f64 {
    if lo >= hi { 0.0 } else { d.family(|f| f.partial(g, lo, hi)) }
}

/// What the atom `x` adds to [`partial`], but for its probability.
pub(super) fn in_open(x: f64, lo: f64, hi: f64, g: &Power) -> f64 {
    let shifted = g.shifted(x);
    if lo < shifted && shifted < hi { g.of(x) } else { 0.0 }
}

/// Over the distribution's own z, in panels between its bends.
pub(super) fn quadrature(quantiles: &Quantiles, g: &Power, lo: f64, hi: f64) -> f64 {
    let from = quantiles.cdf(g.unshift_up(lo)).z().max(-Z_END);
    let to = quantiles.cdf_below(g.unshift_down(hi)).z().min(Z_END);
    if from >= to {
        return 0.0;
    }
    let mut ends: Vec<f64> = quantiles.breaks(Z_END).into_iter().filter(|z| from < *z && *z < to).collect();
    ends.push(to);
    let (mut sum, mut left) = (0.0, from);
    for right in ends {
        let panels = libm::ceil((right - left) / PANEL).max(1.0);
        let half = 0.5 * (right - left) / panels;
        for i in 0..panels as u32 {
            let centre = left + (2.0 * f64::from(i) + 1.0) * half;
            let at = |z: f64| density(z) * g.of(quantiles.at_z(z));
            let pairs = GAUSS_10.iter().map(|(x, w)| w * (at(centre - half * x) + at(centre + half * x)));
            sum += half * pairs.sum::<f64>();
        }
        left = right;
    }
    sum
}

pub(super) fn order_at_zero(d: &Distribution) -> f64 {
    d.family(|f| f.order_at_zero())
}

/// Positive nodes and weights of the 10-point Gauss–Legendre rule on [−1, 1] (DLMF table 3.5.2).
pub(crate) const GAUSS_10: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];
