//! The tree of a family: each model alone, and with everything that was made from it.
//!
//! The branches are those that the question asked for, the heaviest; a model that is reached in several ways stands once
//! with its branches. Every total counts each model once.

use super::axis::Axis;
use super::parts::drawn;
use super::sheet::{Sheet, nothing};
use super::style::{BLUE, BOLD, GREY, MARGIN, ORANGE, SMALL, THIN, Width};
use super::svg::{Anchor, Canvas, Letters, Shape, Stroke};
use super::{Figure, Kind};
use crate::posterior::families::{Branch, Family};
use crate::report::numbers::{self, Quantity, Unit};
use crate::run::lineage::Lineage;

const ROW: f64 = 11.5;
/// Models that are shown.
const MOST: usize = 40;
const INDENT: f64 = 6.0;
/// Steps from the root that still move a name to the right.
const DEEPEST: usize = 8;
/// Below this share of the largest nothing is looked at: the axis would show what does not matter.
const SMALLEST: f64 = 1e-7;

/// Draws the first family of an answer that has a tree.
pub fn figure(lineage: &Lineage, width: Width) -> Figure {
    let title = "A base model and everything made from it";
    let Some(family) = lineage.families.iter().find(|f| !f.tree.is_empty()) else {
        return nothing(Kind::Lineage, width, title, "No model of this portfolio was made from another one.");
    };
    if family.sum.emissions_t.median.is_none_or(|m| m <= 0.0) {
        return nothing(Kind::Lineage, width, title, "The family has no emissions.");
    }
    draw(lineage, family, width)
}

fn draw(lineage: &Lineage, family: &Family, width: Width) -> Figure {
    let most = width.points() - 2.0 * MARGIN;
    let heading = Letters { size: super::style::HEADING, ..Letters::HEAD };
    let title = heading.fit(&format!("Family of {}", family.root), most);
    let level = numbers::level(lineage.settings.level);
    let largest = family.sum.emissions_t.median.unwrap_or(0.0);
    let unit = Quantity::Emissions.unit(largest);
    let subtitle = format!(
        "Training emissions of {}: each alone, and with everything made from it; medians and {level} equal-tailed \
         intervals, logarithmic axis",
        numbers::counted(family.sum.members, "model")
    );
    let mut sheet = Sheet::new(Kind::Lineage, width, &title, &subtitle);
    let together = |canvas: &mut Canvas, (x, y): (f64, f64)| {
        canvas.line((x - 7.0, y), (x + 7.0, y), Stroke::solid(BLUE, BOLD));
        canvas.mark(Shape::Square, (x, y), 2.2, BLUE, false);
    };
    let alone = |canvas: &mut Canvas, at: (f64, f64)| canvas.mark(Shape::Circle, at, 1.9, ORANGE, true);
    sheet.key(&[(&together, 14.0, "with everything made from it".into()), (&alone, 5.0, "the model alone".into())]);
    let rows: Vec<&Branch> = family.tree.iter().take(MOST).collect();
    let wide = |b: &&Branch| indent(b) + Letters::NAME.width(&label(b));
    let gutter = rows.iter().map(wide).fold(0.0, f64::max).min(0.5 * sheet.room()) + 6.0;
    let numbered = rows.iter().map(|b| Letters::SMALL.width(&value(b, &unit))).fold(0.0, f64::max) + 4.0;
    let shown = |b: &&Branch| {
        let own = b.own_t.and_then(|e| e.median);
        b.cumulative_t.interval.into_iter().flatten().chain(b.cumulative_t.median).chain(own).collect::<Vec<_>>()
    };
    let values = || rows.iter().flat_map(shown).filter(|t| *t > SMALLEST * largest).map(|t| t * unit.factor);
    let (lo, hi) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    let (top, bottom) = (sheet.y, sheet.y + ROW * rows.len() as f64);
    let x = Axis::log(lo, hi, (sheet.left + gutter, sheet.right - numbered - 2.0)).with_room(0.03);
    let below = x.below(&mut sheet.canvas, (top, bottom), &unit.name);
    tree(&mut sheet, &rows, gutter, top);
    for (k, branch) in rows.iter().enumerate() {
        let y = top + ROW * (k as f64 + 0.5);
        row(&mut sheet, branch, &x, y, &unit);
    }
    sheet.canvas.line((x.from, top), (x.from, bottom), Stroke::AXIS);
    sheet.y = below;
    let hidden = rows.iter().any(|b| b.hidden > 0);
    if hidden {
        sheet.note("+n: so many branches below it are not shown; they are in its total.");
    }
    if rows.iter().any(|b| b.again) {
        sheet.note("(again): its branches stand where it was met first.");
    }
    if family.tree.len() > MOST {
        sheet.note(format!("Shown: the first {} of {} branches.", MOST, numbers::count(family.tree.len())));
    }
    sheet.note(format!("At the right: median of the total. {}", drawn(lineage.settings.draws, lineage.settings.seed)));
    let total = super::parts::values(&family.sum.emissions_t, &unit);
    let root = super::svg::Letters::NAME.fit(&family.root, 400.0);
    sheet.finish(&format!("{root} and everything made from it: {total} {}, median and {level} interval.", unit.name))
}

fn indent(branch: &Branch) -> f64 {
    INDENT * branch.depth.min(DEEPEST) as f64
}

fn label(branch: &Branch) -> String {
    let again = if branch.again { " (again)" } else { "" };
    let hidden = if branch.hidden > 0 { format!(" +{}", numbers::count(branch.hidden)) } else { String::new() };
    format!("{}{again}{hidden}", branch.id.chars().take(300).collect::<String>())
}

/// Three digits are enough for a label.
fn value(branch: &Branch, unit: &Unit) -> String {
    let median = branch.cumulative_t.median.filter(|_| !branch.again);
    median.map_or(String::new(), |median| numbers::value(median * unit.factor, None))
}

/// Names, and the lines from each model to the one that it was made from.
fn tree(sheet: &mut Sheet, rows: &[&Branch], gutter: f64, top: f64) {
    let left = sheet.left;
    let middle = |k: usize| top + ROW * (k as f64 + 0.5);
    for (k, branch) in rows.iter().enumerate() {
        let x = left + indent(branch);
        if branch.depth > 0 && branch.depth <= DEEPEST {
            // The model above: the last one before it that is nearer to the root.
            let above = (0..k).rev().find(|&j| rows[j].depth < branch.depth);
            let from = above.map_or(top, |j| middle(j) + 4.0);
            let stem = x - INDENT + 2.0;
            sheet.canvas.line((stem, from), (stem, middle(k)), Stroke::solid(GREY, THIN));
            sheet.canvas.line((stem, middle(k)), (x - 0.5, middle(k)), Stroke::solid(GREY, THIN));
        }
        let name = fitted(branch, gutter - 6.0 - indent(branch));
        let y = middle(k) + 0.36 * Letters::NAME.size;
        sheet.canvas.text((x + 1.0, y), Anchor::Start, Letters::NAME, &name);
    }
}

/// The name shortened, with what follows it kept.
fn fitted(branch: &Branch, most: f64) -> String {
    let whole = label(branch);
    let id: String = branch.id.chars().take(300).collect();
    let after = whole.get(id.len()..).unwrap_or("");
    format!("{}{after}", Letters::NAME.fit(&id, most - Letters::NAME.width(after)))
}

fn row(sheet: &mut Sheet, branch: &Branch, x: &Axis, y: f64, unit: &Unit) {
    let on_axis = |t: &f64| x.holds(t * unit.factor);
    let estimate = &branch.cumulative_t;
    if let Some([lo, hi]) = estimate.interval.filter(|_| !branch.again) {
        let [lo, hi] = [lo, hi].map(|t| x.at(t * unit.factor));
        sheet.canvas.line((lo, y), (hi.max(lo + 0.3), y), Stroke::solid(BLUE, BOLD));
    }
    if let Some(median) = estimate.median.filter(|m| on_axis(m) && !branch.again) {
        sheet.canvas.mark(Shape::Square, (x.at(median * unit.factor), y), 2.2, BLUE, false);
    }
    // A model that nothing was made from is the same alone.
    let alone = branch.below > 0 || branch.again;
    if let Some(own) = branch.own_t.and_then(|e| e.median).filter(|own| on_axis(own) && alone) {
        sheet.canvas.mark(Shape::Circle, (x.at(own * unit.factor), y), 1.9, ORANGE, true);
    }
    let right = sheet.right;
    sheet.canvas.text((right, y + 0.36 * SMALL), Anchor::End, Letters::SMALL, &value(branch, unit));
}
