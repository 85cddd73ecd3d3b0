//! `haze run`: from files to a table on the terminal and to result files.
//!
//! Outputs are prepared before the work, so that a bad path fails first, and put in place after it, so that an
//! interrupted or failed run leaves nothing behind.

use std::fs;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use clap::ValueEnum;
use tempfile::SpooledTempFile;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::further::FurtherArgs;
use super::input::{FileArgs, at_row, warn};
use super::output::{Output, apart, bytes, document, spare, style};
use super::report::{Place, html};
use super::say::say;
use super::shard::{self, Asked};
use super::source;
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::assess::priors::Priors;
use crate::assess::{Assessment, Blocks, assess};
use crate::portfolio::formats::archive::Archive;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::shorten_path;
use crate::portfolio::{Outputs, Portfolio, Warning};
use crate::posterior::EachModel;
use crate::report::files::{self, Target};
use crate::report::html::data::Named;
use crate::report::json::{self, Listed};
use crate::report::numbers::round_trip;
use crate::report::study::Effective;
use crate::report::{self, csv, methods, references, study, table};
use crate::run::large::{self, Large, LargeOutcome};
use crate::run::shown::Shown;
use crate::run::spool::Scratch;
use crate::run::{Clock, Outcome, Request, RunError, RunOptions, Session, kept, part};

/// What `haze run` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze run models.csv
  haze run models.csv --precision 0.1% --interval 0.9
  haze run models.csv --draws 1000000
  haze run study.toml --out results/        result.json, tables, study.toml, methods.md, references.bib
  haze run models.csv --json - | jq .total.emissions_t
  haze run models.csv --sensitivity cube    sampled indices of emissions, ATCI, energy and the upper tail
  haze run models.csv --report page.html    everything on one HTML page
  haze run models.csv --water --embodied    reported separately, never added to the total
  cat models.csv | haze run -
  haze run models.csv --draws 1000000 --shard 3/10 --out part-3.haze     a tenth of the draws, for haze merge

The command line overrides the study file, and the study file overrides the defaults.
--backend auto uses a real GPU for long runs, else the CPU; a software GPU is used only with --adapter.")]
pub struct RunArgs {
    #[command(flatten)]
    input: FileArgs,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Sensitivity analysis: exact, or cube (sampled as well)
    #[arg(long, value_enum, default_value = "exact", value_name = "METHOD", hide_possible_values = true)]
    sensitivity: SensitivityMethod,
    #[command(flatten)]
    further: FurtherArgs,
    #[command(flatten)]
    results: ResultArgs,
    /// Also write an HTML page of everything: a file, or a folder/ for index.html (haze report)
    #[arg(long, value_name = "PATH", conflicts_with = "shard")]
    report: Option<PathBuf>,
    /// Draw only part K of N, into the file --out, for `haze merge`; needs --draws
    #[arg(long, value_name = "K/N", value_parser = shard::which, requires = "out", conflicts_with_all = ["json", "sensitivity"])]
    shard: Option<(u64, u64)>,
    /// No table and no progress; problems are still reported
    #[arg(long)]
    quiet: bool,
}

/// Where the result of a run goes.
#[derive(Debug, clap::Args)]
pub struct ResultArgs {
    /// Write result, tables, study, methods text, priors and references into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write the JSON result to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Models in the JSON: all, none, or the N largest [default: all up to 10000, else 1000]
    #[arg(long, value_name = "all|N|none", value_parser = listed, default_value = "usual", hide_default_value = true)]
    pub models: Listed,
}

/// `all`, `none`, `100`
fn listed(text: &str) -> Result<Listed, String> {
    match text {
        "usual" => Ok(Listed::Usual),
        "all" => Ok(Listed::All),
        "none" => Ok(Listed::Largest(0)),
        number => {
            let number = number.replace('_', "").parse().map(Listed::Largest);
            number.map_err(|_| "expected all, none or a number such as 100".into())
        }
    }
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
    let options = RunOptions {
        draws: args.extent.draws,
        precision: args.extent.precision,
        seed: args.stream.seed,
        level: args.stream.interval,
        sensitivity: args.sensitivity == SensitivityMethod::Cube,
    };
    if let (Some(which), Some(out)) = (args.shard, &args.results.out) {
        let RunArgs { input, further, backend, quiet, .. } = &args;
        return shard::draw(&Asked { input, outputs: further.asked, options, backend, quiet: *quiet }, which, out);
    }
    let mut clock = Clock::start();
    let interrupt = Interrupt::install();
    let inputs = if args.results.out.is_some() { Inputs::kept() } else { Inputs::default() };
    let portfolio = args.input.read_from(&inputs)?.with_outputs(args.further.asked);
    let assessed = Assessed::of(&portfolio, args.report.is_some() || options.sensitivity)?;
    clock.lap("read_and_assess_s");
    // Until here nothing was touched.
    interrupt.hold();
    let asked = ReadFrom { input: &args.input, outputs: args.further.asked, archive: inputs.into_archive() };
    let prepare = |out: &PathBuf| Folder::prepare(out, &portfolio, &options, asked);
    let folder = args.results.out.as_ref().map(prepare).transpose()?;
    let output = Output::prepare(args.results.json.as_deref(), &portfolio.opened)?;
    if let (Some(folder), Some(json)) = (&folder, output.file()) {
        apart(&folder.target, json)?;
    }
    if !args.quiet {
        warn(assessed.warnings());
    }

    let place = args.report.as_deref().map(Place::of).transpose()?;
    if let (Some(place), Some(folder)) = (&place, &folder) {
        place.outside(folder.target.folder())?;
    }
    let page = place.as_ref().map(Place::prepare).transpose()?;
    page.iter().try_for_each(|page| spare(&portfolio.opened, page))?;
    if let Some(page) = &page {
        folder.iter().map(|f| &f.target).chain(output.file()).try_for_each(|other| apart(other, page))?;
    }
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let (mut html, mut models) = (None, None);
    let blocks;
    let drawn = match assessed {
        Assessed::Large(large) => {
            blocks = large;
            run_large(&session, &blocks, &portfolio, &options, &args, &watch).map(|run| {
                models = Some(run.models);
                run.outcome
            })
        }
        Assessed::Held(assessment) if page.is_none() => session.run_assessed(&portfolio, assessment, &options, &watch),
        Assessed::Held(assessment) => session.shown(&portfolio, &assessment, &options, true, &watch).map(|shown| {
            html = Some(html_of(&args, &portfolio, &shown));
            shown.outcome
        }),
    };
    watch.finish();
    notices(&session);
    let outcome = drawn.map_err(at_row(&portfolio.models))?;
    if let (Some(page), Some(html)) = (page, html.transpose()?) {
        interrupt.check()?;
        page.commit(&[&bytes(html.as_bytes())]).map_err(|e| Failure::Run(e.into()))?;
        place.iter().filter(|_| !args.quiet).for_each(|place| say(place.line(&html).trim_end()));
    }
    let all = models.as_ref().map(|models| models as &dyn EachModel);
    finish(outcome, all, clock, &portfolio, folder, output, args.results.models, args.quiet, &interrupt)
}

/// What the portfolio implies.
enum Assessed<'p> {
    /// Of all models at once.
    Held(Assessment),
    /// Block by block.
    Large(Box<Blocks<'p>>),
}

impl<'p> Assessed<'p> {
    /// `whole`: something is asked for that needs all models at once.
    fn of(portfolio: &'p Portfolio, whole: bool) -> Result<Assessed<'p>, Failure> {
        let blocks = if whole { None } else { large::blocks_of(portfolio)? };
        if let Some(blocks) = blocks {
            return Ok(Assessed::Large(Box::new(blocks)));
        }
        let mut assessment = assess(portfolio)?;
        assessment.warnings.splice(0..0, portfolio.warnings.iter().cloned());
        Ok(Assessed::Held(assessment))
    }

    /// Of reading and assessing.
    fn warnings(&self) -> &[Warning] {
        match self {
            Assessed::Held(assessment) => &assessment.warnings,
            Assessed::Large(blocks) => &blocks.frame().warnings,
        }
    }
}

/// A run whose models are not held.
fn run_large<'p>(
    session: &Session,
    blocks: &'p Blocks<'p>,
    portfolio: &Portfolio,
    options: &RunOptions,
    args: &RunArgs,
    watch: &Watch<'_>,
) -> Result<LargeOutcome<'p>, RunError> {
    let scratch = || -> Result<Box<dyn Scratch>, RunError> {
        let failed = |e: io::Error| {
            let folder = shorten_path(&std::env::temp_dir());
            RunError::Failed(format!("cannot make a temporary file in {folder}: {e}; TMPDIR names another folder"))
        };
        Ok(Box::new(tempfile::tempfile().map_err(failed)?))
    };
    let keep = args.results.models.of_models(blocks.len());
    let large = Large { blocks, size: large::SIZE, keep, scratch: [scratch()?, scratch()?] };
    session.run_large(large, &portfolio.study, options, watch)
}

/// The page of a run.
fn html_of(args: &RunArgs, portfolio: &Portfolio, shown: &Shown) -> Result<String, Failure> {
    let file = &args.input.file;
    let name = file.file_name().map_or("standard input".into(), |name| name.to_string_lossy().into_owned());
    let outputs = args.further.asked.names();
    let command = source::command(&shorten_path(file), !args.input.no_facts, &outputs, shown.outcome.settings);
    html(&[Named { name, command, portfolio, shown }])
}

/// Puts everything in its place. `models`: all of them, where the outcome has the largest only.
#[allow(clippy::too_many_arguments)]
pub(super) fn finish(
    mut outcome: Outcome,
    models: Option<&dyn EachModel>,
    clock: Clock,
    portfolio: &Portfolio,
    folder: Option<Folder>,
    output: Output,
    listed: Listed,
    quiet: bool,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    for caution in outcome.cautions() {
        say(format_args!("warning: {caution}"));
    }
    outcome.info.timings = clock.laps.then(outcome.info.timings);
    let Outcome { assessment, posterior, draws, info, .. } = &outcome;
    let result = document(|out| json::write(out, posterior, assessment, info, listed))?;
    interrupt.check()?;
    if let Some(folder) = folder {
        folder.write(&result, portfolio, &outcome, models.unwrap_or(&outcome.posterior))?;
    }
    let page =
        || if quiet { String::new() } else { table::terminal(posterior, assessment, draws.emissions(), style()) };
    output.finish(&result, page)
}

/// What a run was read from.
pub(super) struct ReadFrom<'a> {
    pub input: &'a FileArgs,
    /// In addition to those of the study.
    pub outputs: Outputs,
    pub archive: Archive,
}

/// What `--out` asks for.
pub(super) struct Folder {
    pub target: Target,
    /// The study as it is run.
    study: String,
    /// What the run is, but for what comes out, and its input.
    kept: (kept::Head, Vec<u8>),
}

impl Folder {
    /// The study is written before the run, which would be lost where that cannot be done.
    pub fn prepare(
        out: &Path,
        portfolio: &Portfolio,
        options: &RunOptions,
        source: ReadFrom<'_>,
    ) -> Result<Folder, Failure> {
        let target = files::prepare(out).map_err(|e| Failure::Usage(e.to_string()))?;
        let Portfolio { study, opened, .. } = portfolio;
        let request = options.request(study);
        let Request { extent, seed, level } = request;
        let effective = Effective { extent, seed, interval: level };
        let text = study::resolved(study, effective, target.folder()).map_err(|e| Failure::Usage(e.to_string()))?;
        // A study that an earlier run wrote may be run again into the same folder if it stays as it is.
        let stays = |path: &Path| path.is_file() && fs::read(path).is_ok_and(|before| before == text.as_bytes());
        let again = study.path.as_deref().filter(|path| stays(path));
        let inputs: Vec<PathBuf> = opened.iter().filter(|path| Some(path.as_path()) != again).cloned().collect();
        spare(&inputs, &target)?;
        let not_text = || Failure::Usage("--out needs the paths of its input in UTF-8".into());
        let input = source.archive.into_bytes().map_err(|_| not_text())?;
        let run = part::Run {
            draws: 0,
            seed,
            interval: round_trip(Some(level)),
            file: source.input.file.to_str().ok_or_else(not_text)?.to_string(),
            facts: !source.input.no_facts,
            outputs: source.outputs.names(),
            input: part::digest(&input),
        };
        let version = env!("CARGO_PKG_VERSION").into();
        let head = kept::Head { version, precision: request.precision(), plan_hash: String::new(), run };
        Ok(Folder { target, study: text, kept: (head, input) })
    }

    /// The files in the order of [`files::OUT`].
    fn write(
        self,
        result: &[u8],
        portfolio: &Portfolio,
        outcome: &Outcome,
        models: &dyn EachModel,
    ) -> Result<(), Failure> {
        let (mut groups, mut table) = (Vec::new(), Vec::new());
        csv::groups(&mut groups, &outcome.posterior).context("cannot write groups.csv")?;
        let priors = Priors::of(&portfolio.study)?;
        report::priors::csv(&mut table, &priors).context("cannot write priors.csv")?;
        let methods = methods::methods(portfolio, outcome, &priors);
        let cited = methods::keys(&methods).into_iter().chain(report::priors::cited(&priors)).collect();
        let works = references::bibtex(&cited);
        let (mut head, input) = self.kept;
        (head.run.draws, head.plan_hash) = (outcome.settings.draws, outcome.info.plan_hash.clone());
        let kept = |out: &mut dyn Write| kept::write(out, &head, &input);
        let texts = [&groups, self.study.as_bytes(), methods.as_bytes(), &table, works.as_bytes()];
        let (result, texts) = (bytes(result), texts.map(bytes));
        let by_model = |out: &mut dyn Write| csv::models(out, models);
        let columnar = columnar(outcome, models)?;
        let columnar: Vec<_> = columnar.iter().map(copied).collect();
        let mut contents: Vec<files::Content> = vec![&result, &by_model];
        contents.extend(texts.iter().map(|text| text as files::Content));
        contents.push(&kept);
        contents.extend(columnar.iter().map(|file| file as files::Content));
        self.target.commit(&contents).map_err(|e| Failure::Run(e.into()))
    }
}

/// A file that was written already, of any size: in memory while it is small.
type Written = Mutex<SpooledTempFile>;

fn copied(file: &Written) -> impl Fn(&mut dyn Write) -> io::Result<()> {
    move |out| {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut *file, out).map(|_| ())
    }
}

/// `models.parquet` and `groups.parquet`.
#[cfg(feature = "parquet")]
fn columnar(outcome: &Outcome, models: &dyn EachModel) -> Result<Vec<Written>, Failure> {
    use crate::report::parquet::{About, ModelsParquet, groups};

    /// Bytes that are held.
    const SMALL: usize = 16 << 20;
    let Outcome { posterior, info, .. } = outcome;
    let about =
        About { draws: posterior.draws, seed: posterior.seed, level: posterior.level, plan_hash: &info.plan_hash };
    let written = || -> io::Result<SpooledTempFile> {
        let mut file = ModelsParquet::new(SpooledTempFile::new(SMALL), &about)?;
        models.each(&mut |model| Ok(file.push(std::slice::from_ref(model))?))?;
        Ok(file.finish()?)
    };
    let models = written().context("cannot write models.parquet")?;
    let groups =
        groups(SpooledTempFile::new(SMALL), &about, &posterior.groups).context("cannot write groups.parquet")?;
    Ok(vec![Mutex::new(models), Mutex::new(groups)])
}

/// Nothing, in a build that writes no Parquet.
#[cfg(not(feature = "parquet"))]
fn columnar(_outcome: &Outcome, _models: &dyn EachModel) -> Result<Vec<Written>, Failure> {
    Ok(Vec::new())
}
