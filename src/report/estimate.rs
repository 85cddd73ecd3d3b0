//! An estimate in words: values and intervals, with or without their Monte Carlo standard errors.
//!
//! Either way a number has the digits that its error supports. Numbers come in the unit they are held in, `factor`
//! converts them to the one they are shown in; what is undefined is a dash.

use super::numbers::{self, Quantity, Unit};
use crate::posterior::Estimate;

/// The unit in which an estimate's mean reads well.
pub(super) fn unit(quantity: Quantity, e: &Estimate) -> Unit {
    quantity.unit(e.mean.unwrap_or(0.0))
}

pub(super) fn mean(e: &Estimate, factor: f64) -> String {
    value(e.mean, e.mcse.mean, factor)
}

pub(super) fn median(e: &Estimate, factor: f64) -> String {
    value(e.median, e.mcse.median, factor)
}

/// The equal-tailed interval: `25.21 to 130.9`
pub(super) fn interval(e: &Estimate, factor: f64) -> String {
    range(e.interval, e.mcse.interval, factor)
}

/// The head over [`interval`].
pub(super) fn equal_tailed(level: f64) -> String {
    format!("{} equal-tailed", numbers::level(level))
}

/// `61.32`
pub(super) fn value(x: Option<f64>, mcse: Option<f64>, factor: f64) -> String {
    x.map_or("–".into(), |x| numbers::value(x * factor, mcse.map(|e| e * factor)))
}

/// `61.32 ± 0.03`
pub(super) fn value_with_error(x: Option<f64>, mcse: Option<f64>, factor: f64) -> String {
    let Some(x) = x else { return "–".into() };
    match numbers::with_error(x * factor, mcse.map(|e| e * factor)) {
        (value, Some(error)) => format!("{value} ± {error}"),
        (value, None) => value,
    }
}

/// `25.21 to 130.9`
pub(super) fn range(x: Option<[f64; 2]>, mcse: Option<[f64; 2]>, factor: f64) -> String {
    ends(x, mcse, |x, mcse| value(x, mcse, factor))
}

/// `25.21 ± 0.04 to 130.9 ± 0.2`
pub(super) fn range_with_errors(x: Option<[f64; 2]>, mcse: Option<[f64; 2]>, factor: f64) -> String {
    ends(x, mcse, |x, mcse| value_with_error(x, mcse, factor))
}

fn ends(x: Option<[f64; 2]>, mcse: Option<[f64; 2]>, end: impl Fn(Option<f64>, Option<f64>) -> String) -> String {
    let Some([lo, hi]) = x else { return "–".into() };
    format!("{} to {}", end(Some(lo), mcse.map(|m| m[0])), end(Some(hi), mcse.map(|m| m[1])))
}
