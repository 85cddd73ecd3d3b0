//! What the known implies: tiers, a distribution for every factor, provenance of each.
//!
//! An [`Assessment`] has one [`AssessedModel`] per row, sorted by id, and the shared effects they are exposed to.
//! Every output (compute, IT energy, facility energy, emissions) is a constant times a product of integer powers of
//! the model's factors, so that the plan and the exact oracle read the same few numbers.

mod assessment;
mod basis;
pub mod beside;
mod chain;
mod checks;
mod combine;
mod compute;
mod condition;
mod disclosed;
pub mod domain;
mod effect;
mod efficiency;
mod evidence;
mod facility;
mod factor;
mod figure;
pub mod grid;
pub mod hardware;
mod names;
mod output;
pub mod priors;
mod provenance;
pub mod regression;
mod shared;
mod slot;
mod term;
#[cfg(test)]
mod tests;
mod tier;
mod typical;

use std::collections::BTreeMap;

pub use assessment::{AssessedFactor, AssessedModel, Assessment};
pub(crate) use compute::{flop_per_parameter_and_token, stated_flop};
pub use disclosed::{Disclosable, if_disclosed};
pub use effect::SharedEffect;
pub use output::{OUTPUTS, Output};
pub use provenance::{Kind, Provenance};
pub use slot::{SLOTS, Slot};
pub use term::Term;
pub use tier::Tier;

use crate::portfolio::{Model, Portfolio, Problem, Study, Warning};
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
    let mut problems = checks::unsupported(study);
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
        warnings.extend(checks::warnings_of(&priors, model));
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
        further: vec![],
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
        further: vec![],
        labels,
        provenance: draft.provenance,
    }
}
