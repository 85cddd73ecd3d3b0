//! Parts of a run, other orders, other company.

use std::sync::Arc;

use carbonhaze::engine::plan::table::Table;
use carbonhaze::engine::plan::{KEPT_GROUPS, Plan};
use carbonhaze::engine::{Backend, GroupSummary, Scalar, Simd, Stopped, Summary};
use carbonhaze::low_level::assess::{Output, SLOTS};
use carbonhaze::low_level::compile::compile_with;
use carbonhaze::low_level::compile::tables::Tables;
use proptest::prelude::*;

use super::backends::{Named, cpu, gpus, run, shard};
use super::plan;
use super::random::further;
use crate::common::cases::cases;
use crate::common::{Families, random_assessment};

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn parts_merge_to_the_whole(portfolio in any::<u64>(), draws in 2u64..3000, cut in 0.0f64..1.0) {
        let plan = plan(&random_assessment(portfolio, 8, Families::All, true));
        let cpu = cpu(2, 300, Simd::detect());
        let at = ((draws as f64 * cut) as u64).clamp(1, draws - 1);
        let whole = run(&cpu, &plan, 7, 0..draws);
        let (a, b) = (shard(&cpu, &plan, 7, 0..at), shard(&cpu, &plan, 7, at..draws));
        prop_assert!(*b.clone().merge(a.clone()).unwrap().summary() == whole);
        prop_assert!(*a.clone().merge(b.clone()).unwrap().summary() == whole);
        // Negative controls: a dropped draw, and parts that do not meet.
        let short = shard(&cpu, &plan, 7, at..draws - 1 + u64::from(at == draws - 1));
        prop_assert!(a.clone().merge(a.clone()).is_err());
        prop_assert!(at == draws - 1 || *a.merge(short).unwrap().summary() != whole);
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
    }
}

/// Negative control: another id is another stream.
#[test]
fn another_id_is_seen() {
    let all = random_assessment(31, 20, Families::LogNormal, false);
    let mut renamed = all.clone();
    renamed.models[0].id.push('x');
    let [whole, other] = [all, renamed].map(|assessment| run(&Scalar, &plan(&assessment), 3, 0..700));
    assert!(other.models[0] != whole.models[0] && other.models[1..] == whole.models[1..]);
}

/// One part from the CPU, one from each adapter, whatever the split.
#[test]
fn parts_of_different_backends_merge_to_the_whole() {
    let plan = plan(&random_assessment(31, 40, Families::All, true));
    let cpu = cpu(2, 300, Simd::detect());
    let (first, end) = ((1 << 32) - 1000, (1 << 32) + 1000);
    let whole = run(&cpu, &plan, 7, first..end);
    for Named { name, backend, .. } in gpus() {
        for at in [first + 1, first + 256, first + 1000, first + 1333, end - 1] {
            let (a, b) = (shard(&cpu, &plan, 7, first..at), shard(&**backend, &plan, 7, at..end));
            assert!(*b.merge(a).unwrap().summary() == whole, "{name}: {at}");
        }
    }
}

#[test]
fn an_interrupted_run_gives_nothing() {
    let plan = plan(&random_assessment(5, 3, Families::All, false));
    let cpu = cpu(1, 64, Simd::detect());
    assert_eq!(cpu.run(&plan, 1, 0..1000, &|_| false), Err(Stopped::Interrupted));
}

/// What a run reports adds up to its draws, on every backend.
#[test]
fn progress_adds_up_to_the_draws() {
    use std::sync::atomic::{AtomicU64, Ordering};
    let some = plan(&random_assessment(31, 40, Families::All, true));
    let none = Plan { models: vec![], ..some.clone() };
    let cpu = cpu(2, 300, Simd::detect());
    let gpus = gpus().iter().map(|b| &*b.backend as &dyn Backend);
    let backends = [&Scalar as &dyn Backend, &cpu].into_iter().chain(gpus);
    for (backend, plan) in backends.flat_map(|backend| [(backend, &some), (backend, &none)]) {
        let told = AtomicU64::new(0);
        let progress = |n| {
            told.fetch_add(n, Ordering::Relaxed);
            true
        };
        backend.run(plan, 1, 17..2018, &progress).expect("neither interrupted nor failed");
        assert_eq!(told.into_inner(), 2001);
    }
}

/// What is left out of a plan for the emissions alone changes no count of them, on any backend.
#[test]
fn a_plan_for_the_emissions_alone_counts_the_same_emissions() {
    for portfolio in 0..6 {
        let mut whole = plan(&random_assessment(portfolio, 30, Families::All, true));
        // Factors that emissions do not depend on, as where hours or energy are stated.
        for (k, model) in whole.models.iter_mut().enumerate() {
            for product in model.products.iter_mut().filter(|p| usize::from(p.output) == HEADLINE) {
                product.signs[k % SLOTS] = 0;
            }
        }
        let (both, alone) = (whole.clone().headline_only(), whole.clone().dependent_only());
        let cpu = cpu(2, 300, Simd::detect());
        let expected = run(&cpu, &whole, 7, 0..700);
        // Each plan is several kernels to compile: two portfolios are enough for a GPU.
        let gpus = gpus().iter().filter(|_| portfolio < 2).map(|b| &*b.backend as &dyn Backend);
        for backend in [&Scalar as &dyn Backend, &cpu].into_iter().chain(gpus) {
            let found = run(backend, &both, 7, 0..700);
            for column in [HEADLINE, whole.independent()] {
                assert!(found.totals[column] == expected.totals[column]);
            }
            let without = run(backend, &alone, 7, 0..700);
            assert!([HEADLINE, whole.independent()].iter().all(|&c| without.totals[c] == found.totals[HEADLINE]));
            assert!(without.groups == found.groups && without.models == found.models);
            assert!(expected.groups.iter().map(emissions).eq(found.groups.iter().map(emissions)));
            for (found, expected) in found.models.iter().zip(&expected.models) {
                let [found, expected] = [found, expected].map(|m| (m.headline.sum, m.headline.sum_sq));
                assert_eq!(found, expected);
            }
            let by_model = run(backend, &whole.clone().dependent_by_model(), 7, 0..700);
            assert!(by_model.totals[HEADLINE] == expected.totals[HEADLINE]);
            let bins = |summary: &Summary| summary.models.iter().map(|m| m.headline.clone()).collect::<Vec<_>>();
            assert!(bins(&by_model) == bins(&expected) && by_model.models[0].headline.bins.iter().any(|&n| n > 0));
            let groups = run(backend, &whole.clone().groups_only(), 7, 0..700);
            assert!(groups.groups == expected.groups && groups.totals[DENOMINATOR] == expected.totals[DENOMINATOR]);
            // Negative control: it does leave something out, and another seed is another count.
            assert!(found.totals[DENOMINATOR].is_empty() && found.models[0].headline.bins.is_empty());
            assert!(expected.totals[DENOMINATOR].iter().any(|&n| n > 0));
            assert!(run(backend, &alone, 8, 0..700).totals[HEADLINE] != expected.totals[HEADLINE]);
        }
    }
}

const HEADLINE: usize = Output::Emissions as usize;
const DENOMINATOR: usize = Output::Compute as usize;

fn emissions(group: &GroupSummary) -> (&[u64], u128) {
    match group {
        GroupSummary::Kept { headline, .. } => (headline, 0),
        GroupSummary::Binned { headline } => (&[], headline.sum),
    }
}

/// Tables compiled for one portfolio serve another one: the plan is what it would be alone.
#[test]
fn tables_at_hand_change_no_plan() {
    let mut tables = Tables::default();
    let all = random_assessment(2, 30, Families::All, true);
    let mut some = all.clone();
    some.models.truncate(10);
    let first = compile_with(&some, &mut tables).unwrap();
    let (with, without) = (compile_with(&all, &mut tables).unwrap(), plan(&all));
    assert!(with == without && first == plan(&some));
    // The first plan's tables were taken and not made again; alone they are made.
    let taken = |plan: &Plan| {
        let is_first = |table: &Arc<Table>| first.tables.iter().any(|t| Arc::ptr_eq(t, table));
        plan.tables.iter().filter(|t| is_first(t)).count()
    };
    assert!(first.tables.len() > 5 && with.tables.len() > first.tables.len());
    assert_eq!((taken(&with), taken(&without)), (first.tables.len(), 0));
}

/// The same plan in blocks of models: the same summary, however many models a block has.
#[test]
fn blocks_of_models_change_nothing() {
    let whole = further(1, 23);
    assert!(whole.groups.len() <= KEPT_GROUPS);
    let cpu = cpu(2, 300, Simd::detect());
    let expected = run(&cpu, &whole, 7, 10..700);
    for block in [1, 5, 22, 23, 100] {
        let cut = Plan { block, ..whole.clone() };
        assert!(run(&cpu, &cut, 7, 10..700) == expected, "{block}");
        assert_eq!(cut.blocks().map(|b| b.len()).sum::<usize>(), 23);
    }
    // Negative control: a block too few.
    let fewer = Plan { models: whole.models[..22].to_vec(), block: 5, ..whole.clone() };
    assert!(run(&cpu, &fewer, 7, 10..700).totals != expected.totals);
    // Groups beyond the kept ones are binned once their block is done: such a plan is one block.
    let mut crowded = Plan { block: 5, ..whole };
    let group = crowded.groups.first().cloned().expect("a group");
    crowded.header.groups.resize(KEPT_GROUPS + 1, group);
    assert!(crowded.blocks().eq(std::iter::once(0..23)));
    assert!(run(&cpu, &crowded, 7, 10..700) == run(&cpu, &Plan { block: 0, ..crowded.clone() }, 7, 10..700));
    // A part has the tables and effects of its models only.
    let (ones, all): (Vec<Plan>, Plan) = ((0..23).map(|m| crowded.part(m..m + 1)).collect(), crowded.part(0..23));
    let size = |p: &Plan| [p.cells.len(), p.tables.len(), p.effects.len()];
    assert!(ones.iter().all(|one| size(one).iter().zip(size(&all)).all(|(one, all)| *one <= all)));
}
