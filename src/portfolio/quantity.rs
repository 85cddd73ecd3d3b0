//! What each quantity of a models file may be, beyond being a valid distribution.
//!
//! Bounds that follow from the definition of the quantity are problems (a PUE below 1, an MFU above 1, an efficiency
//! of 0 to divide by); what is merely unlikely is a warning, in [`super::rules`].

use super::cell::CellError;
use super::distribution::Decimal;
use super::quantile::quantile;
use super::{Distribution, Value};

/// The quantities that decide which bounds apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// At least 0.
    Amount,
    /// Divides the energy: efficiency. Above 0, and not near it.
    Divisor,
    /// MFU: a divisor that is a fraction.
    Fraction,
    /// At least 1.
    Pue,
}

/// Lowest and highest possible value.
pub fn ends(d: &Distribution) -> (f64, f64) {
    use Distribution::*;
    match d {
        Fixed(x) => (*x, *x),
        LogNormal { .. } | Normal { .. } | Gamma { .. } => (0.0, f64::INFINITY),
        Uniform { lo, hi }
        | LogUniform { lo, hi }
        | Triangular { lo, hi, .. }
        | Pert { lo, hi, .. }
        | Beta { lo, hi, .. }
        | LogitNormal { lo, hi, .. } => (*lo, *hi),
        Shifted { shift, inner } => {
            let (lo, hi) = ends(inner);
            (shift + lo, shift + hi)
        }
        Mixture(parts) => parts.iter().fold((f64::INFINITY, 0.0), |(lo, hi), (_, part)| {
            let (from, to) = ends(part);
            (f64::min(lo, from), f64::max(hi, to))
        }),
        Empirical(values) => (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(f64::INFINITY)),
        Truncated { inner, lo, hi } => {
            let (from, to) = ends(inner);
            (f64::max(from, *lo), f64::min(to, *hi))
        }
    }
}

/// The first normal in `d`, however deep, whose sd is more than a fifth of its mean.
fn wide_normal(d: &Distribution) -> Option<(f64, f64)> {
    use Distribution::*;
    match d {
        Normal { mean, sd } => (*sd > mean / 5.0).then_some((*mean, *sd)),
        Shifted { inner, .. } | Truncated { inner, .. } => wide_normal(inner),
        Mixture(parts) => parts.iter().find_map(|(_, part)| wide_normal(part)),
        _ => None,
    }
}

/// Whether `d` has a density that does not vanish at 0, so that its reciprocal has no mean.
fn reaches_zero(d: &Distribution) -> bool {
    use Distribution::*;
    match d {
        Fixed(x) => *x == 0.0,
        Uniform { lo, .. } => *lo == 0.0,
        // The reciprocal of x^(a−1) dx near 0 has a mean only for a > 1.
        Beta { a, lo, .. } => *lo == 0.0 && *a <= 1.0,
        Pert { lo, mode, .. } | Triangular { lo, mode, .. } => *lo == 0.0 && *mode == 0.0,
        Gamma { shape, .. } => *shape <= 1.0,
        Shifted { shift, inner } => *shift == 0.0 && reaches_zero(inner),
        Mixture(parts) => parts.iter().any(|(_, part)| reaches_zero(part)),
        Empirical(values) => values.first().is_some_and(|x| *x == 0.0),
        Truncated { inner, lo, .. } => *lo == 0.0 && reaches_zero(inner),
        LogNormal { .. } | Normal { .. } | LogUniform { .. } | LogitNormal { .. } => false,
    }
}

impl Quantity {
    /// Checks a value that is already a valid distribution.
    ///
    /// # Errors
    /// What the quantity excludes, with advice.
    pub fn check(self, value: &Value) -> Result<(), CellError> {
        let fixed;
        let d = match value {
            Value::Number(x) => {
                fixed = Distribution::Fixed(*x);
                &fixed
            }
            Value::Distribution(d) => d,
        };
        let (lo, _) = ends(d);
        match self {
            Quantity::Amount => Ok(()),
            Quantity::Pue if lo >= 1.0 => Ok(()),
            Quantity::Pue => Err(match (value, d) {
                (Value::Number(x), _) => CellError::new(
                    format!("a PUE of {} is below 1", Decimal(*x)),
                    "the PUE is facility energy over IT energy, so at least 1: check for a swapped column or an overhead \
                     (0.1 means 1.1)",
                ),
                (_, Distribution::Normal { mean, sd }) => CellError::new(
                    "this distribution has probability below 1, which a PUE cannot be",
                    format!(
                        "write truncated(normal({}, {}), 1, inf), or shifted(1, …) for 1 + X",
                        Decimal(*mean),
                        Decimal(*sd)
                    ),
                ),
                _ => CellError::new(
                    "this distribution has probability below 1, which a PUE cannot be",
                    "write shifted(1, …) for 1 + X, for example shifted(1, 0.05 to 0.3)",
                ),
            }),
            Quantity::Divisor => divisor("an efficiency", d),
            Quantity::Fraction => {
                if quantile(d, 0.99) > 1.0 {
                    return Err(match value {
                        Value::Number(x) if *x > 1.0 && *x <= 100.0 => CellError::new(
                            format!("an MFU of {}", Decimal(*x)),
                            format!("the MFU is a fraction: did you mean {}?", Decimal(hundredth(*x))),
                        ),
                        Value::Number(x) => CellError::new(
                            format!("an MFU of {}", Decimal(*x)),
                            "the MFU is a fraction of the dense peak, above 0 and at most 1",
                        ),
                        Value::Distribution(_) => CellError::new(
                            "more than 1 % of this distribution lies above an MFU of 1",
                            "the MFU is a fraction: write 0.3 to 0.5, not 30 to 50; bound it with truncated(…, 0, 1)",
                        ),
                    });
                }
                divisor("an MFU", d)
            }
        }
    }
}

fn divisor(what: &str, d: &Distribution) -> Result<(), CellError> {
    if let Some((mean, sd)) = wide_normal(d) {
        return Err(CellError::new(
            format!("{what} divides the energy, and normal({}, {}) comes too close to 0", Decimal(mean), Decimal(sd)),
            format!("its sd may be at most a fifth of its mean: write lognormal({}, gsd)", Decimal(mean)),
        ));
    }
    if reaches_zero(d) {
        return Err(CellError::new(
            format!("{what} of 0 would mean infinite energy"),
            "leave the cell empty if it is unknown, or keep the distribution away from 0",
        ));
    }
    Ok(())
}

/// A percentage as the fraction that was perhaps meant, without the digits that binary division adds (1.4 → 0.014).
pub fn hundredth(percent: f64) -> f64 {
    let fraction = percent / 100.0;
    format!("{fraction:.12e}").parse().unwrap_or(fraction)
}
