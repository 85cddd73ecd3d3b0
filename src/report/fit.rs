//! The page and the JSON document of `haze fit`: a card for each regression.
//!
//! The page has the numbers of a card and its residuals as a plot of characters; the document
//! (`docs/fit.schema.json`) also has all digits, the residuals by model and (XᵀX)⁻¹. Nothing is drawn.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::numbers;
use super::page::{Page, Style, left, right};
use crate::assess::fits::Term;
use crate::fit::card::{Coefficient, Point};
use crate::fit::{Card, Response, Rows, Sample, Size};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that is reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cards<'a> {
    /// Where the rows come from.
    pub data: &'a str,
    /// The usable rows, and what was left out.
    pub rows: &'a Rows,
    /// One for each fit.
    pub cards: &'a [Card],
    /// Fits that are not possible, and why.
    pub skipped: &'a [(Sample, Response, String)],
}

/// Notes under the cards, and in the document.
const NOTES: [&str; 3] = [
    "Compute is k·N·D: part of an R² of ln C is identity. ln D is the informative fit; its residuals are the same but for encoder–decoders.",
    "Significance is not accuracy: a coefficient of ten standard errors leaves one model's compute unknown by the GSD.",
    "The mean of a prediction is above its median: by the smearing factor, which left-skewed residuals make smaller than exp(s²/2).",
];

fn size_name(size: Size) -> &'static str {
    match size {
        Size::Active => "active parameters",
        Size::Total => "all parameters",
    }
}

/// `ln D = 26.91 + 0.41·ln(N/1e10) + 0.75·(year − 2023)`.
fn equation(card: &Card) -> String {
    let mut text = format!("{} =", card.response.symbol());
    for (i, c) in card.coefficients.iter().enumerate() {
        let sign = match (i, c.value < 0.0) {
            (0, false) => " ",
            (0, true) => " −",
            (_, false) => " + ",
            (_, true) => " − ",
        };
        let value = numbers::coefficient(c.value.abs(), Some(c.se));
        let symbol = c.term.symbol();
        text += &if symbol.is_empty() { format!("{sign}{value}") } else { format!("{sign}{value}·{symbol}") };
    }
    text + " + residual"
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    data: &'a str,
    rows: usize,
    left_out: Vec<LeftOutText>,
    notes: [&'static str; 3],
    fits: Vec<FitText>,
    skipped: Vec<SkippedText<'a>>,
}

#[derive(Serialize)]
struct LeftOutText {
    reason: &'static str,
    rows: usize,
}

#[derive(Serialize)]
struct SkippedText<'a> {
    sample: &'static str,
    response: &'static str,
    reason: &'a str,
}

#[derive(Serialize)]
struct FitText {
    sample: &'static str,
    rule: &'static str,
    response: &'static str,
    size: &'static str,
    equation: String,
    n: usize,
    coefficients: Vec<CoefficientText>,
    residual_sd: f64,
    residual_gsd: f64,
    skewness: Option<f64>,
    r2: Option<f64>,
    q2: Option<f64>,
    leave_organization_out: Organizations,
    smearing: f64,
    normal_smearing: f64,
    /// (XᵀX)⁻¹ by rows.
    xtx_inverse: Vec<Vec<f64>>,
    residuals: Vec<PointText>,
}

#[derive(Serialize)]
struct CoefficientText {
    term: String,
    value: f64,
    se: f64,
    se_hc3: Option<f64>,
}

#[derive(Serialize)]
struct Organizations {
    organizations: usize,
    rows: usize,
    residual_gsd: Option<f64>,
    coverage_90: Option<f64>,
    note: Option<String>,
}

#[derive(Serialize)]
struct PointText {
    id: String,
    fitted: f64,
    residual: f64,
    leverage: f64,
}

fn text(card: &Card) -> FitText {
    let d = &card.diagnostics;
    let coefficient =
        |c: &Coefficient| CoefficientText { term: c.term.name(), value: c.value, se: c.se, se_hc3: c.se_hc3 };
    let point =
        |p: &Point| PointText { id: p.id.clone(), fitted: p.fitted, residual: p.residual, leverage: p.leverage };
    FitText {
        sample: card.sample.name(),
        rule: card.sample.rule(),
        response: card.response.name(),
        size: size_name(card.size),
        equation: equation(card),
        n: card.points.len(),
        coefficients: card.coefficients.iter().map(coefficient).collect(),
        residual_sd: card.fit.sd,
        residual_gsd: libm::exp(card.fit.sd),
        skewness: d.skewness,
        r2: d.r2,
        q2: d.q2,
        leave_organization_out: Organizations {
            organizations: d.organizations.organizations,
            rows: d.organizations.rows,
            residual_gsd: d.organizations.gsd,
            coverage_90: d.organizations.coverage,
            note: card.coverage_note(),
        },
        smearing: d.smearing,
        normal_smearing: card.normal_smearing(),
        xtx_inverse: card.fit.xtx_inverse().row_iter().map(|row| row.iter().copied().collect()).collect(),
        residuals: card.points.iter().map(point).collect(),
    }
}

/// Writes the document as UTF-8 JSON with a line end at the end. The same input gives the same bytes on every machine.
pub fn write(out: &mut dyn Write, result: &Cards<'_>) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        data: result.data,
        rows: result.rows.rows.len(),
        left_out: result.rows.left_out.iter().map(|&(reason, rows)| LeftOutText { reason, rows }).collect(),
        notes: NOTES,
        fits: result.cards.iter().map(text).collect(),
        skipped: result
            .skipped
            .iter()
            .map(|(s, r, why)| SkippedText { sample: s.name(), response: r.name(), reason: why })
            .collect(),
    };
    document::write(out, &document)
}

/// The page, ending in a line end.
pub fn terminal(result: &Cards<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    page.note(&format!("{}: {} usable rows", result.data, numbers::count(result.rows.rows.len() as u64)));
    let left_out: Vec<String> =
        result.rows.left_out.iter().map(|(why, n)| format!("{why} {}", numbers::count(*n as u64))).collect();
    if !left_out.is_empty() {
        page.note(&format!("left out: {}", left_out.join(" · ")));
    }
    for card in result.cards {
        page.card(card);
    }
    if !result.skipped.is_empty() {
        page.section("No fit", "");
        for (sample, response, why) in result.skipped {
            page.line(&format!("  {} on {}: {why}", response.symbol(), sample.name()));
        }
    }
    page.section("How to read it", "");
    for note in NOTES {
        page.prose(note);
    }
    page.text
}

impl Page {
    fn card(&mut self, card: &Card) {
        let title = format!("{} on {}, n = {}", card.response.symbol(), card.sample.name(), card.points.len());
        self.section(&title, card.sample.rule());
        self.prose(&equation(card));
        let cell = |text: &str| right(text.to_string());
        let mut rows = vec![vec![left(""), cell("value"), cell("SE"), cell("robust SE (HC3)")]];
        for c in &card.coefficients {
            let name = match c.term {
                Term::Size => format!("size ({})", size_name(card.size)),
                Term::Year => "year (decimal)".to_string(),
                other => other.name(),
            };
            let robust = c.se_hc3.map_or("none".to_string(), |se| numbers::coefficient(se, Some(c.se)));
            rows.push(vec![
                left(name),
                cell(&numbers::coefficient(c.value, Some(c.se))),
                cell(&numbers::coefficient(c.se, Some(c.se))),
                cell(&robust),
            ]);
        }
        self.rows(&rows, true);
        let d = &card.diagnostics;
        self.prose(&format!(
            "residual sd {:.3} (GSD {}), skewness {}, R² {}, leave-one-out Q² {}",
            card.fit.sd,
            numbers::value(libm::exp(card.fit.sd), None),
            numbers::or_none(d.skewness, 2),
            numbers::or_none(d.r2, 3),
            numbers::or_none(d.q2, 3),
        ));
        let o = &d.organizations;
        let note = card.coverage_note().map_or(String::new(), |note| format!(" ({note})"));
        self.prose(&format!(
            "leave-one-organisation-out, {} organisations: residual GSD {}, 90 % intervals cover {}{note}",
            numbers::count(o.organizations as u64),
            o.gsd.map_or("none".to_string(), |gsd| numbers::value(gsd, None)),
            o.coverage.map_or("none".to_string(), |c| format!("{:.1} %", 100.0 * c)),
        ));
        self.prose(&format!(
            "Duan's smearing factor {} (exp(s²/2) would be {})",
            numbers::factor(d.smearing),
            numbers::factor(card.normal_smearing()),
        ));
        self.plot(card);
    }

    /// Residuals over fitted values: the number of models by the shade of the character.
    fn plot(&mut self, card: &Card) {
        const ROWS: usize = 11;
        let columns = self.style.width.saturating_sub(24).clamp(30, 72);
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)))
        };
        let (left, right) = range(&mut card.points.iter().map(|p| p.fitted));
        let (low, high) = range(&mut card.points.iter().map(|p| p.residual));
        let most = low.abs().max(high.abs());
        if !(most > 0.0 && right > left) {
            return;
        }
        let mut counts = vec![vec![0u32; columns]; ROWS];
        for p in &card.points {
            let column = ((p.fitted - left) / (right - left) * (columns - 1) as f64).round() as usize;
            let row = ((most - p.residual) / (2.0 * most) * (ROWS - 1) as f64).round() as usize;
            if let Some(count) = counts.get_mut(row).and_then(|r| r.get_mut(column)) {
                *count += 1;
            }
        }
        self.line(&format!(
            "  residual over fitted {}: · 1, : 2, o 3 or 4, # 5 or more models",
            card.response.symbol()
        ));
        for (i, row) in counts.iter().enumerate() {
            let axis = match i {
                0 => format!("{most:+.1}"),
                i if i == ROWS / 2 => "0".to_string(),
                i if i == ROWS - 1 => format!("{:+.1}", -most),
                _ => String::new(),
            };
            let middle = i == ROWS / 2;
            let shade = |count: &u32| match count {
                0 if middle => '-',
                0 => ' ',
                1 => '·',
                2 => ':',
                3 | 4 => 'o',
                _ => '#',
            };
            let cells: String = row.iter().map(shade).collect();
            self.line(&format!("  {:>6} |{cells}", axis.replace('-', "−")));
        }
        let (from, to) = (format!("{left:.1}"), format!("{right:.1}"));
        let gap = columns.saturating_sub(from.len() + to.len());
        self.line(&format!("          {from}{}{to}", " ".repeat(gap)));
    }
}
