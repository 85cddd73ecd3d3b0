//! First-order index of one scalar input from a plain sample: no hybrids, no further evaluations.
//!
//! The draws are put in the order of the input. Two neighbours have almost the same input and independent values of
//! everything else, so half their mean squared difference is E Var(Y | X), and
//!
//!   S = 1 − [Σ (y₍ᵢ₊₁₎ − y₍ᵢ₎)² / 2(N − 1)] / [Σ (yᵢ − ȳ)² / (N − 1)].
//!
//! This is the estimator of Gamboa, Gremaud, Klein and Lagnoux (Bernoulli 28 (2022) 2345–2374, doi:10.3150/21-BEJ1421),
//! (Σ yᵢ·y_next / N − ȳ²)/var, written in differences, with one change: there the last draw's neighbour is the first,
//! here it has none. Where the output rises with the input over a heavy tail that one pair adds (y_max − y_min)²/2 to
//! the sum: for one lognormal of σ = ½ and 2^13 draws a bias of 0.8 % of the variance (2,000 samples in NumPy).
//!
//! Standard error: ranks couple all draws, and neither bootstrap (Z. Lin and F. Han, Biometrika 2024,
//! doi:10.1093/biomet/asae004, for Chatterjee's coefficient) nor a jackknife that deletes draws from one ranking is
//! right for a statistic of neighbours. The 32 batches (draw index modulo 32) are independent samples: each is ranked
//! by itself and gives its own two sums, and the jackknife over these pairs of sums gives the standard error. A
//! thirty-second of the draws has √32 times the error of all, which is what the rate √N of the estimator says it
//! should have. Batches of interleaved ranks would not do: they are stratified in the input, and too alike.
//!
//! The estimator is never exactly 0 and may be slightly negative for an inert input. Equal inputs are put in the order
//! of their draws.

use super::super::order::BATCHES;
use super::batches::{MIN_DRAWS, jackknife};
use super::{Index, Mismatch, Undefined};

/// Why there is no index of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    /// Arrays of different lengths.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// No index can be given.
    #[error(transparent)]
    Undefined(#[from] Undefined),
}

/// First-order index of input `x` for output `y`, with an interval of `level`. `first_draw` is the absolute index of
/// the first draw. O(N log N).
pub fn first_order(first_draw: u64, x: &[f64], y: &[f64], level: f64) -> Result<Index, RankError> {
    if x.len() != y.len() {
        return Err(Mismatch::Lengths { want: x.len(), got: y.len() }.into());
    }
    Ranking::new(first_draw, x)?.first_order(y, level)
}

/// Draws in the order of one input, for any number of outputs.
#[derive(Debug, Clone)]
pub struct Ranking {
    first_draw: u64,
    order: Vec<u32>,
}

impl Ranking {
    /// Of input `x`; `first_draw` is the absolute index of the first draw. O(N log N); fewer than 2^32 draws.
    pub fn new(first_draw: u64, x: &[f64]) -> Result<Ranking, RankError> {
        if (x.len() as u64) < MIN_DRAWS {
            return Err(Undefined::TooFewDraws.into());
        }
        if x.iter().any(|x| !x.is_finite()) {
            return Err(Undefined::NotFinite.into());
        }
        // Values next to their draws: a comparison reads one place in memory.
        let mut keyed: Vec<(i64, u32)> = x.iter().zip(0..).map(|(&x, i)| (rising(x), i)).collect();
        keyed.sort_unstable();
        Ok(Ranking { first_draw, order: keyed.into_iter().map(|(_, i)| i).collect() })
    }

    /// First-order index of the input for output `y`, with an interval of `level`. O(N).
    pub fn first_order(&self, y: &[f64], level: f64) -> Result<Index, RankError> {
        if self.order.len() != y.len() {
            return Err(Mismatch::Lengths { want: self.order.len(), got: y.len() }.into());
        }
        if y.iter().any(|y| !y.is_finite()) {
            return Err(Undefined::NotFinite.into());
        }
        // The mean of equal floats need not be theirs: their deviations from it would pass for variance.
        if y.windows(2).all(|pair| pair[0] == pair[1]) {
            return Err(Undefined::NoVariance.into());
        }
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        let mut all = Walk::default();
        // The order of all draws holds that of every batch.
        let mut batches = [Walk::default(); BATCHES];
        for &i in &self.order {
            let value = y[i as usize];
            all.step(value, mean);
            batches[(self.first_draw.wrapping_add(u64::from(i)) % BATCHES as u64) as usize].step(value, mean);
        }
        let value = all.sums.index().ok_or(Undefined::NoVariance)?;
        let left_out = |batch: usize| {
            let others = batches.iter().enumerate().filter(|(other, _)| *other != batch);
            let sums = others.fold(Sums::default(), |a, (_, b)| a.plus(&b.sums));
            sums.index().map(|index| vec![index]).ok_or(Undefined::NoVariance)
        };
        let left_out = (0..BATCHES).map(left_out).collect::<Result<Vec<_>, _>>()?;
        Ok(jackknife(&[value], &left_out, level)?[0])
    }
}

/// A whole number that rises with x, as `f64::total_cmp` orders.
fn rising(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

/// Sums over outputs that come in the order of the input.
#[derive(Debug, Clone, Copy, Default)]
struct Walk {
    last: Option<f64>,
    sums: Sums,
}

impl Walk {
    fn step(&mut self, y: f64, mean: f64) {
        if let Some(last) = self.last.replace(y) {
            self.sums.steps += 1.0;
            self.sums.step_squares += (y - last) * (y - last);
        }
        self.sums.draws += 1.0;
        self.sums.deviation_squares += (y - mean) * (y - mean);
    }
}

/// Squared differences of neighbours and squared deviations from the mean of all draws.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    steps: f64,
    step_squares: f64,
    draws: f64,
    deviation_squares: f64,
}

impl Sums {
    fn plus(self, other: &Sums) -> Sums {
        Sums {
            steps: self.steps + other.steps,
            step_squares: self.step_squares + other.step_squares,
            draws: self.draws + other.draws,
            deviation_squares: self.deviation_squares + other.deviation_squares,
        }
    }

    fn index(&self) -> Option<f64> {
        let variance = self.deviation_squares / (self.draws - 1.0);
        let within = 0.5 * self.step_squares / self.steps;
        (variance > 0.0).then(|| 1.0 - within / variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_has_no_index() {
        // 0.1 added 1,000 times is not 100: the sum's rounding is no variance.
        let x: Vec<f64> = (0..1000).map(|i| f64::from(i * 7919 % 1000)).collect();
        let constant = first_order(0, &x, &vec![0.1; 1000], 0.95);
        assert_eq!(constant, Err(RankError::Undefined(Undefined::NoVariance)));
        let mut varying = vec![0.1; 1000];
        varying[500] = 0.2;
        assert!(first_order(0, &x, &varying, 0.95).is_ok());
    }

    #[test]
    fn by_hand() {
        // Seven values in the order of x, 70 times over in blocks whose inputs do not overlap.
        let pattern = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0];
        let y: Vec<f64> = (0..490).map(|i| pattern[i % 7] + (i / 7) as f64).collect();
        let shuffled: Vec<usize> = (0..490).map(|i| i * 97 % 490).collect();
        let x: Vec<f64> = shuffled.iter().map(|&i| i as f64).collect();
        let given: Vec<f64> = shuffled.iter().map(|&i| y[i]).collect();
        let steps: f64 = y.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0])).sum();
        let mean = y.iter().sum::<f64>() / 490.0;
        let squares: f64 = y.iter().map(|y| (y - mean) * (y - mean)).sum();
        let want = 1.0 - 0.5 * steps / squares;
        let got = first_order(0, &x, &given, 0.95).unwrap();
        assert!((got.value - want).abs() < 1e-12, "{got:?} {want}");
        // The input of other draws says nothing of this output.
        let wrong = first_order(0, &x, &y, 0.95).unwrap();
        assert!((wrong.value - want).abs() > 0.5, "{wrong:?}");
    }

    #[test]
    fn refusals() {
        let x: Vec<f64> = (0..64).map(f64::from).collect();
        let of = |x: &[f64], y: &[f64], level: f64| first_order(0, x, y, level);
        assert_eq!(of(&x, &x[1..], 0.95), Err(Mismatch::Lengths { want: 64, got: 63 }.into()));
        assert_eq!(of(&x[1..], &x[1..], 0.95), Err(Undefined::TooFewDraws.into()));
        assert_eq!(of(&x, &[1.0; 64], 0.95), Err(Undefined::NoVariance.into()));
        assert_eq!(of(&[f64::NAN; 64], &x, 0.95), Err(Undefined::NotFinite.into()));
        assert_eq!(of(&x, &x, 0.0), Err(Undefined::Level.into()));
        assert!(of(&x, &x, 0.95).is_ok());
    }
}
