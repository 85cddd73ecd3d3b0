//! The inverse normal against mpmath and against bisection on `libm`'s erfc: at most 2^-20 off, in every octave.

use std::path::Path;

use carbonhaze::engine::draw::inverse_normal::inverse_normal;

/// The promise, in standard deviations.
const BOUND: f64 = 1.0 / 1_048_576.0;

/// Origin: `tests/reference/inverse_normal.py` (mpmath).
fn reference() -> Vec<(u32, f64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/inverse_normal.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split_once(',').unwrap());
    rows.map(|(word, z)| (word.parse().unwrap(), z.parse().unwrap())).collect()
}

/// Three words (first, middle, last) of every segment of every octave: all that the table has an entry for.
fn dense() -> Vec<(u32, f64)> {
    let mut words = std::collections::BTreeSet::new();
    for octave in 0..32u32 {
        let (low, size) = (1u64 << octave, 1u64 << octave);
        for segment in 0..256u64 {
            let (first, end) = (low + ((segment * size) >> 8), low + (((segment + 1) * size) >> 8));
            for q in [first, (first + end) / 2, end.saturating_sub(1).max(first)] {
                words.insert(((q >> 1) as u32).min(0x7FFF_FFFF));
            }
        }
    }
    words.into_iter().map(|m| (m, upper(m))).collect()
}

/// `z > 0` with `Φ(−z) = (2m + 1)/2^33`.
fn upper(m: u32) -> f64 {
    let p = libm::ldexp(2.0 * f64::from(m) + 1.0, -33);
    let (mut lo, mut hi) = (0.0, 8.0);
    for _ in 0..60 {
        let z = 0.5 * (lo + hi);
        if 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2) > p { lo = z } else { hi = z }
    }
    0.5 * (lo + hi)
}

fn worst(points: &[(u32, f64)], normal: impl Fn(u32) -> i32) -> (f64, u32) {
    let miss = |&(word, z): &(u32, f64)| ((libm::ldexp(f64::from(normal(word)), -28) - z).abs(), word);
    points.iter().map(miss).fold((0.0, 0), |a, b| if b.0 > a.0 { b } else { a })
}

#[test]
fn every_octave_agrees_with_mpmath() {
    let points = reference();
    assert!(points.len() > 2000);
    for word in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
        assert!(points.iter().any(|p| p.0 == word));
    }
    let (miss, word) = worst(&points, inverse_normal);
    println!("2^{:.2} at {word:#x}", miss.log2());
    assert!(miss <= BOUND, "2^{} at {word:#x}", miss.log2());
    // Negative controls: the next octave, the other sign.
    assert!(worst(&points, |w| inverse_normal(w & 0x8000_0000 | (w & 0x7FFF_FFFF) >> 1)).0 > BOUND);
    assert!(worst(&points, |w| inverse_normal(w ^ 0x8000_0000)).0 > BOUND);
}

#[test]
fn every_segment_agrees_with_libm() {
    let points = dense();
    let (miss, word) = worst(&points, inverse_normal);
    println!("{} words: 2^{:.2} at {word:#x}", points.len(), miss.log2());
    assert!(miss <= BOUND, "2^{} at {word:#x}", miss.log2());
    // Both signs are one number.
    assert!(points.iter().all(|p| inverse_normal(p.0 | 1 << 31) == -inverse_normal(p.0)));
    // Negative control: one entry, wherever it is, off by 2^-18.
    for changed in [0x3FFF_FFFF, 0x0123_4567, 0x0000_0F00, 0] {
        let entry = |word: u32| {
            let q = word << 1 | 1;
            (q.leading_zeros(), q << q.leading_zeros() >> 23)
        };
        let off = |word: u32| inverse_normal(word) + if entry(word) == entry(changed) { 1 << 10 } else { 0 };
        assert!(worst(&points, off).0 > BOUND, "{changed:#x}");
    }
}
