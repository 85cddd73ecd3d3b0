//! Models files: one model per row, columns found by the names in the header.
//!
//! Every problem of a file is collected, those of the file as a whole (encoding, quotes, header) first; what can still be
//! read after them is read and checked too. A row is named by the line it starts on. Columns that are not known are
//! labels; rows and columns without any content are passed over.

use std::collections::HashMap;
use std::path::Path;

use super::cell::Files;
use super::formats::{self, Fault, Table};
use super::header::Header;
use super::model::Model;
use super::problem::{Findings, IMPORT_ASSUMED, IMPORT_DROPPED, IMPORT_REPAIRED, Problems, READ_AS, Warning, shorten};
use super::row;
use crate::import::{self, Change, GroupBy, Imported, Source, What};

/// What one models file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelsFile {
    /// In the order of the file.
    pub models: Vec<Model>,
    /// Columns whose text groups and shared effects can use, in the order of the header.
    pub label_columns: Vec<String>,
    /// Suspicious header names.
    pub warnings: Vec<Warning>,
}

/// Types the rows of a foreign file, whose lines messages name.
///
/// # Errors
/// All problems of the rows.
pub fn of_imported(path: &Path, imported: Imported, files: &dyn Files) -> Result<ModelsFile, Problems> {
    finished(imported.into_table(), files, Findings::of(path))
}

/// Types the rows of a table that is in memory already.
///
/// # Errors
/// All problems of the rows.
pub fn of_table(path: &Path, table: Table<'_>, files: &dyn Files) -> Result<ModelsFile, Problems> {
    finished(table, files, Findings::of(path))
}

/// Reads a models file from its bytes. `path` is what messages name; `files` has what a cell names.
///
/// # Errors
/// All problems of the file.
pub fn read(path: &Path, bytes: &[u8], files: &dyn Files) -> Result<ModelsFile, Problems> {
    let mut found = Findings::of(path);
    let table = table(path, bytes, &mut found);
    finished(table, files, found)
}

fn finished(table: Table<'_>, files: &dyn Files, mut found: Findings) -> Result<ModelsFile, Problems> {
    let (models, label_columns) = typed(table, files, &mut found);
    let Findings { mut problems, warnings, .. } = found;
    problems.sort_by_key(|p| p.place.line);
    if problems.is_empty() { Ok(ModelsFile { models, label_columns, warnings }) } else { Err(problems.into()) }
}

/// The cells of the file, of a foreign one as its importer gives them.
fn table<'b>(path: &Path, bytes: &'b [u8], found: &mut Findings) -> Table<'b> {
    if formats::is_binary(path, bytes) {
        return formats::table(path, bytes);
    }
    let source = Source::new(path, bytes, GroupBy::default());
    let Some(importer) = import::recognised(&source) else { return formats::table(path, bytes) };
    match (importer.read)(&source) {
        Ok(imported) => {
            found.note(READ_AS, 0, "", format!("the file is read as {}", importer.title));
            found.warnings.extend(imported.changes.iter().map(|change| warning(found, change)).collect::<Vec<_>>());
            imported.into_table()
        }
        Err(faults) => Table { header: None, records: Box::new(std::iter::empty()), faults },
    }
}

/// A value of a foreign file that is not used as it is written.
fn warning(found: &Findings, change: &Change) -> Warning {
    let (rule, done) = match change.what {
        What::Dropped => (IMPORT_DROPPED, "not used"),
        What::Repaired => (IMPORT_REPAIRED, "mended"),
        What::Assumed => (IMPORT_ASSUMED, "assumed"),
    };
    let (place, value) = (found.place(change.line, &change.field), shorten(&change.value));
    Warning { rule, place, value, message: format!("{done}: {}", change.reason) }
}

fn typed(table: Table, files: &dyn Files, found: &mut Findings) -> (Vec<Model>, Vec<String>) {
    let fault = |Fault { line, value, message }, found: &mut Findings| found.problem(line, "", &value, message);
    table.faults.into_iter().for_each(|f| fault(f, found));
    let Some(header) = table.header else {
        if found.problems.is_empty() {
            found.problem(0, "", "", "the file has no header; the first line must name the columns");
        }
        return (Vec::new(), Vec::new());
    };
    let Some(mut header) = Header::read(header, found) else { return (Vec::new(), Vec::new()) };
    let mut models = Vec::new();
    let mut rows = 0usize;
    for record in table.records {
        let record = match record {
            Ok(record) => record,
            Err(f) => {
                fault(f, found);
                continue;
            }
        };
        let problems = found.problems.len();
        header.unread.see(&record.cells);
        let Some(model) = row::read(&header, &record, files, found) else {
            // An empty row is none.
            rows += usize::from(found.problems.len() > problems);
            continue;
        };
        rows += 1;
        models.push(model);
    }
    twice(&models, found);
    if rows == 0 && found.problems.is_empty() {
        found.problem(0, "", "", "the file has a header but no models; add a row for each model");
    }
    let labels = header.labels();
    header.unread.tell(found);
    found.tell_missing();
    (models, labels)
}

/// Refuses ids that an earlier row has.
fn twice(models: &[Model], found: &mut Findings) {
    let mut first_line: HashMap<&str, u64> = HashMap::new();
    for model in models.iter().filter(|model| !model.id.is_empty()) {
        match first_line.get(model.id.as_str()) {
            Some(first) => {
                let message = format!("the id is already used on line {first}; ids must be unique");
                found.problem(model.place.line, "id", &model.id, message);
            }
            None => _ = first_line.insert(&model.id, model.place.line),
        }
    }
}
