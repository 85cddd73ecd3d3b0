//! Totals at the corners of pick-freeze designs: every path gives the plain definition, and the corner where all comes
//! from sample A is the plain run.

mod common;

use carbonhaze::assess::{Output, SLOTS};
use carbonhaze::compile::compile;
use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::{Backend, Corners, Cpu, Prepared, Scalar, Simd};
use common::{Families, random_assessment};
use proptest::prelude::*;

const ALL: [bool; 4] = [true; 4];

/// Groups by slot, or by label: models in turn, shared effects in a group of their own.
fn design(plan: &Plan, kind: u8) -> Design {
    let (n, effects) = (plan.models.len(), plan.effects.len());
    match kind {
        0 => Design::cube(6, vec![[0, 1, 2, 3, 4, 5]; n], (0..effects).map(|e| (e % 4) as u8).collect(), ALL),
        1 => Design::cube(3, (0..n).map(|m| [(m % 2) as u8; SLOTS]).collect(), vec![2; effects], ALL),
        _ => Design::pairs(12, (0..n).map(|m| [(m % 11) as u8; SLOTS]).collect(), vec![11; effects], ALL),
    }
}

fn run(backend: &dyn Backend, plan: &Plan, design: &Design, seed: u64, draws: std::ops::Range<u64>) -> Corners {
    let prepared = Prepared::new(plan, design).expect("few groups");
    backend.corners(&prepared, seed, draws, &|_| true).expect("not interrupted")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn every_path_is_the_definition(
        portfolio in any::<u64>(), models in 1usize..25, zeros in any::<bool>(), kind in 0u8..3,
        draws in 1u64..60, start in prop_oneof![Just(0u64), Just((1 << 32) - 20)], seed in any::<u64>(),
    ) {
        let plan = compile(&random_assessment(portfolio, models, Families::All, zeros)).unwrap();
        let design = design(&plan, kind);
        let expected = run(&Scalar, &plan, &design, seed, start..start + draws);
        for simd in Simd::available() {
            let cpu = Cpu::new(2, 0, simd).unwrap();
            prop_assert!(run(&cpu, &plan, &design, seed, start..start + draws) == expected, "{}", simd.name());
        }
        // Negative control: an input in another group.
        let mut moved = design.clone();
        moved.own.iter_mut().for_each(|own| own.rotate_left(1));
        moved.own[0][0] ^= 1;
        let other = run(&Scalar, &plan, &moved, seed, start..start + draws);
        prop_assert!(draws < 20 || plan.models[0].terms[0].is_none() || !plan.models[0].marginals[0].is_random()
            || other.totals != expected.totals);
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
        let none = design.corners.iter().position(|&c| c == 0).unwrap();
        for output in Output::ALL {
            prop_assert!(corners.of(output, all) == plain.totals[output as usize], "{output:?}");
            // Negative control: sample B is another one, where anything is random.
            let random = plain.totals[output as usize].windows(2).any(|w| w[0] != w[1]);
            prop_assert!(!random || corners.of(output, none) != plain.totals[output as usize]);
        }
    }
}
