//! The distributions that a cell, a prior or an assessment can hold: one file per family.
//!
//! A family's file has all that is known of it: how a cell writes it, what its numbers may be, its quantiles and
//! moments, its scale and the key of its shape. `Distribution::family` is the one place that names a file for each
//! variant, and `FAMILIES` the one list of them. What the families share: `family` (what each has to say), `check`
//! (rules that several have), [`quantile`] and [`moments`] (what is computed from a prepared family), [`interpolated`] (its quantiles
//! by interpolation, for tables), [`shape`] (equal
//! shapes, one table), [`cell`] (the grammar).
//!
//! Invariants (kept by whoever constructs one: the cell reader and the assessment; [`Distribution::check`] refuses
//! the rest): every number is finite; bounds are in order; spreads are positive; nothing has probability below zero of
//! the factor's range.
//!
//! `Display` writes the grammar that [`cell`] reads, and what it writes reads back as the same numbers.

mod beta;
pub mod cell;
pub(crate) mod check;
mod empirical;
mod family;
mod fixed;
mod gamma;
pub mod interpolated;
mod inversion;
mod logitnormal;
pub(super) mod lognormal;
mod loguniform;
mod mixture;
pub mod moments;
mod normal;
mod pert;
pub mod quantile;
pub mod remembered;
pub mod shape;
mod shifted;
mod triangular;
mod truncated;
mod uniform;

use std::fmt;
use std::sync::Arc;

use self::family::{Family, Style, Syntax};
use super::number::Decimal;
use super::problem::CellError;

/// A probability distribution on the numbers from 0.
///
/// ```
/// use carbonhaze::Distribution;
///
/// let grid: Distribution = "mixture(0.7: lognormal(400, 1.5), 0.3: uniform(20, 60))".parse()?;
/// assert!(matches!(grid, Distribution::Mixture(_)));
/// assert_eq!(grid.to_string(), "mixture(0.7: lognormal(400, 1.5), 0.3: uniform(20, 60))");
/// assert_eq!(grid.scaled(2.0).to_string(), "mixture(0.7: lognormal(800, 1.5), 0.3: uniform(40, 120))");
/// # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Distribution {
    /// A known number, ≥ 0.
    Fixed(f64),
    /// `ln x ~ N(ln median, (ln gsd)²)`, gsd > 1.
    LogNormal {
        /// Half of the probability lies below it.
        median: f64,
        /// Geometric standard deviation: a factor.
        gsd: f64,
    },
    /// Truncated at 0 (at most 1 % may lie below).
    Normal {
        /// Of the normal before it is truncated.
        mean: f64,
        /// Standard deviation, likewise.
        sd: f64,
    },
    /// Equally likely everywhere between two bounds.
    Uniform {
        /// Lower bound.
        lo: f64,
        /// Upper bound.
        hi: f64,
    },
    /// Whose logarithm is uniform.
    LogUniform {
        /// Lower bound, above 0.
        lo: f64,
        /// Upper bound.
        hi: f64,
    },
    /// A density that rises in a straight line to the mode and falls in another.
    Triangular {
        /// Lower bound.
        lo: f64,
        /// Most likely value; may be a bound.
        mode: f64,
        /// Upper bound.
        hi: f64,
    },
    /// Beta with shapes `1 + 4(mode − lo)/(hi − lo)` and `1 + 4(hi − mode)/(hi − lo)` on `[lo, hi]`.
    Pert {
        /// Lower bound.
        lo: f64,
        /// Most likely value.
        mode: f64,
        /// Upper bound.
        hi: f64,
    },
    /// Beta on `[lo, hi]`.
    Beta {
        /// Shape at the lower bound.
        a: f64,
        /// Shape at the upper bound.
        b: f64,
        /// Lower bound.
        lo: f64,
        /// Upper bound.
        hi: f64,
    },
    /// Mean `shape · scale`.
    Gamma {
        /// Without a unit.
        shape: f64,
        /// In the unit of the value.
        scale: f64,
    },
    /// `lo + (hi − lo)/(1 + exp(−(mu + sd·z)))`; a cell's `logitnormal(mu, sd)` has lo = 0, hi = 1.
    LogitNormal {
        /// Logit of the median.
        mu: f64,
        /// Standard deviation in logits.
        sd: f64,
        /// Lower bound.
        lo: f64,
        /// Upper bound.
        hi: f64,
    },
    /// `shift + X`.
    Shifted {
        /// Added to every value.
        shift: f64,
        /// X.
        inner: Box<Distribution>,
    },
    /// Weights are positive and sum to 1.
    Mixture(Vec<(f64, Distribution)>),
    /// Equally likely values, sorted.
    Empirical(Arc<[f64]>),
    /// `inner` given that it lies in `[lo, hi]` (redrawn, never clipped); `lo` may be 0, `hi` infinite.
    Truncated {
        /// Before it is truncated.
        inner: Box<Distribution>,
        /// Lower bound.
        lo: f64,
        /// Upper bound.
        hi: f64,
    },
}

/// How a cell writes each family, in the order in which messages list them.
const FAMILIES: [&Syntax; 14] = [
    &fixed::SYNTAX,
    &lognormal::SYNTAX,
    &normal::SYNTAX,
    &uniform::SYNTAX,
    &loguniform::SYNTAX,
    &triangular::SYNTAX,
    &pert::SYNTAX,
    &beta::SYNTAX,
    &gamma::SYNTAX,
    &logitnormal::SYNTAX,
    &shifted::SYNTAX,
    &mixture::SYNTAX,
    &empirical::SYNTAX,
    &truncated::SYNTAX,
];

impl Distribution {
    /// Asks the family's own file.
    fn family<R>(&self, ask: impl FnOnce(&dyn Family) -> R) -> R {
        use Distribution::*;
        match *self {
            Fixed(x) => ask(&fixed::Fixed(x)),
            LogNormal { median, gsd } => ask(&lognormal::LogNormal { median, gsd }),
            Normal { mean, sd } => ask(&normal::Normal { mean, sd }),
            Uniform { lo, hi } => ask(&uniform::Uniform { lo, hi }),
            LogUniform { lo, hi } => ask(&loguniform::LogUniform { lo, hi }),
            Triangular { lo, mode, hi } => ask(&triangular::Triangular { lo, mode, hi }),
            Pert { lo, mode, hi } => ask(&pert::Pert { lo, mode, hi }),
            Beta { a, b, lo, hi } => ask(&beta::Beta { a, b, lo, hi }),
            Gamma { shape, scale } => ask(&gamma::Gamma { shape, scale }),
            LogitNormal { mu, sd, lo, hi } => ask(&logitnormal::LogitNormal { mu, sd, lo, hi }),
            Shifted { shift, ref inner } => ask(&shifted::Shifted { shift, inner }),
            Mixture(ref parts) => ask(&mixture::Mixture(parts)),
            Empirical(ref values) => ask(&empirical::Empirical(values)),
            Truncated { ref inner, lo, hi } => ask(&truncated::Truncated { inner, lo, hi }),
        }
    }

    /// Refuses whatever the invariants exclude.
    ///
    /// # Errors
    /// The first violation found, with advice.
    pub fn check(&self) -> Result<(), CellError> {
        check::nested(self, 1)
    }

    /// Lowest and highest possible value.
    pub fn ends(&self) -> (f64, f64) {
        self.family(|f| f.ends())
    }

    /// Whether the density does not vanish at 0, so that the reciprocal has no mean.
    pub fn reaches_zero(&self) -> bool {
        self.family(|f| f.reaches_zero())
    }

    /// Visits the distribution and all it is made of, however deep, from the outside in.
    pub fn visit(&self, seen: &mut dyn FnMut(&Distribution)) {
        seen(self);
        self.family(|f| f.visit_parts(seen));
    }

    /// The distribution of `factor · X`, `factor` > 0.
    pub fn scaled(&self, factor: f64) -> Distribution {
        self.family(|f| f.mapped(&|x| x * factor))
    }

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

    /// In the grammar of cells, but with `number` for the numbers, and the number of values in place of a list of them.
    pub fn abridged(&self, number: &dyn Fn(f64) -> String) -> String {
        self.family(|f| f.written(&Style { number, lists: false }))
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = Style { number: &|x| Decimal(x).to_string(), lists: true };
        f.write_str(&self.family(|family| family.written(&style)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_key_is_one_family_s_own() {
        let keys = FAMILIES.map(|syntax| syntax.key);
        assert_eq!(keys, std::array::from_fn(|i| i as u64));
    }
}
