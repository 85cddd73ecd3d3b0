//! `haze sensitivity`: the exact decomposition of the variance, values of disclosure and the tornado, without drawing.
//! With `--sample` it is the sampled analysis instead ([`super::sample`]).

use std::path::PathBuf;

use super::Failure;
use super::backend::notices;
use super::input::{FileArgs, Opened, at_row};
use super::output::{Output, document, style};
use super::sample::{SampleArgs, sample};
use super::watch::{Interrupt, Watch};
use crate::assess::Assessment;
use crate::exact::decomposition::{Decomposition, decomposition};
use crate::exact::tornado::tornado;
use crate::portfolio::Portfolio;
use crate::report::sensitivity::{self, Sensitivity};
use crate::run::Settings;

/// What `haze sensitivity` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze sensitivity models.csv
  haze sensitivity models.csv --by organization --top 20
  haze sensitivity study.toml --json - | jq '.disclosures[:5]'
  haze sensitivity models.csv --reruns                              also the intervals after a disclosure
  haze sensitivity models.csv --sample                              also ATCI, logarithm, energy and the upper 5 %
  haze sensitivity models.csv --sample --threshold 50000            what decides whether we exceed 50,000 t
  haze sensitivity models.csv --sample --groups organization        whose unknowns matter most
  haze sensitivity models.csv --sample --of 'organization=Meta AI'  the emissions of these models only

\"alone\" is the first-order Sobol' index, \"with interactions\" the total index. Without --sample everything is exact
and concerns the variance of total emissions; nothing is drawn, except with --reruns. With --sample, draws at hybrids of
two samples give indices with intervals for their numerical error: up to six groups as a full cube, with Shapley
effects; more groups in pairs.")]
pub struct SensitivityArgs {
    #[command(flatten)]
    input: FileArgs,
    /// Also shares by the values of this column; may be given several times
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// Entries shown of every list [default: 10, and 20 disclosures]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw the interval that each of the 20 most valuable disclosures would leave
    #[arg(long, conflicts_with = "sample")]
    reruns: bool,
    #[command(flatten)]
    sample: SampleArgs,
}

pub fn sensitivity(args: SensitivityArgs) -> Result<(), Failure> {
    if !args.reruns {
        args.sample.none_without_sample()?;
    }
    if args.sample.sample {
        if !args.by.is_empty() {
            return Err(Failure::Usage("--by is for the exact shares; with --sample use --groups COLUMN".into()));
        }
        return sample(&args.input, &args.sample, args.top.map(|n| n as usize), args.json.as_deref());
    }
    let interrupt = Interrupt::install();
    let opened = args.input.open()?;
    let Opened { portfolio, assessment } = &opened;
    args.by.iter().try_for_each(|column| opened.known_column("--by", column, &[]))?;
    let output = Output::prepare(args.json.as_deref(), &portfolio.opened)?;
    opened.warn();

    let mut found = decomposition(portfolio, assessment, &args.by)?;
    let drawn = match &mut found {
        Ok(found) if args.reruns => Some(reruns(&args.sample, portfolio, assessment, found, &interrupt)?),
        _ => None,
    };
    let exact = found.map(|found| (found.shares, found.disclosures));
    let result = Sensitivity { exact, reruns: drawn, tornado: tornado(assessment), assessment };
    let document = document(|out| sensitivity::write(out, &result))?;
    interrupt.hold();
    output.finish(&document, || sensitivity::terminal(&result, args.top.map(|n| n as usize), style()))
}

/// Draws the intervals after a disclosure; how they were drawn.
fn reruns(
    args: &SampleArgs,
    portfolio: &Portfolio,
    assessment: &Assessment,
    found: &mut Decomposition,
    interrupt: &Interrupt,
) -> Result<Settings, Failure> {
    interrupt.hold();
    let session = args.backend.session()?;
    let watch = Watch::new(interrupt, false);
    let drawn = session.reruns(assessment, found, args.request(&portfolio.study), &watch);
    watch.finish();
    notices(&session);
    drawn.map_err(at_row(&portfolio.models))
}
