//! A sketch of the total's distribution in one line of text, with the interval under it.

use super::super::estimate;
use super::super::numbers::{self, Quantity};
use super::super::page::Page;
use crate::posterior::counts::Counts;
use crate::posterior::{Estimate, Posterior};

/// Columns of the curve.
const COLUMNS: usize = 60;
/// Draws outside these quantiles are not drawn.
const SHOWN: [f64; 2] = [0.001, 0.999];
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Page {
    /// Nothing of a total that does not vary.
    pub(super) fn sketch(&mut self, p: &Posterior, draws: &Counts) {
        let total = &p.total.emissions_t;
        let Some((curve, ends)) = curve(draws) else { return };
        let Some(under) = under(total, ends) else { return };
        let unit = estimate::unit(Quantity::Emissions, total);
        let [lo, hi] = ends.map(|x| numbers::three_digits(x * unit.factor));
        let blanks = " ".repeat(lo.chars().count());
        self.line("");
        self.line(&format!("  {lo} {curve} {hi}"));
        self.line(&format!("  {blanks} {under}  median, {} interval", numbers::level(p.level)));
    }
}

/// Heights by column, and the values at both ends.
fn curve(draws: &Counts) -> Option<(String, [f64; 2])> {
    let mut values: Vec<f64> = draws.values().collect();
    values.sort_by(f64::total_cmp);
    let at = |p: f64| values.get((values.len() as f64 * p) as usize).copied();
    let ends = [at(SHOWN[0])?, at(SHOWN[1])?];
    let width = (ends[1] - ends[0]) / COLUMNS as f64;
    if !width.is_normal() {
        return None;
    }
    let mut bins = [0usize; COLUMNS];
    for x in values.iter().filter(|x| (ends[0]..=ends[1]).contains(*x)) {
        bins[(((x - ends[0]) / width) as usize).min(COLUMNS - 1)] += 1;
    }
    let most = bins.iter().copied().max().filter(|most| *most > 0)?;
    // Rounded up: what was drawn at all is seen.
    let height = |n: &usize| HEIGHTS[(n * (HEIGHTS.len() - 1)).div_ceil(most)];
    Some((bins.iter().map(height).collect(), ends))
}

/// `├────┼────┤` under the curve.
fn under(e: &Estimate, ends: [f64; 2]) -> Option<String> {
    let ([lo, hi], median) = (e.interval?, e.median?);
    let width = (ends[1] - ends[0]) / COLUMNS as f64;
    let place = |x: f64| (((x - ends[0]) / width).max(0.0) as usize).min(COLUMNS - 1);
    let (lo, median, hi) = (place(lo), place(median), place(hi));
    let mark = |column: usize| match column {
        c if c == median => '┼',
        c if c == lo => '├',
        c if c == hi => '┤',
        c if c > lo && c < hi => '─',
        _ => ' ',
    };
    Some((0..COLUMNS).map(mark).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_those_of_the_counts() {
        // Uniform on 0 … 9,999: all columns as high, up to the last draw.
        let uniform = Counts { counts: (0..10_000).collect(), unit: 0 };
        let (curve_of, ends) = curve(&uniform).unwrap();
        assert_eq!(ends, [10.0, 9990.0]);
        assert!(curve_of.chars().all(|c| c == '█' || c == '▇'), "{curve_of}");
        // Most at the left end: falls from there.
        let squares = Counts { counts: (0..1000).map(|k| k * k).collect(), unit: 0 };
        let (curve_of, _) = curve(&squares).unwrap();
        assert!(curve_of.starts_with('█') && curve_of.ends_with('▁'), "{curve_of}");
        // What does not vary has no picture.
        assert!(curve(&Counts { counts: vec![7; 100], unit: 3 }).is_none());
        assert!(curve(&Counts { counts: vec![], unit: 0 }).is_none());
    }

    #[test]
    fn the_interval_stands_under_it() {
        let e = Estimate { median: Some(30.0), interval: Some([10.0, 50.0]), ..Estimate::NONE };
        let text = under(&e, [0.0, 60.0]).unwrap();
        assert_eq!(text.trim_end(), format!("{}├{}┼{}┤", " ".repeat(10), "─".repeat(19), "─".repeat(19)));
    }
}
