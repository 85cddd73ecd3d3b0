//! A foreign CSV file as rows of cells by the names of their columns, and numbers in such cells.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Source;
use crate::portfolio::formats::{Fault, Record, csv};
use crate::portfolio::missing;
use crate::portfolio::spelling::normal;

/// A foreign CSV file. Names are compared without case, blanks and marks: `Training compute (FLOP)` is
/// `trainingcomputeflop`.
pub(super) struct Cells {
    columns: HashMap<String, usize>,
    /// How many columns there are.
    pub width: usize,
    /// The rows that are not blank.
    pub rows: Vec<Record>,
}

impl Cells {
    /// All rows.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(source: &Source<'_>) -> Result<Cells, Vec<Fault>> {
        let mut table = csv::table(source.text.as_bytes());
        let mut faults = source.faults();
        faults.append(&mut table.faults);
        let header = table.header.map(|header| header.cells).unwrap_or_default();
        let mut rows = Vec::new();
        for record in table.records {
            match record {
                // Files that were put together repeat the header.
                Ok(record) if record.cells == header => {}
                Ok(record) => rows.push(record),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() && rows.is_empty() {
            faults.push(Fault::new(0, "", "the file has a header but no rows"));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut columns = HashMap::new();
        for (place, name) in header.iter().enumerate() {
            columns.entry(normal(name)).or_insert(place);
        }
        Ok(Cells { columns, width: header.len(), rows })
    }

    /// The place of a column.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    /// The cell of a row under the first of these names that is a column; empty where there is none, and for a word for
    /// a value that is not there.
    pub fn get<'r>(&self, row: &'r Record, names: &[&str]) -> &'r str {
        let place = names.iter().find_map(|name| self.place(name));
        let text = place.and_then(|place| row.cells.get(place)).map_or("", |cell| cell.trim());
        if missing::is_word(text) { "" } else { text }
    }
}

/// The names of the columns of a CSV file, in the form of [`normal`]; empty where the first line is no header.
pub(super) fn header(text: &str) -> Vec<String> {
    // No header is longer: a file without line ends is not read to its end only to see what it is.
    const MOST: usize = 1 << 16;
    let mut end = text.len().min(MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let names = |text: &str| -> Option<Vec<String>> {
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut records = reader.records();
        let mut first = records.next()?.ok()?;
        if first.get(0).is_some_and(|cell| cell.eq_ignore_ascii_case("sep=")) {
            first = records.next()?.ok()?;
        }
        Some(first.iter().map(normal).collect())
    };
    names(&text[..end]).unwrap_or_default()
}

/// What a cell says as a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// Nothing.
    Missing,
    /// A number that is finite and not negative.
    Of(f64),
    /// Something that is none.
    Junk(&'static str),
}

impl Number {
    /// Of a cell without its words for missing values.
    pub fn read(text: &str) -> Number {
        if text.is_empty() {
            return Number::Missing;
        }
        match text.parse::<f64>() {
            Err(_) => Number::Junk("this is no number"),
            Ok(x) if !x.is_finite() => Number::Junk("the number is not finite"),
            Ok(x) if x < 0.0 => Number::Junk("the number is negative"),
            Ok(x) => Number::Of(x.abs()),
        }
    }

    /// The number, if it is one.
    pub fn get(self) -> Option<f64> {
        match self {
            Number::Of(x) => Some(x),
            _ => None,
        }
    }
}

/// The name without what a models file has no room for: line breaks and other controls.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        let even: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        return Cow::Owned(even.trim().to_string());
    }
    Cow::Borrowed(text.trim())
}

/// A text as an id; `None` where nothing is left of it, or a word for a name that is not known.
pub(super) fn id(text: &str) -> Option<String> {
    let id = name(text);
    (!id.is_empty() && !missing::is_word(&id)).then(|| id.into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::import::GroupBy;

    #[test]
    fn cells_are_found_by_name_and_words_for_nothing_are_nothing() {
        let text = b"sep=,\nTraining compute (FLOP),x\n1e20,nan\nTraining compute (FLOP),x\n,5\n";
        let source = Source::new(Path::new("a.csv"), text, GroupBy::Run);
        let cells = Cells::read(&source).ok().unwrap();
        let found: Vec<_> = cells.rows.iter().map(|row| cells.get(row, &["no", "trainingcomputeflop"])).collect();
        assert_eq!(found, ["1e20", ""]);
        assert_eq!(cells.get(&cells.rows[0], &["x"]), "");
        assert_eq!(header(&source.text), ["trainingcomputeflop", "x"]);
    }

    #[test]
    fn only_finite_numbers_that_are_not_negative_count() {
        assert_eq!(Number::read("1.5e-3"), Number::Of(0.0015));
        assert_eq!(Number::read("-0.0"), Number::Of(0.0));
        assert_eq!(Number::read(""), Number::Missing);
        for junk in ["-1", "inf", "NaN", "1,5", "12 s", "1e999"] {
            assert!(matches!(Number::read(junk), Number::Junk(_)), "{junk}");
        }
    }
}
