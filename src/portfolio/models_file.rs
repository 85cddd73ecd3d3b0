//! Models files: one model per row, columns found by the names in the header.
//!
//! Every problem of a file is collected, those of the file as a whole (encoding, quotes, header) first; what can still be
//! read after them is read and checked too. A row is named by the line it starts on. Columns that are not known are
//! labels; rows and columns without any content are passed over.

use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;

use super::cell::Files;
use super::formats::{self, Fault, Record, Table};
use super::header::Header;
use super::model::Model;
use super::problem::{Findings, IMPORT_ASSUMED, IMPORT_DROPPED, IMPORT_REPAIRED, Problems, READ_AS, Warning, shorten};
use super::row;
use crate::import::{self, Change, GroupBy, Imported, Source, What};

/// Records that are typed on all cores before their models are taken in.
const AT_ONCE: usize = 4096;

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
    let (mut models, mut rows) = (Vec::new(), 0);
    let mut records = table.records;
    let mut next = seen(records.by_ref().take(AT_ONCE).collect(), &mut header);
    while !next.is_empty() {
        let (of, here, file) = (&header, &next, &*found);
        let mut read = Vec::new();
        // On all cores, while the next ones are taken from the file.
        let further = rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                let parts =
                    here.par_chunks(AT_ONCE / 16).map(|records| Rows::read(of, records, files, file.none_yet()));
                read = parts.collect();
            });
            records.by_ref().take(AT_ONCE).collect()
        });
        for part in read {
            rows += part.rows;
            models.extend(part.models);
            found.add(part.found);
        }
        next = seen(further, &mut header);
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

/// The next records of the file.
type Block = Vec<Result<Record, Fault>>;

/// They go by.
fn seen(block: Block, header: &mut Header) -> Block {
    block.iter().flatten().for_each(|record| header.unread.see(&record.cells));
    block
}

/// Some rows, typed.
struct Rows {
    models: Vec<Model>,
    /// Those that are not empty, models or not.
    rows: usize,
    found: Findings,
}

impl Rows {
    fn read(header: &Header, records: &[Result<Record, Fault>], files: &dyn Files, found: Findings) -> Rows {
        let mut rows = Rows { models: Vec::with_capacity(records.len()), rows: 0, found };
        for record in records {
            let problems = rows.found.problems.len();
            match record {
                Ok(record) => match row::read(header, record, files, &mut rows.found) {
                    Some(model) => {
                        rows.models.push(model);
                        rows.rows += 1;
                    }
                    // An empty row is none.
                    None => rows.rows += usize::from(rows.found.problems.len() > problems),
                },
                Err(Fault { line, value, message }) => rows.found.problem(*line, "", value, message.clone()),
            }
        }
        rows
    }
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
