//! `log2 Φ(x)` and its inverse: how probabilities of a standard normal are multiplied and added as logarithms.
//!
//! Two tables for every model. [`log_cdf`] has 2^13 equal cells over [−8, 8) with a chord each, in the form of a
//! marginal's table. [`upper`] is `x ≥ 0` with `Φ(−x) = 2^−a`: six octaves of `a` with 512 chords each, held below 8.
//! A chord lies half its midpoint error off the true chord, which halves the error: at most 2^-20.3 octave and 2^-20.9
//! standard deviations (tested against libm's erfc).
//!
//! The tables are made by `generate` (in the tests below) through `libm` only, so every host makes the same ones; the
//! committed bytes are what the engine and the shaders read, and a test compares the two.

use super::packed;
use crate::engine::plan::LOG2_BITS;

/// log2 of the number of cells of [`LOG_CDF`].
const CELL_BITS: u32 = 13;
/// log2 of the number of chords per octave of [`UPPER`].
const CHORD_BITS: u32 = 9;
/// Octaves of `a`, from 1 to 64.
const OCTAVES: usize = 6;
/// Entries of [`LOG_CDF`].
pub const LOG_CDF_ENTRIES: usize = 1 << CELL_BITS;
/// Entries of [`UPPER`].
pub const UPPER_ENTRIES: usize = OCTAVES << CHORD_BITS;

/// `log2 Φ`: value at the left end of the cell (Q9.22) in the low half, rise over the cell in the high half.
pub static LOG_CDF: [u64; LOG_CDF_ENTRIES] = packed::entries(include_bytes!("log_cdf.table"));
/// `x`: value at the lower end of the chord (Q3.28) in the low half, rise over the chord in the high half.
pub static UPPER: [u64; UPPER_ENTRIES] = packed::entries(include_bytes!("upper.table"));

/// One octave: the logarithm of a half, negated.
pub const ONE: i32 = 1 << LOG2_BITS;

/// `log2 Φ(x)` in Q9.22 of `x` in Q3.28.
#[inline(always)]
pub fn log_cdf(x: i32) -> i32 {
    let u = x as u32 ^ 0x8000_0000;
    let entry = LOG_CDF[(u >> (32 - CELL_BITS)) as usize];
    chord(entry, u << CELL_BITS) as i32
}

/// `x ≥ 0` (Q3.28) with `log2 Φ(−x) = log`; a logarithm above −1 counts as −1, and none leads beyond 8.
#[inline(always)]
pub fn upper(log: i32) -> i32 {
    let a = log.wrapping_neg().clamp(ONE, (1 << (LOG2_BITS + OCTAVES as u32)) - 1) as u32;
    let lz = a.leading_zeros();
    let n = a << lz;
    let octave = (31 - LOG2_BITS) - lz;
    // Never beyond the end: the mask only tells the compiler so.
    let at =
        ((octave << CHORD_BITS | (n >> (31 - CHORD_BITS) & ((1 << CHORD_BITS) - 1))) as usize).min(UPPER_ENTRIES - 1);
    chord(UPPER[at], n << (1 + CHORD_BITS)) as i32
}

/// Base plus the part of the rise that `r` (Q0.32) is of the chord.
#[inline(always)]
fn chord(entry: u64, r: u32) -> u32 {
    (entry as u32).wrapping_add(((u64::from((entry >> 32) as u32) * u64::from(r)) >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{LN_2, SQRT_2};

    /// log2 Φ(x) by libm's erfc.
    fn exact(x: f64) -> f64 {
        if x < 0.0 {
            libm::log2(0.5 * libm::erfc(-x / SQRT_2))
        } else {
            libm::log1p(-0.5 * libm::erfc(x / SQRT_2)) / LN_2
        }
    }

    /// x in [0, 8) with log2 Φ(−x) = −a, by bisection.
    fn exact_upper(a: f64) -> f64 {
        let (mut lo, mut hi) = (0.0, 8.0);
        for _ in 0..60 {
            let x = 0.5 * (lo + hi);
            if -exact(-x) < a { lo = x } else { hi = x }
        }
        0.5 * (lo + hi)
    }

    /// An entry of the function `f` on a chord, in units of 2^-bits; no value is above `most`.
    fn entry(f: impl Fn(f64) -> f64, from: f64, to: f64, bits: i32, most: f64) -> u64 {
        let at = |part: f64| libm::ldexp(f(from + part * (to - from)), bits);
        let (left, middle, right) = (at(0.0), at(0.5), at(1.0));
        let shift = 0.5 * (0.5 * (left + right) - middle);
        let base = libm::round(left - shift).min(most);
        let rise = libm::round(right - left).min(most - base).max(0.0);
        (rise as u64) << 32 | u64::from(base as i32 as u32)
    }

    fn generate() -> [Vec<u64>; 2] {
        let cell = |i: usize| libm::ldexp(i as f64, 4 - CELL_BITS as i32) - 8.0;
        let log_cdf = |i| entry(exact, cell(i), cell(i + 1), LOG2_BITS as i32, 0.0);
        let most = f64::from(i32::MAX);
        let upper = |i: usize| {
            let (octave, k) = (i >> CHORD_BITS, i & ((1 << CHORD_BITS) - 1));
            let a = |k: usize| libm::ldexp(1.0 + libm::ldexp(k as f64, -(CHORD_BITS as i32)), octave as i32);
            // The first chord begins at 0, where the values held at −1 are read.
            let made = entry(exact_upper, a(k), a(k + 1), 28, most);
            if i == 0 { made >> 32 << 32 } else { made }
        };
        [(0..LOG_CDF_ENTRIES).map(log_cdf).collect(), (0..UPPER_ENTRIES).map(upper).collect()]
    }

    /// `HAZE_WRITE_TABLES=1 cargo test normal_cdf` writes the committed files anew (value-breaking if they differ).
    #[test]
    fn the_committed_tables_are_what_the_generator_makes() {
        let tables = generate();
        if std::env::var_os("HAZE_WRITE_TABLES").is_some() {
            for (name, table) in ["log_cdf", "upper"].iter().zip(&tables) {
                let bytes: Vec<u8> = table.iter().flat_map(|e| e.to_le_bytes()).collect();
                let path = format!("{}/src/engine/draw/{name}.table", env!("CARGO_MANIFEST_DIR"));
                std::fs::write(path, bytes).unwrap();
            }
        }
        assert!(LOG_CDF[..] == tables[0] && UPPER[..] == tables[1], "HAZE_WRITE_TABLES=1 writes them");
    }

    fn worst(points: impl Iterator<Item = i32>, f: impl Fn(i32) -> f64) -> f64 {
        points.map(f).fold(0.0, f64::max)
    }

    #[test]
    fn log_cdf_is_within_2_to_minus_20_octave_of_erfc() {
        let points = || (-250_000i32..250_000).map(|k| k * 8583 + k.rem_euclid(97));
        let error = |moved: i32| {
            worst(points(), |x| {
                let got = libm::ldexp(f64::from(log_cdf(x.wrapping_add(moved))), -(LOG2_BITS as i32));
                (got - exact(libm::ldexp(f64::from(x), -28))).abs()
            })
        };
        assert!(error(0) < libm::exp2(-20.0), "2^{}", libm::log2(error(0)));
        // Negative control: 2^-16 standard deviations off the place is seen.
        assert!(error(1 << 12) > libm::exp2(-20.0));
    }

    #[test]
    fn upper_is_within_2_to_minus_20_of_erfc() {
        // Up to log2 Φ(−7.9) = −49.3.
        let points = || (0..200_000i32).map(|k| -ONE - k * 1010 - k.rem_euclid(89));
        let error = |moved: i32| {
            worst(points(), |log| {
                let x = libm::ldexp(f64::from(upper(log + moved)), -28);
                (x - exact_upper(libm::ldexp(f64::from(-log), -(LOG2_BITS as i32)))).abs()
            })
        };
        assert!(error(0) < libm::exp2(-20.0), "2^{}", libm::log2(error(0)));
        assert!(error(16) > libm::exp2(-20.0), "negative control");
        // Held at both ends.
        assert_eq!(upper(0), upper(-ONE));
        assert_eq!(upper(-80 * ONE), i32::MAX);
    }
}
