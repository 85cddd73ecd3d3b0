//! What each quantity of a models file may be, beyond being a valid distribution.
//!
//! Bounds that follow from the definition of the quantity are problems (a PUE below 1, an MFU above 1, an efficiency
//! of 0 to divide by); what is merely unlikely is a warning, in [`super::rules`].

use super::cell::CellError;
use super::number::Decimal;
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

/// The first normal in `d`, however deep, whose sd is more than a fifth of its mean.
fn wide_normal(d: &Distribution) -> Option<(f64, f64)> {
    let mut first = None;
    d.visit(&mut |d| match *d {
        Distribution::Normal { mean, sd } if sd > mean / 5.0 => first = first.or(Some((mean, sd))),
        _ => {}
    });
    first
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
        let (lo, _) = d.ends();
        match self {
            Quantity::Amount => Ok(()),
            Quantity::Pue if lo >= 1.0 => high_pue(value, d),
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

/// No facility uses several times what its computers do; a percentage or a lost point is likelier.
fn high_pue(value: &Value, d: &Distribution) -> Result<(), CellError> {
    const HIGHEST: f64 = 5.0;
    let x = if let Value::Number(x) = value { *x } else { quantile(d, 0.5) };
    if x <= HIGHEST {
        return Ok(());
    }
    let meant = [x / 10.0, hundredth(x)].into_iter().find(|meant| (1.0..=3.0).contains(meant));
    let found = match value {
        Value::Number(_) => format!("a PUE of {}", Decimal(x)),
        Value::Distribution(_) => format!("a PUE whose median is above {HIGHEST}"),
    };
    Err(CellError::new(
        found,
        match meant {
            Some(meant) if matches!(value, Value::Number(_)) => {
                // With the digits that were written: 110 is 1.10.
                let text = if x >= 100.0 { format!("{meant:.2}") } else { Decimal(meant).to_string() };
                let exact = text.parse::<f64>().is_ok_and(|shown| shown == meant);
                format!("did you mean {}?", if exact { text } else { Decimal(meant).to_string() })
            }
            _ => "the PUE is facility energy over IT energy, mostly between 1 and 2: check the unit and the column"
                .into(),
        },
    ))
}

fn divisor(what: &str, d: &Distribution) -> Result<(), CellError> {
    if let Some((mean, sd)) = wide_normal(d) {
        return Err(CellError::new(
            format!("{what} divides the energy, and normal({}, {}) comes too close to 0", Decimal(mean), Decimal(sd)),
            format!("its sd may be at most a fifth of its mean: write lognormal({}, gsd)", Decimal(mean)),
        ));
    }
    if d.reaches_zero() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pue_above_5_is_refused_with_what_was_meant() {
        let check = |x| Quantity::Pue.check(&Value::Number(x));
        for (x, words) in [
            (110.0, "did you mean 1.10?"),
            (158.0, "did you mean 1.58?"),
            (112.5, "did you mean 1.125?"),
            (12.0, "did you mean 1.2?"),
            (5.1, "check the unit"),
            (5000.0, "check the unit"),
        ] {
            assert!(check(x).unwrap_err().advice.contains(words), "{x}: {}", check(x).unwrap_err());
        }
        for x in [1.0, 1.58, 3.0, 5.0] {
            assert_eq!(check(x), Ok(()));
        }
        let wide = Value::from(Distribution::Uniform { lo: 100.0, hi: 120.0 });
        assert!(Quantity::Pue.check(&wide).is_err());
    }
}
