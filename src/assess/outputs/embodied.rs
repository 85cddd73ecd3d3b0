//! Emissions of making the hardware, by the time it was used, in t.
//!
//! ```text
//! B = accelerator-hours · rate
//! ```

use super::rate::{Rate, Shared};
use crate::assess::assessment::AssessedModel;
use crate::assess::chips::powered;
use crate::assess::effects::Effects;
use crate::assess::exposure::Exposure;
use crate::assess::lognormal::{LogNormal, lognormal};
use crate::assess::node;
use crate::assess::priors::names;
use crate::assess::slot::{SLOTS, Slot};
use crate::assess::term::Term;
use crate::assess::tier::Tier;
use crate::portfolio::moments::raw_moment;
use crate::portfolio::{Distribution, Output};

const T_PER_KG: f64 = 1e-3;

pub(super) fn of(row: Exposure<'_>, model: &mut AssessedModel, effects: &mut Effects) -> Vec<Vec<Term>> {
    let (hours, stated) = hours(row, model);
    let rate = row.priors.lognormal(names::embodied::KG_PER_GPU_HOUR);
    // One draw for all models: it is the rate that is not known, not how runs differ from each other.
    let shared = vec![Shared { by: vec!["embodied"], value: vec![String::new()], ln_sd: rate.ln_sd }];
    let own = stated.map_or(Distribution::Fixed(1.0), lognormal);
    vec![Rate { own, scale: rate.median * T_PER_KG, shared }.times(hours, Slot::HardwareHours, model, effects)]
}

/// Accelerator-hours: those that energy is computed from, with the same draws; those stated where another disclosure
/// decides the energy, with their error; else IT energy over the mean power of a node per accelerator.
fn hours(row: Exposure<'_>, model: &AssessedModel) -> (Term, Option<LogNormal>) {
    let it = model.terms[Output::ItEnergy as usize];
    let power_of = |slot: Slot| it.powers[slot as usize];
    let is_from_hours = model.tier == Tier::T3 && power_of(Slot::Reporting) == 1 && power_of(Slot::Efficiency) == -1;
    if is_from_hours {
        let mut hours = it;
        hours.constant *= 1e3;
        hours.powers[Slot::Efficiency as usize] = 0;
        return (hours, None);
    }
    if let Some(stated) = row.model.gpu_hours.as_ref().filter(|_| it.constant > 0.0) {
        let stated = LogNormal::of(stated);
        let error = if stated.ln_sd > 0.0 { stated.ln_sd } else { row.priors.ln_gsd(names::hours::GSD) };
        let mut hours = Term { constant: 1.0, powers: [0; SLOTS] };
        hours.powers[Slot::Lineage as usize] = power_of(Slot::Lineage);
        return (hours, Some(LogNormal { median: stated.median, ln_sd: error }));
    }
    // An assessed row has chips, or needs none.
    let Ok(chips) = powered(row.priors, row.model) else { return (Term { constant: 0.0, powers: [0; SLOTS] }, None) };
    let per_w = node::inverse_power(row, &chips, 0.0);
    let mean = raw_moment(&per_w.distribution, 1).unwrap_or_else(|| per_w.median());
    (Term { constant: it.constant * 1e3 * mean, ..it }, None)
}
