//! `haze sensitivity --sample`: indices by groups of inputs, from pick-freeze draws.
//!
//! A part of the portfolio (`--of`) is analysed as the portfolio of its models alone: keys of models and effects do not
//! depend on what else there is, so that its draws are those the models have in the whole.

use std::path::Path;

use super::backend::{BackendArgs, tell};
use super::input::{Opened, open};
use super::output::{Output, document, style};
use super::rerun;
use super::run::broken;
use super::stream::{INTERVAL, SEED};
use super::watch::{Clock, Interrupt, Watch};
use super::{Failure, draws, level};
use crate::assess::Assessment;
use crate::compile::compile;
use crate::engine::Prepared;
use crate::engine::plan::hash::plan_hash;
use crate::engine::stats::sensitivity::batches::MIN_DRAWS;
use crate::engine::stats::tail;
use crate::exact::oracle::oracle;
use crate::exact::shares::shares;
use crate::exact::terms::Known;
use crate::posterior::grouping::Grouping;
use crate::posterior::ranked;
use crate::posterior::sampled::{self, Analysis, Plain};
use crate::report::document::RunInfo;
use crate::report::sampled::{self as report, Part, Settings};
use crate::run::{self, RunError, Sampler, fits_in_memory};

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
    /// Draws of the analysis [default: 131072]
    #[arg(long, value_name = "N", value_parser = enough, allow_negative_numbers = true)]
    draws: Option<u64>,
    /// Seed of the random stream [default: 42]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Level of the intervals for the numerical error [default: 0.95]
    #[arg(long, value_name = "LEVEL", value_parser = level, allow_negative_numbers = true)]
    interval: Option<f64>,
    #[command(flatten)]
    backend: BackendArgs,
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

    /// What is said of the draws, for the reruns.
    pub fn reruns(&self) -> rerun::Settings<'_> {
        rerun::Settings { draws: self.draws, seed: self.seed, level: self.interval, backend: &self.backend }
    }
}

/// `top` entries of a list on the page.
pub fn sample(file: &Path, args: &SampleArgs, top: Option<usize>, json: Option<&Path>) -> Result<(), Failure> {
    let mut clock = Clock::new();
    let interrupt = Interrupt::install();
    let opened = open(file)?;
    let Opened { portfolio, assessment } = &opened;
    let study = &portfolio.study;
    let grouping = Grouping::new(args.groups.as_deref().unwrap_or("factor"));
    if let Grouping::Label(column) = &grouping {
        opened.known_column("--groups", column, &["factor"])?;
    }
    for (column, value) in &args.of {
        opened.known_value("--of", column, value)?;
    }
    interrupt.hold();
    let output = Output::sparing(json, study)?;
    opened.warn();
    let settings = Settings {
        draws: args.draws.unwrap_or(sampled::DRAWS),
        seed: args.seed.or(study.seed).unwrap_or(SEED),
        level: args.interval.or(study.interval).unwrap_or(INTERVAL),
        grouping,
        threshold_t: args.threshold,
    };
    clock.lap("read_and_assess_s");

    let whole = compile(assessment).map_err(|e| Failure::Usage(format!("{}: {e}", file.display())))?;
    let of = |(column, value): &(String, String)| assessment.only(|m| m.labels.get(column) == Some(value));
    let parts: Vec<(Option<(String, String)>, Assessment)> = if args.of.is_empty() {
        vec![(None, assessment.clone())]
    } else {
        args.of.iter().map(|part| (Some(part.clone()), of(part))).collect()
    };
    // Plain draws, and those at the corners.
    let models: usize = parts.iter().map(|(_, part)| 2 * part.models.len()).sum();
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let stream = run::Settings { draws: settings.draws, seed: settings.seed, level: settings.level };
    let sampler = session.sampler(stream, settings.draws.saturating_mul(models as u64), &watch);
    let mut analysed = Vec::new();
    for (of, models) in parts {
        analysed.push(analyse(models, of, &settings, &sampler)?);
    }
    watch.finish();
    tell(&session);
    for part in &analysed {
        for analysed in &part.sampled.outputs {
            if let Some(k) = analysed.pareto_k.filter(|k| *k > tail::LARGEST_K) {
                eprintln!("warning: {}", tail::warning(report::title(analysed.output), k));
            }
        }
    }
    clock.lap("sample_s");
    let info = RunInfo { plan_hash: plan_hash(&whole), backend: sampler.device(), timings: clock.laps };

    let document = document(|out| report::write(out, &settings, assessment, &analysed, &info))?;
    interrupt.check()?;
    output.finish(&document, || report::terminal(&settings, assessment, &analysed, top, style()))
}

/// The analysis of some of the models.
fn analyse(
    assessment: Assessment,
    of: Option<(String, String)>,
    settings: &Settings,
    sampler: &Sampler<'_>,
) -> Result<Part, RunError> {
    let (n, level) = (sampler.draws, sampler.level);
    let plan = compile(&assessment)?;
    fits_in_memory(&plan, n)?;
    let by: Vec<String> = settings.grouping.column().map(Into::into).into_iter().collect();
    let exact = shares(&assessment, &by, &mut Known::default());
    let (design, groups) = settings.grouping.design(&assessment, &plan, exact.as_ref().ok());
    let prepared = Prepared::new(&plan, &design).map_err(|e| broken(&e))?;
    let plain_design = Plain::design(&design);
    let plain_prepared = Prepared::new(&plan, &plain_design).map_err(|e| broken(&e))?;
    let plain = Plain::of_corners(&plan, &sampler.corners(&plain_prepared, 0..n)?);
    let mut analysis = Analysis::new(&design, groups, &plain, settings.threshold_t).map_err(|e| broken(&e))?;
    sampler.each_slab(&prepared, n, |corners| analysis.add(&corners).map_err(|e| broken(&e)))?;
    let sampled = analysis.finish(n, level);
    Ok(Part {
        of,
        exact_groups: exact.as_ref().ok().map(|shares| settings.grouping.exact(&sampled.groups, shares)),
        ranked: ranked::by_effect(&plan, sampler.seed, &plain, level),
        kurtosis: oracle(&assessment).kurtosis,
        exact,
        sampled,
        assessment,
    })
}
