//! A number known exactly: all probability at one value.
//!
//! ```text
//! P(X = x) = 1          fixed(x), or x by itself inside another distribution
//! ```
//!
//! ```
//! use carbonhaze::low_level::portfolio::{Distribution, quantile::quantile};
//!
//! let d: Distribution = "fixed(3)".parse()?;
//! assert_eq!(d, Distribution::Fixed(3.0));
//! assert_eq!(quantile(&d, 0.99), 3.0);
//! # Ok::<(), carbonhaze::low_level::portfolio::cell::CellError>(())
//! ```

use super::Distribution;
use super::check;
use super::family::{Family, Numbers, Syntax};
use super::moments::{Power, in_open};
use super::quantile::{Prepared, step};
use crate::engine::stats::normal::Level;
use crate::portfolio::problem::CellError;

pub(super) const SYNTAX: Syntax = Syntax {
    name: "fixed",
    arguments: "x",
    key: 0,
    parse: |arguments| Ok(Distribution::Fixed(arguments.numbers(&[1])?[0])),
};

#[derive(Debug)]
pub(super) struct Fixed(pub(super) f64);

impl Family for Fixed {
    fn syntax(&self) -> &'static Syntax {
        &SYNTAX
    }

    fn numbers(&self) -> Numbers {
        Numbers::from_slice(&[self.0])
    }

    fn check(&self, _depth: usize) -> Result<(), CellError> {
        check::magnitude("the value", self.0)
    }

    fn prepared(&self) -> Box<dyn Prepared> {
        Box::new(Fixed(self.0))
    }

    fn mapped(&self, number: &dyn Fn(f64) -> f64) -> Distribution {
        Distribution::Fixed(number(self.0))
    }

    fn scale(&self) -> Option<f64> {
        Some(self.0).filter(|x| *x > 0.0)
    }

    fn ends(&self) -> (f64, f64) {
        (self.0, self.0)
    }

    fn reaches_zero(&self) -> bool {
        self.0 == 0.0
    }

    fn order_at_zero(&self) -> f64 {
        if self.0 == 0.0 { 0.0 } else { f64::INFINITY }
    }

    fn closed_engine_moment(&self, power: i32) -> Option<f64> {
        Some(Power::new(power).of(self.0))
    }

    fn partial(&self, g: &Power, lo: f64, hi: f64) -> f64 {
        in_open(self.0, lo, hi, g)
    }
}

impl Prepared for Fixed {
    fn at(&self, _level: Level) -> f64 {
        self.0
    }

    fn cdf(&self, x: f64) -> Level {
        step(self.0 <= x)
    }

    fn cdf_below(&self, x: f64) -> Level {
        step(self.0 < x)
    }

    fn density(&self, _x: f64) -> f64 {
        0.0
    }

    fn landmarks(&self, _out: &mut Vec<f64>) {}

    fn is_atomic(&self) -> bool {
        true
    }

    fn edges(&self, out: &mut Vec<f64>) {
        out.push(self.0);
    }
}
