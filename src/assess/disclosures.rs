//! The disclosures of a row that can be combined: two or more, all plain numbers.

use super::chips::chips;
use super::compute::known_besides;
use super::draft::Draft;
use super::exposure::Exposure;
use super::figure;
use super::stated::{plain, states_several};
use super::tier::Tier;
use crate::portfolio::Value;

/// Each as the quantity it stands for with its error: compute in FLOP, accelerator-hours, energy in kWh (with or without
/// PUE, as the row says), emissions in kg.
pub struct Disclosures {
    pub compute: Option<Draft>,
    pub hours: Option<Draft>,
    pub energy: Option<Draft>,
    pub emissions: Option<Draft>,
}

impl Disclosures {
    fn count(&self) -> usize {
        [&self.compute, &self.hours, &self.energy, &self.emissions].into_iter().flatten().count()
    }
}

/// The disclosures that count and the row's tier, where there are several and all are plain numbers.
pub fn several(exposure: Exposure<'_>) -> Option<(Disclosures, Tier)> {
    let model = exposure.model;
    if !states_several(model) {
        return None;
    }
    let other = |value: &Option<Value>| value.as_ref().is_some_and(|v| plain(v).is_none());
    // Zeros and distributions do not combine; nor do an efficiency given and hours, nor what lies on both
    // sides of a chip that is not known.
    if [&model.gpu_hours, &model.energy_kwh, &model.emissions_kg].into_iter().any(other)
        || model.efficiency_flop_per_j.is_some()
        || chips(exposure.priors, model).is_err()
    {
        return None;
    }
    let compute = known_besides(exposure);
    if compute.as_ref().is_some_and(|c| c.explicit || c.is_zero()) {
        return None;
    }
    let (emissions, of_emissions) = figure::emissions_disclosed(exposure);
    let tier = match (&model.emissions_kg, &model.energy_kwh) {
        (Some(_), _) => of_emissions,
        (None, Some(_)) => Tier::T2,
        (None, None) => Tier::T3,
    };
    let disclosures = Disclosures {
        compute,
        hours: model.gpu_hours.is_some().then(|| figure::hours_disclosed(exposure)),
        energy: model.energy_kwh.is_some().then(|| figure::energy_disclosed(exposure)),
        emissions: model.emissions_kg.is_some().then_some(emissions),
    };
    (disclosures.count() > 1).then_some((disclosures, tier))
}
