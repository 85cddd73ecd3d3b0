//! Base-2 logarithm of a count, for binning totals of groups.
//!
//! Integers only: the octave from the leading zeros, the rest from 256 chords of `log2(1 + f)` whose ends are computed
//! at compile time by repeated squaring. Error below 2^-18 octave, far finer than a bin.

use crate::engine::plan::LOG2_BITS;

/// Straight pieces that the logarithm of a mantissa is made of.
pub const CHORDS: usize = 256;

/// `log2(1 + i/256)` in Q0.32, rounded down to 2^-26; the last entry is 1, held at 2^32 − 1.
pub static ENDS: [u32; CHORDS + 1] = {
    let mut ends = [0; CHORDS + 1];
    let mut i = 0;
    while i < CHORDS {
        // x in [1, 2) as Q1.63; each squaring gives one bit.
        let mut x = (1u64 << 63) + ((i as u64) << 55);
        let mut bits = 0u32;
        let mut k = 31;
        while k >= 6 {
            let square = (x as u128 * x as u128) >> 63;
            if square >> 64 != 0 {
                bits |= 1 << k;
                x = (square >> 1) as u64;
            } else {
                x = square as u64;
            }
            k -= 1;
        }
        ends[i] = bits;
        i += 1;
    }
    ends[CHORDS] = u32::MAX;
    ends
};

/// `log2(count)` in Q9.22; `count` > 0.
pub fn log2_count(count: u64) -> i32 {
    let lz = count.leading_zeros();
    let octave = 63 - lz as i32;
    let f = (((count << lz) << 1) >> 32) as u32;
    let i = (f >> 24) as usize;
    let (left, right) = (ENDS[i], ENDS[i + 1]);
    let part = left + (((u64::from(right - left)) * u64::from(f << 8)) >> 32) as u32;
    (octave << LOG2_BITS) + (part >> (32 - LOG2_BITS)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// libm's log2 is the outside value.
    #[test]
    fn agrees_with_libm() {
        let worst = |shift: u64| {
            (1..2000u64)
                .flat_map(|i| (0..48).map(move |k| (i << k) + i * 7 % 5))
                .map(|x| {
                    (f64::from(log2_count(x + shift * (x >> 8))) / f64::from(1 << LOG2_BITS) - libm::log2(x as f64))
                        .abs()
                })
                .fold(0.0, f64::max)
        };
        assert!(worst(0) < libm::exp2(-18.0), "2^{}", libm::log2(worst(0)));
        assert!(worst(1) > libm::exp2(-18.0), "negative control: 0.4 % off is seen");
    }
}
