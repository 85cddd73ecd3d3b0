//! CSV: RFC 4180 with any of LF, CRLF or CR, UTF-8 with or without BOM.
//!
//! Lines are physical lines of the file. Every fault of the text is found, and what can be read in spite of it is read.

use std::borrow::Cow;
use std::io::Cursor;

use super::csv_text::{not_utf8, unclosed_quote};
use super::{Fault, Record, Table};
use crate::portfolio::lines::Lines;
use crate::portfolio::recognise;

/// Reads the text of a CSV file; the first row is the header.
///
/// ```
/// use carbonhaze::low_level::portfolio::formats::csv;
///
/// let mut table = csv::table(b"id,tokens\n\nllama, 2e12\n");
/// assert_eq!(table.header.unwrap().cells, ["id", "tokens"]);
/// let row = table.records.next().unwrap().unwrap();
/// assert_eq!((row.line, row.cells), (3, vec!["llama".to_string(), "2e12".to_string()]));
/// ```
pub fn table(bytes: &[u8]) -> Table<'_> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(fault) = no_csv(bytes) {
        return Table { header: None, records: Box::new(std::iter::empty()), faults: vec![fault] };
    }
    let lines = Lines::of(bytes);
    let message = "the line is not in UTF-8 (perhaps Latin-1 or Windows-1252); save the file as \"CSV UTF-8\"";
    let mut faults: Vec<Fault> =
        not_utf8(bytes, &lines).into_iter().map(|(line, wrong)| Fault::new(line, wrong, message)).collect();
    // Without a copy where the text is fine; lines stay where they are where it is not.
    let text = String::from_utf8_lossy(bytes);
    let lines = Lines::of(text.as_bytes());
    let mut end = text.len();
    if let Some((row, quote)) = unclosed_quote(text.as_bytes()) {
        let message =
            "a quotation mark opens here and is never closed; close it (a mark inside quotes is written \"\")";
        let from = text.get(quote..).and_then(|rest| rest.lines().next()).unwrap_or("");
        faults.push(Fault::new(lines.at(quote), from, message));
        end = row;
    }
    let bytes = match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text.as_bytes()[..end]),
        Cow::Owned(text) => {
            let mut bytes = text.into_bytes();
            bytes.truncate(end);
            Cow::Owned(bytes)
        }
    };
    let reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Cursor::new(bytes));
    let mut records = Records { reader, lines, over: false };
    // Excel's hint of the separator stands before the header.
    let is_hint = |first: &Record| {
        first.cells.len() == 2 && first.cells[0].eq_ignore_ascii_case("sep=") && first.cells[1].is_empty()
    };
    let first = match records.next() {
        Some(Ok(first)) if is_hint(&first) => records.next(),
        first => first,
    };
    let header = match first {
        Some(Ok(header)) => Some(header),
        Some(Err(fault)) => {
            faults.push(fault);
            None
        }
        None => None,
    };
    Table { header, records: Box::new(records), faults }
}

/// What is certainly no CSV file, or holds nothing.
fn no_csv(bytes: &[u8]) -> Option<Fault> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some(Fault::new(1, "", "the file is in UTF-16; save it as \"CSV UTF-8\""));
    }
    if let Some(message) = recognise::of_bytes(bytes) {
        return Some(Fault::new(0, "", message));
    }
    let whole = |message: &str| Some(Fault::new(0, "", message));
    if bytes.contains(&0) {
        whole("the file contains NUL bytes, so it is not text; give a CSV file in UTF-8")
    } else if bytes.iter().all(u8::is_ascii_whitespace) {
        whole("the file is empty; the first line must name the columns, and each further line is a model")
    } else {
        None
    }
}

/// The rows that are not blank.
struct Records<'b> {
    reader: ::csv::Reader<Cursor<Cow<'b, [u8]>>>,
    lines: Lines,
    over: bool,
}

impl Iterator for Records<'_> {
    type Item = Result<Record, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = ::csv::StringRecord::new();
        while !self.over {
            match self.reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => self.over = true,
                Err(e) => {
                    self.over = true;
                    return Some(Err(Fault::new(0, "", format!("the file could not be read as CSV: {e}"))));
                }
            }
            let blank = record.len() <= 1 && record.iter().all(|cell| cell.trim().is_empty());
            if !self.over && !blank {
                let bytes = self.reader.get_ref().get_ref();
                let line = record.position().map_or(0, |p| self.lines.after_blank(bytes, p.byte()));
                return Some(Ok(Record { line, cells: record.iter().map(|cell| cell.trim().to_string()).collect() }));
            }
        }
        None
    }
}
