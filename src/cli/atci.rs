//! `haze atci`: carbon per compute of a portfolio and of its parts, with the ratios that multiply to it.

use std::path::PathBuf;

use super::backend::{BackendArgs, tell};
use super::input::{Opened, open};
use super::output::{Output, document, style};
use super::stream::StreamArgs;
use super::watch::{Clock, Interrupt, Watch};
use super::{Failure, draws};
use crate::assess::Assessment;
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::Summary;
use crate::engine::plan::Plan;
use crate::engine::plan::hash::plan_hash;
use crate::posterior::intensity::{Part, Row, YEAR, intensity, split, value};
use crate::posterior::sampled;
use crate::report::atci::{self as report, Atci, Grouping};
use crate::report::document::RunInfo;
use crate::run::Settings;
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
    /// Models file (CSV), study file (TOML), or - for CSV on standard input
    file: PathBuf,
    /// Only by this column; may be given several times [default: tier, year, hardware, organization, region]
    #[arg(long, value_name = "year|tier|COLUMN")]
    by: Vec<String>,
    /// Monte Carlo draws [default: 131072]
    #[arg(long, value_name = "N", value_parser = draws, allow_negative_numbers = true)]
    draws: Option<u64>,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub fn atci(args: AtciArgs) -> Result<(), Failure> {
    let mut clock = Clock::new();
    let interrupt = Interrupt::install();
    let opened = open(&args.file)?;
    let Opened { portfolio, assessment } = &opened;
    let study = &portfolio.study;
    let columns = columns(&args.by, &opened)?;
    interrupt.hold();
    let output = Output::sparing(args.json.as_deref(), study)?;
    opened.warn();
    let (n, seed) = (args.draws.unwrap_or(sampled::DRAWS), args.stream.seed(study));
    let level = args.stream.level(study);
    clock.lap("read_and_assess_s");

    let passes = 1 + columns.len() as u64;
    let model_draws = n.saturating_mul(assessment.models.len() as u64).saturating_mul(passes);
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let sampler = session.sampler(Settings { draws: n, seed, level }, model_draws, &watch);
    // Parts have the shapes of the whole.
    let mut tables = Tables::default();
    let mut draw = |assessment: &Assessment| -> Result<(Plan, Summary), Failure> {
        let plan = compile_with(&Assessment { groups_by: vec![], ..assessment.clone() }, &mut tables);
        let plan = plan.map_err(|e| Failure::Usage(format!("{}: {e}", args.file.display())))?;
        let summary = sampler.draw(&plan)?;
        Ok((plan, summary))
    };
    let (plan, summary) = draw(assessment)?;
    let total = Row::new(Part::Value(String::new()), &plan, &summary, level, sampler.reduce(), None);
    let without_compute = intensity(&plan, &summary, level, sampler.reduce()).1.without_compute;
    drop(summary);
    let mut groupings = Vec::new();
    for by in columns {
        let mut rows = Vec::new();
        for part in split(assessment, &by) {
            let (plan, summary) = draw(&part.assessment)?;
            let whole = total.compute_eflop.mean;
            rows.push(Row::new(part.part, &plan, &summary, level, sampler.reduce(), whole));
        }
        groupings.push(Grouping { by, rows });
    }
    watch.finish();
    tell(&session);
    clock.lap("draw_s");
    let info = RunInfo { plan_hash: plan_hash(&plan), backend: sampler.device(), timings: clock.laps };
    let result = Atci { seed, draws: n, level, assessment, total, without_compute, groupings, anchors: anchors() };

    let document = document(|out| report::write(out, &result, &info))?;
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
            opened.known_column("--by", column, &[YEAR])?;
        }
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    Ok(columns)
}
