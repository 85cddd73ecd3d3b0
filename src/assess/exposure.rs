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
        let acts = self.on && effect.ln_gsd(self.priors) > 0.0 && effect.key(self.model).is_some();
        if acts { sd } else { 0.0 }
    }

    /// Splits the spread of MFU: own ln sd, then the family's and the era's shared ones.
    pub fn mfu(self) -> (f64, f64, f64) {
        let family = self.priors.number(names::efficiency::MFU_FAMILY_SD);
        let full_era = self.priors.ln_gsd(names::efficiency::MFU_ERA_GSD).min(family);
        let era = self.acting(DefaultEffect::MfuEra, full_era);
        let family_part = self.acting(DefaultEffect::MfuFamily, residual(family, full_era));
        let total = quadrature(family, self.priors.number(names::efficiency::MFU_RUN_SD));
        (residual(total, quadrature(era, family_part)), family_part, era)
    }
}
