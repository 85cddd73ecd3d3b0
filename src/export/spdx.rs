//! An SPDX 3.0.1 document (JSON-LD) with one AI package and its energy (SPDX, Linux Foundation; model files under the
//! Community Specification License 1.0).
//!
//! `ai_EnergyConsumption` holds quantities in `kilowattHour`: the median of the facility's energy, under training or
//! fine-tuning. SPDX has neither an interval nor emissions: both stand in words in `ai_informationAboutTraining` and, for
//! programs, in `comment` as JSON. The AI profile also requires supplier, location, version and release time, which are the
//! supplier's to say; so the document claims the core and software profiles only, and its element is there to be taken over
//! into the supplier's own.

use serde_json::json;

use super::{ModelFigures, Shown, VERSION, json_text, without_nulls};
use crate::report::numbers;

/// The document. `created` is the time of writing, as `2026-01-31T12:00:00Z`: the caller's clock, not ours.
pub fn json(figures: &ModelFigures<'_>, created: &str) -> String {
    let id = |name: &str| format!("urn:carbonhaze:{}:{name}", figures.plan_hash);
    const INFO: &str = "_:creation";
    let stage = if figures.is_derivative() { "ai_finetuningEnergyConsumption" } else { "ai_trainingEnergyConsumption" };
    let quantity = Shown::of(&figures.energy_kwh, 1.0).median.map(|kwh| {
        json!({
            "type": "ai_EnergyConsumption",
            stage: [{ "type": "ai_EnergyConsumptionDescription", "ai_energyQuantity": kwh, "ai_energyUnit": "kilowattHour" }],
        })
    });
    let document = json!({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            { "type": "CreationInfo", "@id": INFO, "specVersion": "3.0.1", "created": created, "createdBy": [id("agent")] },
            { "type": "SoftwareAgent", "spdxId": id("agent"), "creationInfo": INFO, "name": format!("Carbonhaze {VERSION}") },
            {
                "type": "ai_AIPackage",
                "spdxId": id("model"),
                "creationInfo": INFO,
                "name": figures.row.id,
                "software_primaryPurpose": "model",
                "ai_energyConsumption": quantity,
                "ai_informationAboutTraining": in_words(figures),
                "comment": in_json(figures),
            },
            {
                "type": "SpdxDocument",
                "spdxId": id("document"),
                "creationInfo": INFO,
                "profileConformance": ["core", "software"],
                "element": [id("agent"), id("model")],
                "rootElement": [id("model")],
            },
        ],
    });
    json_text(&without_nulls(document))
}

fn in_words(figures: &ModelFigures<'_>) -> String {
    let settings = figures.settings;
    format!(
        "Energy {} kWh ({}; {}); operational emissions {} tCO2e ({}). Medians with the {} credible interval, {} draws, seed {}.",
        Shown::of(&figures.energy_kwh, 1.0).text(),
        figures.boundary(),
        figures.energy_basis(),
        Shown::of(&figures.emissions_t, 1.0).text(),
        figures.coverage(),
        numbers::level(settings.level),
        numbers::count(settings.draws),
        settings.seed
    )
}

fn in_json(figures: &ModelFigures<'_>) -> String {
    json!({
        "carbonhaze": figures.drawn(),
        "energy_kwh": Shown::of(&figures.energy_kwh, 1.0),
        "emissions_t": Shown::of(&figures.emissions_t, 1.0),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::export::example;

    #[test]
    fn energy_by_hand() {
        // 1200 kWh of fine-tuning: see the example.
        let text = example::with(example::FIXED, |f| json(f, "2026-01-31T12:00:00Z"));
        let found: Json = serde_json::from_str(&text).unwrap();
        let package = &found["@graph"][2];
        let energy = &package["ai_energyConsumption"]["ai_finetuningEnergyConsumption"][0];
        assert_eq!((&energy["ai_energyQuantity"], &energy["ai_energyUnit"]), (&json!(1200.0), &json!("kilowattHour")));
        assert!(package["ai_informationAboutTraining"].as_str().unwrap().contains("0.6 [0.6, 0.6] tCO2e"));
        let comment: Json = serde_json::from_str(package["comment"].as_str().unwrap()).unwrap();
        assert_eq!(comment["emissions_t"]["interval"], json!([0.6, 0.6]));
        assert_eq!(found["@graph"][0]["created"], "2026-01-31T12:00:00Z");
    }
}
