//! `haze run`: from files to a table on the terminal and to result files.
//!
//! Outputs are prepared before the work, so that a bad path fails first, and put in place after it, so that an
//! interrupted or failed run leaves nothing behind.

use std::path::PathBuf;

use anyhow::Context;
use clap::ValueEnum;

use super::backend::{BackendArgs, tell};
use super::input::{Opened, with_lines};
use super::output::{Output, bytes, document, spare_inputs, style};
use super::stream::StreamArgs;
use super::watch::{Clock, Interrupt, Watch};
use super::{Failure, draws};
use crate::assess::{Assessment, OUTPUTS, with_outputs};
use crate::compile::compile;
use crate::engine::plan::hash::plan_hash;
use crate::engine::plan::{self, Plan};
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
use crate::run::{DRAWS, RunError, Sampler, Settings, fits_in_memory};

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
    let whole = with_outputs(portfolio, assessment).map_err(|problems| Failure::Input(with_lines(problems)))?;
    let plan = compile(&whole).map_err(|e| Failure::Usage(format!("{}: {e}", args.file.display())))?;
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

    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let cube = args.sensitivity == SensitivityMethod::Cube;
    let settings = Settings { draws: effective.draws, seed: effective.seed, level: effective.interval };
    let analysed = if cube { settings.draws.min(sampled::DRAWS) } else { 0 };
    let draws = settings.draws.saturating_add(analysed);
    let sampler = session.sampler(settings, draws.saturating_mul(plan.models.len() as u64), &watch);
    let summary = sampler.draw(&plan);
    tell(&session);
    let summary = summary?;
    clock.lap("draw_s");
    let oracle = oracle(assessment);
    let discretisation_bound = plan::error::relative_bound(&plan, OUTPUTS);
    let options = Options { interval: effective.interval, seed: effective.seed, discretisation_bound };
    let mut posterior = posterior::posterior(&whole, &plan, &summary, &oracle, &options, sampler.reduce());
    if cube && !posterior.oracle.groups.is_empty() {
        clock.lap("posterior_s");
        posterior.sampled = Some(analyse(&whole, &plan, &summary, &sampler, analysed)?);
        clock.lap("sensitivity_s");
    }
    drop(summary);
    watch.finish();
    tell(&session);
    if let Some(k) = posterior.pareto_k.filter(|k| *k > tail::LARGEST_K) {
        eprintln!("warning: {}", tail::warning("the total emissions", k));
    }
    clock.lap("posterior_s");
    let info = RunInfo { plan_hash: plan_hash(&plan), backend: sampler.device(), timings: clock.laps };

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

/// The sampled sensitivity analysis of the run's first `n` draws.
fn analyse(
    assessment: &Assessment,
    plan: &Plan,
    summary: &Summary,
    sampler: &Sampler<'_>,
    n: u64,
) -> Result<Sampled, RunError> {
    let (design, groups) = by_factor(assessment, plan);
    let prepared = Prepared::new(plan, &design).map_err(|e| broken(&e))?;
    let plain = Plain::of_run(plan, summary, n);
    let mut analysis = Analysis::new(&design, groups, &plain, None).map_err(|e| broken(&e))?;
    sampler.each_slab(&prepared, n, |corners| analysis.add(&corners).map_err(|e| broken(&e)))?;
    Ok(analysis.finish(n, sampler.level))
}

pub(super) fn broken(e: &dyn std::fmt::Display) -> RunError {
    RunError::failed("the sensitivity analysis", e)
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
