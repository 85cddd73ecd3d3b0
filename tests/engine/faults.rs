//! Devices that fail: the run ends with the right summary and a notice of what happened, or with none and a message.
//! Faults are injected (`gpu::Fault`); every expected summary is the CPU's.

use std::sync::atomic::{AtomicU64, Ordering};

use carbonhaze::engine::gpu::{Fault, Options};
use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::{Backend, Cpu, Gpu, Prepared, Simd, Stopped, Summary};
use carbonhaze::low_level::compile::compile;

use crate::common::{Families, gpu, random_assessment};

const SEED: u64 = 42;
const DRAWS: std::ops::Range<u64> = 100..1100;
/// A dispatch that the self-test, which comes first on every fresh device, does not reach: it has four, for two
/// stretches of two tiles. The runs here have three to a stretch, so this is the second stretch's second tile, and one
/// and two later the counters of some models are in and the totals are not.
const RUN: u32 = 5;

fn cpu() -> Cpu {
    Cpu::new(2, 0, Simd::detect()).expect("a thread pool")
}

/// 16 models, 20 times: more than the 125 to a tile of 1 MiB, of few shapes, in groups kept and binned.
fn plan() -> Plan {
    let mut assessment = random_assessment(31, 16, Families::All, true);
    let few = std::mem::take(&mut assessment.models);
    for copy in 0..20 {
        assessment.models.extend(few.iter().enumerate().map(|(k, m)| {
            let mut m = m.clone();
            m.id = format!("{}-{copy}", m.id);
            m.labels.insert("which", format!("{copy} {}", k % 2));
            m
        }));
    }
    assessment.groups_by = vec!["region".into(), "which".into()];
    compile(&assessment).expect("a plan")
}

/// Four stretches of three tiles.
fn options(faults: &[Fault]) -> Options {
    Options { chunk: 256, binding_bytes: 1 << 20, faults: faults.to_vec(), ..Options::default() }
}

struct Outcome {
    result: Result<Summary, Stopped>,
    notices: Vec<String>,
    /// Draws that the progress callback was told of.
    told: u64,
}

fn outcome(gpu: &Gpu, plan: &Plan) -> Outcome {
    let told = AtomicU64::new(0);
    let progress = |n| {
        told.fetch_add(n, Ordering::Relaxed);
        true
    };
    let result = gpu.run(plan, SEED, DRAWS, &progress);
    Outcome { result, notices: gpu.notices(), told: told.into_inner() }
}

/// On the first adapter; `None` where there is none.
fn with(options: Options, fallback: bool, plan: &Plan) -> Option<Outcome> {
    let gpu = Gpu::with(gpu::first()?, options, fallback.then(cpu));
    Some(outcome(&gpu, plan))
}

fn expected(plan: &Plan) -> Summary {
    cpu().run(plan, SEED, DRAWS, &|_| true).expect("not interrupted")
}

fn has(notices: &[String], words: &[&str]) -> bool {
    notices.len() == 1 && words.iter().all(|w| notices[0].contains(w))
}

/// Faults that happen once are mended on a fresh device, wherever they strike, with or without a CPU behind.
#[test]
fn what_happens_once_is_drawn_again() {
    let plan = plan();
    let expected = expected(&plan);
    let destroyed = |after| (vec![Fault::DestroyedAfter(after)], "lost");
    let faults = [
        // In the self-test; then at every tile of a stretch, and at the very last one.
        destroyed(1),
        destroyed(RUN),
        destroyed(RUN + 1),
        destroyed(RUN + 2),
        destroyed(RUN + 5),
        destroyed(RUN + 7),
        (vec![Fault::AllocationRefused], "refused"),
        (vec![Fault::Silent], "did not answer"),
    ];
    for (k, (faults, word)) in faults.into_iter().enumerate() {
        let Some(outcome) = with(options(&faults), k % 2 == 0, &plan) else { return };
        assert!(outcome.result == Ok(expected.clone()), "{faults:?}: {:?}", outcome.result.map(|_| "another summary"));
        assert!(has(&outcome.notices, &[word, "on a fresh device"]), "{faults:?}: {:?}", outcome.notices);
        assert_eq!(outcome.told, 1000, "{faults:?}");
    }
}

/// Without faults: no notice. The negative control of the above, and of the plan: it has what it says.
#[test]
fn without_faults_nothing_is_said() {
    let plan = plan();
    assert!(
        plan.models.len() == 320 && plan.groups.len() > carbonhaze::engine::plan::KEPT_GROUPS,
        "{}",
        plan.groups.len()
    );
    // A fault that never comes: the run has fewer dispatches.
    let Some(outcome) = with(options(&[Fault::DestroyedAfter(100_000)]), false, &plan) else { return };
    assert!(outcome.result == Ok(expected(&plan)));
    assert_eq!((outcome.notices, outcome.told), (vec![], 1000));
}

/// A fault that comes again on the fresh device: the CPU goes on from what is in, or nothing is given.
#[test]
fn what_happens_twice_is_finished_on_the_cpu_or_not_at_all() {
    let plan = plan();
    let expected = expected(&plan);
    // The earlier strikes in the first run, the later in the replay.
    let destroyed = |a: u32, b: u32| vec![Fault::DestroyedAfter(RUN + a), Fault::DestroyedAfter(RUN + b)];
    let cases = [
        (vec![Fault::DestroyedAfter(1); 2], "lost"),
        (destroyed(0, 0), "lost"),
        (destroyed(0, 2), "lost"),
        (destroyed(1, 1), "lost"),
        (destroyed(2, 2), "lost"),
        (destroyed(2, 4), "lost"),
        (vec![Fault::AllocationRefused; 100], "refused"),
        (vec![Fault::Silent; 2], "did not answer"),
        (vec![Fault::Silent, Fault::DestroyedAfter(RUN + 5)], "lost"),
    ];
    for (faults, word) in cases {
        let Some(mended) = with(options(&faults), true, &plan) else { return };
        assert!(mended.result == Ok(expected.clone()), "{faults:?}: {:?}", mended.result.map(|_| "another summary"));
        assert_eq!(mended.notices.len(), 2, "{faults:?}: {:?}", mended.notices);
        assert!(has(&mended.notices[1..], &[word, "the CPU draws"]), "{faults:?}: {:?}", mended.notices);
        assert_eq!(mended.told, 1000, "{faults:?}");

        let Some(failed) = with(options(&faults), false, &plan) else { return };
        assert!(
            matches!(&failed.result, Err(Stopped::Device(m)) if m.contains(word)),
            "{faults:?}: {:?}",
            failed.result
        );
        assert!(has(&failed.notices, &["on a fresh device"]), "{faults:?}: {:?}", failed.notices);
    }
}

/// What a fresh device would do no better is not tried again.
#[test]
fn what_will_not_pass_goes_to_the_cpu_at_once() {
    let plan = plan();
    // With tables of more than the 1 MiB that a buffer may have here.
    let large = compile(&random_assessment(21, 100, Families::All, true)).expect("a plan");
    assert!(large.tables.iter().map(|t| 8 * t.cells.len()).sum::<usize>() > 1 << 20);
    let cases = [
        (options(&[Fault::WrongAnswer]), &plan, ["self-test", "Philox"]),
        (options(&[Fault::BrokenKernel]), &plan, ["model_block", "not accepted"]),
        (options(&[]), &large, ["needs tables of", "the device allows 1048576"]),
    ];
    for (options, plan, words) in cases {
        let Some(mended) = with(options.clone(), true, plan) else { return };
        assert!(mended.result == Ok(expected(plan)), "{words:?}");
        assert!(has(&mended.notices, &words) && has(&mended.notices, &["the CPU draws"]), "{:?}", mended.notices);
        assert_eq!(mended.told, 1000, "{words:?}");
        let Some(failed) = with(options, false, plan) else { return };
        let Err(Stopped::Device(message)) = failed.result else { panic!("{words:?}") };
        assert!(words.iter().all(|w| message.contains(w)), "{message}");
        assert_eq!(failed.notices, Vec::<String>::new());
    }
}

/// After a fault the same backend serves further runs, on a device that is whole.
#[test]
fn a_mended_backend_goes_on() {
    let plan = plan();
    let expected = expected(&plan);
    let Some(found) = gpu::first() else { return };
    let gpu = Gpu::with(found, options(&[Fault::DestroyedAfter(RUN + 2)]), None);
    assert!(outcome(&gpu, &plan).notices.len() == 1);
    let again = outcome(&gpu, &plan);
    assert!(again.result == Ok(expected) && again.notices.is_empty());
    assert!(gpu.self_test().expect("an answer").iter().all(|check| check.wrong == 0 && check.answers > 0));
}

/// The callback stops a run at once: at the first word, in the middle, on the CPU that goes on for a lost device.
#[test]
fn an_interrupt_ends_the_run_with_nothing() {
    let plan = plan();
    let twice = [Fault::DestroyedAfter(RUN), Fault::DestroyedAfter(RUN + 2)];
    for (faults, after) in [(vec![], 0), (vec![], 500), (twice.to_vec(), 0), (twice.to_vec(), 700)] {
        let Some(found) = gpu::first() else { return };
        let gpu = Gpu::with(found, options(&faults), Some(cpu()));
        let told = AtomicU64::new(0);
        let progress = |n| told.fetch_add(n, Ordering::Relaxed) + n <= after;
        assert_eq!(gpu.run(&plan, SEED, DRAWS, &progress), Err(Stopped::Interrupted), "{faults:?} {after}");
        // And the device serves again.
        assert!(gpu.run(&plan, SEED, DRAWS, &|_| true) == Ok(expected(&plan)), "{faults:?} {after}");
    }
}

/// Ten stretches.
const CORNER_DRAWS: std::ops::Range<u64> = 100..2600;

/// Corners: what happens once is drawn again on a fresh device, what happens twice is finished on the CPU, or there is
/// nothing; a wrong number is not among the outcomes.
#[test]
fn corners_are_whole_or_not_there() {
    let plan = plan();
    let own = [0, 1, 2, 3, 3, 3, 0, 1, 2, 3];
    let design = Design::cube(4, vec![own; plan.models.len()], vec![1; plan.effects.len()], vec![true; 4]);
    let prepared = Prepared::new(&plan, &design).expect("few groups");
    let expected = cpu().corners(&prepared, SEED, CORNER_DRAWS, &|_| true).expect("not interrupted");
    // Beyond the dispatches of the self-tests, which come first on a fresh device: at most twelve.
    let late = |n: u32| Fault::DestroyedAfter(13 + n);
    let small = Options { binding_bytes: 1 << 16, ..options(&[]) };
    let cases: [(Options, &[&str]); 7] = [
        (options(&[Fault::DestroyedAfter(100_000)]), &[]),
        (options(&[late(0)]), &["fresh device"]),
        (options(&[late(5)]), &["fresh device"]),
        (options(&[Fault::Silent]), &["fresh device"]),
        (options(&[late(3), late(5)]), &["fresh device", "the CPU draws"]),
        (options(&[Fault::WrongAnswer]), &["the CPU draws"]),
        // Buffers too small for the tables.
        (small, &["the CPU draws"]),
    ];
    for (options, notices) in cases {
        let Some(found) = gpu::first() else { return };
        let gpu = Gpu::with(found, options.clone(), Some(cpu()));
        let told = AtomicU64::new(0);
        let progress = |n| {
            told.fetch_add(n, Ordering::Relaxed);
            true
        };
        let given = gpu.corners(&prepared, SEED, CORNER_DRAWS, &progress);
        assert!(given.as_ref() == Ok(&expected), "{:?}: {:?}", options.faults, given.map(|_| "other totals"));
        let said = gpu.notices();
        assert!(said.len() == notices.len() && said.iter().zip(notices).all(|(s, n)| s.contains(n)), "{said:?}");
        assert_eq!(told.into_inner(), 2500, "{:?}", options.faults);
        assert_eq!(gpu.finished_on_cpu(), notices.contains(&"the CPU draws"));
        if notices.contains(&"the CPU draws") {
            let Some(found) = gpu::first() else { return };
            let alone = Gpu::with(found, options, None);
            assert!(matches!(alone.corners(&prepared, SEED, CORNER_DRAWS, &|_| true), Err(Stopped::Device(_))));
        }
    }
}
