//! Amounts of foreign files as cells: a number, or an interval.

use super::rows::{Imported, Row};
use super::tree::{Node, Tree};

/// An amount as it is written, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amount {
    pub(super) text: String,
    pub(super) value: f64,
}

/// One amount, or the ends of an interval.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Interval {
    One(Amount),
    Between(Amount, Amount),
}

impl Interval {
    /// As a cell. An interval without width is a certain figure, as one with a width is a certain interval; a number is
    /// stated, and has the error of what is stated.
    pub(super) fn cell(&self) -> String {
        match self {
            Interval::One(one) => one.text.clone(),
            Interval::Between(lo, hi) if lo.value == hi.value && lo.value > 0.0 => format!("fixed({})", lo.text),
            Interval::Between(lo, hi) if lo.value == hi.value => lo.text.clone(),
            Interval::Between(lo, hi) => format!("uniform({}, {})", lo.text, hi.text),
        }
    }

    /// The larger end.
    pub(super) fn most(&self) -> f64 {
        match self {
            Interval::One(one) => one.value,
            Interval::Between(_, hi) => hi.value,
        }
    }

    /// `[0, 0]`, which a list has where nothing is known.
    pub(super) fn is_pair_of_zeros(&self) -> bool {
        matches!(self, Interval::Between(lo, hi) if lo.value == 0.0 && hi.value == 0.0)
    }

    /// With other texts.
    pub(super) fn map(self, of: impl Fn(&str) -> String) -> Interval {
        let of = |amount: Amount| Amount { text: of(&amount.text), ..amount };
        match self {
            Interval::One(one) => Interval::One(of(one)),
            Interval::Between(lo, hi) => Interval::Between(of(lo), of(hi)),
        }
    }
}

/// A number of at least 0, also as a text.
pub(super) fn of(tree: &Tree) -> Result<Amount, &'static str> {
    let Some(text) = tree.text() else { return Err("no number") };
    let text = text.replace('_', "");
    match text.parse::<f64>() {
        Ok(value) if !value.is_finite() => Err("no finite number"),
        Ok(value) if value < 0.0 => Err("a negative amount"),
        // −0 is 0.
        Ok(value) => Ok(Amount { text: text.trim_start_matches(['+', '-']).to_string(), value }),
        Err(_) => Err("no number"),
    }
}

/// A number, or a list of two. Reversed ends are put in order.
pub(super) fn interval(tree: &Tree, field: &str, out: &mut Imported) -> Result<Interval, &'static str> {
    let Node::List(ends) = &tree.node else { return of(tree).map(Interval::One) };
    let [lo, hi] = ends.as_slice() else { return Err("neither a number nor an interval of two numbers") };
    let (lo, hi) = (of(lo)?, of(hi)?);
    if lo.value <= hi.value {
        return Ok(Interval::Between(lo, hi));
    }
    out.repaired(tree.line, field, tree.shown(), "the ends of the interval are reversed; they are read in order");
    Ok(Interval::Between(hi, lo))
}

/// Writes an amount or an interval into a cell.
pub(super) fn write(row: &mut Row, column: &'static str, tree: &Tree, field: &str, out: &mut Imported) {
    match interval(tree, field, out) {
        Ok(interval) => row.set(column, interval.cell()),
        Err(why) => out.dropped(tree.line, field, tree.shown(), why),
    }
}

/// The text of a thousand times a number: `0.4` is `0.4e3`, which reads back as 400 to the last bit.
pub(super) fn thousand_times(text: &str) -> String {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exact = exponent.parse::<i32>().ok().and_then(|exponent| exponent.checked_add(3));
    let exact = exact.map_or(text.to_string(), |exponent| format!("{digits}e{exponent}"));
    exact.parse::<f64>().map_or(exact, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(json: &str) -> Result<String, &'static str> {
        let tree = super::super::tree::Json::new(json).tree(json).unwrap();
        interval(&tree, "x", &mut Imported::default()).map(|interval| interval.cell())
    }

    #[test]
    fn numbers_and_intervals_are_cells() {
        for (json, expected) in [
            ("1.50", "1.50"),
            ("[1, 2e3]", "uniform(1, 2e3)"),
            ("[2, 1]", "uniform(1, 2)"),
            ("[2, 2.0]", "fixed(2)"),
            ("[0, 0]", "0"),
            ("\" 1_000 \"", "1000"),
            ("-0.0", "0.0"),
            ("[0, 1]", "uniform(0, 1)"),
        ] {
            assert_eq!(cell(json).as_deref(), Ok(expected), "{json}");
        }
        for (json, word) in [
            ("[1, 2, 3]", "two"),
            ("[]", "two"),
            ("-1", "negative"),
            ("\"x\"", "no number"),
            ("1e999", "finite"),
            ("{}", "no"),
        ] {
            assert!(cell(json).unwrap_err().contains(word), "{json}");
        }
    }

    #[test]
    fn a_thousand_times_without_rounding() {
        for (text, expected) in [("0.4", "400"), ("0.207", "207"), ("1e-1", "100"), ("12", "12000"), ("0", "0")] {
            assert_eq!(thousand_times(text), expected);
        }
    }
}
