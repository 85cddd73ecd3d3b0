//! `haze coverage`: what a total rests on, what it leaves out, and what it would be under other structural choices.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row, warn};
use super::output::{Output, document, style};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::coverage::Settings;
use crate::coverage::matches_file::{self, MatchesFile};
use crate::coverage::two_lists::Other;
use crate::facts;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::{Model, Place, Problem, Warning};
use crate::report::coverage as page;

/// Number of largest models without which the total is reported as well.
const TOP: u32 = 20;
/// Lists that lie in the same folder, with the join of both.
const PAIR: [&str; 2] = ["hub_models.csv", "open_weights.csv"];
const MATCHES: &str = "matches.csv";

/// What `haze coverage` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze coverage fixtures/hub_models.csv                  compared with fixtures/open_weights.csv, joined by matches.csv
  haze coverage models.csv --thresholds 1k,10k,1M
  haze coverage models.csv --other theirs.csv            joined by id, or by a column epoch_model
  haze coverage models.csv --other theirs.csv --matches join.csv
  haze coverage study.toml --json - | jq '.alternatives[] | {choice, name, ratio}'

Every alternative, and every size of the shared effects, is a run of its own. With --precision it has a quarter of
the draws and is half as precise. Structural choices lie outside the credible interval. What each section means:
docs/coverage.md")]
pub struct CoverageArgs {
    #[command(flatten)]
    input: FileArgs,
    /// A list that overlaps this one [default: of the two fixtures in a folder, the other]
    #[arg(long, value_name = "MODELS")]
    other: Option<PathBuf>,
    /// Matches between the lists: CSV with the columns id and epoch_model
    #[arg(long, value_name = "FILE", requires = "other")]
    matches: Option<PathBuf>,
    /// No second list, even if there is one in the same folder
    #[arg(long, conflicts_with = "other")]
    alone: bool,
    /// Minimum downloads, such as 1k,5k,1M [default: thresholds that suit the list]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = threshold, allow_negative_numbers = true)]
    thresholds: Vec<f64>,
    /// Also report the total without this many of the largest models
    #[arg(long, value_name = "N", default_value_t = TOP, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// `5k`, `1.5M`, `5000`.
fn threshold(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let (digits, factor) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1e3),
        Some((at, 'm' | 'M')) => (&text[..at], 1e6),
        Some((at, 'b' | 'B' | 'g' | 'G')) => (&text[..at], 1e9),
        _ => (text, 1.0),
    };
    let number: Option<f64> = digits.replace('_', "").parse().ok();
    let value = number.map(|x| x * factor).filter(|x| x.is_finite() && *x >= 0.0);
    value.ok_or_else(|| "expected a number of downloads such as 5k, 50000 or 1M".to_string())
}

pub fn coverage(args: CoverageArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let stated = args.input.stated()?;
    let other = other(&args, &stated.models)?;
    let opened = Opened::assessed(facts::completed(stated.clone()))?;
    let Opened { portfolio, assessment } = &opened;
    interrupt.hold();
    let inputs: Vec<PathBuf> =
        portfolio.opened.iter().chain(other.iter().flat_map(|other| &other.files)).cloned().collect();
    let output = Output::prepare(args.json.as_deref(), &inputs)?;
    opened.warn();
    warn(other.as_ref().map_or(&[], |other| &other.warnings));

    let study = &portfolio.study;
    let mut settings = Settings { thresholds: args.thresholds.clone(), top: args.top as usize };
    settings.thresholds.sort_by(f64::total_cmp);
    settings.thresholds.dedup();
    let other = other.map(|other| other.list);
    let request = args.stream.request(args.extent, study);
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let found = session.coverage([&stated, portfolio], assessment, other.as_ref(), &settings, request, &watch);
    watch.finish();
    notices(&session);
    let rows = portfolio.models.iter().chain(other.iter().flat_map(|other| &other.models));
    let coverage = &found.map_err(at_row(rows))?;
    let result = page::Findings { scope: assessment.scope, coverage };
    let document = document(|out| page::write(out, &result))?;
    interrupt.check()?;
    output.finish(&document, || page::terminal(&result, style()))
}

/// The other list, the files it was read from, and what is suspicious in them.
struct Second {
    list: Other,
    files: Vec<PathBuf>,
    warnings: Vec<Warning>,
}

/// The list asked for, or the other of two fixtures in one folder; `first` are the models that it is compared with.
fn other(args: &CoverageArgs, first: &[Model]) -> Result<Option<Second>, Failure> {
    let neighbour = || {
        let (folder, name) = (args.input.file.parent()?, args.input.file.file_name()?);
        let other = PAIR.iter().position(|known| name == *known).and_then(|at| PAIR.get(1 - at))?;
        let (other, matches) = (folder.join(other), folder.join(MATCHES));
        (other.is_file() && matches.is_file()).then_some((other, Some(matches)))
    };
    let found = match &args.other {
        Some(other) => Some((other.clone(), args.matches.clone())),
        None if args.alone => None,
        None => neighbour(),
    };
    let Some((path, join)) = found else { return Ok(None) };
    let list = FileArgs { file: path.clone(), no_facts: args.input.no_facts }.read()?;
    let join_of = |path: &Path| matches(path, [first, &list.models]);
    let found = join.as_deref().map(join_of).transpose()?.unwrap_or_default();
    let files = list.opened.iter().chain(&join).cloned().collect();
    let warnings = list.warnings.into_iter().chain(found.warnings).collect();
    let list = Other { name: path.display().to_string(), models: list.models, matches: found.names };
    Ok(Some(Second { list, files, warnings }))
}

/// The matches of a file between two lists.
fn matches(path: &Path, lists: [&[Model]; 2]) -> Result<MatchesFile, Failure> {
    let bytes = Inputs::default().table(path).map_err(|e| {
        let place = Place { file: Arc::new(path.to_path_buf()), line: 0, column: String::new() };
        Failure::Input(Problem { place, value: String::new(), message: e.to_string() }.into())
    })?;
    Ok(matches_file::read(path, &bytes, lists)?)
}

#[cfg(test)]
mod tests {
    use super::threshold;

    #[test]
    fn thresholds_as_people_write_them() {
        for (text, value) in [("5k", 5e3), ("1.5M", 1.5e6), ("50_000", 5e4), (" 0", 0.0)] {
            assert_eq!(threshold(text), Ok(value));
        }
        for text in ["", "k", "-5", "many", "nan", "inf", "5kk"] {
            assert!(threshold(text).is_err(), "{text}");
        }
    }
}
