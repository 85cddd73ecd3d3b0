//! Lists in cells, as JSON, Python and NumPy write them: `["org/a", "org/b"]`, `['NVIDIA A100']`, `[12.5]`.
//!
//! A table that was made from JSON or a data frame has them where a value was a list. A list of one is its element. Of
//! several elements a column that takes several has them between semicolons; any other refuses them and names how many
//! there are. An object (`{…}`) is refused. Only columns with a meaning are looked at: a label stays as it is written.

use std::borrow::Cow;

use super::columns::{self, Column};
use super::header::Meaning;
use super::missing;
use super::problem::{CellError, shorten};

/// Columns with a meaning that take several values, between semicolons.
const SEVERAL: [&str; 11] = [
    "base_model",
    "merge_weights",
    "hardware",
    "region",
    "organization",
    "name",
    "provider",
    "task",
    "architecture",
    "domain",
    "numerical_format",
];

/// The text of a cell without the brackets and quotation marks of a list; empty where all its elements are words for
/// missing.
///
/// # Errors
/// What stands there that is not one value, and what to write.
pub(super) fn unpack<'t>(meaning: &Meaning, text: &'t str) -> Result<Cow<'t, str>, CellError> {
    let as_it_is = Ok(Cow::Borrowed(text));
    if !text.starts_with(['[', '(', '{', '"', '\'']) || !columns::names().any(|name| *name == *meaning.own) {
        return as_it_is;
    }
    if text.starts_with('{') && text.ends_with('}') {
        return Err(CellError::new("an object of JSON", of_an_object(meaning)));
    }
    let Some(mut elements) = elements(text)? else { return as_it_is };
    let lineage = ["base_model", "relation"].contains(&&*meaning.own);
    elements.retain(|e| !(e.is_empty() || missing::is_word(e) || lineage && missing::is_word_for_no_base(e)));
    match elements.as_slice() {
        [] => Ok(Cow::Borrowed("")),
        [one] => Ok(Cow::Owned(one.clone())),
        several if SEVERAL.contains(&&*meaning.own) => Ok(Cow::Owned(several.join("; "))),
        several => Err(of_several(meaning, several)),
    }
}

fn is_number(column: Column) -> bool {
    matches!(column, Column::Plain { .. } | Column::Cell { .. })
}

fn of_an_object(meaning: &Meaning) -> &'static str {
    match meaning.column {
        column if is_number(column) => "write the number alone, such as 12.5, or an interval such as 10 to 20",
        _ => "write the text alone; several values stand between semicolons",
    }
}

fn of_several(meaning: &Meaning, several: &[String]) -> CellError {
    let count = match several.len() {
        2 => "two".to_string(),
        3 => "three".to_string(),
        n => n.to_string(),
    };
    let advice = match (meaning.column, several) {
        (Column::Cell { .. }, [lo, hi]) => {
            let (lo, hi) = (shorten(lo), shorten(hi));
            format!(
                "write one number. If these are the ends of an interval, write {lo} to {hi} (a central 90 % interval) or \
                 uniform({lo}, {hi}) (nothing outside)"
            )
        }
        (Column::Cell { .. }, _) => {
            "write one number, such as their sum if they add up; if any of them may be right, write empirical(…) of them"
                .to_string()
        }
        (Column::Id, _) => "every row is one model; write a row for each".to_string(),
        _ => format!("{} takes one value; write the right one", meaning.own),
    };
    CellError::new(format!("a list of {count} values"), advice)
}

/// The elements of a list, or the text between quotation marks; `None` of anything else.
fn elements(text: &str) -> Result<Option<Vec<String>>, CellError> {
    let inner = if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        inner
    } else if let Some(inner) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        // A tuple of Python; other parentheses are no list.
        let numbers = inner.contains(',') && inner.trim_start().starts_with(|c: char| c.is_ascii_digit());
        if !numbers && !inner.trim_start().starts_with(['"', '\'']) {
            return Ok(None);
        }
        inner
    } else {
        // Quotation marks around the whole cell.
        let whole = quoted(text).filter(|(_, rest)| rest.is_empty());
        return Ok(whole.map(|(element, _)| vec![element.trim().to_string()]));
    };
    split(inner).map(Some).ok_or_else(|| {
        CellError::new(
            "a list that cannot be read",
            "write one value; where a column takes several, put semicolons between",
        )
    })
}

/// What stands in the brackets of a list, element by element.
fn split(inner: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        // JSON has commas, NumPy blanks between its elements.
        rest = if let Some((element, after)) = quoted(rest) {
            found.push(element.trim().to_string());
            let after_blank = after.trim_start();
            let parted = after_blank.is_empty() || after_blank.starts_with(',') || after_blank.len() < after.len();
            if !parted {
                return None;
            }
            after_blank.strip_prefix(',').unwrap_or(after_blank).trim_start()
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let bare = rest[..end].trim();
            if bare.contains(['[', ']', '{', '}', '"']) {
                return None;
            }
            found.extend(bare_elements(bare));
            rest[end..].strip_prefix(',').unwrap_or("").trim_start()
        };
    }
    Some(found)
}

/// Words without quotation marks are one element ("A100 80GB"), numbers are one each: `[100 200]` is not 100,200.
fn bare_elements(bare: &str) -> Vec<String> {
    let words: Vec<&str> = bare.split_whitespace().collect();
    let number = |word: &&str| word.parse::<f64>().is_ok();
    match words.iter().all(number) {
        true => words.into_iter().map(str::to_string).collect(),
        false => vec![bare.to_string()],
    }
}

/// A text in quotation marks of either kind at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mark = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut element = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == mark => return Some((element, &text[at + c.len_utf8()..])),
            '\\' => match chars.next()?.1 {
                'n' | 't' | 'r' | 'b' | 'f' => element.push(' '),
                'u' => {
                    let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    element.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                }
                other => element.push(other),
            },
            c => element.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Vec<String>> {
        elements(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn lists_in_every_notation() {
        for text in
            [r#"["a", "b"]"#, r#"["a","b"]"#, "['a', 'b']", "['a' 'b']", "('a', 'b')", "[a, b]", r#"[ "a" , 'b', ]"#]
        {
            assert_eq!(of(text), Some(vec!["a".to_string(), "b".to_string()]), "{text}");
        }
        assert_eq!(of(r#"["M\u00e4rz \"x\", y", "l'an"]"#), Some(vec!["März \"x\", y".into(), "l'an".into()]));
        assert_eq!(of("('a',)"), Some(vec!["a".to_string()]));
        assert_eq!(of("[A100 80GB]"), Some(vec!["A100 80GB".to_string()]));
        assert_eq!(of("[100 200]"), Some(vec!["100".to_string(), "200".to_string()]));
        assert_eq!(of("(10, 20)"), Some(vec!["10".to_string(), "20".to_string()]));
        assert_eq!(of("[1.5e24]"), Some(vec!["1.5e24".to_string()]));
        assert_eq!(of("\"A100\""), Some(vec!["A100".to_string()]));
        assert_eq!(of("[]"), Some(vec![]));
        for other in ["A100", "(2048)", "(SXM)", "\"a\" and \"b\"", "[draft] x", "'90s"] {
            assert_eq!(of(other), None, "{other}");
        }
        for wrong in ["[[1, 2], [3, 4]]", r#"["a"b]"#, r#"["a]"#, r#"["\ud800"]"#] {
            assert!(elements(wrong).is_err(), "{wrong}");
        }
    }
}
