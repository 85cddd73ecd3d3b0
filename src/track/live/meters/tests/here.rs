//! This machine, whatever it has.

use super::*;
use crate::track::measured::Basis;

#[test]
fn this_machine_can_be_measured() {
    fn for_a_thread_of_its_own<T: Send>() {}
    for_a_thread_of_its_own::<Meters>();
    let mut meters = Meters::discover(&Machine::default());
    let own = processes(&[std::process::id()]);
    for now_s in [100.0, 100.1, 100.2] {
        meters.sample(now_s, &own);
    }
    let measured = meters.finish(Span { started_s: 99.9, ended_s: 100.3 }, Some(0.01));
    assert!(measured.energy.median_kwh > 0.0 && measured.energy.gsd > 1.0);
    for device in &measured.devices {
        assert!(device.energy.median_kwh > 0.0 && device.energy.gsd > 1.0, "{device:?}");
        assert!(device.basis != Basis::Estimated || !device.notes.is_empty(), "{device:?}");
    }
}

#[test]
fn a_machine_of_which_nothing_is_known() {
    let tree = Tree::new();
    let measured = measure(&tree.machine(), [0.0, 1.0], &[], [0.0, 1.0], None, |_| ());
    assert!(measured.energy.median_kwh > 0.0 && says(&measured.unread, "CPU time") && says(&measured.unread, "memory"));
    // Nothing was sampled at all.
    let measured = Meters::discover(&tree.machine()).finish(Span { started_s: 5.0, ended_s: 5.0 }, Some(0.0));
    assert!(measured.energy.median_kwh.is_finite() && measured.energy.gsd.is_finite());
}

/// How long a sample takes here: `cargo test --lib track::tests::here::cost -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn cost() {
    let started = std::time::Instant::now();
    let mut meters = Meters::discover(&Machine::default());
    eprintln!("discovery: {:.2} ms", started.elapsed().as_secs_f64() * 1e3);
    let own = processes(&[std::process::id()]);
    let cpu_s = || {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
    };
    let (n, before) = (2000, cpu_s());
    for i in 0..n {
        meters.sample(f64::from(i), &own);
    }
    eprintln!("a sample: {:.1} µs of CPU time", (cpu_s() - before) / f64::from(n) * 1e6);
    let measured = meters.finish(Span { started_s: 0.0, ended_s: f64::from(n) }, Some(cpu_s() - before));
    eprintln!("{measured:#?}");
}
