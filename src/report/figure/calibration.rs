//! How well predictions of published runs are calibrated: where the truth lies in its prediction, and how often intervals
//! contain it.
//!
//! One cell for each list of masked models and each quantity with enough figures: above, the probability integral
//! transforms by tenths, over the 95 % band of a calibrated prediction with as many independent trials as there are
//! organisations or families; below, the share of truths at or below each quantile, a diagonal if calibrated.

use super::axis::Axis;
use super::parts::stripe;
use super::sheet::{Sheet, nothing};
use super::style::{BLUE, BOLD, GAP, HAIR, INK, SMALL, SOFT, Width};
use super::svg::{Anchor, Canvas, Letters, Stroke};
use super::{Figure, Kind};
use crate::report::numbers;
use crate::validate::pit::BINS;
use crate::validate::{Histogram, Validation};

/// Fewer figures than this make no histogram.
const FEWEST: usize = 20;
const HISTOGRAM: f64 = 46.0;
const BAND: &str = "#e3e3e3";
const BAR: &str = "#4b8bc8";
/// Cells in a row.
const COLUMN: usize = 2;
const PAGE: usize = 4;

/// One list or quantity.
struct Cell<'a> {
    name: String,
    transforms: Vec<f64>,
    histogram: &'a Histogram,
    groups: &'static str,
}

fn cells(found: &Validation) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    for masked in &found.masked_sums {
        if let Some(histogram) = masked.pit.as_ref().filter(|h| h.n >= FEWEST) {
            let transforms = masked.masked_models.iter().filter_map(|m| m.pit).collect();
            cells.push(Cell { name: masked.name.clone(), transforms, histogram, groups: "organisation" });
        }
    }
    for quantity in &found.quantities {
        if let Some(histogram) = quantity.pit.as_ref().filter(|h| h.n >= FEWEST) {
            let of = found.rows.iter().filter(|r| r.quantity == quantity.name && !r.distilled);
            let transforms = of.map(|r| r.pit).collect();
            let name = format!("published {}", quantity.name.name());
            cells.push(Cell { name, transforms, histogram, groups: "family" });
        }
    }
    for cell in &mut cells {
        cell.transforms.retain(|p| p.is_finite());
        cell.transforms.sort_by(f64::total_cmp);
    }
    cells
}

/// Draws the calibration of a validation.
pub fn figure(found: &Validation, width: Width) -> Figure {
    let title = "Are the predictions calibrated?";
    let cells = cells(found);
    if cells.is_empty() {
        let why = format!("No list and no quantity has {FEWEST} figures or more.");
        return nothing(Kind::Calibration, width, title, &why);
    }
    let subtitle = "Where the truth lies in its predicted distribution. Above: by tenths; flat is calibrated, high ends are \
                    too narrow, a high middle is too wide. Below: share of truths at or below each quantile, a diagonal if \
                    calibrated";
    let mut sheet = Sheet::new(Kind::Calibration, width, title, subtitle);
    let bar = stripe(Stroke::solid(BAR, 5.0));
    let band = stripe(Stroke::solid(BAND, 5.0));
    sheet.key(&[
        (&bar, 12.0, "truths in a tenth, %".into()),
        (&band, 12.0, "95 % band of a calibrated prediction".into()),
    ]);
    let columns = cells.len().min(if width == Width::Column { COLUMN } else { PAGE });
    let gutter = 16.0;
    let side = ((sheet.room() - gutter * columns as f64 - GAP * (columns - 1) as f64) / columns as f64).min(110.0);
    let share = |h: &Histogram, count: f64| count / h.n as f64;
    let most = cells
        .iter()
        .flat_map(|c| {
            c.histogram
                .counts
                .iter()
                .map(|n| share(c.histogram, *n as f64))
                .chain([share(c.histogram, c.histogram.band_95[1])])
        })
        .fold(0.3, f64::max)
        * 1.04;
    let mut said = Vec::new();
    for row in cells.chunks(columns) {
        let top = sheet.y + Letters::HEAD.size + 6.0;
        for (k, cell) in row.iter().enumerate() {
            let left = sheet.left + gutter + k as f64 * (side + gutter + GAP);
            let name = Letters::HEAD.fit(&cell.name, side);
            sheet.canvas.text((left, top - 6.0), Anchor::Start, Letters::HEAD, &name);
            draw(&mut sheet.canvas, cell, (left, top), side, most);
            let counts: Vec<String> = cell.histogram.counts.iter().map(|n| numbers::count(*n as u64)).collect();
            said.push(format!("{name}: counts by tenths {}, {}", counts.join(" "), outside(cell.histogram)));
        }
        sheet.y = top + HISTOGRAM + 2.0 * (SMALL + 2.0) + 8.0 + side + SMALL + 5.0;
        sheet.y += Letters::NAME.size + 9.0;
    }
    sheet.note("Masked models: by folds, each organisation predicted without it. Published runs: each family predicted without it.");
    let version = env!("CARGO_PKG_VERSION");
    let draws = numbers::count(found.draws);
    sheet.note(format!("carbonhaze {version}, {draws} draws of each prediction, seed {}", found.seed));
    sheet.finish(&format!("{}.", said.join(". ")))
}

fn outside(h: &Histogram) -> String {
    match h.outside {
        0 => "all tenths inside the band".into(),
        n => format!("{} of {} tenths outside", numbers::count(n), numbers::count(BINS)),
    }
}

/// The histogram and the curve of one cell, from its upper left corner.
fn draw(canvas: &mut Canvas, cell: &Cell<'_>, (left, top): (f64, f64), side: f64, most: f64) {
    let h = cell.histogram;
    let y = Axis::linear(0.0, most, (top + HISTOGRAM, top));
    let [low, high] = h.band_95.map(|count| y.at(count / h.n as f64));
    canvas.rectangle((left, high), (left + side, low), BAND);
    for (k, count) in h.counts.iter().enumerate() {
        let from = left + side * (k as f64 / BINS as f64 + 0.008);
        let up = y.at(*count as f64 / h.n as f64);
        if *count > 0 {
            canvas.rectangle((from, up), (from + side * 0.084, y.from), BAR);
        }
    }
    let tenth = y.at(1.0 / BINS as f64);
    canvas.line((left, tenth), (left + side, tenth), Stroke::dashed(INK, HAIR));
    canvas.line((left, y.from), (left + side, y.from), Stroke::AXIS);
    for (percent, text) in Axis::linear(0.0, 100.0 * most, (y.from, y.to)).ticks(4) {
        canvas.text((left - 2.0, y.at(percent / 100.0) + 0.36 * SMALL), Anchor::End, Letters::SMALL, &text);
    }
    let clusters = h.clusters as u64;
    let from = match (cell.groups, clusters) {
        ("family", 1) => "1 family".to_string(),
        ("family", n) => format!("{} families", numbers::count(n)),
        (groups, n) => numbers::counted(n, groups),
    };
    let mut line = top + HISTOGRAM;
    for text in [format!("{} from {from}", numbers::count(h.n as u64)), outside(h)] {
        line += SMALL + 2.0;
        canvas.text((left, line), Anchor::Start, Letters::SMALL, &Letters::SMALL.fit(&text, side + GAP));
    }
    curve(canvas, &cell.transforms, (left, line + 8.0), side);
}

/// The share of truths at or below each quantile.
fn curve(canvas: &mut Canvas, transforms: &[f64], (left, top): (f64, f64), side: f64) {
    let (x, y) = (Axis::linear(0.0, 100.0, (left, left + side)), Axis::linear(0.0, 100.0, (top + side, top)));
    for (value, label) in x.ticks(5) {
        let (across, up) = (x.at(value), y.at(value));
        canvas.line((across, top), (across, top + side), Stroke::GRID);
        canvas.line((left, up), (left + side, up), Stroke::GRID);
        canvas.text((across, top + side + SMALL + 2.0), Anchor::Middle, Letters::SMALL, &label);
        canvas.text((left - 2.0, up + 0.36 * SMALL), Anchor::End, Letters::SMALL, &label);
    }
    canvas.line((left, top + side), (left + side, top), Stroke::dashed(INK, HAIR));
    let n = transforms.len().max(1) as f64;
    let mut points = vec![(left, top + side)];
    for (k, p) in transforms.iter().enumerate() {
        let at = x.at(100.0 * p);
        points.push((at, y.at(100.0 * k as f64 / n)));
        points.push((at, y.at(100.0 * (k + 1) as f64 / n)));
    }
    points.push((left + side, top));
    canvas.polyline(&points, Stroke::solid(BLUE, BOLD));
    let title = Letters { colour: SOFT, ..Letters::SMALL };
    canvas.text(
        (left + side / 2.0, top + side + 2.0 * SMALL + 5.0),
        Anchor::Middle,
        title,
        "quantile, % (upwards: % of truths)",
    );
}
