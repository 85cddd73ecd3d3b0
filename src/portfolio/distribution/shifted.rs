//! `shift + X`: a quantity with a floor, such as a PUE.
//!
//! ```text
//! f(x) = f_X(x − shift)          shifted(x, dist)
//! ```
//!
//! Shifts are added one by one as they are nested, so that atoms keep their very values; [`unshift_up`] and
//! [`unshift_down`] find an atom again after its shift was rounded.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "shifted(1, uniform(0, 0.5))".parse()?;
//! assert_eq!(quantile(&d, 0.5), 1.25);
//! assert_eq!(d.minus_one(), "uniform(0, 0.5)".parse()?);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check::{magnitude, nested};
use super::family::{Family, Numbers, Style, Syntax, Words};
use super::moments::{Power, order_at_zero, partial};
use super::quantile::Prepared;
use crate::engine::stats::normal::Level;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "shifted",
    arguments: "x, dist",
    key: 10,
    parse: |arguments| {
        let [shift, x] = arguments.items.as_slice() else { return Err(arguments.wrong_count()) };
        Ok(Distribution::Shifted { shift: arguments.value(shift)?, inner: Box::new(arguments.inner(x)?) })
    },
};

pub(super) struct Shifted<'d> {
    pub(super) shift: f64,
    pub(super) inner: &'d Distribution,
}

impl Family for Shifted<'_> {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.shift])
    }

    fn check(&self, depth: usize) -> Result<(), CellError> {
        magnitude("the shift", self.shift)?;
        nested(self.inner, depth + 1)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Curve { shift: self.shift, inner: self.inner.family(|f| f.prepared()) })
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        let inner = self.inner.family(|f| f.mapped(number));
        Distribution::Shifted { shift: number(self.shift), inner: Box::new(inner) }
    }

    fn scale(&self) -> Option<f64> {
        self.inner.family(|f| f.scale())
    }

    fn ends(&self) -> (f64, f64) {
        let (lo, hi) = self.inner.ends();
        (self.shift + lo, self.shift + hi)
    }

    fn reaches_zero(&self) -> bool {
        self.shift == 0.0 && self.inner.reaches_zero()
    }

    fn order_at_zero(&self) -> f64 {
        if self.shift == 0.0 { order_at_zero(self.inner) } else { f64::INFINITY }
    }

    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        partial(self.inner, &Power { shift: Some((self.shift, g)), k: g.k }, lo, hi)
    }

    fn visit_parts(&self, seen: &mut dyn FnMut(&Distribution)) {
        self.inner.visit(seen);
    }

    fn written(&self, style: &Style) -> String {
        let inner = self.inner.family(|f| f.written(style));
        format!("{}({}, {inner})", SYNTAX.name, (style.number)(self.shift))
    }

    fn spell(&self, words: &mut Words) {
        words.extend([SYNTAX.key, self.shift.to_bits()]);
        self.inner.family(|f| f.spell(words));
    }
}

#[derive(Debug)]
struct Curve {
    shift: f64,
    inner: Box<dyn Prepared>,
}

impl Prepared for Curve {
    fn at(&self, level: Level) -> f64 {
        self.shift + self.inner.at(level)
    }

    fn cdf(&self, x: f64) -> Level {
        self.inner.cdf(unshift_up(x, self.shift))
    }

    fn cdf_below(&self, x: f64) -> Level {
        self.inner.cdf_below(unshift_down(x, self.shift))
    }

    fn density(&self, x: f64) -> f64 {
        let own = x - self.shift;
        if own == 0.0 { 0.0 } else { self.inner.density(own) * x / own }
    }

    fn landmarks(&self, out: &mut Vec<f64>) {
        let first = out.len();
        self.inner.landmarks(out);
        out[first..].iter_mut().for_each(|ln| *ln = libm::log(self.shift + libm::exp(*ln)));
    }

    fn is_atomic(&self) -> bool {
        self.inner.is_atomic()
    }

    fn edges(&self, out: &mut Vec<f64>) {
        let first = out.len();
        self.inner.edges(out);
        out[first..].iter_mut().for_each(|x| *x += self.shift);
    }
}

/// The largest y whose `shift + y` rounds to x or less.
pub(super) fn unshift_up(x: f64, shift: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let y = x - shift + 0.5 * (x.next_up() - x);
    if shift + y > x { y.next_down() } else { y }
}

/// The smallest y whose `shift + y` rounds to x or more.
pub(super) fn unshift_down(x: f64, shift: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let y = x - shift - 0.5 * (x - x.next_down());
    if shift + y < x { y.next_up() } else { y }
}
