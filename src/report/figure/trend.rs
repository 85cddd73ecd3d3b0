//! By year of training: emissions and ATCI of each year, with nested bars for their intervals.

use super::axis::Axis;
use super::parts::drawn;
use super::sheet::{Entry, Sheet, nothing};
use super::style::{BLUE, BOLD, GREY, INK, MARGIN, ORANGE, SMALL, Width};
use super::svg::{Anchor, Canvas, Letters, Shape, Stroke};
use super::{Figure, Kind};
use crate::posterior::Estimate;
use crate::posterior::trend::{Growth, Year};
use crate::report::numbers::{self, Quantity};
use crate::run::trend::Trend;

const PANEL: f64 = 78.0;

/// Draws a trend.
pub fn figure(trend: &Trend, width: Width) -> Figure {
    let title = "Training emissions by year of training";
    let known = |y: &&Year| y.sums.emissions_t.median.is_some_and(|m| m > 0.0);
    let years: Vec<&Year> = trend.years.iter().filter(known).collect();
    let (Some(first), Some(last)) = (years.first(), years.last()) else {
        return nothing(Kind::Trend, width, title, "No year has emissions.");
    };
    let level = numbers::level(trend.settings.level);
    let subtitle = format!("Median and {level} equal-tailed interval of all models of a year; logarithmic axes");
    let mut sheet = Sheet::new(Kind::Trend, width, title, &subtitle);
    let complete = |canvas: &mut Canvas, at: (f64, f64)| canvas.mark(Shape::Circle, at, 2.4, BLUE, false);
    let open = |canvas: &mut Canvas, at: (f64, f64)| canvas.mark(Shape::Circle, at, 2.4, GREY, true);
    let any_left_out = years.iter().any(|y| y.left_out.is_some());
    let mut key: Vec<Entry<'_>> = vec![(&complete, 5.0, "complete year".into())];
    if any_left_out {
        key.push((&open, 5.0, "incomplete, or not in the growth".into()));
    }
    sheet.key(&key);
    let (e, a) = (Quantity::Emissions, Quantity::CarbonPerCompute);
    let middle = |of: fn(&Year) -> &Estimate| {
        let mut found: Vec<f64> = years.iter().filter_map(|y| of(y).median).filter(|m| *m > 0.0).collect();
        found.sort_by(f64::total_cmp);
        found.get(found.len() / 2).copied().unwrap_or(0.0)
    };
    let largest = years.iter().filter_map(|y| y.sums.emissions_t.median).fold(0.0, f64::max);
    type Of = fn(&Year) -> &Estimate;
    let of: [Of; 2] = [|y| &y.sums.emissions_t, |y| &y.sums.atci_kg_per_eflop];
    let units = [e.unit(largest), a.unit(middle(of[1]))];
    let growth = trend.growth.as_ref().map(|g| [&g.emissions, &g.atci]);
    let names = ["emissions", "ATCI"];
    let axes: Vec<Axis> = of
        .iter()
        .zip(&units)
        .map(|(of, unit)| {
            let values = || years.iter().flat_map(|y| ends(of(y))).map(|x| x * unit.factor).filter(|x| *x > 0.0);
            let (lo, hi) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
            Axis::log(lo, hi, (PANEL, 0.0)).with_room(0.05)
        })
        .collect();
    let left = sheet.left + axes.iter().map(|axis| axis.gutter(true)).fold(0.0, f64::max);
    let x = Axis::linear(f64::from(first.year) - 0.6, f64::from(last.year) + 0.6, (left, sheet.right - MARGIN));
    let mut said = Vec::new();
    for (k, axis) in axes.iter().enumerate() {
        sheet.y += SMALL + 2.0;
        let grown = growth.as_ref().map_or(String::new(), |g| grown(g[k]));
        sheet.canvas.text((x.to, sheet.y), Anchor::End, Letters { colour: INK, ..Letters::SMALL }, &grown);
        let top = sheet.y + 4.0;
        let y = Axis { from: top + PANEL, to: top, ..*axis };
        y.left(&mut sheet.canvas, (left, x.to), "");
        let middle = (sheet.left + Letters::NAME.size - 1.0, top + PANEL / 2.0);
        sheet.canvas.upwards(middle, Letters::NAME, &format!("{}, {}", names[k], units[k].name));
        panel(&mut sheet.canvas, (&x, &y), &years, of[k], units[k].factor);
        bottom(&mut sheet.canvas, &x, top + PANEL, &years, k == 1);
        sheet.y = top + PANEL + if k == 1 { SMALL + 4.0 } else { 4.0 };
        if !grown.is_empty() {
            said.push(format!("{} {grown}", names[k]));
        }
    }
    if growth.is_some() {
        sheet.note("Growth: least-squares slope of the logarithm over the complete years, in every draw; every year counts the same.");
    }
    let apart = trend.undated.as_ref().map_or(0, |u| u.models);
    if apart > 0 {
        sheet.note(format!(
            "{} without a date {} in no year.",
            numbers::counted(apart, "model"),
            if apart == 1 { "is" } else { "are" }
        ));
    }
    sheet.note(drawn(trend.settings.draws, trend.settings.seed));
    sheet.finish(&format!("{} to {}. {}", first.year, last.year, said.join("; ")))
}

fn ends(estimate: &Estimate) -> Vec<f64> {
    estimate.interval.into_iter().flatten().chain(estimate.median).collect()
}

fn grown(growth: &Growth) -> String {
    let of = &growth.growth_percent_per_year;
    match (of.median, of.interval) {
        (Some(median), Some([lo, hi])) => {
            let [median, lo, hi] = [median, lo, hi].map(|x| numbers::signed(x, 0));
            format!("growth {median} % a year ({lo} to {hi})")
        }
        _ => String::new(),
    }
}

fn panel(canvas: &mut Canvas, (x, y): (&Axis, &Axis), years: &[&Year], of: fn(&Year) -> &Estimate, factor: f64) {
    let medians: Vec<(f64, f64)> = years
        .iter()
        .filter(|year| year.left_out.is_none())
        .filter_map(|year| Some((x.at(f64::from(year.year)), y.at(of(year).median? * factor))))
        .collect();
    canvas.polyline(&medians, Stroke::dotted(ORANGE, 0.9));
    for year in years {
        let at = x.at(f64::from(year.year));
        let hollow = year.left_out.is_some();
        let colour = if hollow { GREY } else { BLUE };
        if let Some([lo, hi]) = of(year).interval {
            let [lo, hi] = [lo, hi].map(|t| y.at(t * factor));
            canvas.line((at, lo), (at, hi.min(lo - 0.3)), Stroke::solid(colour, BOLD));
        }
        if let Some(median) = of(year).median.filter(|m| *m > 0.0) {
            canvas.mark(Shape::Circle, (at, y.at(median * factor)), 2.4, colour, hollow);
        }
    }
}

/// The years below a panel: as many labels as there is room for.
fn bottom(canvas: &mut Canvas, x: &Axis, at: f64, years: &[&Year], labelled: bool) {
    canvas.line((x.from, at), (x.to, at), Stroke::AXIS);
    let (first, last) = (years.first().map_or(0, |y| y.year), years.last().map_or(0, |y| y.year));
    let apart = (x.at(f64::from(first) + 1.0) - x.at(f64::from(first))).max(0.01);
    let every = libm::ceil((Letters::SMALL.width("2025") + 4.0) / apart) as i32;
    for year in first..=last {
        let here = x.at(f64::from(year));
        canvas.line((here, at), (here, at + 2.0), Stroke::AXIS);
        if labelled && (last - year) % every.max(1) == 0 {
            canvas.text((here, at + SMALL + 3.0), Anchor::Middle, Letters::SMALL, &year.to_string());
        }
    }
}
