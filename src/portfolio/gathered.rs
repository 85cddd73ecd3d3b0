//! Files and folders of other tools, gathered as one models file, with everything that was changed on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cell::{CellError, NoFiles};
use super::formats::inputs::Inputs;
use super::formats::{Fault, Record, STDIN};
use super::problem::{Place, Problem, Problems, shorten};
use super::{joined, models_file};
use crate::import::{self, GroupBy, IMPORTERS, Imported, Importer, Source, What};

/// One file as it was read.
pub struct Taken {
    /// As messages name it.
    pub path: PathBuf,
    /// What read it.
    pub importer: &'static Importer,
    /// Its rows, and what was changed.
    pub imported: Imported,
}

/// How files are read.
#[derive(Debug, Clone, Copy)]
pub struct How<'a> {
    /// The format; recognised by content where it is not given.
    pub kind: Option<&'a str>,
    /// Which runs of a log are one model.
    pub group_by: GroupBy,
}

/// Every file that is named and known, and how many in folders are not.
///
/// # Errors
/// Files that cannot be read, or are of no format that is imported.
pub fn take(paths: &[PathBuf], how: &How<'_>, inputs: &Inputs) -> Result<(Vec<Taken>, usize), Problems> {
    let (mut taken, mut passed_over, mut problems) = (Vec::new(), 0usize, Vec::new());
    for path in paths {
        let within = match inputs.files(path) {
            Ok(within) => within,
            Err(e) => {
                problems.push(at(path, 0, "", "", e.to_string()));
                continue;
            }
        };
        let named = within.is_none();
        let before = taken.len();
        for file in within.unwrap_or_else(|| vec![path.clone()]) {
            match read(&file, how, inputs, named) {
                Ok(Some(found)) => taken.push(found),
                Ok(None) => passed_over += 1,
                Err(found) => problems.extend(found),
            }
        }
        if !named && before == taken.len() && problems.is_empty() {
            let message = "no file in this folder is of a format that is imported".to_string();
            problems.push(at(path, 0, "", "", message));
        }
    }
    if problems.is_empty() { Ok((taken, passed_over)) } else { Err(problems.into()) }
}

/// One file; `None` where it is of no known format and nobody named it.
fn read(path: &Path, how: &How<'_>, inputs: &Inputs, named: bool) -> Result<Option<Taken>, Vec<Problem>> {
    let shown = if path == Path::new(STDIN) { Path::new("standard input") } else { path };
    let unreadable = |e: CellError| vec![at(shown, 0, "", "", e.to_string())];
    let content = inputs.table(path).map_err(unreadable)?;
    let source = Source::new(shown, &content, how.group_by);
    let importer = match how.kind.and_then(import::of_kind) {
        Some(importer) if (importer.recognise)(&source) => Some(importer),
        Some(importer) if named => {
            let message =
                format!("the file does not look like {}; leave out --kind to have it recognised", importer.title);
            return Err(vec![at(shown, 0, "", "", message)]);
        }
        Some(_) => None,
        None => import::recognised(&source),
    };
    let Some(importer) = importer else {
        let known: Vec<String> = IMPORTERS.iter().map(|i| format!("{} ({})", i.kind, i.title)).collect();
        let message = format!(
            "the file is of no format that is imported; there are {}; --kind names one, and a models file needs no import",
            known.join(", ")
        );
        return if named { Err(vec![at(shown, 0, "", "", message)]) } else { Ok(None) };
    };
    match (importer.read)(&source) {
        Ok(imported) => Ok(Some(Taken { path: shown.to_path_buf(), importer, imported })),
        Err(faults) => {
            let fault = |Fault { line, value, message }: Fault| at(shown, line, "", &value, message);
            Err(faults.into_iter().map(fault).collect())
        }
    }
}

fn at(path: &Path, line: u64, column: &str, value: &str, message: String) -> Problem {
    let place = Place { file: Arc::new(path.to_path_buf()), line, column: column.to_string() };
    Problem { place, value: shorten(value), message }
}

/// Takes what is not used or mended as a problem.
///
/// # Errors
/// Each of it.
pub fn refuse_changes(taken: &[Taken]) -> Result<(), Problems> {
    let changes = taken.iter().flat_map(|file| file.imported.changes.iter().map(move |change| (&file.path, change)));
    let refused = changes.filter(|(_, change)| change.what != What::Assumed);
    let problems: Vec<Problem> = refused
        .map(|(path, c)| at(path, c.line, &c.field, &c.value, format!("{}: {}", done(c.what), c.reason)))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

/// The models file, as CSV, once every cell of it has been read as a run would read it.
///
/// # Errors
/// Cells that a run would refuse.
pub fn typed(taken: &[Taken]) -> Result<Vec<u8>, Problems> {
    let mut problems = Vec::new();
    let mut typed = Vec::new();
    for file in taken {
        match models_file::of_imported(&file.path, file.imported.clone(), &NoFiles) {
            Ok(found) => typed.push(found),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(problems.into());
    }
    joined(typed)?;
    let table =
        csv(taken).map_err(|e| at(Path::new("the models file that would be written"), 0, "", "", e.to_string()))?;
    // What is written is read once more, so that a run of it cannot fail on its form.
    models_file::read(Path::new("the models file that would be written"), &table, &NoFiles)?;
    Ok(table)
}

/// All rows under the columns that any of them has.
fn csv(taken: &[Taken]) -> csv::Result<Vec<u8>> {
    let all =
        Imported { rows: taken.iter().flat_map(|file| file.imported.rows.iter().cloned()).collect(), changes: vec![] };
    let mut all = all;
    in_one_unit(&mut all);
    let columns = all.columns();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&columns)?;
    for Record { cells, .. } in all.records(&columns) {
        writer.write_record(&cells)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

/// Emissions in one column: grams of cards go to the kilograms of others with their unit.
fn in_one_unit(all: &mut Imported) {
    let has = |column: &str| all.rows.iter().any(|row| row.get(column).is_some());
    if !(has("emissions_g") && has("emissions_kg")) {
        return;
    }
    for row in &mut all.rows {
        if let Some(grams) = row.take("emissions_g") {
            let plain = grams.trim().parse::<f64>().is_ok();
            row.set("emissions_kg", if plain { format!("{grams} g") } else { grams });
        }
    }
}

/// What was done to a value, in words.
pub fn done(what: What) -> &'static str {
    match what {
        What::Dropped => "not used",
        What::Repaired => "mended",
        What::Assumed => "assumed",
    }
}
