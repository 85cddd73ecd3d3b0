//! The fields on training time, compute and energy of the Model Documentation Form (Code of Practice for general-purpose
//! AI, transparency chapter, 10 July 2025), with the thresholds of the Commission's guidelines ([`super::thresholds`]).
//!
//! The form was read in a second-hand copy; the wording here is ours, so check the official text before quoting. Training time is asked for as a range, as wall-clock days
//! and as hardware days; compute in FLOP as an order of magnitude and to two significant figures; energy in MWh to two
//! significant figures, measured or estimated, with the method in about 100 words. No energy boundary is defined there:
//! the form states ours. What the row does not say (wall-clock time) is left for the provider and not worked out from the
//! energy.

use serde_json::json;

use super::thresholds::{self, SECOND_HAND};
use super::{ModelFigures, Shown, VERSION, json_text, markdown_cell, middle, plain, significant, without_nulls};
use crate::portfolio::{Run, Value};
use crate::posterior::thresholds::Thresholds;
use crate::report::numbers;

const FLOP_PER_EFLOP: f64 = 1e18;
const HOURS_PER_DAY: f64 = 24.0;
/// A twelfth of 365.25 days.
const DAYS_PER_MONTH: f64 = 30.4375;

/// The form's range for a time in days.
fn range_of(days: f64) -> &'static str {
    match days / DAYS_PER_MONTH {
        m if m < 1.0 => "less than 1 month",
        m if m <= 3.0 => "1 to 3 months",
        m if m <= 6.0 => "3 to 6 months",
        _ => "more than 6 months",
    }
}

/// What the form asks for.
struct Fields {
    wall_clock_days: Option<f64>,
    hardware_days: Option<f64>,
    flop: Option<f64>,
    flop_shown: Shown,
    flop_method: String,
    mwh: Option<f64>,
    mwh_shown: Shown,
    energy_method: String,
}

impl Fields {
    fn of(figures: &ModelFigures<'_>) -> Fields {
        let hours = middle(figures.row.gpu_hours.as_ref());
        let count = figures.row.hardware_count.filter(|n| *n > 0.0);
        let two = |x: f64| significant(x, 2);
        let flop_shown = Shown::of(&figures.compute_eflop, FLOP_PER_EFLOP);
        let mwh_shown = Shown::of(&figures.energy_kwh, 1e-3);
        Fields {
            wall_clock_days: hours.zip(count).map(|(hours, count)| two(hours / count / HOURS_PER_DAY)),
            hardware_days: hours.map(|hours| two(hours / HOURS_PER_DAY)),
            // What is stated is what is reported; else the median.
            flop: stated_flop(figures).or(flop_shown.median).map(two),
            flop_method: compute_method(figures),
            flop_shown,
            mwh: mwh_shown.median.map(two),
            energy_method: energy_method(figures),
            mwh_shown,
        }
    }

    /// The exponent of the first digit.
    fn order(&self) -> Option<i32> {
        self.flop.and_then(numbers::magnitude)
    }
}

fn provenance(figures: &ModelFigures<'_>, name: &str) -> Option<String> {
    figures.assessed.provenance.get(name).map(|p| format!("{} (source: {})", p.how, p.source))
}

/// The compute that the row states as one number.
fn stated_flop(figures: &ModelFigures<'_>) -> Option<f64> {
    match figures.row.compute_flop {
        Some(Value::Number(flop)) => Some(flop),
        _ => None,
    }
}

fn compute_method(figures: &ModelFigures<'_>) -> String {
    let how = provenance(figures, "compute").unwrap_or_else(|| "inferred from the other figures of the row".into());
    let figure = match stated_flop(figures) {
        Some(_) => "Stated figure; the interval is that",
        None => "Median",
    };
    format!(
        "{figure} of {} draws with Carbonhaze {VERSION}. Compute: {how}. It covers {}; all operations count equally, whatever \
         their precision.",
        numbers::count(figures.settings.draws),
        run(figures)
    )
}

fn run(figures: &ModelFigures<'_>) -> &'static str {
    match figures.scope.run {
        Run::Final => "this training run only, without base models and without earlier runs",
        Run::Development => "all runs of the development, without base models",
    }
}

fn energy_method(figures: &ModelFigures<'_>) -> String {
    let of = |name: &str| provenance(figures, name).map(|how| format!(" {name}: {how}.")).unwrap_or_default();
    format!(
        "Energy {}; Carbonhaze {VERSION}, median of {} Monte Carlo draws with the {} credible interval. Energy is compute over \
         efficiency (operations per joule of IT energy) times PUE where no figure closer to the energy is stated.{}{}{} Boundary: \
         {}. It covers {}.",
        figures.energy_basis(),
        numbers::count(figures.settings.draws),
        numbers::level(figures.settings.level),
        of("reporting"),
        of("efficiency"),
        of("pue"),
        figures.boundary(),
        run(figures)
    )
}

/// The form as Markdown.
pub fn markdown(figures: &ModelFigures<'_>, thresholds: Option<&Thresholds>) -> String {
    let fields = Fields::of(figures);
    const OPEN: &str = "to be filled in by the provider";
    let or_open = |x: Option<String>| x.unwrap_or_else(|| OPEN.into());
    let days = |x: Option<f64>| or_open(x.map(|x| format!("{} days", plain(x))));
    let level = numbers::level(figures.settings.level);
    let interval = |shown: Shown| shown.interval.map(|[lo, hi]| [lo, hi].map(|x| significant(x, 2)));
    let of = |x: Option<[f64; 2]>, unit: &str, exponent: bool| {
        let text = |x: f64| if exponent { format!("{x:e}") } else { plain(x) };
        x.map_or(String::new(), |[lo, hi]| format!(" ({level} interval {} to {} {unit})", text(lo), text(hi)))
    };
    let measured = if figures.energy_is_measured() { "measured" } else { "estimated" };
    let rows = [
        ("Training time, range", or_open(fields.wall_clock_days.map(|days| range_of(days).into()))),
        ("Training time, wall-clock days", days(fields.wall_clock_days)),
        (
            "Training time, hardware days",
            or_open(fields.hardware_days.map(|x| format!("{} accelerator-days", plain(x)))),
        ),
        (
            "Amount of computation used for training, order of magnitude",
            or_open(fields.order().map(|n| format!("10^{n} FLOP"))),
        ),
        (
            "Amount of computation used for training",
            or_open(fields.flop.map(|x| format!("{x:e} FLOP{}", of(interval(fields.flop_shown), "FLOP", true)))),
        ),
        ("Measurement methodology, computation", fields.flop_method.clone()),
        (
            "Amount of energy used for training",
            or_open(
                fields
                    .mwh
                    .map(|x| format!("{} MWh, {measured}{}", plain(x), of(interval(fields.mwh_shown), "MWh", false))),
            ),
        ),
        ("Energy boundary (the form defines none)", figures.boundary().into()),
        ("Measurement methodology, energy", fields.energy_method.clone()),
        ("Benchmarked amount of computation used for inference", OPEN.into()),
    ];
    let mut out = format!("# Model Documentation Form: {}\n\n", markdown_cell(&figures.row.id));
    out += "Fields on time, compute and energy only. The form was read in a second-hand copy.\n\n| field | entry |\n|---|---|\n";
    for (field, entry) in rows {
        out += &format!("| {field} | {} |\n", markdown_cell(&entry));
    }
    if let Some(thresholds) = thresholds {
        out += &format!("\n## Thresholds\n\n{SECOND_HAND}.\n\n");
        let sentences = thresholds::sentences(thresholds);
        sentences.iter().for_each(|sentence| out += &format!("- {}\n", markdown_cell(sentence)));
    }
    out
}

/// The form as JSON: keys of ours, for the form has none.
pub fn json(figures: &ModelFigures<'_>, thresholds: Option<&Thresholds>) -> String {
    let fields = Fields::of(figures);
    let document = json!({
        "form": "Model Documentation Form, fields on time, compute and energy (read in a second-hand copy)",
        "model": figures.row.id,
        "training_time": {
            "range": fields.wall_clock_days.map(range_of),
            "wall_clock_days": fields.wall_clock_days,
            "hardware_days": fields.hardware_days,
        },
        "training_compute": {
            "flop": fields.flop,
            "order_of_magnitude": fields.order(),
            "interval_flop": fields.flop_shown.interval,
            "method": fields.flop_method,
        },
        "training_energy": {
            "mwh": fields.mwh,
            "interval_mwh": fields.mwh_shown.interval,
            "measured": figures.energy_is_measured(),
            "boundary": figures.boundary(),
            "method": fields.energy_method,
        },
        "thresholds": thresholds.map(thresholds::json),
        "drawn": figures.drawn(),
    });
    json_text(&without_nulls(document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    use crate::export::example;

    #[test]
    fn two_significant_figures_by_hand() {
        // 360 EFLOP = 3.6e20 FLOP, 1200 kWh = 1.2 MWh: see the example.
        let (text, document) = example::with(example::FIXED, |f| (markdown(f, None), json(f, None)));
        let found: Json = serde_json::from_str(&document).unwrap();
        assert_eq!(found["training_compute"]["flop"], 3.6e20);
        assert_eq!(found["training_compute"]["order_of_magnitude"], 20);
        assert_eq!(found["training_energy"]["mwh"], 1.2);
        assert_eq!(found["training_energy"]["measured"], false);
        assert_eq!(found["training_time"], json!({}));
        assert!(text.contains("3.6e20 FLOP") && text.contains("1.2 MWh, estimated"), "{text}");
        assert!(text.contains("10^20 FLOP") && text.contains("to be filled in by the provider"), "{text}");
    }

    #[test]
    fn time_from_hours_and_number_by_hand() {
        // 100,000 accelerator-hours: 4,166.7 hardware days, on 384 of them 10.85 days by the clock.
        let document = example::with(example::LOOSE, |f| json(f, None));
        let time = &serde_json::from_str::<Json>(&document).unwrap()["training_time"];
        assert_eq!([&time["hardware_days"], &time["wall_clock_days"]], [&json!(4200.0), &json!(11.0)]);
        assert_eq!(time["range"], "less than 1 month");
        let ranges = [1.0, 40.0, 100.0, 200.0].map(range_of);
        assert_eq!(ranges, ["less than 1 month", "1 to 3 months", "3 to 6 months", "more than 6 months"]);
    }

    #[test]
    fn thresholds_are_sentences() {
        let found = thresholds::tests::found();
        let (text, document) = example::with(example::FIXED, |f| (markdown(f, Some(&found)), json(f, Some(&found))));
        assert!(text.contains("second-hand copy") && text.contains("## Thresholds"), "{text}");
        let document: Json = serde_json::from_str(&document).unwrap();
        assert_eq!(document["thresholds"]["above_1e25"]["probability"], 0.02);
        assert_eq!(document["thresholds"]["sentences"].as_array().map(Vec::len), Some(4));
    }
}
