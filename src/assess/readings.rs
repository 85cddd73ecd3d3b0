//! A row whose disclosures contradict each other: a mixture of readings.
//!
//! One of two contradicting figures is wrong: a unit, a scope, a typing error. What is known is then neither their mean
//! nor a wide figure between them, but one or the other. Each reading ([`super::odds`]) has the posterior of the figures
//! that are right in it. The mean of a mixture lies between those of its readings.
//!
//! The row's most downstream disclosed quantity is the mixture, exact in tables and in the closed forms. Of each reading it
//! holds the whole posterior spread. What all readings load on alike is a shared effect of the row; what they do not is
//! part of the spread, since a factor's loadings cannot depend on the reading. The other quantities follow from it by the
//! links' priors, which is somewhat wider than the posterior where they come from a figure that was disclosed.

use std::collections::BTreeMap;

use super::condition::Joint;
use super::context::Context;
use super::described::{rounded, shared_variance};
use super::draft::{Core, Draft, FLOP_PER_EFLOP, Factors, Informs, J_PER_KWH, Product};
use super::effects::{EffectKey, Loads};
use super::exposure::Exposure;
use super::lognormal::{LogNormal, lognormal, mixture};
use super::normal::Normal;
use super::observed::{COMPUTE, ENERGY, IT, Observed, UNKNOWNS, contradiction, emissions_row, names};
use super::odds::Reading;
use super::provenance::{Kind, Provenance};
use super::slot::Slot;
use super::stated::without_pue;
use super::tier::Tier;
use super::wording::shown_to_three;
use crate::portfolio::Model;

/// A reading, and what its figures leave of the chain.
struct Read<'a> {
    right: &'a [usize],
    joint: Joint<UNKNOWNS>,
    weight: f64,
}

/// What is stated, and what is known beforehand.
pub struct Stated<'a> {
    pub exposure: Exposure<'a>,
    pub observed: &'a [Observed],
    pub priors: &'a [Normal; UNKNOWNS],
    pub grid: Draft,
    pub tier: Tier,
}

/// The chain of a row with several readings.
pub fn chain(context: &Context<'_>, stated: Stated<'_>, readings: &[Reading]) -> Core {
    let readings: Vec<Read<'_>> = readings.iter().map(|reading| read(&stated, reading)).collect();
    let model = stated.exposure.model;
    let compute_kept = kept_by_all(&readings, stated.observed, "compute");
    let node = node(model, stated.observed);
    let provenance = provenance(&readings, stated.observed, node.what);
    let mut factors = Factors::none();
    factors.set(Slot::Reporting, mixed(context, &readings, &node.row, provenance.clone()));
    factors.set(Slot::Grid, stated.grid);

    let reported = Product::new(1.0).with(Slot::Reporting, 1);
    let overhead = i8::from(without_pue(model));
    let [it, energy, emissions] = match node.what {
        "emissions" => {
            // kg / (g/kWh) = 1,000 kWh
            let energy = reported.with(Slot::Grid, -1).with(Slot::Pue, overhead).times(1e3);
            [energy.with(Slot::Pue, -1), energy, reported.with(Slot::Pue, overhead).times(1e-3)]
        }
        "facility energy" => [reported.with(Slot::Pue, -1), reported, reported.with(Slot::Grid, 1).times(1e-6)],
        _ => {
            let energy = reported.with(Slot::Pue, 1);
            [reported, energy, energy.with(Slot::Grid, 1).times(1e-6)]
        }
    };
    let compute = if compute_kept {
        factors.set(Slot::Compute, mixed(context, &readings, &COMPUTE, provenance));
        Product::new(1.0 / FLOP_PER_EFLOP).with(Slot::Compute, 1)
    } else {
        factors.set(Slot::Efficiency, efficiency(context, stated.priors));
        it.with(Slot::Efficiency, 1).times(J_PER_KWH / FLOP_PER_EFLOP)
    };
    let warnings = contradiction(context, model, stated.priors, stated.observed, &used(&readings, stated.observed));
    Core {
        factors,
        outputs: [compute, it, energy, emissions],
        tier: stated.tier,
        provenance: BTreeMap::new(),
        warnings: warnings.into_iter().collect(),
        informs: Informs { unsettled: true, ..Informs::default() },
    }
}

fn read<'a>(stated: &Stated<'_>, reading: &'a Reading) -> Read<'a> {
    let mut joint = Joint::new(stated.priors.clone());
    reading.right.iter().map(|&k| &stated.observed[k]).for_each(|o| {
        joint.observe(&o.row, &o.error);
    });
    Read { right: &reading.right, joint, weight: reading.weight }
}

/// What all loads have in common: of each effect the weight nearest to zero, none where the signs differ.
fn in_common(all: &[Loads]) -> Loads {
    let Some((first, others)) = all.split_first() else { return Loads::new() };
    let least = |(key, weight): (&EffectKey, &f64)| {
        let among = |least: f64, loads: &Loads| {
            let other = loads.get(key).copied().unwrap_or(0.0);
            if other * least <= 0.0 { 0.0 } else { least.signum() * least.abs().min(other.abs()) }
        };
        (key.clone(), others.iter().fold(*weight, among))
    };
    first.iter().map(least).filter(|(_, weight)| *weight != 0.0).collect()
}

struct Node {
    what: &'static str,
    row: [f64; UNKNOWNS],
}

/// The most downstream quantity that is disclosed, at least IT energy.
fn node(model: &Model, observed: &[Observed]) -> Node {
    let states = |what: &str| observed.iter().any(|o| o.what == what);
    if states("emissions") {
        Node { what: "emissions", row: emissions_row(model) }
    } else if states("energy") && model.energy_includes_pue {
        Node { what: "facility energy", row: ENERGY }
    } else {
        Node { what: "IT energy", row: IT }
    }
}

fn kept_by_all(readings: &[Read<'_>], observed: &[Observed], what: &str) -> bool {
    readings.iter().all(|r| r.right.iter().any(|&k| observed[k].what == what))
}

/// A node as the mixture of what the readings make of it.
fn mixed(context: &Context<'_>, readings: &[Read<'_>], row: &[f64; UNKNOWNS], provenance: Provenance) -> Draft {
    let nodes: Vec<Normal> = readings.iter().map(|reading| reading.joint.of(row)).collect();
    let all: Vec<Loads> = nodes.iter().map(|x| x.shared.clone()).collect();
    let shared = rounded(&in_common(&all), context.study, context.priors);
    let by_effects = |loads: &Loads| shared_variance(loads, context.study, context.priors);
    let common = by_effects(&shared);
    let parts = readings.iter().zip(&nodes).map(|(reading, x)| {
        let variance = x.sd * x.sd + by_effects(&x.shared) - common;
        let part = LogNormal { median: libm::exp(x.mean), ln_sd: variance.max(0.0).sqrt() };
        (reading.weight, lognormal(part))
    });
    Draft { shared, ..Draft::new(mixture(parts.collect()), provenance) }
}

/// Compute per IT energy by the links' priors, in FLOP/J.
fn efficiency(context: &Context<'_>, priors: &[Normal; UNKNOWNS]) -> Draft {
    let mut x = priors[1].plus(&priors[2], 1.0).scaled(-1.0);
    x.mean -= libm::log(J_PER_KWH);
    let provenance = Provenance {
        kind: Kind::Imputed,
        how: "efficiency by the priors of the chips".to_string(),
        source: "the disclosures of the row contradict each other".to_string(),
        chosen: true,
    };
    Draft {
        shared: rounded(&x.shared, context.study, context.priors),
        ..Draft::new(lognormal(LogNormal { median: libm::exp(x.mean), ln_sd: x.sd }), provenance)
    }
}

fn used(readings: &[Read<'_>], observed: &[Observed]) -> String {
    let parts: Vec<String> =
        readings.iter().map(|r| format!("{} ({:.0} %)", names(r.right, observed), 100.0 * r.weight)).collect();
    format!("the row becomes a mixture of readings: {}", parts.join(", "))
}

fn provenance(readings: &[Read<'_>], observed: &[Observed], node: &str) -> Provenance {
    let rows = [("emissions", "kg"), ("facility energy", "kWh"), ("IT energy", "kWh")];
    let unit = rows.iter().find(|(what, _)| *what == node).map_or("", |(_, unit)| unit);
    let stated: Vec<String> =
        observed.iter().map(|o| format!("{} (GSD {:.3})", o.what, libm::exp(o.error.sd))).collect();
    let weights: Vec<String> = readings
        .iter()
        .map(|r| format!("{} with weight {}", names(r.right, observed), shown_to_three(r.weight)))
        .collect();
    Provenance {
        kind: Kind::Disclosed,
        how: format!(
            "{node} in {unit}: {} contradict each other; a mixture of readings: {}",
            stated.join(", "),
            weights.join(", ")
        ),
        source: "the models file; weights by what would be imputed".to_string(),
        chosen: true,
    }
}
