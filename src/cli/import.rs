//! `haze import`: files of other tools as one models file, with a list of everything that was changed on the way.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;

use super::output::{bytes, print, spare};
use super::say::say;
use super::{Failure, counted};
use crate::import::{self, Change, GroupBy, IMPORTERS, What};
use crate::portfolio::Place;
use crate::portfolio::formats::STDIN;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::gathered::{How, Taken, done, refuse_changes, take, typed};
use crate::portfolio::problem::{shorten, visible};
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
    let how = How { kind: args.kind.as_deref(), group_by: args.group_by.into() };
    let (taken, passed_over) = take(&args.paths, &how, &inputs)?;
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
