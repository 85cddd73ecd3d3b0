//! What is legal but suspicious: units off by 1000, percentages, copies of a parent's value, marketing peaks.
//!
//! A rule looks at one row (or at a row and its base) and warns; it never changes a value. The limits are wide enough
//! that published training runs and our own defaults pass: what trips one deserves a second look at its source.

mod across;
mod plausible;
mod row;
mod slips;

use std::collections::HashMap;

use rayon::prelude::*;

use super::moments::lognormal_engine_moment;
use super::number::Decimal;
use super::output::Further;
use super::problem::{IMPORT_ASSUMED, IMPORT_DROPPED, IMPORT_REPAIRED, Place, Warning, shorten};
use super::quantile::quantile;
use super::{Model, Portfolio, Value};

/// The rule about a column that only water is computed from.
pub const WUE_UNUSED: &str = "wue-unused";

/// Every rule with what it is about, for `haze check` and the documentation.
pub const RULES: [(&str, &str); 52] = [
    ("not-read", "a column that is not read and resembles one with a meaning, or holds numbers with a unit"),
    (IMPORT_DROPPED, "a value of another tool's file that is not used"),
    (IMPORT_REPAIRED, "a value of another tool's file that is used in another form than it is written in"),
    (IMPORT_ASSUMED, "what another tool's file does not state and its format implies"),
    ("tier-column", "a column named tier, which is derived from the row"),
    ("emissions-thousandfold", "emissions about 1000 times off the row's energy, hours or compute"),
    ("emissions-for-size", "emissions implausible for the number of parameters"),
    ("energy-hours-power", "energy that disagrees with hours times power"),
    ("energy-zero", "an energy of 0"),
    ("figure-zero", "hours, compute, tokens or power of 0 in a row that is a run"),
    ("grid-zero", "a grid intensity of 0"),
    ("compute-against-tokens", "compute more than 10 times off what parameters and tokens lead to"),
    ("compute-too-small", "compute below what a chip does in a second"),
    ("parameters-against-name", "parameters more than 20 times off the size in the name"),
    ("tokens-against-parameters", "more than a million tokens per parameter"),
    ("largest-ever", "parameters and tokens, or an amount, that would make the row the largest run ever published"),
    ("tokens-of-base", "a fine-tune with more tokens than any fine-tune has had"),
    ("states-nothing", "a row that states nothing but a name, where other rows state something"),
    ("transposed", "rows that are called like columns"),
    ("base-unknown", "a base that is in no row and does not look like the name of a model"),
    ("copy-by-name", "a quantised or converted copy of another row, by its name, that does not say so"),
    ("mfu-low", "an MFU below 0.01"),
    ("power-in-kw", "a power below 10 W"),
    ("hours-by-clock", "fewer accelerator-hours than accelerators"),
    ("tokens-alone", "tokens without parameters, which are not used"),
    ("total-row", "a row that is the sum of the others, or is called a total or a mean"),
    ("equal-energies", "three or more rows of one organization and date with the same energy"),
    ("relation-contradicts", "a relation in its column and another one in the tag of a base"),
    ("lineage-cycle", "base models that go in a circle"),
    ("calculator-factor", "a calculator's emissions stated with the energy that they were made of"),
    ("parent-later", "a base that is dated later than what was made of it"),
    ("emissions-zero", "emissions of 0 that are not marked as market-based"),
    ("copied-from-base", "a disclosure equal to that of the row's base model"),
    ("mfu-high", "an MFU above 0.65"),
    ("mfu-one", "an MFU of exactly 1"),
    ("sparse-peak", "an efficiency above any dense peak"),
    ("tokens-in-billions", "tokens that look like billions"),
    ("parameters-in-billions", "parameters that look like billions"),
    ("active-above-total", "more active parameters than parameters"),
    ("active-not-stated", "a mixture of experts without its active parameters"),
    ("compute-in-eflop", "compute that looks like EFLOP"),
    ("pue-high", "a PUE above 2.5"),
    ("grid-high", "a grid intensity above 1200 g/kWh"),
    ("grid-in-kg", "a grid intensity that looks like kg/kWh"),
    ("power-high", "more than 2000 W per accelerator"),
    (WUE_UNUSED, "a water usage effectiveness although water is not requested"),
    ("date-range", "a date before 1950 or after 2100"),
    ("divisor-near-zero", "a normal efficiency or MFU that can be drawn near 0"),
    ("sigma-large", "a lognormal whose ln-sd is above 2"),
    ("gsd-one", "a GSD so close to 1 that there is practically no spread"),
    ("shared-sigma-large", "a shared effect whose ln-sd is above 2"),
    ("shared-gsd-one", "a shared GSD so close to 1 that there is practically no effect"),
];

/// Rules whose warnings stand under the result too: something was not read, or would change the total if it is wrong.
pub const IMPORTANT: [&str; 35] = [
    IMPORT_DROPPED,
    IMPORT_REPAIRED,
    "not-read",
    "disclosures-disagree",
    "total-row",
    "equal-energies",
    "compute-against-tokens",
    "compute-too-small",
    "parameters-against-name",
    "tokens-against-parameters",
    "largest-ever",
    "tokens-of-base",
    "lineage-cycle",
    "states-nothing",
    "transposed",
    "base-unknown",
    "copy-by-name",
    "same-run",
    "mfu-low",
    "power-in-kw",
    "hours-by-clock",
    "tokens-alone",
    "emissions-zero",
    "energy-zero",
    "figure-zero",
    "parameters-in-billions",
    "tokens-in-billions",
    "compute-in-eflop",
    "grid-in-kg",
    "emissions-thousandfold",
    "emissions-for-size",
    "energy-hours-power",
    "power-high",
    "pue-high",
    "unknown-chip",
];

/// FLOP per joule: no chip's dense 16-bit peak over its TDP is above this (B200: 2.25e15 FLOP/s over 1000 W).
const DENSE_PEAK: f64 = 3e12;
/// A GSD below this moves 95 % of values by 0.2 % at most.
const NO_SPREAD: f64 = 1.001;
/// Standard deviations at which draws end.
const MOST_SDS: f64 = 6.34;

/// Applies every rule. Warnings are in the order of the models, then water, then those of the study.
pub fn check(portfolio: &Portfolio) -> Vec<Warning> {
    let models = &portfolio.models;
    let by_id: ById = models.iter().map(|m| (m.id.as_str(), m)).collect();
    let by_row: Vec<Vec<Warning>> = models.par_chunks(AT_ONCE).map(|models| by_rows(models, &by_id)).collect();
    let rules: Vec<Across> = across::RULES.iter().chain(&slips::RULES).copied().collect();
    let all = rules.into_par_iter().map(|rule| {
        let mut found = Vec::new();
        rule(models, &by_id, &mut found);
        found
    });
    let all: Vec<Vec<Warning>> = all.collect();
    let mut found: Vec<Warning> = by_row.into_iter().chain(all).flatten().collect();
    if !portfolio.study.outputs.has(Further::Water) {
        found.extend(unused_water(&portfolio.models));
    }
    for effect in &portfolio.study.shared {
        let value = Decimal(effect.gsd).to_string();
        let place = Place { column: "shared.gsd".into(), ..effect.place.clone() };
        if let Some((rule, message)) = spread(effect.gsd) {
            let rule = if rule == "gsd-one" { "shared-gsd-one" } else { "shared-sigma-large" };
            found.push(Warning { rule, place, value, message });
        }
    }
    found
}

/// Rows that one core looks at.
const AT_ONCE: usize = 4096;

/// All rows by their ids.
type ById<'m> = HashMap<&'m str, &'m Model>;

/// A rule that takes the other rows to see.
type Across = for<'m> fn(&'m [Model], &ById<'m>, &mut Vec<Warning>);

/// The rules that a row is looked at by itself for, or with its bases.
fn by_rows(models: &[Model], by_id: &ById<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    for model in models {
        let mut row = Row { model, found: &mut found };
        row.units();
        row.experts();
        row.relations();
        row.single_values();
        row.spreads();
        row.divisors();
        row.compute();
        row.parameters();
        row.largest();
        row.tokens_of_a_derivative();
        row.zeros();
        row.slips();
        for base in model.base_ids().filter_map(|id| by_id.get(id)) {
            row.copies(base);
        }
    }
    found
}

/// One warning for all rows, at the first of them: it is about the version, not about a row.
fn unused_water(models: &[Model]) -> Option<Warning> {
    let mut given = models.iter().filter_map(|m| Some((m, m.wue_l_per_kwh.as_ref()?)));
    let (model, value) = given.next()?;
    let rows = match given.count() {
        0 => String::new(),
        n => format!(" (given in {} rows)", n + 1),
    };
    let value = match value {
        Value::Number(x) => Decimal(*x).to_string(),
        Value::Distribution(d) => d.to_string(),
    };
    let message =
        format!("water is not requested, so this column changes no result; `haze run --water` reports it{rows}");
    let place = Place { column: "wue_l_per_kwh".into(), ..model.place.clone() };
    Some(Warning { rule: WUE_UNUSED, place, value: shorten(&value), message })
}

struct Row<'m> {
    model: &'m Model,
    found: &'m mut Vec<Warning>,
}

/// The median of a stated value, where it is above 0.
fn size(value: &Option<Value>) -> Option<f64> {
    let x = match value.as_ref()? {
        Value::Number(x) => *x,
        Value::Distribution(d) => quantile(d, 0.5),
    };
    (x > 0.0).then_some(x)
}

fn shown(x: f64) -> String {
    format!("{}", Decimal(format!("{x:.2e}").parse().unwrap_or(x)))
}

fn spread(gsd: f64) -> Option<(&'static str, String)> {
    if gsd > libm::exp(2.0) {
        // What draws that end at |z| = 6.34 lack of E[X²] = exp(2 σ²).
        let sigma = libm::log(gsd);
        let lost = 1.0 - lognormal_engine_moment(2.0 * sigma) * libm::exp(-2.0 * sigma * sigma);
        let message = format!(
            "a GSD of {} is a ln-sd of {sigma:.2}, above 2: the mean rests on the far tail, its estimate converges slowly, \
             and draws, which end at 6.34 sd, miss {:.1} % of the second moment",
            shown(gsd),
            100.0 * lost
        );
        Some(("sigma-large", message))
    } else if gsd < NO_SPREAD {
        Some((
            "gsd-one",
            format!("a GSD of {} is practically no spread; write fixed(x) if that is meant", Decimal(gsd)),
        ))
    } else {
        None
    }
}

impl Row<'_> {
    fn warn(&mut self, rule: &'static str, column: &str, x: f64, message: String) {
        let place = Place { column: column.to_string(), ..self.model.place.clone() };
        self.found.push(Warning { rule, place, value: shown(x), message });
    }

    fn warn_text(&mut self, rule: &'static str, column: &str, value: &str, message: String) {
        let place = Place { column: column.to_string(), ..self.model.place.clone() };
        self.found.push(Warning { rule, place, value: shorten(value), message });
    }
}
