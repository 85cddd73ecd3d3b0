//! A BoAmps report of one training (Boavizta/BoAmps, `model/report_schema.json`, JSON Schema draft-04, CC BY 4.0).
//!
//! `powerConsumption` is energy in kWh, despite its name; it is the median of the **IT energy**, because measuring tools
//! that write this form count no cooling. The form has no field for an interval: it stands in `measurementMethod` in
//! words, and `quality` is the class that half the interval's width falls into (high 10 %, medium 25 %, else low). The
//! number of accelerators is required and never made up.

use serde_json::{Value as Json, json};

use super::{ModelFigures, Shown, VERSION, json_text, middle, plain, without_nulls};
use crate::report::numbers;

/// The report.
///
/// # Errors
/// What the form requires and the row does not state.
pub fn json(figures: &ModelFigures<'_>) -> Result<String, String> {
    let row = figures.row;
    let count = row.hardware_count.filter(|n| *n >= 1.0 && n.fract() == 0.0);
    let count = count.ok_or("BoAmps requires the number of accelerators; fill in the column hardware_count")?;
    let energy = Shown::of(&figures.it_energy_kwh, 1.0);
    let median = energy.median.ok_or("nothing was drawn")?;
    let tokens = middle(row.tokens.as_ref());
    let billions = middle(row.parameters.as_ref()).map(|parameters| parameters / 1e9);
    let base: Vec<&str> = row.base_ids().collect();
    let document = json!({
        "task": {
            "taskStage": if figures.is_derivative() { "finetuning" } else { "training" },
            "taskFamily": figures.label("task").unwrap_or("not stated"),
            "taskDescription": format!("{}; IT energy, without cooling; {}", figures.coverage(), figures.energy_basis()),
            "algorithms": [{
                "algorithmName": row.id,
                "foundationModelName": (!base.is_empty()).then(|| base.join(", ")),
                "parametersNumber": billions,
                "epochsNumber": middle(row.epochs.as_ref()),
            }],
            "dataset": [{
                "dataUsage": "input",
                "dataType": if tokens.is_some() { "token" } else { "other" },
                "dataQuantity": tokens,
            }],
        },
        "measures": [{
            "measurementMethod": method(figures, &energy),
            "version": VERSION,
            "powerConsumption": median,
            "averageUtilizationGpu": middle(row.mfu.as_ref()).filter(|mfu| (0.0..=1.0).contains(mfu)),
        }],
        "infrastructure": {
            "infraType": "other",
            "cloudProvider": figures.label("provider"),
            "components": [{
                "componentName": figures.label("hardware"),
                "componentType": "gpu",
                "nbComponent": count as u64,
            }],
        },
        "environment": figures.label("region").map(|region| json!({ "country": region })),
        "quality": quality(&energy),
    });
    Ok(json_text(&without_nulls(document)))
}

fn method(figures: &ModelFigures<'_>, energy: &Shown) -> String {
    let interval = energy.interval.map_or("none".into(), |[lo, hi]| format!("{} to {} kWh", plain(lo), plain(hi)));
    format!(
        "Carbonhaze {VERSION}: median of {} Monte Carlo draws, seed {}; {} credible interval {interval}",
        numbers::count(figures.settings.draws),
        figures.settings.seed,
        numbers::level(figures.settings.level)
    )
}

/// Half the interval's width over the median.
fn quality(energy: &Shown) -> Json {
    let error = energy.median.zip(energy.interval).map(|(median, [lo, hi])| (hi - lo) / 2.0 / median);
    match error {
        Some(error) if error <= 0.1 => "high".into(),
        Some(error) if error <= 0.25 => "medium".into(),
        Some(_) => "low".into(),
        None => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::example;

    #[test]
    fn energy_of_the_equipment_by_hand() {
        // 1000 kWh of IT energy, 7 billion parameters: see the example.
        let found: Json = serde_json::from_str(&example::with(example::FIXED, json).unwrap()).unwrap();
        assert_eq!(found["measures"][0]["powerConsumption"], 1000.0);
        assert_eq!(found["task"]["algorithms"][0]["parametersNumber"], 7.0);
        assert_eq!(found["task"]["algorithms"][0]["foundationModelName"], "org/base");
        assert_eq!(
            found["task"]["dataset"][0],
            json!({"dataUsage": "input", "dataType": "token", "dataQuantity": 2e9})
        );
        assert_eq!(found["infrastructure"]["components"][0]["nbComponent"], 8);
        assert_eq!(found["quality"], "high");
        let loose: Json = serde_json::from_str(&example::with(example::LOOSE, json).unwrap()).unwrap();
        assert_eq!((&loose["quality"], &loose["task"]["taskStage"]), (&json!("low"), &json!("training")));
    }

    #[test]
    fn no_number_is_made_up() {
        let without = example::LOOSE.replace(",384,", ",,");
        let error = example::with(&without, json).unwrap_err();
        assert!(error.contains("hardware_count"), "{error}");
    }
}
