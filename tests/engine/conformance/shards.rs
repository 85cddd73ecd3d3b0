//! Parts of a run as files: in any order they are the undivided run, and nothing else merges.

use std::ops::Range;

use carbonhaze::engine::plan::hash::PlanHash;
use carbonhaze::engine::plan::{GroupPlan, KEPT_GROUPS, Plan};
use carbonhaze::engine::{GroupSummary, MergeError, Shard, Simd, Summary};
use proptest::prelude::*;

use super::backends::{cpu, run, shard};
use super::plan;
use super::random::further;
use crate::common::cases::cases;
use crate::common::{Families, random_assessment};

fn drawn(plan: &Plan, seed: u64, draws: Range<u64>) -> Shard {
    shard(&cpu(1, 300, Simd::detect()), plan, seed, draws)
}

fn through_a_file(shard: &Shard) -> Shard {
    let mut file = vec![];
    shard.write(&mut file).expect("memory takes what is written");
    Shard::read(&mut &file[..]).expect("what was written is read")
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn three_files_in_any_order_are_the_run(
        portfolio in any::<u64>(), models in 1usize..12, start in prop_oneof![Just(0u64), Just((1 << 32) - 700)],
        cuts in (1u64..700, 1u64..700), last in 1u64..700,
    ) {
        let plan = plan(&random_assessment(portfolio, models, Families::All, true));
        let (a, b) = (start + cuts.0, start + cuts.0 + cuts.1);
        let whole = run(&cpu(2, 300, Simd::detect()), &plan, 7, start..b + last);
        let parts = [start..a, a..b, b..b + last].map(|draws| through_a_file(&drawn(&plan, 7, draws)));
        for order in ORDERS {
            let merged = Shard::merge_all(order.map(|i| parts[i].clone())).unwrap();
            prop_assert!(merged.into_summary(&plan).unwrap() == whole);
            let [x, y, z] = order.map(|i| parts[i].clone());
            // Two at a time, where the first two meet.
            match x.merge(y) {
                Ok(two) => prop_assert!(*two.merge(z).unwrap().summary() == whole),
                Err(error) => prop_assert_eq!(error, MergeError::Missing(std::iter::once(a..b).collect())),
            }
        }
    }
}

/// With more groups than are kept draw by draw.
#[test]
fn binned_groups_merge() {
    let mut plan = further(1, 12);
    let range = plan.models[0].headline;
    plan.header.groups.resize(KEPT_GROUPS + 3, GroupPlan { headline: range, denominator: range, ratio_shift: 0 });
    for (m, model) in plan.models.iter_mut().enumerate() {
        model.groups.push((KEPT_GROUPS + m % 3) as u32);
    }
    let whole = drawn(&plan, 7, 0..900);
    let parts = [600..900, 0..250, 250..600].map(|draws| through_a_file(&drawn(&plan, 7, draws)));
    assert!(Shard::merge_all(parts).unwrap() == whole);
    let filled = |group: &GroupSummary| matches!(group, GroupSummary::Binned { headline } if headline.sum > 0);
    assert_eq!(whole.summary().groups.iter().filter(|g| filled(g)).count(), 3);
}

#[test]
fn what_is_not_one_run_is_refused() {
    let all = random_assessment(31, 8, Families::All, true);
    let here = plan(&all);
    let first = drawn(&here, 7, 0..100);
    let merge = |other: Shard| first.clone().merge(other).map(|merged| merged.draws());
    // Negative control: the neighbour.
    assert_eq!(merge(drawn(&here, 7, 100..200)), Ok(0..200));

    let mut renamed = all.clone();
    renamed.models[0].id.push('x');
    let other = plan(&renamed);
    let plans = MergeError::Plans(PlanHash::of(&here), PlanHash::of(&other));
    assert_eq!(merge(drawn(&other, 7, 100..200)), Err(plans));
    assert_eq!(merge(drawn(&here, 8, 100..200)), Err(MergeError::Seeds(7, 8)));
    assert_eq!(merge(drawn(&here, 7, 90..200)), Err(MergeError::Overlap(90..100)));
    assert_eq!(merge(first.clone()), Err(MergeError::Overlap(0..100)));
    assert_eq!(merge(drawn(&here, 7, 20..30)), Err(MergeError::Overlap(20..30)));
    assert_eq!(merge(drawn(&here, 7, 101..200)), Err(MergeError::Missing(std::iter::once(100..101).collect())));
    assert_eq!(Shard::merge_all([]), Err(MergeError::Nothing));
    let [b, c] = [120..150, 190..200].map(|draws| drawn(&here, 7, draws));
    assert_eq!(Shard::merge_all([c, first, b]), Err(MergeError::Missing(vec![100..120, 150..190])));
}

/// The same random numbers counted otherwise: one hash of the plan, and no sum of counts means anything.
#[test]
fn other_ways_of_counting_are_refused() {
    let here = plan(&random_assessment(31, 8, Families::All, true));
    let first = drawn(&here, 7, 0..100);
    let changes: [fn(&mut Plan); 5] = [
        |plan| plan.models.reverse(),
        |plan| plan.header.outputs[0].unit += 1,
        |plan| plan.header.outputs[0].kept = false,
        |plan| plan.models[0].headline.bins_lo += 1,
        |plan| plan.header.binned = false,
    ];
    for change in changes {
        let mut other = here.clone();
        change(&mut other);
        assert_eq!(PlanHash::of(&other), first.plan());
        let refused = Err(MergeError::Layouts(first.plan()));
        assert!(first.clone().merge(drawn(&other, 7, 100..200)) == refused);
        assert!(first.clone().into_summary(&other) == Err(MergeError::Layouts(first.plan())));
    }
    assert!(first.clone().into_summary(&here).is_ok());
}

/// A summary that cannot be one of the plan gets no identity.
#[test]
fn summaries_of_other_sizes_are_refused() {
    let here = plan(&random_assessment(31, 8, Families::All, true));
    let given = || drawn(&here, 7, 3..100).summary().clone();
    let changes: [fn(&mut Summary); 9] = [
        |s| s.draws.end += 1,
        |s| s.draws.end = 3,
        |s| s.totals[0].truncate(96),
        |s| s.totals[0].clear(),
        |s| drop(s.totals.pop()),
        |s| s.saturated[0] = 98,
        |s| drop(s.models.pop()),
        |s| s.models[0].headline.bins = Box::new([]),
        |s| s.models[0].ratio.bins[5] = 98,
    ];
    assert!(Shard::new(&here, 7, given()).is_ok());
    for (i, change) in changes.iter().enumerate() {
        let mut changed = given();
        change(&mut changed);
        assert!(matches!(Shard::new(&here, 7, changed), Err(MergeError::Summary(_))), "{i}");
    }
}
