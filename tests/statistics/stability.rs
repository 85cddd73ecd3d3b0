//! Frozen vectors of the random stream. **A change of any literal here is value-breaking**: the same study and seed
//! would give other numbers than an earlier version gave.
//!
//! Unlike everywhere else in the tests, these literals were printed by this code (version 0.1.0): whether they are
//! right is shown by the other tests; that they stay is what this one is for.

use carbonhaze::engine::draw::inverse_normal::inverse_normal;
use carbonhaze::engine::draw::philox::{Domain, MAX_DRAW, Stream};
use carbonhaze::low_level::assess::{Assessment, Slot};
use carbonhaze::low_level::compile::key::{effect_key, model_key};
use carbonhaze::low_level::portfolio::Distribution::{self, *};
use carbonhaze::low_level::portfolio::Factor;
use sha2::{Digest, Sha256};

use crate::common::pipeline::{Run, run};
use crate::common::{effect, factor, model, scope, slots};

/// Seed, domain, block, entity and draw, then the four words and their normals.
type Vector = (u64, Domain, u16, u64, u64, [u32; 4], [i32; 4]);

const STREAM: [Vector; 6] = [
    (
        0,
        Domain::Own,
        0,
        0,
        0,
        [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8], // Random123's first known answer
        [68670105, -81635243, -193316894, -335791231],
    ),
    (
        42,
        Domain::Own,
        0,
        0x0123_4567_89ab_cdef,
        0,
        [0x90228a5a, 0x1b210ed6, 0xa084eb28, 0x43a204b9],
        [-410665747, 335069534, -306164634, 169242744],
    ),
    (
        42,
        Domain::Own,
        1,
        0x0123_4567_89ab_cdef,
        1,
        [0x5c841d4b, 0xbc99fae3, 0x88c8dc36, 0xdf64508c],
        [95225696, -192435603, -488780502, -87217518],
    ),
    (
        42,
        Domain::Shared,
        0,
        u64::MAX,
        999_999,
        [0xf7d34053, 0x265024c0, 0x86060cf8, 0xa8150ad4],
        [-21509569, 278606834, -533049225, -270757683],
    ),
    (
        u64::MAX,
        Domain::Independent,
        0,
        1 << 63,
        1 << 32,
        [0xf1ef4a24, 0x46bb0838, 0xb4528f4f, 0x732dcf1b],
        [-37086690, 159422282, -221744089, 33787763],
    ),
    (
        1 << 32,
        Domain::Independent,
        65_535,
        1,
        MAX_DRAW,
        [0x7b6e4d2e, 0xb595f354, 0xb92e7a06, 0xbdd957c1],
        [12013487, -217106699, -204246259, -188219611],
    ),
];

#[test]
fn words_and_normals() {
    for (seed, domain, block, entity, draw, words, normals) in STREAM {
        let got = Stream::new(seed, domain, block, entity).words(draw);
        assert_eq!(got, words, "{seed} {domain:?} {block} {entity} {draw}");
        assert_eq!(got.map(inverse_normal), normals);
        // Negative control: another entity.
        assert_ne!(Stream::new(seed, domain, block, entity ^ 1).words(draw), words);
    }
}

#[test]
fn keys() {
    assert_eq!(model_key("meta-llama/Llama-3.1-8B"), 0x106d_db1e_a084_85ac);
    let in_germany = |ordinal| effect_key(&effect(Factor::Grid, &["region"], &["DE"], ordinal, 1.3));
    assert_eq!(in_germany(0), 0x8be8_18e2_3074_7422);
    assert_ne!(in_germany(1), in_germany(0));
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
        let reporting = (k == 1).then_some(Uniform { lo: 0.9, hi: 1.2 });
        let mut m = model(
            &format!("org/model-{k}"),
            slots([
                factor(compute),
                factor(ln(2e11, 1.5)),
                factor(if k == 5 { Fixed(1.1) } else { shifted(0.2) }),
                factor(grid),
                reporting.and_then(factor),
                None,
            ]),
        );
        m.factors[Slot::Grid as usize].as_mut().unwrap().shared.push((1 + k % 2, 1.0));
        m.factors[Slot::Pue as usize].as_mut().unwrap().shared.push((0, 0.5));
        m.labels.insert("region", ["north", "south"][k % 2]);
        m
    });
    let mut shared = vec![
        effect(Factor::Pue, &[], &[], 0, 1.25),
        effect(Factor::Grid, &["region"], &["north"], 0, 1.3),
        effect(Factor::Grid, &["region"], &["south"], 0, 1.3),
    ];
    // Not by this host's logarithm.
    shared.iter_mut().for_each(|e| e.ln_gsd = 0.25);
    let models = models.collect();
    Assessment { models, shared, scope: scope(), warnings: vec![], groups_by: vec!["region".into()], further: vec![] }
}

/// SHA-256 over every integer of the summary: units and totals per draw, groups, single models.
fn digest(run: &Run) -> String {
    let mut hash = Sha256::new();
    for (column, total) in run.summary.totals.iter().enumerate() {
        let unit = run.plan.unit(column);
        hash.update(unit.to_le_bytes());
        total.iter().for_each(|count| hash.update(count.to_le_bytes()));
    }
    for group in &run.summary.groups {
        if let carbonhaze::engine::GroupSummary::Kept { headline, denominator } = group {
            headline.iter().chain(denominator).for_each(|count| hash.update(count.to_le_bytes()));
        }
    }
    for moments in run.summary.models.iter().flat_map(|m| [&m.headline, &m.ratio]) {
        hash.update(moments.sum.to_le_bytes());
        hash.update(moments.sum_sq.to_le_bytes());
        hash.update(moments.zeros.to_le_bytes());
        hash.update(moments.undefined.to_le_bytes());
        moments.bins.iter().for_each(|count| hash.update(count.to_le_bytes()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compute, IT energy, energy, emissions and independent emissions of the first four draws, in the plan's units.
const FIRST_TOTALS: [[u64; 4]; 5] = [
    [2276852454872832, 2297120823200768, 2718347639026176, 2916349279867904],
    [50562535401952, 138664660957736, 139704095032064, 77150075728736],
    [14837337843480, 42137429200076, 47371574220232, 23384942640136],
    [1283827521700, 3221470819488, 6426732685899, 1797096165369],
    [1454890084102, 3791023442328, 5766042907136, 2775416953009],
];
/// log2 of those units.
const UNITS: [i32; 5] = [-26, -21, -19, -27, -27];
/// Of a thousand draws.
const DIGEST: &str = "d30ec626061681b847f866a841cee0c31f0fdb73e535043d597e37c91bbad927";

#[test]
fn totals_of_a_study() {
    let first = run(study(), 42, 4);
    assert_eq!((0..5).map(|column| first.plan.unit(column)).collect::<Vec<_>>(), UNITS);
    assert_eq!(first.summary.totals, FIRST_TOTALS.map(|t| t.to_vec()));
    let thousand = run(study(), 42, 1000);
    assert_eq!(digest(&thousand), DIGEST);
    // Negative controls: another seed; one count in one bin of one model.
    assert_ne!(digest(&run(study(), 43, 1000)), DIGEST);
    let mut changed = thousand;
    changed.summary.models[3].ratio.bins[512] += 1;
    assert_ne!(digest(&changed), DIGEST);
}
