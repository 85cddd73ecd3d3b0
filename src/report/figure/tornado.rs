//! The tornado: what one factor alone, or one shared effect alone, moves the total to.
//!
//! Each bar goes from the total with the input at its 5th percentile to that at its 95th, everything else at its median.
//! Factors move in all models together, with the shared effects on them; below them stand the widest shared effects.

use super::axis::Axis;
use super::font;
use super::parts::{exact, swatch};
use super::sheet::{Sheet, nothing};
use super::style::{INK, MARGIN, ROW, SMALL, THIN, Width};
use super::svg::{Anchor, Canvas, Letters, Stroke};
use super::{Figure, Kind};
use crate::assess::Assessment;
use crate::exact::tornado::{Swing, tornado};
use crate::report::numbers::{self, Quantity};

/// Shared effects that are shown.
const EFFECTS: usize = 8;
const BAR: f64 = 8.0;
const LOW: &str = "#a3c8e6";
const HIGH: &str = "#08519c";

fn name(swing: &Swing) -> String {
    match &swing.effect {
        None => swing.factor.to_string(),
        Some(effect) if swing.value.is_empty() => effect.clone(),
        Some(effect) => format!("{effect}: {}", swing.value.join(", ")),
    }
}

/// A name in one line, or in two small ones where it is long; as it is shown.
fn name_at(canvas: &mut Canvas, (x, y): (f64, f64), name: &str, most: f64) -> String {
    if Letters::NAME.width(name) <= most {
        canvas.text((x, y + 0.36 * Letters::NAME.size), Anchor::Start, Letters::NAME, name);
        return name.to_string();
    }
    let small = Letters { colour: INK, ..Letters::SMALL };
    let lines = font::wrapped(name, small.size, small.weight, most);
    let (first, others) = lines.split_first().map_or((String::new(), String::new()), |(a, b)| (a.clone(), b.join(" ")));
    let second = small.fit(&others, most);
    let up = if second.is_empty() { 0.36 * SMALL } else { -0.8 };
    canvas.text((x, y + up), Anchor::Start, small, &first);
    canvas.text((x, y + SMALL), Anchor::Start, small, &second);
    format!("{first} {second}")
}

/// Draws the tornado of a portfolio.
pub fn figure(assessment: &Assessment, width: Width) -> Figure {
    let title = "One input at a time";
    let found = tornado(assessment);
    let unit = Quantity::Emissions.unit(found.at_medians_t);
    let swings: Vec<&Swing> = found.factors.iter().chain(found.effects.iter().take(EFFECTS)).collect();
    if swings.is_empty() {
        let why = format!("No input moves the total, which is {} {}.", unit.exact(found.at_medians_t), unit.name);
        return nothing(Kind::Tornado, width, title, &why);
    }
    let models = numbers::counted(assessment.models.len(), "model");
    let subtitle = format!(
        "Training emissions of {models} with one input at its 5th or 95th percentile, everything else at its median \
         ({} {})",
        unit.exact(found.at_medians_t),
        unit.name
    );
    let mut sheet = Sheet::new(Kind::Tornado, width, title, &subtitle);
    let (low, high) = (swatch(LOW), swatch(HIGH));
    sheet.key(&[(&low, 8.0, "at its 5th percentile".into()), (&high, 8.0, "at its 95th percentile".into())]);

    let names: Vec<String> = swings.iter().map(|s| name(s)).collect();
    let most = 0.42 * sheet.room();
    let gutter = names.iter().map(|n| Letters::NAME.width(n)).fold(0.0, f64::max).min(most) + 5.0;
    let at = |t: f64| t * unit.factor;
    let all = || swings.iter().flat_map(|s| [at(s.at_5_t), at(s.at_95_t)]);
    let (lo, hi) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let room = all().map(|x| Letters::SMALL.width(&numbers::value(x, None))).fold(0.0, f64::max) + 5.0;
    let axis = Axis::linear(
        lo.min(at(found.at_medians_t)),
        hi.max(at(found.at_medians_t)),
        (sheet.left + gutter + room, sheet.right - room - MARGIN),
    );
    let apart = if found.effects.is_empty() { 0.0 } else { 6.0 };
    let (top, bottom) = (sheet.y, sheet.y + ROW * swings.len() as f64 + apart);
    let below = axis.below(&mut sheet.canvas, (top, bottom), &unit.name);
    let (left, right) = (sheet.left, sheet.right);
    let middle = axis.at(at(found.at_medians_t));
    let mut said = Vec::new();
    for (k, (swing, name)) in swings.iter().zip(&names).enumerate() {
        let y = top + ROW * (k as f64 + 0.5) + if k >= found.factors.len() { apart } else { 0.0 };
        let ends = [(swing.at_5_t, LOW), (swing.at_95_t, HIGH)].map(|(t, colour)| (at(t), colour));
        for (value, colour) in ends {
            let x = axis.at(value);
            sheet.canvas.rectangle((middle, y - BAR / 2.0), (x, y + BAR / 2.0), colour);
        }
        let lower = if ends[0].0 <= ends[1].0 { ends } else { [ends[1], ends[0]] };
        for ((value, _), (anchor, shift)) in lower.iter().zip([(Anchor::End, -2.5), (Anchor::Start, 2.5)]) {
            let text = numbers::value(*value, None);
            sheet.canvas.text((axis.at(*value) + shift, y + 0.36 * SMALL), anchor, Letters::SMALL, &text);
        }
        let shown = name_at(&mut sheet.canvas, (left, y), name, gutter - 5.0);
        said.push(format!("{shown} {} to {}", numbers::value(ends[0].0, None), numbers::value(ends[1].0, None)));
    }
    if !found.effects.is_empty() {
        let line = top + ROW * found.factors.len() as f64 + apart / 2.0;
        sheet.canvas.line((left, line), (right, line), Stroke::GRID);
    }
    sheet.canvas.line((middle, top), (middle, bottom), Stroke::solid(INK, THIN));
    sheet.y = below;
    if !found.effects.is_empty() {
        let shown = numbers::counted(found.effects.len().min(EFFECTS), "shared effect");
        let all = numbers::count(found.effects.len());
        sheet.note(format!("Above: a factor in all models together. Below: the widest {shown} of {all}."));
    }
    sheet.note(exact());
    sheet.finish(&format!("{}, at the 5th and 95th percentile: {}.", unit.name, said.join("; ")))
}
