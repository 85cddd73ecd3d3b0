//! Moments against mpmath and SciPy (`tests/reference/moments.py`).

use super::distributions::{cases, lognormal, truncated};
use carbonhaze::low_level::portfolio::Distribution::{self, *};
use carbonhaze::low_level::portfolio::moments::{engine_moment, lognormal_engine_moment, raw_moment};

/// The fields of one line of the reference: kind, case, k, moment.
fn reference(kind: &str) -> Vec<(String, String, f64)> {
    let lines = include_str!("../../reference/moments.csv").lines().filter(|line| line.starts_with(kind));
    let fields = |line: &str| {
        let mut fields = line.split(',').skip(1).map(str::to_owned);
        let (case, k) = (fields.next().unwrap(), fields.next().unwrap());
        (case, k, fields.next().unwrap().parse().unwrap())
    };
    lines.map(fields).collect()
}

fn case(name: &str) -> Distribution {
    cases().into_iter().find(|(other, _)| *other == name).expect("a case of that name").1
}

#[test]
fn raw_moments_agree_with_mpmath() {
    let reference = reference("raw");
    assert_eq!(reference.len(), 47);
    for (name, k, expected) in reference {
        let moment = raw_moment(&case(&name), k.parse().unwrap()).expect("finite");
        let miss = (moment / expected - 1.0).abs();
        println!("{name} {k}: {miss:.1e}");
        assert!(miss < 1e-11, "{name}, k = {k}: {moment:e} for {expected:e}, {miss:e}");
        // Negative control: the next power is seen to be another number.
        let next = raw_moment(&case(&name), k.parse::<i32>().unwrap() + 1).expect("finite");
        assert!((next / expected - 1.0).abs() > 1e-6, "{name}, k = {k}");
    }
}

#[test]
fn engine_moments_agree_with_the_sum_over_its_cells() {
    let reference = reference("engine");
    assert_eq!(reference.len(), 14);
    for (name, k, expected) in reference {
        let moment = engine_moment(&case(&name), k.parse().unwrap()).expect("finite");
        let miss = (moment / expected - 1.0).abs();
        println!("{name} {k}: {miss:.1e}");
        assert!(miss < 2e-9, "{name}, k = {k}: {moment:e} for {expected:e}, {miss:e}");
    }
}

#[test]
fn loadings_agree_with_the_sum_over_the_cells() {
    let reference = reference("load");
    assert_eq!(reference.len(), 8);
    for (load, _, expected) in reference {
        let load: f64 = load.parse().unwrap();
        let moment = lognormal_engine_moment(load);
        let miss = (moment / expected - 1.0).abs();
        println!("{load}: {miss:.1e}");
        assert!(miss < 1e-9, "{load}: {moment:e} for {expected:e}, {miss:e}");
        // Negative control: the untruncated lognormal is visibly another number where the tail matters.
        if load.abs() >= 3.0 {
            assert!(((0.5 * load * load).exp() / expected - 1.0).abs() > 1e-4, "{load}");
        }
    }
}

#[test]
fn infinite_moments_are_refused() {
    let refused = |d: Distribution, k: i32| {
        assert_eq!(raw_moment(&d, k), None, "{d:?}, k = {k}");
        assert_eq!(engine_moment(&d, k), None, "{d:?}, k = {k}");
    };
    refused(Normal { mean: 3.0, sd: 0.6 }, -1);
    refused(Uniform { lo: 0.0, hi: 1.0 }, -1);
    refused(Gamma { shape: 2.0, scale: 1.0 }, -2);
    refused(Fixed(0.0), -1);
    refused(Empirical([0.0, 1.0].as_slice().into()), -1);
    refused(Mixture(vec![(0.5, lognormal(1.0, 2.0)), (0.5, Fixed(0.0))]), -1);
    refused(truncated(Uniform { lo: 0.0, hi: 1.0 }, 0.0, 0.5), -1);
    assert!(raw_moment(&Gamma { shape: 2.0, scale: 1.0 }, -1).is_some());
    assert!(raw_moment(&truncated(Uniform { lo: 0.0, hi: 1.0 }, 0.25, 0.5), -4).is_some());
    // A normal 30 standard deviations from zero: infinite in theory, but the engine never comes near zero.
    let far = Normal { mean: 3.0, sd: 0.1 };
    assert_eq!(raw_moment(&far, -1), None);
    // E[1/X] = (1 + c² + 3c⁴ + 15c⁶ + 105c⁸ …)/mean with c = 1/30, the asymptotic series of the Dawson integral.
    let c2 = 1.0 / 900.0;
    let series = (1.0 + c2 * (1.0 + c2 * (3.0 + c2 * (15.0 + c2 * 105.0)))) / 3.0;
    assert!((engine_moment(&far, -1).unwrap() / series - 1.0).abs() < 1e-9);
}

#[test]
fn atoms_have_exact_moments() {
    let d = Mixture(vec![(0.25, Fixed(0.0)), (0.25, Fixed(2.0)), (0.5, Empirical([4.0, 8.0].as_slice().into()))]);
    // By hand: (2 + 4 + 8)/4, (4 + 16 + 64)/4.
    assert!((raw_moment(&d, 1).unwrap() - 3.5).abs() < 1e-15);
    assert!((raw_moment(&d, 2).unwrap() - 21.0).abs() < 1e-14);
    assert!((engine_moment(&d, 1).unwrap() - 3.5).abs() < 1e-12);
    assert!((engine_moment(&d, 2).unwrap() - 21.0).abs() < 1e-12);
    assert_eq!(engine_moment(&Fixed(4.0), -2), Some(0.0625));
    let bounds_are_in = truncated(Empirical([1.0, 2.0, 3.0, 4.0].as_slice().into()), 2.0, 3.0);
    assert!((engine_moment(&bounds_are_in, 1).unwrap() - 2.5).abs() < 1e-12);
}

#[test]
fn every_family_has_moments_that_obey_jensen() {
    for (name, d) in cases() {
        let mean = engine_moment(&d, 1).unwrap();
        let second = engine_moment(&d, 2).unwrap();
        let raw = raw_moment(&d, 1).unwrap();
        assert!(second > mean * mean, "{name}: {mean} {second}");
        // The engine cuts off 2^-33 on either side: for these spreads nobody's mean moves by a millionth.
        assert!((raw / mean - 1.0).abs() < 1e-6, "{name}: {raw} {mean}");
    }
}
