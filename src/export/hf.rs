//! `co2_eq_emissions` for the front matter of a model card on the Hugging Face Hub (huggingface/hub-docs, Apache-2.0:
//! `emissions` in **grams**, `source`, `training_type`, `geographical_location`, `hardware_used`).
//!
//! The field holds one number: it is the median, and the interval stands next to it under `carbonhaze`, which readers of
//! the field pass over. `source` says in words that the figure is an estimate and what it covers.

use super::card::Block;
use super::cell::cell;
use super::yaml::quoted;
use super::{ModelFigures, Shown, VERSION};
use crate::assess::Tier;
use crate::report::numbers;

const G_PER_T: f64 = 1e6;

/// `co2_eq_emissions`; nothing where nothing was drawn.
pub fn blocks(figures: &ModelFigures<'_>) -> Vec<Block> {
    let shown = Shown::of(&figures.emissions_t, G_PER_T);
    let Some(median) = shown.median else { return Vec::new() };
    let settings = figures.settings;
    let how = match figures.assessed.tier {
        Tier::T1 => "metered or audited, as stated; with its error",
        Tier::T1b => "stated by the publisher; with its error",
        _ => "estimated",
    };
    let source = format!(
        "{how}: Carbonhaze {VERSION}, median of {} draws; {}",
        numbers::count(settings.draws),
        figures.coverage()
    );
    let mut lines = vec!["co2_eq_emissions:".to_string()];
    let mut put = |indent: &str, key: &str, value: Option<String>| {
        lines.extend(value.map(|value| format!("{indent}{key}: {value}")));
    };
    let top = "  ";
    put(top, "emissions", Some(median.to_string()));
    put(top, "source", Some(quoted(&source)));
    // Of a row without a base it is not known what it is.
    put(top, "training_type", figures.is_derivative().then(|| quoted("fine-tuning")));
    put(top, "geographical_location", figures.label("region").map(quoted));
    put(top, "hardware_used", hardware(figures).as_deref().map(quoted));
    put(top, "carbonhaze", Some(String::new()));
    let own = "    ";
    put(own, "interval_g", shown.interval.map(|[lo, hi]| format!("[{lo}, {hi}]")));
    put(own, "level", Some(settings.level.to_string()));
    put(own, "mean_g", shown.mean.map(|x| x.to_string()));
    put(own, "cell", cell(&figures.emissions_t, settings.level, G_PER_T).map(|cell| quoted(&cell)));
    put(own, "draws", Some(settings.draws.to_string()));
    put(own, "seed", Some(settings.seed.to_string()));
    put(own, "version", Some(quoted(VERSION)));
    let lines = lines.iter().map(|line| line.trim_end().to_string()).collect();
    vec![Block { key: "co2_eq_emissions", lines }]
}

/// `8 x A100`
fn hardware(figures: &ModelFigures<'_>) -> Option<String> {
    let name = figures.label("hardware")?;
    let count = figures.row.hardware_count.filter(|_| !name.starts_with(|c: char| c.is_ascii_digit()));
    Some(count.map_or(name.to_string(), |count| format!("{count} x {name}")))
}

#[cfg(test)]
mod tests {
    use crate::export::example;
    use serde_json::Value;

    #[test]
    fn grams_by_hand() {
        // 600 kg are 600,000 g: see the example.
        let lines: Vec<String> =
            example::with(example::FIXED, super::blocks).into_iter().flat_map(|block| block.lines).collect();
        let found: Value = serde_saphyr::from_str(&format!("{}\n", lines.join("\n"))).unwrap();
        let field = &found["co2_eq_emissions"];
        assert_eq!(field["emissions"], 600_000);
        assert_eq!(field["training_type"], "fine-tuning");
        assert_eq!(field["geographical_location"], "France");
        assert_eq!(field["hardware_used"], "8 x A100");
        assert_eq!(field["carbonhaze"]["interval_g"], serde_json::json!([600_000, 600_000]));
        assert_eq!(field["carbonhaze"]["cell"], "fixed(600000)");
        assert!(field["source"].as_str().unwrap().contains("final training run only"));
    }
}
