//! `haze priors`: the priors in force, as a file that can be edited and used, a table, or the works that they cite.

use std::path::PathBuf;

use anyhow::Context;

use super::Failure;
use super::output::print;
use crate::assess::priors::Priors;
use crate::portfolio::Portfolio;
use crate::report::{priors as page, references};

/// What `haze priors` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "To use an edited file, keep the entries you changed in the [priors.*] sections of a study
file that also names your models files:

  models = [\"models.csv\"]
  [priors.grid]
  unknown = \"mixture(0.5: lognormal(400, 1.5), 0.5: lognormal(60, 2))\"")]
pub struct PriorsArgs {
    /// Study file whose [priors] replace defaults
    study: Option<PathBuf>,
    /// As a table (CSV), with the keys of the works that each rests on
    #[arg(long)]
    csv: bool,
    /// The works that the priors cite, in BibTeX
    #[arg(long, conflicts_with = "csv")]
    bibtex: bool,
}

pub fn priors(args: &PriorsArgs) -> Result<(), Failure> {
    let priors = match &args.study {
        None => Priors::defaults(),
        Some(path) => Priors::of(&Portfolio::read(path)?.study)?,
    };
    if args.bibtex {
        return print(&references::bibtex(&page::cited(&priors)));
    }
    if args.csv {
        let mut table = Vec::new();
        page::csv(&mut table, &priors).context("cannot write the table")?;
        return print(&String::from_utf8_lossy(&table));
    }
    print(&page::priors(&priors))
}
