//! Sums over sets of models in the same draws: totals, differences, shares of one in another, and the division of one
//! between several.
//!
//! A [`Column`] is what some models emit in every draw: whole counts of a power of two, and apart from them what needs no
//! draw because nothing in it is uncertain. That part is added at the end, in f64, so that figures that are certain add
//! up as they would on paper. Columns of one exponent are added, and divided, in integers without any rounding.

use std::borrow::Cow;

use super::of_side;
use crate::engine::Reduce;
use crate::engine::stats::estimate::{Estimate, Mcse, Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::engine::stats::ratio::Side;

/// Counts of a column stay below this power of two, and so do their sums.
const MOST_BITS: u32 = 62;
/// Bits of one total of a plan.
const TOTAL_BITS: u32 = 53;
/// Shares are held in counts of this power of two.
const SHARE_EXPONENT: i32 = -48;

/// What a set of models emits (or uses) by draw: `fixed + counts · 2^exponent`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// What is certain.
    pub fixed: f64,
    /// By draw; empty where all is certain.
    counts: Vec<u64>,
    exponent: i32,
}

/// Whether one total is above another.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Chance {
    /// Share of the draws.
    pub probability: f64,
    /// Its Monte Carlo standard error.
    pub mcse: f64,
}

impl Chance {
    /// Of so many draws out of all.
    pub fn of(yes: u64, draws: u64) -> Chance {
        let n = draws.max(1) as f64;
        let probability = yes as f64 / n;
        Chance { probability, mcse: (probability * (1.0 - probability) / n).sqrt() }
    }
}

impl Column {
    /// From what is certain and what was drawn.
    pub fn new(fixed: f64, counts: Vec<u64>, exponent: i32) -> Column {
        Column { fixed, counts, exponent }
    }

    /// The columns in counts of one size, small enough that all of them can be added.
    pub fn aligned(mut columns: Vec<Column>) -> Vec<Column> {
        let drawn = columns.iter().filter(|column| !column.counts.is_empty());
        let Some(exponent) = drawn.clone().map(|column| column.exponent).max() else { return columns };
        let bits = usize::BITS - drawn.count().leading_zeros();
        let exponent = exponent + (TOTAL_BITS + bits).saturating_sub(MOST_BITS) as i32;
        columns.iter_mut().for_each(|column| column.shift_to(exponent));
        columns
    }

    /// Half counts go up.
    fn shift_to(&mut self, exponent: i32) {
        if let Ok(shift @ 1..) = u32::try_from(exponent - self.exponent) {
            let half = 1u64.checked_shl(shift - 1).unwrap_or(0);
            for count in &mut self.counts {
                *count = count.saturating_add(half).checked_shr(shift).unwrap_or(0);
            }
        }
        self.exponent = exponent;
    }

    /// The sum of columns, without rounding where their counts are of one size.
    pub fn sum<'c>(columns: impl Iterator<Item = &'c Column> + Clone) -> Column {
        let drawn = columns.clone().filter(|column| !column.counts.is_empty());
        let exponents = drawn.clone().map(|column| column.exponent);
        let mut sum = Column { fixed: exact_sum(columns.map(|c| c.fixed)), ..Column::default() };
        let (Some(most), Some(least)) = (exponents.clone().max(), exponents.min()) else { return sum };
        sum.exponent = most;
        for column in drawn {
            let shifted = (least < most).then(|| {
                let mut other = column.clone();
                other.shift_to(most);
                other
            });
            let counts = shifted.as_ref().map_or(&column.counts, |other| &other.counts);
            if sum.counts.is_empty() {
                sum.counts.clone_from(counts);
            } else {
                sum.counts.iter_mut().zip(counts).for_each(|(into, count)| *into = into.saturating_add(*count));
            }
        }
        sum
    }

    /// Draws 0 to so many, or 0 where all is certain.
    pub fn draws(&self) -> usize {
        self.counts.len()
    }

    /// Of its total.
    pub fn mean(&self) -> Option<f64> {
        let sum: u128 = self.counts.iter().map(|&count| u128::from(count)).sum();
        let mean = sum as f64 / self.counts.len().max(1) as f64;
        Some(self.fixed + libm::ldexp(mean, self.exponent))
    }

    /// The estimates of its total.
    pub fn estimate(&self, level: f64, reduce: &dyn Reduce) -> Estimate {
        if self.counts.is_empty() {
            return certain(self.fixed);
        }
        let drawn = self.below_ceiling();
        moved(of_side(reduce, Side { counts: &drawn.counts, unit: drawn.exponent }, 0, level), self.fixed)
    }

    /// In counts that the order statistics can hold, which end at 2^53.
    fn below_ceiling(&self) -> Cow<'_, Column> {
        let most = self.counts.iter().copied().max().unwrap_or(0);
        let over = (u64::BITS - most.leading_zeros()).saturating_sub(TOTAL_BITS);
        if over == 0 {
            return Cow::Borrowed(self);
        }
        let mut smaller = self.clone();
        smaller.shift_to(self.exponent + over as i32);
        Cow::Owned(smaller)
    }

    /// In the unit of the output, by draw; a column that is certain has as many draws as are asked for.
    pub fn values(&self, draws: usize) -> impl Iterator<Item = f64> {
        let at = move |i: usize| self.counts.get(i).map_or(0.0, |&count| libm::ldexp(count as f64, self.exponent));
        (0..draws).map(move |i| self.fixed + at(i))
    }

    /// The estimates of how much it is above another, and the chance that it is.
    pub fn above(&self, other: &Column, level: f64, reduce: &dyn Reduce) -> (Estimate, Chance) {
        let draws = self.draws().max(other.draws());
        let fixed = self.fixed - other.fixed;
        if draws == 0 {
            return (certain(fixed), Chance::of(u64::from(fixed > 0.0), 1));
        }
        let [a, b] = [self.clone(), other.clone()].map(|mut column| {
            column.counts.resize(draws, 0);
            column
        });
        let mut both = Column::aligned([a, b].map(|column| column.below_ceiling().into_owned()).to_vec());
        // Their difference, moved up, stays below the ceiling.
        let exponent = both[0].exponent.max(both[1].exponent) + 1;
        both.iter_mut().for_each(|column| column.shift_to(exponent));
        let (a, b) = (&both[0], &both[1]);
        // Counts are not negative: the difference is moved up, and its estimates down again.
        let most = b.counts.iter().copied().max().unwrap_or(0);
        let differences = a.counts.iter().zip(&b.counts).map(|(a, b)| a + (most - b));
        let draws_of = Draws::new(reduce, (0..).zip(differences.clone()));
        let scale = Scale::power_of_two(a.exponent);
        let estimate = moved(of_draws(&draws_of, level, scale), fixed - scale.apply(most as f64));
        let yes = self.values(draws).zip(other.values(draws)).filter(|(a, b)| a > b).count();
        (estimate, Chance::of(yes as u64, draws as u64))
    }

    /// The estimates of its share of a column that holds it. `None` where that is 0 in some draw.
    pub fn share_of(&self, whole: &Column, level: f64, reduce: &dyn Reduce) -> Option<Estimate> {
        let draws = whole.draws().max(self.draws());
        if draws == 0 {
            return (whole.fixed > 0.0).then(|| certain(self.fixed / whole.fixed));
        }
        let counts = |(part, whole): (f64, f64)| {
            (whole > 0.0).then(|| libm::round(libm::ldexp((part / whole).clamp(0.0, 1.0), -SHARE_EXPONENT)) as u64)
        };
        let counts: Option<Vec<u64>> = self.values(draws).zip(whole.values(draws)).map(counts).collect();
        let side = Side { counts: &counts?, unit: SHARE_EXPONENT };
        Some(of_side(reduce, side, 0, level))
    }

    /// Divided by shares that add up to 1; the parts add up to the column, in every draw and without rounding.
    pub fn divided(&self, shares: &[f64]) -> Vec<Column> {
        let Some((_, others)) = shares.split_last() else { return Vec::new() };
        let mut rest = self.clone();
        let mut parts = Vec::with_capacity(shares.len());
        for share in others {
            let counts: Vec<u64> =
                self.counts.iter().zip(&rest.counts).map(|(&n, &left)| ((n as f64 * share) as u64).min(left)).collect();
            rest.counts.iter_mut().zip(&counts).for_each(|(left, taken)| *left -= taken);
            let fixed = self.fixed * share;
            rest.fixed -= fixed;
            parts.push(Column { fixed, counts, exponent: self.exponent });
        }
        parts.push(rest);
        parts
    }
}

/// The sum of numbers as if it were rounded once (Neumaier 1974, doi:10.1002/zamm.19740540106).
pub fn exact_sum(numbers: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0);
    for x in numbers {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    sum + lost
}

/// Of what is not uncertain at all, in the 15 digits that a float holds of a decimal: 0.1 t and 0.005 t are 0.105 t.
fn certain(x: f64) -> Estimate {
    let x = format!("{x:.14e}").parse().unwrap_or(x);
    let zeros = Some([0.0; 2]);
    let mcse = Mcse { mean: Some(0.0), sd: Some(0.0), median: Some(0.0), interval: zeros, shortest: zeros };
    let ends = Some([x; 2]);
    Estimate { mean: Some(x), sd: Some(0.0), median: Some(x), interval: ends, shortest: ends, mcse }
}

/// The estimates of what is so much more in every draw.
fn moved(e: Estimate, by: f64) -> Estimate {
    let one = |x: Option<f64>| x.map(|x| x + by);
    let two = |x: Option<[f64; 2]>| x.map(|ends| ends.map(|x| x + by));
    Estimate { mean: one(e.mean), median: one(e.median), interval: two(e.interval), shortest: two(e.shortest), ..e }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;

    fn column(fixed: f64, counts: &[u64], exponent: i32) -> Column {
        Column::new(fixed, counts.to_vec(), exponent)
    }

    #[test]
    fn certain_figures_add_up_as_on_paper() {
        let parts = [100.0, 10.0, 20.0, 5.0].map(|x| column(x, &[], 0));
        assert_eq!(Column::sum(parts.iter()).estimate(0.95, &Host).interval, Some([135.0, 135.0]));
        let tenths = vec![column(0.1, &[], 0); 10];
        assert_eq!(Column::sum(tenths.iter()).fixed, 1.0);
        // Negative control: a plain sum of ten tenths is not 1.
        assert_ne!([0.1; 10].iter().fold(0.0, |sum, x| sum + x), 1.0);
    }

    #[test]
    fn columns_of_several_sizes_are_added_by_draw() {
        let sum = Column::sum([column(1.0, &[4, 8], 0), column(2.0, &[3, 5], 1), column(0.5, &[], 0)].iter());
        assert_eq!(sum.values(2).collect::<Vec<_>>(), [3.5 + 10.0, 3.5 + 18.0]);
        let aligned = Column::aligned(vec![column(0.0, &[1 << 52], 0); 5000]);
        assert_eq!(Column::sum(aligned.iter()).values(1).next(), Some(5000.0 * libm::ldexp(1.0, 52)));
    }

    /// Sums beyond 2^53 counts: the order statistics would end there, and every draw would be the same.
    #[test]
    fn large_sums_keep_their_spread() {
        let top = (1u64 << 53) - 1;
        let parts = vec![column(0.0, &[top, top / 2], -53), column(0.0, &[top, top / 3], -53)];
        let sum = Column::sum(Column::aligned(parts).iter());
        let e = sum.estimate(0.9, &Host);
        assert!((e.mean.unwrap() - (2.0 + 5.0 / 6.0) / 2.0).abs() < 1e-12, "{e:?}");
        assert!(e.sd.unwrap() > 0.8);
        let (difference, chance) = sum.above(&column(0.0, &[top, top], -53), 0.9, &Host);
        assert!((difference.mean.unwrap() - (1.0 - 1.0 / 6.0) / 2.0).abs() < 1e-12, "{difference:?}");
        assert_eq!(chance.probability, 0.5);
    }

    #[test]
    fn a_difference_is_that_of_the_same_draws() {
        let (a, b) = (column(1.0, &[10, 20, 30], 0), column(0.0, &[12, 12, 12], 0));
        let (e, chance) = a.above(&b, 0.5, &Host);
        assert_eq!((e.mean, e.median), (Some(9.0), Some(9.0)));
        assert!((chance.probability - 2.0 / 3.0).abs() < 1e-15);
        let (e, chance) = b.above(&a, 0.5, &Host);
        assert_eq!((e.median, chance.probability), (Some(-9.0), 1.0 / 3.0));
        // Certain against drawn, and against certain.
        let (e, chance) = column(15.0, &[], 0).above(&b, 0.5, &Host);
        assert_eq!((e.mean, chance.probability), (Some(3.0), 1.0));
        let (e, chance) = column(105.0, &[], 0).above(&column(205.0, &[], 0), 0.95, &Host);
        assert_eq!((e.mean, chance.probability), (Some(-100.0), 0.0));
    }

    #[test]
    fn parts_add_up_to_the_whole_in_every_draw() {
        let whole = column(5.0, &[1, 2, 3, 1_000_003, 0], -20);
        for shares in [&[0.5, 0.5][..], &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], &[0.7, 0.3], &[1.0]] {
            let parts = whole.divided(shares);
            assert_eq!(parts.len(), shares.len());
            assert_eq!(Column::sum(parts.iter()).counts, whole.counts);
            assert_eq!(Column::sum(parts.iter()).fixed, whole.fixed);
        }
        let fair = whole.divided(&[0.5, 0.5]);
        assert_eq!((fair[0].fixed, fair[0].counts[3], fair[1].counts[3]), (2.5, 500_001, 500_002));
    }

    #[test]
    fn a_share_is_taken_by_draw() {
        let (part, whole) = (column(0.0, &[1, 3], 0), column(0.0, &[4, 4], 0));
        let e = part.share_of(&whole, 0.9, &Host).unwrap();
        assert!((e.mean.unwrap() - 0.5).abs() < 1e-12 && (e.median.unwrap() - 0.25).abs() < 1e-12);
        assert_eq!(column(1.0, &[], 0).share_of(&column(4.0, &[], 0), 0.9, &Host).unwrap().mean, Some(0.25));
        assert_eq!(part.share_of(&column(0.0, &[0, 1], 0), 0.9, &Host), None);
    }
}
