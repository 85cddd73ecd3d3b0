//! `haze sensitivity --sample`: indices by groups of inputs, from pick-freeze draws, of the portfolio or of parts of it
//! (`--of`).

use std::path::Path;

use super::backend::{BackendArgs, notices};
use super::extent;
use super::input::{FileArgs, Opened, at_row};
use super::output::{Output, document, style};
use super::say::say;
use super::watch::{Interrupt, Watch};
use super::{Failure, draws, level};
use crate::engine::stats::sensitivity::batches::MIN_DRAWS;
use crate::portfolio::Study;
use crate::posterior::grouping::Grouping;
use crate::report::sampled as report;
use crate::run::sampled::SampleOptions;
use crate::run::{Clock, Extent, Request};

/// What goes with `--sample`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --sample; draws, seed, interval and backend also with --reruns")]
pub struct SampleArgs {
    /// Sample the indices of emissions, their logarithm, ATCI, energy and the upper 5 %
    #[arg(long)]
    pub sample: bool,
    /// Decompose by factor, by tier or by a column [default: factor]
    #[arg(long, value_name = "factor|tier|COLUMN", requires = "sample")]
    groups: Option<String>,
    /// Only the models with this value; may be given several times, for separate analyses
    #[arg(long, value_name = "COLUMN=VALUE", requires = "sample", value_parser = part)]
    of: Vec<(String, String)>,
    /// Also analyse what decides whether emissions exceed this many tonnes
    #[arg(long, value_name = "TONNES", requires = "sample", value_parser = threshold, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Draws of the analysis [default: as many as --precision needs]
    #[arg(long, value_name = "N", value_parser = enough, allow_negative_numbers = true)]
    draws: Option<u64>,
    /// Precision of the emissions' interval, by up to a million draws [default: 0.25%]
    #[arg(long, value_name = "P", value_parser = extent::precision, allow_negative_numbers = true, conflicts_with = "draws")]
    precision: Option<f64>,
    /// Seed of the random stream [default: 42]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Level of the intervals for the numerical error [default: 0.95]
    #[arg(long, value_name = "LEVEL", value_parser = level, allow_negative_numbers = true)]
    interval: Option<f64>,
    #[command(flatten)]
    pub backend: BackendArgs,
}

fn part(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, value)) if !column.is_empty() && !value.is_empty() => Ok((column.into(), value.into())),
        _ => Err("expected COLUMN=VALUE, such as organization=Meta".into()),
    }
}

fn threshold(text: &str) -> Result<f64, String> {
    match text.replace('_', "").parse::<f64>() {
        Ok(t) if t.is_finite() && t >= 0.0 => Ok(t),
        _ => Err("expected tonnes of CO2e, 0 or more, such as 50000".into()),
    }
}

fn enough(text: &str) -> Result<u64, String> {
    match draws(text)? {
        n if n >= MIN_DRAWS => Ok(n),
        n => Err(format!("{n} draws are too few for 32 batches: at least {MIN_DRAWS} are needed")),
    }
}

impl SampleArgs {
    /// Without `--sample` and `--reruns` nothing is drawn: whoever names draws or a backend means something else.
    pub fn none_without_sample(&self) -> Result<(), Failure> {
        let flags = [
            (self.draws.is_some(), "--draws"),
            (self.precision.is_some(), "--precision"),
            (self.seed.is_some(), "--seed"),
            (self.interval.is_some(), "--interval"),
        ];
        let given = flags.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag);
        match given.or(self.backend.given()) {
            Some(flag) if !self.sample => {
                Err(Failure::Usage(format!("{flag} needs --sample or --reruns: without them nothing is drawn")))
            }
            _ => Ok(()),
        }
    }

    /// What is drawn.
    pub fn request(&self, study: &Study) -> Request {
        let extent = self.draws.map(Extent::Draws).or(self.precision.map(Extent::Precision));
        Request::new(extent, self.seed, self.interval, study)
    }
}

/// `top` entries of a list on the page.
pub(super) fn sample(
    input: &FileArgs,
    args: &SampleArgs,
    top: Option<usize>,
    json: Option<&Path>,
) -> Result<(), Failure> {
    let mut clock = Clock::start();
    let interrupt = Interrupt::install();
    let opened = input.open()?;
    let Opened { portfolio, assessment } = &opened;
    let grouping = Grouping::new(args.groups.as_deref().unwrap_or("factor"));
    if let Grouping::Label(column) = &grouping {
        opened.known_column("--groups", column, &["factor"])?;
    }
    for (column, value) in &args.of {
        opened.known_value("--of", column, value)?;
    }
    interrupt.hold();
    let output = Output::prepare(json, &portfolio.opened)?;
    opened.warn();
    let options = SampleOptions {
        request: args.request(&portfolio.study),
        grouping,
        threshold_t: args.threshold,
        of: args.of.clone(),
    };
    clock.lap("read_and_assess_s");

    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let found = session.sample(assessment, &options, &watch);
    watch.finish();
    notices(&session);
    let mut found = found.map_err(at_row(&portfolio.models))?;
    for caution in found.cautions(report::title) {
        say(format_args!("warning: {caution}"));
    }
    found.info.timings = clock.laps.then(found.info.timings);

    let document = document(|out| report::write(out, &options, assessment, &found))?;
    interrupt.check()?;
    output.finish(&document, || report::terminal(&options, assessment, &found, top, style()))
}
