//! Water, at the site and at the power stations, in m³.
//!
//! ```text
//! W = E_IT · WUE + E · water intensity of the grid     Li et al. 2023, arXiv 2304.03271
//! ```

use std::collections::HashMap;
use std::sync::LazyLock;

use super::rate::{Rate, Shared, given};
use crate::assess::assessment::AssessedModel;
use crate::assess::effects::Effects;
use crate::assess::exposure::Exposure;
use crate::assess::grid;
use crate::assess::lognormal::{LogNormal, lognormal};
use crate::assess::priors::names;
use crate::assess::slot::Slot;
use crate::assess::term::Term;
use crate::portfolio::{Distribution, Output};

const M3_PER_L: f64 = 1e-3;

/// L/kWh generated, by ISO 3166 code.
static WATER: LazyLock<HashMap<String, f64>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("../data/water_country.csv").as_bytes());
    let row = |r: csv::StringRecord| Some((r.get(0)?.to_string(), r.get(2)?.parse().ok()?));
    reader.records().filter_map(Result::ok).filter_map(row).collect()
});

/// All of it, at the site, at the power stations.
pub(super) fn of(row: Exposure<'_>, model: &mut AssessedModel, effects: &mut Effects) -> Vec<Vec<Term>> {
    let [it, energy] = [Output::ItEnergy, Output::Energy].map(|output| model.terms[output as usize]);
    let site = wue(row).times(it, Slot::Wue, model, effects);
    let grid = water_of_grid(row).times(energy, Slot::GridWater, model, effects);
    vec![[grid.clone(), site.clone()].concat(), site, grid]
}

/// Splits a spread: what an organisation's sites have in common, and the rest. Without an organisation, or without default
/// effects, all of it is the model's own.
fn split(row: Exposure<'_>, what: &'static str, place: &str, ln_sd: f64) -> (f64, Vec<Shared>) {
    let organization = row.model.labels.stated("organization").filter(|_| row.on);
    let Some(organization) = organization else { return (ln_sd, vec![]) };
    let share = row.priors.number(names::water::ORGANIZATION_SHARE);
    let value = vec![organization.to_string(), place.to_string()];
    let shared = Shared { by: vec![what, "organization"], value, ln_sd: ln_sd * share.sqrt() };
    (ln_sd * (1.0 - share).sqrt(), vec![shared])
}

/// Water used at the site, L per kWh of IT energy.
fn wue(row: Exposure<'_>) -> Rate {
    let rate = |own, shared| Rate { own, scale: M3_PER_L, shared };
    if let Some(stated) = &row.model.wue_l_per_kwh {
        return rate(given(stated, row.priors.ln_gsd(names::water::GIVEN_GSD)), vec![]);
    }
    let open = row.priors.lognormal(names::water::WUE);
    let (own, shared) = split(row, "water usage effectiveness", "", open.ln_sd);
    let closed = row.priors.number(names::water::CLOSED_LOOP);
    let open = lognormal(LogNormal { median: open.median, ln_sd: own });
    let own = if closed > 0.0 {
        Distribution::Mixture(vec![(closed, Distribution::Fixed(0.0)), (1.0 - closed, open)])
    } else {
        open
    };
    rate(own, shared)
}

/// Water used by power stations, L per kWh of facility energy.
fn water_of_grid(row: Exposure<'_>) -> Rate {
    let year = row.priors.year_of(row.model);
    let points = grid::of_row(&row.model.labels, year).unwrap_or_default().points;
    let known: Option<Vec<(f64, f64)>> = points.iter().map(|p| Some((p.weight, WATER.get(p.iso3).copied()?))).collect();
    let place: Vec<&str> = points.iter().map(|p| p.iso3).collect();
    let rate = match known.filter(|known| !known.is_empty()) {
        Some(known) => {
            let weights: f64 = known.iter().map(|(w, _)| w).sum();
            let mean = known.iter().map(|(w, x)| w * x).sum::<f64>() / weights;
            // A country's value is the mean over its sites.
            let ln_sd = row.priors.ln_gsd(names::water::COUNTRY_GSD);
            LogNormal { median: mean * libm::exp(-0.5 * ln_sd * ln_sd), ln_sd }
        }
        None => row.priors.lognormal(names::water::GRID_UNKNOWN),
    };
    let (own, shared) = split(row, "water intensity of the grid", &place.join(";"), rate.ln_sd);
    let own = lognormal(LogNormal { median: rate.median, ln_sd: own });
    Rate { own, scale: M3_PER_L, shared }
}
