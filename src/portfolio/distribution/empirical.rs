//! Equally likely values: a sample, from a file or in the cell.
//!
//! ```text
//! P(X = xᵢ) = 1/n          empirical(file) with one number a line, or empirical(1, 2, 3)
//! ```
//!
//! The quantile is the ⌈pn⌉-th smallest value, definition 1 of R. J. Hyndman and Y. Fan, Am. Stat. 50 (1996) 361–365,
//! doi:10.1080/00031305.1996.10473566: no value that is not in the sample is ever drawn.
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "empirical(3, 1, 2)".parse()?;
//! assert_eq!(d.to_string(), "empirical(1, 2, 3)");
//! assert_eq!(quantile(&d, 0.5), 2.0);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use std::sync::Arc;

use super::Distribution;
use super::cell::Arguments;
use super::check::{fail, magnitude};
use super::family::{Family, Numbers, Style, Syntax, Words};
use super::moments::{Power, in_open};
use super::quantile::Prepared;
use crate::engine::stats::normal::Level;
use crate::portfolio::problem::CellError;

const MAX_VALUES: usize = 1_000_000;

pub(super) const SYNTAX: Syntax = Syntax { name: "empirical", arguments: "file", key: 12, parse };

fn parse(arguments: &Arguments) -> Result<Distribution, CellError> {
    let mut values: Vec<f64> = match (file(&arguments.items), arguments.items.as_slice()) {
        (_, []) => return Err(CellError::new("empirical without a file", "write empirical(file)")),
        (Some(name), _) => arguments.files.values(name)?.into_iter().map(|x| arguments.measure.of(x)).collect(),
        (None, many) => many.iter().map(|text| arguments.value(text)).collect::<Result<_, _>>()?,
    };
    if values.len() > MAX_VALUES {
        return Err(CellError::new(format!("{} values", values.len()), format!("at most {MAX_VALUES} are read")));
    }
    values.sort_by(f64::total_cmp);
    Ok(Distribution::Empirical(values.into()))
}

/// The file that these arguments name, if they are no values.
pub(super) fn file<'t>(items: &[&'t str]) -> Option<&'t str> {
    match items {
        [one] if one.parse::<f64>().is_err() => Some(one.trim_matches('"')),
        _ => None,
    }
}

#[derive(Debug)]
pub(super) struct Empirical<'d>(pub(super) &'d Arc<[f64]>);

impl Family for Empirical<'_> {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(self.0)
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        if self.0.is_empty() {
            return fail("no values", "give at least one value");
        }
        if self.0.windows(2).any(|w| w[0] > w[1]) {
            return fail("the values are not sorted", "sort them");
        }
        self.0.iter().try_for_each(|x| magnitude("the value", *x))
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Steps(Arc::clone(self.0)))
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Empirical(self.0.iter().map(|x| number(*x)).collect())
    }

    fn scale(&self) -> Option<f64> {
        self.0.last().copied().filter(|x| *x > 0.0)
    }

    fn ends(&self) -> (f64, f64) {
        (self.0.first().copied().unwrap_or(0.0), self.0.last().copied().unwrap_or(f64::INFINITY))
    }

    fn reaches_zero(&self) -> bool {
        self.0.first() == Some(&0.0)
    }

    fn order_at_zero(&self) -> f64 {
        if self.0.first() == Some(&0.0) { 0.0 } else { f64::INFINITY }
    }

    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        self.0.iter().map(|x| in_open(*x, lo, hi, g)).sum::<f64>() / self.0.len() as f64
    }

    fn written(&self, style: &Style) -> String {
        if style.lists { style.call(SYNTAX.name, self.0) } else { format!("empirical of {} values", self.0.len()) }
    }

    fn spell(&self, words: &mut Words) {
        words.extend([SYNTAX.key, self.0.len() as u64]);
        words.extend(self.0.iter().map(|x| x.to_bits()));
    }
}

/// The cumulative probability: a step at each value.
#[derive(Debug)]
struct Steps(Arc<[f64]>);

impl Prepared for Steps {
    fn at(&self, level: Level) -> f64 {
        self.0[index(self.0.len(), level)]
    }

    fn cdf(&self, x: f64) -> Level {
        share(self.0.partition_point(|v| *v <= x), self.0.len())
    }

    fn cdf_below(&self, x: f64) -> Level {
        share(self.0.partition_point(|v| *v < x), self.0.len())
    }

    fn density(&self, _x: f64) -> f64 {
        0.0
    }

    fn landmarks(&self, _out: &mut Vec<f64>) {}

    fn is_atomic(&self) -> bool {
        true
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.extend_from_slice(&self.0);
    }
}

fn share(count: usize, of: usize) -> Level {
    Level { below: count as f64 / of as f64, above: (of - count) as f64 / of as f64 }
}

/// Index of the ⌈pN⌉-th of N equally likely values.
fn index(count: usize, level: Level) -> usize {
    let n = count as f64;
    let rank = if level.below <= level.above { libm::ceil(level.below * n) } else { n - libm::floor(level.above * n) };
    (rank.max(1.0) as usize).min(count) - 1
}
