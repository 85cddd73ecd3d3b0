//! What a user types: arguments, and one file per command. Thin: everything it does is a function of the library.
//!
//! Arguments are taken in two steps: clap reads what was typed, then each command resolves it against the study file.
//! Exit codes are decided here and nowhere else: 0 done, 1 the run failed, 2 bad input or usage, 130 interrupted.

#[cfg(feature = "gpu")]
mod adapters;
mod atci;
mod backend;
mod bench;
mod check;
mod coverage;
mod diff;
mod doctor;
#[cfg(feature = "gpu")]
mod driver;
mod explain;
mod export;
mod extent;
#[cfg(feature = "figures")]
mod figure;
mod fit;
mod further;
mod gauge;
mod import;
mod input;
#[cfg(feature = "gpu")]
mod installation;
mod lineage;
mod memory;
mod merge;
mod output;
mod plain;
mod priors;
mod report;
mod run;
mod sample;
mod say;
mod sensitivity;
mod shard;
mod shell;
mod source;
mod stream;
mod table;
mod track;
mod trend;
mod validate;
mod watch;

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::input::FileArgs;
use self::say::say;
use crate::portfolio::quantity::hundredth;
use crate::portfolio::study_file::MAX_DRAWS;
use crate::portfolio::{Problem, Problems};
use crate::run::RunError;

/// How uncertain is the carbon footprint of AI models?
#[derive(Debug, Parser)]
#[command(name = "haze", version, arg_required_else_help = true)]
#[command(after_help = "Examples:
  haze run models.csv                       credible intervals for a portfolio, with default priors for the rest
  haze run study.toml --out results/        a study file: priors, scope, groups, draws
  haze check models.csv                     what is wrong or suspicious in the input
  haze import emissions.csv -o models.csv   a models file from the files of another tool
  haze explain models.csv org/model-7b      where every factor of one model comes from
  haze export dia models.csv --model ID     the figures in a form others ask for
  haze sensitivity models.csv               what makes the interval wide, and which figure would narrow it
  haze atci models.csv                      emissions per compute, by year, hardware, organisation …
  haze track -- python train.py             measures a run: one record, which haze run reads
  haze trend models.csv                     by year of training, and the growth
  haze lineage models.csv                   base models with everything made from them, as families
  haze figure total models.csv -o fig1.pdf   a figure for a paper, as SVG, PDF or PNG
  haze fit --sample language                the regressions for missing compute, one card each
  haze coverage models.csv                  what the total rests on and leaves out; every structural choice
  haze validate runs.csv                    a back-test of the intervals on published runs
  haze priors > priors.toml                 the default priors with their sources, as a file to edit
  haze doctor                               the GPUs of this machine, and whether they work correctly
  haze gauge                                known answers recomputed on this machine: PASS or DIFF for each")]
pub struct Args {
    /// No colour and no drawn signs on pages: ASCII, for screen readers and logs
    #[arg(long, global = true)]
    plain: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Credible intervals for a portfolio (the main job)
    Run(run::RunArgs),
    /// The run that the parts of `haze run --shard` make
    Merge(merge::MergeArgs),
    /// One HTML page of one or several results
    Report(report::ReportArgs),
    /// One table for a paper, as LaTeX, Markdown or CSV
    Table(table::TableArgs),
    /// Two runs compared in the same draws: how far apart, and why
    Diff(diff::DiffArgs),
    /// What is wrong or suspicious in the input, without running anything
    #[command(after_help = "Examples:
  haze check models.csv
  haze check study.toml                     the study, its models files and the priors it sets
  haze check - < models.csv

Exit code 0 if nothing is wrong (there may be warnings), 2 if a run would refuse the input.")]
    Check(FileArgs),
    /// A models file from files of other tools, with a list of what was changed
    Import(import::ImportArgs),
    /// Where every factor of one model comes from
    #[command(after_help = "Examples:
  haze explain models.csv lab/base-7b
  haze explain study.toml lab/base-7b       under the study's priors, scope and shared effects")]
    Explain {
        #[command(flatten)]
        input: FileArgs,
        /// The model's id
        id: String,
    },
    /// Figures in forms that others ask for: model cards, EU, SCI, SBOM, IPCC, audit
    Export(export::ExportArgs),
    /// What makes the interval wide, exactly, and which disclosure would narrow it
    Sensitivity(sensitivity::SensitivityArgs),
    /// What the total rests on and leaves out: thresholds, another list, tiers, structural choices
    Coverage(coverage::CoverageArgs),
    /// Emissions per compute (ATCI) and its ratios, by year, hardware, organisation, region and tier
    Atci(atci::AtciArgs),
    /// Measure a command, a process or a service, and sum up the records
    Track(track::TrackArgs),
    /// Emissions, energy, compute and ATCI by year of training, and how fast they grow
    Trend(trend::TrendArgs),
    /// What a base model and everything made from it emit together
    Lineage(lineage::LineageArgs),
    /// Figures for papers, as SVG, PDF or PNG
    #[cfg(feature = "figures")]
    Figure(figure::FigureArgs),
    /// Regressions for compute that is not stated, with a card for each
    Fit(fit::FitArgs),
    /// Back-test the intervals on published runs against baselines
    Validate(validate::ValidateArgs),
    /// What this machine can draw on: adapters, drivers, self-test, what is missing
    Doctor,
    /// Check this machine against known answers before trusting its results: PASS or DIFF
    Gauge(gauge::GaugeArgs),
    /// Model-draws per second of the backends of this machine
    Bench(bench::BenchArgs),
    /// The priors in force with their sources, as a file that can be edited and used
    Priors(priors::PriorsArgs),
    /// Completions of the command line for a shell
    Completions(shell::CompletionsArgs),
    /// The manual pages
    Man(shell::ManArgs),
}

fn draws(text: &str) -> Result<u64, String> {
    match text.replace('_', "").parse() {
        Ok(n) if (1..=MAX_DRAWS).contains(&n) => Ok(n),
        _ => Err(format!("expected a whole number from 1 to {MAX_DRAWS}, such as 1_000_000")),
    }
}

fn level(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        Ok(level) if level > 1.0 && level < 100.0 => {
            Err(format!("the level is a fraction: did you mean {}?", hundredth(level)))
        }
        _ => Err("expected a number between 0 and 1, both excluded, such as 0.95".into()),
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
enum Failure {
    /// What the user gave is wrong: exit code 2.
    Input(Problems),
    /// The same, where no file and line can be named.
    Usage(String),
    /// Something else went wrong: exit code 1.
    Run(anyhow::Error),
    /// A comparison found more than it was to find: exit code 3.
    Above(String),
    /// Ctrl-C: exit code 130.
    Interrupted,
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Failure {
        Failure::Input(problems)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Failure {
        Failure::Run(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        match error {
            RunError::Interrupted => Failure::Interrupted,
            RunError::Input(problems) => Failure::Input(problems),
            RunError::Usage(message) => Failure::Usage(message),
            RunError::Plan(e) => Failure::Usage(e.to_string()),
            RunError::NoGpu { reason, none_found } => {
                Failure::Run(anyhow::Error::msg(backend::without_gpu(&reason, none_found)))
            }
            other => Failure::Run(anyhow::Error::new(other)),
        }
    }
}

/// Work that is spread over all cores outside a session uses one pool of threads. Where the system gives no threads it is
/// the thread that is there.
fn start_threads() {
    let threads = rayon::ThreadPoolBuilder::new;
    // The common pool can be built once only, so another one shows whether it can.
    if threads().build().is_err() {
        let _ = threads().num_threads(1).use_current_thread().build_global();
    }
}

/// Runs the command line; the program's exit code.
pub fn main() -> ExitCode {
    let Args { plain, command } = Args::parse();
    plain::set(plain);
    // Signals are for the thread that waits for the command, and it starts before anything else.
    if !matches!(command, Command::Track(_)) {
        start_threads();
    }
    let outcome = match command {
        Command::Run(args) => run::run(args),
        Command::Merge(args) => merge::merge(args),
        Command::Report(args) => report::report(args),
        Command::Table(args) => table::table(args),
        Command::Diff(args) => diff::diff(args),
        Command::Check(input) => check::check(&input),
        Command::Import(args) => import::import(args),
        Command::Explain { input, id } => explain::explain(&input, &id),
        Command::Export(args) => export::export(args),
        Command::Sensitivity(args) => sensitivity::sensitivity(args),
        Command::Coverage(args) => coverage::coverage(args),
        Command::Atci(args) => atci::atci(args),
        Command::Track(args) => match track::track(args) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::Trend(args) => trend::trend(args),
        Command::Lineage(args) => lineage::lineage(args),
        #[cfg(feature = "figures")]
        Command::Figure(args) => figure::figure(&args),
        Command::Fit(args) => fit::fit(args),
        Command::Validate(args) => validate::validate(args),
        Command::Doctor => doctor::doctor(),
        Command::Gauge(args) => gauge::gauge(args),
        Command::Bench(args) => bench::bench(args),
        Command::Priors(args) => priors::priors(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Run(error)) => {
            say(format_args!("haze: {error:#}"));
            ExitCode::from(1)
        }
        Err(Failure::Input(problems)) => {
            say(listed(&problems).trim_end());
            ExitCode::from(2)
        }
        Err(Failure::Usage(message)) => {
            say(format_args!("haze: {message}"));
            ExitCode::from(2)
        }
        Err(Failure::Above(message)) => {
            say(format_args!("haze: {message}"));
            ExitCode::from(3)
        }
        Err(Failure::Interrupted) => {
            say("haze: interrupted, nothing was written");
            ExitCode::from(130)
        }
    }
}

/// All problems, one per line, and how many there are.
fn listed(problems: &[Problem]) -> String {
    let mut text = String::new();
    for problem in problems {
        let _ = writeln!(text, "error: {problem}");
    }
    let _ = writeln!(text, "{}", counted(problems.len(), "problem"));
    text
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
