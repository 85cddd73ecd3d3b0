//! Rules about figures that no run can have, and about rows that are no models: headings, footnotes, copies.

use std::collections::HashSet;

use super::{Across, ById, Row, shown, size};
use crate::portfolio::columns;
use crate::portfolio::problem::{Warning, shorten};
use crate::portfolio::spelling::normal;
use crate::portfolio::{Labels, Model, Value};

/// Published runs reach 0.1 on thousands of chips and less on processors; per cent of a fraction is below this.
const LEAST_MFU: f64 = 0.01;
/// No accelerator or processor trains on less; a kilowatt written as 0.4 is below this.
const LEAST_POWER_W: f64 = 10.0;
/// From so many accelerators on, fewer hours than accelerators are less than an hour of each.
const MANY_CHIPS: f64 = 16.0;
/// A column, its cell, and the most that is possible.
type Amount = (&'static str, fn(&Model) -> &Option<Value>, f64);

/// Some hundred times the largest published run (Llama 3.1 405B: 30.84e6 hours, 8,930 t; compute 3.8e25 FLOP).
const AMOUNTS: [Amount; 4] = [
    ("gpu_hours", |m| &m.gpu_hours, 3e9),
    ("energy_kwh", |m| &m.energy_kwh, 3e9),
    ("emissions", |m| &m.emissions_kg, 1e9),
    ("compute_flop", |m| &m.compute_flop, 4e27),
];
/// Endings of names of quantised or converted copies.
const COPIES: [&str; 14] =
    ["gguf", "ggml", "gptq", "awq", "exl2", "mlx", "onnx", "bnb", "4bit", "8bit", "int4", "int8", "fp8", "nf4"];

impl Row<'_> {
    /// Single figures that are a slip of the unit or of what was counted.
    pub(super) fn slips(&mut self) {
        let m = self.model;
        if let Some(x) = size(&m.mfu).filter(|x| *x < LEAST_MFU) {
            let message = "an MFU below 0.01; it is a fraction of the peak: was 0.45 or 45 % meant?";
            self.warn("mfu-low", "mfu", x, message.into());
        }
        if let Some(x) = size(&m.power_w).filter(|x| *x < LEAST_POWER_W) {
            let message = "power_w is in W; less than any accelerator draws: is this kW?";
            self.warn("power-in-kw", "power_w", x, message.into());
        }
        if let (Some(hours), Some(chips)) = (size(&m.gpu_hours), m.hardware_count)
            && chips >= MANY_CHIPS
            && hours < chips
        {
            let message = format!(
                "fewer accelerator-hours than the {} accelerators; are these hours by the clock? gpu_hours are hours × accelerators",
                shown(chips)
            );
            self.warn("hours-by-clock", "gpu_hours", hours, message);
        }
        for (column, figure, most) in AMOUNTS {
            if let Some(x) = size(figure(m)).filter(|x| *x > most) {
                let message = "some hundred times what the largest published run took; check the unit";
                self.warn("largest-ever", column, x, message.into());
            }
        }
        let figures = [&m.compute_flop, &m.gpu_hours, &m.energy_kwh, &m.emissions_kg];
        let sizes = [&m.parameters, &m.active_parameters];
        if let Some(tokens) = size(&m.tokens)
            && m.base_models.is_empty()
            && figures.into_iter().chain(sizes).all(Option::is_none)
        {
            let message = "tokens are not used without parameters, so the row is computed as if it stated neither";
            self.warn("tokens-alone", "tokens", tokens, message.into());
        }
    }
}

/// Rules that take the other rows to see.
pub(super) const RULES: [Across; 4] = [nothing_stated, transposed, unknown_bases, copies];

/// Headings, footnotes, units and remarks that stand in the column of names.
fn nothing_stated<'m>(models: &'m [Model], _: &ById<'m>, found: &mut Vec<Warning>) {
    let states = |m: &Model| {
        let bare = Model { id: m.id.clone(), place: m.place.clone(), ..Model::default() };
        m.labels.keys().any(|label| label != "name") || Model { labels: Labels::new(), ..m.clone() } != bare
    };
    if !models.iter().any(states) {
        return;
    }
    // What another row was made from is a model.
    let bases: HashSet<&str> = models.iter().flat_map(|m| m.base_ids()).collect();
    for model in models.iter().filter(|m| !states(m) && !bases.contains(m.id.as_str())) {
        let message = "the row states nothing but a name, and is counted as a model of which nothing is known; delete it if it is a \
                       heading, a footnote or a remark";
        Row { model, found }.warn_text("states-nothing", "id", &model.id, message.into());
    }
}

/// A table with the models in its columns.
fn transposed<'m>(models: &'m [Model], _: &ById<'m>, found: &mut Vec<Warning>) {
    let known: HashSet<String> = columns::known().into_iter().map(normal).collect();
    let mut named = models.iter().filter(|m| known.contains(&normal(&m.id)));
    if let (Some(model), Some(_)) = (named.next(), named.next()) {
        let message = "rows are called like columns of a models file; is the table transposed? One row is one model";
        Row { model, found }.warn_text("transposed", "id", &model.id, message.into());
    }
}

/// A base that is in no row and does not look like the name of a model makes a row a derivative all the same.
fn unknown_bases<'m>(models: &'m [Model], by_id: &ById<'m>, found: &mut Vec<Warning>) {
    for model in models.iter().filter(|m| !m.from_list) {
        let unlike = |base: &&str| !base.contains('/') && !base.contains(|c: char| c.is_ascii_digit());
        let base = model.base_ids().find(|base| unlike(base) && !by_id.contains_key(*base));
        if let Some(base) = base {
            let message = "no row has this id, and it does not look like the name of a model; the row is counted as a derivative of \
                           it, with little compute of its own: leave the cell empty if it was trained from scratch";
            Row { model, found }.warn_text("base-unknown", "base_model", base, message.into());
        }
    }
}

/// Quantised or converted copies of another row, by their names, that do not say so.
fn copies<'m>(models: &'m [Model], _: &ById<'m>, found: &mut Vec<Warning>) {
    let of_name = |model: &Model| {
        let lower = model.id.to_lowercase();
        let original = lower.rsplit_once(['-', '_', '.']).filter(|(_, end)| COPIES.contains(end));
        original.map(|(original, _)| original.to_string())
    };
    let unsaid = |m: &&Model| m.base_models.is_empty() && m.relation.is_none() && m.base_probability.is_none();
    let copies: Vec<(&Model, String)> =
        models.iter().filter(unsaid).filter_map(|model| Some((model, of_name(model)?))).collect();
    let originals: HashSet<&str> = copies.iter().map(|(_, original)| original.as_str()).collect();
    let names = models.iter().map(|m| m.id.to_lowercase());
    let names: HashSet<String> = names.filter(|name| originals.contains(name.as_str())).collect();
    for (model, original) in copies.iter().filter(|(_, original)| names.contains(original)) {
        let message = format!(
            "by its name a quantised or converted copy of {}, and counted as a run of its own; give base_model and relation = \
             quantized",
            shorten(original)
        );
        Row { model, found }.warn_text("copy-by-name", "id", &model.id, message);
    }
}
