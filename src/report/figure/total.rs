//! The density of the total emissions, with nested intervals and the median; below it the same intervals as bars, as
//! modelled and with correlation ignored.
//!
//! The density is a Gaussian kernel estimate of binned draws, with a bandwidth of 1.06 sd n^(−1/5) (Silverman 1986, equation 3.28);
//! on a logarithmic axis it is that of the logarithm. Intervals and medians are those of the draws themselves.

use super::axis::Axis;
use super::parts::{Spread, constant, drawn, gradient, level_swatches, levels, levels_text, stripe, swatch, values};
use super::sheet::{Entry, Sheet, nothing};
use super::style::{BOLD, GREYS, HAIR, INK, MARGIN, SHADES, SMALL, THIN, WHITE, Width, shade};
use super::svg::{Anchor, Canvas, Letters, Stroke};
use super::{Figure, Kind};
use crate::posterior::counts::Counts;
use crate::report::numbers::{self, Quantity};
use crate::run::Outcome;

/// Bins and points of a density.
const POINTS: usize = 400;
/// From here on the upper end is so far above the lower that the axis is logarithmic.
const WIDE: f64 = 25.0;
const CURVE: f64 = 74.0;
const BAR: f64 = 7.0;
const STEP: f64 = 23.0;

/// Where a density is how high, in shares of the axis; the area is 1.
struct Density(Vec<(f64, f64)>);

impl Density {
    fn of(counts: &Counts, factor: f64, axis: &Axis) -> Density {
        let (mut bins, mut n) = (vec![0.0f64; POINTS], 0.0);
        let (mut sum, mut squares) = (0.0, 0.0);
        let unit = Axis { from: 0.0, to: 1.0, ..*axis };
        for x in counts.values() {
            let share = unit.at(x * factor);
            // What lies outside is not piled up at the ends.
            if axis.holds(x * factor)
                && let Some(bin) = bins.get_mut(((share * POINTS as f64) as usize).min(POINTS - 1))
            {
                *bin += 1.0;
            }
            n += 1.0;
            sum += share;
            squares += share * share;
        }
        let sd = (squares / n - (sum / n) * (sum / n)).max(0.0).sqrt();
        // No narrower than a bin, which would show the bins.
        let width = (1.06 * sd * libm::pow(n, -0.2)).max(1.2 / POINTS as f64);
        let reach = ((4.0 * width * POINTS as f64) as usize).min(POINTS);
        let kernel: Vec<f64> = (0..=reach)
            .map(|k| {
                let z = k as f64 / POINTS as f64 / width;
                libm::exp(-0.5 * z * z)
            })
            .collect();
        let norm = (kernel.iter().sum::<f64>() * 2.0 - 1.0) * n / POINTS as f64;
        let height = |at: usize| {
            let near = at.saturating_sub(reach)..(at + reach + 1).min(POINTS);
            near.map(|b| bins[b] * kernel[b.abs_diff(at)]).sum::<f64>() / norm
        };
        Density((0..POINTS).map(|at| ((at as f64 + 0.5) / POINTS as f64, height(at))).collect())
    }

    fn top(&self) -> f64 {
        self.0.iter().map(|(_, y)| *y).fold(0.0, f64::max)
    }

    fn height(&self, share: f64) -> f64 {
        let next = self.0.partition_point(|(x, _)| *x < share);
        let (before, after) = (self.0.get(next.saturating_sub(1)), self.0.get(next));
        match (before, after) {
            (Some(a), Some(b)) if b.0 > a.0 => a.1 + (b.1 - a.1) * (share - a.0) / (b.0 - a.0),
            (Some(a), _) => a.1,
            _ => 0.0,
        }
    }

    /// The outline between two shares of the axis.
    fn between(&self, from: f64, to: f64) -> Vec<(f64, f64)> {
        let inside = self.0.iter().copied().filter(|(x, _)| from < *x && *x < to);
        let mut points = vec![(from, self.height(from))];
        points.extend(inside);
        points.push((to, self.height(to)));
        points
    }
}

/// What is drawn.
struct Picture<'a> {
    axis: Axis,
    top: f64,
    modelled: Density,
    ignored: Option<Density>,
    spread: &'a Spread,
}

impl Picture<'_> {
    fn place(&self, (x, y): (f64, f64), bottom: f64) -> (f64, f64) {
        (self.axis.from + x * (self.axis.to - self.axis.from), bottom - CURVE * y / self.top)
    }

    fn draw(&self, canvas: &mut Canvas, bottom: f64) {
        let share = |x: f64| Axis { from: 0.0, to: 1.0, ..self.axis }.at(x);
        let mut fill = |from: f64, to: f64, colour: &str| {
            let mut points: Vec<_> = self.modelled.between(from, to).iter().map(|p| self.place(*p, bottom)).collect();
            points.push(self.place((to, 0.0), bottom));
            points.push(self.place((from, 0.0), bottom));
            canvas.area(&points, colour);
        };
        fill(0.0, 1.0, SHADES[3]);
        let n = self.spread.intervals.len();
        for (k, [lo, hi]) in self.spread.intervals.iter().enumerate().rev() {
            fill(share(*lo), share(*hi), shade(SHADES, k, n));
        }
        let curve = |d: &Density| d.0.iter().map(|p| self.place(*p, bottom)).collect::<Vec<_>>();
        canvas.polyline(&curve(&self.modelled), Stroke::solid(INK, HAIR));
        let median = share(self.spread.median);
        let top = self.place((median, self.modelled.height(median)), bottom);
        canvas.line((top.0, bottom), top, Stroke::solid(WHITE, BOLD));
        if let Some(ignored) = &self.ignored {
            canvas.polyline(&curve(ignored), Stroke::dashed(INK, 0.8));
        }
    }
}

/// Draws the total of a run.
pub fn figure(outcome: &Outcome, width: Width) -> Figure {
    let (posterior, draws) = (&outcome.posterior, &outcome.draws);
    let title = format!("Training emissions of {}", numbers::counted(posterior.total.models, "model"));
    let total = &posterior.total;
    let unit = Quantity::Emissions.unit(total.emissions_t.median.unwrap_or(0.0));
    let levels = levels(posterior.level);
    let spreads = |counts: Option<&Counts>| counts.and_then(|c| Spread::of(c, &levels, unit.factor));
    let (Some(counts), Some(spread)) = (draws.emissions(), spreads(draws.emissions())) else {
        return nothing(Kind::Total, width, &title, "No emissions were drawn.");
    };
    if let Some(why) = constant(&total.emissions_t) {
        return nothing(Kind::Total, width, &title, &why);
    }
    let ignored = spreads(Some(&draws.independent));

    let subtitle = format!("Density of the total; shaded: {} equal-tailed credible intervals", levels_text(&levels));
    let mut sheet = Sheet::new(Kind::Total, width, &title, &subtitle);
    let rows = [
        Some(("As modelled", values(&total.emissions_t, &unit), &spread, SHADES)),
        ignored.as_ref().map(|s| ("Correlation ignored", values(&total.independent_t, &unit), s, GREYS)),
    ];
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    let wide = |(name, values, ..): &(&str, String, &Spread, [&'static str; 4])| {
        Letters::NAME.width(name).max(Letters::SMALL.width(values))
    };
    let gutter = rows.iter().map(wide).fold(0.0, f64::max).min(0.45 * sheet.room()) + 6.0;
    let reaches = || rows.iter().map(|(_, _, s, _)| s.reach);
    let lo = reaches().map(|r| r[0]).fold(f64::INFINITY, f64::min);
    let hi = reaches().map(|r| r[1]).fold(0.0, f64::max);
    let outer = spread.intervals.last().copied().unwrap_or([lo, hi]);
    let ends = (sheet.left + gutter, sheet.right - MARGIN);
    let log = outer[0] > 0.0 && outer[1] > WIDE * outer[0];
    let axis = if log { Axis::log(lo, hi, ends) } else { Axis::linear(lo, hi, ends) }.with_room(0.04);

    let swatches = level_swatches(&levels);
    let boxes: Vec<_> = swatches.iter().map(|(colour, _)| swatch(colour)).collect();
    let line = stripe(Stroke::dashed(INK, 0.8));
    let mut key: Vec<Entry<'_>> = Vec::new();
    for (mark, (_, name)) in boxes.iter().zip(&swatches) {
        key.push((mark, 8.0, name.clone()));
    }
    key.push((&line, 12.0, "correlation ignored".into()));
    sheet.key(&key);

    let (top, bottom) = (sheet.y, sheet.y + CURVE + 4.0);
    let modelled = Density::of(counts, unit.factor, &axis);
    let compared = ignored.is_some().then(|| Density::of(&draws.independent, unit.factor, &axis));
    let highest = modelled.top().max(compared.as_ref().map_or(0.0, Density::top)).max(1e-9);
    let end = bottom + 5.0 + STEP * rows.len() as f64;
    let below =
        axis.below(&mut sheet.canvas, (top, end), &format!("{}{}", unit.name, if log { ", logarithmic" } else { "" }));
    let picture = Picture { axis, top: highest, modelled, ignored: compared, spread: &spread };
    picture.draw(&mut sheet.canvas, bottom);
    sheet.canvas.line((axis.from, bottom), (axis.to, bottom), Stroke::solid(INK, THIN));
    let mut said = Vec::new();
    for (k, (name, values, spread, shades)) in rows.iter().enumerate() {
        let y = bottom + 5.0 + STEP * (k as f64 + 0.5);
        gradient(&mut sheet.canvas, &axis, spread, y, BAR, *shades);
        let fits = |letters: Letters, text: &str| letters.fit(text, gutter - 6.0);
        let left = sheet.left;
        sheet.canvas.text((left, y - 1.0), Anchor::Start, Letters::NAME, &fits(Letters::NAME, name));
        sheet.canvas.text((left, y + SMALL + 1.0), Anchor::Start, Letters::SMALL, &fits(Letters::SMALL, values));
        said.push(format!("{name}: {values} {}", unit.name));
    }
    sheet.y = below;
    let level = numbers::level(posterior.level);
    sheet.note(format!("Numbers: median and {level} interval. {}", drawn(posterior.draws, posterior.seed)));
    sheet.finish(&format!("Median and {level} credible interval. {}.", said.join(". ")))
}
