//! A chain from one disclosure: the most downstream one is the anchor.
//!
//! In logs the chain C → hours → E_IT → E → G is a line. Outputs downstream of the anchor multiply factors, outputs
//! upstream divide by them. Where one of several disclosures is given as a distribution, it is used as it is: the most
//! downstream counts, and compute is used for compute.

use std::collections::BTreeMap;

use super::chips::{chips, powered};
use super::compute::{self, known_besides};
use super::context::Context;
use super::derivative::own_compute;
use super::draft::{Core, Draft, FLOP_PER_EFLOP, Factors, Informs, J_PER_KWH, Product};
use super::exposure::Exposure;
use super::lognormal::{LogNormal, quadrature};
use super::priors::names;
use super::provenance::Provenance;
use super::slot::Slot;
use super::stated::{is_derivative, is_zero, states_compute, usage, without_pue};
use super::tier::Tier;
use super::{efficiency, figure, imputed, node};
use crate::portfolio::{Model, OUTPUTS, Problem};

/// Which disclosure the chain starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Emissions,
    Energy,
    Hours,
    Compute,
    Derivative,
    Imputed,
}

fn anchor(model: &Model) -> Anchor {
    // Stated zero emissions say nothing of the energy: the chain starts as if they were not stated.
    if model.emissions_kg.is_some() && !is_zero(model.emissions_kg.as_ref()) {
        Anchor::Emissions
    } else if model.energy_kwh.is_some() {
        Anchor::Energy
    } else if model.gpu_hours.is_some() {
        Anchor::Hours
    } else if states_compute(model) {
        Anchor::Compute
    } else if is_derivative(model) {
        Anchor::Derivative
    } else {
        Anchor::Imputed
    }
}

/// The chain of a row from its anchor.
///
/// # Errors
/// A chip that is needed and not known.
pub fn from_anchor(context: &Context<'_>, exposure: Exposure<'_>) -> Result<Core, Problem> {
    match anchor(exposure.model) {
        anchor @ (Anchor::Compute | Anchor::Derivative | Anchor::Imputed) => from_compute(context, exposure, anchor),
        Anchor::Hours => from_hours(exposure),
        Anchor::Energy => from_energy(exposure),
        Anchor::Emissions => from_emissions(exposure),
    }
}

/// What compute would be if the row stated none of it.
///
/// # Errors
/// A chip that is needed and not known.
pub fn unstated_compute(context: &Context<'_>, exposure: Exposure<'_>) -> Result<Draft, Problem> {
    if is_derivative(exposure.model) {
        return own_compute(context, exposure, usage(exposure.model)).map(|(draft, _)| draft);
    }
    Ok(imputed::imputed(exposure, context.study.imputation).0)
}

/// E, G from E_IT.
fn downstream(compute: Product, it: Product) -> [Product; OUTPUTS] {
    let energy = it.with(Slot::Pue, 1);
    // 1 t is 1e6 g.
    [compute, it, energy, energy.with(Slot::Grid, 1).times(1e-6)]
}

fn from_compute(context: &Context<'_>, exposure: Exposure<'_>, anchor: Anchor) -> Result<Core, Problem> {
    let mut provenance = BTreeMap::new();
    let mut factors = Factors::none();
    let usage = usage(exposure.model);
    let (mut efficiency, named) = efficiency::given_or_of_chips(exposure, usage, &mut provenance)?;
    let (mut compute, tier) = match (anchor, compute::known(exposure)) {
        (Anchor::Compute, Some(known)) => (known, if named { Tier::T4 } else { Tier::T4b }),
        (Anchor::Derivative, _) => own_compute(context, exposure, usage)?,
        _ => imputed::imputed(exposure, context.study.imputation),
    };
    // The convention multiplies both or neither, so that energy is free of it.
    if !compute.explicit && !efficiency.explicit {
        exposure.expose_to_convention(&mut compute);
        exposure.expose_to_convention(&mut efficiency);
    }
    factors.set(Slot::Compute, compute);
    factors.set(Slot::Efficiency, efficiency);
    let c = Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1);
    let it = Product::new(1.0 / J_PER_KWH).with(Slot::Compute, 1).with(Slot::Efficiency, -1);
    Ok(Core {
        factors,
        outputs: downstream(c, it),
        tier,
        provenance,
        warnings: Vec::new(),
        informs: Informs::default(),
    })
}

fn from_hours(exposure: Exposure<'_>) -> Result<Core, Problem> {
    let mut factors = Factors::none();
    let mut provenance = BTreeMap::new();
    factors.set(Slot::Reporting, figure::hours_disclosed(exposure));
    let h = Product::new(1.0).with(Slot::Reporting, 1);
    let (it, c) = behind_hours(exposure, h, 0.0, &mut factors, &mut provenance)?;
    Ok(Core {
        factors,
        outputs: downstream(c, it),
        tier: Tier::T3,
        provenance,
        warnings: Vec::new(),
        informs: Informs::default(),
    })
}

/// E_IT and C from accelerator-hours `h`; `further` is a spread (ln) of the hours that has no slot of its own.
fn behind_hours(
    exposure: Exposure<'_>,
    h: Product,
    further: f64,
    factors: &mut Factors,
    provenance: &mut BTreeMap<String, Provenance>,
) -> Result<(Product, Product), Problem> {
    let powered = powered(exposure.priors, exposure.model)?;
    provenance.insert("hardware".to_string(), powered.provenance.clone());
    factors.set(Slot::Efficiency, node::inverse_power(exposure, &powered, further));
    let it = h.with(Slot::Efficiency, -1).times(1e-3);
    let c = if let Some(known) = known_besides(exposure) {
        factors.set(Slot::Compute, known);
        Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1)
    } else if let Some(given) = efficiency::given(exposure) {
        factors.set(Slot::Compute, given);
        it.with(Slot::Compute, 1).times(J_PER_KWH / FLOP_PER_EFLOP)
    } else {
        let chips = chips(exposure.priors, exposure.model)?;
        factors.set(Slot::Compute, efficiency::throughput(exposure, &chips, usage(exposure.model)));
        h.with(Slot::Compute, 1).times(3600.0 / FLOP_PER_EFLOP)
    };
    Ok((it, c))
}

/// C from E_IT where it is not stated.
fn backwards(
    exposure: Exposure<'_>,
    it: Product,
    factors: &mut Factors,
    provenance: &mut BTreeMap<String, Provenance>,
) -> Result<Product, Problem> {
    if let Some(known) = known_besides(exposure) {
        factors.set(Slot::Compute, known);
        return Ok(Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1));
    }
    let (mut efficiency, _) = efficiency::given_or_of_chips(exposure, usage(exposure.model), provenance)?;
    if !efficiency.explicit {
        exposure.expose_to_convention(&mut efficiency);
    }
    factors.set(Slot::Efficiency, efficiency);
    Ok(it.with(Slot::Efficiency, 1).times(J_PER_KWH / FLOP_PER_EFLOP))
}

fn from_energy(exposure: Exposure<'_>) -> Result<Core, Problem> {
    let mut factors = Factors::none();
    let mut provenance = BTreeMap::new();
    factors.set(Slot::Reporting, figure::energy_disclosed(exposure));
    let reported = Product::new(1.0).with(Slot::Reporting, 1);
    let it = if exposure.model.energy_includes_pue { reported.with(Slot::Pue, -1) } else { reported };
    let c = backwards(exposure, it, &mut factors, &mut provenance)?;
    Ok(Core {
        factors,
        outputs: downstream(c, it),
        tier: Tier::T2,
        provenance,
        warnings: Vec::new(),
        informs: Informs::default(),
    })
}

fn from_emissions(exposure: Exposure<'_>) -> Result<Core, Problem> {
    let (priors, model) = (exposure.priors, exposure.model);
    let mut factors = Factors::none();
    let mut provenance = BTreeMap::new();
    let (reporting, tier) = figure::emissions_disclosed(exposure);
    let kg = reporting.median();
    factors.set(Slot::Reporting, reporting);
    // Where the source left the overhead out, its figure is that of the IT energy.
    let overhead = i8::from(without_pue(model));
    let emissions = Product::new(1e-3).with(Slot::Reporting, 1).with(Slot::Pue, overhead);
    // What else is stated decides the energies; it has the relative error of the emissions, which it was made with.
    let (it, energy, c) = if let Some(stated) = model.energy_kwh.as_ref().filter(|_| kg > 0.0) {
        let bias = LogNormal::of(stated).median * figure::meter_bias(priors, model);
        let reported = Product::new(bias / kg).with(Slot::Reporting, 1);
        let it = if model.energy_includes_pue { reported.with(Slot::Pue, -1) } else { reported };
        (it, it.with(Slot::Pue, 1), backwards(exposure, it, &mut factors, &mut provenance)?)
    } else if let Some(hours) = &model.gpu_hours {
        let hours = LogNormal::of(hours);
        let further = quadrature(hours.ln_sd, priors.ln_gsd(names::hours::GSD));
        let (it, c) = behind_hours(exposure, Product::new(hours.median), further, &mut factors, &mut provenance)?;
        (it, it.with(Slot::Pue, 1), c)
    } else {
        // kg / (g/kWh) = 1,000 kWh
        let energy = Product::new(1e3).with(Slot::Reporting, 1).with(Slot::Grid, -1).with(Slot::Pue, overhead);
        let it = energy.with(Slot::Pue, -1);
        (it, energy, backwards(exposure, it, &mut factors, &mut provenance)?)
    };
    Ok(Core {
        factors,
        outputs: [c, it, energy, emissions],
        tier,
        provenance,
        warnings: Vec::new(),
        informs: Informs::default(),
    })
}
