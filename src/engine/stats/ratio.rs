//! Ratios of two totals, draw by draw, as integers.
//!
//! A draw's ratio is the integer `⌊a·2^k/b⌋` of its two counts. A draw with b = 0 has no ratio: it is
//! counted and left out. This is the ratio of the sums, never a mean of ratios.

use super::order::Draws;
use crate::engine::Reduce;
use crate::engine::draw::accumulate::CEILING;
use crate::engine::draw::reduce::MAX_SHIFT;

/// The ratios of all draws that have one.
pub struct Ratios {
    /// Sorted.
    pub draws: Draws,
    /// A ratio of 1 count is `2^exponent` in the quotient of the outputs' units.
    pub exponent: i32,
    /// Draws whose denominator is zero.
    pub left_out: u64,
    /// Draws at the ceiling of 2^53 counts.
    pub saturated: u64,
}

/// One side of a ratio: counts by draw and the unit's exponent.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// By draw.
    pub counts: &'a [u64],
    /// A count is `2^unit`.
    pub unit: i32,
}

/// The ratios with the plan's shift; `first` is the absolute index of the first draw.
pub fn ratios(reduce: &dyn Reduce, over: Side, under: Side, shift: u32, first: u64) -> Ratios {
    let shift = shift.min(MAX_SHIFT);
    let (mut left_out, mut saturated) = (0, 0);
    let quotients = reduce.quotients(over.counts, under.counts, shift);
    let ratios = (first..).zip(quotients).filter_map(|(index, quotient)| {
        let Some(ratio) = quotient.get() else {
            left_out += 1;
            return None;
        };
        saturated += (ratio >= CEILING) as u64;
        Some((index, ratio))
    });
    let draws = Draws::new(reduce, ratios);
    Ratios { draws, exponent: over.unit - under.unit - shift as i32, left_out, saturated }
}

/// The largest shift with which no draw's ratio reaches 2^53: as exact as the counts allow. It follows from the
/// largest ratio drawn, hence from the integers of the summary alone.
pub fn widest_shift(over: Side, under: Side) -> u32 {
    // ⌊a·2^k/b⌋ < 2^53 if and only if a·2^k < 2^53·b: no division.
    let pairs = over.counts.iter().zip(under.counts).filter(|(_, b)| **b > 0);
    let fits = |k: u32| pairs.clone().all(|(&a, &b)| (a as u128) << k < CEILING as u128 * b as u128);
    // Halving: 7 passes at most.
    let (mut lo, mut hi) = (0, MAX_SHIFT);
    while lo < hi {
        let mid = (lo + hi).div_ceil(2);
        if fits(mid) { lo = mid } else { hi = mid - 1 }
    }
    lo
}

#[cfg(test)]
mod tests {
    use super::super::order::Sample;
    use super::*;
    use crate::engine::Host;

    fn side(counts: &[u64], unit: i32) -> Side<'_> {
        Side { counts, unit }
    }

    #[test]
    fn floors_and_leaves_out() {
        // ⌊7·8/3⌋ = 18, 0/0 left out, ⌊0·8/5⌋ = 0, ⌊9·8/8⌋ = 9
        let (a, b) = ([7, 0, 0, 9], [3, 0, 5, 8]);
        let r = ratios(&Host, side(&a, -3), side(&b, -5), 3, 0);
        assert_eq!((r.left_out, r.saturated, r.exponent), (1, 0, -1));
        let sums = r.draws.sums(Sample::All);
        assert_eq!((sums.n, sums.sum), (3, 27));
        assert_eq!(r.draws.quantile(1.0), Some(18));
    }

    #[test]
    fn saturation_is_counted() {
        let r = ratios(&Host, side(&[1 << 52, 1], 0), side(&[1, 1], 0), 10, 0);
        assert_eq!(r.saturated, 1);
        assert_eq!(r.draws.quantile(1.0), Some(CEILING));
    }

    #[test]
    fn the_widest_shift_just_fits() {
        for (a, b) in [(1u64 << 52, 3u64), (5, 1 << 50), (1, 1), (0, 7), ((1 << 53) - 1, 1)] {
            let (over, under) = ([a, 1], [b, 1 << 40]);
            let k = widest_shift(side(&over, 0), side(&under, 0));
            assert_eq!(ratios(&Host, side(&over, 0), side(&under, 0), k, 0).saturated, 0, "{a}/{b}");
            if k < MAX_SHIFT {
                assert!(ratios(&Host, side(&over, 0), side(&under, 0), k + 1, 0).saturated > 0, "{a}/{b}");
            }
        }
    }

    #[test]
    fn the_batch_is_that_of_the_draw_not_of_the_ratio() {
        let a: Vec<u64> = (1..=64).collect();
        let mut b = vec![1; 64];
        b[0] = 0;
        let r = ratios(&Host, side(&a, 0), side(&b, 0), 0, 0);
        // Draw 32 alone is left in batch 0.
        assert_eq!((r.draws.batches[0].n, r.draws.batches[0].sum), (1, 33));
    }
}
