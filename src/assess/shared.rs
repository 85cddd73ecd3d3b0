//! Shared effects: the defaults and those a study adds.
//!
//! An effect is known by (factor, columns, values, ordinal); what it is worth does not depend on which models are
//! present. The ordinal of a study's effect is its position among the study's effects with the same factor and
//! columns; the defaults have fixed ordinals from [`DEFAULT_ORDINAL`] on, so that neither moves the other's draws.

use std::collections::BTreeMap;

use super::factor::{Draft, quadrature, residual};
use super::priors::Priors;
use super::regression;
use super::{SharedEffect, Tier};
use crate::portfolio::{Factor, Model, SharedSpec, Study, Warning};

/// First ordinal of default effects.
pub const DEFAULT_ORDINAL: u32 = 1000;

/// What tells one draw from another. Ordered as `Assessment::shared` is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectKey {
    pub factor: Factor,
    pub by: Vec<String>,
    pub value: Vec<String>,
    pub ordinal: u32,
}

/// The effects that are on without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Bias of the node power ratios.
    KNode,
    /// Bias of all MFU medians.
    MfuEra,
    /// MFU of one organisation's runs in one year.
    MfuFamily,
    /// What counts as an operation.
    FlopConvention,
    /// Bias of generation-based life-cycle averages.
    GridMethod,
    /// Where within their countries an organisation's sites are.
    GridOrganization,
    /// How long one organisation trains.
    TokensOrganization,
}

impl Default {
    const ALL: [Default; 7] = [
        Default::KNode,
        Default::MfuEra,
        Default::MfuFamily,
        Default::FlopConvention,
        Default::GridMethod,
        Default::GridOrganization,
        Default::TokensOrganization,
    ];

    fn factor(self) -> Factor {
        match self {
            Default::KNode | Default::MfuEra | Default::MfuFamily => Factor::Efficiency,
            Default::FlopConvention | Default::TokensOrganization => Factor::Compute,
            Default::GridMethod | Default::GridOrganization => Factor::Grid,
        }
    }

    fn by(self) -> &'static [&'static str] {
        match self {
            Default::KNode | Default::MfuEra | Default::FlopConvention | Default::GridMethod => &[],
            Default::MfuFamily => &["organization", "year"],
            Default::GridOrganization | Default::TokensOrganization => &["organization"],
        }
    }

    fn ordinal(self) -> u32 {
        match self {
            Default::MfuEra => DEFAULT_ORDINAL + 1,
            _ => DEFAULT_ORDINAL,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Default::KNode => "node power ratio, all chips",
            Default::MfuEra => "MFU, all runs",
            Default::MfuFamily => "MFU of one organisation's runs in one year",
            Default::FlopConvention => "what counts as an operation",
            Default::GridMethod => "grid intensities, all countries",
            Default::GridOrganization => "an organisation's sites within their countries",
            Default::TokensOrganization => "how long one organisation trains",
        }
    }

    fn prior(self) -> &'static str {
        match self {
            Default::KNode => "k_node.shared_gsd",
            Default::MfuEra => "efficiency.mfu_era_gsd",
            Default::MfuFamily => "efficiency.mfu_family_sd",
            Default::FlopConvention => "efficiency.flop_convention_gsd",
            Default::GridMethod => "grid.method_gsd",
            Default::GridOrganization => "grid.organization_share",
            Default::TokensOrganization => "tokens.organization_gsd",
        }
    }

    /// Size of the effect at weight 1. The grid effect of an organisation is nominal (1): each model's weight is the
    /// spread of its own country.
    pub fn ln_gsd(self, priors: &Priors) -> f64 {
        match self {
            Default::MfuFamily => {
                residual(priors.number("efficiency.mfu_family_sd"), priors.ln_gsd("efficiency.mfu_era_gsd"))
            }
            Default::GridOrganization => 1.0,
            _ => priors.ln_gsd(self.prior()),
        }
    }

    /// The key for one model; `None` where a label it goes by is empty.
    fn key(self, model: &Model) -> Option<EffectKey> {
        let mut value = Vec::new();
        for column in self.by() {
            value.push(match *column {
                "year" => model.date?.year.to_string(),
                column => model.labels.get(column)?.clone(),
            });
        }
        let by = self.by().iter().map(|s| s.to_string()).collect();
        Some(EffectKey { factor: self.factor(), by, value, ordinal: self.ordinal() })
    }
}

/// Whether and how default effects act on one model.
#[derive(Debug, Clone, Copy)]
pub struct Exposure<'a> {
    pub priors: &'a Priors,
    pub model: &'a Model,
    /// `default_shared` of the study.
    pub on: bool,
}

impl Exposure<'_> {
    /// Exposes the factor to the effect with a spread of `sd` (ln), and returns the spread that took effect: `sd`, or
    /// 0 where the effect is off or does not apply to this model.
    pub fn expose(self, draft: &mut Draft, effect: Default, sd: f64, sign: f64) -> f64 {
        let size = effect.ln_gsd(self.priors);
        if !self.on || sd <= 0.0 || size <= 0.0 {
            return 0.0;
        }
        let Some(key) = effect.key(self.model) else { return 0.0 };
        draft.shared.insert(key, sign * sd / size);
        sd
    }

    /// The spread (ln) that `expose` would let act.
    pub fn acting(self, effect: Default, sd: f64) -> f64 {
        let acts = self.on && effect.ln_gsd(self.priors) > 0.0 && effect.key(self.model).is_some();
        if acts { sd } else { 0.0 }
    }

    /// Splits the spread of MFU: own ln sd, then the family's and the era's shared ones.
    pub fn mfu(self) -> (f64, f64, f64) {
        let family = self.priors.number("efficiency.mfu_family_sd");
        let era = self.acting(Default::MfuEra, self.priors.ln_gsd("efficiency.mfu_era_gsd").min(family));
        let full_era = self.priors.ln_gsd("efficiency.mfu_era_gsd").min(family);
        let family_part = self.acting(Default::MfuFamily, residual(family, full_era));
        let total = quadrature(family, self.priors.number("efficiency.mfu_run_sd"));
        (residual(total, quadrature(era, family_part)), family_part, era)
    }
}

/// Adds the study's effects to the factors they name. The year of the date is known as the column `year`, the tier as
/// `tier`.
pub fn add_study_effects(study: &Study, model: &Model, tier: Tier, drafts: &mut [Option<Draft>; super::SLOTS]) {
    for (position, spec) in study.shared.iter().enumerate() {
        let Some(key) = study_key(study, position, spec, model, tier) else { continue };
        for slot in super::Slot::ALL {
            if slot.factor() == spec.factor
                && let Some(Some(draft)) = drafts.get_mut(slot as usize)
            {
                draft.shared.insert(key.clone(), 1.0);
            }
        }
    }
}

fn study_key(study: &Study, position: usize, spec: &SharedSpec, model: &Model, tier: Tier) -> Option<EffectKey> {
    let mut value = Vec::new();
    for column in &spec.by {
        let label = match column.as_str() {
            "tier" => Some(tier.name().to_string()),
            "id" => Some(model.id.clone()),
            "year" => model.labels.get("year").cloned().or(model.date.map(|d| d.year.to_string())),
            column => model.labels.get(column).cloned(),
        };
        value.push(label.filter(|l| !l.is_empty())?);
    }
    let before = study.shared.iter().take(position);
    let ordinal = before.filter(|s| s.factor == spec.factor && s.by == spec.by).count();
    Some(EffectKey {
        factor: spec.factor,
        by: spec.by.clone(),
        value,
        ordinal: u32::try_from(ordinal).unwrap_or(u32::MAX),
    })
}

/// What a standard deviation of each effect does to a logarithm that has these weights on them.
pub fn loadings(weights: &BTreeMap<EffectKey, f64>, study: &Study, priors: &Priors) -> Vec<f64> {
    let keys = weights.keys().cloned().enumerate().map(|(i, key)| (key, i)).collect();
    effects(&keys, study, priors).iter().zip(weights.values()).map(|(effect, w)| effect.ln_gsd * w).collect()
}

/// The effects behind the keys in use, in their order.
pub fn effects(keys: &BTreeMap<EffectKey, usize>, study: &Study, priors: &Priors) -> Vec<SharedEffect> {
    let described = |key: &EffectKey| {
        if key.ordinal >= DEFAULT_ORDINAL {
            if let Some(of_regression) = regression::described(key, priors) {
                return Some(of_regression);
            }
            let effect = Default::ALL
                .into_iter()
                .find(|d| d.factor() == key.factor && d.ordinal() == key.ordinal && d.by().iter().eq(key.by.iter()));
            let effect = effect?;
            let prior = effect.prior();
            let source = priors.source(prior).to_string();
            return Some((effect.name().to_string(), effect.ln_gsd(priors), priors.chosen(prior), source));
        }
        let same = study.shared.iter().filter(|s| s.factor == key.factor && s.by == key.by);
        let spec = same.into_iter().nth(key.ordinal as usize)?;
        let by = if spec.by.is_empty() { "all models".to_string() } else { format!("one {}", spec.by.join(" and ")) };
        let name = format!("{} of {by}, as the study says", spec.factor.name());
        Some((name, libm::log(spec.gsd), false, "the study file".to_string()))
    };
    let known = keys.keys().filter_map(|key| described(key).map(|d| (key, d)));
    known
        .map(|(key, (name, ln_gsd, chosen, source))| SharedEffect {
            factor: key.factor,
            name,
            by: key.by.clone(),
            value: key.value.clone(),
            ordinal: key.ordinal,
            ln_gsd,
            chosen,
            source,
        })
        .collect()
}

/// Effects of the study that no model is exposed to: a label that no row has, or a factor that no row has.
pub fn without_effect(study: &Study, keys: &BTreeMap<EffectKey, usize>) -> Vec<Warning> {
    let idle = |(position, spec): &(usize, &SharedSpec)| {
        let before = study.shared.iter().take(*position);
        let ordinal = before.filter(|s| s.factor == spec.factor && s.by == spec.by).count();
        !keys.keys().any(|k| k.factor == spec.factor && k.by == spec.by && k.ordinal as usize == ordinal)
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
