//! The DIA block of a record: a report v0.1 of Data and Impact Accounting (VectorInstitute/ai-impact-accounting,
//! `src/ai_impact_accounting/schema/dia_schema.json` at b7cc5f6), as it stands in the front matter of a model card.
//!
//! It has the energy at the plug with its central 90 % interval; carbon needs a grid, which is `haze export dia`. The
//! distribution is kept under `carbonhaze`, where `haze import` reads it back.

use serde_json::{Value, json};

use super::record::Record;
use super::{row, total};

/// `{"dia_version": …, "dia_report": …}`; `None` where the record has no energy.
pub fn report(record: &Record) -> Option<Value> {
    let energy = record.energy()?;
    let row = row::of(&record.name, &[record])?;
    let mut report = json!({ "scope": "incremental" });
    if let Some((model, count)) = record.accelerators() {
        report["compute"]["hardware"] = json!({ "gpu": model, "count": count });
    }
    if let Some(hours) = record.measured.as_ref().and_then(|measured| measured.accelerator_hours) {
        report["compute"]["duration_gpu_hours"] = json!(hours);
    }
    report["footprint"]["energy_kwh"] = json!({
        "value": total::interval_kwh(energy),
        "quality": if record.is_metered() { "measured" } else { "estimated-from-hardware" },
        "carbonhaze": {
            "cell": row::cell(energy.median_kwh, energy.gsd),
            "level": 0.9,
            "includes_pue": false,
        },
    });
    if let Some(region) = record.place.as_ref().and_then(|place| place.region.as_ref()) {
        report["context"]["region"] = json!(region);
    }
    let cells = row.cells.into_iter().filter(|(name, _)| *name != "id");
    report["carbonhaze"]["row"] = cells.map(|(name, cell)| (name.to_string(), Value::from(cell))).collect();
    Some(json!({ "dia_version": "0.1", "dia_report": report }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::record::example;

    #[test]
    fn the_block_follows_the_schema_and_has_the_numbers() {
        let schema = include_str!("../../fixtures/schemas/dia-report.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut found = report(&example::record("a")).unwrap();
        assert!(validator.is_valid(&found), "{found:#}");
        let energy = &found["dia_report"]["footprint"]["energy_kwh"];
        assert_eq!(
            (&energy["carbonhaze"]["cell"], &energy["quality"]),
            (&json!("lognormal(2, 1.1)"), &json!("measured"))
        );
        assert_eq!(found["dia_report"]["compute"]["duration_gpu_hours"], 4.0);
        assert_eq!(found["dia_report"]["carbonhaze"]["row"]["energy_kwh"], "lognormal(2, 1.1)");
        // Negative control.
        found["dia_report"]["footprint"]["energy_kwh"]["quality"] = json!("good");
        assert!(!validator.is_valid(&found));
    }
}
