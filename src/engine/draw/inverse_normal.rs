//! Standard normals from random words: a fixed-point inverse normal CDF.
//!
//! A 32-bit word is a sign (its highest bit) and 31 bits `m`; `p = (2m + 1)/2^33` lies in (0, 1/2) and `|z| =
//! −Φ⁻¹(p)`, so `|z| ≤ 6.34` and no word is special. With `q = 2m + 1`, the octave is `lz = leading_zeros(q)`; each of
//! the 32 octaves has 256 equal segments, a chord each: `|z| = base − (slope · r) >> 12` with 16 bits `r` of what is
//! left of `q`. Base (Q3.28) and slope (16 bits) share one 8-byte entry. The chord lies half its midpoint error below
//! the curve's chord, which halves the error: at most 2^-20 over the whole range (tested against mpmath values).
//!
//! The table is made by `generate` (in the tests below) through `libm` only, so every host makes the same one; the committed bytes are
//! what the engine and the shaders read, and a test compares the two.

use super::packed;

/// log2 of the number of segments per octave.
const SEGMENT_BITS: u32 = 8;
/// Entries of the table: 32 octaves of 256 segments.
pub const ENTRIES: usize = 32 << SEGMENT_BITS;

/// The table, entry `lz · 256 + segment`: base in the low half, slope in the high half.
pub static TABLE: [u64; ENTRIES] = packed::entries(include_bytes!("inverse_normal.table"));

/// The standard normal of a random word, Q3.28.
#[inline(always)]
pub fn inverse_normal(word: u32) -> i32 {
    let q = (word << 1) | 1;
    let lz = q.leading_zeros();
    let n = q << lz;
    let entry = TABLE[(lz << SEGMENT_BITS | (n >> 23 & 0xff)) as usize];
    interpolate(entry, n, word)
}

#[inline(always)]
fn interpolate(entry: u64, n: u32, word: u32) -> i32 {
    let r = n >> 7 & 0xffff;
    let z = (entry as u32).wrapping_sub(((entry >> 32) as u32 * r) >> 12) as i32;
    let sign = word as i32 >> 31;
    (z ^ sign) - sign
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `z > 0` with `Φ(−z) = p`, by bisection on `erfc` from `libm`.
    fn upper(p: f64) -> f64 {
        let (mut lo, mut hi) = (0.0, 8.0);
        for _ in 0..64 {
            let z = 0.5 * (lo + hi);
            if 0.5 * libm::erfc(z / std::f64::consts::SQRT_2) > p {
                lo = z;
            } else {
                hi = z;
            }
        }
        0.5 * (lo + hi)
    }

    fn generate() -> Vec<u64> {
        let segments = 1u32 << SEGMENT_BITS;
        let mut table = Vec::with_capacity(ENTRIES);
        for lz in 0..32 {
            for segment in 0..segments {
                // Normalised q runs over [2^31 + segment·2^23, + 2^23): p = q / 2^(33 + lz).
                let at = |part: f64| {
                    let q = libm::ldexp(f64::from((1 << 31) + (segment << 23)) + part * f64::from(1 << 23), -33 - lz);
                    upper(q)
                };
                let (left, middle, right) = (at(0.0), at(0.5), at(1.0));
                let shift = 0.5 * (0.5 * (left + right) - middle);
                let base = libm::round(libm::ldexp(left - shift, 28)) as u64;
                let slope = libm::round(libm::ldexp(left - right, 24)) as u64;
                assert!(base < 1 << 31 && slope < 1 << 16);
                table.push(slope << 32 | base);
            }
        }
        table
    }

    /// `HAZE_WRITE_TABLES=1 cargo test inverse_normal` writes the committed file anew (value-breaking if it differs).
    #[test]
    fn the_committed_table_is_what_the_generator_makes() {
        let table = generate();
        if std::env::var_os("HAZE_WRITE_TABLES").is_some() {
            let bytes: Vec<u8> = table.iter().flat_map(|e| e.to_le_bytes()).collect();
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/draw/inverse_normal.table"), bytes)
                .unwrap();
        }
        assert_eq!(TABLE.as_slice(), table);
    }
}
