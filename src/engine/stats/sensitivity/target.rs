//! What decides whether the output exceeds a threshold: the indicator of Y > t in place of Y.
//!
//! The indices of 1{Y > t} (target indices: H. Raguet and A. Marrel, arXiv:1801.10047) come from the same corners as
//! those of Y: no further evaluation.
//!
//! An indicator changes in few draws. First-order indices below about 0.01 rest on fewer still, and their intervals
//! are then too narrow (`docs/sensitivity.md` has the measured coverage): ask for more draws there.

use super::super::order::rank;
use super::Undefined;

/// A threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// In the unit of the output.
    pub threshold: f64,
}

impl Target {
    /// The p-quantile of plain draws (one corner, no hybrids): the order statistic of rank ⌈pN⌉. The threshold is then
    /// itself an estimate; the intervals of the indices hold for it as it stands.
    pub fn quantile(draws: &[f64], p: f64) -> Result<Target, Undefined> {
        if !(p > 0.0 && p < 1.0) {
            return Err(Undefined::Level);
        }
        if draws.is_empty() {
            return Err(Undefined::TooFewDraws);
        }
        if draws.iter().any(|y| y.is_nan()) {
            return Err(Undefined::NotFinite);
        }
        let mut sorted = draws.to_vec();
        let at = rank(p, draws.len() as u64) as usize - 1;
        let (_, &mut threshold, _) = sorted.select_nth_unstable_by(at, f64::total_cmp);
        Ok(Target { threshold })
    }

    /// 1 where the output exceeds the threshold, 0 where it does not; NaN, which no estimator takes, stays NaN.
    pub fn indicators(self, outputs: &[f64]) -> Vec<f64> {
        let indicator = |&y: &f64| if y.is_nan() { y } else { f64::from(u8::from(y > self.threshold)) };
        outputs.iter().map(indicator).collect()
    }

    /// The same for each of several arrays, such as the corners of a cube.
    pub fn corners(self, corners: &[&[f64]]) -> Vec<Vec<f64>> {
        corners.iter().map(|outputs| self.indicators(outputs)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_twenty_exceeds_the_95th_percentile() {
        let y: Vec<f64> = (0..1000).map(|i| f64::from(i * 617 % 1000)).collect();
        let target = Target::quantile(&y, 0.95).unwrap();
        assert_eq!(target.threshold, 949.0); // the 950th of 0, 1, …, 999
        assert_eq!(target.indicators(&y).iter().sum::<f64>(), 50.0);
        assert_eq!(Target { threshold: 948.5 }.indicators(&y).iter().sum::<f64>(), 51.0);
        assert_eq!(target.corners(&[&y, &y[..1]]), [target.indicators(&y), vec![0.0]]);
    }

    #[test]
    fn refusals() {
        assert_eq!(Target::quantile(&[], 0.95), Err(Undefined::TooFewDraws));
        assert_eq!(Target::quantile(&[1.0, f64::NAN], 0.95), Err(Undefined::NotFinite));
        assert_eq!(Target::quantile(&[1.0], 1.0), Err(Undefined::Level));
        assert!(Target { threshold: 0.0 }.indicators(&[f64::NAN])[0].is_nan());
    }
}
