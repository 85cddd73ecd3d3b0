//! A report of the Software Carbon Intensity for AI, provider boundary (Green Software Foundation, sci-ai `SPEC.md`, version
//! of the main branch, Joint Development Foundation licence; the fields are named here in words of ours).
//!
//! ```text
//! SCI = (O + M) / R      O operational, M embodied; R FLOP, training tokens or billion parameters
//! ```
//!
//! Training counts with its intermediate runs (section 7.2), so O is that of all runs of the development; data collection,
//! deployment and retirement are not estimated and the report says so. Per FLOP the ratio is formed in every draw (1 g per
//! 1e15 FLOP = 1,000 g/EFLOP); tokens and parameters divide as the row states them. The examples of the specification slip
//! by factors of 100 and 1,000; the tests here rest on arithmetic.

use serde_json::{Value as Json, json};

use super::{ModelFigures, Shown, VERSION, json_text, kind, markdown_table, middle, without_nulls};
use crate::assess::Slot;
use crate::portfolio::quantile::quantile;
use crate::report::numbers;

const KG_PER_T: f64 = 1e3;
const G_PER_T: f64 = 1e6;

/// One functional unit.
struct Score {
    unit: &'static str,
    name: &'static str,
    value: Shown,
    quantity: Json,
    values: &'static str,
    rationale: &'static str,
}

fn scores(figures: &ModelFigures<'_>) -> Vec<Score> {
    let mut out = vec![Score {
        unit: "gCO2e per 1e15 FLOP",
        name: "FLOP",
        value: Shown::of(&figures.g_per_eflop, 1e-3),
        quantity: json!({ "value": Shown::of(&figures.compute_eflop, 1e18).median, "unit": "FLOP" }),
        values: "effective: operations that train the model, without recomputation",
        rationale: "efficiency of algorithms and hardware; the work that was done",
    }];
    let row = figures.row;
    let tokens = middle(row.tokens.as_ref()).map(|tokens| tokens * middle(row.epochs.as_ref()).unwrap_or(1.0));
    if let Some(tokens) = tokens.filter(|tokens| *tokens > 0.0) {
        out.push(Score {
            unit: "gCO2e per 1e6 training tokens",
            name: "training token",
            value: Shown::of(&figures.with_embodied_t, G_PER_T * 1e6 / tokens),
            quantity: json!({ "value": tokens, "unit": "training tokens, repetitions counted" }),
            values: "gross: tokens as the row states them",
            rationale: "efficiency of the training data",
        });
    }
    if let Some(parameters) = middle(row.parameters.as_ref()).filter(|parameters| *parameters > 0.0) {
        out.push(Score {
            unit: "kgCO2e per 1e9 parameters",
            name: "billion parameters",
            value: Shown::of(&figures.with_embodied_t, KG_PER_T * 1e9 / parameters),
            quantity: json!({ "value": parameters, "unit": "parameters" }),
            values: "gross: all parameters",
            rationale: "efficiency of the model's architecture",
        });
    }
    out
}

/// What O holds.
fn operational(figures: &ModelFigures<'_>) -> (Shown, &'static str) {
    match &figures.development_t {
        Some(all) => (Shown::of(all, KG_PER_T), "all runs of the development, the final one included; modelled"),
        None => (
            Shown::of(&figures.emissions_t, KG_PER_T),
            "all runs of the development, as the study's scope counts them; modelled",
        ),
    }
}

/// The factors of the model: name, what was done, median, unit, source.
fn coefficients(figures: &ModelFigures<'_>) -> Vec<Json> {
    let unit = |slot: Slot| match slot {
        Slot::Efficiency => "FLOP/J, or the inverse of W where hours are stated",
        Slot::Pue => "1",
        Slot::Grid => "gCO2e/kWh",
        Slot::Development => "1, all runs over the final one",
        Slot::HardwareHours => "accelerator-hours where they are stated, else 1",
        _ => "",
    };
    let named = [Slot::Efficiency, Slot::Pue, Slot::Grid, Slot::HardwareHours, Slot::Development];
    let of = |slot: Slot| {
        let factor = figures.assessed.factors.get(slot as usize)?.as_ref()?;
        Some(json!({
            "name": if slot == Slot::HardwareHours { "hardware hours" } else { slot.factor().name() },
            "description": factor.provenance.how,
            "value": super::known(quantile(&factor.alone(), 0.5), Some(0.0)),
            "unit": unit(slot),
            "kind": kind(factor.provenance.kind),
            "source": factor.provenance.source,
        }))
    };
    named.into_iter().filter_map(of).collect()
}

const BOUNDARY: &str = "provider: training with its intermediate runs (design and development) and the making of the \
accelerators by the time they were used; not estimated: inception, data collection, deployment, retirement";

/// The report as JSON.
pub fn json(figures: &ModelFigures<'_>) -> String {
    let level = figures.settings.level;
    let (operational, covers) = operational(figures);
    let scores: Vec<Json> = scores(figures)
        .into_iter()
        .map(|s| {
            json!({
                "functional_unit": s.name, "unit": s.unit, "median": s.value.median, "mean": s.value.mean,
                "interval": s.value.interval, "level": level, "quantity": s.quantity, "normalised_by": s.values,
                "rationale": s.rationale, "method": "modelled",
            })
        })
        .collect();
    let document = json!({
        "specification": "Software Carbon Intensity for AI (Green Software Foundation), provider boundary",
        "software": { "name": figures.row.id, "version": null, "url": null },
        "accountable": { "organisation": figures.label("organization"), "contact": null },
        "date": figures.label("date"),
        "timespan": "the whole training, not dated",
        "boundary": BOUNDARY,
        "scores": scores,
        "breakdown": {
            "operational_kgco2e": operational,
            "operational_covers": covers,
            "final_run_kgco2e": Shown::of(&figures.emissions_t, KG_PER_T),
            "embodied_kgco2e": figures.embodied_t.map(|e| Shown::of(&e, KG_PER_T)),
            "embodied_covers": "accelerators of the final run; modelled",
            "energy_kwh": Shown::of(&figures.energy_kwh, 1.0),
        },
        "coefficients": coefficients(figures),
        "methods": {
            "operational": format!("modelled: {}", figures.energy_basis()),
            "embodied": "modelled: accelerator-hours times a published rate",
        },
        "drawn": figures.drawn(),
    });
    json_text(&without_nulls(document))
}

/// The report as Markdown.
pub fn markdown(figures: &ModelFigures<'_>) -> String {
    let level = numbers::level(figures.settings.level);
    let mut out = format!("# SCI for AI, provider: {}\n\n", super::markdown_cell(&figures.row.id));
    out += &format!(
        "Medians with the {level} credible interval, from {} draws with Carbonhaze {VERSION}, seed {}. Boundary: {BOUNDARY}.\n\n",
        numbers::count(figures.settings.draws),
        figures.settings.seed
    );
    let rows: Vec<Vec<String>> = scores(figures)
        .into_iter()
        .map(|s| vec![s.name.into(), format!("{} {}", s.value.text(), s.unit), s.values.into(), s.rationale.into()])
        .collect();
    out += &markdown_table(&["functional unit", "score", "normalised by", "rationale"], &rows);
    let (operational, covers) = operational(figures);
    let text = |shown: Shown| format!("{} kgCO2e", shown.text());
    let embodied = figures.embodied_t.map_or("not known".into(), |e| text(Shown::of(&e, KG_PER_T)));
    let parts = [
        vec!["operational".to_string(), text(operational), covers.into()],
        vec![
            "of this the final run".into(),
            text(Shown::of(&figures.emissions_t, KG_PER_T)),
            figures.energy_basis().into(),
        ],
        vec!["embodied".into(), embodied, "accelerators of the final run; modelled".into()],
    ];
    out += &format!("\n## Breakdown\n\n{}", markdown_table(&["part", "emissions", "covers"], &parts));
    let field = |c: &Json, key: &str| c[key].as_str().map(String::from).unwrap_or_else(|| c[key].to_string());
    let keys = ["name", "description", "value", "unit", "kind", "source"];
    let rows: Vec<Vec<String>> =
        coefficients(figures).iter().map(|c| keys.iter().map(|key| field(c, key)).collect()).collect();
    out + &format!("\n## Coefficients\n\n{}", markdown_table(&keys, &rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::example;

    #[test]
    fn a_score_is_operational_and_embodied_over_the_unit() {
        let found = example::with(example::FIXED, |f| {
            let parts = [f.development_t, f.embodied_t].map(|e| e.unwrap().mean.unwrap());
            (json(f), parts, f.compute_eflop.mean.unwrap())
        });
        let (text, [all_runs, embodied], compute) = found;
        let document: Json = serde_json::from_str(&text).unwrap();
        // Compute is exactly 360 EFLOP, so that the mean of the ratio is the ratio of the means. The row states 2e9 tokens
        // and 7e9 parameters.
        assert!((compute / 360.0 - 1.0).abs() < 1e-6);
        let carbon_g = 1e6 * (all_runs + embodied);
        let want = [carbon_g / 360e18 * 1e15, carbon_g / 2e9 * 1e6, carbon_g / 1e3 / 7.0];
        for (score, want) in document["scores"].as_array().unwrap().iter().zip(want) {
            let got = score["mean"].as_f64().unwrap();
            assert!((got / want - 1.0).abs() < 0.05 && (got / want / 10.0 - 1.0).abs() > 0.05, "{score} {want}");
        }
        assert_eq!(document["scores"].as_array().unwrap().len(), 3);
        assert!(document["breakdown"]["final_run_kgco2e"]["mean"] == 600.0);
        let grid = document["coefficients"].as_array().unwrap().iter().find(|c| c["name"] == "grid").unwrap();
        assert_eq!((&grid["value"], &grid["unit"]), (&json!(500.0), &json!("gCO2e/kWh")));
    }

    #[test]
    fn the_report_as_text() {
        let text = example::with(example::FIXED, markdown);
        for part in [
            "gCO2e per 1e15 FLOP",
            "kgCO2e per 1e9 parameters",
            "| of this the final run | 600 \\[600, 600\\] kgCO2e |",
            "Coefficients",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
}
