//! What the known implies: tiers, a distribution for every factor, provenance of each.
//!
//! An [`Assessment`] has one [`AssessedModel`] per row, sorted by id, and the shared effects they are exposed to.
//! Every output (compute, IT energy, facility energy, emissions) is a constant times a product of integer powers of
//! the model's factors, so that the plan and the exact oracle read the same few numbers.

mod basis;
pub mod beside;
mod chain;
mod combine;
mod compute;
mod condition;
mod disclosed;
pub mod domain;
mod efficiency;
mod evidence;
mod explain;
mod facility;
mod factor;
mod figure;
pub mod grid;
pub mod hardware;
mod names;
pub mod priors;
pub mod regression;
mod shared;
#[cfg(test)]
mod tests;
mod typical;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use compute::{flop_per_parameter_and_token, stated_flop};
pub use disclosed::{Disclosable, if_disclosed};
pub use explain::explain;

use crate::portfolio::{Confidence, Distribution, Factor, Model, Place, Portfolio, Problem, Scope, Study, Warning};
use priors::Priors;
use shared::EffectKey;

/// What the portfolio implies, under its study's priors, scope and shared effects.
///
/// A model's result depends on its own row, the study, and the rows it names as bases; on nothing else, and not on the
/// order of rows.
///
/// # Errors
/// All problems at once: priors that do not exist or have the wrong form, scopes that are not supported, chips and
/// regions that are needed and not known, zeros that would be divided by.
pub fn assess(portfolio: &Portfolio) -> Result<Assessment, Vec<Problem>> {
    let study = &portfolio.study;
    let mut problems = unsupported(study);
    let priors = match Priors::of(study) {
        Ok(priors) => priors,
        Err(found) => {
            problems.extend(found);
            Priors::defaults()
        }
    };
    let by_id: BTreeMap<&str, &Model> = portfolio.models.iter().map(|m| (m.id.as_str(), m)).collect();
    let context = chain::Context { priors: &priors, study, by_id: &by_id };
    let mut drafts = Vec::with_capacity(by_id.len());
    let mut warnings = Vec::new();
    let mut at_location = 0;
    for model in by_id.values() {
        match chain::assess_model(&context, model) {
            Ok(mut draft) => {
                warnings.append(&mut draft.warnings);
                at_location += usize::from(draft.location_stands_in);
                draft.add_study_effects(study, model);
                drafts.push((*model, draft));
            }
            Err(found) => problems.extend(found),
        }
        warnings.extend(warnings_of(&priors, model));
    }
    if !problems.is_empty() {
        // In the order of the file, whatever the order of ids.
        problems.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
        return Err(problems);
    }
    if at_location > 0 {
        warnings.push(basis::at_location(study, at_location, by_id.len()));
    }
    Ok(assembled(drafts, study, &priors, warnings))
}

/// Numbers the shared effects that the drafts are exposed to. `drafts` are sorted by id.
fn assembled(
    drafts: Vec<(&Model, chain::DraftModel)>,
    study: &Study,
    priors: &Priors,
    mut warnings: Vec<Warning>,
) -> Assessment {
    let mut keys: BTreeMap<EffectKey, usize> = BTreeMap::new();
    for key in drafts.iter().flat_map(|(_, d)| d.factors.iter().flatten()).flat_map(|f| f.shared.keys()) {
        keys.entry(key.clone()).or_default();
    }
    for (index, slot) in keys.values_mut().enumerate() {
        *slot = index;
    }
    warnings.extend(shared::without_effect(study, &keys));
    let models = drafts.into_iter().map(|(model, draft)| numbered(model, draft, &keys)).collect();
    Assessment {
        models,
        shared: shared::effects(&keys, study, priors),
        scope: study.scope,
        warnings,
        groups_by: study.groups_by.clone(),
    }
}

fn numbered(model: &Model, draft: chain::DraftModel, keys: &BTreeMap<EffectKey, usize>) -> AssessedModel {
    let mut labels = model.labels.clone();
    labels.insert("tier".to_string(), draft.tier.name().to_string());
    AssessedModel {
        id: model.id.clone(),
        tier: draft.tier,
        factors: draft.factors.map(|factor| {
            factor.map(|f| AssessedFactor {
                // Keys are in the order of their indices.
                shared: f.shared.iter().filter_map(|(key, weight)| Some((*keys.get(key)?, *weight))).collect(),
                distribution: f.distribution,
                provenance: f.provenance,
            })
        }),
        terms: draft.terms,
        labels,
        provenance: draft.provenance,
    }
}

/// Scopes that are known and not computed.
fn unsupported(study: &Study) -> Vec<Problem> {
    if !study.scope.embodied {
        return Vec::new();
    }
    let message = "it is no part of the headline; write embodied = false, and embodied = true under [outputs]";
    vec![Problem { place: of_scope(study, "embodied"), value: "true".to_string(), message: message.to_string() }]
}

/// A key of `[scope]`.
fn of_scope(study: &Study, key: &str) -> Place {
    Place {
        file: Arc::new(study.path.clone().unwrap_or_else(|| PathBuf::from("study"))),
        line: 0,
        column: format!("scope.{key}"),
    }
}

/// Less than this times the TDP is no accelerator's power in a training run: the least published is 0.63 (a V100 in
/// Strubell et al. 2019, TPUs v3 in Patterson et al. 2021).
const LEAST_LOAD: f64 = 0.6;

/// What is suspicious in a row in the light of priors and tables.
fn warnings_of(priors: &Priors, model: &Model) -> Vec<Warning> {
    let mut found = Vec::new();
    if model.compute_confidence == Some(Confidence::Wrong) && model.compute_flop.is_some() {
        found.push(Warning {
            rule: "compute-wrong",
            place: efficiency::column(model, "compute_flop"),
            value: String::new(),
            message: "compute_confidence says the figure is wrong; it is not used".to_string(),
        });
    }
    if let Some((watts, chip, tdp)) = efficiency::stated_power(priors, model)
        && watts < LEAST_LOAD * tdp
    {
        found.push(Warning {
            rule: "power-low",
            place: efficiency::column(model, "power_w"),
            value: factor::shown(watts),
            message: format!(
                "{:.0} % of the TDP of {chip}, {tdp} W; is it of another form factor (an H800 has 700 W, not 350), or of \
                 an idle hour? It is used as it stands",
                100.0 * watts / tdp
            ),
        });
    }
    found
}

/// The models with a distribution for each factor, and what they share.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// Sorted by id.
    pub models: Vec<AssessedModel>,
    /// Sorted by (factor, by, value, ordinal); only those that at least one model is exposed to.
    pub shared: Vec<SharedEffect>,
    pub scope: Scope,
    pub warnings: Vec<Warning>,
    /// `[groups] by`, as asked for.
    pub groups_by: Vec<String>,
}

impl Assessment {
    /// Only the models that `keep` lets through, with the shared effects that they are exposed to. A model's numbers are
    /// those it has here, and so are its draws: keys of models and effects do not depend on what else there is.
    pub fn only(&self, keep: impl Fn(&AssessedModel) -> bool) -> Assessment {
        let mut models: Vec<AssessedModel> = self.models.iter().filter(|m| keep(m)).cloned().collect();
        let used: BTreeSet<usize> =
            models.iter().flat_map(|m| m.factors.iter().flatten()).flat_map(|f| &f.shared).map(|(e, _)| *e).collect();
        let place: BTreeMap<usize, usize> = used.iter().zip(0..).map(|(&effect, at)| (effect, at)).collect();
        for factor in models.iter_mut().flat_map(|m| m.factors.iter_mut().flatten()) {
            factor.shared = factor.shared.iter().filter_map(|(e, weight)| Some((*place.get(e)?, *weight))).collect();
        }
        Assessment {
            models,
            shared: used.iter().filter_map(|&e| self.shared.get(e)).cloned().collect(),
            scope: self.scope,
            warnings: self.warnings.clone(),
            groups_by: self.groups_by.clone(),
        }
    }

    /// The same models with another output in the place of the emissions: what is told exactly of emissions is then told
    /// of it, in its own unit.
    pub fn as_emissions(&self, output: Output) -> Assessment {
        let mut other = self.clone();
        for model in &mut other.models {
            model.terms[Output::Emissions as usize] = model.terms[output as usize];
        }
        other
    }
}

/// The random inputs a model can have. The number is the slot of the random stream: value-breaking to change.
/// Slots 0 to 3 lie in the first Philox block, 4 to 7 in the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Slot {
    Compute = 0,
    Efficiency = 1,
    Pue = 2,
    Grid = 3,
    Reporting = 4,
    Lineage = 5,
}

pub const SLOTS: usize = 6;

impl Slot {
    pub const ALL: [Slot; SLOTS] =
        [Slot::Compute, Slot::Efficiency, Slot::Pue, Slot::Grid, Slot::Reporting, Slot::Lineage];

    pub fn factor(self) -> Factor {
        match self {
            Slot::Compute => Factor::Compute,
            Slot::Efficiency => Factor::Efficiency,
            Slot::Pue => Factor::Pue,
            Slot::Grid => Factor::Grid,
            Slot::Reporting => Factor::Reporting,
            Slot::Lineage => Factor::Lineage,
        }
    }
}

/// The outputs every model has. Units: EFLOP (1e18 FLOP), kWh, kWh, tCO2e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    Compute = 0,
    ItEnergy = 1,
    Energy = 2,
    Emissions = 3,
}

pub const OUTPUTS: usize = 4;

impl Output {
    pub const ALL: [Output; OUTPUTS] = [Output::Compute, Output::ItEnergy, Output::Energy, Output::Emissions];
}

/// One output of one model: `constant · Π factor[slot]^power[slot]`, in the output's unit.
/// A constant of 0 is a true zero (a disclosed 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    pub constant: f64,
    pub powers: [i8; SLOTS],
}

/// One model, ready to be compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedModel {
    pub id: String,
    pub tier: Tier,
    /// By slot; `None` where the model has no such random input.
    pub factors: [Option<AssessedFactor>; SLOTS],
    /// By `Output`.
    pub terms: [Term; OUTPUTS],
    /// The row's labels plus `tier`.
    pub labels: BTreeMap<String, String>,
    /// What the row said and how each value came about, for people; one entry per quantity shown.
    pub provenance: BTreeMap<String, Provenance>,
}

/// A factor's own distribution and the shared effects that multiply it.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessedFactor {
    /// For `Slot::Pue` the distribution of PUE itself (≥ 1).
    pub distribution: Distribution,
    pub provenance: Provenance,
    /// Shared effects on this factor (for PUE: on PUE − 1): index into `Assessment::shared`, and a weight that
    /// multiplies the effect's ln GSD. Sorted by index.
    pub shared: Vec<(usize, f64)>,
}

/// One draw shared by all models exposed to it: multiplies a factor by `gsd^(weight·z)`.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedEffect {
    pub factor: Factor,
    /// What it is, for people, e.g. "MFU of one organisation's runs in one year".
    pub name: String,
    /// Columns; empty = global.
    pub by: Vec<String>,
    /// The columns' values, in order.
    pub value: Vec<String>,
    /// Tells equal (factor, by, value) apart.
    pub ordinal: u32,
    pub ln_gsd: f64,
    pub chosen: bool,
    pub source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    T1,
    T1b,
    T2,
    T3,
    T4,
    T4b,
    T5,
    T6,
}

impl Tier {
    pub fn name(self) -> &'static str {
        match self {
            Tier::T1 => "1",
            Tier::T1b => "1b",
            Tier::T2 => "2",
            Tier::T3 => "3",
            Tier::T4 => "4",
            Tier::T4b => "4b",
            Tier::T5 => "5",
            Tier::T6 => "6",
        }
    }
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Disclosed,
    LookedUp,
    Imputed,
    Default,
    Guessed,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Provenance {
    pub kind: Kind,
    /// One line for people: what was done, e.g. "6 · 7e9 active parameters · 2e12 tokens".
    pub how: String,
    /// Paper, data file or "chosen".
    pub source: String,
    /// The spread or centre is a choice without a firm source.
    pub chosen: bool,
}
