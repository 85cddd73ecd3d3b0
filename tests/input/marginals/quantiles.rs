//! Quantile functions against mpmath (`tests/reference/quantiles.py`).

use super::distributions::{cases, reference};
use carbonhaze::low_level::portfolio::Distribution::{self, *};
use carbonhaze::low_level::portfolio::quantile::{Quantiles, quantile, quantile_z};

/// The largest relative difference from the reference.
fn worst(d: &Distribution, reference: &[(f64, f64)]) -> (f64, f64) {
    let miss = |&(z, expected): &(f64, f64)| {
        let x = quantile_z(d, z);
        if x == expected { (0.0, z) } else { ((x / expected - 1.0).abs(), z) }
    };
    reference.iter().map(miss).fold((0.0, 0.0), |worst, m| if m.0 > worst.0 || m.0.is_nan() { m } else { worst })
}

#[test]
fn every_family_agrees_with_mpmath_in_both_tails() {
    for (name, d) in cases() {
        let reference = reference(name);
        assert_eq!(reference.len(), 19, "{name}");
        let (miss, z) = worst(&d, &reference);
        println!("{name:20} {miss:.1e} at {z}");
        // Half-way between two far components there is next to no density, and x hangs on the last bits of p.
        let bound = if name == "mixture_far" { 1e-9 } else { 1e-11 };
        assert!(miss < bound, "{name}: {miss:e} at z = {z}");
    }
}

#[test]
fn the_comparison_sees_a_slightly_wrong_parameter() {
    let (miss, _) = worst(&Gamma { shape: 3.0 + 1e-9, scale: 2.0 }, &reference("gamma"));
    assert!(miss > 1e-10);
}

#[test]
fn cumulative_probability_inverts_the_quantile() {
    for (name, d) in cases() {
        let prepared = Quantiles::new(&d);
        for i in -60..=60 {
            let z = f64::from(i) / 10.0 + 0.037;
            let x = prepared.at_z(z);
            // P(X ≤ Q(p)) ≥ p, with equality away from atoms; a quarter of a percent less must have less than p.
            let at = prepared.cdf(x * (1.0 + 1e-9));
            assert!(at.z() >= z - 1e-6, "{name}: z = {z}, x = {x}, {at:?}");
            if x > 0.0 {
                let under = prepared.cdf(x * (1.0 - 1e-9));
                assert!(under.z() <= z + 1e-6, "{name}: z = {z}, x = {x}, {under:?}");
            }
        }
    }
}

#[test]
fn equally_likely_values_follow_the_rank() {
    let d = Empirical([2.0, 3.0, 5.0, 7.0].as_slice().into());
    // ⌈4p⌉: p = 0.25 is still the first value, anything above it the second.
    for (p, x) in [(0.0, 2.0), (0.25, 2.0), (0.250001, 3.0), (0.5, 3.0), (0.75, 5.0), (0.750001, 7.0), (1.0, 7.0)] {
        assert_eq!(quantile(&d, p), x, "p = {p}");
    }
}

#[test]
fn breaks_are_the_levels_of_the_atoms() {
    // SciPy 1.17: norm.ppf([0.25, 0.5]) = [-0.6744897501960817, 0].
    let d = Mixture(vec![(0.25, Fixed(0.0)), (0.25, Fixed(2.0)), (0.5, Uniform { lo: 3.0, hi: 4.0 })]);
    let breaks = Quantiles::new(&d).breaks(6.0);
    assert_eq!(breaks.len(), 2, "{breaks:?}");
    assert!((breaks[0] + 0.674_489_750_196_081_7).abs() < 1e-15 && breaks[1].abs() < 1e-15, "{breaks:?}");
    let prepared = Quantiles::new(&d);
    assert_eq!(prepared.zero_probability(), 0.25);
    assert_eq!(prepared.at_z(-0.674_489_76), 0.0);
    assert_eq!(prepared.at_z(-0.674_489_74), 2.0);
    assert_eq!(prepared.at_z(-1e-12), 2.0);
    assert!(prepared.at_z(1e-12) > 3.0);
}

/// By definition the smallest x with P(X ≤ x) ≥ p: at the level of the atom itself the lognormal has no end, but the atom
/// is reached.
#[test]
fn a_quantile_at_the_level_of_an_atom_is_a_number() {
    let d = Mixture(vec![(0.95, LogNormal { median: 5e19, gsd: 5.0 }), (0.05, Fixed(4e32))]);
    let x = quantile(&d, 0.95);
    assert!(x > 1e20 && x <= 4e32, "{x}");
    assert_eq!(quantile(&d, 0.950_001), 4e32);
    assert!(quantile(&d, 0.949) < 1e25);
}
