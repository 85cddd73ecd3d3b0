//! Whether and how default effects act on one model.

use super::default_effects::DefaultEffect;
use super::draft::Draft;
use super::lognormal::{quadrature, residual};
use super::priors::Priors;
use super::priors::names;
use crate::portfolio::Model;

/// A row and what acts on it.
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
    pub fn expose(self, draft: &mut Draft, effect: DefaultEffect, sd: f64, sign: f64) -> f64 {
        let size = effect.ln_gsd(self.priors);
        if !self.on || sd <= 0.0 || size <= 0.0 {
            return 0.0;
        }
        let Some(key) = effect.key(self.model) else { return 0.0 };
        draft.shared.insert(key, sign * sd / size);
        sd
    }

    /// Exposes the factor to what counts as an operation.
    pub fn expose_to_convention(self, draft: &mut Draft) {
        let sd = self.priors.ln_gsd(names::efficiency::FLOP_CONVENTION_GSD);
        self.expose(draft, DefaultEffect::FlopConvention, sd, 1.0);
    }

    /// The spread (ln) that `expose` would let act.
    pub fn acting(self, effect: DefaultEffect, sd: f64) -> f64 {
        let acts = self.on && effect.ln_gsd(self.priors) > 0.0 && effect.has_key(self.model);
        if acts { sd } else { 0.0 }
    }

    /// Splits the spread of MFU: own ln sd, then the family's shared one.
    pub fn mfu(self) -> (f64, f64) {
        let sd = self.priors.number(names::efficiency::MFU_FAMILY_SD);
        let family = self.acting(DefaultEffect::MfuFamily, sd);
        let total = quadrature(sd, self.priors.number(names::efficiency::MFU_RUN_SD));
        (residual(total, family), family)
    }

    /// Exposes the factor to the uncertainty of a prior, by its loadings on the effects that `of` numbers. Nothing where
    /// default effects are off: [`Exposure::apart`] then leaves all of it to each model.
    pub fn expose_to_prior(self, draft: &mut Draft, loads: &[f64], of: impl Fn(usize) -> DefaultEffect) {
        if !self.on {
            return;
        }
        for (k, load) in loads.iter().enumerate().filter(|(_, load)| **load != 0.0) {
            if let Some(key) = of(k).key(self.model) {
                draft.shared.insert(key, *load);
            }
        }
    }

    /// What `expose_to_prior` with the loadings `common` leaves of a prior with these loadings to the model alone (ln sd).
    pub fn apart(self, loads: &[f64], common: &[f64]) -> f64 {
        let norm = |loads: &[f64]| loads.iter().map(|l| l * l).sum::<f64>().sqrt();
        residual(norm(loads), if self.on { norm(common) } else { 0.0 })
    }
}

/// Loadings of a mixture: those of its parts by weight.
pub fn mean_loads<'l>(parts: impl Iterator<Item = (f64, &'l [f64])>) -> Vec<f64> {
    let mut mean = Vec::new();
    for (weight, loads) in parts {
        if mean.len() < loads.len() {
            mean.resize(loads.len(), 0.0);
        }
        for (sum, load) in mean.iter_mut().zip(loads) {
            *sum += weight * load;
        }
    }
    mean
}

/// Loadings of a level and of a slope at `x`, the logarithm of the size over that of the level. `x` goes in whole steps: the
/// exact moments of a total go by distinct loadings, and models of like size then have the same.
pub fn at_size(level: &[f64], slope: &[f64], x: f64) -> Vec<f64> {
    let x = libm::round(x);
    let get = |loads: &[f64], k: usize| loads.get(k).copied().unwrap_or(0.0);
    (0..level.len().max(slope.len())).map(|k| get(level, k) + x * get(slope, k)).collect()
}
