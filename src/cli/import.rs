//! `haze import`: files of other tools as one models file, with a list of everything that was changed on the way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::ValueEnum;

use super::output::{bytes, print, spare};
use super::say::say;
use super::{Failure, counted};
use crate::import::{self, Change, GroupBy, IMPORTERS, Imported, Importer, Source, What};
use crate::portfolio::cell::CellError;
use crate::portfolio::cell::NoFiles;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::formats::{Fault, Record, STDIN};
use crate::portfolio::problem::{shorten, visible};
use crate::portfolio::{Place, Problem, joined, models_file};
use crate::report::files;

/// What `haze import` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze import emissions.csv -o models.csv         the runs of each project as a model
  haze import logs/ --group-by run                all files in a folder that are known, on standard output
  haze import --kind epoch all_ai_models.csv -o epoch.csv
  haze import --strict emissions.csv -o m.csv     nothing is written if a value cannot be used as it stands

What is not used, mended or assumed is listed on standard error with its file and line. A file of these formats can
also be given to the other commands as it is: haze run emissions.csv")]
pub struct ImportArgs {
    /// Files, folders, or - for standard input. A format name (see --kind) may come first
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Read the files as this format instead of detecting it
    #[arg(long, value_parser = kinds())]
    kind: Option<String>,
    /// Write the models file here [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Fail if any value would be dropped or repaired
    #[arg(long)]
    strict: bool,
    /// How to group a log's runs into models
    #[arg(long, value_enum, default_value = "project", value_name = "BY")]
    group_by: By,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    IMPORTERS.iter().map(|importer| importer.kind).collect::<Vec<_>>().into()
}

/// Which runs are one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Project,
    Experiment,
    Run,
}

impl From<By> for GroupBy {
    fn from(by: By) -> GroupBy {
        match by {
            By::Project => GroupBy::Project,
            By::Experiment => GroupBy::Experiment,
            By::Run => GroupBy::Run,
        }
    }
}

/// One file as it was read.
struct Taken {
    path: PathBuf,
    importer: &'static Importer,
    imported: Imported,
}

pub(super) fn import(mut args: ImportArgs) -> Result<(), Failure> {
    if args.kind.is_none()
        && args.paths.len() > 1
        && let Some(kind) = args.paths.first().and_then(|first| first.to_str())
        && import::of_kind(kind).is_some()
        && !Path::new(kind).exists()
    {
        args.kind = Some(kind.to_string());
        args.paths.remove(0);
    }
    let inputs = Inputs::default();
    let (taken, passed_over) = take(&args, &inputs)?;
    let target = match args.output.as_deref().filter(|path| *path != Path::new(STDIN)) {
        None => None,
        Some(path) => {
            let target = files::prepare_file(path).map_err(|e| Failure::Usage(e.to_string()))?;
            spare(&inputs.paths(), &target)?;
            Some(target)
        }
    };
    if args.strict {
        refuse_changes(&taken)?;
    }
    let table = typed(&taken)?;
    if !args.strict {
        taken.iter().for_each(|file| file.imported.changes.iter().for_each(|change| tell(&file.path, change)));
    }
    summary(&taken, passed_over);
    match target {
        None => print(&String::from_utf8_lossy(&table)),
        Some(target) => target.commit(&[&bytes(&table)]).map_err(|e| Failure::Run(e.into())),
    }
}

/// Every file that is named and known, and how many in folders are not.
fn take(args: &ImportArgs, inputs: &Inputs) -> Result<(Vec<Taken>, usize), Failure> {
    let (mut taken, mut passed_over, mut problems) = (Vec::new(), 0usize, Vec::new());
    for path in &args.paths {
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
            match read(&file, args, inputs, named) {
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
    if problems.is_empty() { Ok((taken, passed_over)) } else { Err(Failure::Input(problems.into())) }
}

/// One file; `None` where it is of no known format and nobody named it.
fn read(path: &Path, args: &ImportArgs, inputs: &Inputs, named: bool) -> Result<Option<Taken>, Vec<Problem>> {
    let shown = if path == Path::new(STDIN) { Path::new("standard input") } else { path };
    let unreadable = |e: CellError| vec![at(shown, 0, "", "", e.to_string())];
    let content = inputs.table(path).map_err(unreadable)?;
    let source = Source::new(shown, &content, args.group_by.into());
    let importer = match args.kind.as_deref().and_then(import::of_kind) {
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

/// `--strict`: what is not used or mended is a problem.
fn refuse_changes(taken: &[Taken]) -> Result<(), Failure> {
    let changes = taken.iter().flat_map(|file| file.imported.changes.iter().map(move |change| (&file.path, change)));
    let refused = changes.filter(|(_, change)| change.what != What::Assumed);
    let problems: Vec<Problem> = refused
        .map(|(path, c)| at(path, c.line, &c.field, &c.value, format!("{}: {}", done(c.what), c.reason)))
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure::Input(problems.into())) }
}

/// The models file, once every cell of it has been read as a run would read it.
fn typed(taken: &[Taken]) -> Result<Vec<u8>, Failure> {
    let mut problems = Vec::new();
    let mut typed = Vec::new();
    for file in taken {
        match models_file::of_imported(&file.path, file.imported.clone(), &NoFiles) {
            Ok(found) => typed.push(found),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::Input(problems.into()));
    }
    joined(typed)?;
    let table = csv(taken).context("cannot write the models file")?;
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

fn done(what: What) -> &'static str {
    match what {
        What::Dropped => "not used",
        What::Repaired => "mended",
        What::Assumed => "assumed",
    }
}

fn tell(path: &Path, change: &Change) {
    let place = Place { file: Arc::new(path.to_path_buf()), line: change.line, column: change.field.clone() };
    let value = shorten(&change.value);
    let value = if value.is_empty() { String::new() } else { format!("{value:?}: ") };
    say(format_args!("{}: {place}: {value}{}", done(change.what), visible(&change.reason)));
}

fn summary(taken: &[Taken], passed_over: usize) {
    let of = |what: What| taken.iter().flat_map(|file| &file.imported.changes).filter(|c| c.what == what).count();
    let titles: BTreeSet<&str> = taken.iter().map(|file| file.importer.title).collect();
    let titles = titles.into_iter().collect::<Vec<_>>().join(" and ");
    let rows = counted(taken.iter().map(|file| file.imported.rows.len()).sum(), "row");
    let dropped = counted(of(What::Dropped), "value");
    let (mended, assumed) = (of(What::Repaired), of(What::Assumed));
    let over = match passed_over {
        0 => String::new(),
        n => format!("; {} of other formats skipped", counted(n, "file")),
    };
    say(format_args!("read as {titles}: {rows}, {dropped} not used, {mended} mended, {assumed} assumed{over}"));
}
