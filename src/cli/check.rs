//! `haze check`: read, assess and compile as a run does, report everything, draw nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::input::{self, FileArgs, Opened, at_row, warn_of_each};
use super::output::print;
use super::{Failure, counted};
use crate::assess::{Assessment, Kind, with_outputs};
use crate::compile::compile;
use crate::portfolio::problem::{shorten, visible};
use crate::portfolio::{Portfolio, columns};
use crate::run::RunError;

pub(super) fn check(input: &FileArgs) -> Result<(), Failure> {
    let Opened { portfolio, assessment } = input.open()?;
    let whole = with_outputs(&portfolio, &assessment)?;
    compile(&whole).map_err(RunError::from).map_err(at_row(&portfolio.models))?;
    warn_of_each(&assessment.warnings);
    let models = counted(portfolio.models.len(), "model");
    let warnings = counted(input::counted(&assessment.warnings), "warning");
    print(&format!("{}{}{models}, no problem, {warnings}\n", understood(&assessment), labels(&portfolio)))
}

/// The columns that no number comes from.
fn labels(portfolio: &Portfolio) -> String {
    let known: BTreeSet<&str> = columns::names().collect();
    let all: BTreeSet<&str> = portfolio.models.iter().flat_map(|m| m.labels.keys()).collect();
    let labels: Vec<String> = all.difference(&known).map(|name| shorten(name)).collect();
    match labels.len() {
        0 => String::new(),
        n if n > MOST_LABELS => {
            format!(
                "Labels, from which no figure is read: {} and {} more\n",
                labels[..MOST_LABELS].join(", "),
                n - MOST_LABELS
            )
        }
        _ => format!("Labels, from which no figure is read: {}\n", labels.join(", ")),
    }
}

/// Labels that are listed.
const MOST_LABELS: usize = 20;

/// What was understood: rows by tier, and what each figure that a row states was used for.
fn understood(assessment: &Assessment) -> String {
    let mut tiers: BTreeMap<_, usize> = BTreeMap::new();
    // By quantity: stated and used, stated and not used, of priors and tables.
    let mut uses: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for model in &assessment.models {
        *tiers.entry(model.tier).or_default() += 1;
        for (quantity, provenance) in &model.provenance {
            let (name, use_of) = match quantity.strip_suffix(" (not counted)") {
                Some(name) => (name, 1),
                None if provenance.kind == Kind::Disclosed => (quantity.as_str(), 0),
                None => (quantity.as_str(), 2),
            };
            uses.entry(name).or_default()[use_of] += 1;
        }
    }
    let mut text = String::from("Rows by tier (1 metered … 6 nothing but the kind of model)\n");
    for (tier, rows) in tiers {
        let _ = writeln!(text, "  {:<4} {rows:>7}", tier.name());
    }
    let width = uses.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(10);
    let _ = writeln!(text, "{:<width$}  stated  stated, not used  from priors and tables", "Quantities");
    for (name, [used, left_out, others]) in uses {
        let name = visible(name);
        let _ = writeln!(text, "  {name:<width$}{used:>6}  {left_out:>16}  {others:>22}");
    }
    text
}
