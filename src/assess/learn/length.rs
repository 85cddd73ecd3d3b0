//! How long an organisation trains, as its own rows state it.
//!
//! A training run that states compute, or parameters and tokens, is an observation of its organisation's effect on training
//! length: of ln C against what would have been imputed without the figure,
//!
//! ```text
//! ln C − (geometric mean of era and size) = s · z_organisation + w + ε
//! ```
//!
//! with s the shared and w the own part of the era's spread, ε the error of the figure. Sizes of one generation (of one
//! organisation and year, with the same tokens or the same name up to the size) have w in common: they are one observation.
//! What counts as an operation is on both sides and cancels.
//!
//! Left out: derivatives and rows of which it is a guess whether they are runs, whose tokens are not a base model's; rows
//! without a date, whose prior is a mixture; figures more probably wrong than right by the priors of [`super::super::odds`],
//! for one typing error would move all that an organisation does not state.

use std::collections::BTreeMap;

use super::sets::Sets;
use crate::assess::compute;
use crate::assess::context::Context;
use crate::assess::default_effects::DefaultEffect;
use crate::assess::described::shared_variance;
use crate::assess::effects::{EffectKey, Innovation, Loads};
use crate::assess::imputed::{imputed, ln_expected};
use crate::assess::lognormal::LogNormal;
use crate::assess::normal::ln;
use crate::assess::priors::names;
use crate::assess::stated::{Lineage, active_parameters, flop_per_parameter_and_token, lineage};
use crate::assess::tier::Tier;
use crate::portfolio::{Distribution, Imputation, Model, run_names};

/// Tokens nearer than this (ln) are the same.
const SAME: f64 = 0.02;
/// Added to the variance of a figure: those without any error that differ by a thousandth are the same.
const ROUNDING: f64 = 1e-6;

/// Organisation, year and name up to the size: rows that have them in common are of one generation.
pub type Generation = (EffectKey, Option<i32>, String);

/// What one row says of how long its organisation trains.
#[derive(Debug, Clone, PartialEq)]
pub struct Length {
    organization: EffectKey,
    year: Option<i32>,
    series: String,
    ln_tokens: f64,
    /// ln of the figure over the geometric mean of what would be imputed.
    off: f64,
    /// Variance of the own part, common to a generation.
    within: f64,
    /// Variance of the figure's error.
    error: f64,
    /// Weight of the organisation's effect.
    weight: f64,
}

impl Length {
    /// `None` where the row says nothing of it.
    pub fn of(context: &Context<'_>, model: &Model) -> Option<Length> {
        if context.study.imputation != Imputation::Tokens || lineage(model) != Lineage::Run {
            return None;
        }
        let exposure = context.exposure(model);
        let organization = DefaultEffect::TokensOrganization.key(model)?;
        let stated = compute::known(exposure).filter(|stated| !stated.explicit && !stated.is_zero())?;
        let (prior, tier) = imputed(exposure, context.study.imputation);
        let Distribution::LogNormal { gsd, .. } = prior.distribution else { return None };
        let weight = prior.shared.get(&organization).copied().filter(|_| tier == Tier::T5)?;
        // What other effects the prior has is part of its spread here: nothing is learned of them.
        let others = prior.shared.iter().filter(|(key, _)| **key != organization);
        let others: Loads = others.map(|(key, weight)| (key.clone(), *weight)).collect();
        let figure = ln(&stated);
        let per_token = flop_per_parameter_and_token(model) * LogNormal::of(active_parameters(model)?).median;
        let length = Length {
            year: model.date.map(|d| d.year),
            series: run_names::series(&model.id),
            ln_tokens: figure.mean - libm::log(per_token),
            off: figure.mean - ln_expected(exposure)?,
            within: libm::log(gsd) * libm::log(gsd) + shared_variance(&others, context.study, context.priors),
            error: figure.sd * figure.sd + ROUNDING,
            weight,
            organization,
        };
        (length.off.is_finite() && length.is_right(context)).then_some(length)
    }

    /// `None` where the name says none.
    pub fn generation(&self) -> Option<Generation> {
        (!self.series.is_empty()).then(|| (self.organization.clone(), self.year, self.series.clone()))
    }

    /// The row by itself.
    pub fn alone(&self) -> Innovation {
        together(vec![self])
    }

    /// Whether the figure is more probably right than wrong, given what was to be expected of the row.
    fn is_right(&self, context: &Context<'_>) -> bool {
        let wrong = context.priors.number(names::figures::WRONG).clamp(1e-12, 1.0 - 1e-12);
        let further = context.priors.ln_gsd(names::figures::WRONG_GSD);
        let between = Loads::from([(self.organization.clone(), self.weight)]);
        let variance = shared_variance(&between, context.study, context.priors) + self.within + self.error;
        let ln_density = |variance: f64| -0.5 * (self.off * self.off / variance + libm::log(variance));
        libm::log1p(-wrong) + ln_density(variance) >= libm::log(wrong) + ln_density(variance + further * further)
    }
}

/// One innovation for each generation, with the places of its rows; in the order of organisations and years.
pub fn innovations(lengths: &[Length]) -> Vec<(Vec<usize>, Innovation)> {
    let mut by_year: BTreeMap<(&EffectKey, Option<i32>), Vec<usize>> = BTreeMap::new();
    for (at, length) in lengths.iter().enumerate() {
        by_year.entry((&length.organization, length.year)).or_default().push(at);
    }
    let generations = by_year.into_values().flat_map(|rows| generations(lengths, rows));
    generations.map(|rows| (rows.clone(), together(rows.iter().map(|&at| &lengths[at]).collect()))).collect()
}

/// Rows of one organisation and year by generation, each in the order given.
fn generations(lengths: &[Length], mut rows: Vec<usize>) -> Vec<Vec<usize>> {
    rows.sort_by(|&a, &b| lengths[a].ln_tokens.total_cmp(&lengths[b].ln_tokens).then(a.cmp(&b)));
    // By tokens first: each run of near ones is a generation, until a name in two of them joins these.
    let mut joined: Vec<Vec<usize>> = Vec::new();
    for &row in &rows {
        match joined.last_mut() {
            Some(last) if lengths[row].ln_tokens - lengths[last[last.len() - 1]].ln_tokens < SAME => last.push(row),
            _ => joined.push(vec![row]),
        }
    }
    let mut sets = Sets::of(joined.len());
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, rows) in joined.iter().enumerate() {
        for series in rows.iter().map(|&at| lengths[at].series.as_str()).filter(|series| !series.is_empty()) {
            sets.join(*first.entry(series).or_insert(place), place);
        }
    }
    let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, rows) in joined.into_iter().enumerate() {
        found.entry(sets.first(place)).or_default().extend(rows);
    }
    let mut found: Vec<Vec<usize>> = found.into_values().collect();
    found.iter_mut().for_each(|rows| rows.sort_unstable());
    found.sort();
    found
}

/// Rows that have their own part in common: the mean by the precision of the figures.
fn together(rows: Vec<&Length>) -> Innovation {
    let precision: f64 = rows.iter().map(|l| 1.0 / l.error).sum();
    let mean = |of: fn(&Length) -> f64| rows.iter().map(|l| of(l) / l.error).sum::<f64>() / precision;
    let loads = rows.first().map(|l| (l.organization.clone(), mean(|l| l.weight)));
    Innovation {
        value: mean(|l| l.off),
        variance: mean(|l| l.within) + 1.0 / precision,
        loads: loads.into_iter().collect(),
    }
}
