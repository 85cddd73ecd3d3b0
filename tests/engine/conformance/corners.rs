//! Totals at the corners of pick-freeze designs: every adapter gives what the CPU gives, and small designs what the plain
//! definition gives.

use carbonhaze::engine::draw::accumulate::CEILING;
use carbonhaze::engine::draw::corners::define;
use carbonhaze::engine::gpu::{Fault, Options};
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::plan::{Plan, WORDS};
use carbonhaze::engine::{Backend, Corners, Gpu, Prepared, Simd};
use carbonhaze::low_level::posterior::grouping::by_factor;
use proptest::prelude::*;

use super::backends::{cpu, every_adapter, gpus, variants};
use super::fixtures::{assessed, hub, open_weights};
use super::plan;
use crate::common::cases::cases;
use crate::common::{Families, bounded_and_ranked, gpu, random_assessment};

/// By slot, by model, by model in pairs of more groups than a cube has; and effects in groups of their own, so that
/// several groups act on one factor, and on one PUE.
fn design(plan: &Plan, kind: u8) -> Design {
    let (n, effects) = (plan.models.len(), plan.effects.len());
    let own: [u8; WORDS] = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3];
    let all = vec![true; plan.outputs.len()];
    match kind {
        0 => Design::cube(6, vec![own; n], (0..effects).map(|e| (e % 6) as u8).collect(), all),
        1 => Design::cube(3, (0..n).map(|m| [(m % 2) as u8; WORDS]).collect(), vec![2; effects], all),
        2 => Design::pairs(12, (0..n).map(|m| [(m % 11) as u8; WORDS]).collect(), vec![11; effects], all),
        _ => Design::pairs(
            64,
            vec![own; n],
            (0..effects).map(|e| 63 - e as u8 % 9).collect(),
            vec![true, false, true, true],
        ),
    }
}

fn corners(backend: &dyn Backend, plan: &Plan, design: &Design, seed: u64, draws: std::ops::Range<u64>) -> Corners {
    let prepared = Prepared::new(plan, design).expect("few groups");
    backend.corners(&prepared, seed, draws, &|_| true).expect("neither interrupted nor failed")
}

/// The small plan with effects in abundance: seven on a factor, three on a PUE, and totals that pass their ceilings.
fn crowded() -> Plan {
    let mut plan = plan(&random_assessment(31, 20, Families::All, true));
    plan.header.effects = (1..=9).map(|k| 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(k)).collect();
    let scale = |e: u32| (i32::try_from(e).expect("small") - 4) * (1 << 22) + 12345;
    let cell =
        |effects: &[u32]| carbonhaze::engine::plan::Cell { parts: effects.iter().map(|&e| (e, scale(e))).collect() };
    plan.header.cells = vec![cell(&[0, 1, 2, 3, 4, 5, 6]), cell(&[6, 7]), cell(&[0, 8]), cell(&[2, 3, 4])];
    for (m, model) in plan.models.iter_mut().enumerate() {
        let chain = [Some(0), Some(2), (m % 3 > 0).then_some(1), Some(3), (m % 2 == 0).then_some(2)];
        model.cells = std::array::from_fn(|s| chain.get(s).copied().flatten());
    }
    plan.header.saturable = true;
    // A unit in which the median total is about at the ceiling.
    let cpu = cpu(1, 0, Simd::detect());
    let mut totals = cpu.run(&plan, 7, 0..999, &|_| true).expect("not interrupted").totals[3].clone();
    totals.sort_unstable();
    plan.header.outputs[3].unit -= 53 - totals[499].max(1).ilog2() as i32;
    plan
}

#[test]
fn every_adapter_agrees_on_real_portfolios() {
    for (name, plan) in [("hub_models", hub()), ("open_weights", open_weights())] {
        let (design, _) = by_factor(&assessed(name), &plan);
        let cpu = cpu(0, 0, Simd::detect());
        let expected = corners(&cpu, &plan, &design, 42, 0..3001);
        for gpu in gpus().iter().filter(|gpu| gpu.usual) {
            assert!(corners(&*gpu.backend, &plan, &design, 42, 0..3001) == expected, "{}", gpu.name);
            assert_eq!(gpu.backend.notices(), Vec::<String>::new(), "{}", gpu.name);
            // Negative control: one draw further on.
            let mut moved = corners(&*gpu.backend, &plan, &design, 42, 1..3002);
            moved.draws = expected.draws.clone();
            assert!(moved != expected);
        }
    }
}

#[test]
fn every_variant_agrees_on_every_kind_of_design() {
    let some = plan(&random_assessment(31, 30, Families::All, true));
    let crowded = crowded();
    let start = (1 << 32) - 300;
    for (kind, plan) in [(0, &some), (2, &some), (3, &crowded)] {
        let design = design(plan, kind);
        let expected = corners(&cpu(0, 0, Simd::detect()), plan, &design, 7, start..start + 601);
        for gpu in variants().iter().chain(gpus()) {
            assert!(corners(&*gpu.backend, plan, &design, 7, start..start + 601) == expected, "{kind}, {}", gpu.name);
        }
        let defined = define(plan.whole(), &design, 7, start..start + 30);
        assert!(expected.totals.iter().flatten().zip(defined.totals.iter().flatten()).all(|(a, b)| a[..30] == b[..]));
    }
    let expected = corners(&cpu(0, 0, Simd::detect()), &crowded, &design(&crowded, 3), 7, start..start + 601);
    let held = expected.totals[3].iter().flatten().filter(|&&total| total == CEILING).count();
    assert!(held > 0 && held < 601 * expected.totals[3].len(), "{held}");
}

/// Factors that are functions of their own parts and of shared effects together.
#[test]
fn bounds_and_ranks_agree_at_corners() {
    let plan = plan(&bounded_and_ranked(random_assessment(3, 30, Families::All, true)));
    assert!(plan.models.iter().flat_map(|m| &m.marginals).filter(|m| m.is_joint()).count() > 9);
    let start = (1 << 32) - 300;
    for kind in [0, 1, 3] {
        let design = design(&plan, kind);
        let expected = corners(&cpu(0, 0, Simd::detect()), &plan, &design, 7, start..start + 601);
        for gpu in gpus().iter().filter(|_| kind > 0) {
            assert!(corners(&*gpu.backend, &plan, &design, 7, start..start + 601) == expected, "{kind}, {}", gpu.name);
        }
        let defined = define(plan.whole(), &design, 7, start..start + 30);
        assert!(expected.totals.iter().flatten().zip(defined.totals.iter().flatten()).all(|(a, b)| a[..30] == b[..]));
    }
    // The corner where everything is of sample A is what a plain run draws.
    let design = design(&plan, 1);
    let found = corners(&cpu(0, 0, Simd::detect()), &plan, &design, 7, 0..100);
    let plain = cpu(1, 0, Simd::detect()).run(&plan, 7, 0..100, &|_| true).expect("not interrupted");
    assert!((0..4).all(|o| found.of(o, 7) == &plain.totals[o][..]));
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn every_adapter_agrees_on_random_portfolios(
        portfolio in any::<u64>(), models in 1usize..60, zeros in any::<bool>(), kind in 0u8..4,
        draws in 1u64..1500, start in prop_oneof![Just(0u64), Just((1 << 32) - 700), Just((1 << 40) - 1500)],
        seed in any::<u64>(),
    ) {
        let plan = plan(&random_assessment(portfolio, models, Families::All, zeros));
        let design = design(&plan, kind);
        let range = start..start + draws;
        let expected = corners(&cpu(2, 0, Simd::detect()), &plan, &design, seed, range.clone());
        for gpu in gpus() {
            prop_assert!(corners(&*gpu.backend, &plan, &design, seed, range.clone()) == expected, "{}", gpu.name);
        }
    }
}

/// Negative control: another seed is another result.
#[test]
fn another_seed_is_seen() {
    let plan = plan(&random_assessment(31, 30, Families::All, true));
    let cpu = cpu(1, 0, Simd::detect());
    for kind in 0..4 {
        let design = design(&plan, kind);
        assert!(corners(&cpu, &plan, &design, 7, 0..60) != corners(&cpu, &plan, &design, 6, 0..60), "{kind}");
    }
}

/// More models than a window takes, and buffers so small that stretches are short.
#[test]
fn windows_and_stretches_change_nothing() {
    let mut assessment = random_assessment(21, 14, Families::All, true);
    let few = std::mem::take(&mut assessment.models);
    for copy in 0..70 {
        assessment.models.extend(few.iter().map(|m| {
            let mut m = m.clone();
            m.id = format!("{}-{copy}", m.id);
            m
        }));
    }
    let plan = plan(&assessment);
    let design = design(&plan, 1);
    let expected = corners(&cpu(0, 0, Simd::detect()), &plan, &design, 4, 0..1100);
    for binding_bytes in [1 << 20, 3 << 20] {
        for gpu in every_adapter(&Options { binding_bytes, ..Options::default() }) {
            assert!(corners(&*gpu.backend, &plan, &design, 4, 0..1100) == expected, "{}", gpu.name);
        }
    }
}

/// Slabs from the CPU and from a device are one, wherever they meet.
#[test]
fn slabs_of_different_backends_merge() {
    let plan = plan(&random_assessment(31, 20, Families::All, true));
    let design = design(&plan, 3);
    let (first, end) = ((1 << 32) - 500, (1 << 32) + 500);
    let cpu = cpu(2, 0, Simd::detect());
    let whole = corners(&cpu, &plan, &design, 7, first..end);
    for gpu in gpus() {
        for at in [first + 1, first + 256, first + 500, end - 1] {
            let (a, b) =
                (corners(&cpu, &plan, &design, 7, first..at), corners(&*gpu.backend, &plan, &design, 7, at..end));
            assert!(b.merge(a).unwrap() == whole, "{}: {at}", gpu.name);
        }
    }
}

/// Negative controls: the second sample in another stream, a constant of the random numbers, an element on the other
/// side. And what changes nothing.
#[test]
fn a_changed_kernel_is_seen() {
    // With effects of several groups on one PUE.
    let plan = crowded();
    let design = design(&plan, 3);
    let expected = corners(&cpu(1, 0, Simd::detect()), &plan, &design, 1, 0..300);
    let changes = [
        ("DOMAIN_OWN_SECOND: u32 = 3u", "DOMAIN_OWN_SECOND: u32 = 0u", true),
        ("DOMAIN_SHARED_SECOND: u32 = 4u", "DOMAIN_SHARED_SECOND: u32 = 1u", true),
        ("0xD2511F53u", "0xD2511F52u", true),
        ("masks, SLOTS + i, slot_power", "masks, SLOTS + i + 1u, slot_power", true),
        ("JOINT_BITS: u32 = SLOTS + MAX_EXTRAS;", "JOINT_BITS: u32 = SLOTS + MAX_EXTRAS - 1u;", true),
        ("0xD2511F53u", "0xd2511f53u", false),
    ];
    for (from, to, seen) in changes {
        let Some(found) = gpu::first() else { return };
        let options = Options { faults: vec![Fault::ChangedKernel { from, to }], ..Options::default() };
        let gpu = Gpu::with(found, options, None);
        assert_eq!(corners(&gpu, &plan, &design, 1, 0..300) != expected, seen, "{from}");
    }
}

/// What is reported adds up to the draws; a callback that says no ends the work.
#[test]
fn progress_and_interrupts() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let some = plan(&random_assessment(31, 20, Families::All, true));
    let none = Plan { models: vec![], ..some.clone() };
    for gpu in gpus() {
        for plan in [&some, &none] {
            let design = design(plan, 0);
            let prepared = Prepared::new(plan, &design).unwrap();
            let told = AtomicU64::new(0);
            let progress = |n| {
                told.fetch_add(n, Ordering::Relaxed);
                true
            };
            let given = gpu.backend.corners(&prepared, 1, 17..1018, &progress).expect("not interrupted");
            assert!(given == corners(&cpu(1, 0, Simd::detect()), plan, &design, 1, 17..1018), "{}", gpu.name);
            assert_eq!(told.into_inner(), 1001);
            assert!(gpu.backend.corners(&prepared, 1, 17..1018, &|_| false).is_err());
        }
    }
}
