//! One cell: a number or a distribution.
//!
//! ```text
//! cell      = number | dist
//! dist      = number "to" number [ "@" number "%" ]     lognormal with that central interval (90 % unless said)
//!           | number ("±" | "+-" | "+/-") number         normal, mean and standard deviation
//!           | name "(" arguments ")"
//! ```
//!
//! Inside a function a bare number stands for `fixed(number)`. `truncated(dist, lo, hi)` and `logitnormal(mu, sd, lo,
//! hi)` exist so that every [`Distribution`] can be written and read back; `empirical` takes a file or the values.
//! Whatever is returned has passed [`super::validate`].

use std::path::Path;

use super::distribution::Decimal;
use super::validate::{self, MAX_DEPTH, MAX_VALUES, WEIGHT_SLACK};
use super::{Distribution, Value};
use crate::engine::stats::normal::Level;

/// Why a cell was refused: what was found, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found}; {advice}")]
pub struct CellError {
    pub found: String,
    pub advice: String,
}

impl CellError {
    pub fn new(found: impl Into<String>, advice: impl Into<String>) -> CellError {
        CellError { found: found.into(), advice: advice.into() }
    }
}

/// Largest file that `empirical(file)` reads, in bytes.
const MAX_FILE: u64 = 32 << 20;

/// Names with the arguments they take, for messages and suggestions.
const FUNCTIONS: [(&str, &str); 14] = [
    ("fixed", "x"),
    ("lognormal", "median, gsd"),
    ("normal", "mean, sd"),
    ("uniform", "lo, hi"),
    ("loguniform", "lo, hi"),
    ("triangular", "lo, mode, hi"),
    ("pert", "lo, mode, hi"),
    ("beta", "a, b, lo, hi"),
    ("gamma", "shape, scale"),
    ("logitnormal", "mu, sd"),
    ("shifted", "x, dist"),
    ("mixture", "w: dist, …"),
    ("empirical", "file"),
    ("truncated", "dist, lo, hi"),
];

/// Reads one cell. Paths in `empirical(file)` are relative to `base_dir`.
///
/// # Errors
/// What is wrong with the text and what to write instead; also a missing or unreadable `empirical` file.
pub fn parse(text: &str, base_dir: &Path) -> Result<Value, CellError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CellError::new("an empty cell", "write a number or a distribution"));
    }
    let value = match written(text, base_dir, 1)? {
        Written::Number(x) => {
            validate::magnitude("the value", x)?;
            return Ok(Value::Number(x));
        }
        Written::Distribution(d) => d,
    };
    validate::validate(&value)?;
    Ok(Value::Distribution(value))
}

enum Written {
    Number(f64),
    Distribution(Distribution),
}

fn written(text: &str, base_dir: &Path, depth: usize) -> Result<Written, CellError> {
    if depth > MAX_DEPTH {
        return Err(CellError::new(format!("nested more than {MAX_DEPTH} deep"), "write a simpler distribution"));
    }
    let text = text.trim();
    if let Some((name, rest)) = text.split_once('(') {
        let name = name.trim();
        if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return function(name, rest, base_dir, depth).map(Written::Distribution);
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
        return Ok(Written::Distribution(Distribution::Normal { mean: number(mean)?, sd: number(sd)? }));
    }
    if let Some((lo, hi, level)) = interval_parts(text)? {
        return from_interval(lo, hi, level).map(Written::Distribution);
    }
    number(text).map(Written::Number)
}

/// Splits `lo to hi [@ level%]`; the level as the upper tail's probability.
fn interval_parts(text: &str) -> Result<Option<(f64, f64, f64)>, CellError> {
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
    Ok(Some((number(&lo)?, number(&hi.join(" "))?, tail)))
}

/// The lognormal that leaves probability `tail` below `lo` and above `hi`.
fn from_interval(lo: f64, hi: f64, tail: f64) -> Result<Distribution, CellError> {
    validate::magnitude("the lower bound", lo)?;
    validate::magnitude("the upper bound", hi)?;
    if lo == 0.0 {
        return Err(CellError::new(
            "the interval starts at 0, where no lognormal does",
            format!("start above 0, or write uniform(0, {})", Decimal(hi)),
        ));
    }
    if lo > hi {
        return Err(CellError::new(
            format!("the bounds are reversed: {} is above {}", Decimal(lo), Decimal(hi)),
            format!("write {} to {}", Decimal(hi), Decimal(lo)),
        ));
    }
    if lo == hi {
        return Err(CellError::new("both bounds are equal", format!("write fixed({})", Decimal(lo))));
    }
    let sigma = (libm::log(hi) - libm::log(lo)) / (-2.0 * Level::below(tail).z());
    Ok(Distribution::LogNormal { median: (lo * hi).sqrt(), gsd: libm::exp(sigma) })
}

fn function(name: &str, rest: &str, base_dir: &Path, depth: usize) -> Result<Distribution, CellError> {
    use Distribution::*;
    let Some(&(name, signature)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
        let names = FUNCTIONS.map(|(known, _)| known);
        let advice = match super::did_you_mean(name, &names) {
            Some(close) => format!("did you mean {close}? {}", known_functions()),
            None => known_functions(),
        };
        return Err(CellError::new(format!("unknown distribution {}", super::shorten(name)), advice));
    };
    let arguments = arguments(name, rest)?;
    let numbers = |counts: &[usize]| -> Result<Vec<f64>, CellError> {
        if !counts.contains(&arguments.len()) {
            let thousands = arguments.iter().skip(1).any(|a| a.len() == 3 && a.bytes().all(|b| b.is_ascii_digit()));
            let hint = if thousands { "; numbers take no thousands separators" } else { "" };
            return Err(CellError::new(
                format!("{name} with {} arguments", arguments.len()),
                format!("write {name}({signature}){hint}"),
            ));
        }
        arguments.iter().map(|a| number(a)).collect()
    };
    let inner = |text: &str| -> Result<Distribution, CellError> {
        Ok(match written(text, base_dir, depth + 1)? {
            Written::Number(x) => Fixed(x),
            Written::Distribution(d) => d,
        })
    };
    let wrong_count =
        || CellError::new(format!("{name} with {} arguments", arguments.len()), format!("write {name}({signature})"));
    Ok(match name {
        "fixed" => Fixed(numbers(&[1])?[0]),
        "lognormal" => {
            let n = numbers(&[2])?;
            LogNormal { median: n[0], gsd: n[1] }
        }
        "normal" => {
            let n = numbers(&[2])?;
            Normal { mean: n[0], sd: n[1] }
        }
        "uniform" => {
            let n = numbers(&[2])?;
            Uniform { lo: n[0], hi: n[1] }
        }
        "loguniform" => {
            let n = numbers(&[2])?;
            LogUniform { lo: n[0], hi: n[1] }
        }
        "triangular" => {
            let n = numbers(&[3])?;
            Triangular { lo: n[0], mode: n[1], hi: n[2] }
        }
        "pert" => {
            let n = numbers(&[3])?;
            Pert { lo: n[0], mode: n[1], hi: n[2] }
        }
        "beta" => {
            let n = numbers(&[4])?;
            Beta { a: n[0], b: n[1], lo: n[2], hi: n[3] }
        }
        "gamma" => {
            let n = numbers(&[2])?;
            Gamma { shape: n[0], scale: n[1] }
        }
        "logitnormal" => {
            let n = numbers(&[2, 4])?;
            let (lo, hi) = if n.len() == 4 { (n[2], n[3]) } else { (0.0, 1.0) };
            LogitNormal { mu: n[0], sd: n[1], lo, hi }
        }
        "shifted" => {
            let [shift, x] = arguments.as_slice() else { return Err(wrong_count()) };
            Shifted { shift: number(shift)?, inner: Box::new(inner(x)?) }
        }
        "truncated" => {
            let [x, lo, hi] = arguments.as_slice() else { return Err(wrong_count()) };
            let hi = if *hi == "inf" { f64::INFINITY } else { number(hi)? };
            Truncated { inner: Box::new(inner(x)?), lo: number(lo)?, hi }
        }
        "mixture" => {
            let mut parts = Vec::with_capacity(arguments.len());
            for argument in &arguments {
                let Some((weight, part)) = argument.split_once(':') else {
                    return Err(CellError::new(
                        format!("the part {} of a mixture has no weight", super::shorten(argument)),
                        "write mixture(0.7: dist, 0.3: dist)",
                    ));
                };
                parts.push((number(weight)?, inner(part)?));
            }
            // Rounded weights (0.333, 0.333, 0.334 sum exactly; 1e-6 off is rounding) are brought to 1; sums that
            // differ by the rounding of f64 alone are left, so that what is written back reads as the same bits.
            let sum: f64 = parts.iter().map(|(w, _)| w).sum();
            let off = (sum - 1.0).abs();
            if off > 1e-12 && off <= WEIGHT_SLACK {
                parts.iter_mut().for_each(|(w, _)| *w /= sum);
            }
            Mixture(parts)
        }
        _ => Empirical(empirical(&arguments, base_dir)?.into()),
    })
}

/// Splits the text after the opening parenthesis at its top-level commas; the parenthesis must close at the very end.
fn arguments<'t>(name: &str, rest: &'t str) -> Result<Vec<&'t str>, CellError> {
    let (mut depth, mut quoted, mut start) = (0usize, false, 0);
    let mut found = Vec::new();
    for (i, c) in rest.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ')' => {
                let after = rest[i + 1..].trim();
                if !after.is_empty() {
                    return Err(CellError::new(
                        format!("{:?} after the closing parenthesis", super::shorten(after)),
                        "write one distribution in a cell; use mixture(w: dist, …) to combine several",
                    ));
                }
                found.push(rest[start..i].trim());
                if found == [""] {
                    found.clear();
                }
                if found.contains(&"") {
                    return Err(CellError::new(format!("an empty argument of {name}"), "remove the extra comma"));
                }
                return Ok(found);
            }
            ',' if depth == 0 => {
                found.push(rest[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    Err(CellError::new(
        format!("the parenthesis of {name} is not closed"),
        if quoted { "close the quotation mark and add )" } else { "add )" },
    ))
}

/// The sorted values of `empirical(file)` or `empirical(1, 2, 3)`.
fn empirical(arguments: &[&str], base_dir: &Path) -> Result<Vec<f64>, CellError> {
    let mut values = match arguments {
        [] => return Err(CellError::new("empirical without a file", "write empirical(file)")),
        [one] if one.parse::<f64>().is_err() => from_file(one.trim_matches('"'), base_dir)?,
        many => many.iter().map(|text| number(text)).collect::<Result<Vec<f64>, _>>()?,
    };
    if values.len() > MAX_VALUES {
        return Err(CellError::new(format!("{} values", values.len()), format!("at most {MAX_VALUES} are read")));
    }
    values.sort_by(f64::total_cmp);
    Ok(values)
}

fn from_file(name: &str, base_dir: &Path) -> Result<Vec<f64>, CellError> {
    use std::io::Read;
    let path = base_dir.join(name);
    let shown = path.display();
    let unreadable = |e: std::io::Error| {
        CellError::new(format!("cannot read {shown}: {e}"), "the path is relative to the file that names it")
    };
    // A directory, a device or a pipe would never end or fail later with a stranger message.
    let meta = std::fs::metadata(&path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(CellError::new(format!("{shown} is not a file"), "name a text file with one number per line"));
    }
    let mut text = String::new();
    let file = std::fs::File::open(&path).map_err(unreadable)?;
    let size = file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(unreadable)? as u64;
    if size > MAX_FILE {
        return Err(CellError::new(format!("{shown} is above 32 MiB"), "thin the values out"));
    }
    let mut values = Vec::new();
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match number(line).and_then(|x| validate::magnitude("the value", x).map(|()| x)) {
            Ok(x) => values.push(x),
            // The first line may be a header; a header is a word, not a malformed number.
            Err(_) if i == 0 && line.starts_with(|c: char| c.is_alphabetic() || c == '"') => {}
            Err(e) => return Err(CellError::new(format!("{shown}:{}: {}", i + 1, e.found), e.advice)),
        }
    }
    if values.is_empty() {
        return Err(CellError::new(format!("{shown} holds no number"), "write one number per line"));
    }
    Ok(values)
}

/// Reads a plain number: finite, and not rounded to 0.
///
/// # Errors
/// What is wrong with the text, with a suggestion for the usual slips (separators, units, per cent, ranges).
pub fn number(text: &str) -> Result<f64, CellError> {
    let text = text.trim();
    let refused = |advice: String| CellError::new(format!("{:?} is not a number", super::shorten(text)), advice);
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
        Ok(x) if !x.is_finite() => Err(CellError::new(
            format!("{} overflows", super::shorten(text)),
            "no quantity is that large; check the exponent",
        )),
        Ok(x) if x.abs() < f64::MIN_POSITIVE => {
            let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
            if mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
                return Err(CellError::new(
                    format!("{} is rounded to 0", super::shorten(text)),
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

fn known_functions() -> String {
    format!("the distributions are {}", FUNCTIONS.map(|(name, _)| name).join(", "))
}
