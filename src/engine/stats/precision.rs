//! How precisely the draws give a credible interval, and how many draws it takes to give it as precisely as asked.
//!
//! Judged are the median and both ends of the equal-tailed interval. The precision of each is its Monte Carlo standard
//! error over the value, or over a quarter of the interval's width where that is larger; the precision of the result is
//! the largest of the three. Errors fall with the square root of the number of draws, so that the number needed follows
//! from a pilot run (JCGM 101:2008, clause 7.9, has the idea; it draws batch after batch until the result is stable, which
//! stops too early now and then: here the number is fixed once, by draws that decide nothing else).

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::estimate::Estimate;

/// Draws of a pilot; every number of draws is a multiple of it, but the largest.
pub const PILOT: u64 = 16_384;
/// Draws at most.
pub const MOST: u64 = 1_000_000;
/// On the number of draws: the pilot knows the standard errors to some 6 %.
const MARGIN: f64 = 1.1;

/// The precision of an estimate's median and interval; `None` without standard errors, 0 of what is known exactly.
pub fn precision(estimate: &Estimate) -> Option<f64> {
    let (median, [lo, hi]) = (estimate.median?, estimate.interval?);
    let [lo_error, hi_error] = estimate.mcse.interval?;
    let width = 0.25 * (hi - lo);
    let relative = |value: f64, error: f64| if error == 0.0 { 0.0 } else { error / value.abs().max(width) };
    let all = [relative(median, estimate.mcse.median?), relative(lo, lo_error), relative(hi, hi_error)];
    Some(all.into_iter().fold(0.0, f64::max))
}

/// The precision of a result.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Precision {
    /// Asked for; `None` where a number of draws was.
    pub asked: Option<f64>,
    /// Of the draws; `None` where these are too few for standard errors.
    pub reached: Option<f64>,
    /// Whether the largest number of draws was made.
    pub most_draws: bool,
}

impl Precision {
    /// Of an estimate from so many draws, for which none was asked.
    pub fn reached(estimate: &Estimate, draws: u64) -> Precision {
        Precision { asked: None, reached: precision(estimate), most_draws: draws >= MOST }
    }

    /// The same, compared with what was asked.
    pub fn asked(self, asked: Option<f64>) -> Precision {
        Precision { asked, ..self }
    }

    /// Whether more draws would have been needed than are made at most.
    pub fn capped(&self) -> bool {
        self.most_draws && self.asked.zip(self.reached).is_some_and(|(asked, reached)| reached > asked)
    }
}

impl Serialize for Precision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Precision", 3)?;
        fields.serialize_field("asked", &self.asked)?;
        fields.serialize_field("reached", &self.reached)?;
        fields.serialize_field("capped", &self.capped())?;
        fields.end()
    }
}

/// Draws after which the precision is expected to be as asked, from an estimate of so many draws.
pub fn draws_needed(pilot: &Estimate, draws: u64, asked: f64) -> u64 {
    let Some(reached) = precision(pilot) else { return PILOT };
    let ratio = reached / asked;
    let needed = MARGIN * draws as f64 * ratio * ratio;
    if needed < MOST as f64 { (needed as u64).max(1).next_multiple_of(PILOT).min(MOST) } else { MOST }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::stats::estimate::Mcse;

    fn estimate(median: f64, interval: [f64; 2], errors: [f64; 3]) -> Estimate {
        let [median_error, lo, hi] = errors;
        let mcse = Mcse { median: Some(median_error), interval: Some([lo, hi]), ..Mcse::default() };
        Estimate { median: Some(median), interval: Some(interval), mcse, ..Estimate::default() }
    }

    #[test]
    fn the_worst_of_three_counts() {
        // By hand: 1/100, 1/50 and 3/200; a quarter of the width is 37.5, less than each value.
        assert_eq!(precision(&estimate(100.0, [50.0, 200.0], [1.0, 1.0, 3.0])), Some(0.02));
        // A lower end of 0 is judged by a quarter of the width: 1/50.
        assert_eq!(precision(&estimate(100.0, [0.0, 200.0], [1.0, 1.0, 3.0])), Some(0.02));
        assert_eq!(precision(&estimate(0.0, [0.0, 0.0], [0.0; 3])), Some(0.0));
        assert_eq!(precision(&Estimate::default()), None);
    }

    #[test]
    fn twice_as_precise_takes_four_times_the_draws() {
        let pilot = estimate(100.0, [50.0, 200.0], [0.5, 0.25, 1.0]);
        // By hand: 1.1 · 16,384 · (0.005/0.0025)² = 72,089.6, and the next multiple of 16,384.
        assert_eq!(draws_needed(&pilot, PILOT, 0.0025), 5 * PILOT);
        // 1.1 · 16,384 · 16 = 288,358.4
        assert_eq!(draws_needed(&pilot, PILOT, 0.00125), 18 * PILOT);
        assert_eq!(draws_needed(&pilot, PILOT, 1e-9), MOST);
        assert_eq!(draws_needed(&pilot, PILOT, 0.5), PILOT);
        assert_eq!(draws_needed(&estimate(3.0, [3.0, 3.0], [0.0; 3]), PILOT, 0.0025), PILOT);
    }
}
