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

/// Records that are typed on all cores before their models are taken in, at most.
const AT_ONCE: usize = 4096;
/// Their cells, about: an empty one takes 24 bytes.
const CELLS_AT_ONCE: usize = 1 << 18;

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
    let mut records = table.records.fuse();
    let at_once = AT_ONCE.min(1 + CELLS_AT_ONCE / header.len().max(1));
    let mut next = seen(records.by_ref().take(at_once).collect(), &mut header);
    while !next.is_empty() {
        let (of, here, file) = (&header, &next, &*found);
        let mut read = Vec::new();
        let read_some = |records: &[_]| Rows::read(of, records, files, file.none_yet());
        let further = if here.len() < at_once {
            // The last ones. A short file takes no other threads: some are read while locks are held.
            read.push(read_some(here));
            Block::new()
        } else {
            // On all cores, while the next ones are taken from the file.
            rayon::in_place_scope(|scope| {
                scope.spawn(|_| read = here.par_chunks(at_once.div_ceil(16)).map(read_some).collect());
                records.by_ref().take(at_once).collect()
            })
        };
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

/// Shows the records to what watches for columns that are not read.
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

#[cfg(test)]
mod tests {
    use super::super::cell::NoFiles;
    use super::*;

    /// So many rows under a header of so many columns; the tokens of some lines are no number.
    fn file(rows: u64, columns: usize, wrong: &[u64]) -> Result<ModelsFile, Problems> {
        let mut text = String::from("id,tokens,region");
        (3..columns).for_each(|k| text += &format!(",further {k}"));
        for line in 2..rows + 2 {
            let tokens = if wrong.contains(&line) { "many" } else { "2e12" };
            let region = if line % 1000 == 0 { "n/a" } else { "France" };
            text += &format!("\nm{line},{tokens},{region}{}", ",".repeat(columns - 3));
        }
        read("rows.csv".as_ref(), text.as_bytes(), &NoFiles)
    }

    #[test]
    fn a_long_file_is_read_as_a_short_one() {
        let at_once = AT_ONCE as u64;
        // Ends of blocks: one row more or less, several blocks, and blocks that are short as the rows are wide.
        for (rows, columns) in [(at_once - 1, 3), (at_once, 3), (at_once + 1, 3), (2 * at_once + 77, 3), (1000, 900)] {
            let found = file(rows, columns, &[]).unwrap();
            let lines: Vec<u64> = found.models.iter().map(|model| model.place.line).collect();
            assert_eq!(lines, (2..rows + 2).collect::<Vec<_>>());
            assert_eq!((&*found.models[0].id, &found.models[0].labels["region"]), ("m2", "France"));
            let words = (rows + 1) / 1000;
            let note = found.warnings.iter().find(|w| w.rule == super::super::problem::MISSING_WORDS);
            assert_eq!(note.map(|w| w.place.line), (words > 0).then_some(1000), "{rows}");
            assert!(words < 2 || note.unwrap().message.starts_with(&format!("{words} cells")));
            let wrong = [2, 257, 258, rows - 1, rows + 1];
            let problems = file(rows, columns, &wrong).unwrap_err();
            assert_eq!(problems.iter().map(|p| p.place.line).collect::<Vec<_>>(), wrong);
        }
    }
}
