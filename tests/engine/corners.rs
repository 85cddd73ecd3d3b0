//! Totals at the corners of pick-freeze designs: every path gives the plain definition, and the corner where all comes
//! from sample A is the plain run.

use carbonhaze::engine::gpu::{Gpu, Options};
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::plan::{Plan, WORDS};
use carbonhaze::engine::{Backend, Corners, Cpu, Prepared, Scalar, Simd};
use carbonhaze::low_level::assess::Output;
use carbonhaze::low_level::compile::compile;
use proptest::prelude::*;

use crate::common::cases::cases;
use crate::common::{Families, gpu, random_assessment};

/// A group for each slot of the chain.
const BY_SLOT: [u8; WORDS] = [0, 1, 2, 3, 4, 5, 5, 5, 5, 5];

/// Groups by slot, or by label: models in turn, shared effects in a group of their own.
fn design(plan: &Plan, kind: u8) -> Design {
    let (n, effects) = (plan.models.len(), plan.effects.len());
    match kind {
        0 => Design::cube(
            6,
            vec![BY_SLOT; n],
            (0..effects).map(|e| (e % 4) as u8).collect(),
            vec![true; plan.outputs.len()],
        ),
        1 => Design::cube(
            3,
            (0..n).map(|m| [(m % 2) as u8; WORDS]).collect(),
            vec![2; effects],
            vec![true; plan.outputs.len()],
        ),
        _ => Design::pairs(
            12,
            (0..n).map(|m| [(m % 11) as u8; WORDS]).collect(),
            vec![11; effects],
            vec![true; plan.outputs.len()],
        ),
    }
}

fn run(backend: &dyn Backend, plan: &Plan, design: &Design, seed: u64, draws: std::ops::Range<u64>) -> Corners {
    let prepared = Prepared::new(plan, design).expect("few groups");
    backend.corners(&prepared, seed, draws, &|_| true).expect("not interrupted")
}

fn every_path_gives_the_definition(plan: &Plan, design: &Design, seed: u64, draws: std::ops::Range<u64>) {
    let expected = run(&Scalar, plan, design, seed, draws.clone());
    for simd in Simd::available() {
        let cpu = Cpu::new(2, 0, simd).unwrap();
        assert!(run(&cpu, plan, design, seed, draws.clone()) == expected, "{}", simd.name());
    }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn every_path_is_the_definition(
        portfolio in any::<u64>(), models in 1usize..25, zeros in any::<bool>(), kind in 0u8..3,
        draws in 1u64..60, start in prop_oneof![Just(0u64), Just((1 << 32) - 20)], seed in any::<u64>(),
    ) {
        let plan = compile(&random_assessment(portfolio, models, Families::All, zeros)).unwrap();
        every_path_gives_the_definition(&plan, &design(&plan, kind), seed, start..start + draws);
    }

    #[test]
    fn sample_a_is_the_plain_run(portfolio in any::<u64>(), models in 1usize..40, kind in 0u8..3, cut in 1u64..2999) {
        let plan = compile(&random_assessment(portfolio, models, Families::All, true)).unwrap();
        let design = design(&plan, kind);
        let cpu = Cpu::new(2, 0, Simd::detect()).unwrap();
        let plain = cpu.run(&plan, 9, 0..3000, &|_| true).unwrap();
        let (a, b) = (run(&cpu, &plan, &design, 9, 0..cut), run(&cpu, &plan, &design, 9, cut..3000));
        let corners = b.merge(a).unwrap();
        let all = design.corners.iter().position(|&c| c.count_ones() as usize == design.groups).unwrap();
        for output in Output::ALL {
            prop_assert!(corners.of(output as usize, all) == plain.totals[output as usize], "{output:?}");
        }
    }
}

/// Found by random cases: one model whose only random input has two points. Its totals are often the same in sample A
/// and in sample B, whatever group the input is in.
#[test]
fn an_input_of_two_points() {
    let plan = compile(&random_assessment(11_900_339_900_150_942_662, 1, Families::All, true)).unwrap();
    every_path_gives_the_definition(&plan, &design(&plan, 1), 15_066_366_385_354_993_346, 0..57);
}

/// Negative controls, on a portfolio where every total is random: inputs in another group, and sample B for sample A.
#[test]
fn another_group_and_another_sample_are_seen() {
    let plan = compile(&random_assessment(31, 20, Families::All, true)).unwrap();
    let plain = Scalar.run(&plan, 7, 0..60, &|_| true).unwrap();
    for kind in 0..3 {
        let design = design(&plan, kind);
        let expected = run(&Scalar, &plan, &design, 7, 0..60);
        let mut moved = design.clone();
        moved.own.iter_mut().for_each(|own| own.rotate_left(1));
        moved.own[0][0] ^= 1;
        assert!(run(&Scalar, &plan, &moved, 7, 0..60).totals != expected.totals, "{kind}");
        let none = design.corners.iter().position(|&c| c == 0).unwrap();
        for output in Output::ALL {
            assert!(expected.of(output as usize, none) != plain.totals[output as usize], "{kind} {output:?}");
        }
    }
}

/// Tables lie on the device from one slab to the next; those of another plan take their place.
#[test]
fn slabs_of_a_design_share_their_tables() {
    let Some(found) = gpu::first() else { return };
    let gpu = Gpu::with(found, Options::default(), None);
    let assessment = random_assessment(31, 20, Families::All, true);
    let plans = [compile(&assessment).unwrap(), compile(&assessment).unwrap()];
    assert!(!plans[0].tables.is_empty());
    let mut uploads = Vec::new();
    for plan in &plans {
        let design = design(plan, 0);
        for slab in [0..700, 700..1400, 1400..1500] {
            assert!(run(&gpu, plan, &design, 7, slab.clone()) == run(&Scalar, plan, &design, 7, slab));
            uploads.push(gpu.table_uploads());
        }
    }
    let first = uploads[0];
    assert_eq!(uploads, [first, first, first, first + 1, first + 1, first + 1]);
}
