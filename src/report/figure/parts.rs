//! What several figures have in common: intervals as bars, values with their unit, what a figure was drawn from.

use super::axis::Axis;
use super::style::{INK, SHADES, THIN, WHITE, shade};
use super::svg::{Canvas, Stroke};
use crate::engine::Host;
use crate::engine::stats::estimate::tails;
use crate::engine::stats::order::Draws;
use crate::posterior::Estimate;
use crate::posterior::counts::Counts;
use crate::report::numbers::{self, Unit};

/// Intervals of these levels are drawn as a gradient, if they are narrower than that of the result.
const INNER: [f64; 2] = [0.5, 0.8];

/// Levels of a gradient, the innermost first; the last is that of the result.
pub fn levels(level: f64) -> Vec<f64> {
    INNER.into_iter().filter(|inner| *inner < level).chain([level]).collect()
}

/// Levels in words: `50, 80 and 95 %`.
pub fn levels_text(levels: &[f64]) -> String {
    let percents: Vec<String> = levels.iter().map(|l| numbers::level(*l).trim_end_matches(" %").to_string()).collect();
    match percents.split_last() {
        Some((last, [])) => format!("{last} %"),
        Some((last, others)) => format!("{} and {last} %", others.join(", ")),
        None => String::new(),
    }
}

/// Some amounts in order, as what is shown of them.
pub struct Spread {
    /// Equal-tailed intervals, the innermost first.
    pub intervals: Vec<[f64; 2]>,
    /// The median.
    pub median: f64,
    /// Between these lies nearly everything.
    pub reach: [f64; 2],
}

impl Spread {
    /// Of draws, at these levels, times `factor`; `None` without draws.
    pub fn of(counts: &Counts, levels: &[f64], factor: f64) -> Option<Spread> {
        let sorted = Draws::new(&Host, (0..).zip(counts.counts.iter().copied()));
        let scale = libm::ldexp(factor, counts.unit);
        let at = |p: f64| sorted.quantile(p).map(|count| count as f64 * scale);
        let interval = |level: &f64| {
            let [lo, hi] = tails(*level);
            Some([at(lo)?, at(hi)?])
        };
        let intervals = levels.iter().map(interval).collect::<Option<_>>()?;
        Some(Spread { intervals, median: at(0.5)?, reach: [at(0.002)?, at(0.995)?] })
    }
}

/// Nested intervals as a bar of several shades, and the median as a gap in it.
pub fn gradient(canvas: &mut Canvas, axis: &Axis, spread: &Spread, y: f64, height: f64, shades: [&'static str; 4]) {
    let n = spread.intervals.len();
    for (k, [lo, hi]) in spread.intervals.iter().enumerate().rev() {
        let (a, b) = (axis.at(*lo), axis.at(*hi));
        // What has no width still has a mark.
        let b = b.max(a + 2.0 * THIN);
        canvas.rectangle((a, y - height / 2.0), (b, y + height / 2.0), shade(shades, k, n));
    }
    let at = axis.at(spread.median);
    // In a narrow bar the gap would be all that is seen.
    let narrow = spread.intervals.last().is_none_or(|[lo, hi]| axis.at(*hi) - axis.at(*lo) < 4.0);
    let gap = if narrow { 0.3 } else { 1.4 };
    canvas.line((at, y - height / 2.0), (at, y + height / 2.0), Stroke::solid(WHITE, gap));
}

/// A box of the colour of an interval, for a key.
pub fn swatch(colour: &'static str) -> impl Fn(&mut Canvas, (f64, f64)) {
    move |canvas, (x, y)| canvas.rectangle((x - 4.0, y - 2.5), (x + 4.0, y + 2.5), colour)
}

/// A line, for a key.
pub fn stripe(stroke: Stroke) -> impl Fn(&mut Canvas, (f64, f64)) {
    move |canvas, (x, y)| canvas.line((x - 6.0, y), (x + 6.0, y), stroke)
}

/// Median and interval of an estimate with the digits that its error supports: `166.4 (119.9 to 238.0)`.
pub fn values(estimate: &Estimate, unit: &Unit) -> String {
    let number = |x: f64, mcse: Option<f64>| numbers::value(x * unit.factor, mcse.map(|e| e * unit.factor));
    let Some(median) = estimate.median else { return "not known".into() };
    let median = number(median, estimate.mcse.median);
    match estimate.interval {
        None => median,
        Some([lo, hi]) => {
            let [low, high] = [0, 1].map(|k| estimate.mcse.interval.map(|errors| errors[k]));
            format!("{median} ({} to {})", number(lo, low), number(hi, high))
        }
    }
}

/// Why there is nothing to spread out, where every draw of a run is the same.
pub fn constant(total: &Estimate) -> Option<String> {
    let median = total.median?;
    let same = total.interval.is_none_or(|[lo, hi]| hi - lo <= 1e-9 * hi.abs());
    same.then(|| format!("Every draw is the same: {}.", numbers::emissions(median)))
}

/// What every figure of draws says at its foot.
pub fn drawn(draws: u64, seed: u64) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("carbonhaze {version}, {}, seed {seed}", numbers::counted(draws, "draw"))
}

/// What a figure without draws says at its foot.
pub fn exact() -> String {
    format!("carbonhaze {}, exact, nothing is sampled", env!("CARGO_PKG_VERSION"))
}

/// The shades of the intervals with their levels, for a key.
pub fn level_swatches(levels: &[f64]) -> Vec<(&'static str, String)> {
    let n = levels.len();
    levels.iter().enumerate().map(|(k, l)| (shade(SHADES, k, n), numbers::level(*l))).collect()
}

/// A line of ink, where a value is compared with.
pub const REFERENCE: Stroke = Stroke::dashed(INK, THIN);
