//! What the keys of shared effects stand for: name, size and source. None of it depends on which models are present.

use std::sync::Arc;

use super::default_effects::{DEFAULT_ORDINAL, DefaultEffect};
use super::effects::{EffectKey, Loads, SharedEffect};
use super::priors::Priors;
use super::{regression, study_effects};
use crate::portfolio::Study;

/// The effect of a key: of a regression, a default or the study's.
pub fn described(key: &EffectKey, study: &Study, priors: &Priors) -> Option<SharedEffect> {
    let ln_gsd = ln_gsd(key, study, priors)?;
    let of = |name: Arc<str>, chosen: bool, source: Arc<str>| SharedEffect {
        factor: key.factor,
        name,
        by: key.by.clone(),
        value: key.value.clone(),
        ordinal: key.ordinal,
        ln_gsd,
        chosen,
        source,
    };
    if key.ordinal < DEFAULT_ORDINAL {
        let spec = study_effects::spec_of(study, key)?;
        let by = if spec.by.is_empty() { "all models".to_string() } else { format!("one {}", spec.by.join(" and ")) };
        let name = format!("{} of {by}, as the study says", spec.factor.name());
        return Some(of(name.into(), false, "the study file".into()));
    }
    if let Some((name, chosen, source)) = regression::described(key, priors) {
        return Some(of(name, chosen, source));
    }
    let effect = DefaultEffect::of(key)?;
    let prior = effect.prior();
    Some(of(effect.shared_name(), priors.chosen(prior), priors.source(prior).clone()))
}

/// The ln GSD of a key's effect, without its texts: it is asked for each load of each row.
pub fn ln_gsd(key: &EffectKey, study: &Study, priors: &Priors) -> Option<f64> {
    if key.ordinal < DEFAULT_ORDINAL {
        return study_effects::spec_of(study, key).map(|spec| libm::log(spec.gsd));
    }
    regression::ln_gsd(key, priors).or_else(|| Some(DefaultEffect::of(key)?.ln_gsd(priors)))
}

/// Loadings (ln) are kept to this: models with nearly the same ones then have the same, and the exact moments of the
/// total, which go by distinct loadings, stay few.
pub const LOADING: f64 = 1.0 / 256.0;

/// The loadings, each to a whole number of these.
pub fn rounded(loads: &Loads, study: &Study, priors: &Priors) -> Loads {
    let rounded = |(key, weight): (&EffectKey, &f64)| {
        let size = ln_gsd(key, study, priors)?;
        Some((key.clone(), libm::round(weight * size / LOADING) * LOADING / size))
    };
    loads.iter().filter_map(rounded).filter(|(_, weight)| *weight != 0.0).collect()
}

/// Variance of a logarithm by the shared effects that it has these weights on.
pub fn shared_variance(weights: &Loads, study: &Study, priors: &Priors) -> f64 {
    loadings(weights, study, priors).into_iter().map(|l| l * l).sum()
}

/// What a standard deviation of each effect does to a logarithm that has these weights on them.
pub fn loadings(weights: &Loads, study: &Study, priors: &Priors) -> Vec<f64> {
    let loading = |(key, weight): (&EffectKey, &f64)| Some(ln_gsd(key, study, priors)? * weight);
    weights.iter().filter_map(loading).collect()
}
