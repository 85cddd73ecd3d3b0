//! The page and the JSON document of `haze validate`.
//!
//! The document is described by `docs/validate.schema.json` and holds a row per scored figure; the page has the summary,
//! the baselines, the reasons for not scoring, the masked sums and the figures outside their 90 % interval. The same
//! input, draws and seed give the same bytes on every machine.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::numbers;
use super::page::{Cell, Page, Style, heads, left, right, shorten};
use crate::validate::pit::BINS;
use crate::validate::{Histogram, LeftOut, MaskedSum, Row, Summary, Validation};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
const LONGEST_NAME: usize = 34;
/// Fewer figures than this are counted, not turned into percentages.
const FEW: usize = 5;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    draws: u64,
    seed: u64,
    rows_read: usize,
    runs_scored: usize,
    chips_unknown: usize,
    regions_unknown: usize,
    pass: Option<bool>,
    quantities: &'a [Summary],
    masked_sums: &'a [MaskedSum],
    rows: &'a [Row],
    left_out: &'a [LeftOut],
}

/// Whether every coverage and masked sum passed. `None` if none failed and no figure could be scored: the
/// masked sums have nothing to do with the file.
fn verdict(validation: &Validation) -> Option<bool> {
    let coverages = || validation.quantities.iter().filter_map(|q| q.coverage_pass);
    let all = coverages().chain(validation.masked_sums.iter().map(|m| m.pass)).reduce(|a, b| a && b);
    all.filter(|pass| !pass || coverages().next().is_some())
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, validation: &Validation) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        draws: validation.draws,
        seed: validation.seed,
        rows_read: validation.rows_read,
        runs_scored: validation.runs_scored,
        chips_unknown: validation.chips_unknown,
        regions_unknown: validation.regions_unknown,
        pass: verdict(validation),
        quantities: &validation.quantities,
        masked_sums: &validation.masked_sums,
        rows: &validation.rows,
        left_out: &validation.left_out,
    };
    document::write(out, &document)
}

fn passed(pass: bool) -> &'static str {
    if pass { "PASS" } else { "FAIL" }
}

/// A share of `n` figures in per cent, or as a count where they are few.
fn share(of: Option<f64>, n: usize) -> Cell {
    right(match of {
        None => "-".to_string(),
        Some(x) if n < FEW => format!("{:.0} of {n}", x * n as f64),
        Some(x) => format!("{:.0}", 100.0 * x),
    })
}

/// The page, ending in a line end.
pub fn terminal(validation: &Validation, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(&format!(
        "{}, {} scored, {} published and not scored; {} each, seed {}",
        numbers::counted(validation.rows_read, "row"),
        numbers::counted(validation.rows.len(), "figure"),
        numbers::count(validation.left_out.len()),
        numbers::counted(validation.draws, "draw"),
        validation.seed
    ));
    if validation.runs_scored > 0 {
        page.line(&format!(
            "{} scored: {} with an unknown chip, {} with an unknown region",
            numbers::counted(validation.runs_scored, "run"),
            numbers::count(validation.chips_unknown),
            numbers::count(validation.regions_unknown),
        ));
    } else {
        page.line("Nothing could be scored; the reasons are given below.");
    }
    quantities(&mut page, validation);
    baselines(&mut page, validation);
    apart(&mut page, validation);
    not_scored(&mut page, validation);
    misses(&mut page, validation);
    masked_sums(&mut page, &validation.masked_sums);
    calibration(&mut page, validation);
    page.text
}

fn quantities(page: &mut Page, validation: &Validation) {
    page.section("Predicted from less than was published", "CRPS and bias are those of natural logarithms");
    let titles =
        ["", "n", "circular", "families", "MdAPE", "bias", "CRPS", "50 %", "80 %", "90 %", "95 %", "inside 90 %"];
    let mut rows = vec![heads(1, &titles)];
    for q in &validation.quantities {
        let s = &q.scores;
        let percent = |x: Option<f64>| if s.n < FEW { right("-") } else { share(x, s.n) };
        let c = s.coverage;
        let [least, most] = q.inside_90_range;
        let verdict = match q.coverage_pass {
            None => "nothing could be scored".to_string(),
            Some(true) if s.n < FEW => format!("{} of {}, too few to tell", q.inside_90, s.n),
            Some(pass) => format!("{} of {}, true 90 %: {least} to {most}  {}", q.inside_90, s.n, passed(pass)),
        };
        rows.push(vec![
            left(q.name.name()),
            right(s.n.to_string()),
            right(s.n_circular.to_string()),
            right(s.families.to_string()),
            right(numbers::or_hyphen(s.mdape, 3)),
            right(numbers::or_hyphen(s.bias_ln, 3)),
            right(numbers::or_hyphen(s.crps, 3)),
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
        let all = Some(("haze, all figures", &q.scores)).filter(|(_, s)| s.n != q.on_baseline_rows.n);
        let same = (if all.is_some() { "haze, chip known" } else { "haze" }, &q.on_baseline_rows);
        for (name, s) in all.into_iter().chain([same]) {
            rows.push(vec![
                left(name),
                right(s.n.to_string()),
                right(numbers::or_hyphen(s.mdape, 3)),
                right(numbers::or_hyphen(s.bias_ln, 3)),
                right(numbers::or_hyphen(s.crps, 3)),
                share(s.coverage.map(|c| c.at_90), s.n),
            ]);
        }
        for b in &q.baselines {
            rows.push(vec![
                left(b.name),
                right(b.n.to_string()),
                right(numbers::or_hyphen(b.mdape, 3)),
                right(numbers::or_hyphen(b.bias_ln, 3)),
                right(numbers::or_hyphen(b.crps, 3)),
                share(b.coverage_90, b.n),
            ]);
        }
        page.rows(&rows, true);
        let worse = |no_worse: Option<bool>| match no_worse {
            Some(true) => "no worse than the best",
            Some(false) => "worse than the best",
            None => "not compared",
        };
        let few = if q.on_baseline_rows.n < FEW { " (too few to tell)" } else { "" };
        let line = format!(
            "On the {} whose chip is known: MdAPE {}, CRPS {}{few}.",
            numbers::counted(q.on_baseline_rows.n, "figure"),
            worse(q.mdape_no_worse),
            worse(q.crps_no_worse)
        );
        page.line(&line);
    }
}

/// The same scores of parts of the figures.
fn apart(page: &mut Page, validation: &Validation) {
    if validation.rows.is_empty() {
        return;
    }
    page.section("By kind of figure", "a figure can be in several lines");
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
            ("used to derive the MFU prior", &q.in_sample),
            ("not used to derive a prior", &q.out_of_sample),
            ("distilled (not counted)", &q.distilled),
        ];
        let tiers = q.by_tier.iter().map(|t| (format!("tier {}", t.value), &t.scores));
        for (name, s) in parts.map(|(n, s)| (n.to_string(), s)).into_iter().chain(tiers).filter(|(_, s)| s.n > 0) {
            rows.push(vec![
                left(q.name.name()),
                left(name),
                right(s.n.to_string()),
                right(numbers::or_hyphen(s.mdape, 3)),
                right(numbers::or_hyphen(s.bias_ln, 3)),
                right(numbers::or_hyphen(s.crps, 3)),
                share(s.coverage.map(|c| c.at_90), s.n),
            ]);
        }
    }
    page.rows(&rows, true);
}

/// Why published figures were not scored, the most frequent reason first.
fn not_scored(page: &mut Page, validation: &Validation) {
    if validation.left_out.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for left_out in &validation.left_out {
        // All of which name another line.
        let reason = left_out.reason.trim_end_matches(|c: char| c.is_ascii_digit());
        *reasons.entry(if reason == "repeats line " { "repeats another line" } else { reason }).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    page.section("Published and not scored", "");
    let rows: Vec<Vec<Cell>> =
        reasons.into_iter().map(|(reason, n)| vec![right(numbers::count(n)), Cell::Last(reason.to_string())]).collect();
    page.rows(&rows, false);
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
            right(numbers::three_digits(r.published)),
            right(numbers::three_digits(r.predicted)),
            right(format!("{} to {}", numbers::three_digits(lo), numbers::three_digits(hi))),
            Cell::Last(r.quantity.unit().to_string() + if r.distilled { ", distilled" } else { "" }),
        ]);
    }
    page.rows(&rows, true);
}

fn masked_sums(page: &mut Page, sums: &[MaskedSum]) {
    if sums.is_empty() {
        return;
    }
    page.section("Masked sum of the compute, EFLOP", "with every known compute hidden");
    let titles = ["", "priors", "models", "true sum", "mean", "mean/true", "95 % interval", ""];
    let mut rows = vec![heads(2, &titles)];
    for m in sums {
        for (which, s) in [("shipped", &m.shipped), ("by folds", &m.folds)] {
            let [lo, hi] = s.interval_95;
            rows.push(vec![
                left(shorten(&m.name, LONGEST_NAME)),
                left(which),
                right(m.models.to_string()),
                right(numbers::three_digits(m.true_eflop)),
                right(numbers::three_digits(s.mean_eflop)),
                right(format!("{:.2}", s.ratio)),
                right(format!("{} to {}", numbers::three_digits(lo), numbers::three_digits(hi))),
                Cell::Last(passed(s.pass).to_string()),
            ]);
        }
    }
    page.rows(&rows, true);
}

/// Histograms of the probability integral transform, where there are enough figures for one.
fn calibration(page: &mut Page, validation: &Validation) {
    let of_figures = validation.quantities.iter().map(|q| (q.name.name().to_string(), &q.pit));
    let of_sums = validation.masked_sums.iter().map(|m| (shorten(&m.name, LONGEST_NAME), &m.pit));
    let found: Vec<(String, &Histogram)> = of_figures
        .chain(of_sums)
        .filter_map(|(name, pit)| Some((name, pit.as_ref().filter(|h| h.n >= FEW)?)))
        .collect();
    if found.is_empty() {
        return;
    }
    page.section(
        "Where the truth lies in its prediction, by tenths",
        "flat: calibrated; high ends: too narrow; high middle: too wide",
    );
    let tenths = (0..BINS).map(|k| format!("{}", 10 * (k + 1)));
    let titles: Vec<String> = ["", "n", "groups"].map(String::from).into_iter().chain(tenths).collect();
    let mut rows = vec![heads(1, &titles.iter().map(String::as_str).chain(["95 % band"]).collect::<Vec<_>>())];
    for (name, h) in found {
        let [least, most] = h.band_95;
        let mut row = vec![left(name), right(h.n.to_string()), right(h.clusters.to_string())];
        row.extend(h.counts.iter().map(|count| right(count.to_string())));
        row.push(right(format!("{least:.0} to {most:.0}")));
        row.push(Cell::Last(match h.outside {
            0 => "all inside".to_string(),
            n => format!("{n} outside"),
        }));
        rows.push(row);
    }
    page.rows(&rows, true);
    page.line(
        "Groups: families, or organisations. The band is that of as many independent trials as there are groups.",
    );
}
