//! `haze table`: one table for a paper.

use std::path::{Path, PathBuf};

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::at_row;
use super::output::{bytes, print, spare};
use super::say::say;
use super::source::Source;
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::portfolio::formats::STDIN;
use crate::report::files;
use crate::report::tables::{self, Form, Found, Kind};
use crate::run::RunOptions;

/// What `haze table` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Kinds:
  headline       totals with mean, median and credible interval
  sensitivity    where the variance of the emissions comes from
  tiers          models and share of the mean by tier of disclosure
  contributors   the largest models with their intervals
  validation     the back-test on published runs
  regressions    the regressions for compute that is not stated
  priors         the priors in force with their sources
  ipcc           the reporting table of the IPCC's Approach 2, by tier

Examples:
  haze table headline results/ -o headline.tex
  haze table contributors models.csv -o contributors.md
  haze table priors study.toml -o priors.csv
  haze table sensitivity results/ -o -                 Markdown on standard output

LaTeX tables name the packages that they need in their first line. Every text in them is escaped. In CSV a name that a
spreadsheet would take for a formula has an apostrophe in front.")]
pub struct TableArgs {
    /// What it shows
    #[arg(value_name = "KIND", value_parser = kind)]
    kind: Kind,
    /// Results folder or anything that `haze run` takes
    #[arg(value_name = "RESULT")]
    result: PathBuf,
    /// File to write: .tex, .md or .csv; - for Markdown on standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Leave out what is published of the training runs that rows name
    #[arg(long)]
    no_facts: bool,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// No progress and no warnings; problems are still reported
    #[arg(long)]
    quiet: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    let names = || Kind::ALL.map(|(_, name)| name).join(", ");
    Kind::of(name).ok_or_else(|| format!("expected one of {}", names()))
}

pub fn table(args: TableArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let stdout = args.out == Path::new(STDIN);
    let form = match args.out.extension().and_then(|e| e.to_str()).and_then(Form::of) {
        _ if stdout => Form::Markdown,
        Some(form) => form,
        None => return Err(Failure::Usage("-o: expected a file that ends in .tex, .md or .csv".into())),
    };
    let source = Source::open(&args.result, args.no_facts)?;
    interrupt.hold();
    let target = match stdout {
        true => None,
        false => Some(files::prepare_file(&args.out).map_err(|e| Failure::Usage(e.to_string()))?),
    };
    target.iter().try_for_each(|target| spare(&source.inputs, target))?;
    if !args.quiet {
        source.opened.warn();
    }
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let (portfolio, assessment) = (&source.opened.portfolio, &source.opened.assessment);
    let request = source.request(args.extent, &args.stream);
    let options: RunOptions = request.into();
    let found = match args.kind {
        Kind::Regressions | Kind::Priors => Ok(Found::Nothing),
        Kind::Validation => session.back_test(request.seed, &watch).map(|found| Found::BackTest(found.into())),
        Kind::Ipcc => {
            session.shown(portfolio, assessment, &options, false, &watch).map(|shown| Found::All(shown.into()))
        }
        _ => session
            .run_assessed(portfolio, assessment.clone(), &options, &watch)
            .map(|outcome| Found::Run(outcome.into())),
    };
    watch.finish();
    notices(&session);
    let found = found.map_err(at_row(&portfolio.models))?;
    if let Found::Run(outcome) = &found {
        source.notice(&outcome.info.plan_hash).into_iter().for_each(|n| say(format_args!("note: {n}")));
    }
    let table = tables::table(args.kind, portfolio, &found);
    let table = table.map_err(|why| Failure::Usage(format!("there is no table {}: {why}", args.kind.name())))?;
    let text = tables::write(&table, form);
    interrupt.check()?;
    match target {
        Some(target) => target.commit(&[&bytes(text.as_bytes())]).map_err(|e| Failure::Run(e.into())),
        None => print(&text),
    }
}
