//! The scaling law: the relative standard deviation of a total against the number of models in it, exactly.
//!
//! As modelled it stops falling where only shared effects are left; with every shared effect drawn separately for each
//! model it goes on. The dotted line falls with the square root of the number, as for equal independent models.

use super::axis::Axis;
use super::parts::{exact, stripe};
use super::sheet::{Sheet, nothing};
use super::style::{BLUE, BOLD, GREY, INK, ORANGE, SMALL, THIN, Width};
use super::svg::{Anchor, Canvas, Letters, Shape, Stroke};
use super::{Figure, Kind};
use crate::assess::Assessment;
use crate::exact::scaling::{ORDERS, Scaling, Size, scaling};
use crate::report::numbers;

const HEIGHT: f64 = 120.0;
const BLUE_BAND: &str = "#dfebf5";

/// Draws how the spread of a total falls as models are added.
pub fn figure(assessment: &Assessment, width: Width) -> Figure {
    let title = "Own errors average out, shared ones do not";
    let found = match scaling(assessment) {
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
    let y = Axis::log(lo, hi, (bottom, top)).with_room(0.09);
    let left = sheet.left + y.gutter(true);
    let ends = found.sizes.last().map(|s| [s.modelled[1], s.independent[1]]).unwrap_or_default();
    let texts = ends.map(numbers::percent);
    let behind = texts.iter().map(|text| Letters::SMALL.width(text)).fold(0.0, f64::max);
    let x = Axis::log(1.0, found.models as f64, (left, sheet.right - behind)).with_room(0.03);
    let place = |models: usize, share: f64| (x.at(models as f64), y.at(percent(share)));
    let below = x.below(&mut sheet.canvas, (top, bottom), "number of models n");
    y.left(&mut sheet.canvas, (left, x.to), "relative standard deviation, %");
    sheet.canvas.area(&band(&found.sizes, |s| s.modelled, place), BLUE_BAND);
    if found.shared_alone > 0.0 {
        let at = y.at(percent(found.shared_alone));
        sheet.canvas.line((left, at), (x.to, at), Stroke::dashed(GREY, THIN));
    }
    if let Some(last) = found.sizes.last() {
        // Through the last point: what models of one size would have had on the way to it.
        let end = last.independent[1] * libm::sqrt(found.models as f64);
        let points: Vec<_> = (0..=40)
            .map(|k| x.value(f64::from(k) / 40.0).clamp(1.0, found.models as f64))
            .map(|n| (x.at(n), percent(end / libm::sqrt(n))))
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
    ends_of(&mut sheet.canvas, ends.map(|share| place(found.models, share)), &texts);
    sheet.y = below;
    sheet.note(format!(
        "Line: median of {} fixed orders in which the {} are added; shaded: the middle 80 % of them, as modelled. Dashed grey: the \
         shared effects of all models, with every own part known.",
        numbers::count(ORDERS as u64),
        numbers::counted(found.models, "model"),
    ));
    sheet.note(exact());
    let ([modelled, independent], shared) = (&texts, numbers::percent(found.shared_alone));
    sheet.finish(&format!(
        "Of all {}: {modelled} as modelled, {independent} with correlation ignored, {shared} by shared effects alone.",
        numbers::counted(found.models, "model"),
    ))
}

/// The values of all models behind the last points, apart from each other.
fn ends_of(canvas: &mut Canvas, points: [(f64, f64); 2], texts: &[String; 2]) {
    let [(x, a), (_, b)] = points;
    let apart = SMALL + 1.5;
    let (middle, near) = ((a + b) / 2.0, (a - b).abs() < apart);
    let up = if a <= b { -1.0 } else { 1.0 };
    let places = if near { [middle + up * apart / 2.0, middle - up * apart / 2.0] } else { [a, b] };
    for (y, text) in places.into_iter().zip(texts) {
        canvas.text((x + 5.0, y + 0.36 * SMALL), Anchor::Start, Letters::SMALL, text);
    }
}
