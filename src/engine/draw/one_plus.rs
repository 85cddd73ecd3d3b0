//! `log2(1 + 2^y)`: how 1 + X comes from the logarithm of X, and the logarithm of a sum from those of its parts.
//!
//! One table for every model. For `y < 0` the function is read from 24 octaves of 128 chords (each half its midpoint
//! error below the true chord: error at most 2^-19.9 octave); below −24 octaves it is 0 (its value there is under half
//! a unit of Q9.22); for `y ≥ 0` it is `y + log2(1 + 2^−y)`.

use super::packed;
use crate::engine::plan::LOG2_BITS;

/// Octaves below zero that the table covers.
pub const OCTAVES: i32 = 24;
/// log2 of the number of chords per octave.
const CHORD_BITS: u32 = 7;
/// Fraction bits of what is left within one chord.
pub const RESIDUAL_BITS: u32 = LOG2_BITS - CHORD_BITS;
/// Entries of the table; one more than chords, so that y = 0 has an entry of its own.
pub const ENTRIES: usize = ((OCTAVES as usize) << CHORD_BITS) + 1;

/// Base (Q9.22) in the low half, rise over the chord times 2 in the high half.
pub static TABLE: [u64; ENTRIES] = packed::entries(include_bytes!("one_plus.table"));

/// `log2(1 + 2^y)`, argument and result in Q9.22.
#[inline(always)]
pub fn one_plus(y: i32) -> i32 {
    let below = y.min(-y).max(-OCTAVES << LOG2_BITS);
    let u = (below + (OCTAVES << LOG2_BITS)) as u32;
    let entry = TABLE[((u >> RESIDUAL_BITS) as usize).min(ENTRIES - 1)];
    let r = u & ((1 << RESIDUAL_BITS) - 1);
    let rise = ((entry >> 32) as u32 * r) >> (RESIDUAL_BITS + 1);
    (entry as u32 + rise) as i32 + y.max(0)
}

/// `log2(2^a + 2^b)` in Q9.22. A part that is zero (80 octaves down) adds nothing.
#[inline(always)]
pub fn log_sum(a: i32, b: i32) -> i32 {
    a.max(b).wrapping_add(one_plus(a.min(b).wrapping_sub(a.max(b))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(y: f64) -> f64 {
        libm::log1p(libm::exp2(y)) / std::f64::consts::LN_2
    }

    fn generate() -> Vec<u64> {
        let chord = libm::ldexp(1.0, -(CHORD_BITS as i32));
        (0..ENTRIES)
            .map(|i| {
                let y = i as f64 * chord - f64::from(OCTAVES);
                let (left, middle, right) = (exact(y), exact(y + 0.5 * chord), exact(y + chord));
                let shift = 0.5 * (0.5 * (left + right) - middle);
                // The first chord starts at 0, where the clamped values below it are read.
                let base = if i == 0 { 0.0 } else { libm::round(libm::ldexp(left - shift, LOG2_BITS as i32)) };
                let rise = libm::round(libm::ldexp(right - left, LOG2_BITS as i32 + 1));
                assert!(rise < 65536.0);
                (rise as u64) << 32 | base as u64
            })
            .collect()
    }

    /// `HAZE_WRITE_TABLES=1 cargo test one_plus` writes the committed file anew (value-breaking if it differs).
    #[test]
    fn the_committed_table_is_what_the_generator_makes() {
        let table = generate();
        if std::env::var_os("HAZE_WRITE_TABLES").is_some() {
            let bytes: Vec<u8> = table.iter().flat_map(|e| e.to_le_bytes()).collect();
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/draw/one_plus.table"), bytes).unwrap();
        }
        assert_eq!(TABLE.as_slice(), table);
    }

    fn worst(f: impl Fn(i32) -> i32) -> f64 {
        (-30 * 4096..=30 * 4096)
            .map(|k: i32| k * 1024 + k.rem_euclid(1024))
            .map(|y| {
                let x = libm::ldexp(f64::from(y), -(LOG2_BITS as i32));
                (libm::ldexp(f64::from(f(y)), -(LOG2_BITS as i32)) - exact(x)).abs()
            })
            .fold(0.0, f64::max)
    }

    /// log2(1 + 2^y) by libm's log1p and exp2.
    #[test]
    fn error_is_at_most_2_to_minus_19_9_octave() {
        let e = worst(one_plus);
        assert!(e <= libm::exp2(-19.9), "2^{}", libm::log2(e));
        // Negative control: half a chord off the place is seen.
        assert!(worst(|y| one_plus(y + 64)) > libm::exp2(-19.9));
    }
}
