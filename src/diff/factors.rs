//! Which factors moved between two runs, and what each does alone.
//!
//! Alone: the exact mean of the first run's total with this factor as it is in the second, in all models that are in both and
//! have the same products. What several factors do together is not the sum of what each does alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::models::same_factor;
use crate::assess::effects::Effects;
use crate::assess::{AssessedFactor, AssessedModel, Assessment, Output, Slot};
use crate::exact::oracle::FACTORS;
use crate::exact::terms::{Known, products};
use crate::portfolio::Factor;

/// What one factor does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorMove {
    /// Name of the factor, or what else moves the total: `models`, `calculation`.
    pub name: &'static str,
    /// Models that it moves.
    pub models: usize,
    /// What it moves the mean by alone, in t; `None` where there is no finite mean.
    pub alone_t: Option<f64>,
}

/// What moved, in the order of the factors; then other chains of the same models, and models that are in one run only.
pub fn moves([first, second]: [&Assessment; 2]) -> Vec<FactorMove> {
    let mut known = Known::default();
    let mut mean = |assessment: &Assessment| -> Option<f64> {
        Some(products(assessment, &mut known).ok()?.iter().fold(0.0, |sum, p| sum + p.mean_t))
    };
    let before = mean(first);
    let by_id: BTreeMap<&str, &AssessedModel> = second.models.iter().map(|m| (m.id.as_str(), m)).collect();
    let mut found = Vec::new();
    for factor in FACTORS {
        let (changed, models) = with_factor(first, second, &by_id, factor);
        if models > 0 {
            let alone_t = before.zip(mean(&changed)).map(|(before, after)| after - before);
            found.push(FactorMove { name: factor.name(), models, alone_t });
        }
    }
    let is_other = |m: &&AssessedModel| by_id.get(m.id.as_str()).is_some_and(|other| !same_products(m, other));
    let others: Vec<&str> = first.models.iter().filter(is_other).map(|m| m.id.as_str()).collect();
    if !others.is_empty() {
        let of_these = |m: &AssessedModel| others.binary_search(&m.id.as_str()).is_ok();
        let [was, is] = [mean(&first.only(of_these)), mean(&second.only(of_these))];
        found.push(FactorMove {
            name: "calculation",
            models: others.len(),
            alone_t: was.zip(is).map(|(was, is)| is - was),
        });
    }
    let here: BTreeSet<&str> = first.models.iter().map(|m| m.id.as_str()).collect();
    let added = second.only(|m| !here.contains(m.id.as_str()));
    let removed = first.only(|m| !by_id.contains_key(m.id.as_str()));
    let models = added.models.len() + removed.models.len();
    if models > 0 {
        let alone_t = mean(&added).zip(mean(&removed)).map(|(added, removed)| added - removed);
        found.push(FactorMove { name: "models", models, alone_t });
    }
    found
}

fn same_products(a: &AssessedModel, b: &AssessedModel) -> bool {
    let (a, b) = (&a.terms[Output::Emissions as usize], &b.terms[Output::Emissions as usize]);
    a.powers == b.powers && a.constant == b.constant
}

/// The first assessment with one factor as it is in the second, and how many models that changes.
fn with_factor(
    first: &Assessment,
    second: &Assessment,
    by_id: &BTreeMap<&str, &AssessedModel>,
    factor: Factor,
) -> (Assessment, usize) {
    let mut changed = first.clone();
    let mut effects = Effects::listed(std::mem::take(&mut changed.shared));
    let mut models = 0;
    for (model, before) in changed.models.iter_mut().zip(&first.models) {
        let Some(other) = by_id.get(model.id.as_str()).filter(|other| same_products(before, other)) else { continue };
        let mut moved = false;
        for slot in Slot::ALL.into_iter().filter(|slot| slot.factor() == factor) {
            let (was, is) = (&before.factors[slot as usize], &other.factors[slot as usize]);
            if same_factor([first, second], [was.as_ref(), is.as_ref()]) {
                continue;
            }
            moved = true;
            let adopted = |is: &AssessedFactor| {
                let shared = adopted(is, first, second, &mut effects);
                AssessedFactor { shared, ..is.clone() }
            };
            model.factors[slot as usize] = is.as_ref().map(adopted);
        }
        models += usize::from(moved);
    }
    changed.shared = effects.into_list();
    (changed, models)
}

/// The loads of a factor of the second assessment on the effects of the first: an effect of the same key may have another
/// size there, which the weight makes up for.
fn adopted(
    factor: &AssessedFactor,
    first: &Assessment,
    second: &Assessment,
    effects: &mut Effects,
) -> Vec<(usize, f64)> {
    let mut loads = effects.adopted(&factor.shared, &second.shared);
    let sizes: BTreeMap<usize, f64> = factor
        .shared
        .iter()
        .filter_map(|(effect, _)| {
            let effect = second.shared.get(*effect)?;
            Some((effects.number(&effect.key())?, effect.ln_gsd))
        })
        .collect();
    for (number, weight) in &mut loads {
        let was = first.shared.get(*number).map(|effect| effect.ln_gsd).filter(|size| *size > 0.0);
        if let (Some(was), Some(is)) = (was, sizes.get(number)) {
            *weight *= is / was;
        }
    }
    loads
}
