//! All that opens files in this stage, and the formats that models files have: one file per format.
//!
//! A format turns bytes into a [`Table`]; what the cells mean is not its business. To add one, write its file with a
//! function such as [`csv::table`] and let [`table`] choose it. [`inputs`] has unpacked what was gzipped before.

pub mod archive;
#[cfg(feature = "parquet")]
pub mod arrow;
pub mod csv;
pub(crate) mod csv_text;
#[cfg(feature = "parquet")]
mod guarded;
mod gzip;
pub mod inputs;
pub mod json_lines;
pub mod named;
#[cfg(feature = "parquet")]
pub mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "without_parquet.rs"]
pub mod parquet;
pub mod values;

use std::borrow::Cow;
use std::path::Path;

use super::problem::CellError;

/// The path that stands for standard input.
pub const STDIN: &str = "-";

/// Reads the cells of a models file.
type Reader = fn(&[u8]) -> Table<'_>;

/// The formats of models files, by the extension of their names, to which `.gz` may be added.
const FORMATS: [(&str, Reader); 4] =
    [("csv", csv::table), ("jsonl", json_lines::table), ("ndjson", json_lines::table), ("parquet", parquet::table)];

/// Formats that people try, and that are no table under any reading.
const OTHER_FORMATS: [&str; 3] = ["xlsx", "xls", "ods"];

/// The cells of a models file, as text without blanks around it.
pub struct Table<'b> {
    /// The names of the columns; `None` where there are none.
    pub header: Option<Record>,
    /// The rows, in the order of the file, read one by one. What can be read in spite of a fault follows it.
    pub records: Box<dyn Iterator<Item = Result<Record, Fault>> + 'b>,
    /// What is wrong with the file as a whole. What could be read in spite of it is in the table.
    pub faults: Vec<Fault>,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The physical line on which it starts, from 1. A file without lines counts as one with its names on the first: row
    /// n of a Parquet file is line n + 1.
    pub line: u64,
    /// Its cells; not every row has as many as the header.
    pub cells: Vec<String>,
}

/// Why a file, or the rest of it, is no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The physical line, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The text in question, if there is one.
    pub value: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Fault {
    /// From its place, the text and what to do.
    pub fn new(line: u64, value: impl Into<String>, message: impl Into<String>) -> Fault {
        Fault { line, value: value.into(), message: message.into() }
    }
}

/// A name that says that the file is no table.
///
/// # Errors
/// What to give instead.
pub(super) fn is_table(path: &Path) -> Result<(), CellError> {
    let path = unpacked(path);
    match OTHER_FORMATS.iter().any(|other| has_extension(&path, other)) {
        true => Err(CellError::new(
            "the file is in a format that is not supported",
            "give a CSV, JSON Lines (.jsonl) or Parquet file",
        )),
        false => Ok(()),
    }
}

/// The name without `.gz`: that of the file which was packed.
pub fn unpacked(path: &Path) -> Cow<'_, Path> {
    match has_extension(path, "gz") {
        true => Cow::Owned(path.with_extension("")),
        false => Cow::Borrowed(path),
    }
}

/// The cells of the models file of this name.
pub fn table<'b>(path: &Path, bytes: &'b [u8]) -> Table<'b> {
    reader(path, bytes)(bytes)
}

/// A file that is no text, so that no importer has to look at it.
pub(super) fn is_binary(path: &Path, bytes: &[u8]) -> bool {
    parquet::recognise(bytes) || has_extension(&unpacked(path), "parquet")
}

/// The format, by the name and where that says nothing by the content; what is neither is taken for CSV.
fn reader(path: &Path, bytes: &[u8]) -> Reader {
    let path = unpacked(path);
    if parquet::recognise(bytes) {
        return parquet::table;
    }
    match FORMATS.iter().find(|(extension, _)| has_extension(&path, extension)) {
        Some((_, reader)) => *reader,
        None if json_lines::recognise(bytes) => json_lines::table,
        None => csv::table,
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
