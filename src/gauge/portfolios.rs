//! The portfolios of the known answers: products and sums of lognormals, models that share a factor, and a small one of
//! many kinds of distributions and shared effects whose moments have a closed form.
//!
//! Made as assessments, so that they go the whole way: compiled to a plan, drawn, estimated.

use std::collections::BTreeMap;

use crate::assess::{
    Acts, AssessedFactor, AssessedModel, Assessment, Kind, OUTPUTS, Provenance, SLOTS, SharedEffect, Slot, Term, Tier,
};
use crate::portfolio::{Basis, Boundary, Distribution, Factor, Labels, Run, Scope};

/// σ of the four lognormals, and the slots they are in.
pub const FOUR: [(Slot, f64); 4] =
    [(Slot::Compute, 0.5), (Slot::Efficiency, 0.3), (Slot::Reporting, 0.05), (Slot::Grid, 0.4)];

/// Equal models, each the product of four lognormals. The indices of their total are those of one of them.
pub fn products(models: usize) -> Assessment {
    let factors = FOUR.map(|(slot, sigma)| (slot, lognormal(sigma)));
    sum((0..models).map(|k| model(format!("model {k:06}"), &factors)).collect(), vec![])
}

/// One model, the product of eight lognormals: four of its own, each with a shared effect of half its name's pair.
pub fn pairs() -> Assessment {
    // In the order of `Assessment::shared`: by factor.
    let shared = [(Slot::Compute, 0.1), (Slot::Efficiency, 0.1), (Slot::Grid, 0.2), (Slot::Reporting, 0.02)];
    let mut model = model("product".into(), &FOUR.map(|(slot, sigma)| (slot, lognormal(sigma))));
    for (index, &(slot, _)) in shared.iter().enumerate() {
        expose(&mut model, slot, index);
    }
    sum(vec![model], shared.iter().map(|&(slot, sigma)| effect(slot.factor(), "", sigma)).collect())
}

/// Equal models, own σ = 0.5, and one factor of σ = 0.2 that all share.
pub fn scaling(models: usize) -> Assessment {
    let one = |k: usize| {
        let factors = [(Slot::Compute, lognormal(0.5)), (Slot::Grid, Distribution::Fixed(1.0))];
        let mut model = model(format!("model {k:06}"), &factors);
        expose(&mut model, Slot::Grid, 0);
        model
    };
    sum((0..models).map(one).collect(), vec![effect(Factor::Grid, "", 0.2)])
}

/// Independent LN(0, σ), added up.
pub fn lognormals(models: usize, sigma: f64) -> Assessment {
    sum((0..models).map(|k| model(format!("model {k:06}"), &[(Slot::Compute, lognormal(sigma))])).collect(), vec![])
}

/// A lognormal in one slot alone, one octave per standard deviation: log2 of its value is the normal drawn.
pub fn octave(slot: Slot) -> Assessment {
    sum(vec![model("octave".into(), &[(slot, Distribution::LogNormal { median: 1.0, gsd: 2.0 })])], vec![])
}

/// Six models in two regions, with lognormal, uniform, triangular, gamma and mixed factors, PUE as 1 + X, and effects
/// shared by all, by the models of a region, and on PUE − 1. `tests/reference/gauge.py` has the same numbers.
pub fn mixed() -> Assessment {
    use Distribution::{Fixed, Gamma, LogNormal, Mixture, Triangular, Uniform};
    let compute = [(5.0, 1.5), (1.0, 2.0), (2.0, 1.3), (0.5, 1.8), (3.0, 1.6), (8.0, 1.4)];
    let ln = |median: f64, gsd: f64| LogNormal { median, gsd };
    let grid = [
        Triangular { lo: 100.0, mode: 300.0, hi: 800.0 },
        Gamma { shape: 4.0, scale: 100.0 },
        Uniform { lo: 200.0, hi: 500.0 },
        ln(400.0, 1.3),
        ln(50.0, 1.5),
        Mixture(vec![(0.5, ln(50.0, 1.2)), (0.5, ln(600.0, 1.2))]),
    ];
    let overhead = || Distribution::Shifted { shift: 1.0, inner: Box::new(ln(0.2, 1.35)) };
    let pue =
        [overhead(), overhead(), overhead(), Uniform { lo: 1.05, hi: 1.5 }, Uniform { lo: 1.1, hi: 1.3 }, Fixed(1.2)];
    let effects = vec![
        effect_of_gsd(Factor::Efficiency, "", 1.15),
        effect_of_gsd(Factor::Pue, "", 1.2),
        effect_of_gsd(Factor::Grid, "X", 1.3),
        effect_of_gsd(Factor::Grid, "Y", 1.3),
    ];
    let models = compute.into_iter().zip(grid).zip(pue).enumerate().map(|(m, (((median, gsd), grid), pue))| {
        let factors = [
            (Slot::Compute, ln(median, gsd)),
            (Slot::Efficiency, ln(2.0, 1.2)),
            (Slot::Pue, pue),
            (Slot::Grid, grid),
            (Slot::Reporting, ln(1.0, 1.05)),
        ];
        let mut model = model(format!("model {m}"), &factors);
        model.terms.iter_mut().for_each(|term| term.powers[Slot::Efficiency as usize] = -1);
        expose(&mut model, Slot::Efficiency, 0);
        if m < 3 {
            expose(&mut model, Slot::Pue, 1);
        }
        expose(&mut model, Slot::Grid, 2 + m / 3);
        model
    });
    sum(models.collect(), effects)
}

/// LN(0, σ): median 1.
fn lognormal(sigma: f64) -> Distribution {
    Distribution::LogNormal { median: 1.0, gsd: libm::exp(sigma) }
}

/// Every output of the model is the product of these factors.
fn model(id: String, factors: &[(Slot, Distribution)]) -> AssessedModel {
    let mut slots = [const { None }; SLOTS];
    let mut powers = [0; SLOTS];
    for (slot, distribution) in factors {
        let distribution = distribution.clone();
        let factor = AssessedFactor { distribution, provenance: provenance(), shared: vec![], acts: Acts::Multiply };
        slots[*slot as usize] = Some(factor);
        powers[*slot as usize] = 1;
    }
    let terms = [Term { constant: 1.0, powers }; OUTPUTS];
    AssessedModel {
        id,
        tier: Tier::T4,
        factors: slots,
        terms,
        further: vec![],
        labels: Labels::new(),
        provenance: BTreeMap::new(),
    }
}

fn expose(model: &mut AssessedModel, slot: Slot, effect: usize) {
    if let Some(factor) = &mut model.factors[slot as usize] {
        factor.shared.push((effect, 1.0));
    }
}

fn effect(factor: Factor, region: &str, sigma: f64) -> SharedEffect {
    let of = |text: &str| (!region.is_empty()).then(|| text.to_string()).into_iter().collect();
    SharedEffect {
        factor,
        name: "known answer".into(),
        by: of("region"),
        value: of(region),
        ordinal: 0,
        ln_gsd: sigma,
        chosen: false,
        source: "known answer".into(),
    }
}

fn effect_of_gsd(factor: Factor, region: &str, gsd: f64) -> SharedEffect {
    effect(factor, region, libm::log(gsd))
}

fn provenance() -> Provenance {
    Provenance { kind: Kind::Disclosed, how: String::new(), source: String::new(), chosen: false }
}

/// Models are in the order of their ids.
fn sum(models: Vec<AssessedModel>, shared: Vec<SharedEffect>) -> Assessment {
    let scope = Scope { run: Run::Final, boundary: Boundary::Facility, basis: Basis::Location, embodied: false };
    Assessment { models, shared, scope, warnings: vec![], groups_by: vec![], further: vec![] }
}
