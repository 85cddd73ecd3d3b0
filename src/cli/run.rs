//! `haze run`: from files to a table on the terminal and to result files.
//!
//! Outputs are prepared before the work, so that a bad path fails first, and put in place after it, so that an
//! interrupted or failed run leaves nothing behind.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;

use super::backend::{BackendArgs, Chosen};
use super::beside::Plans;
use super::input::Opened;
use super::output::{Output, bytes, document, spare_inputs, style};
use super::stream::StreamArgs;
use super::watch::{Clock, Interrupt, progress_bar};
use super::{Failure, draws};
use crate::assess::Assessment;
use crate::compile::compile;
use crate::engine::plan::hash::plan_hash;
use crate::engine::plan::{self, KEPT_GROUPS, Plan};
use crate::engine::stats::tail;
use crate::engine::{Prepared, Summary};
use crate::exact::oracle::oracle;
use crate::portfolio::rules::WUE_UNUSED;
use crate::portfolio::{self, Outputs, Study};
use crate::posterior::grouping::by_factor;
use crate::posterior::sampled::{self, Analysis, Plain, Sampled};
use crate::posterior::{self, Options, Posterior};
use crate::report::document::RunInfo;
use crate::report::files::{self, Target};
use crate::report::study::Effective;
use crate::report::{csv, json, study, table};

const DRAWS: u64 = 1_000_000;

/// What `haze run` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze run models.csv
  haze run models.csv --draws 100000 --interval 0.9
  haze run study.toml --out results/        result.json, models.csv, groups.csv, study.toml
  haze run models.csv --json - | jq .total.emissions_t
  haze run models.csv --sensitivity cube    sampled indices of emissions, ATCI, energy and the upper tail
  haze run models.csv --water --embodied    told beside the headline, never mixed into it
  cat models.csv | haze run -

The command line goes before the study file, the study file before the defaults.
--backend auto takes a real GPU for long runs, else the CPU; a software GPU is taken only by --adapter.")]
pub struct RunArgs {
    /// Models file (CSV), study file (TOML), or - for CSV on standard input
    file: PathBuf,
    /// Monte Carlo draws [default: 1000000]
    #[arg(long, value_name = "N", value_parser = draws, allow_negative_numbers = true)]
    draws: Option<u64>,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Sensitivity analysis: exact, or cube (sampled as well)
    #[arg(long, value_enum, default_value = "exact", value_name = "METHOD", hide_possible_values = true)]
    sensitivity: SensitivityMethod,
    /// Also water, in m³, beside the headline
    #[arg(long)]
    water: bool,
    /// Also emissions of making the hardware, beside the headline
    #[arg(long)]
    embodied: bool,
    /// Also emissions of all runs of the development, beside the headline
    #[arg(long)]
    development: bool,
    /// Write result.json, models.csv, groups.csv and the resolved study.toml into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the JSON result to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; problems are still told
    #[arg(long)]
    quiet: bool,
}

/// The sensitivity analysis of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SensitivityMethod {
    /// Closed form, for the total emissions
    Exact,
    /// Sampled as well, for emissions, their logarithm, ATCI, energy and the upper tail
    Cube,
}

pub fn run(args: RunArgs) -> Result<(), Failure> {
    let mut clock = Clock::new();
    let interrupt = Interrupt::install();
    let (mut portfolio, mut warnings) = portfolio::read(&args.file)?;
    let asked = Outputs { water: args.water, embodied: args.embodied, development: args.development };
    portfolio.study.outputs = portfolio.study.outputs.and(asked);
    if portfolio.study.outputs.water {
        warnings.retain(|w| w.rule != WUE_UNUSED);
    }
    let opened = Opened::assessed(portfolio, warnings)?;
    let Opened { portfolio, assessment } = &opened;
    let effective = settings(&args, &portfolio.study);
    clock.lap("read_and_assess_s");
    let plan = compile(assessment).map_err(|e| Failure::Usage(format!("{}: {e}", args.file.display())))?;
    let beside = Plans::new(portfolio, assessment, &args.file)?;
    clock.lap("plan_s");
    // Until here nothing was touched.
    interrupt.hold();
    let folder = args.out.as_deref().map(files::prepare).transpose().map_err(|e| Failure::Usage(e.to_string()))?;
    let output = Output::prepare(args.json.as_deref())?;
    for target in folder.iter().chain(output.file()) {
        spare_inputs(&portfolio.study, target)?;
    }
    fits_in_memory(&plan, effective.draws)?;
    if !args.quiet {
        opened.warn();
    }

    let (summary, chosen) = draw(&args, &plan, &effective, &interrupt)?;
    clock.lap("draw_s");
    let oracle = oracle(assessment);
    let discretisation_bound = plan::error::relative_bound(&plan);
    let options = Options { interval: effective.interval, seed: effective.seed, discretisation_bound };
    let mut posterior = posterior::posterior(assessment, &plan, &summary, &oracle, &options, chosen.reduce());
    if args.sensitivity == SensitivityMethod::Cube && !posterior.oracle.groups.is_empty() {
        clock.lap("posterior_s");
        posterior.sampled = Some(analyse(&args, assessment, &plan, &summary, &effective, &chosen, &interrupt)?);
        clock.lap("sensitivity_s");
    }
    drop(summary);
    posterior.beside = beside.draw(&effective, &chosen, &interrupt)?;
    tell(&chosen);
    if let Some(k) = posterior.pareto_k.filter(|k| *k > tail::LARGEST_K) {
        eprintln!("warning: {}", tail::warning("the total emissions", k));
    }
    clock.lap("posterior_s");
    let info = RunInfo { plan_hash: plan_hash(&plan), backend: chosen.info(), timings: clock.laps };

    let result = document(|out| json::write(out, &posterior, assessment, &info))?;
    interrupt.check()?;
    if let Some(target) = folder {
        write_folder(target, &result, &posterior, &portfolio.study, effective)?;
    }
    let page = || if args.quiet { String::new() } else { table::terminal(&posterior, assessment, style()) };
    output.finish(&result, page)
}

/// The command line goes before the study, the study before the defaults.
fn settings(args: &RunArgs, study: &Study) -> Effective {
    Effective {
        draws: args.draws.or(study.draws).unwrap_or(DRAWS),
        seed: args.stream.seed(study),
        interval: args.stream.level(study),
    }
}

/// Every draw of every total and kept group is held until the end, 8 bytes each, and two more while they are sorted.
pub(super) fn fits_in_memory(plan: &Plan, draws: u64) -> Result<(), Failure> {
    let kept = (plan.columns() + 2 * plan.groups.len().min(KEPT_GROUPS) + 2) as u64;
    held_in_memory(draws, kept, (plan.columns() + plan.groups.len()) as u64)
}

/// So many words by draw, and one chunk of so many totals for each thread. Asked for in one piece first: an allocation
/// that fails later ends the program without a word of use.
pub(super) fn held_in_memory(draws: u64, kept: u64, totals: u64) -> Result<(), Failure> {
    let chunks = 4096 * std::thread::available_parallelism().map_or(1, |n| n.get()) as u64;
    let words = draws.saturating_mul(kept).saturating_add(chunks * totals);
    let fits = usize::try_from(words).is_ok_and(|words| Vec::<u64>::new().try_reserve_exact(words).is_ok());
    if fits {
        return Ok(());
    }
    let gigabytes = words.saturating_mul(8) / 1_000_000_000;
    Err(Failure::Run(anyhow::anyhow!("{draws} draws need {gigabytes} GB of memory, more than there is; ask for fewer")))
}

fn draw(
    args: &RunArgs,
    plan: &Plan,
    effective: &Effective,
    interrupt: &Interrupt,
) -> Result<(Summary, Chosen), Failure> {
    let model_draws = effective.draws.saturating_mul(plan.models.len() as u64);
    let (chosen, line) = Chosen::new(&args.backend, model_draws)?;
    if !args.quiet {
        eprintln!("{line}");
    }
    let bar = progress_bar(effective.draws, args.quiet);
    let progress = interrupt.moving(&bar);
    let outcome = chosen.backend().run(plan, effective.seed, 0..effective.draws, &progress);
    bar.finish_and_clear();
    tell(&chosen);
    Ok((outcome?, chosen))
}

/// The sampled sensitivity analysis of the run's first draws.
fn analyse(
    args: &RunArgs,
    assessment: &Assessment,
    plan: &Plan,
    summary: &Summary,
    effective: &Effective,
    chosen: &Chosen,
    interrupt: &Interrupt,
) -> Result<Sampled, Failure> {
    let (design, groups) = by_factor(assessment, plan);
    let prepared = Prepared::new(plan, &design).map_err(|e| broken(&e))?;
    let n = effective.draws.min(sampled::DRAWS);
    let plain = Plain::of_run(plan, summary, n);
    let analysis = Analysis::new(&design, groups, &plain, None).map_err(|e| broken(&e))?;
    let bar = progress_bar(n, args.quiet);
    let progress = interrupt.moving(&bar);
    let analysis = draw_corners(analysis, &prepared, chosen, effective.seed, n, &progress)?;
    bar.finish_and_clear();
    tell(chosen);
    Ok(analysis.finish(n, effective.interval))
}

/// Draws `n` draws at the corners, slab by slab, and takes them in.
pub(super) fn draw_corners(
    mut analysis: Analysis,
    prepared: &Prepared,
    chosen: &Chosen,
    seed: u64,
    n: u64,
    progress: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Analysis, Failure> {
    let mut first = 0;
    while first < n {
        let slab = first..n.min(first + chosen.slab());
        first = slab.end;
        match chosen.backend().corners(prepared, seed, slab, progress) {
            Ok(corners) => analysis.add(&corners).map_err(|e| broken(&e))?,
            Err(stopped) => return Err(stopped.into()),
        }
    }
    Ok(analysis)
}

pub(super) fn broken(e: &dyn std::fmt::Display) -> Failure {
    Failure::Run(anyhow::anyhow!("the sensitivity analysis failed: {e}"))
}

/// What a device failed at, and what was done about it.
pub(super) fn tell(chosen: &Chosen) {
    for notice in chosen.notices() {
        eprintln!("warning: {notice}");
    }
}

fn write_folder(
    target: Target,
    result: &[u8],
    posterior: &Posterior,
    settings: &Study,
    effective: Effective,
) -> Result<(), Failure> {
    let (mut models, mut groups) = (Vec::new(), Vec::new());
    csv::models(&mut models, posterior).context("cannot write models.csv")?;
    csv::groups(&mut groups, posterior).context("cannot write groups.csv")?;
    let study = study::resolved(settings, effective, target.folder()).context("cannot write study.toml")?;
    target
        .commit(&[&bytes(result), &bytes(&models), &bytes(&groups), &bytes(study.as_bytes())])
        .map_err(|e| Failure::Run(e.into()))
}
