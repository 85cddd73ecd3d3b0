//! `haze run`: from files to a table on the terminal and to result files.
//!
//! Outputs are prepared before the work, so that a bad path fails first, and put in place after it, so that an
//! interrupted or failed run leaves nothing behind.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::backend::Chosen;
use super::beside::Plans;
use super::{Failure, RunArgs, SensitivityMethod, assess, colour, print, warn};
use crate::assess::Assessment;
use crate::engine::{Prepared, Stopped, Summary};
use crate::plan::compile::compile;
use crate::plan::hash::plan_hash;
use crate::plan::{self, KEPT_GROUPS, Plan, TOTALS};
use crate::portfolio::rules::WUE_UNUSED;
use crate::portfolio::{self, Outputs, Study};
use crate::posterior::grouping::by_factor;
use crate::posterior::oracle::oracle;
use crate::posterior::sampled::{self, Analysis, Plain, Sampled};
use crate::posterior::{self, Options, Posterior, tail};
use crate::report::files::{self, Target, Unwritable};
use crate::report::document::{RunInfo, Timings};
use crate::report::study::Effective;
use crate::report::page::Style;
use crate::report::{csv, json, study, table};

const DRAWS: u64 = 1_000_000;
pub(super) const SEED: u64 = 42;
pub(super) const INTERVAL: f64 = 0.95;
/// Warnings shown by a run; `haze check` shows all.
pub(super) const WARNINGS: usize = 5;

pub fn run(args: RunArgs) -> Result<(), Failure> {
    let mut clock = Clock::new();
    let interrupt = Interrupt::install();
    let unwritable = |e: Unwritable| Failure::Usage(e.to_string());
    let to_stdout = args.json.as_deref() == Some(Path::new("-"));
    let (mut portfolio, mut warnings) = portfolio::read(&args.file)?;
    let asked = Outputs { water: args.water, embodied: args.embodied, development: args.development };
    portfolio.study.outputs = portfolio.study.outputs.and(asked);
    if portfolio.study.outputs.water {
        warnings.retain(|w| w.rule != WUE_UNUSED);
    }
    let effective = settings(&args, &portfolio.study);
    let mut assessment = assess(&portfolio)?;
    assessment.warnings.splice(0..0, warnings);
    clock.lap("read_and_assess_s");
    let plan = compile(&assessment).map_err(|e| Failure::Usage(format!("{}: {e}", args.file.display())))?;
    let beside = Plans::new(&portfolio, &assessment, &args.file)?;
    clock.lap("plan_s");
    // Until here nothing was touched.
    interrupt.hold();
    let folder = args.out.as_deref().map(files::prepare).transpose().map_err(unwritable)?;
    let json_file = args.json.as_deref().filter(|_| !to_stdout).map(files::prepare_file).transpose();
    let json_file = json_file.map_err(unwritable)?;
    for target in folder.iter().chain(&json_file) {
        spare_inputs(&portfolio.study, target)?;
    }
    fits_in_memory(&plan, effective.draws)?;
    if !args.quiet {
        warn(&assessment.warnings, WARNINGS);
    }

    let (summary, chosen) = draw(&args, &plan, &effective, &interrupt)?;
    clock.lap("draw_s");
    let oracle = oracle(&assessment);
    let discretisation_bound = plan::error::relative_bound(&plan);
    let options = Options { interval: effective.interval, seed: effective.seed, discretisation_bound };
    let mut posterior = posterior::posterior(&assessment, &plan, &summary, &oracle, &options, chosen.reduce());
    if args.sensitivity == SensitivityMethod::Cube && !posterior.oracle.groups.is_empty() {
        clock.lap("posterior_s");
        posterior.sampled = Some(analyse(&args, &assessment, &plan, &summary, &effective, &chosen, &interrupt)?);
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

    let mut result = Vec::new();
    json::write(&mut result, &posterior, &assessment, &info).context("cannot write the JSON result")?;
    interrupt.check()?;
    if let Some(target) = folder {
        write_folder(target, &result, &posterior, &portfolio.study, effective)?;
    }
    if let Some(target) = json_file {
        target.commit(&[&bytes(&result)]).map_err(|e| Failure::Run(e.into()))?;
    }
    if to_stdout {
        print(&String::from_utf8_lossy(&result))
    } else if args.quiet {
        Ok(())
    } else {
        print(&page(&posterior, &assessment))
    }
}

/// The command line goes before the study, the study before the defaults.
fn settings(args: &RunArgs, study: &Study) -> Effective {
    Effective {
        draws: args.draws.or(study.draws).unwrap_or(DRAWS),
        seed: args.seed.or(study.seed).unwrap_or(SEED),
        interval: args.interval.or(study.interval).unwrap_or(INTERVAL),
    }
}

/// Refuses outputs that would replace a file the run reads. A study that an earlier run wrote may be written again:
/// nothing is lost.
fn spare_inputs(study: &Study, target: &Target) -> Result<(), Failure> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let places: Vec<PathBuf> = target.places().iter().filter_map(|place| real(place)).collect();
    let by_hand = |path: &&PathBuf| !fs::read_to_string(path).is_ok_and(|text| text.starts_with(study::FIRST_LINE));
    let mut inputs = study.models.iter().chain(study.path.iter().filter(by_hand));
    match inputs.find(|input| real(input).is_some_and(|input| places.contains(&input))) {
        None => Ok(()),
        Some(input) => {
            let input = input.display();
            Err(Failure::Usage(format!("{input} is read by this run and would be replaced; name another place")))
        }
    }
}

/// Every draw of every total and kept group is held until the end, 8 bytes each, and two more while they are sorted.
pub(super) fn fits_in_memory(plan: &Plan, draws: u64) -> Result<(), Failure> {
    let kept = (TOTALS + 2 * plan.groups.len().min(KEPT_GROUPS) + 2) as u64;
    held_in_memory(draws, kept, (TOTALS + plan.groups.len()) as u64)
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
    let progress = |n| {
        bar.inc(n);
        interrupt.check().is_ok()
    };
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
    let progress = |n| {
        bar.inc(n);
        interrupt.check().is_ok()
    };
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

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Failure {
        match stopped {
            Stopped::Interrupted => Failure::Interrupted,
            Stopped::Device(_) => Failure::Run(anyhow::Error::new(stopped)),
        }
    }
}

/// What a device failed at, and what was done about it.
pub(super) fn tell(chosen: &Chosen) {
    for notice in chosen.notices() {
        eprintln!("warning: {notice}");
    }
}

/// Progress on standard error where that is a terminal.
pub(super) fn progress_bar(draws: u64, quiet: bool) -> ProgressBar {
    let shown = !quiet && io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(draws), target);
    if let Ok(style) = ProgressStyle::with_template("drawing {bar:32} {percent:>3} %  {human_pos} draws, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
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

/// The file that `--json` names, ready to be written and not one of the inputs; none for standard output.
pub(super) fn json_target(json: Option<&Path>, study: &Study) -> Result<Option<Target>, Failure> {
    let path = json.filter(|path| *path != Path::new("-"));
    let target = path.map(files::prepare_file).transpose().map_err(|e| Failure::Usage(e.to_string()))?;
    if let Some(target) = &target {
        spare_inputs(study, target)?;
    }
    Ok(target)
}

pub(super) fn bytes(content: &[u8]) -> impl Fn(&mut dyn Write) -> io::Result<()> {
    move |out| out.write_all(content)
}

fn page(posterior: &Posterior, assessment: &Assessment) -> String {
    table::terminal(posterior, assessment, style())
}

/// As wide as the terminal; files and pipes get 100 columns.
pub(super) fn style() -> Style {
    let (_, columns) = console::Term::stdout().size();
    let width = if io::stdout().is_terminal() { usize::from(columns) } else { 100 };
    Style { colour: colour(), width }
}

/// Ctrl-C. While nothing has been touched it ends the program at once (reading standard input could otherwise not be
/// ended); after that it is noted, and the run stops where it can clean up.
#[derive(Clone, Default)]
pub(super) struct Interrupt {
    noted: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
}

impl Interrupt {
    pub(super) fn install() -> Interrupt {
        let interrupt = Interrupt::default();
        let handler = interrupt.clone();
        // Without a handler the system's own ends the program, which leaves at worst an empty folder.
        let _ = ctrlc::set_handler(move || {
            handler.noted.store(true, Ordering::SeqCst);
            if !handler.held.load(Ordering::SeqCst) {
                eprintln!("haze: interrupted, nothing was written");
                std::process::exit(130);
            }
        });
        interrupt
    }

    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.noted.load(Ordering::SeqCst) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}

/// Seconds by stage.
pub(super) struct Clock {
    last: Instant,
    pub(super) laps: Timings,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { last: Instant::now(), laps: Timings::default() }
    }

    pub(super) fn lap(&mut self, name: &str) {
        let now = Instant::now();
        self.laps.0.push((name.into(), (now - self.last).as_secs_f64()));
        self.last = now;
    }
}
