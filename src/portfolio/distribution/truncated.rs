//! A distribution given that its value lies between two bounds: redrawn, never clipped.
//!
//! ```text
//! f(x) = f_X(x) / P(lo ≤ X ≤ hi) on [lo, hi]          truncated(dist, lo, hi), hi may be inf
//! ```
//!
//! N. L. Johnson, S. Kotz, N. Balakrishnan, Continuous Univariate Distributions, vol. 1 (2nd ed., Wiley 1994), chapter
//! 12. The bounds belong to the distribution, so that an atom on one counts.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "truncated(uniform(0, 4), 1, 3)".parse()?;
//! assert_eq!(d.ends(), (1.0, 3.0));
//! assert_eq!(quantile(&d, 0.25), 1.5);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{fail, magnitude, nested, ordered};
use super::family::{Family, Numbers, Style, Syntax, Words};
use super::moments::{Power, order_at_zero, partial};
use super::quantile::{Prepared, Quantiles, mass_between, step};
use crate::engine::stats::normal::Level;
use crate::portfolio::number::Decimal;
use crate::portfolio::problem::CellError;

/// Probability that a truncation must leave.
const LEAST_KEPT: f64 = 1e-6;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "truncated",
    arguments: "dist, lo, hi",
    key: 13,
    parse: |arguments| {
        let [x, lo, hi] = arguments.items.as_slice() else { return Err(arguments.wrong_count()) };
        let hi = if *hi == "inf" { f64::INFINITY } else { arguments.value(hi)? };
        Ok(Distribution::Truncated { inner: Box::new(arguments.inner(x)?), lo: arguments.value(lo)?, hi })
    },
};

pub(super) struct Truncated<'d> {
    pub(super) inner: &'d Distribution,
    pub(super) lo: f64,
    pub(super) hi: f64,
}

impl Family for Truncated<'_> {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.lo, self.hi])
    }

    fn check(&self, depth: usize) -> Result<(), CellError> {
        let Truncated { inner, lo, hi } = *self;
        nested(inner, depth + 1)?;
        if hi == f64::INFINITY {
            magnitude("the lower bound", lo)?
        } else {
            ordered(lo, hi)?
        }
        let inside = Quantiles::new(inner);
        let (below, upto) = (inside.cdf(lo), inside.cdf(hi));
        let mass = f64::max(upto.below - below.below, below.above - upto.above);
        if mass.is_nan() || mass < LEAST_KEPT {
            return fail(
                format!("nothing of {inner} lies between {} and {}", Decimal(lo), Decimal(hi)),
                "check the bounds: at least a millionth must be left",
            );
        }
        Ok(())
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        let inner = self.inner.family(|f| f.prepared());
        let (start, end) = (inner.cdf_below(self.lo), inner.cdf(self.hi));
        Box::new(Curve {
            lo: self.lo,
            hi: self.hi,
            ln_lo: libm::log(self.lo),
            ln_hi: libm::log(self.hi),
            start,
            end,
            mass: mass_between(start, end),
            inner,
        })
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        let inner = self.inner.family(|f| f.mapped(number));
        Distribution::Truncated { inner: Box::new(inner), lo: number(self.lo), hi: number(self.hi) }
    }

    fn scale(&self) -> Option<f64> {
        self.inner.family(|f| f.scale())
    }

    fn ends(&self) -> (f64, f64) {
        let (from, to) = self.inner.ends();
        (f64::max(from, self.lo), f64::min(to, self.hi))
    }

    fn reaches_zero(&self) -> bool {
        self.lo == 0.0 && self.inner.reaches_zero()
    }

    fn order_at_zero(&self) -> f64 {
        if self.lo == 0.0 { order_at_zero(self.inner) } else { f64::INFINITY }
    }

    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        let quantiles = Quantiles::new(self.inner);
        let mass = mass_between(quantiles.cdf_below(self.lo), quantiles.cdf(self.hi));
        let (start, end) = (g.shifted(self.lo).next_down(), g.shifted(self.hi).next_up());
        partial(self.inner, g, lo.max(start), hi.min(end)) / mass
    }

    fn visit_parts(&self, seen: &mut dyn FnMut(&Distribution)) {
        self.inner.visit(seen);
    }

    fn written(&self, style: &Style) -> String {
        let inner = self.inner.family(|f| f.written(style));
        format!("{}({inner}, {}, {})", SYNTAX.name, (style.number)(self.lo), (style.number)(self.hi))
    }

    fn spell(&self, words: &mut Words) {
        words.extend([SYNTAX.key, self.lo.to_bits(), self.hi.to_bits()]);
        self.inner.family(|f| f.spell(words));
    }
}

/// Levels of the truncated distribution are the share of the mass between the levels of its bounds.
#[derive(Debug)]
struct Curve {
    inner: Box<dyn Prepared>,
    lo: f64,
    hi: f64,
    ln_lo: f64,
    ln_hi: f64,
    start: Level,
    end: Level,
    mass: f64,
}

impl Curve {
    /// The level of `inner` at a level of the truncated distribution.
    fn inner_level(&self, level: Level) -> Level {
        Level { below: self.start.below + level.below * self.mass, above: self.end.above + level.above * self.mass }
    }

    /// The level of the truncated distribution at a level of `inner`.
    fn outer_level(&self, level: Level) -> Level {
        Level {
            below: (mass_between(self.start, level) / self.mass).min(1.0),
            above: (mass_between(level, self.end) / self.mass).min(1.0),
        }
    }
}

impl Prepared for Curve {
    fn at(&self, level: Level) -> f64 {
        self.inner.at(self.inner_level(level)).max(self.lo).min(self.hi)
    }

    fn ln_at(&self, level: Level) -> f64 {
        self.inner.ln_at(self.inner_level(level)).max(self.ln_lo).min(self.ln_hi)
    }

    fn cdf(&self, x: f64) -> Level {
        if self.lo <= x && x < self.hi { self.outer_level(self.inner.cdf(x)) } else { step(self.hi <= x) }
    }

    fn cdf_below(&self, x: f64) -> Level {
        if self.lo < x && x <= self.hi { self.outer_level(self.inner.cdf_below(x)) } else { step(self.hi < x) }
    }

    fn density(&self, x: f64) -> f64 {
        if self.lo <= x && x <= self.hi { self.inner.density(x) / self.mass } else { 0.0 }
    }

    fn point(&self, ln: f64) -> (Level, f64) {
        if self.ln_lo < ln && ln < self.ln_hi {
            let (level, density) = self.inner.point(ln);
            (self.outer_level(level), density / self.mass)
        } else {
            (step(self.ln_hi <= ln), 0.0)
        }
    }

    fn landmarks(&self, out: &mut Vec<f64>) {
        self.inner.landmarks(out);
    }

    fn is_atomic(&self) -> bool {
        self.inner.is_atomic()
    }

    fn edges(&self, out: &mut Vec<f64>) {
        let mut values = vec![self.lo, self.hi];
        self.inner.edges(&mut values);
        out.extend(values.into_iter().filter(|x| self.lo <= *x && *x <= self.hi));
    }
}
