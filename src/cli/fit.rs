//! `haze fit`: the regressions with their cards, on the embedded models or on those of a file.

use std::path::PathBuf;

use clap::ValueEnum;

use super::Failure;
use super::input::warn;
use super::output::{Output, document, print, style};
use super::watch::Interrupt;
use crate::fit::{self, KNOWN_COMPUTE_NAME, Response, Sample, Size, sample};
use crate::portfolio::Portfolio;
use crate::report::fit::{self as page, Cards};

/// What `haze fit` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze fit                                  cards of the embedded regressions: every sample
  haze fit --sample language                tokens and compute of language models on size and date
  haze fit models.csv --response tokens     on your own models with known compute (or tokens), parameters and date
  haze fit --sample vision --json -         with the residuals: id, fitted, residual, leverage
  haze fit --coefficients                   the regressions that [imputation] compute = \"regression\" uses
  haze fit models.csv --coefficients > fits.toml      your own, for a study with fits = \"fits.toml\"

ln D (tokens) is more informative than ln C: C = 6·N·D, so part of an R² of ln C is an identity.")]
pub struct FitArgs {
    /// Models file or study file (TOML), - for standard input [default: embedded models of Epoch AI]
    file: Option<PathBuf>,
    /// Sample to fit; may be given several times [default: all that have enough rows]
    #[arg(long, value_enum, value_name = "SAMPLE")]
    sample: Vec<SampleArg>,
    /// Response variable [default: both]
    #[arg(long, value_enum, value_name = "RESPONSE")]
    response: Option<ResponseArg>,
    /// Parameters that measure size
    #[arg(long, value_enum, default_value = "active", value_name = "SIZE")]
    size: SizeArg,
    /// Print the fits of ln D as TOML, with all digits, instead of the cards
    #[arg(long, conflicts_with_all = ["json", "response"])]
    coefficients: bool,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SampleArg {
    Language,
    Vision,
    All,
    Notable,
    OpenWeights,
    Relation,
}

impl SampleArg {
    fn sample(self) -> Sample {
        match self {
            SampleArg::Language => Sample::Language,
            SampleArg::Vision => Sample::Vision,
            SampleArg::All => Sample::All,
            SampleArg::Notable => Sample::Notable,
            SampleArg::OpenWeights => Sample::OpenWeights,
            SampleArg::Relation => Sample::Relation,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ResponseArg {
    Tokens,
    Compute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SizeArg {
    /// Active parameters, on which compute depends
    Active,
    /// All parameters, including those of idle experts
    Total,
}

pub fn fit(args: FitArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let portfolio = match &args.file {
        Some(file) => Portfolio::read(file)?,
        None => fit::known_compute(),
    };
    let output = Output::prepare(args.json.as_deref(), &portfolio.opened)?;
    warn(&portfolio.warnings);

    let size = if args.size == SizeArg::Active { Size::Active } else { Size::Total };
    let rows = sample::rows(&portfolio, size);
    let responses = match args.response {
        _ if args.coefficients => vec![Response::Tokens],
        None => Response::ALL.to_vec(),
        Some(ResponseArg::Tokens) => vec![Response::Tokens],
        Some(ResponseArg::Compute) => vec![Response::Compute],
    };
    let asked: Vec<Sample> = args.sample.iter().map(|s| s.sample()).collect();
    let (mut cards, mut skipped) = (Vec::new(), Vec::new());
    for sample in Sample::ALL.into_iter().filter(|s| asked.is_empty() || asked.contains(s)) {
        for &response in &responses {
            match fit::card(&rows, sample, response, size) {
                Ok(card) => cards.push(card),
                Err(e) => skipped.push((sample, response, e.to_string())),
            }
        }
    }
    // A sample asked for by name must be had; of all, at least one.
    if let Some((sample, _, reason)) = skipped.first().filter(|_| !asked.is_empty() || cards.is_empty()) {
        let left_out: Vec<String> = rows.left_out.iter().map(|(why, n)| format!("{n} {why}")).collect();
        let left_out =
            if left_out.is_empty() { String::new() } else { format!(" (rows left out: {})", left_out.join(", ")) };
        return Err(Failure::Usage(format!("sample {}: {reason}{left_out}", sample.name())));
    }
    if args.coefficients {
        return print(&fit::coefficients::toml(&cards));
    }
    let data = args.file.as_ref().map_or(KNOWN_COMPUTE_NAME.to_string(), |file| file.display().to_string());
    let result = Cards { data: &data, rows: &rows, cards: &cards, skipped: &skipped };
    let document = document(|out| page::write(out, &result))?;
    interrupt.hold();
    output.finish(&document, || page::terminal(&result, style()))
}
