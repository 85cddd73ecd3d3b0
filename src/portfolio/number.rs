//! Numbers in text: how they are read, what to advise where one was meant, and how they are written.

use std::fmt;

use super::problem::{CellError, shorten};

/// A number in the shortest decimal form that reads back as the same f64: plain where people would write it so,
/// with an exponent elsewhere.
pub(crate) struct Decimal(pub f64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0;
        if x == 0.0 || !x.is_finite() || (1e-4..1e7).contains(&x.abs()) { write!(f, "{x}") } else { write!(f, "{x:e}") }
    }
}

/// Reads a plain number: finite, and not rounded to 0.
///
/// # Errors
/// What is wrong with the text, with a suggestion for the usual slips (separators, units, per cent, ranges).
pub fn number(text: &str) -> Result<f64, CellError> {
    let text = text.trim();
    let refused = |advice: String| CellError::new(format!("{:?} is not a number", shorten(text)), advice);
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        let word = text.to_ascii_lowercase();
        return Err(if ["nan", "inf", "+inf", "-inf", "infinity", "-infinity"].contains(&word.as_str()) {
            refused("only finite numbers are accepted; leave the cell empty if the value is unknown".into())
        } else if text.is_empty() {
            CellError::new("a number is missing", "write a number")
        } else {
            refused("write a number or a distribution; leave the cell empty if the value is unknown".into())
        });
    }
    match text.parse::<f64>() {
        Ok(x) if !x.is_finite() => {
            Err(CellError::new(format!("{} overflows", shorten(text)), "no quantity is that large; check the exponent"))
        }
        Ok(x) if x.abs() < f64::MIN_POSITIVE => {
            let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
            if mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
                return Err(CellError::new(
                    format!("{} is rounded to 0", shorten(text)),
                    "write 0 for a true zero; otherwise check the exponent",
                ));
            }
            Ok(0.0)
        }
        Ok(x) => Ok(x),
        Err(_) => Err(refused(advice(text))),
    }
}

/// What somebody who wrote `text` for a number should write instead.
fn advice(text: &str) -> String {
    let is_number = |t: &str| t.parse::<f64>().is_ok_and(f64::is_finite);
    let separators = |c: char| matches!(c, ',' | '_' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}');
    let bare: String = text.chars().filter(|c| !separators(*c)).collect();
    if bare.len() < text.len() && is_number(&bare) {
        let groups: Vec<&str> = text.split(separators).collect();
        let thousands = groups[1..].iter().all(|g| g.split('.').next().is_some_and(|g| g.len() == 3));
        return match text.split_once(',') {
            Some((a, b)) if !thousands && is_number(&format!("{a}.{b}")) => {
                format!("the decimal sign is a point: write {a}.{b}")
            }
            _ => format!("thousands separators are not accepted: write {bare}"),
        };
    }
    let dotless: String = text.chars().filter(|c| *c != '.').collect();
    if text.matches('.').count() > 1 && is_number(&dotless) {
        return format!("thousands separators are not accepted: write {dotless}");
    }
    if let Some(percent) = text.strip_suffix('%').map(str::trim)
        && let Ok(x) = percent.parse::<f64>()
    {
        return format!("percentages are not accepted: write {}", Decimal(x / 100.0));
    }
    for separator in ["–", "—", "−", "..", "-", "…"] {
        if let Some((lo, hi)) = text.split_once(separator)
            && is_number(lo.trim())
            && is_number(hi.trim())
        {
            return format!("write an interval as {} to {}", lo.trim(), hi.trim());
        }
    }
    if let Some(rest) = text.strip_prefix(['~', '≈', '<', '>', '≤', '≥'])
        && is_number(rest.trim())
    {
        return format!("write a plain {0}, or what is known of it, for example lognormal({0}, 1.5)", rest.trim());
    }
    let unit = text.trim_end_matches(|c: char| c.is_alphabetic() || c == '/' || c == '²' || c.is_whitespace());
    if is_number(unit) {
        let exponent = match text[unit.len()..].trim() {
            "k" | "K" => "e3",
            "M" => "e6",
            "B" | "G" | "bn" => "e9",
            "T" => "e12",
            _ => return format!("the unit is in the column's name: write {unit}"),
        };
        if !unit.contains(['e', 'E']) {
            return format!("suffixes are not accepted: write {unit}{exponent}");
        }
    }
    "write a number such as 1234.5 or 6.2e23, or a distribution such as 1e24 to 5e24".into()
}
