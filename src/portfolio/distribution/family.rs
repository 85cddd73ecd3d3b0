//! What each family has to say of itself; everything else is computed from the answers.

use smallvec::SmallVec;

use super::Distribution;
use super::cell::Arguments;
use super::moments::{Power, quadrature};
use super::quantile::{Prepared, Quantiles};
use crate::portfolio::problem::CellError;

/// How a cell writes a family.
pub(super) struct Syntax {
    pub(super) name: &'static str,
    /// What stands in its parentheses, for messages.
    pub(super) arguments: &'static str,
    /// First word of the key of a shape. Equal shapes share a table by it, so it belongs to one family alone.
    pub(super) key: u64,
    pub(super) parse: fn(&Arguments) -> Result<Distribution, CellError>,
}

/// How [`Family::written`] writes numbers.
pub(super) struct Style<'a> {
    pub(super) number: &'a dyn Fn(f64) -> String,
    /// Whether a list of values is written out.
    pub(super) lists: bool,
}

impl Style<'_> {
    pub(super) fn call(&self, name: &str, numbers: &[f64]) -> String {
        let numbers: Vec<String> = numbers.iter().map(|x| (self.number)(*x)).collect();
        format!("{name}({})", numbers.join(", "))
    }
}

/// The numbers of one distribution: few, but for lists of values.
pub(super) type Numbers = SmallVec<[f64; 4]>;

/// The words of a key.
pub(super) type Words = SmallVec<[u64; 8]>;

/// A family with the numbers of one distribution.
pub(super) trait Family {
    fn syntax(&self) -> &'static Syntax;

    /// Its numbers, in the order of the arguments.
    fn numbers(&self) -> Numbers;

    /// Refuses numbers that make no distribution, with advice. `depth` counts the distributions around it, itself
    /// included.
    fn check(&self, depth: usize) -> Result<(), CellError>;

    /// Ready for quantiles and cumulative probabilities.
    fn prepared(&self) -> Box<dyn Prepared>;

    /// With every number that is in the unit of the value replaced.
    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution;

    /// A number that is proportional to the value, if there is one.
    fn scale(&self) -> Option<f64>;

    /// Lowest and highest possible value.
    fn ends(&self) -> (f64, f64);

    /// Whether the density does not vanish at 0, so that the reciprocal has no mean.
    fn reaches_zero(&self) -> bool {
        false
    }

    /// The s for which `P(X ≤ x)` falls like `x^s` towards zero: 0 with an atom at zero, infinite where it falls
    /// faster than any power or ends above zero. `E[X^k]` is finite for `k > −s`.
    fn order_at_zero(&self) -> f64 {
        f64::INFINITY
    }

    /// Whether no draw of the engine comes near zero, although there is probability.
    fn out_of_reach_of_zero(&self) -> bool {
        false
    }

    /// `E[X^power]` where there is a closed form; only asked for where it is finite.
    fn closed_moment(&self, _power: i32) -> Option<f64> {
        None
    }

    /// `E[X^power]` over the engine's z, where there is a closed form.
    fn closed_engine_moment(&self, _power: i32) -> Option<f64> {
        None
    }

    /// `E[g(X); lo < shift + X < hi]`, lo < hi, with g and the shift of `g`.
    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        quadrature(&Quantiles::from(self.prepared()), g, lo, hi)
    }

    /// Visits the distributions that this one is made of, and all they are made of.
    fn visit_parts(&self, _seen: &mut dyn FnMut(&Distribution)) {}

    /// In the grammar of cells.
    fn written(&self, style: &Style) -> String {
        style.call(self.syntax().name, &self.numbers())
    }

    /// Adds the words of its key: the family's, then the bits of its numbers.
    fn spell(&self, words: &mut Words) {
        words.push(self.syntax().key);
        words.extend(self.numbers().iter().map(|x| x.to_bits()));
    }
}
