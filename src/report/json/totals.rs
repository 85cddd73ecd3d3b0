//! Sums in the result: of the whole portfolio, with its effects drawn independently, of its parts.

use serde::{Serialize, Serializer};

use crate::assess::Output;
use crate::posterior::{Estimate, GroupPosterior, Posterior, Totals};

#[derive(Serialize)]
pub(super) struct Total<'a> {
    models: usize,
    emissions_t: &'a Estimate,
    compute_eflop: &'a Estimate,
    it_energy_kwh: &'a Estimate,
    energy_kwh: &'a Estimate,
    atci_kg_per_eflop: &'a Estimate,
    it_energy_kwh_per_eflop: &'a Estimate,
    energy_per_it_energy: &'a Estimate,
    emissions_kg_per_kwh: &'a Estimate,
    #[serde(flatten, serialize_with = "by_key")]
    further: &'a [(Output, Estimate)],
}

impl<'a> Total<'a> {
    pub(super) fn new(t: &'a Totals, further: &'a [(Output, Estimate)]) -> Total<'a> {
        Total {
            models: t.models,
            emissions_t: &t.emissions_t,
            compute_eflop: &t.compute_eflop,
            it_energy_kwh: &t.it_energy_kwh,
            energy_kwh: &t.energy_kwh,
            atci_kg_per_eflop: &t.atci_kg_per_eflop,
            it_energy_kwh_per_eflop: &t.it_energy_kwh_per_eflop,
            energy_per_it_energy: &t.energy_per_it_energy,
            emissions_kg_per_kwh: &t.emissions_kg_per_kwh,
            further,
        }
    }
}

/// Each under the name of its output.
fn by_key<S: Serializer>(further: &&[(Output, Estimate)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(further.iter().map(|(output, estimate)| (output.key(), estimate)))
}

#[derive(Serialize)]
pub(super) struct Independent<'a> {
    pub(super) emissions_t: &'a Estimate,
}

#[derive(Serialize)]
pub(super) struct Concentration<'a> {
    effective_models: Option<f64>,
    top: Vec<Contributor<'a>>,
    tiers: Vec<TierText>,
}

#[derive(Serialize)]
struct Contributor<'a> {
    id: &'a str,
    share: Option<f64>,
}

#[derive(Serialize)]
struct TierText {
    tier: &'static str,
    models: usize,
    share: Option<f64>,
}

impl<'a> Concentration<'a> {
    pub(super) fn new(p: &'a Posterior) -> Concentration<'a> {
        let c = &p.concentration;
        let top = c.top.iter().filter_map(|&i| p.models.get(i));
        Concentration {
            effective_models: c.effective_models,
            top: top.map(|m| Contributor { id: &m.id, share: m.share }).collect(),
            tiers: c.tiers.iter().map(|t| TierText { tier: t.tier.name(), models: t.models, share: t.share }).collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Group<'a> {
    by: &'a str,
    value: &'a str,
    models: usize,
    share: Option<f64>,
    emissions_t: &'a Estimate,
    compute_eflop: Option<&'a Estimate>,
    atci_kg_per_eflop: Option<&'a Estimate>,
}

impl<'a> Group<'a> {
    pub(super) fn new(g: &'a GroupPosterior) -> Group<'a> {
        Group {
            by: &g.by,
            value: &g.value,
            models: g.models,
            share: g.share,
            emissions_t: &g.emissions_t,
            compute_eflop: g.compute_eflop.as_ref(),
            atci_kg_per_eflop: g.atci_kg_per_eflop.as_ref(),
        }
    }
}
