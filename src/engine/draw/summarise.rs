//! One model's own summary: exact sums of x and x² and a histogram of log2 x, in the model's own unit.

use super::accumulate::capped_count;
use super::exp2;
use super::summary::Moments;
use crate::engine::plan::{BINS, MODEL_BITS, Range};

/// Adds draws whose logarithms are `y` (Q9.22; `fractions` = [`exp2::fraction`] of them), none of them zero.
#[inline(always)]
pub fn add_all(y: &[i32], fractions: &[u32], range: &Range, bins: &mut [u32], moments: &mut Moments) {
    if range.saturable {
        add_sums(y, fractions, range.unit, true, moments);
        let ceiling = 1 << MODEL_BITS;
        let at = |(&y, &h): (&i32, &u32)| capped_count(h, y, range.unit, MODEL_BITS) == ceiling;
        moments.saturated += y.iter().zip(fractions).filter(|&p| at(p)).count() as u64;
    } else {
        add_sums(y, fractions, range.unit, false, moments);
    }
    let Ok(histogram) = <&mut [u32; BINS]>::try_from(&mut moments.bins[..]) else { return };
    bin_all(y, range, bins);
    for &bin in bins.iter() {
        histogram[bin as usize & (BINS - 1)] += 1;
    }
}

/// The bin of every draw; the ends hold what lies beyond them.
#[inline(always)]
pub fn bin_all(y: &[i32], range: &Range, bins: &mut [u32]) {
    for (bin, &y) in bins.iter_mut().zip(y) {
        *bin = range.bin(y);
    }
}

/// Σx and Σx² through 24-bit halves, so that 64-bit lanes hold the sums of at most 2^16 draws exactly.
#[inline(always)]
fn add_sums(y: &[i32], fractions: &[u32], unit: i32, saturable: bool, moments: &mut Moments) {
    let n = y.len();
    let fractions = &fractions[..n];
    debug_assert!(n < 1 << 14);
    let (mut sum, mut high, mut mixed, mut low) = (0u64, 0u64, 0u64, 0u64);
    for i in 0..n {
        let x = if saturable {
            capped_count(fractions[i], y[i], unit, MODEL_BITS)
        } else {
            exp2::count(fractions[i], y[i], unit)
        };
        let (hi, lo) = (x >> 24 & 0xffff_ffff, x & 0xff_ffff);
        sum += x;
        high += hi * hi;
        mixed += hi * lo;
        low += lo * lo;
    }
    moments.sum += u128::from(sum);
    moments.sum_sq += (u128::from(high) << 48) + (u128::from(mixed) << 25) + u128::from(low);
}
