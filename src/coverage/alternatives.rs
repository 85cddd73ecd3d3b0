//! The headline under every structural choice that could have been another.
//!
//! A structural choice is not a random quantity: it lies outside the credible interval. Each line is a run of its own,
//! by the same machinery that a user has (settings, `[priors]`, columns), under the same seed, so that lines differ by
//! the choice and little else. What is changed is changed alone.

use serde::Serialize;

use super::{Modelled, assessed, spreads};
use crate::assess::effects::Effects;
use crate::assess::priors::{Priors, names, set};
use crate::assess::stated::guessed;
use crate::assess::{AssessedFactor, Assessment, Kind, Output, Slot};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::portfolio::{Basis, Boundary, Imputation, Model, Portfolio, Run, Study};
use crate::posterior::Estimate;
use crate::run::{RunError, Sampler};

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// What is chosen.
    pub choice: &'static str,
    /// The alternative; empty for the total as modelled.
    pub name: &'static str,
    /// Total emissions under it, in t.
    pub emissions_t: Estimate,
    /// Mean over the mean as modelled in the same draws; `None` where that is 0.
    pub ratio: Option<f64>,
    /// Upper over lower end of the interval; `None` where the lower end is 0.
    pub width: Option<f64>,
}

/// How a portfolio is assessed otherwise.
enum Change {
    /// Of the study.
    Study(fn(&mut Study, &Priors)),
    /// Of every row.
    Model(fn(&mut Model)),
    /// Of the grid alone, as if every row had this region.
    Grid(&'static str),
    /// Every row as it is stated, without published facts.
    Stated,
}

/// A choice that could have been another.
pub struct Choice {
    choice: &'static str,
    name: &'static str,
    change: Change,
}

const WORLD: &str = "World";

/// The choices that this portfolio can make otherwise.
pub fn choices(portfolio: &Portfolio) -> Vec<Choice> {
    let study = &portfolio.study;
    let has = |of: fn(&Model) -> bool| portfolio.models.iter().any(of);
    let mut list = Vec::new();
    let mut add = |choice, name, change| list.push(Choice { choice, name, change });
    let imputation = match study.imputation {
        Imputation::Tokens => "regression on size and date",
        Imputation::Regression => "tokens prior of the era",
    };
    add("tier-5 model", imputation, Change::Study(|s, _| s.imputation = other_imputation(s.imputation)));
    if has(|m| guessed(m).is_some()) {
        let name = "every guessed row a run of its own";
        add("lineage", name, Change::Model(|m| m.base_probability = guessed_as(m.base_probability, 1.0)));
        let name = "every guessed row a derivative";
        add("lineage", name, Change::Model(|m| m.base_probability = guessed_as(m.base_probability, 0.0)));
    }
    if has(|m| !m.published.is_empty()) {
        add("published facts", "none used", Change::Stated);
    }
    add("grid basis", "unknown place for all", Change::Grid(""));
    add("grid basis", "mean of the world for all", Change::Grid(WORLD));
    let flat: fn(&mut Study, &Priors) = |s, _| set(&mut s.priors, names::efficiency::MFU_H100_EXPONENT, 0.0);
    add("MFU", "not by size (H100, exponent 0)", Change::Study(flat));
    add("bounds", "halved", Change::Study(|s, p| s.priors = spreads::bounded(&s.priors, p, 0.5)));
    add("bounds", "doubled", Change::Study(|s, p| s.priors = spreads::bounded(&s.priors, p, 2.0)));
    add("bounds", "none", Change::Study(|s, p| s.priors = spreads::bounded(&s.priors, p, 1e7)));
    add("chosen spreads", "halved (ln GSD)", Change::Study(|s, p| s.priors = spreads::scaled(&s.priors, p, 0.5)));
    add("chosen spreads", "doubled (ln GSD)", Change::Study(|s, p| s.priors = spreads::scaled(&s.priors, p, 2.0)));
    let run = match study.scope.run {
        Run::Final => "with development runs",
        Run::Development => "final runs only",
    };
    add("scope", run, Change::Study(|s, _| s.scope.run = other_run(s.scope.run)));
    let boundary = match study.scope.boundary {
        Boundary::Facility => "IT energy only",
        Boundary::It => "facility energy",
    };
    add("scope", boundary, Change::Study(|s, _| s.scope.boundary = other_boundary(s.scope.boundary)));
    let of_market = |m: &Model| m.emissions_basis == Basis::Market && m.emissions_kg.is_some();
    let says = |m: &Model| m.market_g_per_kwh.is_some() || of_market(m);
    // Not the other way round: a row that states its contracts need not name a place.
    if study.scope.basis == Basis::Location && portfolio.models.iter().any(says) {
        add("scope", "market-based", Change::Study(|s, _| s.scope.basis = Basis::Market));
    }
    list
}

fn other_imputation(now: Imputation) -> Imputation {
    match now {
        Imputation::Tokens => Imputation::Regression,
        Imputation::Regression => Imputation::Tokens,
    }
}

fn other_run(now: Run) -> Run {
    match now {
        Run::Final => Run::Development,
        Run::Development => Run::Final,
    }
}

fn other_boundary(now: Boundary) -> Boundary {
    match now {
        Boundary::Facility => Boundary::It,
        Boundary::It => Boundary::Facility,
    }
}

fn guessed_as(now: Option<f64>, certain: f64) -> Option<f64> {
    now.map(|p| if p > 0.0 && p < 1.0 { certain } else { p })
}

/// The table: of a portfolio whose rows are stated and completed.
///
/// # Errors
/// A portfolio that cannot be assessed or compiled otherwise, a stopped run.
pub fn alternatives(
    [stated, portfolio]: [&Portfolio; 2],
    assessment: &Assessment,
    modelled: &Modelled,
    tables: &mut Tables,
    sampler: &Sampler<'_>,
) -> Result<Vec<Alternative>, RunError> {
    let mut lines = vec![line("as modelled", "", modelled.emissions_t, &modelled.emissions_t)];
    for Choice { choice, name, change } in choices(portfolio) {
        let otherwise = changed([stated, portfolio], assessment, &change)?;
        let emissions = sampler.emissions(compile_with(&otherwise, tables)?)?;
        lines.push(line(choice, name, sampler.estimate(&emissions), &modelled.of_fewer_t));
    }
    Ok(lines)
}

fn line(choice: &'static str, name: &'static str, emissions_t: Estimate, modelled: &Estimate) -> Alternative {
    let over = |a: Option<f64>, b: Option<f64>| Some(a? / b.filter(|b| *b > 0.0)?);
    Alternative {
        choice,
        name,
        ratio: over(emissions_t.mean, modelled.mean),
        width: over(emissions_t.interval.map(|i| i[1]), emissions_t.interval.map(|i| i[0])),
        emissions_t,
    }
}

fn changed(
    [stated, portfolio]: [&Portfolio; 2],
    assessment: &Assessment,
    change: &Change,
) -> Result<Assessment, RunError> {
    let mut other = portfolio.clone();
    match change {
        Change::Stated => other.models.clone_from(&stated.models),
        Change::Study(change) => {
            let priors = Priors::of(&portfolio.study)?;
            change(&mut other.study, &priors);
        }
        Change::Model(change) => other.models.iter_mut().for_each(change),
        Change::Grid(region) => {
            for model in &mut other.models {
                model.labels.insert("region", region);
            }
            return Ok(with_grid_of(assessment, &assessed(&other)?));
        }
    }
    other.study.groups_by.clear();
    assessed(&other)
}

/// The assessment with the grid factors of another one of the same models, where the grid was looked up by region or
/// is not known. The region also says which chips a country's models ran on: these stay.
fn with_grid_of(assessment: &Assessment, other: &Assessment) -> Assessment {
    let mut changed = assessment.clone();
    changed.groups_by.clear();
    let mut effects = Effects::listed(std::mem::take(&mut changed.shared));
    let by_region = |f: &AssessedFactor| matches!(f.provenance.kind, Kind::LookedUp | Kind::Guessed);
    for (model, other_model) in changed.models.iter_mut().zip(&other.models) {
        let (slot, emissions) = (Slot::Grid as usize, Output::Emissions as usize);
        let (Some(was), Some(is)) = (&model.factors[slot], &other_model.factors[slot]) else { continue };
        if !by_region(was) || !by_region(is) || model.terms[emissions].powers[slot] != 1 {
            continue;
        }
        let shared = effects.adopted(&is.shared, &other.shared);
        model.factors[slot] = Some(AssessedFactor { shared, ..is.clone() });
    }
    changed.shared = effects.into_list();
    changed
}
