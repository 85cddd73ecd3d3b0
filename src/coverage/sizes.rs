//! The headline under other sizes of the shared effects.
//!
//! How far errors are common to many models is what the width of a total rests on, and most sizes are chosen. The sweep
//! multiplies the ln GSD of all default effects together, then of the largest ones alone; what the evidence leaves
//! uncertain of the priors themselves has no size to choose and stays. The spread that the evidence
//! shows stays where it is split into an own and a shared part (`assess::shared_sizes`): this changes what is common, not
//! how little is known of a model. The exact mean and standard deviation are those of the oracle, the interval is drawn
//! under the seed of the headline.

use serde::Serialize;

use super::{Modelled, assessed};
use crate::assess::Assessment;
use crate::assess::default_effects::DefaultEffect;
use crate::assess::priors::Priors;
use crate::assess::shared_sizes::resized;
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::exact::closed::{Closed, Inputs};
use crate::exact::oracle::resolved;
use crate::exact::terms::{Known, products};
use crate::portfolio::Portfolio;
use crate::posterior::Estimate;
use crate::run::{RunError, Sampler};

/// What all default effects are multiplied by, and the largest ones alone.
const TOGETHER: [f64; 5] = [0.0, 0.5, 1.0, 1.5, 2.0];
const ALONE: [f64; 2] = [0.5, 2.0];
/// How many of the largest are moved alone.
pub const LARGEST: usize = 3;

/// The sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizes {
    /// The default effects that act, largest first.
    pub effects: Vec<Effect>,
    /// All effects together, then the largest ones alone.
    pub lines: Vec<Resized>,
}

/// One kind of default effect.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// What it is.
    pub name: String,
    /// Total index of all its draws together: the share of the variance that would be gone if they were known.
    pub total: f64,
}

/// The headline with effects of other sizes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resized {
    /// The effect; `None`: all default effects.
    pub effect: Option<String>,
    /// What its ln GSD is multiplied by.
    pub factor: f64,
    /// Exact mean, in t; `None` where it is not finite.
    pub exact_mean_t: Option<f64>,
    /// Exact standard deviation, in t; `None` where it is not finite.
    pub exact_sd_t: Option<f64>,
    /// Total emissions, in t.
    pub emissions_t: Estimate,
    /// Width of the interval over that of the headline in the same draws; `None` where that is 0.
    pub width_ratio: Option<f64>,
}

/// Lines that are drawn for a portfolio, at most.
pub fn lines(portfolio: &Portfolio) -> usize {
    if portfolio.study.default_shared { TOGETHER.len() - 1 + ALONE.len() * LARGEST } else { 0 }
}

/// `None` where no default effect acts, or the variance is not finite.
///
/// # Errors
/// A portfolio that cannot be assessed or compiled otherwise, a stopped run.
pub fn sizes(
    portfolio: &Portfolio,
    assessment: &Assessment,
    modelled: &Modelled,
    tables: &mut Tables,
    sampler: &Sampler<'_>,
) -> Result<Option<Sizes>, RunError> {
    let mut known = Known::default();
    let Some(effects) = largest(assessment, &mut known) else { return Ok(None) };
    let priors = Priors::of(&portfolio.study)?;
    let mut line = |moved: Option<DefaultEffect>, factor: f64| -> Result<Resized, RunError> {
        let as_modelled = factor == 1.0;
        let other = (!as_modelled).then(|| {
            let mut other = portfolio.clone();
            other.study.groups_by.clear();
            let of = |effect: DefaultEffect| if moved.is_none_or(|m| m.same_size_as(effect)) { factor } else { 1.0 };
            other.study.priors = resized(&portfolio.study.priors, &priors, of);
            assessed(&other)
        });
        let other = other.transpose()?;
        let emissions_t = match &other {
            Some(other) => sampler.estimate(&sampler.emissions(compile_with(other, tables)?)?),
            None => modelled.emissions_t,
        };
        let (exact_mean_t, exact_sd_t) = exact(other.as_ref().unwrap_or(assessment), &mut known);
        let width = |e: &Estimate| e.interval.map(|[lo, hi]| hi - lo);
        let was = if as_modelled { &modelled.emissions_t } else { &modelled.of_fewer_t };
        let width_ratio = width(&emissions_t).zip(width(was).filter(|w| *w > 0.0)).map(|(is, was)| is / was);
        Ok(Resized {
            effect: moved.map(DefaultEffect::name),
            factor,
            exact_mean_t,
            exact_sd_t,
            emissions_t,
            width_ratio,
        })
    };
    let mut lines = Vec::new();
    for factor in TOGETHER {
        lines.push(line(None, factor)?);
    }
    for (effect, _) in effects.iter().take(LARGEST) {
        for factor in ALONE {
            lines.push(line(Some(*effect), factor)?);
        }
    }
    let effects = effects.into_iter().map(|(effect, total)| Effect { name: effect.name(), total }).collect();
    Ok(Some(Sizes { effects, lines }))
}

/// The default effects that act with their total indices, largest first.
fn largest(assessment: &Assessment, known: &mut Known) -> Option<Vec<(DefaultEffect, f64)>> {
    let products = products(assessment, known).ok()?;
    let closed = Closed::new(&assessment.shared, &products);
    let variance = closed.variance(Inputs::ALL).filter(|v| *v > 0.0)?;
    let kinds: Vec<Option<DefaultEffect>> = assessment.shared.iter().map(|e| DefaultEffect::of(&e.key())).collect();
    let mut found = Vec::new();
    for effect in DefaultEffect::all().filter(|effect| effect.has_size() && kinds.contains(&Some(*effect))) {
        let others = closed.variance(Inputs { shared: &|e| kinds.get(e) != Some(&Some(effect)), own: &|_| true })?;
        found.push((effect, 1.0 - others / variance));
    }
    // A stable sort: equal ones stay in the order of the effects.
    found.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    (!found.is_empty()).then_some(found)
}

/// Exact mean and standard deviation of the emissions.
fn exact(assessment: &Assessment, known: &mut Known) -> (Option<f64>, Option<f64>) {
    let Ok(products) = products(assessment, known) else { return (None, None) };
    let mean = products.iter().fold(0.0, |sum, p| sum + p.mean_t);
    let variance = Closed::new(&assessment.shared, &products).variance(Inputs::ALL);
    (Some(mean), variance.map(|v| libm::sqrt(resolved(v, mean))))
}
