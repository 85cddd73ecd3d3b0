//! `haze trend`: emissions, energy, compute and ATCI by year of training, and how fast they grow.

use std::path::PathBuf;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row};
use super::output::{Output, document, style};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::posterior::trend::{YEARS, year_of};
use crate::report::trend as report;
use crate::run::Clock;
use crate::run::trend::Span;

/// What `haze trend` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze trend models.csv
  haze trend models.csv --from 2020 --to 2024
  haze trend study.toml --draws 1000000 --json - | jq .growth.emissions.growth_percent_per_year

All years are drawn together: what their models have in common is common to them. The year is that of the date, or the
column year where there is one; models without either have a line of their own. The growth is the least-squares slope
of the logarithm on the year, in every draw, and every year counts the same. The year of the latest date is left out of
it, because more models of that year may come; with --complete it counts.")]
pub struct TrendArgs {
    #[command(flatten)]
    input: FileArgs,
    /// No year before this one
    #[arg(long, value_name = "YEAR", value_parser = year, allow_negative_numbers = true)]
    from: Option<i32>,
    /// No year after this one
    #[arg(long, value_name = "YEAR", value_parser = year, allow_negative_numbers = true)]
    to: Option<i32>,
    /// The year of the latest date is complete, and counts in the growth
    #[arg(long)]
    complete: bool,
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

fn year(text: &str) -> Result<i32, String> {
    let (first, last) = (YEARS.start(), YEARS.end());
    let year = text.parse().ok().filter(|year| YEARS.contains(year));
    year.ok_or_else(|| format!("expected a year from {first} to {last}, such as 2020"))
}

pub fn trend(args: TrendArgs) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Failure::Usage(format!("--from {from} is after --to {to}")));
    }
    let mut clock = Clock::start();
    let interrupt = Interrupt::install();
    let opened = args.input.open()?;
    let Opened { portfolio, assessment } = &opened;
    if assessment.models.iter().all(|model| year_of(model).is_none()) {
        return Err(Failure::Usage("no row has a year: fill in a column date".into()));
    }
    interrupt.hold();
    let output = Output::prepare(args.json.as_deref(), &portfolio.opened)?;
    opened.warn();
    let request = args.stream.request(args.extent, &portfolio.study);
    let span = Span { from: args.from, to: args.to, latest_is_complete: args.complete };
    clock.lap("read_and_assess_s");

    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let found = session.trend(assessment, span, request, &watch);
    watch.finish();
    notices(&session);
    let mut found = found.map_err(at_row(&portfolio.models))?;
    found.info.timings = clock.laps.then(found.info.timings);

    let document = document(|out| report::write(out, assessment.scope, &found))?;
    interrupt.check()?;
    output.finish(&document, || report::terminal(assessment.scope, &found, style()))
}
