//! Random portfolios, made without any file: assessments with every family of distribution, shared effects and groups.
#![allow(dead_code)] // each test binary uses a part

pub mod cases;
pub mod gpu;
pub mod pipeline;
pub mod significance;

use std::collections::BTreeMap;

use carbonhaze::low_level::assess::*;
use carbonhaze::low_level::portfolio::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Which marginals a random portfolio has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Families {
    LogNormal,
    All,
}

pub fn provenance() -> Provenance {
    Provenance { kind: Kind::Disclosed, how: "test".into(), source: "test".into(), chosen: false }
}

pub fn scope() -> Scope {
    Scope { run: Run::Final, boundary: Boundary::Facility, basis: Basis::Location, embodied: false }
}

pub fn effect(factor: Factor, by: &[&str], value: &[&str], ordinal: u32, gsd: f64) -> SharedEffect {
    SharedEffect {
        factor,
        name: "test".into(),
        by: by.iter().map(|s| s.to_string()).collect(),
        value: value.iter().map(|s| s.to_string()).collect(),
        ordinal,
        ln_gsd: gsd.ln(),
        chosen: false,
        source: "test".into(),
    }
}

/// The factors of the chain, in the order of their slots.
pub fn slots(chain: [Option<AssessedFactor>; 6]) -> [Option<AssessedFactor>; SLOTS] {
    let mut chain = chain.into_iter();
    std::array::from_fn(|_| chain.next().flatten())
}

/// A model with the forward chain compute → IT energy → energy → emissions over the given factors.
pub fn model(id: &str, factors: [Option<AssessedFactor>; SLOTS]) -> AssessedModel {
    let chain = |up_to: usize| {
        let mut powers = [0; SLOTS];
        powers[Slot::Compute as usize] = 1;
        powers[Slot::Lineage as usize] = 1;
        if up_to >= 1 {
            powers[Slot::Efficiency as usize] = -1;
        }
        if up_to >= 2 {
            powers[Slot::Pue as usize] = 1;
        }
        if up_to >= 3 {
            powers[Slot::Grid as usize] = 1;
            powers[Slot::Reporting as usize] = 1;
        }
        powers
    };
    let constants = [1e-18, 1.0 / 3.6e6, 1.0 / 3.6e6, 1.0 / 3.6e12];
    AssessedModel {
        id: id.into(),
        tier: Tier::T4,
        factors,
        terms: std::array::from_fn(|o| Term { constant: constants[o], powers: chain(o) }),
        further: vec![],
        labels: Labels::from([("tier", "4")]),
        provenance: BTreeMap::new(),
    }
}

pub fn factor(distribution: Distribution) -> Option<AssessedFactor> {
    Some(AssessedFactor { distribution, provenance: provenance(), shared: vec![], acts: Acts::Multiply })
}

fn positive(rng: &mut StdRng, centre: f64, families: Families) -> Distribution {
    use Distribution::*;
    let m = centre * (rng.random_range(-1.5..1.5f64)).exp();
    let gsd = rng.random_range(0.05..0.9f64).exp();
    let family = if families == Families::LogNormal { 0 } else { rng.random_range(0..14) };
    match family {
        1 => Fixed(m),
        2 => Normal { mean: m, sd: m * rng.random_range(0.02..0.19) },
        3 => Uniform { lo: m * 0.5, hi: m * 2.0 },
        4 => LogUniform { lo: m * 0.1, hi: m * 3.0 },
        5 => Triangular { lo: m * 0.5, mode: m, hi: m * 3.0 },
        6 => Pert { lo: m * 0.5, mode: m * 0.7, hi: m * 4.0 },
        7 => Beta { a: rng.random_range(2.5..6.0), b: rng.random_range(0.8..4.0), lo: m * 0.2, hi: m * 2.0 },
        8 => Gamma { shape: rng.random_range(5.0..9.0), scale: m },
        9 => LogitNormal { mu: rng.random_range(-1.0..1.0), sd: rng.random_range(0.2..1.2), lo: m * 0.1, hi: m * 2.0 },
        10 => Mixture(vec![(0.3, LogNormal { median: m * 0.2, gsd }), (0.7, LogNormal { median: m, gsd: 1.2 })]),
        11 => Empirical((1..=rng.random_range(3..12)).map(|k| m * f64::from(k)).collect()),
        12 => Truncated { inner: Box::new(LogNormal { median: m, gsd: gsd * 1.5 }), lo: 0.0, hi: m * 2.0 },
        _ => LogNormal { median: m, gsd },
    }
}

/// A random portfolio; the same seed gives the same one.
pub fn random_assessment(seed: u64, models: usize, families: Families, zeros: bool) -> Assessment {
    let mut rng = StdRng::seed_from_u64(seed);
    let regions = ["north", "south", "east"];
    let mut shared = vec![];
    if rng.random_bool(0.8) {
        shared.push(effect(Factor::Compute, &[], &[], 0, 1.05));
        shared.push(effect(Factor::Efficiency, &[], &[], 0, 1.2));
        for r in regions {
            shared.push(effect(Factor::Grid, &["region"], &[r], 0, 1.3));
        }
        if families == Families::All && rng.random_bool(0.5) {
            shared.push(effect(Factor::Pue, &[], &[], 0, 1.25));
        }
    }
    shared.sort_by(|a, b| (a.factor, &a.by, &a.value, a.ordinal).cmp(&(b.factor, &b.by, &b.value, b.ordinal)));
    let find = |f: Factor, value: &[&str]| shared.iter().position(|e| e.factor == f && *e.value == *value);
    let mut list = vec![];
    for k in 0..models {
        let region = regions[rng.random_range(0..3)];
        let mut compute = positive(&mut rng, 1e23, families);
        if zeros && rng.random_bool(0.3) {
            compute = Distribution::Mixture(vec![(0.25, Distribution::Fixed(0.0)), (0.75, compute)]);
        }
        let pue = match rng.random_range(0..4) {
            0 if families == Families::All => Distribution::Uniform { lo: 1.05, hi: 1.6 },
            1 if families == Families::All => Distribution::Fixed(1.2),
            _ => {
                Distribution::Shifted { shift: 1.0, inner: Box::new(Distribution::LogNormal { median: 0.2, gsd: 1.4 }) }
            }
        };
        let mut grid = positive(&mut rng, 300.0, families);
        if zeros && rng.random_bool(0.2) {
            grid = Distribution::Mixture(vec![(0.1, Distribution::Fixed(0.0)), (0.9, grid)]);
        } else if zeros && rng.random_bool(0.2) {
            grid = Distribution::Fixed(0.0);
        }
        let mut factors = [const { None }; SLOTS];
        factors[0] = factor(compute);
        factors[1] = factor(positive(&mut rng, 2e11, families));
        factors[2] = factor(pue);
        factors[3] = factor(grid);
        if rng.random_bool(0.4) {
            factors[4] = factor(positive(&mut rng, 1.0, families));
        }
        if rng.random_bool(0.2) {
            let two = Distribution::Mixture(vec![(0.4, Distribution::Fixed(1.0)), (0.6, Distribution::Fixed(1e-3))]);
            factors[5] = factor(two);
        }
        let mut share = |slot: Slot, index: Option<usize>| {
            if let (Some(f), Some(i)) = (&mut factors[slot as usize], index) {
                f.shared.push((i, 1.0));
                f.shared.sort_by_key(|s| s.0);
            }
        };
        if rng.random_bool(0.9) {
            share(Slot::Compute, find(Factor::Compute, &[]));
            share(Slot::Efficiency, find(Factor::Compute, &[]));
            share(Slot::Efficiency, find(Factor::Efficiency, &[]));
            share(Slot::Grid, find(Factor::Grid, &[region]));
            share(Slot::Pue, find(Factor::Pue, &[]));
        }
        let mut m = model(&format!("model-{seed}-{k:03}"), factors);
        m.labels.insert("region", region);
        m.labels.insert("which", format!("{}", k % 40));
        list.push(m);
    }
    list.sort_by(|a, b| a.id.cmp(&b.id));
    let groups_by = if rng.random_bool(0.5) { vec!["region".into(), "which".into()] } else { vec![] };
    Assessment { models: list, shared, scope: scope(), warnings: vec![], groups_by, further: vec![] }
}

/// The same portfolio with bounds on compute that hold with its shared effects, which are wide, and with effects on
/// the ranks of lineage and of grid.
pub fn bounded_and_ranked(mut assessment: Assessment) -> Assessment {
    let ranks = [Factor::Lineage, Factor::Grid].map(|f| effect(f, &["class"], &["one"], 0, 0.6f64.exp()));
    if assessment.shared.is_empty() {
        assessment.shared.push(effect(Factor::Compute, &[], &[], 0, 2.0));
    }
    for shared in assessment.shared.iter_mut().filter(|e| e.factor == Factor::Compute) {
        shared.ln_gsd = 0.9;
    }
    let rank = assessment.shared.len();
    assessment.shared.extend(ranks);
    for (k, model) in assessment.models.iter_mut().enumerate() {
        if let Some(compute) = &mut model.factors[Slot::Compute as usize]
            && let Distribution::LogNormal { median, gsd } = compute.distribution
        {
            if compute.shared.is_empty() {
                compute.shared.push((0, 1.0));
            }
            // Not so narrow that the shared part alone decides.
            let gsd = gsd.max(1.6);
            compute.distribution = Distribution::LogNormal { median, gsd };
            compute.acts = Acts::Below { hi: median * gsd.powf(0.5 * (k % 4) as f64) };
        }
        for (slot, rank) in [(Slot::Lineage, rank), (Slot::Grid, rank + 1)] {
            if let Some(factor) = &mut model.factors[slot as usize]
                && !matches!(factor.distribution, Distribution::Fixed(_))
                && (slot == Slot::Lineage || k % 2 == 0)
            {
                (factor.shared, factor.acts) = (vec![(rank, if k % 3 == 0 { -1.0 } else { 1.0 })], Acts::Rank);
            }
        }
    }
    assessment
}
