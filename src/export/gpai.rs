//! The fields on training time, compute and energy of the Model Documentation Form (Code of Practice for general-purpose
//! AI, transparency chapter, 10 July 2025), and what the thresholds of the Commission's guidelines on general-purpose AI
//! models (July 2025) mean for an uncertain compute.
//!
//! Both documents were read in second-hand copies; the wording here is ours and copies differ by a few in the numbers of
//! the paragraphs, so check the official text before quoting. Training time is asked for as a range, as wall-clock days
//! and as hardware days; compute in FLOP as an order of magnitude and to two significant figures; energy in MWh to two
//! significant figures, measured or estimated, with the method in about 100 words. No energy boundary is defined there:
//! the form states ours. What the row does not say (wall-clock time) is left for the provider and not worked out from the
//! energy.

use serde_json::{Value as Json, json};

use super::{ModelFigures, Shown, VERSION, json_text, markdown_cell, middle, plain, significant, without_nulls};
use crate::portfolio::Run;
use crate::posterior::Estimate;
use crate::report::numbers;

const FLOP_PER_EFLOP: f64 = 1e18;
const HOURS_PER_DAY: f64 = 24.0;
/// A twelfth of 365.25 days.
const DAYS_PER_MONTH: f64 = 30.4375;

/// How an uncertain compute lies to the thresholds of the guidelines, from joint draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// The compute that is reported, in FLOP.
    pub estimate_flop: f64,
    /// It is what the row states, not a median of draws.
    pub estimate_is_stated: bool,
    /// P(the true compute is within 30 % of the estimate).
    pub within_30_percent: f64,
    /// P(the cumulative compute is above 1e25 FLOP).
    pub above_1e25: f64,
    /// With the compute of merged and initialising weights, in FLOP.
    pub cumulative_flop: Estimate,
    /// P(the compute of the modification is above a third of the original's).
    pub above_third_of_base: Option<f64>,
    /// The original model.
    pub base: Option<String>,
    /// The original's compute is not known: a third of the substitute threshold was used.
    pub substitute: bool,
    /// Models whose compute belongs to the cumulative one and is not in it.
    pub left_out: Vec<String>,
}

impl Thresholds {
    /// A sentence for each question.
    pub fn sentences(&self) -> Vec<String> {
        let share = |p: f64| numbers::percent(p);
        let flop = |x: f64| format!("{:.1e} FLOP", x);
        let how = if self.estimate_is_stated { "the stated figure" } else { "the median of the draws" };
        let cumulative = Shown::of(&self.cumulative_flop, 1.0);
        let range = match cumulative.interval {
            Some([lo, hi]) => format!(" (interval {} to {})", flop(lo), flop(hi)),
            None => String::new(),
        };
        let mut out = vec![
            format!(
                "The reported compute is {} ({how}); the probability that the true compute lies within 30 % of it is {} \
                 (annex A.2, paragraph 123).",
                flop(self.estimate_flop),
                share(self.within_30_percent)
            ),
            format!(
                "The cumulative compute, with that of merged and initialising weights and without that of distillation \
                 teachers (paragraphs 121 and 122), is {}{range}; the probability that it is above 1e25 FLOP, from which \
                 systemic risk is presumed (Article 51(2) of the AI Act; paragraph 117), is {}.",
                cumulative.median.map_or("not known".into(), flop),
                share(self.above_1e25)
            ),
        ];
        if let Some(above) = self.above_third_of_base {
            let base = self.base.as_deref().unwrap_or("the original model");
            let of = if self.substitute {
                format!(
                    "a third of the threshold that takes the place of the unknown compute of {base} (1e25 FLOP if it has \
                     systemic risk, else 1e23 FLOP; paragraph 64)"
                )
            } else {
                format!("a third of the compute of {base} (paragraph 63)")
            };
            out.push(format!(
                "The probability that the compute of the modification is above {of}, which makes whoever modifies it the \
                 provider of the new model, is {}.",
                share(above)
            ));
        }
        if !self.left_out.is_empty() {
            out.push(format!(
                "Not in the cumulative compute, for want of figures: {}. It is a lower bound.",
                self.left_out.join(", ")
            ));
        }
        out
    }

    fn json(&self) -> Json {
        json!({
            "estimate_flop": self.estimate_flop,
            "estimate_is_stated": self.estimate_is_stated,
            "probability_within_30_percent": self.within_30_percent,
            "cumulative_flop": Shown::of(&self.cumulative_flop, 1.0),
            "probability_above_1e25": self.above_1e25,
            "base": self.base,
            "probability_above_a_third_of_base": self.above_third_of_base,
            "substitute_threshold": self.substitute,
            "left_out": self.left_out,
            "sentences": self.sentences(),
            "source": SECOND_HAND,
        })
    }
}

/// Said wherever paragraphs are named.
const SECOND_HAND: &str =
    "Commission guidelines on general-purpose AI models (July 2025), read in a second-hand copy; check the paragraphs";

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
            flop: flop_shown.median.map(two),
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

fn compute_method(figures: &ModelFigures<'_>) -> String {
    let how = provenance(figures, "compute").unwrap_or_else(|| "inferred from the other figures of the row".into());
    format!(
        "Median of {} draws with Carbonhaze {VERSION}. Compute: {how}. It covers {}; all operations count equally, whatever \
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
        ("Training time, hardware days", days(fields.hardware_days)),
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
        thresholds.sentences().iter().for_each(|sentence| out += &format!("- {}\n", markdown_cell(sentence)));
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
        "thresholds": thresholds.map(Thresholds::json),
        "drawn": figures.drawn(),
    });
    json_text(&without_nulls(document))
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let thresholds = Thresholds {
            estimate_flop: 3.6e24,
            estimate_is_stated: true,
            within_30_percent: 0.87,
            above_1e25: 0.02,
            cumulative_flop: Estimate { median: Some(4e24), interval: Some([2e24, 9e24]), ..Estimate::NONE },
            above_third_of_base: Some(0.5),
            base: Some("org/base".into()),
            substitute: false,
            left_out: vec!["org/other".into()],
        };
        let text = thresholds.sentences().join("\n");
        for part in [
            "3.6e24 FLOP (the stated figure)",
            "is 87 %",
            "2.0e24 FLOP to 9.0e24 FLOP",
            "is 2.0 %",
            "org/base (paragraph 63)",
            "is 50 %",
            "org/other",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
        let substitute = Thresholds { substitute: true, left_out: vec![], ..thresholds.clone() }.sentences().join("\n");
        assert!(substitute.contains("paragraph 64") && !substitute.contains("lower bound"));
        let shown = example::with(example::FIXED, |f| markdown(f, Some(&thresholds)));
        assert!(shown.contains("second-hand copy") && shown.contains("## Thresholds"));
    }
}
