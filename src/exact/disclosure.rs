//! Value of disclosure: by how much the expected variance of the total's emissions falls if one more quantity of one
//! model were disclosed, exactly.
//!
//! Before, the model's emissions Y_m have the products and loadings of its assessment. After, they are c · W: c is the
//! figure that is published, W what remains random given it (its own measurement error, the factors downstream, the
//! shared effects that still act), as assessed for a row that states the quantity ([`crate::assess::if_disclosed`]).
//! c is not known yet. Of its distribution only two moments enter, because the variance of the total given c is
//! quadratic in c; they follow from what disclosure cannot change on average, `E[Y_m]` and `E[Y_m²]`:
//!
//! ```text
//! ρ_c = E[c²]/E[c]² = (E[Y_m²]/E[Y_m]²) / (E[W²]/E[W]²)
//! value = V − E[Var(Y | c)] = μ_m² (ρ_c − 1) + 2 Σ_{n ≠ m} μ_m μ_n (ρ(m, n) − ρ_W(m, n))
//! ```
//!
//! The first part is the variance of E[Y_m | c] (law of total variance): the closed first-order index of what is
//! disclosed, less what its measurement error leaves. (Its total index would be what is gone if all else were known
//! too.) The second part is the covariance with other models by shared effects that act on what c replaces: the other
//! models keep them. What c teaches about them, where it does, comes on top (`super::teaching`). Where ρ_c ≤ 1 the figure's
//! error is larger than what is known, and the disclosure is not listed.
//!
//! A chip is disclosed by name, without error: c is the mean of Y_m given the chip, over the shares of the mixture, and
//! nothing else changes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::closed::{Closed, Inputs, Loads, model_variance};
use super::disclosed::Disclosed;
use super::field::Field;
use super::joint::Joint;
use super::oracle::{NO_SECOND_MOMENT, resolved};
use super::teaching::{Others, Teaching};
use super::terms::{Known, Product, products};
use crate::assess::effects::{Effects, renumbered};
use crate::assess::{Alternative, AssessedModel, Assessment, Kind, Output, Slot, Taught};
use crate::portfolio::Distribution;
use crate::portfolio::moments::engine_moment;

/// What one disclosure is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disclosure {
    /// The model's id.
    pub id: String,
    /// Name of its tier.
    pub tier: &'static str,
    /// compute, hours, energy, place or chip.
    pub quantity: &'static str,
    /// t²: V − E[Var(Y | disclosed)].
    pub value_t2: f64,
    /// Of the total's variance.
    pub share: f64,
    /// Standard deviation of the total now, and the root of the expected variance after, in t.
    pub sd_before_t: f64,
    /// Root of the expected variance of the total after the disclosure, in t.
    pub sd_after_t: f64,
    /// The interval that it would leave, where that was drawn.
    pub interval: Option<Disclosed>,
}

/// Every disclosure of some value, the most valuable first. `alternatives` are the models as they would be assessed
/// with one quantity disclosed; `known` keeps the moments that are computed for them.
///
/// # Errors
/// Why there is none: no finite mean or variance.
pub fn disclosures(
    assessment: &Assessment,
    alternatives: &[Alternative],
    known: &mut Known,
) -> Result<Vec<Disclosure>, String> {
    let products = products(assessment, known)?;
    let closed = Closed::new(&assessment.shared, &products);
    let mean = products.iter().fold(0.0, |sum, p| sum + p.mean_t);
    let variance = closed.variance(Inputs::ALL).ok_or_else(|| NO_SECOND_MOMENT.to_string())?;
    let variance = resolved(variance, mean);
    if variance <= 0.0 {
        return Err("no variance".to_string());
    }
    let field = closed.field(&|_| true);
    let effects = Effects::listed(assessment.shared.clone());
    let by_id: BTreeMap<&str, &[&Product]> =
        closed.models().filter_map(|ps| Some((assessment.models.get(ps.first()?.model)?.id.as_str(), ps))).collect();
    let mut found = Vec::new();
    let mut add = |model: &AssessedModel, quantity: &'static str, value: f64| {
        // What is left of 1 − 1 in f64 is no value.
        if value > 1e-12 * variance {
            found.push(Disclosure {
                id: model.id.clone(),
                tier: model.tier.name(),
                quantity,
                value_t2: value,
                share: value / variance,
                sd_before_t: variance.sqrt(),
                sd_after_t: (variance - value).max(0.0).sqrt(),
                interval: None,
            });
        }
    };
    let models: BTreeMap<&str, &AssessedModel> = assessment.models.iter().map(|m| (m.id.as_str(), m)).collect();
    let others = Others::of(&closed);
    for Alternative { quantity, assessment: alternative, taught } in alternatives {
        let after = self::products(alternative, known)?;
        // Effects that are not of this assessment act on this model alone.
        let numbers = effects.numbers_of(&alternative.shared);
        let numbered = |loads: &Loads| renumbered(loads, |effect| numbers.get(effect).copied());
        for after in after.chunk_by(|a, b| a.model == b.model) {
            let model =
                after.first().and_then(|p| alternative.models.get(p.model)).and_then(|m| models.get(m.id.as_str()));
            let Some((model, before)) = model.and_then(|m| Some((*m, *by_id.get(m.id.as_str())?))) else { continue };
            let renumbered = |p: &Product| {
                let joint = p.joint.iter().map(|j| j.on(numbered(&j.loads))).collect();
                Product { loads: numbered(&p.loads), joint, ..p.clone() }
            };
            let mut after: Vec<Product> = after.iter().map(renumbered).collect();
            as_before(&mut after, before);
            let after: Vec<&Product> = after.iter().collect();
            let Some((mut value, published)) = value(&closed, &field, before, &after) else { continue };
            if let Some(taught) = taught.get(&model.id) {
                value += others.value(&teaching(taught, &effects), before, &after, published);
            }
            add(model, quantity.name(), value);
        }
    }
    for model in &assessment.models {
        let Some(before) = by_id.get(model.id.as_str()) else { continue };
        if let Some(between) = between_chips(model) {
            let mean: f64 = before.iter().map(|p| p.mean_t).sum();
            add(model, "chip", mean * mean * between);
        }
    }
    found.sort_by(|a, b| b.value_t2.total_cmp(&a.value_t2).then_with(|| (&a.id, a.quantity).cmp(&(&b.id, b.quantity))));
    Ok(found)
}

/// Gives the products after a disclosure the mean that they have before it, which it does not change on average, and
/// the lineage factor: whether the run is one at all does not depend on the figure.
fn as_before(after: &mut [Product], before: &[&Product]) {
    let (mean_before, mean_after): (f64, f64) =
        (before.iter().map(|p| p.mean_t).sum(), after.iter().map(|p| p.mean_t).sum());
    let Some(first) = before.first() else { return };
    let by_rank: Vec<Joint> = first.joint.iter().filter(|j| j.slot == Slot::Lineage).cloned().collect();
    for p in after {
        p.mean_t *= mean_before / mean_after;
        p.own[Slot::Lineage as usize] = first.own[Slot::Lineage as usize];
        p.joint.retain(|j| j.slot != Slot::Lineage);
        p.joint.extend(by_rank.iter().cloned());
    }
}

/// By the numbers that the effects have here. One that is not here acts on no other model.
fn teaching(taught: &Taught, effects: &Effects) -> Teaching {
    let numbered = taught.correlations.iter().filter_map(|(key, c)| Some((effects.number(key)?, *c)));
    let mut correlations: Loads = numbered.filter(|(_, c)| *c != 0.0).collect();
    correlations.sort_by_key(|(effect, _)| *effect);
    Teaching { correlations, gain: taught.gain }
}

/// V − E[Var(Y | c)] without what c teaches about others, and ρ_c; `None` where the figure tells less than is known.
fn value(closed: &Closed<'_>, field: &Field<'_>, before: &[&Product], after: &[&Product]) -> Option<(f64, f64)> {
    if !after.iter().all(|p| field.fits(p)) {
        return None;
    }
    let mean: f64 = before.iter().map(|p| p.mean_t).sum();
    let relative = |products: &[&Product]| Some(1.0 + model_variance(products)? / (mean * mean));
    let published = relative(before)? / relative(after)?;
    if published <= 1.0 {
        return None;
    }
    // Covariance with all models, less that with itself by shared effects as they were.
    let with_others = |products: &[&Product]| -> f64 {
        let with = |p: &&Product| {
            let itself: f64 = before.iter().map(|b| b.mean_t * (closed.shared_rho(p, b) - 1.0)).sum();
            p.mean_t * (field.covariance(p) - itself)
        };
        products.iter().map(with).sum()
    };
    Some((mean * mean * (published - 1.0) + 2.0 * (with_others(before) - with_others(after)), published))
}

/// Squared coefficient of variation of the model's mean between the chips it may have used; `None` where the chip is
/// stated or emissions do not depend on it.
fn between_chips(model: &AssessedModel) -> Option<f64> {
    let power = model.terms[Output::Emissions as usize].powers[Slot::Efficiency as usize];
    let (mut weights, mut first, mut second) = (0.0, 0.0, 0.0);
    for (weight, part) in chip_parts(model)? {
        let mean = engine_moment(part, i32::from(power))?;
        weights += weight;
        first += weight * mean;
        second += weight * mean * mean;
    }
    Some(second * weights / (first * first) - 1.0)
}

/// The chips a model may have used, as shares and efficiencies; `None` where the chip is stated or emissions do not
/// depend on it.
pub(crate) fn chip_parts(model: &AssessedModel) -> Option<&[(f64, Distribution)]> {
    model.provenance.get("hardware").filter(|p| p.kind == Kind::Guessed || p.chosen)?;
    let power = model.terms[Output::Emissions as usize].powers[Slot::Efficiency as usize];
    let factor = model.factors[Slot::Efficiency as usize].as_ref()?;
    let Distribution::Mixture(parts) = &factor.distribution else { return None };
    // A mixture that the row gives for its MFU is not one of chips.
    let is_of_chips = power != 0 && factor.provenance.source != "the models file";
    is_of_chips.then_some(parts)
}
