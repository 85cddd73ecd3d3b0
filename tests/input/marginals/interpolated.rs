//! Interpolated quantiles, which tables are made of, against the exact ones and against mpmath.

use std::collections::BTreeMap;

use super::distributions::{cases, lognormal, reference};
use carbonhaze::low_level::portfolio::Distribution::{self, *};
use carbonhaze::low_level::portfolio::distribution::interpolated::{Interpolated, TOLERANCE};
use carbonhaze::low_level::portfolio::distribution::shape::{ShapeKey, normalise};
use carbonhaze::low_level::portfolio::quantile::Quantiles;
use carbonhaze::{Portfolio, assess};

/// The engine's z end at 6.34, its tables at 6.375.
const LIMIT: f64 = 6.375;
/// Where the curve is nearly vertical, a value is as good if it is exact within this distance in z, which is a tenth of
/// the error of the engine's own normals.
const NARROW: f64 = 1.0 / (1 << 24) as f64;
/// What the interpolation does not tell apart: 80 octaves below the largest value.
const RANGE: f64 = 80.0 * std::f64::consts::LN_2;

/// The largest error of a logarithm between the breaks, and its z.
fn worst(exact: &Quantiles, interpolated: &Interpolated, steps: u32) -> (f64, f64) {
    let breaks = exact.breaks(LIMIT);
    let floor = exact.ln_at_z(LIMIT) - RANGE;
    let mut worst = (0.0, 0.0);
    for i in 0..=steps {
        let z = (LIMIT - 1e-6) * (2.0 * f64::from(i) / f64::from(steps) - 1.0);
        let next = breaks.partition_point(|b| *b < z);
        let start = next.checked_sub(1).map_or(-LIMIT, |i| breaks[i]);
        let end = breaks.get(next).copied().unwrap_or(LIMIT);
        // On a break itself, and where there is nothing between two, a table has its own rules.
        if z - start < 2.0 * NARROW || end - z < 2.0 * NARROW {
            continue;
        }
        let (value, ln) = (interpolated.ln_at_z(z), exact.ln_at_z(z));
        if value == ln || ln < floor {
            continue;
        }
        let mut miss = (value - ln).abs();
        if miss > TOLERANCE {
            let (low, high) = (exact.ln_at_z(z - NARROW), exact.ln_at_z(z + NARROW));
            miss = miss.min((low - value).max(value - high).max(0.0));
        }
        if miss > worst.0 || miss.is_nan() {
            worst = (miss, z);
        }
    }
    worst
}

fn made(d: &Distribution, tolerance: f64) -> (Quantiles, Interpolated) {
    let exact = Quantiles::new(d);
    (exact.clone(), Interpolated::within(exact, LIMIT, tolerance))
}

#[test]
fn every_family_is_interpolated_within_the_tolerance() {
    for (name, d) in cases() {
        let (exact, interpolated) = made(&d, TOLERANCE);
        let (miss, z) = worst(&exact, &interpolated, 5003);
        println!("{name:20} {:5} spans, {:.1e} of the tolerance", interpolated.spans(), miss / TOLERANCE);
        assert!(miss <= TOLERANCE, "{name}: {miss:e} at {z}");
    }
}

#[test]
fn interpolated_quantiles_agree_with_mpmath() {
    for (name, d) in cases() {
        let (exact, interpolated) = made(&d, TOLERANCE);
        let floor = exact.ln_at_z(LIMIT) - RANGE;
        let breaks = exact.breaks(7.0);
        for (z, x) in reference(name) {
            // The reference stands at rounded z: one falls on a jump (gap, z = 0).
            if x == 0.0 || breaks.iter().any(|b| (b - z).abs() < 1e-8) {
                continue;
            }
            let miss = (interpolated.ln_at_z(z) - x.ln().max(floor)).abs();
            let rise = interpolated.ln_at_z(z + NARROW) - interpolated.ln_at_z(z - NARROW);
            assert!(miss <= TOLERANCE.max(rise), "{name} at {z}: {miss:e}");
        }
    }
}

/// Every mixture and truncation that the Hub file needs, by shape.
fn hub() -> Vec<Distribution> {
    let path = format!("{}/fixtures/hub_models.csv", env!("CARGO_MANIFEST_DIR"));
    let assessment = assess(&Portfolio::read(path).expect("it reads")).expect("it assesses");
    let factors = assessment.models.iter().flat_map(|m| m.factors.iter().flatten());
    let shapes = factors.map(|factor| normalise(&factor.alone()).0);
    let shapes: BTreeMap<ShapeKey, Distribution> =
        shapes.filter(|d| matches!(d, Mixture(_) | Truncated { .. })).map(|d| (ShapeKey::of(&d), d)).collect();
    shapes.into_values().collect()
}

#[test]
fn the_shapes_of_the_hub_file_are_interpolated_within_the_tolerance() {
    let shapes = hub();
    assert!(shapes.len() > 100, "{}", shapes.len());
    let mut coarse_fails = 0;
    let some: Vec<&Distribution> = shapes.iter().step_by(7).collect();
    for d in &some {
        let (exact, interpolated) = made(d, TOLERANCE);
        let (miss, z) = worst(&exact, &interpolated, 1009);
        assert!(miss <= TOLERANCE, "{d}: {miss:e} at {z}");
        // Negative control: a grid that is too coarse.
        let (exact, coarse) = made(d, 1e4 * TOLERANCE);
        coarse_fails += usize::from(worst(&exact, &coarse, 1009).0 > TOLERANCE);
    }
    assert!(2 * coarse_fails > some.len(), "{coarse_fails} of {}", some.len());
}

/// Negative control of the first test. Where a cubic is exact, or nearly, no grid is too coarse.
#[test]
fn a_grid_too_coarse_is_seen() {
    let seen = |(name, d): &(&str, Distribution)| {
        let (exact, coarse) = made(d, 1e4 * TOLERANCE);
        let (miss, _) = worst(&exact, &coarse, 5003);
        println!("{name:20} {:5} spans, {:.1e} of the tolerance", coarse.spans(), miss / TOLERANCE);
        miss > TOLERANCE
    };
    let cases = cases();
    let count = cases.iter().filter(|case| seen(case)).count();
    assert!(4 * count > 3 * cases.len(), "{count} of {}", cases.len());
}

/// A part of little weight and spread between the points that a wide one would be read at.
#[test]
fn a_narrow_part_of_a_mixture_is_not_passed_over() {
    for median in [0.3, 1.1, 7.7, 21.0] {
        let d = Mixture(vec![(0.999, lognormal(1.0, 4.0)), (0.001, lognormal(median, 1.0001))]);
        let (exact, interpolated) = made(&d, TOLERANCE);
        let (miss, z) = worst(&exact, &interpolated, 20_011);
        assert!(miss <= TOLERANCE, "{median}: {miss:e} at {z}");
    }
}
