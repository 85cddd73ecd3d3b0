//! `haze report`: one HTML page of one or several results, or a folder of pages.

use std::path::{Path, PathBuf};

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::at_row;
use super::output::{bytes, print, spare};
use super::say::say;
use super::source::{self, Source};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::portfolio::problem::shorten_path;
use crate::report::files::{self, Target};
use crate::report::html::data::{Data, Named};
use crate::report::html::page;
use crate::run::shown::Shown;
use crate::run::{Extent, Request};

/// What `haze report` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze report models.csv -o report.html                 run it, and show everything on one page
  haze report results/ -o report.html                   of a folder that haze run --out wrote
  haze report 2025/ 2026/ what-if.toml -o years.html    several results, compared in the same draws
  haze report all-results/ -o site/                     every results folder in a folder, as site/index.html

The page is one file: it loads nothing from anywhere, opens from disk and can be sent. It shows the total and how likely
it is above any value, what makes it uncertain, the largest models, emissions and ATCI by year, hardware and region, the
families, every model with the origin of its numbers, the back-test, every default with its source, and how to get the
same numbers again.")]
pub struct ReportArgs {
    /// Results folders, or anything that `haze run` takes; several are compared with each other
    #[arg(required = true, value_name = "RESULT")]
    results: Vec<PathBuf>,
    /// The page to write, or a folder with / at its end, for index.html
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// Leave out what is published of the training runs that rows name
    #[arg(long)]
    no_facts: bool,
    /// Leave out the back-test on published runs, which takes some seconds
    #[arg(long)]
    no_validation: bool,
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

pub fn report(args: ReportArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    source::stdin_once(&args.results)?;
    let sources = source::each(&args.results).into_iter().map(|path| Source::open(&path, args.no_facts));
    let sources: Vec<Source> = sources.collect::<Result<_, _>>()?;
    interrupt.hold();
    let place = Place::of(&args.out)?;
    let target = place.prepare()?;
    let inputs: Vec<PathBuf> = sources.iter().flat_map(|source| source.inputs.clone()).collect();
    spare(&inputs, &target)?;
    if !args.quiet {
        sources.iter().for_each(|source| source.opened.warn());
    }
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let mut request: Option<Request> = None;
    let mut shown: Vec<Shown> = Vec::new();
    for source in &sources {
        let (portfolio, assessment) = (&source.opened.portfolio, &source.opened.assessment);
        let asked = request.unwrap_or_else(|| source.request(args.extent, &args.stream));
        source.drawn_otherwise(&asked).into_iter().for_each(|n| say(format_args!("note: {n}")));
        let back_test = shown.is_empty() && !args.no_validation;
        let found = session.shown(portfolio, assessment, &asked.into(), back_test, &watch);
        let found = found.map_err(at_row(&portfolio.models))?;
        // All are drawn as the first is, so that they can be compared draw by draw.
        request = Some(Request { extent: Extent::Draws(found.outcome.settings.draws), ..asked });
        shown.push(found);
    }
    watch.finish();
    notices(&session);
    let mut results = Vec::with_capacity(sources.len());
    for (source, shown) in sources.iter().zip(&shown) {
        source.notice(&shown.outcome.info.plan_hash).into_iter().for_each(|n| say(format_args!("note: {n}")));
        let command = source.command(args.no_facts, shown.outcome.settings);
        let name = distinct(source, &sources, results.len());
        results.push(Named { name, command, portfolio: &source.opened.portfolio, shown });
    }
    let html = html(&results)?;
    interrupt.check()?;
    target.commit(&[&bytes(html.as_bytes())]).map_err(|e| Failure::Run(e.into()))?;
    print(&place.line(&html))
}

/// The name of a result on the page: with its path where another has the same name, with its number where that is the same
/// too.
fn distinct(source: &Source, all: &[Source], place: usize) -> String {
    let alike = |of: &dyn Fn(&Source) -> String| all.iter().filter(|other| of(other) == of(source)).count() > 1;
    match (alike(&Source::title), alike(&|s| s.name.clone())) {
        (false, _) => source.title(),
        (true, false) => source.name.clone(),
        (true, true) => format!("{} ({})", source.name, place + 1),
    }
}

/// The page of some results.
pub(super) fn html(results: &[Named<'_>]) -> Result<String, Failure> {
    page(&Data::new(results)).map_err(|e| Failure::Run(e.into()))
}

/// Where a page goes: a file that is named as a page, or into a folder.
pub(super) struct Place {
    path: PathBuf,
    folder: bool,
}

const INDEX: &str = "index.html";

impl Place {
    /// # Errors
    /// A name that is neither.
    pub fn of(path: &Path) -> Result<Place, Failure> {
        let is_page = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm"));
        let folder = path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if !is_page && !folder {
            let message = "the page needs a name that ends in .html, or a folder with / at its end for index.html";
            return Err(Failure::Usage(format!("{}: {message}", shorten_path(path))));
        }
        Ok(Place { path: if folder { path.join(INDEX) } else { path.to_path_buf() }, folder })
    }

    /// Refuses the folder of results as that of the page: one run would wait for the other, and they are the same.
    pub fn outside(&self, results: &Path) -> Result<(), Failure> {
        let same = self.folder && self.path.parent().is_some_and(|folder| folder == results);
        let message = "--report and --out name the same folder; name the page: --report DIR/report.html";
        if same { Err(Failure::Usage(message.into())) } else { Ok(()) }
    }

    pub fn prepare(&self) -> Result<Target, Failure> {
        let target = match self.path.parent().filter(|_| self.folder) {
            Some(folder) => files::prepare_files(folder, &[INDEX]),
            None => files::prepare_file(&self.path),
        };
        target.map_err(|e| Failure::Usage(e.to_string()))
    }

    /// `report.html: 1.4 MB`
    pub fn line(&self, html: &str) -> String {
        format!("{}: {:.1} MB\n", shorten_path(&self.path), html.len() as f64 / 1e6)
    }
}
