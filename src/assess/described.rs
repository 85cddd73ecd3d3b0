//! What the keys of shared effects stand for: name, size and source. None of it depends on which models are present.

use super::default_effects::{DEFAULT_ORDINAL, DefaultEffect};
use super::effects::{EffectKey, Loads, SharedEffect};
use super::priors::Priors;
use super::{regression, study_effects};
use crate::portfolio::Study;

/// The effect of a key: of a regression, a default or the study's.
pub fn described(key: &EffectKey, study: &Study, priors: &Priors) -> Option<SharedEffect> {
    let of = |name: String, ln_gsd: f64, chosen: bool, source: String| SharedEffect {
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
        return Some(of(name, libm::log(spec.gsd), false, "the study file".to_string()));
    }
    if let Some((name, ln_gsd, chosen, source)) = regression::described(key, priors) {
        return Some(of(name, ln_gsd, chosen, source));
    }
    let effect = DefaultEffect::of(key)?;
    let prior = effect.prior();
    let source = priors.source(prior).to_string();
    Some(of(effect.name(), effect.ln_gsd(priors), priors.chosen(prior), source))
}

/// Loadings (ln) are kept to this: models with nearly the same ones then have the same, and the exact moments of the
/// total, which go by distinct loadings, stay few.
pub const LOADING: f64 = 1.0 / 256.0;

/// The loadings, each to a whole number of these.
pub fn rounded(loads: &Loads, study: &Study, priors: &Priors) -> Loads {
    let rounded = |(key, weight): (&EffectKey, &f64)| {
        let size = described(key, study, priors)?.ln_gsd;
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
    let loading = |(key, weight): (&EffectKey, &f64)| Some(described(key, study, priors)?.ln_gsd * weight);
    weights.iter().filter_map(loading).collect()
}
