//! A CycloneDX 1.6 bill of materials with one component, the model (OWASP CycloneDX, `bom-1.6.schema.json`, Apache-2.0).
//!
//! `modelCard.considerations.environmentalConsiderations.energyConsumptions` holds one entry for the training: energy in
//! kWh and `co2CostEquivalent` in tCO2eq, each the median. The standard has no interval: it stands in `properties`, under
//! names that begin with `carbonhaze:`. Who provided the energy is not known, so that the required list of providers is
//! empty. There is no serial number and no time of writing.

use serde_json::{Value as Json, json};

use super::{ModelFigures, Shown, VERSION, json_text, plain, without_nulls};

/// The bill of materials.
pub fn json(figures: &ModelFigures<'_>) -> String {
    let energy = Shown::of(&figures.energy_kwh, 1.0);
    let carbon = Shown::of(&figures.emissions_t, 1.0);
    let consumption = energy.median.map(|kwh| {
        json!({
            "activity": if figures.is_derivative() { "fine-tuning" } else { "training" },
            "energyProviders": [],
            "activityEnergyCost": { "value": kwh, "unit": "kWh" },
            "co2CostEquivalent": carbon.median.map(|t| json!({ "value": t, "unit": "tCO2eq" })),
            "properties": properties(figures, &energy, &carbon),
        })
    });
    let organisation = figures.label("organization");
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "carbonhaze", "version": VERSION }] },
        },
        "components": [{
            "type": "machine-learning-model",
            "bom-ref": "model",
            "name": figures.row.id,
            "supplier": organisation.map(|name| json!({ "name": name })),
            "modelCard": {
                "considerations": {
                    "environmentalConsiderations": {
                        "energyConsumptions": consumption.into_iter().collect::<Vec<_>>(),
                    },
                },
            },
        }],
    });
    json_text(&without_nulls(document))
}

fn properties(figures: &ModelFigures<'_>, energy: &Shown, carbon: &Shown) -> Vec<Json> {
    let property = |name: &str, value: String| json!({ "name": format!("carbonhaze:{name}"), "value": value });
    let range = |x: Option<[f64; 2]>| x.map(|[lo, hi]| format!("{} to {}", plain(lo), plain(hi)));
    let settings = figures.settings;
    let all = [
        ("interval_kwh", range(energy.interval)),
        ("interval_tco2eq", range(carbon.interval)),
        ("mean_kwh", energy.mean.map(plain)),
        ("mean_tco2eq", carbon.mean.map(plain)),
        ("level", Some(settings.level.to_string())),
        ("draws", Some(settings.draws.to_string())),
        ("seed", Some(settings.seed.to_string())),
        ("plan_sha256", Some(figures.plan_hash.to_string())),
        ("boundary", Some(figures.boundary().to_string())),
        ("covers", Some(figures.coverage())),
        ("basis", Some(figures.energy_basis().to_string())),
    ];
    all.into_iter().filter_map(|(name, value)| value.map(|value| property(name, value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::example;

    #[test]
    fn energy_and_tonnes_by_hand() {
        // 1200 kWh, 0.6 t: see the example.
        let found: Json = serde_json::from_str(&example::with(example::FIXED, json)).unwrap();
        let entry = &found["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"]
            [0];
        assert_eq!(entry["activityEnergyCost"], json!({"value": 1200.0, "unit": "kWh"}));
        assert_eq!(entry["co2CostEquivalent"], json!({"value": 0.6, "unit": "tCO2eq"}));
        assert_eq!(entry["activity"], "fine-tuning");
        let of = |name: &str| entry["properties"].as_array().unwrap().iter().find(|p| p["name"] == name).unwrap();
        assert_eq!(of("carbonhaze:interval_kwh")["value"], "1200 to 1200");
        assert_eq!(found["components"][0]["supplier"]["name"], "The \"Lab\"");
    }
}
