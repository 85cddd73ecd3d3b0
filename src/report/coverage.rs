//! The page and the JSON document of `haze coverage`.
//!
//! The document is described by `docs/coverage.schema.json`. The same input, draws and seed give the same bytes on every
//! machine and backend.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::estimate::{self, interval};
use super::numbers::{self, Quantity, Unit};
use super::page::{Cell, Page, Style, heads, left, right, shorten};
use super::precision;
use super::scope;
use crate::coverage::Coverage;
use crate::coverage::bands::Bands;
use crate::coverage::predictive::{LEVELS, Predictive};
use crate::coverage::sizes::{Effect, Sizes};
use crate::coverage::two_lists::TwoLists;
use crate::portfolio::Scope;
use crate::posterior::Estimate;

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
const LONGEST_NAME: usize = 40;
/// How many of the largest models are named on the page.
const NAMED: usize = 5;

/// An analysis and how it was drawn.
pub struct Findings<'a> {
    /// Which runs and which energy count, and on what basis.
    pub scope: Scope,
    /// What was found.
    pub coverage: &'a Coverage,
}

#[derive(Serialize)]
struct ScopeText {
    run: &'static str,
    boundary: &'static str,
    basis: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    draws: u64,
    seed: u64,
    level: f64,
    scope: ScopeText,
    #[serde(flatten)]
    coverage: &'a Coverage,
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, result: &Findings<'_>) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        draws: result.coverage.drawn.draws,
        seed: result.coverage.drawn.seed,
        level: result.coverage.drawn.level,
        scope: ScopeText {
            run: result.scope.run.name(),
            boundary: result.scope.boundary.name(),
            basis: result.scope.basis.name(),
        },
        coverage: result.coverage,
    };
    document::write(out, &document)
}

/// Mean, median and interval.
fn amounts(e: &Estimate, factor: f64) -> [Cell; 3] {
    [right(estimate::mean(e, factor)), right(estimate::median(e, factor)), right(interval(e, factor))]
}

/// `41 % (28 to 55 %)`
fn share(e: &Estimate) -> Cell {
    let (Some(mean), Some([lo, hi])) = (e.mean, e.interval) else { return right("–") };
    let end = |x: f64| numbers::percent(x).trim_end_matches(" %").to_string();
    right(format!("{} ({} to {})", numbers::percent(mean), end(lo), numbers::percent(hi)))
}

/// The page, ending in a line end.
pub fn terminal(result: &Findings<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    let c = result.coverage;
    let unit = estimate::unit(Quantity::Emissions, &c.emissions_t);
    let level = numbers::level(c.drawn.level);
    let line =
        format!("{} models, {}", numbers::count(c.models), precision::draws(c.drawn.draws, &c.precision, c.drawn.seed));
    page.note(&line);
    page.note(&scope::phrase(result.scope));
    headline(&mut page, c, &unit, &level);
    match &c.thresholds {
        Some(bands) => thresholds(&mut page, bands, &unit, &level),
        None => {
            page.section("Threshold on downloads", "");
            page.line("  none: no model states its downloads (column downloads)");
        }
    }
    if let Some(lists) = &c.lists {
        two_lists(&mut page, lists, &level);
    }
    tiers(&mut page, c, &unit, &level);
    alternatives(&mut page, c, &unit, &level);
    if let Some(chosen) = &c.chosen {
        page.line(&format!(
            "  Priors marked \"chosen\": {} of the variance alone, {} with interactions ({} of {} factors, {} of {} shared \
             effects).",
            numbers::percent(chosen.first_order),
            numbers::percent(chosen.total),
            numbers::count(chosen.factors),
            numbers::count(chosen.of_factors),
            numbers::count(chosen.effects),
            numbers::count(chosen.of_effects),
        ));
    }
    if let Some(sizes) = &c.sizes {
        shared_sizes(&mut page, sizes, &unit, &level);
    }
    if let Some(predictive) = &c.predictive {
        check(&mut page, predictive);
    }
    page.text
}

fn headline(page: &mut Page, c: &Coverage, unit: &Unit, level: &str) {
    page.section(&format!("Training emissions, {}", unit.name), "with and without the largest models");
    let top = c.top.models.len();
    let mut rows = vec![heads(1, &["", "mean", "median", &format!("{level} interval"), "share of the total"])];
    let mut row = |name: String, e: &Estimate, of: Option<&Estimate>| {
        let mut row = vec![left(name)];
        row.extend(amounts(e, unit.factor));
        row.extend(of.map(share));
        rows.push(row);
    };
    row("All models".into(), &c.emissions_t, None);
    row("Correlation ignored".into(), &c.independent_t, None);
    row(format!("The {top} largest"), &c.top.emissions_t, Some(&c.top.share));
    row("All others".into(), &c.top.without_t, None);
    page.rows(&rows, true);
    let named: Vec<String> = c.top.models.iter().take(NAMED).map(|m| shorten(&m.id, LONGEST_NAME)).collect();
    page.line(&format!("  Largest: {}{}", named.join(", "), if top > NAMED { ", …" } else { "" }));
}

fn thresholds(page: &mut Page, bands: &Bands, unit: &Unit, level: &str) {
    page.section(&format!("Threshold on downloads, {}", unit.name), "");
    let interval_head = format!("{level} interval");
    let mut rows = vec![heads(
        1,
        &["min. downloads", "models", "mean", "median", &interval_head, "uncorrelated", "share of the total"],
    )];
    for step in &bands.steps {
        let mut row = vec![left(numbers::count(step.downloads as u64)), right(numbers::count(step.models))];
        row.extend(amounts(&step.emissions_t, unit.factor));
        row.extend([right(interval(&step.independent_t, unit.factor)), share(&step.share)]);
        rows.push(row);
    }
    page.rows(&rows, true);
    let least = numbers::count(bands.least as u64);
    page.line(&format!("  No model in the list has fewer than {least} downloads; nothing is extrapolated below that."));
    if bands.without_downloads > 0 {
        page.line(&format!(
            "  {} models do not state their downloads: they count in the total and are above no threshold.",
            numbers::count(bands.without_downloads)
        ));
    }
}

fn two_lists(page: &mut Page, lists: &TwoLists, level: &str) {
    let unit = Quantity::Emissions.unit(lists.union_t.mean.unwrap_or(0.0));
    page.section(&format!("This list and {}, {}", shorten(&lists.other, LONGEST_NAME), unit.name), "each model once");
    let mut rows =
        vec![heads(1, &["", "rows", "models", "mean", "median", &format!("{level} interval"), "share of the union"])];
    let mut row = |name: &str, rows_of: usize, models: String, e: &Estimate, of: Option<&Estimate>| {
        let mut row = vec![left(name), right(numbers::count(rows_of)), right(models)];
        row.extend(amounts(e, unit.factor));
        row.extend(of.map(share));
        rows.push(row);
    };
    for part in &lists.parts {
        let name = match part.part {
            "both" => "In both",
            "first" => "In this list only",
            _ => "In the other only",
        };
        row(name, part.rows, numbers::count(part.models), &part.emissions_t, Some(&part.share));
    }
    row("Union", lists.rows, numbers::count(lists.parts.iter().map(|p| p.models).sum::<usize>()), &lists.union_t, None);
    let mut both = vec![left("In both, figures of the other"), right(""), right("")];
    both.extend(amounts(&lists.both_by_other_t, unit.factor));
    rows.push(both);
    page.rows(&rows, true);
    for r in &lists.recapture {
        page.line(&format!(
            "  {} ({}): {} in this list, {} in the other, {} in both, {} in all; at least {} exist (Chapman).",
            capital(r.of),
            r.domain,
            numbers::count(r.first),
            numbers::count(r.second),
            numbers::count(r.both),
            numbers::count(r.seen),
            numbers::count(libm::rint(r.estimate) as u64),
        ));
    }
    page.line(
        "  A lower bound on the count only: well-known models are in both lists, which makes the estimate too small;",
    );
    page.line("  it says nothing about the emissions of models in neither list.");
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn tiers(page: &mut Page, c: &Coverage, unit: &Unit, level: &str) {
    page.section(&format!("What the total rests on, {}", unit.name), "by tier");
    let mut rows =
        vec![heads(1, &["tier", "models", "mean", "median", &format!("{level} interval"), "share of the total"])];
    for tier in &c.tiers {
        let mut row = vec![left(&tier.tier), right(numbers::count(tier.models))];
        row.extend(amounts(&tier.emissions_t, unit.factor));
        row.push(share(&tier.share));
        rows.push(row);
    }
    page.rows(&rows, true);
}

fn alternatives(page: &mut Page, c: &Coverage, unit: &Unit, level: &str) {
    page.section(
        &format!("Structural choices, {}", unit.name),
        "outside the interval: each line is a run of its own with one choice changed",
    );
    if c.draws_of_alternatives < c.drawn.draws {
        let draws = numbers::count(c.draws_of_alternatives);
        page.line(&format!("  The first {draws} draws each; ratios and widths compare the same draws."));
    }
    let mut rows = vec![heads(2, &["", "", "mean", "ratio", "median", &format!("{level} interval"), "hi/lo"])];
    for line in &c.alternatives {
        let [mean, median, interval] = amounts(&line.emissions_t, unit.factor);
        let times = |x: Option<f64>, decimals: usize| right(x.map_or("–".into(), |x| format!("{x:.decimals$}")));
        rows.push(vec![
            left(line.choice),
            left(line.name),
            mean,
            times(line.ratio, 2),
            median,
            interval,
            times(line.width, 1),
        ]);
    }
    page.rows(&rows, true);
}

fn shared_sizes(page: &mut Page, sizes: &Sizes, unit: &Unit, level: &str) {
    page.section(&format!("Sizes of the shared effects, {}", unit.name), "ln GSD times a factor; own spreads give way");
    let heads_of = ["", "factor", "exact mean", "exact sd", "median", &format!("{level} interval"), "width"];
    let mut rows = vec![heads(1, &heads_of)];
    let exact = |x: Option<f64>| right(x.map_or("–".into(), |x| unit.exact(x)));
    let width = page.style.width.saturating_sub(60).max(20);
    for line in &sizes.lines {
        let [_, median, interval] = amounts(&line.emissions_t, unit.factor);
        rows.push(vec![
            left(shorten(line.effect.as_deref().unwrap_or("all default effects"), width)),
            right(format!("× {}", line.factor)),
            exact(line.exact_mean_t),
            exact(line.exact_sd_t),
            median,
            interval,
            right(line.width_ratio.map_or("–".into(), |ratio| format!("{ratio:.2}"))),
        ]);
    }
    page.rows(&rows, true);
    let share = |e: &Effect| format!("{} {}", e.name, numbers::percent(e.total));
    page.wrapped("  Share of the variance, with interactions: ", &sizes.effects.iter().map(share).collect::<Vec<_>>());
}

fn check(page: &mut Page, predictive: &Predictive) {
    page.section(
        "Prior-predictive check of the compute",
        "where published figures fall in the prediction of the tier below",
    );
    let mut rows = vec![heads(1, &["tier", "models"])];
    rows[0].extend(LEVELS.map(|l| right(numbers::level(l))));
    rows[0].push(left("models by tenth of probability"));
    for group in &predictive.groups {
        let mut row = vec![left(&group.tier), right(numbers::count(group.models))];
        row.extend(group.inside.map(|p| right(format!("{:.0} %", 100.0 * p))));
        row.push(left(group.deciles.map(|n| format!("{n:>3}")).join(" ")));
        rows.push(row);
    }
    page.rows(&rows, true);
    page.line(
        "  The priors were derived from lists such as this one, so this checks their shape; haze validate is the test.",
    );
}
