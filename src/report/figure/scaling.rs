//! The scaling law: the relative standard deviation of a total against the number of models in it, exactly.
//!
//! As modelled it stops falling where only shared effects are left; with every shared effect drawn separately for each
//! model it goes on. The dotted line falls with the square root of the number, as for equal independent models.

use super::axis::Axis;
use super::parts::{exact, stripe};
use super::sheet::{Sheet, nothing};
use super::style::{BLUE, BOLD, GREY, INK, MARGIN, ORANGE, SMALL, THIN, Width};
use super::svg::{Anchor, Canvas, Letters, Shape, Stroke};
use super::{Figure, Kind};
use crate::exact::scaling::{ORDERS, Scaling, Size, scaling};
use crate::report::numbers;
use crate::run::Outcome;

const HEIGHT: f64 = 120.0;
const BLUE_BAND: &str = "#dfebf5";
const ORANGE_BAND: &str = "#fbe6d5";

/// Draws how the spread of a run's total falls as models are added.
pub fn figure(outcome: &Outcome, width: Width) -> Figure {
    let title = "Own errors average out, shared ones do not";
    let found = match scaling(&outcome.assessment) {
        Ok(found) => found,
        Err(why) => return nothing(Kind::Scaling, width, title, &format!("There is no spread to follow: {why}.")),
    };
    if found.models < 2 {
        return nothing(Kind::Scaling, width, title, "There is one model: nothing is added to it.");
    }
    draw(&found, width, title)
}

/// The lower and the upper line of a band, out and back.
fn band(sizes: &[Size], of: impl Fn(&Size) -> [f64; 3], place: impl Fn(usize, f64) -> (f64, f64)) -> Vec<(f64, f64)> {
    let low = sizes.iter().map(|s| place(s.models, of(s)[0]));
    let high = sizes.iter().rev().map(|s| place(s.models, of(s)[2]));
    low.chain(high).collect()
}

fn draw(found: &Scaling, width: Width, title: &str) -> Figure {
    let subtitle = "Relative standard deviation of the total emissions against the number of models in it";
    let mut sheet = Sheet::new(Kind::Scaling, width, title, subtitle);
    let modelled = stripe(Stroke::solid(BLUE, BOLD));
    let ignored = stripe(Stroke::dashed(ORANGE, BOLD));
    let root = stripe(Stroke::dotted(INK, THIN + 0.2));
    let floor = stripe(Stroke::dashed(GREY, THIN));
    sheet.key(&[
        (&modelled, 12.0, "as modelled".into()),
        (&ignored, 12.0, "correlation ignored".into()),
        (&root, 12.0, "1/√n".into()),
        (&floor, 12.0, "shared effects alone".into()),
    ]);
    let all = || found.sizes.iter().flat_map(|s| s.modelled.into_iter().chain(s.independent));
    let percent = |x: f64| 100.0 * x;
    let positive = all().chain([found.shared_alone]).filter(|x| *x > 0.0).map(percent);
    let (lo, hi) = (positive.clone().fold(f64::INFINITY, f64::min), positive.fold(0.0, f64::max));
    let (top, bottom) = (sheet.y, sheet.y + HEIGHT);
    let y = Axis::log(lo, hi, (bottom, top)).with_room(0.05);
    let left = sheet.left + y.gutter(true);
    let x = Axis::log(1.0, found.models as f64, (left, sheet.right - MARGIN)).with_room(0.03);
    let place = |models: usize, share: f64| (x.at(models as f64), y.at(percent(share)));
    let below = x.below(&mut sheet.canvas, (top, bottom), "number of models n");
    y.left(&mut sheet.canvas, (left, x.to), "relative standard deviation, %");
    sheet.canvas.area(&band(&found.sizes, |s| s.independent, place), ORANGE_BAND);
    sheet.canvas.area(&band(&found.sizes, |s| s.modelled, place), BLUE_BAND);
    if found.shared_alone > 0.0 {
        let at = y.at(percent(found.shared_alone));
        sheet.canvas.line((left, at), (x.to, at), Stroke::dashed(GREY, THIN));
    }
    if let Some(first) = found.sizes.first() {
        let start = first.independent[1];
        let points: Vec<_> = (0..=40)
            .map(|k| x.value(f64::from(k) / 40.0))
            .filter(|n| *n >= 1.0 && *n <= found.models as f64 * 1.001)
            .map(|n| (x.at(n), percent(start / libm::sqrt(n))))
            .filter(|(_, share)| y.holds(*share))
            .map(|(at, share)| (at, y.at(share)))
            .collect();
        sheet.canvas.polyline(&points, Stroke::dotted(INK, THIN + 0.2));
    }
    for (of, stroke, shape) in [
        ((|s: &Size| s.independent[1]) as fn(&Size) -> f64, Stroke::dashed(ORANGE, BOLD), Shape::Square),
        (|s: &Size| s.modelled[1], Stroke::solid(BLUE, BOLD), Shape::Circle),
    ] {
        let points: Vec<_> = found.sizes.iter().map(|s| place(s.models, of(s))).collect();
        sheet.canvas.polyline(&points, stroke);
        points.iter().for_each(|p| sheet.canvas.mark(shape, *p, 2.0, stroke.colour, false));
    }
    let ends = found.sizes.last().map(|s| [s.modelled[1], s.independent[1]]).unwrap_or_default();
    ends_of(&mut sheet.canvas, ends, found.models, &place);
    sheet.y = below;
    sheet.note(format!(
        "Line: median of {} fixed orders in which the {} are added; shaded: the middle 80 % of them. Dashed grey: the \
         shared effects of all models, with every own part known.",
        numbers::count(ORDERS as u64),
        numbers::counted(found.models, "model"),
    ));
    sheet.note(exact());
    let [modelled, independent, shared] = [ends[0], ends[1], found.shared_alone].map(numbers::percent);
    sheet.finish(&format!(
        "Of all {}: {modelled} as modelled, {independent} with correlation ignored, {shared} by shared effects alone.",
        numbers::counted(found.models, "model"),
    ))
}

/// The values of all models next to the last points.
fn ends_of(canvas: &mut Canvas, ends: [f64; 2], models: usize, place: &dyn Fn(usize, f64) -> (f64, f64)) {
    for (k, share) in ends.into_iter().enumerate() {
        let (x, y) = place(models, share);
        let up = if (k == 0) == (ends[0] >= ends[1]) { -3.5 } else { SMALL + 2.5 };
        canvas.text((x + 3.0, y + up), Anchor::End, Letters::SMALL, &numbers::percent(share));
    }
}
