//! A row whose disclosures contradict each other: a mixture of readings.
//!
//! One of two contradicting figures is wrong: a unit, a scope, a typing error. What is known is then neither their mean
//! nor a wide figure between them, but one or the other. Each reading leaves out as few figures as make the rest agree
//! ([`super::observed::readings`]), and has the posterior of the rest. Readings are weighed by how plausible the compute is
//! that they lead to: the density of its logarithm under what would be imputed if the row stated none, at least
//! [`LEAST`] of the weight each. The mean of a mixture lies between those of its readings.
//!
//! The row's most downstream disclosed quantity is the mixture, exact in tables and in the closed forms. Of each reading it
//! holds the whole posterior spread; shared effects are part of that spread and not shared with other rows, since a
//! factor's loadings cannot depend on the reading. The other quantities follow from it by the links' priors, which is
//! somewhat wider than the posterior where they come from a figure that was disclosed.

use std::collections::BTreeMap;

use super::condition::Joint;
use super::context::Context;
use super::described::{loadings, rounded};
use super::draft::{Core, Draft, FLOP_PER_EFLOP, Factors, J_PER_KWH, Product};
use super::exposure::Exposure;
use super::imputed::imputed;
use super::lognormal::{LogNormal, lognormal, mixture};
use super::normal::{Normal, ln};
use super::observed::{COMPUTE, ENERGY, IT, Observed, UNKNOWNS, contradiction, emissions_row, names};
use super::provenance::{Kind, Provenance};
use super::slot::Slot;
use super::stated::without_pue;
use super::tier::Tier;
use super::wording::shown_to_three;
use crate::portfolio::Model;

/// The least weight of a reading: what would be imputed is not known well enough to rule a figure out.
const LEAST: f64 = 0.05;

/// One reading: which disclosures it keeps, what they leave of the chain, and its weight.
struct Reading<'a> {
    kept: &'a [usize],
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

/// The chain of a row with several readings, each a set of disclosures that agree.
pub fn chain(context: &Context<'_>, stated: Stated<'_>, sets: &[Vec<usize>]) -> Core {
    let readings = weighed(context, &stated, sets);
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
    }
}

fn weighed<'a>(context: &Context<'_>, stated: &Stated<'_>, sets: &'a [Vec<usize>]) -> Vec<Reading<'a>> {
    let (prior, _) = imputed(stated.exposure, context.study.imputation);
    let prior = ln(&prior);
    let mut readings: Vec<Reading<'a>> = sets
        .iter()
        .map(|kept| {
            let mut joint = Joint::new(stated.priors.clone());
            kept.iter().for_each(|&k| joint.observe(&stated.observed[k].row, &stated.observed[k].error));
            let off = joint.of(&COMPUTE).plus(&prior, -1.0);
            let sd = whole_sd(context, &off);
            let z = off.mean / sd;
            let weight = if sd > 0.0 { libm::exp(-0.5 * z * z) / sd } else { 1.0 };
            Reading { kept, joint, weight }
        })
        .collect();
    let sum: f64 = readings.iter().map(|r| r.weight).sum();
    let spread = 1.0 - LEAST * readings.len() as f64;
    let even = 1.0 / readings.len() as f64;
    for reading in &mut readings {
        let share = if sum > 0.0 && sum.is_finite() { reading.weight / sum } else { even };
        reading.weight = LEAST + spread * share;
    }
    readings
}

/// Own and shared parts together.
fn whole_sd(context: &Context<'_>, x: &Normal) -> f64 {
    let shared: f64 = loadings(&x.shared, context.study, context.priors).into_iter().map(|l| l * l).sum();
    (x.sd * x.sd + shared).sqrt()
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

fn kept_by_all(readings: &[Reading<'_>], observed: &[Observed], what: &str) -> bool {
    readings.iter().all(|r| r.kept.iter().any(|&k| observed[k].what == what))
}

/// A node as the mixture of what the readings make of it.
fn mixed(context: &Context<'_>, readings: &[Reading<'_>], row: &[f64; UNKNOWNS], provenance: Provenance) -> Draft {
    let parts = readings.iter().map(|reading| {
        let x = reading.joint.of(row);
        let part = LogNormal { median: libm::exp(x.mean), ln_sd: whole_sd(context, &x) };
        (reading.weight, lognormal(part))
    });
    Draft::new(mixture(parts.collect()), provenance)
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

fn used(readings: &[Reading<'_>], observed: &[Observed]) -> String {
    let parts: Vec<String> =
        readings.iter().map(|r| format!("{} ({:.0} %)", names(r.kept, observed), 100.0 * r.weight)).collect();
    format!("the row becomes a mixture of readings: {}", parts.join(", "))
}

fn provenance(readings: &[Reading<'_>], observed: &[Observed], node: &str) -> Provenance {
    let rows = [("emissions", "kg"), ("facility energy", "kWh"), ("IT energy", "kWh")];
    let unit = rows.iter().find(|(what, _)| *what == node).map_or("", |(_, unit)| unit);
    let stated: Vec<String> =
        observed.iter().map(|o| format!("{} (GSD {:.3})", o.what, libm::exp(o.error.sd))).collect();
    let weights: Vec<String> = readings
        .iter()
        .map(|r| format!("{} with weight {}", names(r.kept, observed), shown_to_three(r.weight)))
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
