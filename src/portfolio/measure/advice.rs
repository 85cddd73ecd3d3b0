//! What somebody should write whose cell is no number of its column, or has more than one reading.
//!
//! Every reading is spelled out, and none is off by a power of ten.

use super::{Measure, percent, suffix};
use crate::portfolio::number::Decimal;
use crate::portfolio::numeral;
use crate::portfolio::problem::{CellError, shorten};
use crate::portfolio::units::{self, Dimension, Lookup, Scale};

impl Measure {
    /// What to say of a text without a number at its start.
    pub(super) fn no_number(&self, text: &str) -> CellError {
        let refused = |advice: &str| CellError::new(format!("{:?} is not a number", shorten(text)), advice);
        let word = text.to_ascii_lowercase();
        if let Some(x) = self.of_latex(text) {
            return refused(&format!("it is written in LaTeX: write {}", Decimal(x)));
        }
        if let Some(sign) = text.chars().next().filter(|c| CURRENCIES.contains(c)) {
            let dimension = self.dimension.described();
            return refused(&format!("{sign} is a sum of money; this column holds {dimension}"));
        }
        if text.starts_with('#') {
            return refused("it looks like an error of a spreadsheet; mend its formula, or leave the cell empty");
        }
        if text.starts_with('=') {
            return refused("it is a formula; save the file with the values");
        }
        if let Some(positive) = text.strip_prefix('−') {
            return self.number(&format!("-{positive}")).map_or_else(
                |error| error,
                |x| {
                    CellError::new(
                        format!("the value {} is negative", Decimal(x)),
                        "no quantity here can be below 0: check the sign",
                    )
                },
            );
        }
        if text.is_empty() {
            return CellError::new("a number is missing", "write a number");
        }
        if ["nan", "inf", "+inf", "-inf", "infinity", "-infinity"].contains(&word.as_str()) {
            return refused("only finite numbers are accepted; leave the cell empty if the value is unknown");
        }
        let unsigned = without_hedge(text);
        if unsigned.len() < text.len()
            && let Ok(x) = self.number(unsigned)
        {
            return refused(&of_hedge(text, x));
        }
        if text.bytes().any(|b| b.is_ascii_digit()) {
            return refused("write a number such as 1234.5 or 6.2e23, or a distribution such as 1e24 to 5e24");
        }
        refused("write a number or a distribution; leave the cell empty if the value is unknown")
    }

    /// A number in LaTeX: `$1.3 \\times 10^6$`.
    fn of_latex(&self, text: &str) -> Option<f64> {
        let inner = text.strip_prefix('$')?;
        let inner = inner.strip_suffix('$').or_else(|| inner.contains('\\').then_some(inner))?;
        if inner.contains('$') {
            return None;
        }
        let plain = ["\\times", "\\cdot"].iter().fold(inner.to_string(), |text, sign| text.replace(sign, "×"));
        let plain: String = plain.replace("\\,", "").chars().filter(|c| !matches!(c, '{' | '}' | '\\')).collect();
        self.number(plain.trim()).ok()
    }

    /// A product ("2048 x 100") and parameters of experts ("8x7B").
    fn of_two_numbers(&self, head: &str, tail: &str) -> Option<String> {
        if head == "0"
            && let Some(digits) = tail.strip_prefix(['x', 'X'])
            && let Ok(x) = u64::from_str_radix(digits, 16)
        {
            return Some(format!("it is a hexadecimal number: write {x}"));
        }
        let times = tail.strip_prefix(['x', 'X', '×', '*'])?.trim_start();
        if self.dimension == Dimension::Parameters {
            return Some(
                "for a mixture of experts write all parameters here, and those that a token passes through into \
                 active_parameters (Mixtral 8x7B: 46.7B and 12.9B)"
                    .into(),
            );
        }
        let (a, b) = (Measure::PLAIN.parts(head).ok()?, self.parts(times).ok()?);
        Some(format!("write the product, {}", Decimal(a.numeral.value() * self.value(&b, times).ok()?)))
    }

    /// What somebody should write whose number has a tail that is no suffix or unit of this column.
    pub(super) fn advice(&self, text: &str, head: &str, tail: &str, known: Option<String>) -> String {
        if let Some(known) = known {
            return known;
        }
        for separator in ["–", "—", "−", "…", "...", "..", "-"] {
            if let Some((lo, hi)) = text.split_once(separator)
                && self.parts(lo.trim()).is_ok()
                && self.parts(hi.trim()).is_ok()
            {
                return format!("write an interval as {} to {}", lo.trim(), hi.trim());
            }
        }
        if let Some(least) = text.strip_suffix('+')
            && let Ok(x) = self.number(least)
        {
            return format!(
                "the sign + says that it is more: write {}, or what is known of it, for example {} to {}",
                Decimal(x),
                Decimal(x),
                Decimal(1.3 * x)
            );
        }
        if self.dimension == Dimension::Hours
            && let Some(advice) = hours_of_time(head, tail)
        {
            return advice;
        }
        if let Some(advice) = milli_or_million(head, tail) {
            return advice;
        }
        if let Some(advice) = self.of_two_numbers(head, tail) {
            return advice;
        }
        if is_remark(tail) {
            return format!("write {head}, and the remark into a column of its own");
        }
        if let Some(percent) = percent(text)
            && let Ok(parts) = Measure::PLAIN.parts(percent)
        {
            let (whole, fraction) = (parts.numeral.value(), Decimal(parts.numeral.shifted(-2).value()));
            // A PUE of "1.58%" is 1.58, one of "158%" too.
            return match (1.0..=5.0).contains(&whole) && self.dimension == Dimension::Plain {
                true => format!(
                    "percentages are not accepted here: write {}, or {fraction} if it is per cent",
                    Decimal(whole)
                ),
                false => format!("percentages are not accepted here: write {fraction}"),
            };
        }
        let base = self.dimension.described();
        let other = units::of_any(tail).or_else(|| units::of_any(tail.split_once(char::is_whitespace)?.1));
        match other.filter(|other| *other != self.dimension) {
            Some(other) => {
                format!("{:?} is a unit of {}; this column holds {base}", shorten(tail), other.described())
            }
            None if self.dimension == Dimension::Plain => {
                "write a number such as 1234.5 or 6.2e23, or a distribution such as 1e24 to 5e24".into()
            }
            None => format!("{:?} is not a known unit; this column holds {base}", shorten(tail)),
        }
    }
}

/// What is known of a number with a sign or word that says it is a bound, or not exact.
fn of_hedge(text: &str, x: f64) -> String {
    let lower = text.to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    let twice = Decimal(2.0 * x);
    let x = Decimal(x);
    if begins(&["<", "≤", "less than ", "under ", "at most ", "up to ", "almost ", "nearly "]) {
        format!("it is an upper bound: write what is known, for example uniform(0, {x})")
    } else if begins(&[">", "≥", "more than ", "over ", "at least "]) {
        format!("it is a lower bound: write what is known, for example uniform({x}, {twice})")
    } else {
        format!("write a plain {x}, or what is known of it, for example lognormal({x}, 1.5)")
    }
}

/// What stands behind a sign or word that says the number is not exact.
fn without_hedge(text: &str) -> &str {
    const WORDS: [&str; 20] = [
        "about ",
        "almost ",
        "approx ",
        "approx. ",
        "approximately ",
        "around ",
        "at least ",
        "at most ",
        "c. ",
        "ca ",
        "ca. ",
        "circa ",
        "less than ",
        "more than ",
        "nearly ",
        "over ",
        "roughly ",
        "some ",
        "under ",
        "up to ",
    ];
    let text = text.trim_start_matches(['~', '≈', '<', '>', '≤', '≥', '=']).trim_start();
    let cut = |word: &&str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    WORDS.iter().find(|word| cut(word)).map_or(text, |word| text[word.len()..].trim_start())
}

/// Signs of money.
const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

/// A mark that refers to a note, or words in brackets: "*", "[1]", "¹", "(est.)".
fn is_remark(tail: &str) -> bool {
    let in_brackets = |open, close| tail.starts_with(open) && tail.ends_with(close);
    tail.chars().all(|c| "*†‡§¹²³⁴⁵⁶⁷⁸⁹".contains(c)) || in_brackets('[', ']') || in_brackets('(', ')')
}

/// Days and seconds of accelerator time: of all accelerators together, or by the clock.
fn hours_of_time(head: &str, tail: &str) -> Option<String> {
    let end = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
    let (numeral, _, _) = numeral::leading(head)?;
    let numeral = numeral.ok()?;
    let (exponent, unit) = match suffix(&tail[..end], false) {
        Some(exponent) if !tail[end..].trim().is_empty() => (exponent, tail[end..].trim()),
        _ => (0, tail),
    };
    let clock = ["wall-clock ", "wall clock ", "wallclock "].iter().find_map(|word| unit.strip_prefix(word));
    let (name, scale) = units::time(clock.unwrap_or(unit)).or_else(|| {
        clock.filter(|unit| Dimension::Hours.unit(unit) == Lookup::Unit(Scale::ONE)).map(|_| ("hours", Scale::ONE))
    })?;
    let hours = Decimal(numeral.shifted(exponent).scaled(scale));
    Some(format!(
        "the column holds accelerator-hours: {hours} if these are {name} of all accelerators together, {hours} × the \
         number of accelerators if they are {name} by the clock"
    ))
}

/// `7m` may be a million or a thousandth.
fn milli_or_million(head: &str, tail: &str) -> Option<String> {
    let mut words = tail.split_whitespace();
    if words.next() != Some("m") {
        return None;
    }
    let numeral = numeral::leading(head)?.0.ok()?;
    let (million, milli) = (Decimal(numeral.shifted(6).value()), Decimal(numeral.shifted(-3).value()));
    Some(format!("m may be million or milli: write {million} or {milli}"))
}
