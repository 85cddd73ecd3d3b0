//! Location- and market-based emissions (GHG Protocol Scope 2 Guidance, 2015, chapters 4 and 6).
//!
//! The scope says which of the two are reported; figures of the other basis are another quantity and never used for it.
//!
//! | `[scope] basis` | the row states | emissions |
//! |---|---|---|
//! | location | market-based emissions | as if they were not stated |
//! | market | market-based emissions | that figure with its error; energy and compute from the rest of the row |
//! | market | `market_g_per_kwh` | energy · that intensity, 0 where all electricity is matched |
//! | market | neither | location-based: what the Guidance leaves where no contract and no residual mix is known |
//!
//! Where location-based emissions lead to the energy, the market intensity enters as a number: its own error is left out.

use super::draft::{Draft, Product};
use super::evidence::{Evidence, Market};
use super::exposure::Exposure;
use super::figure;
use super::lognormal::LogNormal;
use super::slot::Slot;
use super::stated::{column, is_zero, without_pue};
use super::tier::Tier;
use crate::portfolio::{Basis, Model, Scope, Study, Value, Warning};

/// Puts aside what is not of the scope's basis.
pub fn put_in(found: &mut Evidence, scope: Scope) {
    let of_market = found.model.emissions_basis == Basis::Market && found.model.emissions_kg.is_some();
    match scope.basis {
        Basis::Location if of_market => {
            found.warnings.push(not_of_this_scope(&found.model));
            found.model.emissions_kg = None;
            found.left_out("emissions", "market-based; the scope is location-based".to_string());
        }
        Basis::Location => {}
        Basis::Market if of_market => found.market = found.model.emissions_kg.take().map(Market::Figure),
        Basis::Market => {
            let Some(intensity) = found.model.market_g_per_kwh.clone() else { return };
            if found.model.emissions_kg.is_some() && !is_zero(found.model.emissions_kg.as_ref()) {
                found.market = Some(Market::Besides(intensity));
            } else {
                found.model.emissions_kg = None;
                found.model.grid_g_per_kwh = Some(intensity);
                found.market = Some(Market::Intensity);
            }
        }
    }
}

fn not_of_this_scope(model: &Model) -> Warning {
    Warning {
        rule: "emissions-market-based",
        place: column(model, "emissions_basis"),
        value: "market".to_string(),
        message:
            "the row's emissions are market-based and not used, because the scope is location-based (basis = \"market\" \
             under [scope] uses them)"
                .to_string(),
    }
}

/// The warning that some rows are assessed as if they had no contracts.
pub fn at_location(study: &Study, rows: usize, of: usize) -> Warning {
    Warning {
        rule: "market-basis-unknown",
        place: study.place("scope.basis"),
        value: format!("{rows} of {of} models"),
        message:
            "state neither market_g_per_kwh nor market-based emissions; the grid at their location is used instead"
                .to_string(),
    }
}

/// Market-based emissions as the factor in the place of the grid intensity, in kg, and their tier.
pub fn figure(exposure: Exposure<'_>, kg: &Value) -> (Draft, Tier) {
    let row = Model { emissions_kg: Some(kg.clone()), ..exposure.model.clone() };
    let (mut draft, tier) = figure::emissions_disclosed(Exposure { model: &row, ..exposure });
    draft.provenance.how += ", market-based";
    (draft, tier)
}

/// The emissions in t, given facility energy in kWh.
pub fn emissions(market: &Market, model: &Model, energy: Product, by_grid: Product) -> Product {
    match market {
        Market::Figure(_) => Product::new(1e-3).with(Slot::Grid, 1).with(Slot::Pue, i8::from(without_pue(model))),
        Market::Intensity => by_grid,
        Market::Besides(intensity) => energy.times(LogNormal::of(intensity).median * 1e-6),
    }
}
