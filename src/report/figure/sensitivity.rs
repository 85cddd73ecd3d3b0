//! Where the variance of the total comes from: Sobol' indices by factor, exactly.
//!
//! A bar has the factor's first-order index in two parts, its shared effects and the models' own parts, and then what
//! interactions add, up to its total index. Below the factors stand all shared effects together and all own parts.

use super::axis::Axis;
use super::parts::{exact, swatch};
use super::sheet::{Entry, Sheet, nothing};
use super::style::{INK, MARGIN, ROW, SMALL, THIN, Width};
use super::svg::{Anchor, Canvas, Letters, Stroke};
use super::{Figure, Kind};
use crate::assess::Assessment;
use crate::exact::shares::{Brief, brief};
use crate::report::numbers;

const BAR: f64 = 8.0;
/// Dark to light, so that the order is seen in grey.
const COLOURS: [&str; 3] = ["#08519c", "#e69f00", "#d9d9d9"];
const NAMES: [&str; 3] = ["shared effects", "own parts of the models", "interactions"];

/// One bar.
struct Bar {
    name: String,
    /// The ends of its parts, one after the other.
    ends: [f64; 3],
    alone: f64,
    total: f64,
}

impl Bar {
    fn new(name: impl Into<String>, shared: f64, own: f64, alone: f64, total: f64) -> Bar {
        let [shared, own] = [shared, own].map(|x| x.max(0.0));
        let both = shared + own;
        Bar { name: name.into(), ends: [shared, both, total.max(both)], alone, total }
    }
}

fn bars(shares: &Brief) -> Vec<Bar> {
    let mut bars: Vec<Bar> = (shares.factors.iter())
        .map(|(name, part, [shared, own])| Bar::new(*name, *shared, *own, part.first_order, part.total))
        .collect();
    bars.sort_by(|a, b| b.total.total_cmp(&a.total));
    let so = &shares.shared_own;
    bars.push(Bar::new("all shared effects", so.shared.first_order, 0.0, so.shared.first_order, so.shared.total));
    bars.push(Bar::new("all own parts", 0.0, so.own.first_order, so.own.first_order, so.own.total));
    bars
}

/// Draws the decomposition of a portfolio's variance.
pub fn figure(assessment: &Assessment, width: Width) -> Figure {
    let title = "Where the variance of the emissions comes from";
    let shares = match brief(assessment) {
        Ok(shares) => shares,
        Err(why) => return nothing(Kind::Sensitivity, width, title, &format!("There are no shares: {why}.")),
    };
    let bars = bars(&shares);
    let models = numbers::counted(assessment.models.len(), "model");
    let subtitle =
        format!("Share of the variance of the total of {models}, by factor; at the right alone / with interactions");
    let mut sheet = Sheet::new(Kind::Sensitivity, width, title, &subtitle);
    let marks = COLOURS.map(swatch);
    let key: Vec<Entry<'_>> = marks
        .iter()
        .zip(NAMES)
        .map(|(mark, name)| (mark as &dyn Fn(&mut Canvas, (f64, f64)), 8.0, name.to_string()))
        .collect();
    sheet.key(&key);

    let percents: Vec<String> = bars
        .iter()
        .map(|b| format!("{} / {}", numbers::exact_percent(b.alone), numbers::exact_percent(b.total)))
        .collect();
    let widest = |letters: Letters, texts: &mut dyn Iterator<Item = &str>| {
        texts.map(|text| letters.width(text)).fold(0.0, f64::max)
    };
    let gutter = widest(Letters::NAME, &mut bars.iter().map(|b| b.name.as_str())) + 5.0;
    let values = widest(Letters::SMALL, &mut percents.iter().map(String::as_str)) + 5.0;
    let most = bars.iter().map(|b| b.ends[2]).fold(0.0, f64::max);
    let ends = (sheet.left + gutter, sheet.right - values - MARGIN);
    let axis = Axis::linear(0.0, 100.0 * most, ends);
    // The summary stands apart.
    let apart = |k: usize| if k + 2 >= bars.len() { 5.0 } else { 0.0 };
    let (top, bottom) = (sheet.y, sheet.y + ROW * bars.len() as f64 + 7.0);
    let below = axis.below(&mut sheet.canvas, (top, bottom), "% of the variance");
    let (left, right) = (sheet.left, sheet.right);
    let mut said = Vec::new();
    for (k, (bar, percents)) in bars.iter().zip(&percents).enumerate() {
        let y = top + ROW * (k as f64 + 0.5) + apart(k);
        let mut from = 0.0;
        for (end, colour) in bar.ends.iter().zip(COLOURS) {
            let [a, b] = [from, *end].map(|share| axis.at(100.0 * share));
            if b - a > 0.01 {
                sheet.canvas.rectangle((a, y - BAR / 2.0), (b, y + BAR / 2.0), colour);
            }
            from = *end;
        }
        sheet.canvas.text((left, y + 0.36 * Letters::NAME.size), Anchor::Start, Letters::NAME, &bar.name);
        sheet.canvas.text((right, y + 0.36 * SMALL), Anchor::End, Letters::SMALL, percents);
        said.push(format!("{} {percents}", bar.name));
    }
    let line = top + ROW * (bars.len().saturating_sub(2)) as f64 + 2.5;
    sheet.canvas.line((left, line), (right, line), Stroke::GRID);
    sheet.canvas.line((axis.from, top), (axis.from, bottom), Stroke::solid(INK, THIN));
    sheet.y = below;
    sheet.note("Alone: first-order Sobol' index. With interactions: total index; these add up to more than 100 %.");
    sheet.note(exact());
    sheet.finish(&format!("Share of the variance alone / with interactions: {}.", said.join("; ")))
}
