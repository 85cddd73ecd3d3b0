//! Frozen vectors of the random stream. **A change of any literal here is value-breaking**: the same study and seed
//! would give other numbers than an earlier version gave.
//!
//! Unlike everywhere else in the tests, these literals were printed by this code (version 0.1.0): whether they are
//! right is shown by the other tests; that they stay is what this one is for.

use carbonhaze::assess::{Assessment, Slot};
use carbonhaze::engine::inverse_normal::inverse_normal;
use carbonhaze::engine::philox::{Domain, MAX_DRAW, Stream};
use carbonhaze::plan::key::{effect_key, model_key};
use carbonhaze::plan::{OUTPUT_COMPUTE, OUTPUT_EMISSIONS};
use carbonhaze::portfolio::Distribution::{self, *};
use carbonhaze::portfolio::Factor;
use sha2::{Digest, Sha256};

use crate::common::pipeline::{Run, run};
use crate::common::{effect, factor, model, scope};

/// Seed, domain, block, entity and draw, then the four words and their normals.
type Vector = (u64, Domain, u16, u64, u64, [u32; 4], [i32; 4]);

const STREAM: [Vector; 0] = [];

#[test]
fn words_and_normals() {
    let cases = [
        (0, Domain::Own, 0, 0, 0),
        (42, Domain::Own, 0, 0x0123_4567_89ab_cdef, 0),
        (42, Domain::Own, 1, 0x0123_4567_89ab_cdef, 1),
        (42, Domain::Shared, 0, u64::MAX, 999_999),
        (u64::MAX, Domain::Independent, 0, 1 << 63, 1 << 32),
        (1 << 32, Domain::Independent, 65_535, 1, MAX_DRAW),
    ];
    for (seed, domain, block, entity, draw) in cases {
        let w = Stream::new(seed, domain, block, entity).words(draw);
        println!("({seed}, Domain::{domain:?}, {block}, {entity:#x}, {draw}, {w:#x?}, {:?}),", w.map(inverse_normal));
    }
    for (seed, domain, block, entity, draw, words, normals) in STREAM {
        let got = Stream::new(seed, domain, block, entity).words(draw);
        assert_eq!(got, words, "{seed} {domain:?} {block} {entity} {draw}");
        assert_eq!(got.map(inverse_normal), normals);
        assert_ne!(Stream::new(seed, domain, block, entity ^ 1).words(draw), words);
    }
}

#[test]
fn keys() {
    println!("{:#x}", model_key("meta-llama/Llama-3.1-8B"));
    println!("{:#x}", effect_key(&effect(Factor::Grid, &["region"], &["DE"], 0, 1.3)));
}

/// A study of every kind of marginal, with shared effects on grid and PUE and groups.
fn study() -> Assessment {
    let ln = |median, gsd| LogNormal { median, gsd };
    let shifted = |median| Shifted { shift: 1.0, inner: Box::new(ln(median, 1.4)) };
    let compute: [Distribution; 6] = [
        ln(3.8e25, 1.2),
        Normal { mean: 1e24, sd: 1e23 },
        Truncated { inner: Box::new(ln(2e23, 4.0)), lo: 0.0, hi: 5e24 },
        Mixture(vec![(0.25, Fixed(0.0)), (0.75, ln(4e22, 2.0))]),
        Gamma { shape: 3.0, scale: 1e23 },
        Fixed(6e22),
    ];
    let models = compute.into_iter().enumerate().map(|(k, compute)| {
        let grid = if k % 2 == 0 { ln(380.0, 1.2) } else { Triangular { lo: 20.0, mode: 50.0, hi: 90.0 } };
        let reporting = (k == 1).then(|| Uniform { lo: 0.9, hi: 1.2 });
        let mut m = model(
            &format!("org/model-{k}"),
            [
                factor(compute),
                factor(ln(2e11, 1.5)),
                factor(if k == 5 { Fixed(1.1) } else { shifted(0.2) }),
                factor(grid),
                reporting.and_then(factor),
                None,
            ],
        );
        m.factors[Slot::Grid as usize].as_mut().unwrap().shared.push((k % 2, 1.0));
        m.factors[Slot::Pue as usize].as_mut().unwrap().shared.push((2, 0.5));
        m.labels.insert("region".into(), ["north", "south"][k % 2].into());
        m
    });
    // The order of factors is compute, efficiency, pue, grid …; effects are sorted by it.
    let shared = vec![
        effect(Factor::Grid, &["region"], &["north"], 0, 1.3),
        effect(Factor::Grid, &["region"], &["south"], 0, 1.3),
        effect(Factor::Pue, &[], &[], 0, 1.25),
    ];
    let models = models.collect();
    Assessment { models, shared, scope: scope(), warnings: vec![], groups_by: vec!["region".into()] }
}

/// SHA-256 over every integer of the summary: units and totals per draw, groups, single models.
fn digest(run: &Run) -> String {
    let mut hash = Sha256::new();
    for (unit, total) in run.plan.total_units.iter().zip(&run.summary.totals) {
        hash.update(unit.to_le_bytes());
        total.iter().for_each(|count| hash.update(count.to_le_bytes()));
    }
    for group in &run.summary.groups {
        if let carbonhaze::engine::GroupSummary::Kept { emissions, compute } = group {
            emissions.iter().chain(compute).for_each(|count| hash.update(count.to_le_bytes()));
        }
    }
    for moments in run.summary.models.iter().flat_map(|m| [&m.emissions, &m.atci]) {
        hash.update(moments.sum.to_le_bytes());
        hash.update(moments.sum_sq.to_le_bytes());
        hash.update(moments.zeros.to_le_bytes());
        hash.update(moments.undefined.to_le_bytes());
        moments.bins.iter().for_each(|count| hash.update(count.to_le_bytes()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn totals_of_a_study() {
    let first = run(study(), 42, 4);
    println!("{:?}", first.summary.totals);
    println!("{:?} {:?}", first.plan.total_units, (OUTPUT_COMPUTE, OUTPUT_EMISSIONS));
    println!("{}", digest(&run(study(), 42, 1000)));
}
