//! What a distribution must satisfy before anything is computed from it.
//!
//! Kept here: every number is finite and in the range that the engine's logarithms cover; bounds are in order; spreads
//! are positive; weights sum to 1; nothing lies below zero. What one quantity asks beyond that (a PUE is at least 1)
//! is in [`super::quantity`].

use super::Distribution;
use super::cell::CellError;
use super::distribution::Decimal;

/// Values are 0 or within these: far beyond any footprint, and well inside the fixed-point range of ±512 octaves even
/// after five factors are multiplied.
pub const SMALLEST: f64 = 1e-30;
pub const LARGEST: f64 = 1e40;
/// A geometric standard deviation above this is a slip of the pen: 95 % of it spans 24 orders of magnitude.
const LARGEST_GSD: f64 = 1e6;
/// Shapes of beta and gamma within which quantiles are representable.
const SHAPES: (f64, f64) = (1e-3, 1e6);
/// Logits within which a logit-normal is not numerically 0 or 1.
const LARGEST_LOGIT: f64 = 30.0;
pub const MAX_DEPTH: usize = 8;
pub const MAX_PARTS: usize = 1000;
pub const MAX_VALUES: usize = 1_000_000;
/// Weights within this of 1 are taken for rounded and are normalised by the reader.
pub const WEIGHT_SLACK: f64 = 1e-6;
/// Upper 1 % point of the standard normal (SciPy `norm.isf(0.01)`): `mean/sd` below it puts more than 1 % below zero.
const NORMAL_99: f64 = 2.3263478740408408;

fn fail(found: impl Into<String>, advice: impl Into<String>) -> Result<(), CellError> {
    Err(CellError::new(found, advice))
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

fn positive(name: &str, x: f64) -> Result<(), CellError> {
    magnitude(name, x)?;
    if x == 0.0 { fail(format!("{name} is 0"), format!("{name} must be above 0")) } else { Ok(()) }
}

fn ordered(lo: f64, hi: f64) -> Result<(), CellError> {
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

fn moded(lo: f64, mode: f64, hi: f64) -> Result<(), CellError> {
    ordered(lo, hi)?;
    if !(lo..=hi).contains(&mode) {
        return fail(
            format!("the mode {} is not between {} and {}", Decimal(mode), Decimal(lo), Decimal(hi)),
            "the order is (lo, mode, hi)",
        );
    }
    Ok(())
}

fn shape(name: &str, x: f64) -> Result<(), CellError> {
    if x > 0.0 && (SHAPES.0..=SHAPES.1).contains(&x) {
        Ok(())
    } else {
        fail(format!("{name} is {}", Decimal(x)), format!("{name} must lie between {:e} and {:e}", SHAPES.0, SHAPES.1))
    }
}

/// Refuses whatever the invariants of [`Distribution`] exclude.
///
/// # Errors
/// The first violation found, with advice.
pub fn validate(d: &Distribution) -> Result<(), CellError> {
    validate_at(d, 1)
}

fn validate_at(d: &Distribution, depth: usize) -> Result<(), CellError> {
    use Distribution::*;
    if depth > MAX_DEPTH {
        return fail(format!("nested more than {MAX_DEPTH} deep"), "write a simpler distribution");
    }
    match d {
        Fixed(x) => magnitude("the value", *x),
        LogNormal { median, gsd } => {
            positive("the median", *median)?;
            gsd_in_range(*gsd)
        }
        Normal { mean, sd } => {
            positive("the mean", *mean)?;
            if sd.is_nan() || *sd <= 0.0 {
                return fail(
                    format!("the standard deviation is {}", Decimal(*sd)),
                    format!("it must be above 0; write fixed({}) for a number known exactly", Decimal(*mean)),
                );
            }
            positive("the standard deviation", *sd)?;
            if *mean < NORMAL_99 * sd {
                return fail(
                    format!("normal({}, {}) has more than 1 % below 0", Decimal(*mean), Decimal(*sd)),
                    format!("use lognormal({}, gsd) or truncated bounds such as uniform(lo, hi)", Decimal(*mean)),
                );
            }
            Ok(())
        }
        Uniform { lo, hi } => ordered(*lo, *hi),
        LogUniform { lo, hi } => {
            ordered(*lo, *hi)?;
            positive("the lower bound", *lo)
        }
        Triangular { lo, mode, hi } | Pert { lo, mode, hi } => moded(*lo, *mode, *hi),
        Beta { a, b, lo, hi } => {
            shape("a", *a)?;
            shape("b", *b)?;
            ordered(*lo, *hi)
        }
        Gamma { shape: k, scale } => {
            shape("the shape", *k)?;
            positive("the scale", *scale)
        }
        LogitNormal { mu, sd, lo, hi } => {
            if mu.is_nan() || mu.abs() > LARGEST_LOGIT {
                return fail(
                    format!("mu is {}", Decimal(*mu)),
                    "mu is the logit of the median, ln(p/(1 − p)), within ±30",
                );
            }
            if sd.is_nan() || *sd <= 0.0 || *sd > LARGEST_LOGIT {
                return fail(format!("sd is {}", Decimal(*sd)), "sd is in logits, above 0 and at most 30");
            }
            ordered(*lo, *hi)
        }
        Shifted { shift, inner } => {
            magnitude("the shift", *shift)?;
            validate_at(inner, depth + 1)
        }
        Mixture(parts) => mixture(parts, depth),
        Empirical(values) => {
            if values.is_empty() {
                return fail("no values", "give at least one value");
            }
            if values.windows(2).any(|w| w[0] > w[1]) {
                return fail("the values are not sorted", "sort them");
            }
            values.iter().try_for_each(|x| magnitude("the value", *x))
        }
        Truncated { inner, lo, hi } => {
            validate_at(inner, depth + 1)?;
            if *hi == f64::INFINITY {
                magnitude("the lower bound", *lo)?
            } else {
                ordered(*lo, *hi)?
            }
            let (from, to) = super::quantity::ends(inner);
            if *lo >= to || *hi <= from {
                return fail(
                    format!("nothing of {inner} lies between {} and {}", Decimal(*lo), Decimal(*hi)),
                    "check the bounds",
                );
            }
            Ok(())
        }
    }
}

/// The rule for every geometric standard deviation, in cells and in study files.
pub fn gsd_in_range(gsd: f64) -> Result<(), CellError> {
    if gsd.is_nan() || gsd <= 1.0 {
        return fail(
            format!("the GSD is {}", Decimal(gsd)),
            "a geometric standard deviation is a factor above 1 (1.2 is about ±20 %); for no spread write fixed(x)",
        );
    }
    if gsd > LARGEST_GSD {
        return fail(
            format!("the GSD is {}", Decimal(gsd)),
            "a geometric standard deviation above 1e6 is not credible",
        );
    }
    Ok(())
}

fn mixture(parts: &[(f64, Distribution)], depth: usize) -> Result<(), CellError> {
    if parts.is_empty() {
        return fail("a mixture without parts", "write mixture(0.7: dist, 0.3: dist)");
    }
    if parts.len() > MAX_PARTS {
        return fail(
            format!("a mixture of {} parts", parts.len()),
            format!("at most {MAX_PARTS}; use empirical(file) for many values"),
        );
    }
    for (weight, part) in parts {
        if weight.is_nan() || *weight <= 0.0 || *weight > 1.0 + WEIGHT_SLACK {
            return fail(
                format!("the weight {} is not between 0 and 1", Decimal(*weight)),
                "weights are positive and sum to 1; leave out a part that cannot occur",
            );
        }
        validate_at(part, depth + 1)?;
    }
    let sum: f64 = parts.iter().map(|(w, _)| w).sum();
    if (sum - 1.0).abs() > WEIGHT_SLACK {
        let scaled: Vec<String> = parts.iter().map(|(w, _)| format!("{:.4}", w / sum)).collect();
        let scaled =
            if scaled.len() <= 6 { format!("in the same proportions: {}", scaled.join(", ")) } else { String::new() };
        return fail(format!("the weights sum to {sum:.6}, not 1"), format!("make them sum to 1 {scaled}"));
    }
    Ok(())
}
