//! Compiled marginals against the exact quantile functions and against mpmath (`tests/reference/quantiles.py`).

use std::collections::BTreeSet;

use super::distributions::{cases, lognormal, reference, truncated};
use carbonhaze::engine::plan::table::{FLOOR_LOG2, LIMIT, Table, TableError};
use carbonhaze::engine::plan::{LOG2_BITS, Z_BITS, ZERO_LOG2};
use carbonhaze::low_level::compile::tables;
use carbonhaze::low_level::portfolio::Distribution::{self, *};
use carbonhaze::low_level::portfolio::distribution::shape::{ShapeKey, normalise};
use carbonhaze::low_level::portfolio::quantile::Quantiles;

/// What design and documentation promise for every family: 2^-18 octave and the rounding to 2^-22.
const BOUND: f64 = 1.5 / (1 << 18) as f64;

fn compiled(d: &Distribution) -> Table {
    tables::table(d).expect("every test distribution compiles")
}

fn q28(z: i32) -> f64 {
    f64::from(z) / f64::from(1u32 << Z_BITS)
}

/// The exact value in Q9.22, by the documented rules for zeros and tiny values.
fn exact(quantiles: &Quantiles, table: &Table, z: i32) -> f64 {
    let x = quantiles.at_z(q28(z));
    if x == 0.0 && quantiles.zero_probability() > 0.0 {
        return f64::from(ZERO_LOG2);
    }
    ((quantiles.ln_at_z(q28(z)) / std::f64::consts::LN_2 - table.reference_log2) * f64::from(1u32 << LOG2_BITS))
        .max(f64::from(FLOOR_LOG2))
}

/// Every z of a dense grid that shares no point with the compiler's.
fn grid() -> impl Iterator<Item = i32> {
    (-LIMIT..LIMIT).step_by(131_101)
}

/// The largest difference in octaves, over the grid, and the z it is at. Where the curve is steep, a value that is
/// exact within 2^-21 of z counts as 2^-18.
fn worst(d: &Distribution, table: &Table) -> (f64, f64) {
    let quantiles = Quantiles::new(d);
    grid().fold((0.0, 0.0), |worst, z| {
        let value = f64::from(table.value(z));
        let mut miss = (value - exact(&quantiles, table, z)).abs() / f64::from(1u32 << LOG2_BITS);
        let aim = 1.0 / f64::from(1 << 18);
        if miss > aim {
            let (low, high) = (exact(&quantiles, table, z - 128), exact(&quantiles, table, z + 128));
            let outside = (low - value).max(value - high).max(0.0) / f64::from(1u32 << LOG2_BITS);
            miss = miss.min(aim + outside);
        }
        if miss > worst.0 { (miss, q28(z)) } else { worst }
    })
}

#[test]
fn every_family_is_within_its_stated_error() {
    for (name, d) in cases() {
        let start = std::time::Instant::now();
        let table = compiled(&d);
        let time = start.elapsed();
        let (miss, z) = worst(&d, &table);
        println!(
            "{name:20} bits {:2} pieces {:5} stated 2^{:.1} found 2^{:.1} {time:?}",
            table.bits,
            table.pieces.len(),
            table.error_log2.log2(),
            miss.log2(),
        );
        assert!(table.error_log2 <= BOUND, "{name}: states {:e}", table.error_log2);
        assert!(miss <= 1.25 * table.error_log2 + 2.4e-7, "{name}: {miss:e} at {z}, states {:e}", table.error_log2);
    }
}

#[test]
fn every_family_agrees_with_mpmath() {
    for (name, d) in cases() {
        let table = compiled(&d);
        for (z, x) in reference(name) {
            let q = (z * f64::from(1u32 << Z_BITS)).round() as i32;
            // The reference's z is not a multiple of 2^-28: leave out the one that falls on a jump (gap, z = 0).
            if Quantiles::new(&d).breaks(7.0).iter().any(|b| (b - z).abs() < 1e-8) {
                continue;
            }
            let value = table.value(q);
            if x == 0.0 {
                assert_eq!(value, ZERO_LOG2, "{name} at {z}");
            } else {
                let octaves = f64::from(value) / f64::from(1u32 << LOG2_BITS) + table.reference_log2;
                let expected = x.log2().max(table.reference_log2 - 79.0);
                // The rise within 2^-21 of z, which excuses more than the bound where the curve is steep.
                let near = f64::from(table.value(q + 128) - table.value(q - 128)) / f64::from(1u32 << (LOG2_BITS + 1));
                assert!(
                    (octaves - expected).abs() <= BOUND.max(near) + 1e-6,
                    "{name} at {z}: {octaves} for {expected}"
                );
            }
        }
    }
}

#[test]
fn a_perturbed_cell_is_found() {
    for (name, d) in cases() {
        let mut table = compiled(&d);
        let middle = table.cells.len() / 2 + 9;
        let regular = table.cells[middle] >> 32 != u64::from(u32::MAX);
        if regular {
            let base = table.cells[middle] as u32 as i32 + 400;
            table.cells[middle] = table.cells[middle] >> 32 << 32 | u64::from(base as u32);
        } else {
            let first = (table.cells[middle] as u32 >> 8) as usize;
            table.pieces[first].base += 400;
        }
        let (miss, z) = worst(&d, &table);
        assert!(miss > 1e-5, "{name}: {miss:e} at {z}");
    }
}

#[test]
fn values_never_fall() {
    for (name, d) in cases() {
        let table = compiled(&d);
        let mut before = i32::MIN;
        let mut rising = |z: i32| {
            let value = table.value(z);
            assert!(value >= before, "{name}: falls at {z}");
            assert!((ZERO_LOG2..=table.max()).contains(&value) && value <= 0, "{name}: {value} at {z}");
            assert!(value == ZERO_LOG2 || value >= table.min(), "{name}: {value} at {z}");
            before = value;
        };
        // Both sides of every cell's and every piece's start, and the grid.
        let cells = (0..table.cells.len() as u32).map(|i| ((i << (32 - table.bits)) ^ 0x8000_0000) as i32);
        let joints = cells.chain(table.pieces.iter().map(|piece| piece.start));
        let mut points: BTreeSet<i32> = joints.flat_map(|z| [z.saturating_sub(1), z, z + 1]).collect();
        points.extend(grid());
        points.extend([i32::MIN, i32::MAX]);
        points.into_iter().for_each(&mut rising);
    }
}

#[test]
fn atoms_have_no_values_in_between() {
    let d = Mixture(vec![(0.3, Fixed(0.0)), (0.3, Fixed(2.0)), (0.4, Empirical([3.0, 5.0].as_slice().into()))]);
    let table = compiled(&d);
    // log2 of 2/5, 3/5 and 5/5 in units of 2^-22, by hand: -1.3219280948873623, -0.7369655941662062, 0.
    let allowed = BTreeSet::from([ZERO_LOG2, -5_544_568, -3_091_058, 0]);
    let seen: BTreeSet<i32> = grid().map(|z| table.value(z)).collect();
    assert_eq!(seen, allowed);
    assert_eq!(table.min(), -5_544_568);
    assert!(table.has_zero());
    // SciPy 1.17: norm.ppf(0.3) · 2^28 = -140768567.6…: exact to the last z.
    let jump = (-0.524_400_512_708_040_9 * f64::from(1u32 << 28)).floor() as i32;
    assert_eq!((table.value(jump), table.value(jump + 1)), (ZERO_LOG2, -5_544_568));
    // A table of straight lines between the same cell borders would show values in between.
    let width = 1 << 24;
    let naive = |z: i32| {
        let left = z.div_euclid(width) * width;
        let (a, b) = (i64::from(table.value(left)), i64::from(table.value(left + width)));
        (a + (b - a) * i64::from(z - left) / i64::from(width)) as i32
    };
    assert!(grid().any(|z| !allowed.contains(&naive(z))));
}

#[test]
fn a_certain_zero_and_an_infinite_value_have_no_table() {
    assert_eq!(tables::table(&Fixed(0.0)), Err(TableError::AlwaysZero));
    let unbounded = Shifted { shift: f64::INFINITY, inner: Box::new(Fixed(1.0)) };
    assert_eq!(tables::table(&unbounded), Err(TableError::NotFinite));
}

#[test]
fn many_equally_likely_values_stay_separate() {
    let values: Vec<f64> = (1..=5000).map(f64::from).collect();
    let d = Empirical(values.into());
    let table = compiled(&d);
    let (miss, z) = worst(&d, &table);
    assert!(miss <= 0.5 / f64::from(1u32 << LOG2_BITS), "{miss:e} at {z}");
    let too_many: Vec<f64> = (1..=400_000).map(f64::from).collect();
    assert_eq!(tables::table(&Empirical(too_many.into())), Err(TableError::TooManyPieces));
}

#[test]
fn equal_shapes_have_equal_tables() {
    let make = |scale: f64| truncated(lognormal(3.0 * scale, 2.5), 0.0, 24.0 * scale);
    let (one, other) = (normalise(&make(1.0)), normalise(&make(1024.0)));
    assert_eq!(ShapeKey::of(&one.0), ShapeKey::of(&other.0));
    assert_eq!((one.1, other.1), (3.0, 3072.0));
    assert_eq!(compiled(&one.0), compiled(&other.0));
    let different = normalise(&truncated(lognormal(3.0, 2.5), 0.0, 25.0));
    assert_ne!(ShapeKey::of(&one.0), ShapeKey::of(&different.0));
}

#[test]
fn tiny_values_are_held_and_zeros_are_not() {
    // Shape 1/64: the quantile at z = -6 is near 10^-570.
    let d = Gamma { shape: 0.015_625, scale: 1.0 };
    let table = compiled(&d);
    assert_eq!(table.value(-LIMIT), FLOOR_LOG2);
    assert!(!table.has_zero());
    let with_zero = compiled(&Mixture(vec![(0.5, Fixed(0.0)), (0.5, d)]));
    assert!(with_zero.has_zero());
    assert_eq!(with_zero.value(0), ZERO_LOG2);
    assert_eq!(with_zero.value(1), FLOOR_LOG2);
    assert_eq!(with_zero.min(), FLOOR_LOG2);
}
