//! All that opens files in this stage, and the formats that models files have: one file per format.
//!
//! A format turns bytes into a [`Table`]; what the cells mean is not its business. To add one, write its file with a
//! function such as [`csv::table`] and let [`table`] choose it.

pub mod archive;
pub mod csv;
pub(crate) mod csv_text;
pub mod inputs;
pub mod named;
pub mod values;

use std::path::Path;

use super::problem::CellError;

/// The path that stands for standard input.
pub const STDIN: &str = "-";

/// Reads the cells of a models file.
type Reader = fn(&[u8]) -> Table<'_>;

/// The formats of models files, by the extension of their names; a name with no or another extension is taken for CSV.
const FORMATS: [(&str, Reader); 1] = [("csv", csv::table)];

/// Formats that people try, and that are no CSV under any reading.
const OTHER_FORMATS: [&str; 4] = ["parquet", "xlsx", "xls", "ods"];

/// The cells of a models file, as text without blanks around it.
pub struct Table<'b> {
    /// The names of the columns; `None` where there are none.
    pub header: Option<Record>,
    /// The rows, in the order of the file. After a fault there are none.
    pub records: Box<dyn Iterator<Item = Result<Record, Fault>> + 'b>,
    /// What is wrong with the file as a whole. What could be read in spite of it is in the table.
    pub faults: Vec<Fault>,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The physical line on which it starts, from 1.
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
    match OTHER_FORMATS.iter().any(|other| has_extension(path, other)) {
        true => Err(CellError::new("this format is not supported", "give a CSV file")),
        false => Ok(()),
    }
}

/// The cells of the models file of this name.
pub fn table<'b>(path: &Path, bytes: &'b [u8]) -> Table<'b> {
    let known = FORMATS.iter().find(|(extension, _)| has_extension(path, extension));
    known.map_or(csv::table as Reader, |(_, reader)| *reader)(bytes)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
