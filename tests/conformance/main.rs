//! The same plan and seed give the same bytes: scalar definition, every instruction set, threads, chunks, splits, row
//! order, subsets. Each agreement has a negative control that must fail.

mod common;

use carbonhaze::assess::Assessment;
use carbonhaze::engine::{Backend, Cpu, Scalar, Simd, Summary};
use carbonhaze::plan::Plan;
use carbonhaze::plan::compile::compile;
use common::{Families, random_assessment};
use proptest::prelude::*;

fn plan(assessment: &Assessment) -> Plan {
    compile(assessment).expect("random portfolios compile")
}

fn run(backend: &dyn Backend, plan: &Plan, seed: u64, draws: std::ops::Range<u64>) -> Summary {
    backend.run(plan, seed, draws, &|_| true).expect("not interrupted")
}

fn cpu(threads: usize, chunk: usize, simd: Simd) -> Cpu {
    Cpu::new(threads, chunk, simd).expect("a thread pool")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_cpu_path_is_the_scalar_definition(
        portfolio in any::<u64>(), models in 1usize..50, zeros in any::<bool>(),
        draws in 1u64..1500, start in prop_oneof![Just(0u64), Just((1 << 32) - 700)],
        threads in 1usize..4, chunk in 1usize..2000, seed in any::<u64>(),
    ) {
        let plan = plan(&random_assessment(portfolio, models, Families::All, zeros));
        let range = start..start + draws;
        let expected = run(&Scalar, &plan, seed, range.clone());
        for simd in Simd::available() {
            prop_assert!(run(&cpu(threads, chunk, simd), &plan, seed, range.clone()) == expected, "{}", simd.name());
        }
        // Negative control: another seed is another result, unless a few draws of fixed numbers cannot differ.
        prop_assert!(draws < 50 || models < 3 || run(&cpu(1, 0, Simd::detect()), &plan, seed ^ 1, range) != expected);
    }

    #[test]
    fn parts_merge_to_the_whole(portfolio in any::<u64>(), draws in 2u64..3000, cut in 0.0f64..1.0) {
        let plan = plan(&random_assessment(portfolio, 8, Families::All, true));
        let cpu = cpu(2, 300, Simd::detect());
        let at = ((draws as f64 * cut) as u64).clamp(1, draws - 1);
        let whole = run(&cpu, &plan, 7, 0..draws);
        let (a, b) = (run(&cpu, &plan, 7, 0..at), run(&cpu, &plan, 7, at..draws));
        prop_assert!(b.clone().merge(a.clone()).unwrap() == whole);
        prop_assert!(a.clone().merge(b.clone()).unwrap() == whole);
        // Negative controls: a dropped draw, and parts that do not meet.
        let short = run(&cpu, &plan, 7, at..draws - 1 + u64::from(at == draws - 1));
        prop_assert!(a.clone().merge(a.clone()).is_err());
        prop_assert!(at == draws - 1 || a.merge(short).unwrap() != whole);
    }

    #[test]
    fn order_and_company_change_no_model(portfolio in any::<u64>(), models in 3usize..20, drop in any::<prop::sample::Index>()) {
        let all = random_assessment(portfolio, models, Families::All, true);
        let cpu = cpu(1, 0, Simd::detect());
        let whole = run(&cpu, &plan(&all), 3, 0..700);
        let mut reversed = all.clone();
        reversed.models.reverse();
        let mut turned = run(&cpu, &plan(&reversed), 3, 0..700);
        prop_assert!(turned.totals == whole.totals);
        turned.models.reverse();
        prop_assert!(turned.models == whole.models);
        let mut fewer = all.clone();
        let gone = drop.index(models);
        fewer.models.remove(gone);
        let part = run(&cpu, &plan(&fewer), 3, 0..700);
        let mut expected = whole.models.clone();
        expected.remove(gone);
        prop_assert!(part.models == expected);
        // Negative control: another id is another stream.
        let mut renamed = all;
        renamed.models[0].id.push('x');
        let zero = whole.models[0].emissions.sum == 0;
        prop_assert!(zero || run(&cpu, &plan(&renamed), 3, 0..700).models[0] != whole.models[0]);
    }
}

#[test]
fn a_changed_table_entry_is_seen() {
    let plan = plan(&random_assessment(11, 30, Families::All, false));
    let expected = run(&Scalar, &plan, 1, 0..2000);
    let mut changed = plan.clone();
    let table = changed.tables.first_mut().expect("the portfolio has a table");
    let mut copy = (**table).clone();
    copy.cells.iter_mut().for_each(|c| *c ^= 1 << 3);
    *table = std::sync::Arc::new(copy);
    assert!(run(&cpu(1, 0, Simd::detect()), &changed, 1, 0..2000) != expected);
}

#[test]
fn an_interrupted_run_gives_nothing() {
    let plan = plan(&random_assessment(5, 3, Families::All, false));
    let cpu = cpu(1, 64, Simd::detect());
    assert!(cpu.run(&plan, 1, 0..1000, &|_| false).is_err());
}
