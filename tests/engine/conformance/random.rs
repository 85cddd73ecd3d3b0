//! Random portfolios against the scalar definition.

use carbonhaze::engine::gpu::Options;
use carbonhaze::engine::plan::{KEPT_GROUPS, LOG2_BITS, Marginal, OutputPlan, Plan, Product, Range, SLOTS, Z_BITS};
use carbonhaze::engine::{Backend, GroupSummary, Scalar, Simd};
use proptest::prelude::*;

use super::backends::{Named, cpu, cpus, every_adapter, gpus, run, variants};
use super::plan;
use crate::common::cases::cases;
use crate::common::{Families, bounded_and_ranked, random_assessment};
use carbonhaze::low_level::assess::{Acts, Assessment};

/// The output of a compiled plan that groups and models are summarised for.
const HEADLINE: usize = carbonhaze::low_level::assess::Output::Emissions as usize;

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
    // Each is a kernel of its own to compile.
    #![proptest_config(cases(12))]

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

/// Bounds that hold with shared effects and effects on ranks, in portfolios of all families: every backend, every variant.
/// What is drawn depends on the limit and on what is left of a normal.
#[test]
fn bounds_and_ranks_agree() {
    for (portfolio, families) in [(3, Families::All), (4, Families::LogNormal), (21, Families::All)] {
        let plan = plan(&bounded_and_ranked(random_assessment(portfolio, 30, families, true)));
        let of = |is: fn(&Marginal) -> bool| plan.models.iter().flat_map(|m| &m.marginals).filter(|m| is(m)).count();
        assert!(of(|m| matches!(m, Marginal::Bounded { .. })) > 0 && of(|m| matches!(m, Marginal::Ranked { .. })) > 0);
        let range = (1 << 32) - 200..(1 << 32) + 900;
        let expected = run(&Scalar, &plan, 5, range.clone());
        for Named { name, backend, .. } in cpus(2, 300) {
            assert!(run(&*backend, &plan, 5, range.clone()) == expected, "{name}");
        }
        let variants = if portfolio == 3 { variants() } else { &[] };
        for gpu in gpus().iter().chain(variants) {
            assert!(run(&*gpu.backend, &plan, 5, range.clone()) == expected, "{}", gpu.name);
        }
        let changed = |change: &dyn Fn(&mut Marginal)| {
            let mut other = plan.clone();
            other.models.iter_mut().flat_map(|m| &mut m.marginals).for_each(change);
            run(&Scalar, &other, 5, range.clone()) != expected
        };
        assert!(changed(&|m| if let Marginal::Bounded { limit, .. } = m {
            *limit += 1 << 12
        }));
        assert!(changed(&|m| if let Marginal::Ranked { own, .. } = m {
            *own -= 1 << 20
        }));
        assert!(!changed(&|m| if let Marginal::Gate { threshold, .. } = m {
            *threshold += 1
        }));
    }
}

/// No draw of a model passes its bound, of any output in its own place: compute alone, in units of the bound.
#[test]
fn no_draw_passes_its_bound() {
    for portfolio in 3..9 {
        let assessment = bounded_and_ranked(random_assessment(portfolio, 1, Families::LogNormal, false));
        let compute = assessment.models[0].factors[0].as_ref().expect("compute");
        let Acts::Below { hi } = compute.acts else { panic!("{compute:?}") };
        let mut alone = assessment.clone();
        alone.models[0].factors[5] = None;
        alone.models[0].terms.iter_mut().for_each(|term| term.powers[5] = 0);
        let term = alone.models[0].terms[0];
        let most = |assessment: &Assessment| {
            let plan = plan(assessment);
            let found = run(&cpu(0, 0, Simd::detect()), &plan, 3, 0..200_000);
            *found.totals[0].iter().max().unwrap() as f64 * f64::from(plan.outputs[0].unit).exp2()
        };
        assert_eq!((term.powers[0], term.powers[1]), (1, 0));
        let bound = hi * term.constant;
        // 2^53 counts: rounding to one is far below 1e-9.
        assert!(most(&alone) <= bound * (1.0 + 1e-9), "{} {bound}", most(&alone));
        assert!(most(&alone) > 0.999 * bound, "it is reached");
        // Negative control: the own part cut, then multiplied.
        let factor = alone.models[0].factors[0].as_mut().expect("compute");
        (factor.distribution, factor.acts) = (factor.alone().into_owned(), Acts::Multiply);
        assert!(most(&alone) > 1.5 * bound);
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
        plan.models.iter().any(|m| m.independent_shifted_scale != 0)
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
    plan.header.saturable = true;
    for (output, counts) in plan.header.outputs.iter_mut().zip(&summary.totals) {
        output.unit -= total(counts);
    }
    for (group, found) in plan.header.groups.iter_mut().zip(&summary.groups) {
        match found {
            GroupSummary::Kept { headline, denominator } => {
                lower(&mut group.headline, total(headline));
                lower(&mut group.denominator, total(denominator));
            }
            GroupSummary::Binned { headline } => lower(&mut group.headline, finer(headline.sum, 48)),
        }
    }
    for (model, found) in plan.models.iter_mut().zip(&summary.models) {
        lower(&mut model.headline, finer(found.headline.sum, 48));
        lower(&mut model.ratio, finer(found.ratio.sum, 48));
    }
    plan
}

#[test]
fn ceilings_hold_alike() {
    let plan = everything();
    let range = (1 << 32) - 300..(1 << 32) + 700;
    let expected = run(&Scalar, &plan, 9, range.clone());
    let binned = |g: &GroupSummary| matches!(g, GroupSummary::Binned { headline } if headline.saturated > 0);
    let partly = expected.saturated.iter().filter(|&&n| 0 < n && n < 1000).count();
    assert!(partly >= 3, "{:?}", expected.saturated);
    assert!(expected.models.iter().any(|m| 0 < m.headline.saturated && m.headline.saturated < 1000));
    assert!(expected.models.iter().any(|m| 0 < m.ratio.saturated && m.ratio.saturated < 1000));
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
    free.models.iter_mut().for_each(|m| m.headline.saturable = false);
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
    let mut unbinned = plan.clone();
    unbinned.header.binned = false;
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

/// A random portfolio with more: an output that no factor of the chain enters, one that is a sum of two, and in every
/// third model a headline of two readings, between which gates choose.
pub fn further(portfolio: u64, models: usize) -> Plan {
    let mut plan = plan(&random_assessment(portfolio, models, Families::All, true));
    let tables = plan.tables.len() as u32;
    let output = |of: usize| OutputPlan { unit: plan.outputs[of].unit + 1, kept: true };
    let more = [output(1), output(2), OutputPlan { kept: false, ..output(3) }];
    plan.header.outputs.extend(more);
    // Units and ranges are planned for the portfolio without these: with them anything may reach its ceiling.
    plan.header.saturable = true;
    plan.models.iter_mut().for_each(|m| (m.headline.saturable, m.ratio.saturable) = (true, true));
    for (k, model) in plan.models.iter_mut().enumerate() {
        let Some(first) = model.products.iter().find(|p| usize::from(p.output) == HEADLINE).copied() else { continue };
        model.marginals[6] = Marginal::Affine { scale: 3 << 24 };
        model.marginals[8] = if tables > 0 { Marginal::Table { table: k as u32 % tables } } else { Marginal::None };
        model.marginals[9] = model.marginals[5];
        model.cells[7] = model.cells[3];
        // A product has a power only of a factor that there is.
        let there: Vec<usize> =
            (0..SLOTS).filter(|&s| model.marginals[s] != Marginal::None || model.cells[s].is_some()).collect();
        let with = |first: &Product, output: usize, slots: &[usize]| {
            let slots: Vec<usize> = slots.iter().copied().filter(|s| there.contains(s)).collect();
            with(first, output, &slots)
        };
        model.products.extend([
            with(&first, 4, &[6]),
            with(&first, 5, &[6, 7]),
            with(&first, 5, &[8, 9]),
            with(&first, 5, &[]),
            with(&first, 6, &[7]),
        ]);
        if k % 3 == 0 {
            let threshold = (k as i32 - 10) << 25;
            model.marginals[10] = Marginal::Gate { threshold, above: false };
            model.marginals[11] = Marginal::Gate { threshold, above: true };
            model.zeros |= 0b1100_0000_0000;
            let second = Product { loc: first.loc + (3 << 22), ..with(&first, HEADLINE, &[7]) };
            let at = model.products.iter().position(|p| usize::from(p.output) == HEADLINE).unwrap();
            let mut second = second;
            second.signs[11] = 1;
            model.products[at].signs[10] = 1;
            model.products.insert(at + 1, second);
        }
    }
    plan
}

/// The product for another output, with more factors.
fn with(first: &Product, output: usize, slots: &[usize]) -> Product {
    let mut product = *first;
    product.output = output as u8;
    slots.iter().for_each(|&s| product.signs[s] = 1);
    product
}

/// Sums of products, gates, second readings and outputs that are not kept, on every backend.
#[test]
fn sums_gates_and_further_outputs_agree() {
    for portfolio in [0, 1, 2, 31] {
        let plan = further(portfolio, 30);
        let start = (1 << 32) - 200;
        let expected = run(&Scalar, &plan, 5, start..start + 600);
        assert!(expected.totals[6].is_empty() && expected.totals[4].iter().any(|&n| n > 0));
        for Named { name, backend, .. } in cpus(2, 300) {
            assert!(run(&*backend, &plan, 5, start..start + 600) == expected, "{name}");
        }
        // Each is a kernel of its own to compile: every variant once, of the richest.
        let on = match portfolio {
            31 => gpus().iter().chain(variants()),
            1 => gpus().iter().chain(&[]),
            _ => [].iter().chain(&[]),
        };
        for gpu in on {
            assert!(run(&*gpu.backend, &plan, 5, start..start + 600) == expected, "{}", gpu.name);
        }
        // Negative controls: a gate that opens elsewhere, a second product a little larger.
        let mut moved = plan.clone();
        let gate = moved.models.iter_mut().flat_map(|m| &mut m.marginals).find(|m| matches!(m, Marginal::Gate { .. }));
        *gate.expect("a gate") = Marginal::Gate { threshold: 1 << 20, above: true };
        assert!(run(&Scalar, &moved, 5, start..start + 600) != expected);
        let mut larger = plan.clone();
        larger.models[0].products.iter_mut().filter(|p| p.output == 5).for_each(|p| p.loc += 1 << 10);
        assert!(run(&Scalar, &larger, 5, start..start + 600).totals[5] != expected.totals[5]);
    }
}

/// What a sum and a gate mean, from numbers that are exact powers of two: 2^3 + 2^3 = 2^4, and of 2^5 and 2^9 one or
/// the other, with the probability that the threshold has.
#[test]
fn sums_and_gates_mean_what_they_say() {
    let mut plan = plan(&random_assessment(3, 1, Families::LogNormal, false));
    let constant = |output: usize, log2: i32, gate: Option<usize>| {
        let mut signs = [0; SLOTS];
        gate.into_iter().for_each(|s| signs[s] = 1);
        Product { output: output as u8, loc: log2 << LOG2_BITS, signs }
    };
    let model = &mut plan.models[0];
    model.marginals = [Marginal::None; SLOTS];
    model.cells = [None; SLOTS];
    // z = 1: Φ(1) = 0.841344746 (Abramowitz and Stegun, table 26.1).
    model.marginals[10] = Marginal::Gate { threshold: 1 << Z_BITS, above: false };
    model.marginals[11] = Marginal::Gate { threshold: 1 << Z_BITS, above: true };
    model.zeros = 0b1100_0000_0000;
    model.products = vec![
        constant(0, 3, None),
        constant(0, 3, None),
        constant(HEADLINE, 5, Some(10)),
        constant(HEADLINE, 9, Some(11)),
    ];
    plan.header.outputs.iter_mut().for_each(|o| o.unit = 0);
    plan.header.has_independent = false;
    let found = run(&Scalar, &plan, 1, 0..20_000);
    assert!(found.totals[0].iter().all(|&n| n == 16), "{:?}", &found.totals[0][..4]);
    let low = found.totals[HEADLINE].iter().filter(|&&n| n == 32).count();
    assert!(found.totals[HEADLINE].iter().all(|&n| n == 32 || n == 512));
    // Five standard errors of a share of 0.8413 of 20,000 draws.
    assert!((low as f64 / 20_000.0 - 0.841_344_746).abs() < 5.0 * 0.002_584, "{low}");
}
