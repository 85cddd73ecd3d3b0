//! The page and the JSON document of `haze atci`: carbon per compute by parts of a portfolio, its three ratios, and
//! published runs to compare with.
//!
//! The document is described by `docs/atci.schema.json`. As in a run's result, only the top-level keys `backend` and
//! `timings` may depend on the machine; all else is the same, byte for byte, on every backend.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::estimate;
use super::numbers;
use super::page::{Page, Style, left, right, shorten};
use super::precision;
use super::scope::{self, ScopeText};
use crate::assess::Assessment;
use crate::posterior::intensity::{Intensity, Part, Row};
use crate::posterior::{Estimate, Precision};
use crate::run::intensity::Intensities;
use crate::run::{Device, Settings, Timings};
use crate::validate::anchors::{Anchor, median};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
/// The unit and the definition, word by word as in `docs/method.md`.
pub const UNIT: &str = "kgCO2e per EFLOP of training operations performed";
/// The definition of ATCI, word by word as in `docs/method.md`.
pub const DEFINITION: &str = "sum of emissions / sum of compute, in every draw; \
     = (IT energy / compute) * (facility / IT energy) * (emissions / facility energy)";

/// Everything that is reported.
pub struct Atci<'a> {
    /// What was drawn.
    pub assessment: &'a Assessment,
    /// What the draws say.
    pub found: &'a Intensities,
    /// Published runs to compare with.
    pub anchors: Vec<Anchor>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    unit: &'static str,
    definition: &'static str,
    scope: ScopeText,
    seed: u64,
    draws: u64,
    precision: Precision,
    interval: f64,
    plan_hash: &'a str,
    backend: &'a Device,
    timings: &'a Timings,
    draws_without_compute: u64,
    total: RowText<'a>,
    groups: Vec<Group<'a>>,
    anchors: &'a [Anchor],
}

#[derive(Serialize)]
struct Group<'a> {
    by: &'a str,
    #[serde(flatten)]
    part: &'a Part,
    #[serde(flatten)]
    row: RowText<'a>,
}

#[derive(Serialize)]
struct RowText<'a> {
    models: usize,
    compute_share: Option<f64>,
    compute_eflop: &'a Estimate,
    emissions_t: &'a Estimate,
    #[serde(flatten)]
    intensity: &'a Intensity,
}

impl<'a> RowText<'a> {
    fn new(row: &'a Row) -> RowText<'a> {
        RowText {
            models: row.models,
            compute_share: row.share,
            compute_eflop: &row.compute_eflop,
            emissions_t: &row.emissions_t,
            intensity: &row.intensity,
        }
    }
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, result: &Atci<'_>) -> io::Result<()> {
    let groups = result
        .found
        .columns
        .iter()
        .flat_map(|g| g.rows.iter().map(|row| Group { by: &g.by, part: &row.part, row: RowText::new(row) }));
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        unit: UNIT,
        definition: DEFINITION,
        scope: ScopeText::new(result.assessment.scope),
        seed: result.found.settings.seed,
        draws: result.found.settings.draws,
        precision: result.found.precision,
        interval: result.found.settings.level,
        plan_hash: &result.found.info.plan_hash,
        backend: &result.found.info.backend,
        timings: &result.found.info.timings,
        draws_without_compute: result.found.without_compute,
        total: RowText::new(&result.found.total),
        groups: groups.collect(),
        anchors: &result.anchors,
    };
    document::write(out, &document)
}

/// The page, ending in a line end.
pub fn terminal(result: &Atci<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    let models = numbers::counted(result.assessment.models.len() as u64, "model");
    let Settings { draws, seed, .. } = result.found.settings;
    page.note(&format!("{models}, {}", precision::draws(draws, &result.found.precision, seed)));
    page.note(&scope::phrase(result.assessment.scope));
    page.section("ATCI, kgCO2e per EFLOP of training operations performed", "a ratio of sums in every draw");
    page.line("  = IT energy / compute (kWh/EFLOP) × facility / IT energy × emissions / energy (kg/kWh); medians");
    page.ratios("", &[&result.found.total], result.found.settings.level);
    let all = &result.found.total.intensity.atci_kg_per_eflop;
    if let Some(mean) = all.mean {
        let mean = numbers::value(mean, all.mcse.mean);
        page.line(&format!("  Mean {mean} kg/EFLOP. The ratios multiply in every draw; their medians need not."));
    }
    if result.found.without_compute > 0 {
        let draws = numbers::count(result.found.without_compute);
        page.line(&format!("  {draws} draws in which compute is zero have no ratio and are left out"));
    }
    for grouping in &result.found.columns {
        page.section(&format!("By {}", shorten(&grouping.by, 30)), "");
        page.ratios("", &grouping.rows.iter().collect::<Vec<_>>(), result.found.settings.level);
    }
    page.anchors(&result.anchors);
    page.text
}

fn name(part: &Part) -> String {
    match part {
        Part::Value(value) => value.clone(),
        Part::NotStated => "(not stated)".into(),
        Part::Other(values) => format!("({} others)", numbers::count(*values as u64)),
    }
}

impl Page {
    fn ratios(&mut self, title: &str, rows: &[&Row], level: f64) {
        let interval = estimate::equal_tailed(level);
        let mut table = vec![vec![left(title), right("models"), right("compute"), right("ATCI"), left(interval)]];
        table[0].extend(["kWh/EFLOP", "overhead", "kg/kWh"].map(right));
        let width = self.style.width.saturating_sub(72).max(12);
        for row in rows {
            let middle = |e: &Estimate| right(estimate::median(e, 1.0));
            let i = &row.intensity;
            let atci = &i.atci_kg_per_eflop;
            table.push(vec![
                left(if rows.len() == 1 && row.share == Some(1.0) {
                    "all models".into()
                } else {
                    shorten(&name(&row.part), width)
                }),
                right(numbers::count(row.models as u64)),
                right(numbers::share(row.share)),
                middle(atci),
                left(estimate::interval(atci, 1.0)),
                middle(&i.it_energy_kwh_per_eflop),
                middle(&i.energy_per_it_energy),
                middle(&i.emissions_kg_per_kwh),
            ]);
        }
        self.rows(&table, true);
    }

    fn anchors(&mut self, anchors: &[Anchor]) {
        self.section("Published runs", "emissions / compute as published, each in the scope of its source");
        let mut table =
            vec![vec![left(""), right("kg/EFLOP"), right("EFLOP"), right("t"), left("energy"), left("source")]];
        let width = self.style.width.saturating_sub(62).max(16) / 2;
        for a in anchors {
            table.push(vec![
                left(shorten(&a.name, width)),
                right(numbers::value(a.kg_per_eflop, None)),
                right(format!("{:.2e}", a.compute_eflop)),
                right(numbers::value(a.emissions_t, None)),
                left(a.basis),
                left(shorten(&a.source, width)),
            ]);
        }
        self.rows(&table, true);
        if let Some(middle) = median(anchors) {
            let value = numbers::value(middle, None);
            self.line(&format!(
                "  Median {value} kg/EFLOP. Hours × TDP leaves out the rest of the node, so it gives lower values."
            ));
        }
    }
}
