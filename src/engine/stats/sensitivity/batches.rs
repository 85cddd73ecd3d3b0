//! Sums by batch, and the intervals that come of them.
//!
//! The batch of a draw is its absolute index modulo 32, as for the estimates of a run. An estimate is a function of
//! the sums of all draws. Leaving out one batch after another gives θ₍ⱼ₎, and
//!
//!   se² = (J − 1)/J · Σ (θ₍ⱼ₎ − mean of θ₍ⱼ₎)²,   interval = θ ± t·se,
//!
//! t the Student quantile for J − 1 = 31 degrees of freedom. A ratio estimated from each batch and averaged would be
//! biased where the output has a heavy tail; the batches here only say how far the pooled estimate can be off.
//!
//! Reference: J. Shao and D. Tu, "The Jackknife and Bootstrap", Springer 1995, doi:10.1007/978-1-4612-0795-5, sections
//! 2.3 and 5.5.

use super::super::order::BATCHES;
use super::super::student_t::student_t;
use super::exact_sum::ExactSum;
use super::{Index, Undefined};

/// Two draws in every batch.
pub const MIN_DRAWS: u64 = 2 * BATCHES as u64;

/// Exact sums of `width` quantities in each batch.
#[derive(Debug, Clone)]
pub struct Batches {
    draws: [u64; BATCHES],
    sums: Vec<ExactSum>,
    width: usize,
}

impl Batches {
    /// Of so many quantities per draw.
    pub fn new(width: usize) -> Batches {
        Batches { draws: [0; BATCHES], sums: vec![ExactSum::default(); BATCHES * width], width }
    }

    /// One draw's quantities.
    pub fn add(&mut self, draw: u64, quantities: impl Iterator<Item = f64>) {
        let batch = (draw % BATCHES as u64) as usize;
        self.draws[batch] += 1;
        for (sum, x) in self.sums[batch * self.width..].iter_mut().take(self.width).zip(quantities) {
            sum.add(x);
        }
    }

    /// Both have the same width.
    pub fn merge(&mut self, other: &Batches) {
        for (a, b) in self.draws.iter_mut().zip(other.draws) {
            *a += b;
        }
        for (a, b) in self.sums.iter_mut().zip(&other.sums) {
            a.merge(b);
        }
    }

    /// How many draws were added.
    pub fn draws(&self) -> u64 {
        self.draws.iter().sum()
    }

    /// The estimates as a function of the means of all draws, with their intervals.
    pub fn estimate(
        &self,
        level: f64,
        estimates: impl Fn(&[f64]) -> Result<Vec<f64>, Undefined>,
    ) -> Result<Vec<Index>, Undefined> {
        if self.draws.iter().any(|&n| n < MIN_DRAWS / BATCHES as u64) {
            return Err(Undefined::TooFewDraws);
        }
        let sums: Vec<f64> = self.sums.iter().map(ExactSum::value).collect();
        if sums.iter().any(|x| !x.is_finite()) {
            return Err(Undefined::NotFinite);
        }
        let means = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
            let kept = || (0..BATCHES).filter(|&batch| keep(batch));
            let draws = kept().map(|batch| self.draws[batch]).sum::<u64>() as f64;
            let sum = |i: usize| kept().map(|batch| sums[batch * self.width + i]).sum::<f64>();
            (0..self.width).map(|i| sum(i) / draws).collect()
        };
        let all = estimates(&means(&|_| true))?;
        let left_out =
            (0..BATCHES).map(|batch| estimates(&means(&|other| other != batch))).collect::<Result<Vec<_>, _>>()?;
        jackknife(&all, &left_out, level)
    }
}

/// Intervals of estimates from the same estimates without one batch each; all of one length.
pub fn jackknife(all: &[f64], left_out: &[Vec<f64>], level: f64) -> Result<Vec<Index>, Undefined> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::Level);
    }
    let j = left_out.len() as f64;
    let t = student_t(level, j - 1.0);
    let index = |(i, &value): (usize, &f64)| {
        let column = || left_out.iter().filter_map(|estimates| estimates.get(i));
        let mean = column().sum::<f64>() / j;
        let squares = column().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        // 32 equal zeros have the mean 0: an estimate that is 0 whatever is left out has an interval of no width.
        let se = ((j - 1.0) / j * squares).sqrt();
        Index { value, lo: value - t * se, hi: value + t * se, se }
    };
    let indices: Vec<Index> = all.iter().enumerate().map(index).collect();
    if indices.iter().any(|i| !(i.value.is_finite() && i.se.is_finite())) {
        return Err(Undefined::NotFinite);
    }
    Ok(indices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_equal_batches_has_the_textbook_error() {
        // For a mean the jackknife over equal batches is sd(batch means)/√J exactly.
        let mut batches = Batches::new(1);
        let value = |i: u64| ((i * 7919) % 1009) as f64;
        (0..3200).for_each(|i| batches.add(i, [value(i)].into_iter()));
        let got = batches.estimate(0.95, |means| Ok(means.to_vec())).unwrap()[0];
        let mean_of = |b: u64| (0..100).map(|k| value(b + 32 * k)).sum::<f64>() / 100.0;
        let means: Vec<f64> = (0..32).map(mean_of).collect();
        let mean = means.iter().sum::<f64>() / 32.0;
        let se = (means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / 31.0 / 32.0).sqrt();
        assert!((got.value / mean - 1.0).abs() < 1e-14 && (got.se / se - 1.0).abs() < 1e-12, "{got:?} {mean} {se}");
        assert!(((got.hi - got.lo) / (2.0 * 2.039_513_446_4 * se) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn refusals() {
        let mut batches = Batches::new(1);
        (0..63).for_each(|i| batches.add(i, [1.0].into_iter()));
        let of = |b: &Batches, level: f64| b.estimate(level, |m| Ok(m.to_vec()));
        assert_eq!(of(&batches, 0.95), Err(Undefined::TooFewDraws));
        batches.add(63, [1.0].into_iter());
        assert_eq!(of(&batches, 0.95).map(|x| x[0].value), Ok(1.0));
        assert_eq!(of(&batches, 1.0), Err(Undefined::Level));
        assert_eq!(of(&batches, f64::NAN), Err(Undefined::Level));
        batches.add(64, [f64::INFINITY].into_iter());
        assert_eq!(of(&batches, 0.95), Err(Undefined::NotFinite));
    }
}
