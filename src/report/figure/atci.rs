//! Emissions per compute (ATCI) of each model against its compute, by tier, with intervals for the largest.

use super::axis::Axis;
use super::parts::{REFERENCE, drawn, stripe, values};
use super::sheet::{Entry, Sheet, nothing};
use super::style::{GREY, INK, MARGIN, THIN, Width};
use super::svg::{Canvas, Shape, Stroke};
use super::{Figure, Kind};
use crate::assess::{Output, Tier};
use crate::exact::terms::{Known, products};
use crate::posterior::ModelPosterior;
use crate::report::numbers::{self, Quantity};
use crate::run::Outcome;

/// Models that are drawn, and of these the ones with an interval; the largest by emissions.
const MOST: usize = 4000;
const WITH_INTERVAL: usize = 12;
const HEIGHT: f64 = 150.0;

/// What marks a tier: a shape, a colour, whether it is hollow. The less is disclosed, the lighter.
fn mark(tier: Tier) -> (Shape, &'static str, bool) {
    match tier {
        Tier::T1 => (Shape::Circle, "#08306b", false),
        Tier::T1b => (Shape::Circle, "#08306b", true),
        Tier::T2 => (Shape::Square, "#08306b", false),
        Tier::T3 => (Shape::Diamond, "#08519c", false),
        Tier::T4 => (Shape::Up, "#d55e00", false),
        Tier::T4b => (Shape::Up, "#d55e00", true),
        Tier::T5 => (Shape::Down, "#9e9e9e", false),
        Tier::T6 => (Shape::Down, "#9e9e9e", true),
    }
}

fn discloses(tier: Tier) -> &'static str {
    match tier {
        Tier::T1 => "1 metered",
        Tier::T1b => "1b emissions",
        Tier::T2 => "2 energy",
        Tier::T3 => "3 hours",
        Tier::T4 => "4 compute, chip",
        Tier::T4b => "4b compute",
        Tier::T5 => "5 size",
        Tier::T6 => "6 none of these",
    }
}

/// A model on the figure.
struct Point<'a> {
    model: &'a ModelPosterior,
    compute: f64,
    atci: f64,
}

/// Models with compute and ATCI, the largest emissions first.
fn points(outcome: &Outcome) -> Vec<Point<'_>> {
    let mut compute = vec![0.0; outcome.assessment.models.len()];
    let exact = outcome.assessment.as_emissions(Output::Compute);
    for product in exact.and_then(|a| products(&a, &mut Known::default()).ok()).unwrap_or_default() {
        if let Some(sum) = compute.get_mut(product.model) {
            *sum += product.mean_t;
        }
    }
    let of = |(model, compute): (&'_ ModelPosterior, f64)| {
        let atci = model.atci_kg_per_eflop.median.filter(|a| *a > 0.0)?;
        (compute > 0.0 && compute.is_finite()).then_some((compute, atci))
    };
    let models = outcome.posterior.models.iter().zip(compute);
    let mut points: Vec<Point> = models
        .filter_map(|(model, compute)| of((model, compute)).map(|(compute, atci)| Point { model, compute, atci }))
        .collect();
    let size = |p: &Point| p.model.emissions_t.mean.unwrap_or(0.0);
    points.sort_by(|a, b| size(b).total_cmp(&size(a)));
    points
}

/// Draws ATCI against compute.
pub fn figure(outcome: &Outcome, width: Width) -> Figure {
    let title = "Emissions per compute (ATCI) of each model";
    let posterior = &outcome.posterior;
    let mut all = points(outcome);
    let known = all.len();
    all.truncate(MOST);
    if all.is_empty() {
        return nothing(Kind::Atci, width, title, "No model has both compute and emissions.");
    }
    let level = numbers::level(posterior.level);
    let intervals = all.len().min(WITH_INTERVAL);
    let subtitle = format!(
        "Median ATCI against mean compute of {}; bars: {level} intervals of the {intervals} with the largest emissions",
        numbers::counted(known, "model")
    );
    let mut sheet = Sheet::new(Kind::Atci, width, title, &subtitle);
    let mut tiers: Vec<Tier> = all.iter().map(|p| p.model.tier).collect();
    tiers.sort();
    tiers.dedup();
    let marks: Vec<_> = tiers
        .iter()
        .map(|tier| {
            let (shape, colour, hollow) = mark(*tier);
            move |canvas: &mut Canvas, at: (f64, f64)| canvas.mark(shape, at, 2.2, colour, hollow)
        })
        .collect();
    let line = stripe(REFERENCE);
    let mut key: Vec<Entry<'_>> = Vec::new();
    for (mark, tier) in marks.iter().zip(&tiers) {
        key.push((mark, 5.0, discloses(*tier).into()));
    }
    let total = &posterior.total.atci_kg_per_eflop;
    if total.median.is_some() {
        key.push((&line, 12.0, "all models together".into()));
    }
    sheet.key(&key);

    let middle = total.median.filter(|m| *m > 0.0).unwrap_or(all[0].atci);
    let unit = Quantity::CarbonPerCompute.unit(middle);
    let ends = |p: &Point| p.model.atci_kg_per_eflop.interval.into_iter().flatten().filter(|x| *x > 0.0);
    let ys = || all.iter().map(|p| p.atci).chain(all.iter().take(intervals).flat_map(ends)).chain([middle]);
    let (lo, hi) = (ys().fold(f64::INFINITY, f64::min), ys().fold(0.0, f64::max));
    let (top, bottom) = (sheet.y, sheet.y + HEIGHT);
    let y = Axis::log(lo * unit.factor, hi * unit.factor, (bottom, top)).with_room(0.04);
    let left = sheet.left + y.gutter(true);
    let xs = || all.iter().map(|p| p.compute);
    let (first, last) = (xs().fold(f64::INFINITY, f64::min), xs().fold(0.0, f64::max));
    let x = Axis::log(first, last, (left, sheet.right - MARGIN)).with_room(0.04);
    let below = x.below(&mut sheet.canvas, (top, bottom), "mean training compute, EFLOP");
    y.left(&mut sheet.canvas, (left, x.to), &format!("ATCI, {}", unit.name));
    if let Some(median) = total.median {
        let at = y.at(median * unit.factor);
        sheet.canvas.line((left, at), (x.to, at), REFERENCE);
    }
    scatter(&mut sheet.canvas, &all, (&x, &y), unit.factor, intervals);
    sheet.canvas.line((x.to, top), (x.to, bottom), Stroke::solid(GREY, 0.2));
    sheet.y = below;
    let left_out = posterior.models.len() - known;
    if left_out > 0 {
        sheet.note(format!("Not shown: {} without compute or without emissions.", numbers::counted(left_out, "model")));
    }
    if known > MOST {
        sheet.note(format!("Shown: the {} models with the largest emissions.", numbers::count(MOST as u64)));
    }
    let together = format!("All models together: {} {}", values(total, &unit), unit.name);
    sheet.note(format!("{together}. {}", drawn(posterior.draws, posterior.seed)));
    sheet.finish(&format!("{together}, median and {level} interval."))
}

/// The smallest first, so that the largest lie on top.
fn scatter(canvas: &mut Canvas, points: &[Point<'_>], (x, y): (&Axis, &Axis), factor: f64, intervals: usize) {
    let many = points.len() > 200;
    for (k, p) in points.iter().enumerate().rev() {
        let (at, up) = (x.at(p.compute), y.at(p.atci * factor));
        let (shape, colour, hollow) = mark(p.model.tier);
        let large = k < intervals;
        if let Some([lo, hi]) = p.model.atci_kg_per_eflop.interval.filter(|_| large) {
            let [lo, hi] = [lo, hi].map(|a| y.at(a * factor));
            canvas.line((at, lo), (at, hi), Stroke::solid(INK, THIN - 0.1));
        }
        let r = if large {
            2.2
        } else if many {
            1.2
        } else {
            1.7
        };
        canvas.mark(shape, (at, up), r, colour, hollow);
    }
}
