//! Random portfolios against the scalar definition.

use carbonhaze::engine::gpu::Options;
use carbonhaze::engine::{Backend, Scalar, Simd};
use proptest::prelude::*;

use crate::backends::{Named, cpu, cpus, every_adapter, gpus, run, variants};
use crate::common::{Families, random_assessment};
use crate::plan;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_backend_is_the_scalar_definition(
        portfolio in any::<u64>(), models in 1usize..50, log_normal in any::<bool>(), zeros in any::<bool>(),
        draws in 1u64..3000, start in prop_oneof![Just(0u64), Just((1 << 32) - 700), Just((1 << 40) - 3000)],
        threads in 1usize..4, chunk in 1usize..2000, seed in any::<u64>(),
    ) {
        let families = if log_normal { Families::LogNormal } else { Families::All };
        let plan = plan(&random_assessment(portfolio, models, families, zeros));
        let range = start..start + draws;
        let expected = run(&Scalar, &plan, seed, range.clone());
        for Named { name, backend, .. } in cpus(threads, chunk) {
            prop_assert!(run(&*backend, &plan, seed, range.clone()) == expected, "{name}");
        }
        for Named { name, backend, .. } in gpus() {
            prop_assert!(run(&**backend, &plan, seed, range.clone()) == expected, "{name}");
        }
        // Negative control: another seed is another result, unless a few draws of fixed numbers cannot differ.
        prop_assert!(draws < 50 || models < 3 || run(&cpu(1, 0, Simd::detect()), &plan, seed ^ 1, range) != expected);
    }
}

/// Portfolios with everything a kernel can be compiled with, and with as little as can be.
#[test]
fn every_variant_is_the_scalar_definition() {
    let variants = variants();
    for (portfolio, families, zeros) in [(3, Families::All, true), (8, Families::LogNormal, false)] {
        let plan = plan(&random_assessment(portfolio, 40, families, zeros));
        let range = (1 << 32) - 300..(1 << 32) + 700;
        let expected = run(&Scalar, &plan, 9, range.clone());
        for Named { name, backend, .. } in &variants {
            assert!(run(&**backend, &plan, 9, range.clone()) == expected, "{name}");
        }
    }
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
    let expected = run(&cpu(0, 0, Simd::detect()), &plan, 4, 0..1100);
    for binding_bytes in [1 << 20, 3 << 20] {
        let options = Options { binding_bytes, chunk: 500, ..Options::default() };
        for Named { name, backend, .. } in every_adapter(&options) {
            assert!(run(&*backend, &plan, 4, 0..1100) == expected, "{name}");
        }
    }
}

/// No draws, and no models.
#[test]
fn nothing_to_do_is_done() {
    let some = plan(&random_assessment(2, 5, Families::LogNormal, false));
    let none = carbonhaze::plan::Plan { models: vec![], ..some.clone() };
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
