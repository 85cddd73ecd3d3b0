//! A DIA report v0.1 for the front matter of a model card: Data and Impact Accounting, VectorInstitute/ai-impact-accounting
//! (`src/ai_impact_accounting/schema/dia_schema.json` at b7cc5f6, Apache-2.0).
//!
//! Energy in kWh, carbon in **kilograms**, water in litres, each as the two ends of the credible interval. Unknown keys
//! are legal in a report at every level: under `carbonhaze` each figure carries the whole distribution as a cell of a
//! models file ([`super::cell`]), and the report what the row states, which `haze` reads back. The scope is incremental, as the schema demands: this run and
//! not those of the base models. Hours are those of the row and never worked out from the energy.
//!
//! The schema's quality words do not cover a figure that somebody states without a meter; it is called
//! `estimated-from-hardware` for energy and `estimated-from-region` for carbon, because such statements are made so.

use super::card::Block;
use super::cell::cell;
use super::yaml::quoted;
use super::{ModelFigures, Shown, VERSION, middle};
use crate::assess::{Kind, Slot, Tier};
use crate::portfolio::{Boundary, Source, columns};
use crate::posterior::Estimate;

/// `dia_version` and `dia_report`.
pub fn blocks(figures: &ModelFigures<'_>) -> Vec<Block> {
    let mut report = vec!["dia_report:".to_string(), "  scope: incremental".to_string()];
    report.extend(lineage(figures));
    report.extend(compute(figures));
    report.push("  footprint:".into());
    report.extend(metric("energy_kwh", figures, &figures.energy_kwh, 1.0, energy_quality(figures)));
    report.extend(metric("carbon_kgco2eq", figures, &figures.emissions_t, 1e3, carbon_quality(figures)));
    if let Some(water) = &figures.water_m3 {
        report.extend(metric("water_liters", figures, water, 1e3, water_quality(figures)));
    }
    if let Some(region) = figures.label("region") {
        report.extend(["  context:".into(), format!("    region: {}", quoted(region))]);
    }
    report.extend(row(figures));
    let version = vec!["dia_version: \"0.1\"".to_string()];
    vec![Block { key: "dia_version", lines: version }, Block { key: "dia_report", lines: report }]
}

fn lineage(figures: &ModelFigures<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for base in &figures.row.base_models {
        lines.push(format!("    - model: {}", quoted(&base.id)));
        if let Some(how) = base.relation.or(figures.row.relation) {
            lines.push(format!("      relation: {}", how.name()));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, "  lineage:".into());
    }
    lines
}

fn compute(figures: &ModelFigures<'_>) -> Vec<String> {
    let mut hardware = Vec::new();
    if let Some(gpu) = figures.label("hardware") {
        hardware.push(format!("      gpu: {}", quoted(gpu)));
    }
    // A count of the schema is a whole number from 1.
    if let Some(count) = figures.row.hardware_count.filter(|n| *n >= 1.0 && n.fract() == 0.0) {
        hardware.push(format!("      count: {count}"));
    }
    if !hardware.is_empty() {
        hardware.insert(0, "    hardware:".into());
    }
    let mut lines = hardware;
    if let Some(hours) = middle(figures.row.gpu_hours.as_ref()) {
        lines.push(format!("    duration_gpu_hours: {hours}"));
    }
    if !lines.is_empty() {
        lines.insert(0, "  compute:".into());
    }
    lines
}

/// What the row states, so that the card can be read back as the row that it was written from.
fn row(figures: &ModelFigures<'_>) -> Vec<String> {
    let cells = columns::cells(figures.row);
    if cells.is_empty() {
        return Vec::new();
    }
    let head = ["  carbonhaze:", "    row:"].map(String::from);
    head.into_iter().chain(cells.iter().map(|(name, text)| format!("      {name}: {}", quoted(text)))).collect()
}

/// One figure of the footprint; nothing where nothing was drawn.
fn metric(name: &str, figures: &ModelFigures<'_>, e: &Estimate, factor: f64, quality: &str) -> Vec<String> {
    let shown = Shown::of(e, factor);
    let Some([lo, hi]) = shown.interval else { return Vec::new() };
    let settings = figures.settings;
    let mut lines = vec![
        format!("    {name}:"),
        format!("      value: [{lo}, {hi}]"),
        format!("      quality: {quality}"),
        "      carbonhaze:".into(),
    ];
    let mut own = |key: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("        {key}: {value}")));
    };
    own("cell", cell(e, settings.level, factor).map(|cell| quoted(&cell)));
    own("mean", shown.mean.map(|x| x.to_string()));
    own("median", shown.median.map(|x| x.to_string()));
    own("level", Some(settings.level.to_string()));
    own("draws", Some(settings.draws.to_string()));
    own("seed", Some(settings.seed.to_string()));
    own("version", Some(quoted(VERSION)));
    if name != "water_liters" {
        own("includes_pue", Some((figures.scope.boundary == Boundary::Facility).to_string()));
    }
    own("boundary", (name == "energy_kwh").then(|| quoted(figures.boundary())));
    lines
}

fn is_imputed(tier: Tier) -> bool {
    matches!(tier, Tier::T4b | Tier::T5 | Tier::T6)
}

fn energy_quality(figures: &ModelFigures<'_>) -> &'static str {
    match figures.assessed.tier {
        _ if figures.energy_is_measured() => "measured",
        tier if is_imputed(tier) => "imputed",
        _ => "estimated-from-hardware",
    }
}

fn carbon_quality(figures: &ModelFigures<'_>) -> &'static str {
    let row = figures.row;
    let has_place = matches!(figures.kind_of(Slot::Grid), Some(Kind::Disclosed | Kind::LookedUp));
    match figures.assessed.tier {
        Tier::T1 if matches!(row.source, Source::Metered | Source::Audited) => "measured",
        Tier::T1 | Tier::T1b => "estimated-from-region",
        tier if is_imputed(tier) || !has_place => "imputed",
        _ => "estimated-from-region",
    }
}

fn water_quality(figures: &ModelFigures<'_>) -> &'static str {
    match figures.kind_of(Slot::Wue) {
        Some(Kind::Disclosed) if !is_imputed(figures.assessed.tier) => "estimated-from-region",
        _ if is_imputed(figures.assessed.tier) => "imputed",
        _ => "estimated-from-default-wue",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::example;
    use serde_json::Value;

    fn report(row: &str) -> Value {
        let lines: Vec<String> = example::with(row, blocks).into_iter().flat_map(|block| block.lines).collect();
        serde_saphyr::from_str(&format!("{}\n", lines.join("\n"))).unwrap()
    }

    #[test]
    fn kilograms_and_kilowatt_hours_by_hand() {
        // 1200 kWh and 600 kg: see the example.
        let found = report(example::FIXED);
        assert_eq!(found["dia_version"], "0.1");
        let of = |name: &str| &found["dia_report"]["footprint"][name];
        assert_eq!(of("energy_kwh")["value"], serde_json::json!([1200, 1200]));
        assert_eq!(of("carbon_kgco2eq")["value"], serde_json::json!([600, 600]));
        assert_eq!(of("carbon_kgco2eq")["carbonhaze"]["cell"], "fixed(600)");
        assert_eq!(of("energy_kwh")["quality"], "estimated-from-hardware");
        assert_eq!(of("carbon_kgco2eq")["quality"], "estimated-from-region");
        let report = &found["dia_report"];
        assert_eq!(report["scope"], "incremental");
        assert_eq!(report["lineage"], serde_json::json!([{"model": "org/base", "relation": "finetune"}]));
        assert_eq!(report["compute"], serde_json::json!({"hardware": {"gpu": "A100", "count": 8}}));
        assert_eq!(report["context"]["region"], "France");
    }

    #[test]
    fn quality_follows_what_is_known() {
        let head = 15;
        let row = |cells: &[(usize, &str)]| {
            let mut row = vec![""; head];
            cells.iter().for_each(|(at, text)| row[*at] = text);
            row.join(",")
        };
        let quality = |cells: &[(usize, &str)], name: &str| {
            report(&row(cells))["dia_report"]["footprint"][name]["quality"].as_str().unwrap().to_string()
        };
        // Columns: 0 id, 3 region, 4 hardware, 6 hours, 9 parameters.
        assert_eq!(quality(&[(0, "a"), (9, "7e9")], "carbon_kgco2eq"), "imputed");
        let hours = [(0, "a"), (3, "France"), (4, "A100"), (6, "1000")];
        assert_eq!(quality(&hours, "energy_kwh"), "estimated-from-hardware");
        assert_eq!(quality(&hours, "carbon_kgco2eq"), "estimated-from-region");
        assert_eq!(quality(&[(0, "a"), (4, "A100"), (6, "1000")], "carbon_kgco2eq"), "imputed");
        assert_eq!(quality(&hours, "water_liters"), "estimated-from-default-wue");
    }
}
