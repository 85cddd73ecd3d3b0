//! Numbers in text: how they are read, what to advise where one was meant, and how they are written.

use std::fmt;

use super::measure::Measure;
use super::problem::CellError;

/// A number in the shortest decimal form that reads back as the same f64: plain where people would write it so,
/// with an exponent elsewhere.
pub(crate) struct Decimal(pub f64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0;
        if x == 0.0 || !x.is_finite() || (1e-4..1e7).contains(&x.abs()) { write!(f, "{x}") } else { write!(f, "{x:e}") }
    }
}

/// Reads a number that has no unit: finite, and not rounded to 0.
///
/// # Errors
/// What is wrong with the text, with a suggestion for the usual slips (separators, units, per cent, ranges).
pub fn number(text: &str) -> Result<f64, CellError> {
    Measure::PLAIN.number(text)
}
