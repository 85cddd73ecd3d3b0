//! Random portfolios against the scalar definition.

use carbonhaze::engine::gpu::Options;
use carbonhaze::engine::{Backend, GroupSummary, Scalar, Simd};
use carbonhaze::plan::{KEPT_GROUPS, Plan, Range};
use proptest::prelude::*;

use crate::backends::{Named, cpu, cpus, every_adapter, gpus, run, variants};
use crate::common::cases::cases;
use crate::common::{Families, random_assessment};
use crate::plan;

/// On the CPU in so many threads and chunks, and on every adapter.
fn every_backend_gives_the_definition(
    plan: &Plan,
    seed: u64,
    draws: std::ops::Range<u64>,
    threads: usize,
    chunk: usize,
) {
    let expected = run(&Scalar, plan, seed, draws.clone());
    for Named { name, backend, .. } in cpus(threads, chunk) {
        assert!(run(&*backend, plan, seed, draws.clone()) == expected, "{name}");
    }
    for Named { name, backend, .. } in gpus() {
        assert!(run(&**backend, plan, seed, draws.clone()) == expected, "{name}");
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn every_backend_is_the_scalar_definition(
        portfolio in any::<u64>(), models in 1usize..50, log_normal in any::<bool>(), zeros in any::<bool>(),
        draws in 1u64..3000, start in prop_oneof![Just(0u64), Just((1 << 32) - 700), Just((1 << 40) - 3000)],
        threads in 1usize..4, chunk in 1usize..2000, seed in any::<u64>(),
    ) {
        let families = if log_normal { Families::LogNormal } else { Families::All };
        let plan = plan(&random_assessment(portfolio, models, families, zeros));
        every_backend_gives_the_definition(&plan, seed, start..start + draws, threads, chunk);
    }
}

/// Found by random cases: one model and one draw.
#[test]
fn a_single_draw_of_a_single_model() {
    let plan = plan(&random_assessment(0, 1, Families::All, false));
    every_backend_gives_the_definition(&plan, 8_565_586_437_034_680, 0..1, 1, 1);
}

/// Negative control: another seed is another result.
#[test]
fn another_seed_is_seen() {
    for families in [Families::LogNormal, Families::All] {
        let plan = plan(&random_assessment(31, 20, families, true));
        assert!(run(&Scalar, &plan, 7, 0..60) != run(&Scalar, &plan, 6, 0..60), "{families:?}");
    }
}

/// A plan with everything that a kernel can be compiled for, in units so small that totals, groups and single models
/// pass their ceilings in some draws.
fn everything() -> Plan {
    let has_all = |plan: &Plan| {
        plan.models.iter().any(|m| m.independent_pue_scale != 0)
            && plan.models.iter().any(|m| m.zeros != 0)
            && plan.models.iter().any(|m| m.marginals[4].is_random() && m.marginals[5].is_random())
            && plan.tables.iter().any(|t| !t.pieces.is_empty())
            && plan.groups.len() > KEPT_GROUPS
    };
    let plans = (0..).map(|seed| plan(&random_assessment(seed, 40, Families::All, true)));
    let mut plan = plans.into_iter().find(has_all).expect("some portfolio");
    let summary = run(&Scalar, &plan, 9, 0..500);
    // So much smaller a unit that the mean is about at a ceiling of 2^bits.
    let finer = |sum: u128, bits: i32| (sum / 500).checked_ilog2().map_or(0, |log2| bits - log2 as i32);
    let total = |counts: &[u64]| finer(counts.iter().map(|&x| u128::from(x)).sum(), 53);
    let lower = |range: &mut Range, by: i32| *range = Range { unit: range.unit - by, saturable: true, ..*range };
    plan.saturable = true;
    for (unit, counts) in plan.total_units.iter_mut().zip(&summary.totals) {
        *unit -= total(counts);
    }
    for (group, found) in plan.groups.iter_mut().zip(&summary.groups) {
        match found {
            GroupSummary::Kept { emissions, compute } => {
                lower(&mut group.emissions, total(emissions));
                lower(&mut group.compute, total(compute));
            }
            GroupSummary::Binned { emissions } => lower(&mut group.emissions, finer(emissions.sum, 48)),
        }
    }
    for (model, found) in plan.models.iter_mut().zip(&summary.models) {
        lower(&mut model.emissions, finer(found.emissions.sum, 48));
        lower(&mut model.atci, finer(found.atci.sum, 48));
    }
    plan
}

#[test]
fn ceilings_hold_alike() {
    let plan = everything();
    let range = (1 << 32) - 300..(1 << 32) + 700;
    let expected = run(&Scalar, &plan, 9, range.clone());
    let binned = |g: &GroupSummary| matches!(g, GroupSummary::Binned { emissions } if emissions.saturated > 0);
    let partly = expected.saturated.iter().filter(|&&n| 0 < n && n < 1000).count();
    assert!(partly >= 3, "{:?}", expected.saturated);
    assert!(expected.models.iter().any(|m| 0 < m.emissions.saturated && m.emissions.saturated < 1000));
    assert!(expected.models.iter().any(|m| 0 < m.atci.saturated && m.atci.saturated < 1000));
    assert!(expected.groups.iter().any(binned));
    for Named { name, backend, .. } in cpus(2, 300) {
        assert!(run(&*backend, &plan, 9, range.clone()) == expected, "{name}");
    }
    let gpus = gpus().iter().map(|gpu| (&gpu.name, &gpu.backend));
    for (name, backend) in gpus.chain(variants().iter().map(|gpu| (&gpu.name, &gpu.backend))) {
        assert!(run(&**backend, &plan, 9, range.clone()) == expected, "{name}");
    }
    // Negative control: models' values that are not held.
    let mut free = plan;
    free.models.iter_mut().for_each(|m| m.emissions.saturable = false);
    assert!(run(&cpu(1, 0, Simd::detect()), &free, 9, range) != expected);
}

/// More models than a tile takes, more than a window takes, and stretches of all lengths.
#[test]
fn tiles_and_windows_change_nothing() {
    // The same few shapes again and again: the tables must fit too.
    let mut assessment = random_assessment(21, 14, Families::All, true);
    let few = std::mem::take(&mut assessment.models);
    for copy in 0..50 {
        assessment.models.extend(few.iter().map(|m| {
            let mut m = m.clone();
            m.id = format!("{}-{copy}", m.id);
            m
        }));
    }
    let plan = plan(&assessment);
    let unbinned = Plan { binned: false, ..plan.clone() };
    let expected = [&plan, &unbinned].map(|plan| run(&cpu(0, 0, Simd::detect()), plan, 4, 0..1100));
    assert!(expected[0] != expected[1] && run(&Scalar, &unbinned, 4, 0..1100) == expected[1]);
    for binding_bytes in [1 << 20, 3 << 20] {
        let options = Options { binding_bytes, chunk: 500, ..Options::default() };
        for Named { name, backend, .. } in every_adapter(&options) {
            assert!(run(&*backend, &plan, 4, 0..1100) == expected[0], "{name}");
            assert!(run(&*backend, &unbinned, 4, 0..1100) == expected[1], "{name}, no bins");
        }
    }
}

/// No draws, and no models.
#[test]
fn nothing_to_do_is_done() {
    let some = plan(&random_assessment(2, 5, Families::LogNormal, false));
    let none = Plan { models: vec![], ..some.clone() };
    for (plan, range) in [(&some, 7..7), (&none, 0..300)] {
        let expected = run(&Scalar, plan, 1, range.clone());
        let cpus = cpus(2, 0);
        let cpus = cpus.iter().map(|b| (&b.name, &*b.backend));
        let gpus = gpus().iter().map(|b| (&b.name, &*b.backend as &dyn Backend));
        for (name, backend) in cpus.chain(gpus) {
            assert!(run(backend, plan, 1, range.clone()) == expected, "{name}");
        }
    }
}
