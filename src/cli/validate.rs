//! `haze validate`: published runs predicted from less than was published, and the masked sums.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::backend::{BackendArgs, notices};
use super::input::warn_of_each;
use super::output::{Output, document, style};
use super::watch::{Interrupt, Watch};
use super::{Failure, draws};
use crate::portfolio::formats::STDIN;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::{Place, Problem, Problems};
use crate::report::validate as page;
use crate::run::Settings;
use crate::validate::{MaskedList, RunsFile, masked_sum, runs_file};

/// What `haze validate` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze validate fixtures/reported_training_emissions.csv
  haze validate runs.csv --json - | jq '.quantities[] | {name, n, mdape, coverage}'
  haze validate runs.csv --masked-sum models.csv

The file has the columns of fixtures/reported_training_emissions.csv; only model is required. A row is used if it is
independent, about the final run, and publishes both the figure and something to predict it from. A run that a prior
was derived from, or one of the same organisation and year, is predicted with priors derived without that family. The
exit code is 0 whenever the validation finished, passed or not. The protocol: docs/validation.md")]
pub struct ValidateArgs {
    /// File of published runs (CSV), or - for CSV on standard input
    file: PathBuf,
    /// Models file for the masked sum, instead of the two built-in lists; repeatable
    #[arg(long, value_name = "MODELS")]
    masked_sum: Vec<PathBuf>,
    /// Draws of each prediction
    #[arg(long, value_name = "N", value_parser = draws, default_value = "100000", allow_negative_numbers = true)]
    draws: u64,
    /// Seed of the random stream
    #[arg(long, value_name = "S", default_value = "42", allow_negative_numbers = true)]
    seed: u64,
    #[command(flatten)]
    backend: BackendArgs,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn validate(args: ValidateArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let inputs = Inputs::default();
    let file = runs(&args.file, &inputs)?;
    let lists = lists(&args.masked_sum, &inputs)?;
    interrupt.hold();
    let output = Output::prepare(args.json.as_deref(), &inputs.paths())?;
    let settings = Settings { draws: args.draws, seed: args.seed, ..Settings::default() };
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let found = session.validate(&file, &lists, settings, &watch);
    watch.finish();
    notices(&session);
    let found = found?;
    let document = document(|out| page::write(out, &found))?;
    interrupt.check()?;
    output.finish(&document, || page::terminal(&found, style()))
}

/// The file of published runs, its warnings shown.
pub(super) fn runs(path: &Path, inputs: &Inputs) -> Result<RunsFile, Failure> {
    let file = runs_file::read(&shown(path), &table(path, inputs)?)?;
    warn_of_each(&file.warnings);
    Ok(file)
}

fn lists(paths: &[PathBuf], inputs: &Inputs) -> Result<Vec<MaskedList>, Failure> {
    if paths.is_empty() {
        return Ok(masked_sum::shipped_lists());
    }
    let mut lists = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let files = inputs.folder(path.parent().unwrap_or(Path::new("")));
        match masked_sum::read_list(path, &table(path, inputs)?, &files) {
            Ok(list) => lists.push(list),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(lists) } else { Err(Problems::from(problems).into()) }
}

fn shown(path: &Path) -> PathBuf {
    if path == Path::new(STDIN) { PathBuf::from("standard input") } else { path.to_path_buf() }
}

fn table(path: &Path, inputs: &Inputs) -> Result<Vec<u8>, Failure> {
    inputs.table(path).map_err(|e| {
        let place = Place { file: Arc::new(shown(path)), line: 0, column: String::new() };
        Failure::Input(Problem { place, value: String::new(), message: e.to_string() }.into())
    })
}
