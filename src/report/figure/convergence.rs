//! Convergence: the median and both ends of the interval of the total against the number of draws, in the order of the
//! draws, each with its Monte Carlo standard error as a band.

use super::axis::Axis;
use super::parts::{constant, drawn, stripe};
use super::sheet::{Sheet, nothing};
use super::style::{BLUE, BOLD, GAP, HAIR, INK, MARGIN, ORANGE, SMALL, Width};
use super::svg::{Anchor, Letters, Stroke};
use super::{Figure, Kind};
use crate::engine::Host;
use crate::engine::stats::estimate::{Estimate, Scale, of_draws};
use crate::engine::stats::order::Draws;
use crate::posterior::counts::Counts;
use crate::report::numbers::{self, Quantity};
use crate::run::Outcome;

/// Fewest draws that are looked at: below there are no standard errors.
const FIRST: usize = 64;
/// Numbers of draws from one to the next, as a factor: the fourth root of two.
const STEP: f64 = 1.189_207_115_002_721;
const PANEL: f64 = 46.0;

/// Estimates of the first draws, at growing numbers of them.
fn path(counts: &Counts, level: f64, factor: f64) -> Vec<(f64, Estimate)> {
    let all = counts.counts.len();
    let mut numbers = Vec::new();
    let mut next = FIRST as f64;
    while (next as usize) < all {
        numbers.push(next as usize);
        next *= STEP;
    }
    numbers.push(all);
    let scale = Scale { exponent: counts.unit, factor };
    let of = |n: usize| {
        let first = counts.counts.iter().take(n).copied();
        (n as f64, of_draws(&Draws::new(&Host, (0..).zip(first)), level, scale))
    };
    numbers.into_iter().map(of).collect()
}

/// One figure along the path: value and standard error.
type Of = fn(&Estimate) -> Option<(f64, f64)>;

fn of_end(e: &Estimate, k: usize) -> Option<(f64, f64)> {
    Some((e.interval?[k], e.mcse.interval?[k]))
}

/// Draws how a run converged.
pub fn figure(outcome: &Outcome, width: Width) -> Figure {
    let title = "Convergence with the number of draws";
    let posterior = &outcome.posterior;
    let unit = Quantity::Emissions.unit(posterior.total.emissions_t.median.unwrap_or(0.0));
    let counts = outcome.draws.emissions().filter(|c| c.counts.len() >= 2 * FIRST);
    let Some(counts) = counts else {
        let why = format!("A path needs {} or more.", numbers::counted(2 * FIRST as u64, "draw"));
        return nothing(Kind::Convergence, width, title, &why);
    };
    if let Some(why) = constant(&posterior.total.emissions_t) {
        return nothing(Kind::Convergence, width, title, &why);
    }
    let path = path(counts, posterior.level, unit.factor);
    let level = numbers::level(posterior.level);
    let models = numbers::counted(posterior.total.models, "model");
    let subtitle = format!("Training emissions of {models}, {}: the first n draws of the run", unit.name);
    let mut sheet = Sheet::new(Kind::Convergence, width, title, &subtitle);
    let line = stripe(Stroke::solid(BLUE, BOLD));
    let band = stripe(Stroke::solid("#c6dbef", 5.0));
    let last = stripe(Stroke::dashed(ORANGE, 0.8));
    sheet.key(&[
        (&line, 12.0, "estimate".into()),
        (&band, 12.0, "± 1 Monte Carlo standard error".into()),
        (&last, 12.0, "of all draws".into()),
    ]);
    let panels: [(String, Of); 3] = [
        (format!("upper end of the {level} interval"), |e| of_end(e, 1)),
        ("median".into(), |e| Some((e.median?, e.mcse.median?))),
        (format!("lower end of the {level} interval"), |e| of_end(e, 0)),
    ];
    let found: Vec<Vec<(f64, f64, f64)>> = panels
        .iter()
        .map(|(_, of)| path.iter().filter_map(|(n, e)| of(e).map(|(v, se)| (*n, v, se))).collect())
        .collect();
    let axes: Vec<Axis> = found.iter().map(|of| Axis::linear(reach(of)[0], reach(of)[1], (PANEL, 0.0))).collect();
    let left = sheet.left + axes.iter().map(|a| a.gutter(false)).fold(0.0, f64::max);
    let x = Axis::log(FIRST as f64, counts.counts.len() as f64, (left, sheet.right - MARGIN));
    let mut below = sheet.y;
    let mut said = Vec::new();
    for (k, (((name, _), of), y)) in panels.iter().zip(&found).zip(&axes).enumerate() {
        sheet.y += SMALL + 2.0;
        sheet.canvas.text((left, sheet.y), Anchor::Start, Letters { colour: INK, ..Letters::SMALL }, name);
        let top = sheet.y + 3.0;
        let y = Axis { from: top + PANEL, to: top, ..*y };
        let title = if k == 2 { "number of draws n" } else { "" };
        below = if k == 2 {
            x.below(&mut sheet.canvas, (top, top + PANEL), title)
        } else {
            sheet.canvas.line((left, top + PANEL), (x.to, top + PANEL), Stroke::AXIS);
            top + PANEL + 3.0
        };
        y.left(&mut sheet.canvas, (left, x.to), "");
        let at = |n: f64, v: f64| (x.at(n), y.at(v));
        let upper = of.iter().map(|(n, v, se)| at(*n, v + se));
        let lower = of.iter().rev().map(|(n, v, se)| at(*n, v - se));
        sheet.canvas.area(&upper.chain(lower).collect::<Vec<_>>(), "#c6dbef");
        let points: Vec<_> = of.iter().map(|(n, v, _)| at(*n, *v)).collect();
        sheet.canvas.polyline(&points, Stroke::solid(BLUE, BOLD));
        if let Some((_, v, se)) = of.last() {
            sheet.canvas.line(at(FIRST as f64, *v), at(counts.counts.len() as f64, *v), Stroke::dashed(ORANGE, 0.8));
            let (value, error) = numbers::with_error(*v, Some(*se));
            let text = error.map_or(value.clone(), |error| format!("{value} ± {error}"));
            // A number that has no room is not cut: the description has it.
            if left + Letters::SMALL.width(name) + Letters::SMALL.width(&text) + GAP < x.to {
                sheet.canvas.text((x.to, top - 3.0), Anchor::End, Letters::SMALL, &text);
            }
            said.push(format!("{name} {text}"));
        }
        sheet.canvas.line((x.to, top), (x.to, top + PANEL), Stroke::solid("#dddddd", HAIR));
        sheet.y = below;
    }
    sheet.y = below;
    sheet.note(drawn(posterior.draws, posterior.seed));
    sheet.finish(&format!("{}, of all draws: {}.", unit.name, said.join("; ")))
}

/// From the lowest to the highest that is drawn, the first few estimates and their errors cut off where they are far out.
fn reach(of: &[(f64, f64, f64)]) -> [f64; 2] {
    let ends = |part: &[(f64, f64, f64)]| {
        let lo = part.iter().map(|(_, v, se)| v - se).fold(f64::INFINITY, f64::min);
        [lo, part.iter().map(|(_, v, se)| v + se).fold(f64::NEG_INFINITY, f64::max)]
    };
    let lines = |part: &[(f64, f64, f64)]| {
        let lo = part.iter().map(|(_, v, _)| *v).fold(f64::INFINITY, f64::min);
        [lo, part.iter().map(|(_, v, _)| *v).fold(f64::NEG_INFINITY, f64::max)]
    };
    let ([a, b], [c, d]) = (ends(of.get(of.len() / 6..).unwrap_or(of)), lines(of));
    [a.min(c), b.max(d)]
}
