//! An audit trail: everything that a result rests on, so that someone else can check it line by line.
//!
//! It has the parts that auditors of greenhouse gas statements ask for (ISO 14064-1, GHG Protocol: activity data, mapping,
//! emission factors, calculation, boundary, changes), in an order of our own; no public form prescribes it. Activity data
//! are the figures of the row with their place in the file, or the document of a published fact; the mapping says what each
//! text of the row was read as; a coefficient has its median, range, source and confidence; a formula is the product that
//! is drawn. The confidence is the kind of the figure: disclosed, looked up, imputed, default, guessed; and whether its
//! spread is a choice without a firm source.

use serde_json::{Value as Json, json};

use super::{Shown, VERSION, json_text, kind, known, markdown_cell, markdown_table, plain, significant, without_nulls};
use crate::assess::{AssessedModel, Assessment, OUTPUTS, Slot};
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Basis, Boundary, Model, Portfolio, Run, Value};
use crate::report::explain::product;
use crate::report::numbers;
use crate::run::Outcome;

/// Columns whose text decides a factor, and the factors that it may decide, the first that the model has.
const MAPPED: [(&str, &[Slot]); 5] = [
    ("hardware", &[Slot::Efficiency, Slot::Compute, Slot::Reporting]),
    ("region", &[Slot::Grid, Slot::Reporting]),
    ("provider", &[Slot::Pue]),
    ("base_model", &[Slot::Lineage]),
    ("relation", &[Slot::Lineage]),
];

/// The trail of every model of the outcome. `command` is what was typed.
pub fn json(portfolio: &Portfolio, outcome: &Outcome, command: &str) -> String {
    json_text(&without_nulls(document(portfolio, outcome, command)))
}

fn document(portfolio: &Portfolio, outcome: &Outcome, command: &str) -> Json {
    let assessment = &outcome.assessment;
    let one = |model: &AssessedModel| {
        let row = portfolio.models.iter().find(|row| row.id == model.id)?;
        let estimate = outcome.posterior.models.iter().find(|m| m.id == model.id)?;
        Some(json!({
            "id": model.id,
            "place": row.place.to_string(),
            "tier": model.tier.name(),
            "activity_data": activity(row),
            "mapping": mapping(row, model),
            "coefficients": coefficients(model, assessment),
            "formulas": formulas(model),
            "emissions_t": Shown::of(&estimate.emissions_t, 1.0),
        }))
    };
    let total = &outcome.posterior.total;
    let warnings: Vec<String> = assessment.warnings.iter().map(|warning| warning.to_string()).collect();
    json!({
        "boundary": boundary(outcome),
        "models": assessment.models.iter().filter_map(one).collect::<Vec<_>>(),
        "total": {
            "emissions_t": Shown::of(&total.emissions_t, 1.0),
            "energy_kwh": Shown::of(&total.energy_kwh, 1.0),
            "compute_eflop": Shown::of(&total.compute_eflop, 1.0),
            "level": outcome.settings.level,
        },
        "rounding": {
            "drawing": "64-bit integers from the first random bit to the last sum",
            "relative_error_bound": outcome.posterior.discretisation.bound.map(|bound| significant(bound, 1)),
            "printing": "the last digit printed is the first one of twice the Monte Carlo standard error",
        },
        "warnings": warnings,
        "change_log": {
            "tool": "carbonhaze", "version": VERSION, "plan_hash": outcome.info.plan_hash, "draws": outcome.settings.draws,
            "seed": outcome.settings.seed, "command": command,
            "changes": "CHANGELOG.md of this version marks as value-breaking whatever changes a number for the same input",
        },
    })
}

fn boundary(outcome: &Outcome) -> Json {
    let scope = outcome.assessment.scope;
    json!({
        "runs": match scope.run {
            Run::Final => "final training runs; failed runs and experiments are not counted",
            Run::Development => "all runs of the development",
        },
        "energy": match scope.boundary {
            Boundary::Facility => "facility: IT energy times PUE",
            Boundary::It => "IT equipment only",
        },
        "electricity": match scope.basis {
            Basis::Location => "location-based",
            Basis::Market => "market-based where the row states it",
        },
        "embodied": scope.embodied,
        "not_counted": "inference, storage, networks beyond the node, people",
    })
}

/// The figures of a row.
fn figures(row: &Model) -> [(&'static str, Option<&Value>); 16] {
    [
        ("emissions_kg", row.emissions_kg.as_ref()),
        ("energy_kwh", row.energy_kwh.as_ref()),
        ("gpu_hours", row.gpu_hours.as_ref()),
        ("power_w", row.power_w.as_ref()),
        ("compute_flop", row.compute_flop.as_ref()),
        ("parameters", row.parameters.as_ref()),
        ("active_parameters", row.active_parameters.as_ref()),
        ("tokens", row.tokens.as_ref()),
        ("epochs", row.epochs.as_ref()),
        ("mfu", row.mfu.as_ref()),
        ("efficiency_flop_per_j", row.efficiency_flop_per_j.as_ref()),
        ("pue", row.pue.as_ref()),
        ("grid_g_per_kwh", row.grid_g_per_kwh.as_ref()),
        ("market_g_per_kwh", row.market_g_per_kwh.as_ref()),
        ("wue_l_per_kwh", row.wue_l_per_kwh.as_ref()),
        ("hardware_count", None),
    ]
}

fn activity(row: &Model) -> Vec<Json> {
    let entry = |column: &str, text: String| {
        let published = row.published.get(column);
        json!({
            "column": column,
            "value": text,
            "from": published.map_or(row.place.to_string(), |p| p.document.clone()),
            "read": published.map(|p| p.read.clone()),
            "note": published.map(|p| p.note.clone()).filter(|note| !note.is_empty()),
        })
    };
    let text = |value: &Value| match value {
        Value::Number(x) => plain(*x),
        Value::Distribution(d) => d.abridged(&plain),
    };
    let mut out: Vec<Json> =
        figures(row).into_iter().filter_map(|(column, value)| Some(entry(column, text(value?)))).collect();
    out.extend(row.hardware_count.map(|count| entry("hardware_count", count.to_string())));
    out
}

fn mapping(row: &Model, model: &AssessedModel) -> Vec<Json> {
    let of = |(column, slots): (&str, &[Slot])| {
        let written = row.labels.stated(column)?;
        let factor = |slot: &Slot| Some((slot.factor().name(), model.factors.get(*slot as usize)?.as_ref()?));
        let found = slots.iter().find_map(factor);
        Some(json!({
            "column": column,
            "as_written": written,
            "factor": found.map(|(name, _)| name),
            "read_as": found.map(|(_, factor)| factor.provenance.how.as_str()),
        }))
    };
    MAPPED.into_iter().filter_map(of).collect()
}

fn coefficients(model: &AssessedModel, assessment: &Assessment) -> Vec<Json> {
    let mut out = Vec::new();
    for (slot, factor) in Slot::ALL.into_iter().zip(&model.factors) {
        let Some(factor) = factor else { continue };
        let own = factor.alone();
        let at = |p: f64| known(quantile(&own, p), Some(0.0));
        let shared: Vec<Json> = (factor.shared.iter())
            .filter_map(|(index, weight)| {
                let effect = assessment.shared.get(*index)?;
                let gsd = known(libm::exp((effect.ln_gsd * weight).abs()), Some(0.0));
                Some(json!({ "name": *effect.name, "of": *effect.value, "gsd": gsd, "source": *effect.source }))
            })
            .collect();
        let effects: Vec<String> =
            shared.iter().map(|e| format!("{} (GSD {})", text(&e["name"]), text(&e["gsd"]))).collect();
        let effects = effects.join("; ");
        out.push(json!({
            "factor": slot.factor().name(),
            "median": at(0.5),
            "own_range_90_percent": [at(0.05), at(0.95)],
            "shared_effects": effects,
            "confidence": kind(factor.provenance.kind),
            "basis": if factor.provenance.chosen { "judgement" } else { "data" },
            "how": factor.provenance.how,
            "source": factor.provenance.source,
            "shared": shared,
        }));
    }
    out
}

fn formulas(model: &AssessedModel) -> Vec<String> {
    const CHAIN: [(&str, &str); OUTPUTS] =
        [("compute", "EFLOP"), ("IT energy", "kWh"), ("energy", "kWh"), ("emissions", "t")];
    CHAIN
        .into_iter()
        .zip(&model.terms)
        .map(|((name, unit), term)| format!("{name} [{unit}] = {}", product(term)))
        .collect()
}

/// A value of the document for people: estimates as `median [interval], mean`, ranges as `a to b`.
fn text(value: &Json) -> String {
    let number = |value: &Json| value.as_f64().map_or(value.to_string(), plain);
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        Json::Number(_) => number(value),
        Json::Array(ends) => ends.iter().map(number).collect::<Vec<_>>().join(" to "),
        Json::Object(e) if e.contains_key("median") => {
            let of = |key: &str| e.get(key).map(text).unwrap_or_default();
            format!("{} [{}], mean {}", of("median"), of("interval"), of("mean"))
        }
        other => other.to_string(),
    }
}

/// The trail as Markdown.
pub fn markdown(portfolio: &Portfolio, outcome: &Outcome, command: &str) -> String {
    let trail = without_nulls(document(portfolio, outcome, command));
    let list = |value: &Json| -> String {
        let fields = value.as_object().into_iter().flatten();
        fields.map(|(key, value)| format!("- {}: {}\n", key.replace('_', " "), markdown_cell(&text(value)))).collect()
    };
    let table = |value: &Json, keys: &[&str]| {
        let rows: Vec<Vec<String>> = (value.as_array().into_iter().flatten())
            .map(|entry| keys.iter().map(|key| text(&entry[*key])).collect())
            .collect();
        let head: Vec<String> = keys.iter().map(|key| key.replace('_', " ")).collect();
        markdown_table(&head.iter().map(String::as_str).collect::<Vec<_>>(), &rows)
    };
    let mut out = String::from("# Audit trail\n\n## Boundary\n\n");
    out += &list(&trail["boundary"]);
    out += &format!("\n## Total ({} interval)\n\n", numbers::level(outcome.settings.level));
    out += &list(&trail["total"]);
    for model in trail["models"].as_array().into_iter().flatten() {
        out += &format!(
            "\n## {}\n\n{}, tier {}\n",
            markdown_cell(&text(&model["id"])),
            text(&model["place"]),
            text(&model["tier"])
        );
        out +=
            &format!("\n### Activity data\n\n{}", table(&model["activity_data"], &["column", "value", "from", "note"]));
        out +=
            &format!("\n### Mapping\n\n{}", table(&model["mapping"], &["column", "as_written", "factor", "read_as"]));
        let keys =
            ["factor", "median", "own_range_90_percent", "shared_effects", "confidence", "basis", "how", "source"];
        out += &format!("\n### Coefficients\n\n{}", table(&model["coefficients"], &keys));
        out += "\n### Formulas\n\n";
        (model["formulas"].as_array().into_iter().flatten())
            .for_each(|f| out += &format!("- {}\n", markdown_cell(&text(f))));
        out += &format!("\nEmissions in t: {}\n", markdown_cell(&text(&model["emissions_t"])));
    }
    out += &format!("\n## Rounding\n\n{}", list(&trail["rounding"]));
    let warnings = trail["warnings"].as_array().map_or(&[][..], Vec::as_slice);
    if !warnings.is_empty() {
        out += "\n## Warnings\n\n";
        warnings.iter().for_each(|warning| out += &format!("- {}\n", markdown_cell(&text(warning))));
    }
    out + &format!("\n## Change log\n\n{}", list(&trail["change_log"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::example;
    use crate::run::{NoProgress, RunOptions, Session};

    #[test]
    fn a_trail_names_every_figure_and_factor() {
        let portfolio = example::portfolio(&[example::FIXED, example::LOOSE]);
        let options = RunOptions { draws: Some(2_000), ..RunOptions::default() };
        let outcome = Session::builder().build().unwrap().run(&portfolio, &options, &NoProgress).unwrap();
        let found: Json = serde_json::from_str(&json(&portfolio, &outcome, "haze export audit models.csv")).unwrap();
        let models = found["models"].as_array().unwrap();
        assert_eq!(models.len(), 2);
        // 0.6 t: see the example.
        assert_eq!(models[0]["emissions_t"]["median"], 0.6);
        let columns = |model: &Json, part: &str, key: &str| -> Vec<String> {
            model[part].as_array().unwrap().iter().map(|entry| entry[key].as_str().unwrap().to_string()).collect()
        };
        let activity = columns(&models[0], "activity_data", "column");
        for column in ["compute_flop", "efficiency_flop_per_j", "pue", "grid_g_per_kwh", "tokens", "hardware_count"] {
            assert!(activity.iter().any(|c| c == column), "no {column} in {activity:?}");
        }
        assert!(columns(&models[1], "mapping", "column").contains(&"hardware".to_string()));
        assert!(models.iter().all(|model| !model["coefficients"].as_array().unwrap().is_empty()));
        assert!(models[0]["formulas"][3].as_str().unwrap().starts_with("emissions [t] ="));
        assert_eq!(found["change_log"]["command"], "haze export audit models.csv");
        let text = markdown(&portfolio, &outcome, "haze export audit models.csv");
        for part in [
            "## Boundary",
            "### Mapping",
            "### Coefficients",
            "### Formulas",
            "## Rounding",
            "## Change log",
            "plan hash",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
}
