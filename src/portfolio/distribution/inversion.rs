//! Quantiles of a mixture, by inversion: it has no closed form.
//!
//! Where the level does not fall on an atom, `ln x` is bracketed and found with the method of T. R. Chandrupatla, Adv.
//! Eng. Software 28 (1997) 145–149, doi:10.1016/S0965-9978(96)00051-8. Where all components but one are atoms, that one's
//! own quantile function is used.

use super::Distribution;
use super::quantile::Prepared;
use crate::engine::stats::normal::Level;

type Part = (f64, Box<dyn Prepared>);

/// A value at which the cumulative probability jumps or bends, with `P(X < x)` and `P(X ≤ x)`.
#[derive(Debug, Clone, Copy)]
struct Knot {
    x: f64,
    before: Level,
    upto: Level,
}

/// A mixture prepared for evaluation.
#[derive(Debug)]
pub(super) struct Inverted {
    parts: Vec<Part>,
    knots: Vec<Knot>,
    /// The only part that is not all atoms, if there is just one.
    sole: Option<usize>,
}

/// A quantile of a mixture: an atom's very value, or a logarithm.
enum Found {
    Value(f64),
    Ln(f64),
}

impl Found {
    fn value(self) -> f64 {
        match self {
            Found::Value(x) => x,
            Found::Ln(u) => libm::exp(u),
        }
    }

    fn ln(self) -> f64 {
        match self {
            Found::Value(x) => libm::log(x),
            Found::Ln(u) => u,
        }
    }
}

impl Inverted {
    pub(super) fn new(parts: &[(f64, Distribution)]) -> Inverted {
        let total: f64 = parts.iter().map(|(w, _)| w).sum();
        let parts: Vec<Part> = parts.iter().map(|(w, d)| (w / total, d.family(|f| f.prepared()))).collect();
        let mut values = Vec::new();
        parts.iter().for_each(|(_, part)| part.edges(&mut values));
        values.sort_by(f64::total_cmp);
        values.dedup();
        let before = |x: f64| blend(&parts, |part| part.cdf_below(x));
        let upto = |x: f64| blend(&parts, |part| part.cdf(x));
        let knots = values.into_iter().map(|x| Knot { x, before: before(x), upto: upto(x) }).collect();
        let mut smooth = parts.iter().enumerate().filter(|(_, (_, part))| !part.is_atomic());
        let sole = smooth.next().filter(|_| smooth.next().is_none()).map(|(i, _)| i);
        Inverted { parts, knots, sole }
    }

    fn found(&self, level: Level) -> Found {
        let next = self.knots.partition_point(|knot| !level.at_most(knot.upto));
        let after = self.knots.get(next);
        if let Some(knot) = after.filter(|knot| !level.at_most(knot.before)) {
            return Found::Value(knot.x);
        }
        let before = next.checked_sub(1).and_then(|i| self.knots.get(i));
        if let Some((weight, part)) = self.sole.and_then(|i| self.parts.get(i)) {
            // Between two atoms the other parts' probabilities are constants.
            let own = before.map_or(Level::BOTTOM, |knot| part.cdf(knot.x));
            let all = before.map_or(Level::BOTTOM, |knot| knot.upto);
            let others = Level { below: all.below - weight * own.below, above: all.above - weight * own.above };
            let inner = Level {
                below: ((level.below - others.below) / weight).clamp(0.0, 1.0),
                above: ((level.above - others.above) / weight).clamp(0.0, 1.0),
            };
            // At the very level of an atom the part is at its end, which may be infinite: the atoms hold it.
            let from = before.map_or(f64::NEG_INFINITY, |knot| libm::log(knot.x));
            let to = after.map_or(f64::INFINITY, |knot| libm::log(knot.x));
            return Found::Ln(part.ln_at(inner).max(from).min(to));
        }
        self.between(level, before, after)
    }

    /// The quantile at a level that is not an atom's, between two knots.
    fn between(&self, level: Level, before: Option<&Knot>, after: Option<&Knot>) -> Found {
        let lower = level.below <= level.above;
        let target = libm::log(if lower { level.below } else { level.above });
        let miss = |at: Level| if lower { libm::log(at.below) - target } else { target - libm::log(at.above) };
        let miss_at = |u: f64| miss(blend(&self.parts, |part| part.cdf(libm::exp(u))));
        // The components' own quantiles bracket the mixture's, and so do the knots on both sides.
        let own = self.parts.iter().map(|(_, part)| part.at(level));
        let (mut lo, mut hi) =
            own.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (f64::min(lo, x), f64::max(hi, x)));
        lo = before.map_or(lo, |knot| lo.max(knot.x));
        hi = after.map_or(hi, |knot| hi.min(knot.x));
        if lo >= hi {
            return Found::Value(hi);
        }
        let top = libm::log(hi);
        let top = (top, miss_at(top));
        // At a knot's very level an end is the answer, where rounding may have left no change of sign.
        if top.1 <= 0.0 {
            return Found::Value(hi);
        }
        // A lower end at zero (an atom there) is far too wide a bracket for logarithms: walk down until it holds.
        let floor = libm::log(lo.max(f64::MIN_POSITIVE));
        let mut reach = 1.0;
        loop {
            let u = f64::max(top.0 - reach, floor);
            let bottom = (u, miss_at(u));
            if bottom.1 < 0.0 {
                return Found::Ln(chandrupatla(bottom, top, 2e-15, miss_at));
            }
            if u <= floor {
                return Found::Value(lo);
            }
            reach *= 4.0;
        }
    }
}

impl Prepared for Inverted {
    fn at(&self, level: Level) -> f64 {
        self.found(level).value()
    }

    fn ln_at(&self, level: Level) -> f64 {
        self.found(level).ln()
    }

    fn cdf(&self, x: f64) -> Level {
        blend(&self.parts, |part| part.cdf(x))
    }

    fn cdf_below(&self, x: f64) -> Level {
        blend(&self.parts, |part| part.cdf_below(x))
    }

    fn density(&self, x: f64) -> f64 {
        self.parts.iter().map(|(weight, part)| weight * part.density(x)).sum()
    }

    fn point(&self, ln: f64) -> (Level, f64) {
        let nothing = (Level { below: 0.0, above: 0.0 }, 0.0);
        self.parts.iter().fold(nothing, |(sum, density), (weight, part)| {
            let (level, own) = part.point(ln);
            let sum = Level { below: sum.below + weight * level.below, above: sum.above + weight * level.above };
            (sum, density + weight * own)
        })
    }

    fn landmarks(&self, out: &mut Vec<f64>) {
        self.parts.iter().for_each(|(_, part)| part.landmarks(out));
    }

    fn is_atomic(&self) -> bool {
        self.parts.iter().all(|(_, part)| part.is_atomic())
    }

    fn edges(&self, out: &mut Vec<f64>) {
        self.parts.iter().for_each(|(_, part)| part.edges(out));
    }
}

fn blend(parts: &[Part], level: impl Fn(&dyn Prepared) -> Level) -> Level {
    parts.iter().fold(Level { below: 0.0, above: 0.0 }, |sum, (weight, part)| {
        let part = level(part.as_ref());
        Level { below: sum.below + weight * part.below, above: sum.above + weight * part.above }
    })
}

/// The root of an increasing function between two (argument, value) of opposite signs.
fn chandrupatla(low: (f64, f64), high: (f64, f64), tolerance: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ((mut a, mut fa), (mut b, mut fb)) = (high, low);
    // An end of no probability has an infinite logarithm; then the first step is a bisection.
    let mut t = if (fa - fb).is_finite() { (fa / (fa - fb)).clamp(0.01, 0.99) } else { 0.5 };
    for _ in 0..200 {
        let x = a + t * (b - a);
        let fx = f(x);
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, b, fc, fb) = (b, a, fb, fa);
        }
        (a, fa) = (x, fx);
        let best = if fa.abs() < fb.abs() { a } else { b };
        let relative = tolerance * (1.0 + best.abs()) / (b - a).abs();
        if relative > 0.5 || fx == 0.0 {
            return best;
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        t = t.clamp(relative.min(0.5), (1.0 - relative).max(0.5));
    }
    a
}
