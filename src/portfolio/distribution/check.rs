//! Rules that the numbers of several families keep.
//!
//! Every number is finite and in the range that the engine's logarithms cover; bounds are in order; spreads are
//! positive. A rule of one family is in its file; what one quantity asks beyond a valid distribution (a PUE is at
//! least 1) is in `portfolio::quantity`.

use super::Distribution;
use crate::portfolio::number::Decimal;
use crate::portfolio::problem::CellError;

/// Values are 0 or within these: far beyond any footprint, and well inside the fixed-point range of ±512 octaves even
/// after five factors are multiplied.
const SMALLEST: f64 = 1e-30;
const LARGEST: f64 = 1e40;
/// Shapes of beta and gamma within which quantiles are representable.
const SHAPES: (f64, f64) = (1e-3, 1e6);
/// Distributions inside each other, at most.
const MAX_DEPTH: usize = 8;

pub(super) fn fail(found: impl Into<String>, advice: impl Into<String>) -> Result<(), CellError> {
    Err(CellError::new(found, advice))
}

/// Refuses what is nested too deep to be meant.
pub(super) fn depth_allowed(depth: usize) -> Result<(), CellError> {
    if depth > MAX_DEPTH {
        return fail(format!("nested more than {MAX_DEPTH} deep"), "write a simpler distribution");
    }
    Ok(())
}

/// Checks a distribution inside `depth − 1` others.
pub(super) fn nested(d: &Distribution, depth: usize) -> Result<(), CellError> {
    depth_allowed(depth)?;
    d.family(|f| f.check(depth))
}

/// A value of the quantity itself (not of a shape): 0 or within `SMALLEST..=LARGEST`.
pub fn magnitude(name: &str, x: f64) -> Result<(), CellError> {
    if !x.is_finite() {
        fail(format!("{name} is not a finite number"), "write a finite number, or leave the cell empty if unknown")
    } else if x < 0.0 {
        fail(format!("{name} {} is negative", Decimal(x)), "no quantity here can be below 0: check the sign")
    } else if x != 0.0 && !(SMALLEST..=LARGEST).contains(&x) {
        fail(
            format!("{name} {} is outside 1e-30 to 1e40", Decimal(x)),
            "no such quantity exists: check the exponent and the unit",
        )
    } else {
        Ok(())
    }
}

pub(super) fn positive(name: &str, x: f64) -> Result<(), CellError> {
    magnitude(name, x)?;
    if x == 0.0 { fail(format!("{name} is 0"), format!("{name} must be above 0")) } else { Ok(()) }
}

pub(super) fn ordered(lo: f64, hi: f64) -> Result<(), CellError> {
    magnitude("the lower bound", lo)?;
    magnitude("the upper bound", hi)?;
    if lo > hi {
        fail(
            format!("the bounds are reversed: {} is above {}", Decimal(lo), Decimal(hi)),
            format!("write the smaller one first: {}, {}", Decimal(hi), Decimal(lo)),
        )
    } else if lo == hi {
        fail(
            format!("the bounds are equal ({})", Decimal(lo)),
            format!("write fixed({}) for a number known exactly", Decimal(lo)),
        )
    } else {
        Ok(())
    }
}

pub(super) fn moded(lo: f64, mode: f64, hi: f64) -> Result<(), CellError> {
    ordered(lo, hi)?;
    if !(lo..=hi).contains(&mode) {
        return fail(
            format!("the mode {} is not between {} and {}", Decimal(mode), Decimal(lo), Decimal(hi)),
            "the order is (lo, mode, hi)",
        );
    }
    Ok(())
}

pub(super) fn shape(name: &str, x: f64) -> Result<(), CellError> {
    if x > 0.0 && (SHAPES.0..=SHAPES.1).contains(&x) {
        Ok(())
    } else {
        fail(format!("{name} is {}", Decimal(x)), format!("{name} must lie between {:e} and {:e}", SHAPES.0, SHAPES.1))
    }
}
