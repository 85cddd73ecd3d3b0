//! `haze sensitivity`: the exact decomposition of the variance, values of disclosure and the tornado, without drawing.
//! With `--sample` it is the sampled analysis instead ([`super::sample`]).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::rerun::{self, rerun};
use super::run::{WARNINGS, bytes, json_target, style};
use super::sample::{SampleArgs, sample};
use super::{Failure, assess, print, warn};
use crate::assess::{Assessment, Disclosable, if_disclosed};
use crate::portfolio::problem::did_you_mean;
use crate::portfolio::{self, Portfolio};
use crate::posterior::disclosure::{Disclosure, disclosures};
use crate::posterior::shares::{Shares, shares};
use crate::posterior::terms::Known;
use crate::posterior::tornado::tornado;
use crate::report::sensitivity::{self, Reruns, Sensitivity};

/// What `haze sensitivity` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze sensitivity models.csv
  haze sensitivity models.csv --by organization --top 20
  haze sensitivity study.toml --json - | jq '.disclosures[:5]'
  haze sensitivity models.csv --reruns                              intervals after a disclosure as well
  haze sensitivity models.csv --sample                              ATCI, logarithm, energy and the upper 5 % as well
  haze sensitivity models.csv --sample --threshold 50000            what decides whether we exceed 50,000 t
  haze sensitivity models.csv --sample --groups organization        whose unknowns they are
  haze sensitivity models.csv --sample --of 'organization=Meta AI'  the emissions of these models alone

\"alone\" is the first-order index (Sobol'), \"with interactions\" the total index. Without --sample everything is exact
and about the variance of the total emissions, and nothing is drawn but with --reruns. With it, draws at hybrids of
two samples give indices with intervals of their numerical error: up to six groups as a full cube, with Shapley effects,
more as pairs.")]
pub struct SensitivityArgs {
    /// Models file (CSV), study file (TOML), or - for CSV on standard input
    file: PathBuf,
    /// Shares by the values of this column as well; may be given several times
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// Entries of every list on the page [default: 10, and 20 disclosures]
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
            return Err(Failure::Usage("--by is for the exact shares; with --sample it is --groups COLUMN".into()));
        }
        return sample(&args.file, &args.sample, args.top.map(|n| n as usize), args.json.as_ref());
    }
    let to_stdout = args.json.as_deref() == Some(Path::new("-"));
    let (portfolio, warnings) = portfolio::read(&args.file)?;
    let mut assessment = assess(&portfolio)?;
    assessment.warnings.splice(0..0, warnings);
    known_columns(&args.by, &assessment)?;
    let target = json_target(args.json.as_deref(), &portfolio.study)?;
    warn(&assessment.warnings, WARNINGS);

    let settings = args.reruns.then(|| args.sample.reruns());
    let (exact, reruns) = exact(&portfolio, &assessment, &args.by, settings.as_ref())?;
    let told = Sensitivity { exact, reruns, tornado: tornado(&assessment), assessment: &assessment };
    let mut document = Vec::new();
    sensitivity::write(&mut document, &told).context("cannot write the JSON result")?;
    if to_stdout {
        return print(&String::from_utf8_lossy(&document));
    }
    if let Some(target) = target {
        target.commit(&[&bytes(&document)]).map_err(|e| Failure::Run(e.into()))?;
    }
    print(&sensitivity::terminal(&told, args.top.map(|n| n as usize), style()))
}

type Exact = Result<(Shares, Vec<Disclosure>), String>;

/// The decomposition and the values of disclosure, or why there are none; and how intervals were drawn, if they were.
fn exact(
    portfolio: &Portfolio,
    assessment: &Assessment,
    by: &[String],
    settings: Option<&rerun::Settings<'_>>,
) -> Result<(Exact, Option<Reruns>), Failure> {
    let mut known = Known::default();
    let shares = match shares(assessment, by, &mut known) {
        Ok(shares) => shares,
        Err(reason) => return Ok((Err(reason), None)),
    };
    let mut alternatives = Vec::new();
    for quantity in Disclosable::ALL {
        alternatives.push((quantity, if_disclosed(portfolio, quantity)?));
    }
    let mut disclosures = match disclosures(assessment, &alternatives, &mut known) {
        Ok(disclosures) => disclosures,
        Err(reason) => return Ok((Err(reason), None)),
    };
    let reruns = settings
        .map(|s| rerun(assessment, &alternatives, &mut disclosures, &portfolio.study, s, &mut known))
        .transpose()?;
    Ok((Ok((shares, disclosures)), reruns))
}

/// Every column asked for has a value in at least one row.
fn known_columns(by: &[String], assessment: &Assessment) -> Result<(), Failure> {
    let columns: BTreeSet<&str> = assessment.models.iter().flat_map(|m| m.labels.keys()).map(String::as_str).collect();
    match by.iter().find(|name| !columns.contains(name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let columns: Vec<&str> = columns.into_iter().collect();
            let hint = did_you_mean(name, &columns).map_or(String::new(), |near| format!("; did you mean {near:?}?"));
            Err(Failure::Usage(format!("--by {name}: no row has a value in a column of that name{hint}")))
        }
    }
}
