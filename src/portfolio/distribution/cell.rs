//! One cell: a number or a distribution.
//!
//! ```text
//! cell      = number | dist
//! dist      = number "to" number [ "@" number "%" ]     lognormal with that central interval (90 % unless said)
//!           | number ("±" | "+-" | "+/-") number [ "%" ] normal, mean and standard deviation (per cent: of the mean)
//!           | name "(" arguments ")"
//! ```
//!
//! Inside a function a bare number stands for `fixed(number)`. `truncated(dist, lo, hi)` and `logitnormal(mu, sd, lo,
//! hi)` exist so that every [`Distribution`] can be written and read back; `empirical` takes a file or the values.
//! Numbers that are values of the column may have a suffix and a unit (`measure`). Whatever is returned has passed
//! [`Distribution::check`]. Nothing is opened here: [`Files`] gives what a named file holds.

use std::ops::Range;
use std::str::FromStr;

use super::check::{depth_allowed, magnitude};
use super::family::Syntax;
use super::{Distribution, FAMILIES, empirical, lognormal};
use crate::portfolio::measure::Measure;
use crate::portfolio::number::{Decimal, number};
pub use crate::portfolio::problem::CellError;
use crate::portfolio::problem::shorten;
use crate::portfolio::spelling::closest;

/// A cell's content: a plain number gets its quantity's measurement error later, a distribution stands as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A plain number.
    Number(f64),
    /// What is known of the number, as written.
    Distribution(Box<Distribution>),
}

impl Value {
    /// A zero without doubt.
    pub fn is_zero(&self) -> bool {
        match self {
            Value::Number(x) => *x == 0.0,
            Value::Distribution(d) => **d == Distribution::Fixed(0.0),
        }
    }
}

impl From<Distribution> for Value {
    fn from(distribution: Distribution) -> Value {
        Value::Distribution(Box::new(distribution))
    }
}

/// Gives the values of `empirical(file)`.
pub trait Files: Sync {
    /// The numbers in the file of this name, in any order.
    ///
    /// # Errors
    /// Why there are none, with advice.
    fn values(&self, name: &str) -> Result<Vec<f64>, CellError>;
}

/// Where no file can be named.
pub struct NoFiles;

impl Files for NoFiles {
    fn values(&self, name: &str) -> Result<Vec<f64>, CellError> {
        Err(CellError::new(
            format!("the file {} cannot be named here", shorten(name)),
            "write the values: empirical(1, 2, 3)",
        ))
    }
}

impl FromStr for Distribution {
    type Err = CellError;

    /// Reads a distribution as a cell does; a bare number is [`Distribution::Fixed`], and no file can be named.
    fn from_str(text: &str) -> Result<Distribution, CellError> {
        Ok(match parse(text, &NoFiles)? {
            Value::Number(x) => Distribution::Fixed(x),
            Value::Distribution(d) => *d,
        })
    }
}

/// Reads one cell.
///
/// # Errors
/// What is wrong with the text and what to write instead; also what `files` refuses.
pub fn parse(text: &str, files: &dyn Files) -> Result<Value, CellError> {
    parse_in(text, files, Measure::PLAIN)
}

/// Reads one cell of a column.
///
/// # Errors
/// As [`parse`].
pub(crate) fn parse_in(text: &str, files: &dyn Files, measure: Measure) -> Result<Value, CellError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CellError::new("an empty cell", "write a number or a distribution"));
    }
    let value = written(text, files, measure, 1)?;
    match &value {
        Value::Number(x) => magnitude("the value", *x)?,
        Value::Distribution(d) => d.check()?,
    }
    Ok(value)
}

fn written(text: &str, files: &dyn Files, measure: Measure, depth: usize) -> Result<Value, CellError> {
    depth_allowed(depth)?;
    let text = text.trim();
    if let Some((name, rest)) = text.split_once('(') {
        let name = name.trim();
        if let Some(refused) = remark(name, rest, measure) {
            return Err(refused);
        }
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return function(name, rest, files, measure, depth).map(Value::from);
        }
        return Err(CellError::new("a parenthesis without a function name", known_functions()));
    }
    if text.contains(')') {
        return Err(CellError::new("a closing parenthesis without an opening one", "remove it"));
    }
    if let Some((mean, sd)) = ["±", "+/-", "+-"].iter().find_map(|sign| text.split_once(sign)) {
        if sd.contains('@') {
            return Err(CellError::new("± takes no level", "the number after ± is the standard deviation"));
        }
        let (mean, sd) = measure.spread(mean, sd)?;
        return Ok(Distribution::Normal { mean, sd }.into());
    }
    if let Some((lo, hi, level)) = interval_parts(text)? {
        let (lo, hi) = measure.interval(&lo, &hi)?;
        return lognormal::between(lo, hi, level).map(Value::from);
    }
    measure.number(text).map(Value::Number)
}

/// What to say of a number with a remark in brackets ("1000 (est.)", "70B (MoE)"): it may change what the number means.
fn remark(number: &str, rest: &str, measure: Measure) -> Option<CellError> {
    let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && measure.number(number).is_ok();
    let remark = rest.trim_end().strip_suffix(')').filter(|_| is_number)?;
    Some(CellError::new(
        format!("a remark behind a number, ({})", shorten(remark)),
        format!("write {} alone, and the remark into a column of its own", shorten(number)),
    ))
}

/// Splits `lo to hi [@ level%]`; the level as the upper tail's probability.
fn interval_parts(text: &str) -> Result<Option<(String, String, f64)>, CellError> {
    let (bounds, level) = match text.split_once('@') {
        Some((bounds, level)) => (bounds, Some(level.trim())),
        None => (text, None),
    };
    let mut words = bounds.split_whitespace();
    let mut lo = String::new();
    let mut found = false;
    for word in words.by_ref() {
        if word == "to" {
            found = true;
            break;
        }
        lo.push_str(if lo.is_empty() { "" } else { " " });
        lo.push_str(word);
    }
    if !found {
        return match level {
            Some(_) => Err(CellError::new("a level without an interval", "write 1e24 to 5e24 @ 95%")),
            None => Ok(None),
        };
    }
    let hi: Vec<&str> = words.collect();
    let tail = match level {
        None => 0.05,
        Some(level) => {
            let Some(percent) = level.strip_suffix('%') else {
                return Err(CellError::new(format!("the level {level:?} has no %"), "write @ 95%"));
            };
            let percent = number(percent)?;
            if !(percent > 0.0 && percent < 100.0) {
                return Err(CellError::new(
                    format!("a level of {} %", Decimal(percent)),
                    "the level lies between 0 and 100 %, both excluded",
                ));
            }
            (100.0 - percent) / 200.0
        }
    };
    Ok(Some((lo, hi.join(" "), tail)))
}

fn function(
    name: &str,
    rest: &str,
    files: &dyn Files,
    measure: Measure,
    depth: usize,
) -> Result<Distribution, CellError> {
    let Some(syntax) = FAMILIES.into_iter().find(|known| known.name == name) else {
        let advice = match closest(name, &FAMILIES.map(|known| known.name)) {
            Some(close) => format!("did you mean {close}? {}", known_functions()),
            None => known_functions(),
        };
        return Err(CellError::new(format!("unknown distribution {}", shorten(name)), advice));
    };
    let items = split(name, rest)?;
    (syntax.parse)(&Arguments { items, files, measure, syntax, depth })
}

/// What stands in the parentheses of a function.
pub(super) struct Arguments<'t> {
    pub(super) items: Vec<&'t str>,
    pub(super) files: &'t dyn Files,
    pub(super) measure: Measure,
    syntax: &'static Syntax,
    depth: usize,
}

impl Arguments<'_> {
    /// All of them as numbers; there must be one of `counts`.
    pub(super) fn numbers(&self, counts: &[usize]) -> Result<Vec<f64>, CellError> {
        if !counts.contains(&self.items.len()) {
            let mut refused = self.wrong_count();
            if self.items.iter().skip(1).any(|a| a.len() == 3 && a.bytes().all(|b| b.is_ascii_digit())) {
                refused.advice += "; numbers take no thousands separators";
            }
            return Err(refused);
        }
        let mut names = self.syntax.arguments.split(", ");
        self.items.iter().map(|text| self.argument(names.next(), text)).collect()
    }

    /// The argument of this name: in the unit of the value, or a number that shapes the distribution.
    fn argument(&self, name: Option<&str>, text: &str) -> Result<f64, CellError> {
        match name {
            Some("gsd" | "a" | "b" | "shape" | "mu") => number(text),
            // Of logits.
            Some("sd") if self.syntax.arguments.starts_with("mu") => number(text),
            _ => self.value(text),
        }
    }

    /// A number in the unit of the value.
    pub(super) fn value(&self, text: &str) -> Result<f64, CellError> {
        self.measure.number(text)
    }

    /// A distribution inside this one.
    pub(super) fn inner(&self, text: &str) -> Result<Distribution, CellError> {
        Ok(match written(text, self.files, self.measure, self.depth + 1)? {
            Value::Number(x) => Distribution::Fixed(x),
            Value::Distribution(d) => *d,
        })
    }

    pub(super) fn wrong_count(&self) -> CellError {
        let Syntax { name, arguments, .. } = self.syntax;
        CellError::new(format!("{name} with {} arguments", self.items.len()), format!("write {name}({arguments})"))
    }
}

/// Splits the text after the opening parenthesis at its top-level commas; the parenthesis must close at the very end.
fn split<'t>(name: &str, rest: &'t str) -> Result<Vec<&'t str>, CellError> {
    let (found, end) = enclosed(rest).map_err(|quoted| {
        CellError::new(
            format!("the parenthesis of {name} is not closed"),
            if quoted { "close the quotation mark and add )" } else { "add )" },
        )
    })?;
    let after = rest[end + 1..].trim();
    if !after.is_empty() {
        return Err(CellError::new(
            format!("{:?} after the closing parenthesis", shorten(after)),
            "write one distribution in a cell; use mixture(w: dist, …) to combine several",
        ));
    }
    if found.contains(&"") {
        return Err(CellError::new(format!("an empty argument of {name}"), "remove the extra comma"));
    }
    Ok(found)
}

/// What stands between an opening parenthesis and the one that closes it, split at the top-level commas, and where that
/// is. Otherwise whether a quotation mark is open too.
fn enclosed(rest: &str) -> Result<(Vec<&str>, usize), bool> {
    let (mut depth, mut quoted, mut start) = (0usize, false, 0);
    let mut found = Vec::new();
    for (i, c) in rest.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => {
                found.push(rest[start..i].trim());
                if found == [""] {
                    found.clear();
                }
                return Ok((found, i));
            }
            ',' if depth == 0 => {
                found.push(rest[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    Err(quoted)
}

/// Every file that a text names as cells do: where its name stands, quotation marks included, and the name.
pub fn files_named(text: &str) -> Vec<(Range<usize>, &str)> {
    let mut found = Vec::new();
    let mut quoted = false;
    for (i, c) in text.char_indices() {
        quoted ^= c == '"';
        if quoted || c != '(' || !text[..i].trim_end().ends_with(empirical::SYNTAX.name) {
            continue;
        }
        let rest = &text[i + 1..];
        if let Ok((items, end)) = enclosed(rest)
            && let Some(name) = empirical::file(&items)
        {
            let inside = rest[..end].trim_end();
            let start = i + 1 + inside.len() - inside.trim_start().len();
            found.push((start..i + 1 + inside.len(), name));
        }
    }
    found
}

fn known_functions() -> String {
    format!("the distributions are {}", FAMILIES.map(|known| known.name).join(", "))
}

#[cfg(test)]
mod tests {
    use super::files_named;

    #[test]
    fn files_are_found_wherever_a_text_names_them() {
        let text = "mixture(0.5: empirical( \"a, (b).txt\" ), 0.3: empirical (c d.txt), 0.2: empirical(1, 2))";
        let found: Vec<(&str, &str)> = files_named(text).into_iter().map(|(at, name)| (&text[at], name)).collect();
        assert_eq!(found, [("\"a, (b).txt\"", "a, (b).txt"), ("c d.txt", "c d.txt")]);
        for none in
            ["empirical(7)", "empirical()", "empirical(open.txt", "\"empirical(quoted.txt)\"", "lognormal(1, 2)"]
        {
            assert_eq!(files_named(none), [], "{none}");
        }
    }
}
