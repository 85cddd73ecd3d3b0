//! The shared effects that a study adds (`[[shared]]`).
//!
//! The ordinal of one is its position among the study's effects with the same factor and columns.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::acts::Acts;
use super::draft::{Draft, DraftModel};
use super::effects::EffectKey;
use super::slot::Slot;
use super::tier::Tier;
use crate::portfolio::{Model, SharedSpec, Study, Warning, YEAR};

/// Adds the study's effects to the factors of a model that they name. Where several disclosures have been combined, they
/// are in efficiency and grid already, with what the disclosures leave of them. Electricity as bought is not that of the
/// grid.
pub fn add_to_model(study: &Study, model: &Model, draft: &mut DraftModel) {
    for slot in Slot::ALL {
        let combined = draft.conditioned && matches!(slot, Slot::Efficiency | Slot::Grid);
        let as_bought = draft.as_bought && slot == Slot::Grid;
        if let Some(factor) = draft.factors.get_mut(slot).filter(|_| !combined && !as_bought) {
            add(study, model, draft.tier, slot, factor);
        }
    }
}

/// Adds the study's effects to one factor. The year of the date is known as the column `year`, the tier as `tier`. Of a
/// lineage guess they take the place of its class: they multiply, and a factor is acted on in one way.
pub fn add(study: &Study, model: &Model, tier: Tier, slot: Slot, factor: &mut Draft) {
    for (position, spec) in study.shared.iter().enumerate().filter(|(_, spec)| spec.factor == slot.factor()) {
        if let Some(key) = key(study, position, spec, model, tier) {
            if factor.acts == Acts::Rank {
                factor.shared.clear();
                factor.acts = Acts::Multiply;
            }
            factor.shared.insert(key, 1.0);
        }
    }
}

fn key(study: &Study, position: usize, spec: &SharedSpec, model: &Model, tier: Tier) -> Option<EffectKey> {
    let mut value = Vec::new();
    for column in &spec.by {
        let label = if column == "id" { Some(Cow::Borrowed(model.id.as_str())) } else { label(model, tier, column) };
        value.push(label?.into_owned());
    }
    let ordinal = ordinal(study, position, spec);
    Some(EffectKey {
        factor: spec.factor,
        by: spec.by.clone().into(),
        value: value.into(),
        ordinal: u32::try_from(ordinal).unwrap_or(u32::MAX),
    })
}

/// What a model counts as in a column, if that is not empty: the text of its row, its tier, its year.
pub fn label<'m>(model: &'m Model, tier: Tier, column: &str) -> Option<Cow<'m, str>> {
    let text = match column {
        "tier" => Cow::Borrowed(tier.name()),
        YEAR => Cow::Owned(model.year()?),
        column => Cow::Borrowed(model.labels.get(column)?),
    };
    Some(text).filter(|text| !text.is_empty())
}

fn ordinal(study: &Study, position: usize, spec: &SharedSpec) -> usize {
    study.shared.iter().take(position).filter(|s| s.factor == spec.factor && s.by == spec.by).count()
}

/// The study's effect behind a key.
pub fn spec_of<'s>(study: &'s Study, key: &EffectKey) -> Option<&'s SharedSpec> {
    study.shared.iter().filter(|s| s.factor == key.factor && *s.by == *key.by).nth(key.ordinal as usize)
}

/// Effects of the study that no model is exposed to: a label that no row has, or a factor that no row has.
pub fn idle(study: &Study, used: &BTreeSet<&EffectKey>) -> Vec<Warning> {
    let idle = |(position, spec): &(usize, &SharedSpec)| {
        let ordinal = ordinal(study, *position, spec);
        !used.iter().any(|k| k.factor == spec.factor && *k.by == *spec.by && k.ordinal as usize == ordinal)
    };
    let specs = study.shared.iter().enumerate().filter(idle);
    specs
        .map(|(_, spec)| Warning {
            rule: "shared-idle",
            place: spec.place.clone(),
            value: spec.by.join(", "),
            message: format!(
                "no model has both the factor {} and a value in every column named by this effect",
                spec.factor.name()
            ),
        })
        .collect()
}
