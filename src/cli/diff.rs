//! `haze diff`: two runs compared in the same draws.

use std::path::PathBuf;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::{ExtentArgs, fraction};
use super::input::at_row;
use super::output::{Output, document, style};
use super::say::say;
use super::source::{self, Source};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::diff::Side;
use crate::report::diff as report;
use crate::report::numbers::percent;
use crate::run::{Extent, Request};

/// A change of exactly the limit is not above it, whatever sums of floats make of it.
const ROUNDING: f64 = 1e-9;

/// What `haze diff` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze diff models-2025.csv models-2026.csv     two lists
  haze diff study.toml what-if.toml             two scenarios of one list
  haze diff old-results/ new-results/           two folders of haze run --out
  haze diff old/ models.csv --fail-above 5%     exit code 3 if the mean changes by more than 5 %, for CI

Both are drawn with the same random numbers, so that what they have in common cancels: the difference of a run with
itself is exactly zero. A GitHub Actions example is in docs/ci.md.")]
pub struct DiffArgs {
    /// Results folder or anything that `haze run` takes
    a: PathBuf,
    /// What it is compared with
    b: PathBuf,
    /// Leave out what is published of the training runs that rows name
    #[arg(long)]
    no_facts: bool,
    /// Exit with code 3 if the mean of the emissions changes by more than this
    #[arg(long, value_name = "PERCENT", value_parser = threshold)]
    fail_above: Option<f64>,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No progress and no warnings; problems are still reported
    #[arg(long)]
    quiet: bool,
}

/// `5%`, `0.05`. A number above 1 without a per cent sign may be meant either way.
fn threshold(text: &str) -> Result<f64, String> {
    let most = if text.trim().ends_with('%') { 10.0 } else { 1.0 };
    let valid = fraction(text).filter(|x| (0.0..=most).contains(x));
    valid.ok_or_else(|| "expected a percentage such as 5%, or the same as a fraction, 0.05".into())
}

pub fn diff(args: DiffArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    source::stdin_once(&[args.a.clone(), args.b.clone()])?;
    let a = Source::open(&args.a, args.no_facts)?;
    let b = Source::open(&args.b, args.no_facts)?;
    interrupt.hold();
    let inputs: Vec<PathBuf> = a.inputs.iter().chain(&b.inputs).cloned().collect();
    let output = Output::prepare(args.json.as_deref(), &inputs)?;
    // One file is warned of once.
    let warned = if args.a == args.b { &[&a][..] } else { &[&a, &b] };
    if !args.quiet {
        warned.iter().for_each(|source| source.opened.warn());
    }
    let request = together([a.request(args.extent, &args.stream), b.request(args.extent, &args.stream)]);
    for source in [&a, &b] {
        source.drawn_otherwise(&request).into_iter().for_each(|n| say(format_args!("note: {n}")));
    }
    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, args.quiet);
    let sides = [&a, &b].map(|s| Side { portfolio: &s.opened.portfolio, assessment: &s.opened.assessment });
    let found = session.diff(sides, &request, &watch);
    watch.finish();
    notices(&session);
    let models = a.opened.portfolio.models.iter().chain(&b.opened.portfolio.models);
    let found = found.map_err(at_row(models))?;
    for (source, outcome) in [&a, &b].into_iter().zip(&found.outcomes) {
        source.notice(&outcome.info.plan_hash).into_iter().for_each(|notice| say(format_args!("note: {notice}")));
    }
    let document = document(|out| report::write(out, &found))?;
    interrupt.check()?;
    output.finish(&document, || report::terminal([&a.name, &b.name], &found, style()))?;
    match (args.fail_above, found.emissions_t.change) {
        (Some(limit), Some(change)) if change.abs() > limit + ROUNDING => Err(Failure::Above(format!(
            "the mean of the emissions changes by {}, more than {}",
            percent(change.abs()),
            percent(limit)
        ))),
        (Some(_), None) if found.emissions_t.second.mean.is_some_and(|mean| mean > 0.0) => {
            Err(Failure::Above("the emissions of A are 0, and those of B are not".into()))
        }
        _ => Ok(()),
    }
}

/// One request for both: the seed and level of the first, and what takes more draws.
fn together([a, b]: [Request; 2]) -> Request {
    let extent = match (a.extent, b.extent) {
        (Extent::Draws(x), Extent::Draws(y)) => Extent::Draws(x.max(y)),
        (Extent::Precision(x), Extent::Precision(y)) => Extent::Precision(x.min(y)),
        (Extent::Draws(n), _) | (_, Extent::Draws(n)) => Extent::Draws(n),
    };
    Request { extent, ..a }
}

#[cfg(test)]
mod tests {
    use super::threshold;

    #[test]
    fn thresholds_as_they_are_written() {
        for (text, value) in [("5%", 0.05), ("5 %", 0.05), ("0.05", 0.05), ("0", 0.0), ("0.5%", 0.005)] {
            assert_eq!(threshold(text), Ok(value), "{text}");
        }
        for text in ["", "%", "-1%", "nan", "inf", "5", "five", "2000%"] {
            assert!(threshold(text).is_err(), "{text}");
        }
    }
}
