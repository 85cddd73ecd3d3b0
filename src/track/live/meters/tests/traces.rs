//! Energy from readings against the truth: analytic loads, and simulated traces whose meters err as documented.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};
use rand_distr::{Distribution, Normal};

use crate::track::live::meters::Span;
use crate::track::live::meters::board::{Board, Kind, Reading, Users};
use crate::track::live::meters::integral::{Counter, Power, Total};
use crate::track::live::meters::uncertainty::{NVML_CARD, NVML_COMMON, Z95};

/// A sine of a minute around 300 W, and two steps.
fn load_w(t: f64) -> f64 {
    300.0 + 100.0 * (t * std::f64::consts::TAU / 60.0).sin() + if (100.0..400.5).contains(&t) { 250.0 } else { 0.0 }
}

/// Its integral from 0.
fn load_j(t: f64) -> f64 {
    let turn = std::f64::consts::TAU / 60.0;
    300.0 * t + 100.0 / turn * (1.0 - (t * turn).cos()) + 250.0 * (t.min(400.5) - 100.0).max(0.0)
}

fn within(total: Total, truth_j: f64) -> bool {
    (total.energy_j - truth_j).abs() <= Z95 * total.variance_j2.sqrt()
}

#[test]
fn an_analytic_load_is_met_within_the_stated_error() {
    for interval_s in [0.5, 1.0, 5.0] {
        let (mut power, mut counter) = (Power::default(), Counter::new(None, None, 0.1));
        let mut t = 0.7;
        while t < 599.5 {
            power.read(t, load_w(t), None);
            counter.read(t, load_j(t), None);
            t += interval_s;
        }
        let truth_j = load_j(600.0);
        let total = power.total([0.0, 600.0], false).unwrap();
        assert!(within(total, truth_j), "{interval_s}: {total:?} {truth_j}");
        // The error is small, and grows with the interval.
        assert!(total.variance_j2.sqrt() < 0.02 * truth_j, "{total:?}");
        let total = counter.total([0.0, 600.0], false).unwrap();
        assert!(within(total, truth_j) && total.variance_j2.sqrt() < 0.01 * truth_j, "{total:?}");
    }
    // Negative control: the same readings are not the energy of another load.
    let mut power = Power::default();
    for t in 0..=600 {
        power.read(f64::from(t), 1.05 * load_w(f64::from(t)), None);
    }
    assert!(!within(power.total([0.0, 600.0], false).unwrap(), load_j(600.0)));
}

#[test]
fn a_short_first_interval_makes_no_gaps_of_all_others() {
    // Read at once after the start, then each second: noise is known from wandering all the same.
    let mut rng = StdRng::seed_from_u64(2);
    let noise = Normal::new(1000.0, 10.0).unwrap();
    let mut power = Power::default();
    for t in std::iter::once(-0.99).chain((0..20_000).map(f64::from)) {
        power.read(t, noise.sample(&mut rng), Some(0.0));
    }
    let total = power.total([-0.99, 19_999.0], false).unwrap();
    assert!((total.variance_j2 / (19_999.0 * 100.0) - 1.0).abs() < 0.2, "{total:?}");
}

#[test]
fn the_error_of_a_brownian_bridge_is_its_own() {
    // Steps of ±1 W per second, read each second: b = 1 W²/s, and an interval has the variance b h³/12.
    let mut rng = StdRng::seed_from_u64(1);
    let (mut power, mut level) = (Power::default(), 300.0);
    for t in 0..20_000 {
        power.read(f64::from(t), level, None);
        level += if rng.random::<bool>() { 1.0 } else { -1.0 };
    }
    let total = power.total([0.0, 19_999.0], false).unwrap();
    assert!((total.variance_j2 / (19_999.0 / 12.0) - 1.0).abs() < 0.2, "{total:?}");
    // White noise of 10 W: every reading errs by 10 W for a second.
    let mut power = Power::default();
    let noise = Normal::new(1000.0, 10.0).unwrap();
    for t in 0..20_000 {
        power.read(f64::from(t), noise.sample(&mut rng), None);
    }
    let total = power.total([0.0, 19_999.0], false).unwrap();
    assert!((total.variance_j2 / (19_999.0 * 100.0) - 1.0).abs() < 0.2, "{total:?}");
}

/// A run of ten minutes in tenths of a second: work that comes and goes, wanders and flickers.
fn truth(rng: &mut StdRng) -> Vec<f64> {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let (mut busy, mut wander) = (rng.random::<bool>(), 0.0);
    let step = |_| {
        if rng.random::<f64>() < 0.1 / 40.0 {
            busy = !busy;
        }
        // An Ornstein–Uhlenbeck process of 40 W and 20 s.
        wander += -wander * 0.005 + 40.0 * 0.1f64.sqrt() * 0.1f64.sqrt() * normal.sample(rng);
        let flicker = 30.0 * normal.sample(rng);
        (if busy { 550.0 } else { 250.0 } + wander + flicker).max(40.0)
    };
    (0..6000).map(step).collect()
}

/// Times of readings: about each second, one in `1 / gaps` followed by a gap of 5 to 40 s.
fn times(rng: &mut StdRng, gaps: f64) -> Vec<f64> {
    let jitter: Normal<f64> = Normal::new(1.0, 0.1).unwrap();
    let mut t = 0.2 + 1.3 * rng.random::<f64>();
    let mut times = Vec::new();
    while t < 599.5 {
        times.push(t);
        let gap = if rng.random::<f64>() < gaps { 5.0 + 35.0 * rng.random::<f64>() } else { 0.0 };
        t += f64::max(jitter.sample(rng), 0.2) + gap;
    }
    times
}

fn at(truth: &[f64], t: f64) -> f64 {
    truth[((t * 10.0) as usize).min(truth.len() - 1)]
}

const SPAN: Span = Span { started_s: 0.0, ended_s: 600.0 };

/// How many of 1,000 traces have the truth in their 90 % range, by integrated power or by the counter: with the error of ln as
/// stated, and without the meter's gain in it.
fn covered(counter: bool) -> [usize; 2] {
    let gain_sd = NVML_CARD.hypot(NVML_COMMON);
    let gains = Normal::new(0.0, gain_sd).unwrap();
    let mut inside = [0, 0];
    for seed in 0..1000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (truth, times) = (truth(&mut rng), times(&mut rng, 0.01));
        let gain = f64::exp(gains.sample(&mut rng));
        let mut board = Board::new("GPU 0".into(), Some("NVIDIA V100".into()), Kind::Nvidia, None, 1);
        let sum = |sum: &mut f64, w: &f64| {
            *sum += w * 0.1;
            Some(*sum)
        };
        let sums: Vec<f64> = truth.iter().scan(0.0, sum).collect();
        for t in times {
            let users = Users::Named { own: 1, others: 0 };
            let power_w = Some(gain * at(&truth, t)).filter(|_| !counter);
            let energy_j = Some(gain * at(&sums, t)).filter(|_| counter);
            board.read(t, Some(0.0), &Reading { energy_j, power_w, utilisation: None, users, slices: Vec::new() });
        }
        let (device, ..) = board.finish(SPAN).unwrap().remove(0);
        let off = (sums[5999] / 3.6e6 / device.energy.median_kwh).ln().abs();
        let stated = device.energy.gsd.ln();
        inside[0] += usize::from(off <= Z95 * stated);
        inside[1] += usize::from(off <= Z95 * (stated * stated - gain_sd * gain_sd).max(0.0).sqrt());
    }
    inside
}

#[test]
fn a_90_percent_range_holds_the_truth_in_85_to_95_percent() {
    for counter in [false, true] {
        let [all, without_gain] = covered(counter);
        eprintln!(
            "counter {counter}: the truth is in the range of {all} of 1,000 traces; {without_gain} without the gain"
        );
        assert!((850..=950).contains(&all), "counter {counter}: {all}");
        assert!(without_gain < 700, "counter {counter}: {without_gain}");
    }
}

#[test]
fn gaps_widen_the_error_as_much_as_they_must() {
    // A meter without gain: only sampling, with a gap at each tenth reading. The range with gaps in it, and the one of the
    // same run read without a gap.
    let (mut with, mut without) = (0, 0);
    for seed in 5000..6000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let truth = truth(&mut rng);
        let read = |times: Vec<f64>| {
            let mut power = Power::default();
            times.into_iter().for_each(|t| {
                power.read(t, at(&truth, t), Some(0.0));
            });
            power.total([0.0, 600.0], false).unwrap()
        };
        let gapped = read(times(&mut rng, 0.1));
        let whole = read(times(&mut rng, 0.0));
        let true_j: f64 = truth.iter().sum::<f64>() * 0.1;
        with += usize::from(within(gapped, true_j));
        without += usize::from(within(Total { variance_j2: whole.variance_j2, ..gapped }, true_j));
    }
    eprintln!("sampling alone, with gaps: {with} of 1,000; with the error of a run without: {without}");
    assert!((850..=970).contains(&with), "{with}");
    assert!(without < 700, "{without}");
}
