//! `haze figure`: figures for papers, as SVG, PDF or PNG by the ending of their name.
//!
//! A kind is drawn from a run, a question about lineage, a trend or a validation; each of these is made once, whatever
//! number of figures is drawn from it.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row};
use super::output::{bytes, spare};
use super::say::say;
use super::source::{self, Source};
use super::stream::StreamArgs;
use super::validate::runs;
use super::watch::{Interrupt, Watch};
use crate::assess::Assessment;
use crate::lineage::Graph;
use crate::portfolio::Portfolio;
use crate::portfolio::formats::inputs::Inputs as Files;
use crate::posterior::trend::year_of;
use crate::report::figure::render::RESOLUTIONS;
use crate::report::figure::{self, Figure, Inputs, Kind, Needs, Width};
use crate::report::files::{self, Content, Target};
use crate::run::lineage::{Lineage, Question};
use crate::run::shown::BACK_TEST;
use crate::run::trend::{Span, Trend};
use crate::run::{Outcome, RunError, RunOptions, Session, Settings};
use crate::validate::{Validation, masked_sum};

/// Pixels an inch of a PNG, unless another number is asked for: what journals ask for in colour.
const DPI: u16 = 300;
/// Models in a tree.
const BRANCHES: usize = 30;

/// What `haze figure` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze figure total models.csv -o fig1.pdf            density of the total, as modelled and correlation ignored
  haze figure sensitivity study.toml -o fig2.svg      where the variance comes from
  haze figure lineage models.csv --root org/base -o tree.png --dpi 600
  haze figure calibration fixtures/reported_training_emissions.csv -o calibration.pdf
  haze figure all models.csv -o figures/              every kind that the file allows, each as SVG, PDF and PNG

Kinds: total, sensitivity, tornado, atci, scaling, lineage, convergence, calibration, trend; all. Calibration reads a
file of published runs, as `haze validate` does; of a results folder it has the runs that come with the program. Text is
drawn as outlines, so that a figure looks the same everywhere; the same input, settings and seed give the same bytes.
What each kind shows: docs/figures.md")]
pub struct FigureArgs {
    /// What to show
    #[arg(value_enum, hide_possible_values = true)]
    kind: Which,
    #[command(flatten)]
    input: FileArgs,
    /// Where to: a name that ends in .svg, .pdf or .png; with all, a folder
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// A column (89 mm) or the whole page (183 mm) of a paper
    #[arg(long, value_enum, default_value = "column", value_name = "column|page", hide_possible_values = true)]
    width: WidthChoice,
    /// Pixels an inch of a PNG, from 30 to 2400 [default: 300]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(i64::from(*RESOLUTIONS.start())..=i64::from(*RESOLUTIONS.end())))]
    dpi: Option<u16>,
    /// The family of this base model, in a tree [default: the one with most models]
    #[arg(long, value_name = "ID")]
    root: Option<String>,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// No progress; problems are still reported
    #[arg(long)]
    quiet: bool,
}

/// One kind, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Which {
    Total,
    Sensitivity,
    Tornado,
    Atci,
    Scaling,
    Lineage,
    Convergence,
    Calibration,
    Trend,
    All,
}

impl Which {
    /// `None` for all.
    fn kind(self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| self.to_possible_value().is_some_and(|v| v.get_name() == kind.name()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WidthChoice {
    Column,
    Page,
}

/// What a file is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Pdf,
    Png,
}

impl Format {
    const ALL: [(Format, &str); 3] = [(Format::Svg, "svg"), (Format::Pdf, "pdf"), (Format::Png, "png")];

    fn of(path: &Path) -> Result<Format, Failure> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let found = Format::ALL.into_iter().find(|(_, name)| *name == ending);
        let advice = "-o needs a name that ends in .svg, .pdf or .png, such as -o figure.pdf";
        found.map(|(format, _)| format).ok_or_else(|| Failure::Usage(advice.into()))
    }

    fn content(self, figure: &Figure, dpi: u16) -> Result<Vec<u8>, Failure> {
        let made = match self {
            Format::Svg => Ok(figure.svg.clone().into_bytes()),
            Format::Pdf => figure.pdf(),
            Format::Png => figure.png(dpi),
        };
        made.map_err(|e| Failure::Run(e.into()))
    }
}

/// The files to be written: of each kind in these formats.
struct Plan {
    kinds: Vec<Kind>,
    formats: Vec<Format>,
    target: Target,
}

impl Plan {
    fn prepare(args: &FigureArgs, kinds: Vec<Kind>) -> Result<Plan, Failure> {
        let unwritable = |e: files::Unwritable| Failure::Usage(e.to_string());
        if args.kind != Which::All {
            let target = files::prepare_file(&args.output).map_err(unwritable)?;
            return Ok(Plan { kinds, formats: vec![Format::of(&args.output)?], target });
        }
        let of = |kind: &Kind| Format::ALL.map(|(_, ending)| format!("{}.{ending}", kind.name()));
        let names: Vec<String> = kinds.iter().flat_map(of).collect();
        let target = files::prepare_files(&args.output, &names).map_err(unwritable)?;
        Ok(Plan { kinds, formats: Format::ALL.map(|(format, _)| format).to_vec(), target })
    }

    fn write(self, args: &FigureArgs, inputs: &Inputs<'_>) -> Result<(), Failure> {
        let width = if args.width == WidthChoice::Page { Width::Page } else { Width::Column };
        let mut contents = Vec::new();
        for kind in &self.kinds {
            let figure = figure::draw(*kind, inputs, width).map_err(|e| Failure::Run(e.into()))?;
            for format in &self.formats {
                contents.push(format.content(&figure, args.dpi.unwrap_or(DPI))?);
            }
        }
        let contents: Vec<_> = contents.iter().map(|content| bytes(content)).collect();
        let contents: Vec<Content> = contents.iter().map(|content| content as Content).collect();
        self.target.commit(&contents).map_err(|e| Failure::Run(e.into()))
    }
}

pub fn figure(args: &FigureArgs) -> Result<(), Failure> {
    if args.kind != Which::All && Format::of(&args.output)? != Format::Png && args.dpi.is_some() {
        return Err(Failure::Usage("--dpi is for PNG; SVG and PDF have no pixels".into()));
    }
    if args.root.is_some() && !matches!(args.kind, Which::Lineage | Which::All) {
        return Err(Failure::Usage("--root is for the kinds lineage and all".into()));
    }
    let of_runs = args.kind == Which::Calibration && source::kept_at(&args.input.file)?.is_none();
    if of_runs { calibration(args) } else { portfolio(args) }
}

/// The results that figures are drawn from.
#[derive(Default)]
struct Results {
    outcome: Option<Outcome>,
    lineage: Option<Lineage>,
    trend: Option<Trend>,
    validation: Option<Validation>,
}

impl Results {
    fn inputs<'a>(&'a self, assessment: Option<&'a Assessment>) -> Inputs<'a> {
        Inputs {
            assessment,
            outcome: self.outcome.as_ref(),
            lineage: self.lineage.as_ref(),
            trend: self.trend.as_ref(),
            validation: self.validation.as_ref(),
        }
    }
}

/// Figures of a portfolio.
fn portfolio(args: &FigureArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let source = Source::open(&args.input.file, args.input.no_facts)?;
    let opened = &source.opened;
    let kinds = kinds(args, opened)?;
    interrupt.hold();
    let plan = Plan::prepare(args, kinds)?;
    spare(&source.inputs, &plan.target)?;
    if !args.quiet {
        opened.warn();
    }
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let results = results(args, &source, &plan.kinds, &session, &watch);
    watch.finish();
    notices(&session);
    let results = results.map_err(at_row(&opened.portfolio.models))?;
    let hash = results.outcome.as_ref().map(|outcome| &outcome.info.plan_hash);
    hash.and_then(|hash| source.notice(hash)).into_iter().for_each(|notice| say(format_args!("note: {notice}")));
    interrupt.check()?;
    plan.write(args, &results.inputs(Some(&opened.assessment)))
}

/// The kinds asked for; of all, those that the portfolio allows.
fn kinds(args: &FigureArgs, opened: &Opened) -> Result<Vec<Kind>, Failure> {
    let dated = opened.assessment.models.iter().any(|model| year_of(model).is_some());
    let derived = opened.portfolio.models.iter().any(|model| !model.base_models.is_empty());
    let without = |needs: Needs| match needs {
        Needs::Trend if !dated => Some("no row has a year: fill in a column date"),
        Needs::Lineage if !derived => Some("no row names what it was made from: fill in a column base_model"),
        _ => None,
    };
    match args.kind.kind() {
        Some(kind) => without(kind.needs()).map_or(Ok(vec![kind]), |why| Err(Failure::Usage(why.into()))),
        None => {
            let (drawn, others): (Vec<Kind>, Vec<Kind>) =
                Kind::ALL.into_iter().partition(|kind| without(kind.needs()).is_none());
            for kind in others.into_iter().filter(|_| !args.quiet) {
                say(format_args!("note: no figure {}: {}", kind.name(), without(kind.needs()).unwrap_or_default()));
            }
            Ok(drawn)
        }
    }
}

fn results(
    args: &FigureArgs,
    source: &Source,
    kinds: &[Kind],
    session: &Session,
    watch: &Watch<'_>,
) -> Result<Results, RunError> {
    let Opened { portfolio, assessment } = &source.opened;
    let request = source.request(args.extent, &args.stream);
    let needed = |needs: Needs| kinds.iter().any(|kind| kind.needs() == needs);
    let mut results = Results::default();
    if needed(Needs::Run) {
        let options: RunOptions = request.into();
        results.outcome = Some(session.run_assessed(portfolio, assessment.clone(), &options, watch)?);
    }
    if needed(Needs::Validation) {
        results.validation = Some(session.back_test(request.seed, watch)?);
    }
    if needed(Needs::Lineage) {
        let ask = |question: &Question| session.lineage(portfolio, assessment, question, request, watch);
        let roots = args.root.clone().or_else(|| largest(portfolio)).into_iter().collect();
        results.lineage = Some(ask(&Question { roots, branches: BRANCHES, ..Question::default() })?);
    }
    if needed(Needs::Trend) {
        let span = Span { from: None, to: None, latest_is_complete: false };
        results.trend = Some(session.trend(assessment, span, request, watch)?);
    }
    Ok(results)
}

/// The base model that most rows were made from, the first by id of several.
fn largest(portfolio: &Portfolio) -> Option<String> {
    let graph = Graph::new(&portfolio.models);
    let size = |root: &u32| (graph.family(*root).len(), Reverse(graph.id(*root)));
    graph.roots().into_iter().max_by_key(size).map(|root| graph.id(root).to_string())
}

/// The calibration, from a file of published runs and the lists that come with the program.
fn calibration(args: &FigureArgs) -> Result<(), Failure> {
    if args.extent.precision.is_some() || args.stream.interval.is_some() {
        let message = "calibration has predictions with a number of draws and intervals of their own: use --draws";
        return Err(Failure::Usage(message.into()));
    }
    let interrupt = Interrupt::install();
    let files = Files::default();
    let file = runs(&args.input.file, &files)?;
    interrupt.hold();
    let plan = Plan::prepare(args, vec![Kind::Calibration])?;
    spare(&files.paths(), &plan.target)?;
    let default = Settings::default();
    let draws = args.extent.draws.unwrap_or(BACK_TEST);
    let settings = Settings { draws, seed: args.stream.seed.unwrap_or(default.seed), ..default };
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let found = session.validate(&file, &masked_sum::shipped_lists(), settings, &watch);
    watch.finish();
    notices(&session);
    let results = Results { validation: Some(found?), ..Results::default() };
    interrupt.check()?;
    plan.write(args, &results.inputs(None))
}
