//! One model's chain: which disclosure counts, the factors around it, and each output as their product.
//!
//! Of a row as it counts, one disclosure is the start ([`super::single`]), or several plain numbers are combined
//! ([`super::combine`]). PUE and grid come from [`super::facility`], the basis of the emissions from [`super::basis`], and
//! how much of the run is counted from [`super::lineage`].
//!
//! Units: compute factor FLOP (or FLOP/s behind hours), efficiency FLOP/J (or 1/W behind hours), grid gCO2e/kWh,
//! reporting in the unit of the disclosure (kg, kWh, hours).

use super::combine::Given;
use super::context::Context;
use super::disclosures::several;
use super::draft::{Core, Draft, DraftModel, Factors, Product};
use super::evidence::{Evidence, Market};
use super::slot::{SLOTS, Slot};
use super::stated::{column, is_zero};
use super::term::Term;
use super::{basis, combine, facility, lineage, single};
use crate::engine::stats::normal::Level;
use crate::portfolio::quantile::{Quantiles, quantile};
use crate::portfolio::{Basis, Boundary, Distribution, Model, OUTPUTS, Problem};

/// The model of a row of which it is known what counts.
///
/// # Errors
/// Every value of the row that a needed factor cannot be looked up from.
pub fn draft(context: &Context<'_>, evidence: &Evidence) -> Result<DraftModel, Vec<Problem>> {
    let model = &evidence.model;
    let exposure = context.exposure(model);
    let as_bought = evidence.market.as_ref().is_some_and(Market::replaces_grid);
    let (grid, of_figure) = match &evidence.market {
        Some(Market::Figure(kg)) => {
            let (figure, tier) = basis::figure(exposure, kg);
            (Ok(figure), Some(tier))
        }
        _ => (facility::grid(exposure), None),
    };
    let pue = facility::pue(exposure);
    let core = match (&grid, several(exposure)) {
        (Ok(grid), Some((disclosures, tier))) => {
            let given = Given { grid: grid.clone(), as_bought, pue: pue.clone() };
            combine::combined(context, exposure, disclosures, tier, given)
        }
        _ => single::from_anchor(context, exposure),
    };
    let (grid, core) = both(grid, core)?;
    let Core { mut factors, mut outputs, tier, mut provenance, warnings, informs } = core;
    provenance.extend(evidence.provenance.clone());
    let conditioned = factors.get(Slot::Grid).is_some();
    if !conditioned {
        factors.set(Slot::Grid, grid);
    }
    factors.set(Slot::Pue, pue);
    if let Some(market) = &evidence.market {
        let [.., energy, emissions] = &mut outputs;
        *emissions = basis::emissions(market, model, *energy, *emissions);
    }
    if context.study.scope.boundary == Boundary::It {
        let [_, it, energy, emissions] = &mut outputs;
        *energy = *it;
        *emissions = emissions.with(Slot::Pue, -1);
    }
    lineage::multiply(context, exposure, &mut factors, &mut outputs).map_err(|problem| vec![problem])?;
    if is_zero(model.emissions_kg.as_ref()) {
        let [.., emissions] = &mut outputs;
        *emissions = Product::new(0.0);
    }
    let terms = settled(model, &mut factors, outputs)?;
    for (slot, draft) in factors.iter() {
        provenance.insert(slot.factor().name().to_string(), draft.provenance.clone());
    }
    Ok(DraftModel {
        tier: of_figure.unwrap_or(tier),
        factors,
        terms,
        provenance,
        warnings: evidence.warnings.iter().cloned().chain(warnings).collect(),
        informs,
        conditioned,
        as_bought,
        location_stands_in: context.study.scope.basis == Basis::Market && evidence.market.is_none(),
    })
}

/// Both, or the problems of both.
fn both<A, B>(a: Result<A, Problem>, b: Result<B, Problem>) -> Result<(A, B), Vec<Problem>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).collect()),
    }
}

/// Whether a factor has quantiles and weights.
fn is_number(draft: &Draft) -> bool {
    has_quantiles(&draft.alone()) && draft.shared.values().all(|weight| weight.is_finite())
}

/// Where a distribution is looked at.
const QUARTILES: [f64; 3] = [0.25, 0.5, 0.75];

/// A mixture has them where its parts do: to invert it would take longer than all of the rest.
fn has_quantiles(distribution: &Distribution) -> bool {
    match distribution {
        Distribution::Mixture(parts) => parts.iter().all(|(weight, part)| weight.is_finite() && has_quantiles(part)),
        // Beyond its quartiles.
        Distribution::LogNormal { median, gsd } => (median * gsd).is_finite() && (median / gsd).is_finite(),
        Distribution::Shifted { shift, inner } => shift.is_finite() && has_quantiles(inner),
        // Of nearly every row its own: nothing to remember.
        Distribution::Truncated { .. } => {
            let quantiles = Quantiles::new(distribution);
            QUARTILES.iter().all(|p| quantiles.at(Level::below(*p)).is_finite())
        }
        other => QUARTILES.iter().all(|p| quantile(other, *p).is_finite()),
    }
}

/// Zero factors make zero outputs; factors that reach no output are dropped.
///
/// # Errors
/// A zero that would be divided by, and outputs that no number can hold.
fn settled(model: &Model, factors: &mut Factors, outputs: [Product; OUTPUTS]) -> Result<[Term; OUTPUTS], Vec<Problem>> {
    let mut problems = Vec::new();
    let mut terms = outputs.map(Product::term);
    for (slot, draft) in factors.iter().filter(|(_, draft)| draft.is_zero()) {
        let mut divides = false;
        for term in &mut terms {
            let power = term.powers[slot as usize];
            if power > 0 {
                *term = Term { constant: 0.0, powers: [0; SLOTS] };
            } else if power < 0 && term.constant > 0.0 {
                divides = true;
            }
        }
        if divides {
            let name = slot.factor().name();
            problems.push(Problem {
                place: column(model, name),
                value: "0".to_string(),
                message: format!(
                    "{name} of 0 ({}) would have to be divided by; leave it empty or give the energy",
                    draft.provenance.how
                ),
            });
        }
    }
    let unknown = factors.iter().find(|(_, draft)| !is_number(draft));
    if let Some((slot, draft)) = unknown {
        problems.push(Problem {
            place: column(model, slot.factor().name()),
            value: String::new(),
            message: format!(
                "what the row states of {} leads to no number ({}); check its figures for zeros and units",
                slot.factor().name(),
                draft.provenance.how
            ),
        });
    }
    for term in &mut terms {
        if term.constant == 0.0 {
            term.powers = [0; SLOTS];
        }
        if !term.constant.is_finite() {
            problems.push(Problem {
                place: column(model, "id"),
                value: model.id.clone(),
                message: "the product of this row's values is too large for a number; check their units".to_string(),
            });
        }
    }
    for slot in Slot::ALL {
        if terms.iter().all(|term| term.powers[slot as usize] == 0) {
            factors.remove(slot);
        }
    }
    if problems.is_empty() { Ok(terms) } else { Err(problems) }
}
