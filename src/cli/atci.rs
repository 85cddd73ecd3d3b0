//! `haze atci`: carbon per compute of a portfolio and of its parts, with the ratios that multiply to it.

use std::path::PathBuf;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row};
use super::output::{Output, document, style};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::portfolio::YEAR;
use crate::posterior::intensity::value;
use crate::report::atci::{self as report, Atci};
use crate::run::Clock;
use crate::validate::anchors::anchors;

/// Columns where none is requested: those in which some row has a value.
const COLUMNS: [&str; 5] = ["tier", YEAR, "hardware", "organization", "region"];

/// What `haze atci` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze atci models.csv
  haze atci models.csv --by year --by organization
  haze atci study.toml --draws 1000000 --json - | jq .total.atci_kg_per_eflop

ATCI is in kgCO2e per EFLOP (1e18 operations performed in training): the sum of emissions over the
sum of compute, in every draw. The draws are the first ones of `haze run`. The 20 values of a column
with the largest expected compute are listed, the others taken together. Published runs are listed
for comparison, each in the scope of its source.")]
pub struct AtciArgs {
    #[command(flatten)]
    input: FileArgs,
    /// Only by this column; repeatable [default: tier, year, hardware, organization, region]
    #[arg(long, value_name = "year|tier|COLUMN")]
    by: Vec<String>,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn atci(args: AtciArgs) -> Result<(), Failure> {
    let mut clock = Clock::start();
    let interrupt = Interrupt::install();
    let opened = args.input.open()?;
    let Opened { portfolio, assessment } = &opened;
    let columns = columns(&args.by, &opened)?;
    interrupt.hold();
    let output = Output::prepare(args.json.as_deref(), &portfolio.opened)?;
    opened.warn();
    let request = args.stream.request(args.extent, &portfolio.study);
    clock.lap("read_and_assess_s");

    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let found = session.atci(assessment, &columns, request, &watch);
    watch.finish();
    notices(&session);
    let mut found = found.map_err(at_row(&portfolio.models))?;
    found.info.timings = clock.laps.then(found.info.timings);
    let result = Atci { assessment, found: &found, anchors: anchors() };

    let document = document(|out| report::write(out, &result))?;
    interrupt.check()?;
    output.finish(&document, || report::terminal(&result, style()))
}

/// The columns asked for, or those of the usual ones that have a value; each once.
fn columns(asked: &[String], opened: &Opened) -> Result<Vec<String>, Failure> {
    let has = |column: &str| opened.assessment.models.iter().any(|m| value(m, column).is_some());
    if asked.is_empty() {
        return Ok(COLUMNS.iter().filter(|column| has(column)).map(|c| c.to_string()).collect());
    }
    let mut columns: Vec<String> = Vec::new();
    for column in asked {
        if !has(column) {
            opened.known_column("--by", column, &[])?;
        }
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    Ok(columns)
}
