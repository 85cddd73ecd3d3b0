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
//! stretches. Lognormals have a closed form; other families are integrated over their own z by 10-point
//! Gauss–Legendre panels between bends.

use std::sync::OnceLock;

use super::distribution::Distribution;
use super::quantile::{GAUSS_10, Quantiles, mass_between, pert_shapes, unshift_down, unshift_up};
use crate::engine::stats::normal::{Level, density};
use crate::engine::stats::special::ln_beta;

/// Probability of one of the engine's z.
const CELL: f64 = 1.0 / (1u64 << 32) as f64;
/// Cells summed one by one in each tail, and how many do where the tails hardly count.
const TAIL_CELLS: usize = 64;
const LIGHT_TAIL_CELLS: usize = 8;
/// Up to this loading the light tails have a relative error below 1e-11.
const LIGHT_LOADING: f64 = 1.5;
/// A normal whose zero lies further below its mean than this many standard deviations is never drawn near zero.
const OUT_OF_REACH: f64 = 6.5;
/// Quadrature in z ends here (probability 1e-57) and uses panels of this width.
const Z_END: f64 = 16.0;
const PANEL: f64 = 0.5;

/// `E[X^k]`, `None` where it is infinite.
pub fn raw_moment(d: &Distribution, k: i32) -> Option<f64> {
    use Distribution::*;
    let power = f64::from(k);
    if k < 0 && order_at_zero(d) + power <= 0.0 {
        return None;
    }
    // Where the tails matter most there are closed forms.
    let moment = match d {
        Gamma { shape, scale } => {
            libm::exp(power * libm::log(*scale) + libm::lgamma(shape + power) - libm::lgamma(*shape))
        }
        Uniform { lo, hi } if *lo == 0.0 => libm::pow(*hi, power) / (power + 1.0),
        Beta { a, b, lo, hi } if *lo == 0.0 => beta_moment(*a, *b, *hi, power),
        Pert { lo, mode, hi } if *lo == 0.0 => {
            let (a, b) = pert_shapes(*lo, *mode, *hi);
            beta_moment(a, b, *hi, power)
        }
        Mixture(parts) => {
            let total: f64 = parts.iter().map(|(w, _)| w).sum();
            let mut sum = 0.0;
            for (weight, part) in parts {
                sum += weight / total * raw_moment(part, k)?;
            }
            sum
        }
        d => partial(d, &Power::new(k), f64::NEG_INFINITY, f64::INFINITY),
    };
    Some(moment)
}

fn beta_moment(a: f64, b: f64, hi: f64, power: f64) -> f64 {
    libm::exp(power * libm::log(hi) + ln_beta(a + power, b) - ln_beta(a, b))
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
    let finite = |k: i32| k >= 0 || order_at_zero(d) + f64::from(k) > 0.0 || is_far_normal(d);
    match d {
        Distribution::Fixed(x) => return powers.map(|k| finite(k).then(|| Power::new(k).of(*x))),
        Distribution::LogNormal { median, gsd } => {
            return powers.map(|k| {
                let location = libm::exp(f64::from(k) * libm::log(*median));
                Some(location * lognormal_engine_moment(f64::from(k) * libm::log(*gsd)))
            });
        }
        _ => {}
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
struct Power<'a> {
    shift: Option<(f64, &'a Power<'a>)>,
    k: i32,
}

impl Power<'_> {
    fn new(k: i32) -> Self {
        Power { shift: None, k }
    }

    fn shifted(&self, x: f64) -> f64 {
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

    fn of(&self, x: f64) -> f64 {
        let x = self.shifted(x);
        let mut power = 1.0;
        for _ in 0..self.k.unsigned_abs() {
            power *= x;
        }
        if self.k < 0 { 1.0 / power } else { power }
    }
}

/// `E[g(X); lo < shift + X < hi]`.
fn partial(d: &Distribution, g: &Power, lo: f64, hi: f64) -> f64 {
    use Distribution::*;
    if lo >= hi {
        return 0.0;
    }
    match d {
        Fixed(x) => in_open(*x, lo, hi, g),
        LogNormal { median, gsd } if g.shift.is_none() => {
            let (mu, load) = (libm::log(*median), f64::from(g.k) * libm::log(*gsd));
            let z = |x: f64| if x <= 0.0 { f64::NEG_INFINITY } else { (libm::log(x) - mu) / libm::log(*gsd) };
            let mass = mass_between(Level::at_z(z(lo) - load), Level::at_z(z(hi) - load));
            libm::exp(f64::from(g.k) * mu + 0.5 * load * load) * mass
        }
        Shifted { shift, inner } => partial(inner, &Power { shift: Some((*shift, g)), k: g.k }, lo, hi),
        Mixture(parts) => {
            let total: f64 = parts.iter().map(|(w, _)| w).sum();
            parts.iter().map(|(weight, part)| weight / total * partial(part, g, lo, hi)).sum()
        }
        Empirical(values) => values.iter().map(|x| in_open(*x, lo, hi, g)).sum::<f64>() / values.len() as f64,
        Truncated { inner, lo: start, hi: end } => {
            let quantiles = Quantiles::new(inner);
            let mass = mass_between(quantiles.cdf_below(*start), quantiles.cdf(*end));
            // The bounds belong to the distribution, so an atom on one counts.
            let (start, end) = (g.shifted(*start).next_down(), g.shifted(*end).next_up());
            partial(inner, g, lo.max(start), hi.min(end)) / mass
        }
        d => quadrature(&Quantiles::new(d), g, lo, hi),
    }
}

fn in_open(x: f64, lo: f64, hi: f64, g: &Power) -> f64 {
    let shifted = g.shifted(x);
    if lo < shifted && shifted < hi { g.of(x) } else { 0.0 }
}

/// Over the distribution's own z, in panels between its bends.
fn quadrature(quantiles: &Quantiles, g: &Power, lo: f64, hi: f64) -> f64 {
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

/// The s for which `P(X ≤ x)` falls like `x^s` towards zero: 0 with an atom at zero, infinite where it falls faster than
/// any power or ends above zero. `E[X^k]` is finite for `k > −s`.
fn order_at_zero(d: &Distribution) -> f64 {
    use Distribution::*;
    match d {
        Fixed(x) if *x == 0.0 => 0.0,
        Empirical(values) if values.first() == Some(&0.0) => 0.0,
        Normal { .. } => 1.0,
        Uniform { lo, .. } if *lo == 0.0 => 1.0,
        Triangular { lo, mode, .. } if *lo == 0.0 => {
            if *mode == 0.0 {
                1.0
            } else {
                2.0
            }
        }
        Pert { lo, mode, hi } if *lo == 0.0 => pert_shapes(*lo, *mode, *hi).0,
        Beta { a, lo, .. } if *lo == 0.0 => *a,
        Gamma { shape, .. } => *shape,
        Shifted { shift, inner } if *shift == 0.0 => order_at_zero(inner),
        Mixture(parts) => parts.iter().map(|(_, part)| order_at_zero(part)).fold(f64::INFINITY, f64::min),
        Truncated { inner, lo, .. } if *lo == 0.0 => order_at_zero(inner),
        _ => f64::INFINITY,
    }
}

fn is_far_normal(d: &Distribution) -> bool {
    matches!(d, Distribution::Normal { mean, sd } if *mean > OUT_OF_REACH * sd)
}
