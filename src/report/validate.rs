//! The page and the JSON document of `haze validate`.
//!
//! The document is described by `docs/validate.schema.json` and holds a row per scored figure; the page has the summary,
//! the baselines, the masked sums and the figures outside their 90 % interval. The same input, draws and seed give the
//! same bytes on every machine.

use std::io::{self, Write};

use serde::Serialize;

use super::digits;
use super::document;
use super::page::{Cell, Page, Style, heads, left, right, shorten};
use crate::validate::{LeftOut, MaskedSum, Row, Summary, Validation};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
const LONGEST_NAME: usize = 34;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    draws: u64,
    seed: u64,
    rows_read: usize,
    pass: Option<bool>,
    quantities: &'a [Summary],
    masked_sums: &'a [MaskedSum],
    rows: &'a [Row],
    left_out: &'a [LeftOut],
}

/// Whether every coverage and masked sum that there is passed.
fn verdict(validation: &Validation) -> Option<bool> {
    let coverages = validation.quantities.iter().filter_map(|q| q.coverage_pass);
    coverages.chain(validation.masked_sums.iter().map(|m| m.pass)).reduce(|a, b| a && b)
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, validation: &Validation) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        draws: validation.draws,
        seed: validation.seed,
        rows_read: validation.rows_read,
        pass: verdict(validation),
        quantities: &validation.quantities,
        masked_sums: &validation.masked_sums,
        rows: &validation.rows,
        left_out: &validation.left_out,
    };
    document::write(out, &document)
}

fn fixed(x: Option<f64>, decimals: usize) -> Cell {
    right(x.map_or("-".to_string(), |x| format!("{:.decimals$}", if x.abs() < 0.5e-3 { 0.0 } else { x })))
}

fn passed(pass: bool) -> &'static str {
    if pass { "PASS" } else { "FAIL" }
}

/// Three significant digits.
fn short(x: f64) -> String {
    if (0.01..1e4).contains(&x) {
        let decimals = (2 - libm::floor(libm::log10(x)) as i32).max(0) as usize;
        format!("{x:.decimals$}")
    } else {
        format!("{x:.2e}")
    }
}

/// The page, ending in a line end.
pub fn terminal(validation: &Validation, style: Style) -> String {
    let mut page = Page::new(style);
    let count = |n: usize| digits::count(n as u64);
    page.line(&format!(
        "{} rows, {} figures scored, {} published and not scored; {} draws each, seed {}",
        count(validation.rows_read),
        count(validation.rows.len()),
        count(validation.left_out.len()),
        digits::count(validation.draws),
        validation.seed
    ));
    quantities(&mut page, validation);
    baselines(&mut page, validation);
    apart(&mut page, validation);
    misses(&mut page, validation);
    masked_sums(&mut page, &validation.masked_sums);
    page.text
}

fn quantities(page: &mut Page, validation: &Validation) {
    page.section("Predicted from less than was published", "CRPS and bias of natural logarithms");
    let titles =
        ["", "n", "circular", "families", "MdAPE", "bias", "CRPS", "50 %", "80 %", "90 %", "95 %", "inside 90 %"];
    let mut rows = vec![heads(1, &titles)];
    for q in &validation.quantities {
        let s = &q.scores;
        let percent = |x: Option<f64>| right(x.map_or("-".to_string(), |x| format!("{:.0}", 100.0 * x)));
        let c = s.coverage;
        let [least, most] = q.inside_90_range;
        let verdict = q.coverage_pass.map_or("nothing to score".to_string(), |pass| {
            format!("{} of {}, true 90 %: {least} to {most}  {}", q.inside_90, s.n, passed(pass))
        });
        rows.push(vec![
            left(q.name.name()),
            right(s.n.to_string()),
            right(s.n_circular.to_string()),
            right(s.families.to_string()),
            fixed(s.mdape, 3),
            fixed(s.bias_ln, 3),
            fixed(s.crps, 3),
            percent(c.map(|c| c.at_50)),
            percent(c.map(|c| c.at_80)),
            percent(c.map(|c| c.at_90)),
            percent(c.map(|c| c.at_95)),
            Cell::Last(verdict),
        ]);
    }
    page.rows(&rows, true);
}

fn baselines(page: &mut Page, validation: &Validation) {
    for q in validation.quantities.iter().filter(|q| !q.baselines.is_empty() && q.scores.n > 0) {
        page.section(&format!("Baselines of {}", q.name.name()), "under the same leave-one-family-out folds");
        let mut rows = vec![
            ["", "n", "MdAPE", "bias", "CRPS", "90 %"]
                .iter()
                .enumerate()
                .map(|(i, h)| if i == 0 { left(*h) } else { right(*h) })
                .collect::<Vec<Cell>>(),
        ];
        let s = &q.scores;
        let percent = |x: Option<f64>| right(x.map_or("-".to_string(), |x| format!("{:.0}", 100.0 * x)));
        rows.push(vec![
            left("haze"),
            right(s.n.to_string()),
            fixed(s.mdape, 3),
            fixed(s.bias_ln, 3),
            fixed(s.crps, 3),
            percent(s.coverage.map(|c| c.at_90)),
        ]);
        for b in &q.baselines {
            rows.push(vec![
                left(b.name),
                right(b.n.to_string()),
                fixed(b.mdape, 3),
                fixed(b.bias_ln, 3),
                fixed(b.crps, 3),
                percent(b.coverage_90),
            ]);
        }
        page.rows(&rows, true);
        let worse = |no_worse: Option<bool>| match no_worse {
            Some(true) => "no worse than the best",
            Some(false) => "worse than the best",
            None => "not compared",
        };
        let line = format!("MdAPE {}, CRPS {}.", worse(q.mdape_no_worse), worse(q.crps_no_worse));
        page.line(&line);
    }
}

/// Parts of the rows that are told apart.
fn apart(page: &mut Page, validation: &Validation) {
    page.section("Told apart", "");
    let mut rows = vec![
        ["", "", "n", "MdAPE", "bias", "CRPS", "90 %"]
            .iter()
            .enumerate()
            .map(|(i, h)| if i < 2 { left(*h) } else { right(*h) })
            .collect::<Vec<Cell>>(),
    ];
    for q in &validation.quantities {
        let parts = [
            ("not circular", &q.not_circular),
            ("circular", &q.circular),
            ("rows behind a prior", &q.in_sample),
            ("other rows", &q.out_of_sample),
            ("distilled (not counted)", &q.distilled),
        ];
        let tiers = q.by_tier.iter().map(|t| (format!("tier {}", t.value), &t.scores));
        for (name, s) in parts.map(|(n, s)| (n.to_string(), s)).into_iter().chain(tiers).filter(|(_, s)| s.n > 0) {
            rows.push(vec![
                left(q.name.name()),
                left(name),
                right(s.n.to_string()),
                fixed(s.mdape, 3),
                fixed(s.bias_ln, 3),
                fixed(s.crps, 3),
                right(s.coverage.map_or("-".to_string(), |c| format!("{:.0}", 100.0 * c.at_90))),
            ]);
        }
    }
    page.rows(&rows, true);
}

fn misses(page: &mut Page, validation: &Validation) {
    let outside: Vec<&Row> = validation.rows.iter().filter(|r| !r.inside_90).collect();
    if outside.is_empty() {
        return;
    }
    page.section("Outside their 90 % interval", "");
    let mut rows =
        vec![vec![left("model"), left("quantity"), right("published"), right("predicted"), right("90 %"), left("")]];
    for r in outside {
        let [lo, hi] = r.interval_90;
        rows.push(vec![
            left(shorten(&r.model, LONGEST_NAME)),
            left(r.quantity.name()),
            right(short(r.published)),
            right(short(r.predicted)),
            right(format!("{} to {}", short(lo), short(hi))),
            Cell::Last(r.quantity.unit().to_string() + if r.distilled { ", distilled" } else { "" }),
        ]);
    }
    page.rows(&rows, true);
}

fn masked_sums(page: &mut Page, sums: &[MaskedSum]) {
    if sums.is_empty() {
        return;
    }
    page.section("Masked sum of the compute, EFLOP", "every known compute hidden");
    let titles = ["", "priors", "models", "true sum", "mean", "mean/true", "95 % interval", ""];
    let mut rows = vec![heads(2, &titles)];
    for m in sums {
        for (which, s) in [("shipped", &m.shipped), ("by folds", &m.folds)] {
            let [lo, hi] = s.interval_95;
            rows.push(vec![
                left(shorten(&m.name, LONGEST_NAME)),
                left(which),
                right(m.models.to_string()),
                right(short(m.true_eflop)),
                right(short(s.mean_eflop)),
                right(format!("{:.2}", s.ratio)),
                right(format!("{} to {}", short(lo), short(hi))),
                Cell::Last(passed(s.pass).to_string()),
            ]);
        }
    }
    page.rows(&rows, true);
}
