//! Results in the forms that others ask for: one file per form.
//!
//! ```text
//! one model ─> ModelFigures ─> dia, hf (front matter of a card), gpai, sci_ai, boamps, cyclonedx, spdx
//! portfolio ─> Outcome ─> ipcc, audit
//! ```
//!
//! A form gets what was drawn and adds no figure of its own: what is not known stays empty and is never a zero, numbers
//! have the digits that their Monte Carlo error supports, and text from input stays text ([`yaml`], `report::escape`).
//! Every form says what its figures cover and carries the interval, in the form's own fields or next to them. No clock is
//! read here: the same input, settings and version give the same bytes.

pub mod audit;
pub mod boamps;
pub mod card;
pub mod cell;
pub mod cyclonedx;
pub mod dia;
pub mod form;
pub mod gpai;
pub mod hf;
pub mod ipcc;
pub mod sci_ai;
pub mod spdx;
pub mod thresholds;
pub mod yaml;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::assess::{AssessedModel, Kind, Output, Slot, Tier};
use crate::portfolio::quantile::quantile;
use crate::portfolio::{Basis, Boundary, Model, Run, Scope, Source, Value};
use crate::posterior::Estimate;
use crate::report::escape::markdown_cell;
use crate::report::{document, numbers};
use crate::run::{OneModel, Settings};

/// The version that every form names.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One model: what its row states, what it implies, and what was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFigures<'a> {
    /// Its row, as stated and completed by published facts.
    pub row: &'a Model,
    /// Its factors with their provenance.
    pub assessed: &'a AssessedModel,
    /// What was counted.
    pub scope: Scope,
    /// Operational emissions, in t.
    pub emissions_t: Estimate,
    /// Compute, in EFLOP.
    pub compute_eflop: Estimate,
    /// Energy of the facility, in kWh.
    pub energy_kwh: Estimate,
    /// Energy of the IT equipment, in kWh.
    pub it_energy_kwh: Estimate,
    /// Water, in m³.
    pub water_m3: Option<Estimate>,
    /// Emissions of making the hardware, in t.
    pub embodied_t: Option<Estimate>,
    /// Emissions of all runs of the development, in t.
    pub development_t: Option<Estimate>,
    /// Emissions of all runs and of making the hardware together, in t.
    pub with_embodied_t: Estimate,
    /// The same over compute, in g per EFLOP.
    pub g_per_eflop: Estimate,
    /// What was drawn.
    pub settings: Settings,
    /// Of the plan of this model alone (SHA-256).
    pub plan_hash: &'a str,
}

impl<'a> ModelFigures<'a> {
    /// Of a row and its draws; `None` where it has none.
    pub fn of(row: &'a Model, one: &'a OneModel) -> Option<ModelFigures<'a>> {
        let of = |output| one.estimate(output);
        Some(ModelFigures {
            row,
            assessed: one.model()?,
            scope: one.drawn.assessment.scope,
            emissions_t: of(Output::Emissions)?,
            compute_eflop: of(Output::Compute)?,
            energy_kwh: of(Output::Energy)?,
            it_energy_kwh: of(Output::ItEnergy)?,
            water_m3: of(Output::Water),
            embodied_t: of(Output::Embodied),
            development_t: of(Output::Development),
            with_embodied_t: one.with_embodied_t,
            g_per_eflop: one.g_per_eflop,
            settings: one.drawn.settings,
            plan_hash: &one.info.plan_hash,
        })
    }

    /// A label of the row, if it has one.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.row.labels.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// Whether the row is made from other models.
    pub fn is_derivative(&self) -> bool {
        !self.row.base_models.is_empty()
    }

    /// What was counted as its energy, for a reader who knows no word of ours.
    pub fn boundary(&self) -> &'static str {
        match self.scope.boundary {
            Boundary::Facility => "facility, cooling and power losses included (PUE)",
            Boundary::It => "IT equipment only, without cooling and power losses",
        }
    }

    /// Which runs, which electricity.
    pub fn coverage(&self) -> String {
        let run = match self.scope.run {
            Run::Final => {
                "final training run only, excluding earlier and exploratory runs and the training of base models"
            }
            Run::Development => "all runs of the development, excluding the training of base models",
        };
        let basis = match self.scope.basis {
            Basis::Location => "location-based",
            Basis::Market => "market-based where the row states it, else location-based",
        };
        format!("{run}; {basis} grid intensity; operational emissions only, excluding hardware manufacturing")
    }

    /// Whether the row has a figure that somebody measured for its energy.
    pub fn energy_is_measured(&self) -> bool {
        self.row.energy_kwh.is_some() && matches!(self.row.source, Source::Metered | Source::Audited)
    }

    /// One line on how the energy was found.
    pub fn energy_basis(&self) -> &'static str {
        match self.assessed.tier {
            Tier::T1 => "derived from metered or audited emissions",
            Tier::T1b => "derived from the emissions that the publisher states",
            Tier::T2 if self.energy_is_measured() => "measured",
            Tier::T2 => "stated by the publisher, corrected for the usual error of such figures",
            Tier::T3 => "estimated from accelerator-hours and the power of the accelerators",
            Tier::T4 => "estimated from training compute and the accelerators' efficiency",
            Tier::T4b => "estimated from training compute; the accelerators are not stated",
            Tier::T5 => "imputed from the number of parameters",
            Tier::T6 => "imputed from kind and date",
        }
    }

    /// How one of its factors came about.
    pub fn kind_of(&self, slot: Slot) -> Option<Kind> {
        self.assessed.factors.get(slot as usize)?.as_ref().map(|factor| factor.provenance.kind)
    }

    /// What a program needs to draw the same again.
    fn drawn(&self) -> Json {
        let Settings { draws, seed, level } = self.settings;
        json!({ "tool": "carbonhaze", "version": VERSION, "plan_hash": self.plan_hash, "draws": draws, "seed": seed, "level": level })
    }
}

/// An estimate with the digits that are known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shown {
    /// Of all draws.
    pub mean: Option<f64>,
    /// Half of the draws are below.
    pub median: Option<f64>,
    /// The credible interval at the level of the run.
    pub interval: Option<[f64; 2]>,
}

impl Shown {
    /// In another unit.
    pub fn of(e: &Estimate, factor: f64) -> Shown {
        let known = |x: Option<f64>, mcse: Option<f64>| x.map(|x| known(x * factor, mcse.map(|m| m * factor)));
        let end = |i: usize| known(e.interval.map(|x| x[i]), e.mcse.interval.map(|m| m[i]));
        Shown {
            mean: known(e.mean, e.mcse.mean),
            median: known(e.median, e.mcse.median),
            interval: end(0).zip(end(1)).map(|(lo, hi)| [lo, hi]),
        }
    }

    /// `12.3 [8.1, 20]`
    pub fn text(&self) -> String {
        let number = |x: f64| plain(x);
        match (self.median, self.interval) {
            (Some(median), Some([lo, hi])) => format!("{} [{}, {}]", number(median), number(lo), number(hi)),
            (Some(median), None) => number(median),
            (None, _) => "not known".into(),
        }
    }
}

/// With the digits that its Monte Carlo error supports.
fn known(x: f64, mcse: Option<f64>) -> f64 {
    numbers::value(x, mcse).parse().unwrap_or(x)
}

/// Without an exponent where people would write it so.
fn plain(x: f64) -> String {
    if x == 0.0 || (1e-4..1e12).contains(&x.abs()) { format!("{x}") } else { format!("{x:e}") }
}

/// So many significant figures, as a number.
fn significant(x: f64, figures: usize) -> f64 {
    format!("{x:.*e}", figures.saturating_sub(1)).parse().unwrap_or(x)
}

/// The middle of what a cell states.
fn middle(value: Option<&Value>) -> Option<f64> {
    let x = match value? {
        Value::Number(x) => *x,
        Value::Distribution(d) => quantile(d, 0.5),
    };
    x.is_finite().then_some(x)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Disclosed => "disclosed",
        Kind::LookedUp => "looked up",
        Kind::Imputed => "imputed",
        Kind::Default => "default",
        Kind::Guessed => "guessed",
    }
}

/// A table of Markdown; cells are text from input or numbers.
fn markdown_table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(head.iter().map(|cell| cell.to_string()).collect());
    out += &format!("|{}\n", "---|".repeat(head.len()));
    for row in rows {
        out += &line(row.iter().map(|cell| markdown_cell(cell)).collect());
    }
    out
}

/// A JSON document as all of ours are laid out.
fn json_text(value: &Json) -> String {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = document::write(&mut out, value);
    String::from_utf8_lossy(&out).into_owned()
}

/// Drops the keys that hold nothing, at every level: what is not known is not written.
fn without_nulls(value: Json) -> Json {
    match value {
        Json::Object(map) => Json::Object(
            map.into_iter().filter(|(_, v)| !v.is_null()).map(|(key, v)| (key, without_nulls(v))).collect(),
        ),
        Json::Array(items) => Json::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[cfg(test)]
pub(crate) mod example;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_input_does_not_act_in_markdown() {
        let table = markdown_table(&["a", "b"], &[vec!["x|y".into(), "<b>*z*</b>\n[q](r)".into()]]);
        assert_eq!(table.lines().count(), 3);
        assert!(table.contains("x\\|y") && table.contains("&lt;b&gt;\\*z\\*&lt;/b&gt; \\[q\\](r)"), "{table}");
    }

    #[test]
    fn figures_are_rounded() {
        assert_eq!([significant(277.77, 2), significant(9.99e23, 2), significant(0.0, 2)], [280.0, 1e24, 0.0]);
        let text = |median: f64| Shown { mean: None, median: Some(median), interval: None }.text();
        assert_eq!([text(1234.5), text(1e15), text(0.0)], ["1234.5", "1e15", "0"]);
        assert_eq!(without_nulls(json!({"a": null, "b": [{"c": null}], "d": 0})), json!({"b": [{}], "d": 0}));
    }
}
