//! The data of the page: one document for all results, described by `data.schema.json`.

use serde::Serialize;
use serde_json::Value;

use super::documents;
use super::models::{Groups, Models, Step, Texts};
use crate::assess::Output;
use crate::assess::priors::Priors;
use crate::diff::Compared;
use crate::engine::Host;
use crate::engine::stats::estimate::Scale;
use crate::engine::stats::order::Draws;
use crate::portfolio::Portfolio;
use crate::posterior::Estimate;
use crate::posterior::counts::Counts;
use crate::report::json::{self, Listed};
use crate::report::numbers::significant;
use crate::report::{lineage, priors, validate};
use crate::run::shown::Shown;

/// Goes up when a key is removed or changes its meaning.
const FORMAT: u32 = 1;
/// Models on a page.
const MOST: usize = 5_000;
/// Results of which every two are compared.
const ALL_PAIRS: usize = 6;
/// Digits of a quantile.
const DIGITS: usize = 6;

/// Everything that a page shows.
#[derive(Debug, Serialize)]
pub struct Data {
    format: u32,
    program: String,
    /// In the order of the selector.
    pub results: Vec<Shows>,
    comparisons: Vec<Comparison>,
}

/// One result.
#[derive(Debug, Serialize)]
pub struct Shows {
    /// What it is called.
    pub name: String,
    command: String,
    result: Value,
    quantiles: Option<Quantiles>,
    texts: Vec<String>,
    steps: Vec<Step>,
    pub(super) models: Models,
    groups: Vec<Groups>,
    sensitivity: Value,
    lineage: Value,
    large: bool,
    validation: Value,
    defaults: Vec<Prior>,
    #[serde(skip)]
    total: Estimate,
    #[serde(skip)]
    level: f64,
}

impl Shows {
    pub(super) fn total(&self) -> &Estimate {
        &self.total
    }

    pub(super) fn level(&self) -> f64 {
        self.level
    }
}

#[derive(Debug, Serialize)]
struct Quantiles {
    levels: Vec<f64>,
    emissions_t: Vec<f64>,
    independent_t: Option<Vec<f64>>,
    energy_kwh: Option<Vec<f64>>,
}

#[derive(Debug, Serialize)]
struct Prior {
    section: String,
    name: String,
    value: String,
    unit: String,
    source: String,
    chosen: bool,
    changed: bool,
    url: Option<String>,
}

#[derive(Debug, Serialize)]
struct Comparison {
    a: usize,
    b: usize,
    shared_draws: bool,
    difference_t: Estimate,
    ratio: Option<Estimate>,
    probability_a_greater: Option<f64>,
}

impl Data {
    /// Of results with their names, commands and portfolios. Of a few, every two are compared; of more, each with the first.
    pub fn new(results: &[Named<'_>]) -> Data {
        let mut comparisons = Vec::new();
        let first = if results.len() <= ALL_PAIRS { results.len() } else { 1 };
        // The later less the earlier, as `haze diff` has it.
        for (b, one) in results.iter().enumerate().take(first) {
            for (a, other) in results.iter().enumerate().skip(b + 1) {
                comparisons.push(comparison(a, b, other.shown, one.shown));
            }
        }
        Data {
            format: FORMAT,
            program: format!("carbonhaze {}", env!("CARGO_PKG_VERSION")),
            results: results.iter().map(Shows::of).collect(),
            comparisons,
        }
    }
}

/// A result to be shown.
pub struct Named<'a> {
    /// What it is called on the page.
    pub name: String,
    /// The command that gives it again.
    pub command: String,
    /// What was read.
    pub portfolio: &'a Portfolio,
    /// What came out.
    pub shown: &'a Shown,
}

impl Shows {
    fn of(of: &Named<'_>) -> Shows {
        let Shown { outcome, parts, decomposition, lineage: families, large, validation } = of.shown;
        let (posterior, assessment) = (&outcome.posterior, &outcome.assessment);
        let document =
            documents::value(|out| json::write(out, posterior, assessment, &outcome.info, Listed::Largest(0)));
        let mut texts = Texts::default();
        let (models, steps) = Models::of(&posterior.models, assessment, MOST, &mut texts);
        let total_t = posterior.total.emissions_t.mean;
        let scope = assessment.scope;
        Shows {
            name: of.name.clone(),
            command: of.command.clone(),
            result: documents::result(document),
            quantiles: quantiles(of.shown),
            texts: texts.into_list(),
            steps,
            models,
            groups: parts.columns.iter().map(|column| Groups::of(&column.by, &column.rows, total_t)).collect(),
            sensitivity: decomposition.as_ref().map_or(Value::Null, documents::sensitivity),
            lineage: families.as_ref().map_or(Value::Null, |found| {
                documents::lineage(&documents::value(|out| lineage::write(out, scope, found)))
            }),
            large: *large,
            validation: validation.as_ref().map_or(Value::Null, |found| {
                documents::validation(&documents::value(|out| validate::write(out, found)))
            }),
            defaults: defaults(of.portfolio),
            total: posterior.total.emissions_t,
            level: posterior.level,
        }
    }
}

fn defaults(portfolio: &Portfolio) -> Vec<Prior> {
    // A study whose priors are wrong has no result.
    let Ok(in_force) = Priors::of(&portfolio.study) else { return vec![] };
    priors::rows(&in_force)
        .map(|row| Prior {
            section: row.entry.section().to_string(),
            name: row.entry.key().to_string(),
            value: row.value,
            unit: row.entry.unit.clone(),
            source: row.entry.source.to_string(),
            chosen: row.basis == "chosen",
            changed: row.entry.replaced,
            url: row.works.iter().find_map(|work| work.link()),
        })
        .collect()
}

/// 201 levels or a few more: even steps, with the ends of the bands and of far tails.
fn levels() -> Vec<f64> {
    let even = (1..200).map(|k| f64::from(k) / 200.0);
    let tails = [0.001, 0.002, 0.003, 0.004, 0.996, 0.997, 0.998, 0.999];
    let mut levels: Vec<f64> = even.chain(tails).collect();
    levels.sort_by(f64::total_cmp);
    levels
}

fn quantiles(shown: &Shown) -> Option<Quantiles> {
    let draws = &shown.outcome.draws;
    let levels = levels();
    let of = |counts: &Counts| -> Vec<f64> {
        let sorted = Draws::new(&Host, (0..).zip(counts.counts.iter().copied()));
        let unit = Scale::power_of_two(counts.unit);
        let at = |p: &f64| unit.apply(sorted.quantile(*p).unwrap_or(0) as f64);
        levels.iter().filter_map(|p| significant(Some(at(p)), DIGITS)).collect()
    };
    let emissions = draws.emissions().filter(|counts| !counts.counts.is_empty())?;
    Some(Quantiles {
        emissions_t: of(emissions),
        independent_t: (!draws.independent.counts.is_empty() && shown.outcome.posterior.models.len() > 1)
            .then(|| of(&draws.independent)),
        energy_kwh: draws.get(Output::Energy).filter(|counts| !counts.counts.is_empty()).map(of),
        levels,
    })
}

fn comparison(a: usize, b: usize, first: &Shown, second: &Shown) -> Comparison {
    let (x, y) = (&first.outcome, &second.outcome);
    let shared_draws = x.settings.seed == y.settings.seed && x.settings.draws == y.settings.draws;
    // `Compared` is the second less the first: the page wants a less b.
    let found = Compared::of([y, x], Output::Emissions, x.settings.level);
    Comparison {
        a,
        b,
        shared_draws,
        difference_t: found.difference,
        ratio: Some(found.ratio).filter(|ratio| ratio.mean.is_some()),
        probability_a_greater: Some(found.second_is_more.probability),
    }
}
