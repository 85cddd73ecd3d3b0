//! The whole exact decomposition of the variance of total emissions: by factor, shared and own parts, shared effect,
//! tier, label and model.
//!
//! `first_order` is V_u / V, what the part explains alone; `total` is 1 − V_{not u} / V, what would remain if
//! everything else were known, interactions included (Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6). Own parts of
//! different models do not interact with each other: both indices add up over models, hence over tiers and labels, and
//!
//! ```text
//! first order of all shared effects + Σ_models total of its own part = 1
//! ```
//!
//! Shapley effects of the factors share out the interactions (Owen 2014, doi:10.1137/130936233), from the closed
//! indices of all unions of factors: they are not negative and sum to 1.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::closed::{Closed, Inputs, own_of};
use super::joint::Joint;
use super::oracle::{self, NO_SECOND_MOMENT, components, resolved};
use super::terms::{Known, Product, products};
use crate::assess::{AssessedModel, Assessment, SharedEffect};
use crate::portfolio::Factor;

/// What is left of 1 − 1 in f64 is no share.
const NO_SHARE: f64 = 1e-12;

/// Indices of a part of the inputs, as shares of the variance.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Part {
    /// What the part explains alone: V_u / V.
    pub first_order: f64,
    /// What would remain if everything else were known: 1 − V_{not u} / V.
    pub total: f64,
}

/// One factor of all models, with the shared effects on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FactorShare {
    /// Name of the factor.
    pub name: &'static str,
    /// First-order index.
    pub first_order: f64,
    /// Total index.
    pub total: f64,
    /// Shapley effect.
    pub shapley: f64,
    /// The shared effects on it.
    pub shared: Part,
    /// The models' own parts of it.
    pub own: Part,
}

/// Part of the variance that is owed to several factors together and to no fewer of them, as a share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interaction {
    /// Names of the factors.
    pub factors: Vec<&'static str>,
    /// Of the variance.
    pub share: f64,
}

/// One shared effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EffectShare {
    /// Name of the factor that it multiplies.
    pub factor: &'static str,
    /// What it is, for people.
    pub name: String,
    /// Columns; empty = global.
    pub by: Vec<String>,
    /// The columns' values, in order.
    pub value: Vec<String>,
    /// Tells equal (factor, by, value) apart.
    pub ordinal: u32,
    /// Models whose emissions depend on it.
    pub models: usize,
    /// First-order index.
    pub first_order: f64,
    /// Total index.
    pub total: f64,
}

/// The own parts of the models with one value of a label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelShare {
    /// `None`: the models without a value.
    pub value: Option<String>,
    /// Models with the value.
    pub models: usize,
    /// First-order index.
    pub first_order: f64,
    /// Total index.
    pub total: f64,
}

/// The own part of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelShare {
    /// The model's id.
    pub id: String,
    /// Name of its tier.
    pub tier: &'static str,
    /// First-order index.
    pub first_order: f64,
    /// Total index.
    pub total: f64,
    /// t²: what would remain if everything but the model's own part were known.
    pub variance_t2: f64,
}

/// Shared effects together and own parts together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SharedOwn {
    /// All shared effects.
    pub shared: Part,
    /// The own parts of all models.
    pub own: Part,
    /// 1 − both first-order indices.
    pub interactions: f64,
}

/// The decomposition of the variance of total emissions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shares {
    /// Mean of the total emissions, in t.
    pub mean_t: f64,
    /// Their standard deviation, in t.
    pub sd_t: f64,
    /// Their variance, in t².
    pub variance_t2: f64,
    /// In the order in which factors are reported.
    pub factors: Vec<FactorShare>,
    /// 1 − Σ first-order indices of the factors.
    pub factor_interactions: f64,
    /// What only these factors together explain, largest first; they sum to `factor_interactions`.
    pub interactions: Vec<Interaction>,
    /// The same variance by shared effects and own parts.
    pub shared_own: SharedOwn,
    /// Every shared effect that emissions depend on, largest total first.
    pub effects: Vec<EffectShare>,
    /// Own parts by tier, largest total first.
    pub tiers: Vec<LabelShare>,
    /// By column asked for, in that order.
    pub labels: BTreeMap<String, Vec<LabelShare>>,
    /// Largest total first.
    pub models: Vec<ModelShare>,
}

/// The decomposition, with that by each label column of `by`. `known` keeps the moments that are computed for it.
///
/// # Errors
/// Why there is none: no finite mean or variance, or no variance at all.
pub fn shares(assessment: &Assessment, by: &[String], known: &mut Known) -> Result<Shares, String> {
    let products = products(assessment, known)?;
    products.par_iter().flat_map_iter(|p| &p.joint).for_each(Joint::prepare);
    let closed = Closed::new(&assessment.shared, &products);
    let none = || NO_SECOND_MOMENT.to_string();
    let mean_t = products.iter().fold(0.0, |sum, p| sum + p.mean_t);
    let variance_t2 = resolved(closed.variance(Inputs::ALL).ok_or_else(none)?, mean_t);
    if variance_t2 <= 0.0 {
        return Err("no variance".to_string());
    }
    let (factors, interactions) = factors(&closed, assessment, variance_t2).ok_or_else(none)?;
    let part = |of: Inputs<'_>, others: Inputs<'_>| {
        let (alone, others) = (closed.variance(of)?, closed.variance(others)?);
        Some(Part { first_order: alone / variance_t2, total: 1.0 - others / variance_t2 })
    };
    let shared = part(Inputs::SHARED, Inputs::OWN).ok_or_else(none)?;
    let own = part(Inputs::OWN, Inputs::SHARED).ok_or_else(none)?;
    let parts = own_parts(&closed, assessment, variance_t2).ok_or_else(none)?;
    let column = |label: &dyn Fn(&AssessedModel) -> Option<String>| by_label(assessment, &parts, label);
    let mut models: Vec<ModelShare> = assessment
        .models
        .iter()
        .zip(&parts)
        .map(|(model, part)| ModelShare {
            id: model.id.clone(),
            tier: model.tier.name(),
            first_order: part.first_order,
            total: part.total,
            variance_t2: part.total * variance_t2,
        })
        .collect();
    models.sort_by(|a, b| b.total.total_cmp(&a.total));
    Ok(Shares {
        mean_t,
        sd_t: variance_t2.sqrt(),
        variance_t2,
        factor_interactions: 1.0 - factors.iter().map(|f| f.first_order).sum::<f64>(),
        factors,
        interactions,
        shared_own: SharedOwn { shared, own, interactions: 1.0 - shared.first_order - own.first_order },
        effects: effects(&closed, &assessment.shared, variance_t2).ok_or_else(none)?,
        tiers: column(&|m| Some(m.tier.name().to_string())),
        labels: by.iter().map(|name| (name.clone(), column(&|m| m.labels.get(name).map(str::to_string)))).collect(),
        models,
    })
}

/// What a picture of the decomposition shows: of each factor its indices and what the shared effects on it, and the own
/// parts of it, explain alone; and the same of all shared effects and all own parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// Name, first-order and total index, first order of the shared effects on it and of the own parts of it.
    pub factors: Vec<(&'static str, Part, [f64; 2])>,
    /// Shared effects together and own parts together.
    pub shared_own: SharedOwn,
}

/// The same decomposition without that by effect, label and model, which takes most of the time.
///
/// # Errors
/// As [`shares`].
pub fn brief(assessment: &Assessment) -> Result<Brief, String> {
    let products = products(assessment, &mut Known::default())?;
    products.par_iter().flat_map_iter(|p| &p.joint).for_each(Joint::prepare);
    let closed = Closed::new(&assessment.shared, &products);
    let mean_t = products.iter().fold(0.0, |sum, p| sum + p.mean_t);
    let found = || -> Option<Result<Brief, String>> {
        let variance = resolved(closed.variance(Inputs::ALL)?, mean_t);
        if variance <= 0.0 {
            return Some(Err("no variance".to_string()));
        }
        let indices = components(&closed, assessment)?.shares()?;
        let mut factors = Vec::new();
        for (k, &factor) in oracle::factors(assessment).iter().enumerate() {
            let is_shared = |e: usize| assessment.shared.get(e).is_some_and(|e| e.factor == factor);
            let shared = closed.variance(Inputs { shared: &is_shared, own: &|_| false })?;
            let own = closed.variance(Inputs { shared: &|_| false, own: &|s| s.factor() == factor })?;
            let part = Part { first_order: indices.first_order[k], total: indices.total[k] };
            factors.push((factor.name(), part, [shared / variance, own / variance]));
        }
        let [shared, own] = [closed.variance(Inputs::SHARED)?, closed.variance(Inputs::OWN)?].map(|v| v / variance);
        let shared_own = SharedOwn {
            shared: Part { first_order: shared, total: 1.0 - own },
            own: Part { first_order: own, total: 1.0 - shared },
            interactions: 1.0 - shared - own,
        };
        Some(Ok(Brief { factors, shared_own }))
    };
    found().unwrap_or_else(|| Err(NO_SECOND_MOMENT.to_string()))
}

/// Every factor, and the interactions between them.
fn factors(
    closed: &Closed<'_>,
    assessment: &Assessment,
    variance: f64,
) -> Option<(Vec<FactorShare>, Vec<Interaction>)> {
    let factors = oracle::factors(assessment);
    let has = |union: usize, factor: Factor| factors.iter().zip(0..).any(|(f, k)| *f == factor && union >> k & 1 == 1);
    let indices = components(closed, assessment)?.shares()?;
    let mut interactions: Vec<Interaction> = (indices.interactions.iter().enumerate())
        .filter(|(union, share)| union.count_ones() > 1 && **share > NO_SHARE)
        .map(|(union, &share)| Interaction {
            factors: factors.iter().filter(|f| has(union, **f)).map(|f| f.name()).collect(),
            share,
        })
        .collect();
    interactions.sort_by(|a, b| b.share.total_cmp(&a.share));
    let factor_of = |e: usize| assessment.shared.get(e).map(|e| e.factor);
    let mut shares = Vec::new();
    for (k, &factor) in factors.iter().enumerate() {
        let is_shared = |e: usize| factor_of(e) == Some(factor);
        let shared = Part {
            first_order: closed.variance(Inputs { shared: &is_shared, own: &|_| false })? / variance,
            total: 1.0 - closed.variance(Inputs { shared: &|e| !is_shared(e), own: &|_| true })? / variance,
        };
        let own = Part {
            first_order: closed.variance(Inputs { shared: &|_| false, own: &|s| s.factor() == factor })? / variance,
            total: 1.0 - closed.variance(Inputs { shared: &|_| true, own: &|s| s.factor() != factor })? / variance,
        };
        shares.push(FactorShare {
            name: factor.name(),
            first_order: indices.first_order[k],
            total: indices.total[k],
            shapley: indices.shapley[k],
            shared,
            own,
        });
    }
    Some((shares, interactions))
}

fn effects(closed: &Closed<'_>, effects: &[SharedEffect], variance: f64) -> Option<Vec<EffectShare>> {
    let mut shares = Vec::new();
    for (index, exposed) in closed.exposed() {
        let Some(effect) = effects.get(index) else { continue };
        let (alone, all) = closed.effect(index, &exposed)?;
        shares.push(EffectShare {
            factor: effect.factor.name(),
            name: effect.name.to_string(),
            by: effect.by.to_vec(),
            value: effect.value.to_vec(),
            ordinal: effect.ordinal,
            models: exposed.chunk_by(|a, b| a.model == b.model).count(),
            first_order: alone / variance,
            total: all / variance,
        });
    }
    shares.sort_by(|a, b| b.total.total_cmp(&a.total));
    Some(shares)
}

/// The own part of every model, in the order of the assessment.
fn own_parts(closed: &Closed<'_>, assessment: &Assessment, variance: f64) -> Option<Vec<Part>> {
    let mut parts = vec![Part::default(); assessment.models.len()];
    for products in closed.models() {
        let part = products.first().and_then(|p: &&Product| parts.get_mut(p.model))?;
        part.first_order = own_of(products, Inputs::OWN)? / variance;
        part.total = own_of(products, Inputs::ALL)? / variance;
    }
    Some(parts)
}

fn by_label(
    assessment: &Assessment,
    parts: &[Part],
    label: &dyn Fn(&AssessedModel) -> Option<String>,
) -> Vec<LabelShare> {
    let mut found: BTreeMap<Option<String>, LabelShare> = BTreeMap::new();
    for (model, part) in assessment.models.iter().zip(parts) {
        let value = label(model).filter(|v| !v.is_empty());
        let share = found.entry(value.clone()).or_insert(LabelShare { value, models: 0, first_order: 0.0, total: 0.0 });
        share.models += 1;
        share.first_order += part.first_order;
        share.total += part.total;
    }
    let mut shares: Vec<LabelShare> = found.into_values().collect();
    shares.sort_by(|a, b| b.total.total_cmp(&a.total));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::portfolio::Portfolio;

    #[test]
    fn the_brief_decomposition_is_that_of_all_parts() {
        let mut portfolio = Portfolio::read("fixtures/open_weights.csv").unwrap();
        portfolio.models.truncate(60);
        let assessment = assess(&portfolio).unwrap();
        let (brief, whole) = (brief(&assessment).unwrap(), shares(&assessment, &[], &mut Known::default()).unwrap());
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        for ((name, part, [shared, own]), f) in brief.factors.iter().zip(&whole.factors) {
            assert!(*name == f.name && close(part.first_order, f.first_order) && close(part.total, f.total));
            assert!(close(*shared, f.shared.first_order) && close(*own, f.own.first_order), "{name}");
        }
        assert!(close(brief.shared_own.shared.total, whole.shared_own.shared.total));
        assert!(!close(brief.shared_own.shared.total, whole.shared_own.shared.first_order));
    }
}
