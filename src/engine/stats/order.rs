//! One output's draws in order, each with its batch: exact order statistics, and the same without any one batch.
//!
//! The batch of a draw is its absolute index modulo 32. Value and batch are packed into one word
//! (`value · 32 + batch`), so that one sort serves the estimate and each batch alone. Equal words are interchangeable: the result of the sort is unique, whatever sorts.

use super::wide::Sums;
use crate::engine::Reduce;
use crate::engine::draw::accumulate::CEILING;

/// Batches of the jackknife.
pub const BATCHES: usize = 32;
const BATCH_BITS: u32 = BATCHES.trailing_zeros();
/// Draws between two entries of the table of counts by batch.
const BLOCK: usize = 1024;

/// The sorted draws of one output.
pub struct Draws {
    packed: Vec<u64>,
    /// Draws of each batch before each block of `BLOCK` draws.
    before: Vec<[u32; BATCHES]>,
    /// Sums by batch.
    pub batches: [Sums; BATCHES],
}

/// Which draws are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Every draw.
    All,
    /// All but those of one batch.
    Without(usize),
    /// Those of one batch.
    Only(usize),
}

impl Sample {
    fn holds(self, word: u64) -> bool {
        match self {
            Sample::All => true,
            Sample::Without(batch) => batch_of(word) != batch,
            Sample::Only(batch) => batch_of(word) == batch,
        }
    }

    /// Draws of the sample among those counted by batch.
    fn count(self, by_batch: &[u32; BATCHES]) -> u64 {
        let all = || by_batch.iter().map(|&c| c as u64).sum::<u64>();
        match self {
            Sample::All => all(),
            Sample::Without(batch) => all() - by_batch[batch] as u64,
            Sample::Only(batch) => by_batch[batch] as u64,
        }
    }
}

impl Draws {
    /// From pairs of the draw's absolute index and its count, sorted by `reduce`. Fewer than 2^32 draws.
    pub fn new(reduce: &dyn Reduce, values: impl Iterator<Item = (u64, u64)>) -> Draws {
        let mut batches = [Sums::default(); BATCHES];
        let mut packed: Vec<u64> = Vec::with_capacity(values.size_hint().1.unwrap_or(0));
        packed.extend(values.map(|(index, value)| {
            let (batch, value) = (index % BATCHES as u64, value.min(CEILING));
            batches[batch as usize].add(value);
            value << BATCH_BITS | batch
        }));
        reduce.sort(&mut packed);
        let mut before = Vec::with_capacity(packed.len().div_ceil(BLOCK));
        let mut counts = [0; BATCHES];
        for block in packed.chunks(BLOCK) {
            before.push(counts);
            for word in block {
                counts[batch_of(*word)] += 1;
            }
        }
        Draws { packed, before, batches }
    }

    /// Sums over a sample.
    pub fn sums(&self, sample: Sample) -> Sums {
        let all = self.batches.iter().fold(Sums::default(), |a, b| a.plus(b));
        match sample {
            Sample::All => all,
            Sample::Without(batch) => all.without(&self.batches[batch]),
            Sample::Only(batch) => self.batches[batch],
        }
    }

    /// The p-quantile: the order statistic of rank ⌈p·n⌉. `None` without draws.
    pub fn quantile(&self, p: f64) -> Option<u64> {
        self.at_rank(rank(p, self.packed.len() as u64))
    }

    /// The order statistic of a 1-based rank.
    pub fn at_rank(&self, rank: u64) -> Option<u64> {
        let at = usize::try_from(rank.checked_sub(1)?).ok()?;
        self.packed.get(at).map(|word| word >> BATCH_BITS)
    }

    /// The narrowest interval between two draws that holds ⌈level·n⌉ of the sample; the lowest of several.
    pub fn shortest(&self, sample: Sample, level: f64) -> Option<[u64; 2]> {
        let n = self.sums(sample).n;
        let mut lo = self.position(sample, 1)?;
        let mut hi = self.position(sample, rank(level, n))?;
        let value = |at: usize| self.packed[at] >> BATCH_BITS;
        let mut best = [value(lo), value(hi)];
        while let (Some(next_lo), Some(next_hi)) = (self.next(sample, lo), self.next(sample, hi)) {
            (lo, hi) = (next_lo, next_hi);
            if value(hi) - value(lo) < best[1] - best[0] {
                best = [value(lo), value(hi)];
            }
        }
        Some(best)
    }

    /// The next draw of the sample after position `at`.
    fn next(&self, sample: Sample, at: usize) -> Option<usize> {
        (at + 1..self.packed.len()).find(|&i| sample.holds(self.packed[i]))
    }

    /// Where the draw of 1-based `rank` in the sample lies.
    fn position(&self, sample: Sample, rank: u64) -> Option<usize> {
        // The last block with fewer than `rank` draws of the sample before it.
        let block = self.before.partition_point(|b| sample.count(b) < rank).checked_sub(1)?;
        let mut left = rank - sample.count(&self.before[block]);
        for (i, &word) in self.packed[block * BLOCK..].iter().enumerate() {
            left -= sample.holds(word) as u64;
            if left == 0 {
                return Some(block * BLOCK + i);
            }
        }
        None
    }
}

fn batch_of(word: u64) -> usize {
    (word % BATCHES as u64) as usize
}

/// ⌈p·n⌉ within 1..=n. A level such as 0.95 has no exact double: a product within 1e-6 of a whole number is that
/// number, so that the 2.5 % quantile of 1,000,000 draws is the 25,000th and not the 25,001st.
pub fn rank(p: f64, n: u64) -> u64 {
    let exact = p * n as f64;
    let whole = exact.round();
    let rank = if (exact - whole).abs() < 1e-6 { whole } else { exact.ceil() };
    (rank as u64).clamp(1, n.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::cases;
    use crate::engine::Host;
    use proptest::prelude::*;

    fn draws(values: &[u64]) -> Draws {
        Draws::new(&Host, values.iter().enumerate().map(|(i, &v)| (i as u64, v)))
    }

    /// The sample's values in order, the plain way.
    fn naive(values: &[u64], holds: impl Fn(usize) -> bool) -> Vec<u64> {
        let mut kept: Vec<u64> =
            values.iter().enumerate().filter(|(i, _)| holds(i % BATCHES)).map(|(_, &v)| v).collect();
        kept.sort();
        kept
    }

    fn naive_shortest(sorted: &[u64], level: f64) -> [u64; 2] {
        let k = (level * sorted.len() as f64 - 1e-6).ceil() as usize;
        let windows: Vec<[u64; 2]> = sorted.windows(k).map(|w| [w[0], w[k - 1]]).collect();
        *windows.iter().min_by_key(|w| w[1] - w[0]).unwrap()
    }

    #[test]
    fn ranks() {
        // 0.05/2 as a double is above 0.025; the rank is that of the decimal number.
        let p = (1.0 - 0.95) / 2.0;
        assert_eq!(rank(p, 1_000_000), 25_000);
        assert_eq!(rank(1.0 - p, 1_000_000), 975_000);
        assert_eq!((rank(0.5, 5), rank(0.5, 4), rank(0.0, 9), rank(1.0, 9), rank(0.3, 0)), (3, 2, 1, 9, 1));
    }

    proptest! {
        #![proptest_config(cases(256))]

        #[test]
        fn like_a_plain_sort(
            values in prop::collection::vec(0u64..1000, 64..5000), batch in 0..BATCHES, p in 0.001..0.999f64
        ) {
            let d = draws(&values);
            let samples: [(Sample, &dyn Fn(usize) -> bool); 3] = [
                (Sample::All, &|_| true),
                (Sample::Without(batch), &|b| b != batch),
                (Sample::Only(batch), &|b| b == batch),
            ];
            for (sample, holds) in samples {
                let sorted = naive(&values, holds);
                let r = ((p * sorted.len() as f64 - 1e-6).ceil() as usize).max(1);
                if sample == Sample::All {
                    prop_assert_eq!(d.quantile(p), Some(sorted[r - 1]));
                }
                prop_assert_eq!(d.shortest(sample, p), Some(naive_shortest(&sorted, p)));
                let sums = d.sums(sample);
                prop_assert_eq!(sums.n as usize, sorted.len());
                prop_assert_eq!(sums.sum, sorted.iter().map(|&x| x as u128).sum());
            }
        }
    }

    #[test]
    fn another_batch_gives_another_answer() {
        // Batch 0 holds the high values: without it the maximum falls, without batch 1 it does not.
        let values: Vec<u64> = (0..3200).map(|i| if i % 32 == 0 { 1_000_000 + i } else { i }).collect();
        let d = draws(&values);
        let most = |sample| d.shortest(sample, 1.0).unwrap()[1];
        assert!(most(Sample::Without(0)) < 3200);
        assert_eq!(most(Sample::Without(1)), most(Sample::All));
    }

    #[test]
    fn nothing_drawn() {
        let d = draws(&[]);
        assert_eq!((d.quantile(0.5), d.shortest(Sample::Without(3), 0.9)), (None, None));
    }
}
