//! Estimates of one model (or of a group that was not kept draw by draw) from exact sums and a histogram.
//!
//! Mean and sd come from Σx and Σx². Quantiles come from 1,024 equal bins of log2 x: the cumulative count is taken
//! as linear in log2 x inside a bin, zeros are the lowest values. Standard errors: sd/√N for the mean, σ·√((κ−1)/4N)
//! for the sd (delta method; κ the kurtosis by bins), and for a p-quantile half the distance between the quantiles
//! at ranks Np ± √(Np(1−p)), the binomial spread of a rank (Wilks 1948, doi:10.1090/S0002-9904-1948-08936-4).
//! There is none for the shortest interval. Without bins there are mean, sd and the mean's error.

use crate::engine::Moments;
use crate::engine::plan::Range;

use super::estimate::{Estimate, MIN_DRAWS_FOR_MCSE, Mcse, Scale, tails};
use super::wide::{Sums, Wide};

/// Estimates over `draws` draws, less those in which the output is undefined (a ratio whose denominator is zero). `factor` turns
/// the plan's unit into the reported one.
pub fn of_moments(moments: &Moments, range: Range, draws: u64, level: f64, factor: f64) -> Estimate {
    let n = draws.saturating_sub(moments.undefined);
    let sums = Sums { n, sum: moments.sum, sum_sq: Wide::from(moments.sum_sq) };
    let scale = Scale { exponent: range.unit, factor };
    let (Some(mean), sd) = (sums.mean().map(|x| scale.apply(x)), sums.sd().map(|x| scale.apply(x))) else {
        return Estimate::default();
    };
    let enough = n >= MIN_DRAWS_FOR_MCSE;
    if sums.is_constant() {
        // Known exactly; the bins would add their own width.
        let zero = enough.then_some(0.0);
        let mcse = Mcse { mean: zero, sd: zero, median: zero, interval: zero.map(|x| [x, x]), shortest: None };
        let pair = Some([mean, mean]);
        return Estimate { mean: Some(mean), sd, median: Some(mean), interval: pair, shortest: pair, mcse };
    }
    if moments.bins.is_empty() {
        let mcse = Mcse { mean: sd.filter(|_| enough).map(|sd| sd / (n as f64).sqrt()), ..Mcse::default() };
        return Estimate { mean: Some(mean), sd, mcse, ..Estimate::default() };
    }
    let bins = Bins::new(moments, range, factor);
    let [lo, hi] = tails(level);
    let mut mcse = Mcse::default();
    if enough {
        mcse.mean = sd.map(|sd| sd / (n as f64).sqrt());
        mcse.sd = sd.zip(bins.kurtosis()).map(|(sd, k)| sd * ((k - 1.0).max(0.0) / (4.0 * n as f64)).sqrt());
        mcse.median = bins.quantile_error(0.5);
        mcse.interval = bins.quantile_error(lo).zip(bins.quantile_error(hi)).map(|(lo, hi)| [lo, hi]);
    }
    Estimate {
        mean: Some(mean),
        sd,
        median: bins.quantile(0.5),
        interval: bins.quantile(lo).zip(bins.quantile(hi)).map(|(lo, hi)| [lo, hi]),
        shortest: bins.shortest(level),
        mcse,
    }
}

/// The share of the draws at or below `x`, which is in the plan's unit; `None` where nothing was binned.
pub fn at_most(moments: &Moments, range: Range, x: f64) -> Option<f64> {
    if moments.bins.is_empty() { None } else { Bins::new(moments, range, 1.0).at_most(x) }
}

/// The binned distribution: pieces of a distribution function that is linear in log2 x. Bins before the first that holds a
/// draw, and after the last, are left out.
struct Bins<'a> {
    counts: &'a [u32],
    /// The number of the first of them among all bins.
    first: usize,
    range: Range,
    factor: f64,
    /// Values at the edges of the bins.
    edges: Vec<f64>,
    /// Draws below each edge, zeros included: whole numbers.
    before: Vec<f64>,
}

/// Bins from one power of two that is computed to the next: the edges between are products of two.
const STEP: usize = 32;

/// The values at the edges of `bins` bins, starting at bin `begin`.
fn edges(range: Range, begin: usize, bins: usize, factor: f64) -> Vec<f64> {
    let width = range.edge(1) - range.edge(0);
    let fine: [f64; STEP] = std::array::from_fn(|i| libm::exp2(i as f64 * width));
    let (start, end) = (begin / STEP * STEP, begin + bins);
    let mut edges = Vec::with_capacity(end - start + STEP);
    for first in (start..=end).step_by(STEP) {
        let coarse = libm::exp2(range.edge(first)) * factor;
        edges.extend(fine.iter().map(|x| coarse * x));
    }
    edges.truncate(end - start + 1);
    edges.drain(..begin - start);
    edges
}

impl<'a> Bins<'a> {
    fn new(moments: &'a Moments, range: Range, factor: f64) -> Bins<'a> {
        let holds = |count: &u32| *count > 0;
        let first = moments.bins.iter().position(holds).unwrap_or(0);
        let end = moments.bins.iter().rposition(holds).map_or(first, |last| last + 1);
        let counts = moments.bins.get(first..end).unwrap_or(&[]);
        let mut total = moments.zeros;
        let mut before = Vec::with_capacity(counts.len() + 1);
        before.push(total as f64);
        before.extend(counts.iter().map(|&count| {
            total += u64::from(count);
            total as f64
        }));
        Bins { counts, first, range, factor, edges: edges(range, first, counts.len(), factor), before }
    }

    /// log2 of the edge of a bin.
    fn edge(&self, bin: usize) -> f64 {
        self.range.edge(self.first + bin)
    }

    fn n(&self) -> f64 {
        self.before.last().copied().unwrap_or(0.0)
    }

    /// The value in a bin below which `rank` draws lie.
    fn inside(&self, bin: usize, rank: f64) -> f64 {
        let fraction = (rank - self.before[bin]) / f64::from(self.counts[bin]);
        let (lo, hi) = (self.edge(bin), self.edge(bin + 1));
        libm::exp2(lo + fraction * (hi - lo)) * self.factor
    }

    /// The bin in which the count reaches `rank`; `None` if the zeros reach it (or there is nothing to reach).
    fn reaches(&self, rank: f64) -> Option<usize> {
        self.before.partition_point(|&b| b < rank).checked_sub(1).filter(|&bin| bin < self.counts.len())
    }

    /// The bin in which the count passes `rank`; `None` if the zeros pass it (or nothing does).
    fn passes(&self, rank: f64) -> Option<usize> {
        self.before.partition_point(|&b| b <= rank).checked_sub(1).filter(|&bin| bin < self.counts.len())
    }

    /// The lowest value at or below which `rank` draws lie, 0 ≤ rank ≤ n.
    fn at_rank(&self, rank: f64) -> Option<f64> {
        if self.n() == 0.0 {
            return None;
        }
        if rank <= 0.0 && self.before[0] == 0.0 {
            // Nothing lies below the lowest bin that holds a draw.
            return self.passes(0.0).map(|bin| self.edges[bin]);
        }
        Some(self.reaches(rank).map_or(0.0, |bin| self.inside(bin, rank)))
    }

    fn quantile(&self, p: f64) -> Option<f64> {
        self.at_rank(p * self.n())
    }

    /// The inverse of [`Bins::quantile`]. What lies beyond the bins is in the outer ones.
    fn at_most(&self, x: f64) -> Option<f64> {
        let n = self.n();
        if n == 0.0 || x.is_nan() {
            return None;
        }
        let below = match self.edges.partition_point(|&edge| edge <= x).checked_sub(1) {
            None => {
                if x < 0.0 {
                    0.0
                } else {
                    self.before[0]
                }
            }
            Some(bin) if bin >= self.counts.len() => n,
            Some(bin) => {
                let (lo, hi) = (self.edge(bin), self.edge(bin + 1));
                let fraction = (libm::log2(x / self.factor) - lo) / (hi - lo);
                self.before[bin] + fraction.clamp(0.0, 1.0) * f64::from(self.counts[bin])
            }
        };
        Some(below / n)
    }

    fn quantile_error(&self, p: f64) -> Option<f64> {
        let n = self.n();
        let spread = (n * p * (1.0 - p)).sqrt();
        let at = |rank: f64| self.at_rank(rank.clamp(0.0, n));
        Some((at(n * p + spread)? - at(n * p - spread)?) / 2.0)
    }

    /// The narrowest interval with `level` of the draws among those that begin or end at an edge of a bin.
    fn shortest(&self, level: f64) -> Option<[f64; 2]> {
        let n = self.n();
        let held = level * n;
        let mut best = [0.0, self.at_rank(held)?];
        if self.before[0] == 0.0 {
            best[0] = self.at_rank(0.0)?;
        }
        let filled = || self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(bin, _)| bin);
        // Both ends move up together. Each pair is first compared by the edge of the bin its other end lies in: that
        // spares most powers of two.
        let mut reached = 0;
        for first in filled() {
            let (lo, to) = (self.edges[first], self.before[first] + held);
            if to > n {
                break;
            }
            while reached < self.counts.len() && self.before[reached + 1] < to {
                reached += 1;
            }
            if reached < self.counts.len() && self.edges[reached] - lo < best[1] - best[0] {
                let hi = self.inside(reached, to);
                if hi - lo < best[1] - best[0] {
                    best = [lo, hi];
                }
            }
        }
        let mut passed = 0;
        for last in filled() {
            let (hi, from) = (self.edges[last + 1], self.before[last + 1] - held);
            if from < self.before[0] {
                // It would begin at zero, as the first one does, and end higher.
                continue;
            }
            while passed < self.counts.len() && self.before[passed + 1] <= from {
                passed += 1;
            }
            if passed < self.counts.len() && hi - self.edges[passed + 1] < best[1] - best[0] {
                let lo = self.inside(passed, from);
                if hi - lo < best[1] - best[0] {
                    best = [lo, hi];
                }
            }
        }
        Some(best)
    }

    /// Fourth central moment over the squared variance, each draw at the middle of its bin.
    fn kurtosis(&self) -> Option<f64> {
        let n = self.n();
        let zeros = std::iter::once((0.0, self.before[0]));
        let bins = self.counts.iter().zip(self.edges.windows(2)).filter(|(count, _)| **count > 0);
        let points =
            || zeros.clone().chain(bins.clone().map(|(&count, ends)| ((ends[0] + ends[1]) / 2.0, f64::from(count))));
        let mean = points().map(|(x, c)| x * c).sum::<f64>() / n;
        // Relative to the mean, so that no fourth power overflows.
        let per_mean = 1.0 / mean;
        let (m2, m4) = points().fold((0.0, 0.0), |(m2, m4), (x, c)| {
            let d = x * per_mean - 1.0;
            let square = d * d;
            (m2 + square * c, m4 + square * square * c)
        });
        let (m2, m4) = (m2 / n, m4 / n);
        let kurtosis = m4 / (m2 * m2);
        kurtosis.is_finite().then_some(kurtosis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::LOG2_BITS;

    /// One draw per value, binned as the engine does: counts of 2^unit, bins of log2.
    fn moments(values: &[f64], range: Range) -> Moments {
        let mut m = Moments::empty(true);
        for &x in values {
            let count = libm::ldexp(x, -range.unit) as u64;
            m.sum += count as u128;
            m.sum_sq += count as u128 * count as u128;
            if count == 0 {
                m.zeros += 1;
                continue;
            }
            let log2 = (libm::log2(x) * libm::ldexp(1.0, LOG2_BITS as i32)).floor() as i32;
            m.bins[range.bin(log2) as usize] += 1;
        }
        m
    }

    /// A stratified lognormal: exp(sigma·Φ⁻¹((i + ½)/n)).
    fn lognormal(sigma: f64, n: u64) -> Vec<f64> {
        let normal = |p: f64| {
            let (mut lo, mut hi) = (-9.0, 9.0);
            for _ in 0..60 {
                let mid = (lo + hi) / 2.0;
                if 0.5 * libm::erfc(-mid * std::f64::consts::FRAC_1_SQRT_2) < p { lo = mid } else { hi = mid }
            }
            lo
        };
        (0..n).map(|i| libm::exp(sigma * normal((i as f64 + 0.5) / n as f64))).collect()
    }

    /// ±8 octaves in 1,024 bins: 64 bins per octave.
    const RANGE: Range = Range { unit: -36, saturable: false, bins_lo: -8 << LOG2_BITS, bin_scale: 64 << 10 };

    fn close(got: f64, want: f64, relative: f64) -> bool {
        (got / want - 1.0).abs() < relative
    }

    #[test]
    fn a_stratified_lognormal() {
        let n = 100_000;
        let m = moments(&lognormal(0.5, n), RANGE);
        let e = of_moments(&m, RANGE, n, 0.95, 1.0);
        // SciPy: lognorm(0.5).ppf([0.025, 0.5, 0.975]), .mean(), .std()
        let [lo, hi] = e.interval.unwrap();
        assert!(close(lo, 0.37531786, 3e-4) && close(hi, 2.66440826, 3e-4), "{e:?}");
        assert!(close(e.median.unwrap(), 1.0, 3e-4) && !close(e.median.unwrap() * 1.001, 1.0, 3e-4));
        assert!(close(e.mean.unwrap(), 1.13314845, 1e-4) && close(e.sd.unwrap(), 0.60390053, 3e-3), "{e:?}");
        // Closed form of the shortest interval.
        let [lo, hi] = e.shortest.unwrap();
        assert!(close(hi - lo, 2.318079 - 0.261652, 1e-3) && close(lo, 0.261652, 0.02), "{lo} {hi}");
        // Standard errors: sd/√n; κ = 8.898 (SciPy: lognorm(0.5).stats("k") + 3), so σ√(7.898/4n);
        // √(p(1−p)/n)/density: SciPy lognorm(0.5).pdf at the three quantiles.
        let m = e.mcse;
        assert!(close(m.mean.unwrap(), 0.60390053 / 316.227766, 3e-3), "{m:?}");
        assert!(close(m.sd.unwrap(), 0.60390053 * (7.898f64 / 4e5).sqrt(), 0.05), "{m:?}");
        let [lo, hi] = m.interval.unwrap();
        assert!(close(m.median.unwrap(), 0.00158113883 / 0.797884561, 0.01), "{m:?}");
        assert!(close(lo, 4.93710e-4 / (0.0584451 / 0.5 / 0.37531786), 0.02), "{lo}");
        assert!(close(hi, 4.93710e-4 / (0.0584451 / 0.5 / 2.66440826), 0.02), "{hi}");
        assert_eq!(m.shortest, None);
    }

    /// Closed form: ln X is normal with sd ½, so P(X ≤ x) = Φ(2 ln x).
    #[test]
    fn the_share_at_or_below_a_value() {
        let m = moments(&lognormal(0.5, 100_000), RANGE);
        // SciPy: norm.cdf(2·log([0.2, 0.5, 1, 1.7, 4])).
        let cases = [(0.2, 0.000_643_5), (0.5, 0.082_828_5), (1.0, 0.5), (1.7, 0.855_713_3), (4.0, 0.997_219_4)];
        for (x, want) in cases {
            let got = at_most(&m, RANGE, x).unwrap();
            assert!((got - want).abs() < 1e-4, "{x}: {got} {want}");
            assert!((at_most(&m, RANGE, 1.1 * x).unwrap() - want).abs() > 1e-4, "{x}");
        }
        assert_eq!(
            (at_most(&m, RANGE, 0.0), at_most(&m, RANGE, 1e9), at_most(&m, RANGE, f64::NAN)),
            (Some(0.0), Some(1.0), None)
        );
        let half = moments(&[0.0, 1.0], RANGE);
        assert_eq!((at_most(&half, RANGE, -1.0), at_most(&half, RANGE, 0.0)), (Some(0.0), Some(0.5)));
        assert_eq!(at_most(&Moments::empty(false), RANGE, 1.0), None);
    }

    #[test]
    fn zeros_are_the_lowest_values() {
        // 30 zeros and 70 values from 1 to 2: the 2.5 % quantile is 0; the median is the 20th of the 70.
        let mut values = vec![0.0; 30];
        values.extend((0..70).map(|i| 1.0 + i as f64 / 70.0));
        let m = moments(&values, RANGE);
        let e = of_moments(&m, RANGE, 100, 0.95, 1.0);
        assert_eq!(e.interval.unwrap()[0], 0.0);
        assert!(close(e.median.unwrap(), 1.0 + 20.0 / 70.0, 0.02), "{e:?}");
        assert!(close(e.mean.unwrap(), 0.7 * (1.0 + 69.0 / 140.0), 1e-6));
        let m = Moments { zeros: 0, undefined: 30, ..m };
        let left_out = of_moments(&m, RANGE, 100, 0.95, 1000.0);
        assert!(close(left_out.mean.unwrap(), 1000.0 * (1.0 + 69.0 / 140.0), 1e-6));
        assert!(left_out.interval.unwrap()[0] >= 990.0);
    }

    #[test]
    fn a_gap_is_not_part_of_the_shortest_interval() {
        // A tenth near 0.01 and nine tenths near 1: 90 % is the upper cluster alone, without the gap below it.
        let mut values: Vec<f64> = (0..100).map(|i| 0.01 + i as f64 * 1e-6).collect();
        values.extend((0..900).map(|i| 1.0 + i as f64 * 1e-3));
        let m = moments(&values, RANGE);
        let [lo, hi] = of_moments(&m, RANGE, 1000, 0.9, 1.0).shortest.unwrap();
        assert!(lo > 0.98 && close(hi, 1.9, 0.02), "{lo} {hi}");
        // At 95 % half the lower cluster belongs to it.
        let [lo, hi] = of_moments(&m, RANGE, 1000, 0.95, 1.0).shortest.unwrap();
        assert!(lo < 0.02 && hi < 1.87, "{lo} {hi}");
        // Ninety zeros and ten others: 90 % is the zeros.
        let mut values = vec![0.0; 90];
        values.extend([1.0; 10]);
        let m = moments(&values, RANGE);
        assert_eq!(of_moments(&m, RANGE, 100, 0.9, 1.0).shortest, Some([0.0, 0.0]));
        assert!(of_moments(&m, RANGE, 100, 0.91, 1.0).shortest.unwrap()[1] > 0.99);
    }

    #[test]
    fn edges_are_powers_of_two() {
        let range = Range { unit: -36, saturable: false, bins_lo: -123_456_789, bin_scale: 98_765 };
        let got = edges(range, 0, 1024, 1000.0);
        assert_eq!(got.len(), 1025);
        for (i, &edge) in got.iter().enumerate() {
            let want = libm::exp2(range.edge(i)) * 1000.0;
            assert!(close(edge, want, 1e-13) && !close(edge * (1.0 + 1e-12), want, 1e-13), "{i}: {edge} {want}");
        }
        // From anywhere on they are the same.
        for (begin, bins) in [(0, 1), (31, 2), (32, 0), (77, 500), (1023, 1)] {
            assert_eq!(edges(range, begin, bins, 1000.0), got[begin..=begin + bins], "{begin}");
        }
    }

    /// Every pair of an edge and the value that holds the level, the plain way.
    #[test]
    fn the_shortest_interval_is_the_shortest_of_all_pairs() {
        let mut word = 1u64;
        let mut random = move |below: u64| {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (word >> 33) % below
        };
        for round in 0..60 {
            let mut m = Moments::empty(true);
            m.zeros = if round % 3 == 0 { random(50) } else { 0 };
            for bin in m.bins.iter_mut() {
                *bin = if random(4) > 0 { random(30) as u32 } else { 0 };
            }
            let bins = Bins::new(&m, RANGE, 1.0);
            let (n, level) = (bins.n(), [0.5, 0.8, 0.95][round % 3]);
            let mut widths =
                vec![bins.at_rank(level * n).unwrap() - if m.zeros > 0 { 0.0 } else { bins.at_rank(0.0).unwrap() }];
            for bin in (0..bins.counts.len()).filter(|&bin| bins.counts[bin] > 0) {
                let to = bins.before[bin] + level * n;
                widths.extend((to <= n).then(|| bins.at_rank(to).unwrap() - bins.edges[bin]));
                let from = bins.before[bin + 1] - level * n;
                let lo = bins.passes(from).filter(|_| from >= m.zeros as f64).map(|lo| bins.inside(lo, from));
                widths.extend(lo.map(|lo| bins.edges[bin + 1] - lo));
            }
            let [lo, hi] = bins.shortest(level).unwrap();
            let want = widths.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(((hi - lo) / want - 1.0).abs() < 1e-12, "{round}: {lo} {hi} {want}");
        }
    }

    #[test]
    fn known_numbers_have_no_width() {
        let m = moments(&[3.0; 100], RANGE);
        let e = of_moments(&m, RANGE, 100, 0.95, 1.0);
        assert_eq!((e.mean, e.sd, e.median), (Some(3.0), Some(0.0), Some(3.0)));
        assert_eq!((e.interval, e.shortest, e.mcse.mean), (Some([3.0, 3.0]), Some([3.0, 3.0]), Some(0.0)));
        let nothing = of_moments(&moments(&[0.0; 100], RANGE), RANGE, 100, 0.95, 1.0);
        assert_eq!((nothing.mean, nothing.interval), (Some(0.0), Some([0.0, 0.0])));
    }

    #[test]
    fn undefined_is_none() {
        let m = Moments { undefined: 100, ..Moments::empty(true) };
        assert_eq!(of_moments(&m, RANGE, 100, 0.95, 1.0), Estimate::default());
        let two = of_moments(&moments(&[1.0, 2.0], RANGE), RANGE, 2, 0.95, 1.0);
        assert!(two.mean.is_some() && two.mcse == Mcse::default());
    }
}
