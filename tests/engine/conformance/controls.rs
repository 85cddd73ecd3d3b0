//! Negative controls: small true faults of a backend, each of which the comparison must see.

use std::sync::Arc;

use carbonhaze::engine::gpu::{Fault, Options};
use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::{Gpu, Scalar, Shard, Simd, Summary};

use super::backends::{cpu, gpus, run};
use super::plan;
use crate::common::{Families, gpu, random_assessment};

/// The plan with the lowest bits of one table changed.
fn with_a_changed_table(plan: &Plan) -> Plan {
    let mut changed = plan.clone();
    let table = changed.header.tables.first_mut().expect("the portfolio has a table");
    let mut copy = (**table).clone();
    copy.cells.iter_mut().for_each(|c| *c ^= 1 << 3);
    *table = Arc::new(copy);
    changed
}

#[test]
fn a_changed_table_entry_is_seen() {
    let plan = plan(&random_assessment(11, 30, Families::All, false));
    let changed = with_a_changed_table(&plan);
    let expected = run(&Scalar, &plan, 1, 0..2000);
    assert!(run(&cpu(1, 0, Simd::detect()), &changed, 1, 0..2000) != expected);
    for gpu in gpus().iter().take(1) {
        assert!(run(&*gpu.backend, &plan, 1, 0..2000) == expected);
        assert!(run(&*gpu.backend, &changed, 1, 0..2000) != expected);
    }
}

/// The lowest bit of one constant of the random stream.
#[test]
fn a_changed_constant_is_seen() {
    let plan = plan(&random_assessment(11, 30, Families::All, false));
    let expected = run(&Scalar, &plan, 1, 0..300);
    for (from, to) in [("0xD2511F53u", "0xD2511F52u"), ("0xBB67AE85u", "0xBB67AE84u"), ("38727851u", "38727850u")] {
        let Some(found) = gpu::first() else { return };
        let options = Options { faults: vec![Fault::ChangedKernel { from, to }], ..Options::default() };
        let gpu = Gpu::with(found, options, None);
        assert!(run(&gpu, &plan, 1, 0..300) != expected, "{from}");
    }
    // The same way of changing a kernel, with nothing changed.
    let Some(found) = gpu::first() else { return };
    let same = Fault::ChangedKernel { from: "0xD2511F53u", to: "0xd2511f53u" };
    let gpu = Gpu::with(found, Options { faults: vec![same], ..Options::default() }, None);
    assert!(run(&gpu, &plan, 1, 0..300) == expected);
}

/// A stretch that a device forgets: the models' sums lack it, or the totals do.
#[test]
fn a_dropped_stretch_is_seen() {
    let plan = plan(&random_assessment(11, 30, Families::All, false));
    let expected = run(&Scalar, &plan, 1, 0..1200);
    for gpu in gpus().iter().take(1) {
        let part = |draws| run(&*gpu.backend, &plan, 1, draws);
        let whole = |middle: Summary| {
            let parts = [part(0..400), middle, part(800..1200)];
            let shards = parts.map(|summary| Shard::new(&plan, 1, summary).expect("a summary of the plan"));
            Shard::merge_all(shards).and_then(|merged| merged.into_summary(&plan)).expect("parts")
        };
        assert!(whole(part(400..800)) == expected);
        assert!(whole(Summary::empty(plan.whole(), 400..800)) != expected);
        let totals = Summary { models: part(400..800).models, ..Summary::empty(plan.whole(), 400..800) };
        assert!(whole(totals) != expected);
        let models = Summary { models: Summary::empty(plan.whole(), 400..800).models, ..part(400..800) };
        assert!(whole(models) != expected);
    }
}
