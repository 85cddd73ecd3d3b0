//! Adding one model's values to totals per draw.
//!
//! A total is a count below 2^53 of its own power-of-two unit. The plan chooses units so that sums stay below that;
//! where it could not (spreads beyond all measure) additions saturate at 2^53, which is associative and commutative,
//! so that order and grouping still change nothing, and the draws at the ceiling are counted afterwards.

use super::exp2;
use crate::engine::plan::{LOG2_BITS, TOTAL_BITS};

/// The ceiling of a total.
pub const CEILING: u64 = 1 << TOTAL_BITS;

/// `total += 2^y` for every draw, `y` in Q9.22 and `fractions` = [`exp2::fraction`] of it.
#[inline(always)]
pub fn add_all(y: &[i32], fractions: &[u32], unit: i32, totals: &mut [u64], saturable: bool) {
    let n = y.len();
    let (fractions, totals) = (&fractions[..n], &mut totals[..n]);
    if saturable {
        for i in 0..n {
            let count = capped_count(fractions[i], y[i], unit, TOTAL_BITS);
            totals[i] = (totals[i] + count).min(CEILING);
        }
    } else {
        for i in 0..n {
            totals[i] += exp2::count(fractions[i], y[i], unit);
        }
    }
}

/// [`exp2::count`], held at `2^bits`.
#[inline(always)]
pub fn capped_count(h: u32, y: i32, unit: i32, bits: u32) -> u64 {
    let octave = (y >> LOG2_BITS) - unit;
    if octave >= bits as i32 { 1 << bits } else { exp2::count(h, y, unit).min(1 << bits) }
}

/// Merges one part's totals into another's.
pub fn merge(into: &mut [u64], from: &[u64]) {
    for (a, b) in into.iter_mut().zip(from) {
        *a = (*a + b).min(CEILING);
    }
}
