//! How a published fact enters a row.
//!
//! | the row | of the run's figures (hours, tokens, energy, emissions) | of what it is (chip, place, date, size, lineage) |
//! |---|---|---|
//! | states a figure of its run | none: the user's figures stand as a whole | what it leaves empty |
//! | states none | all | what it leaves empty |
//! | has its figures from a list | all, in the place of the list's; with hours, also of what the list made from them | all |
//!
//! A row that states another size, another base or, for the hours, another chip is not that run.
//!
//! Energy and emissions that the publisher calculated from the hours and constants are no observation where the hours are
//! there.

use super::table::{Fact, Figure, Lineage};
use crate::portfolio::{Base, Date, Model, Published, Relation, Value};

/// Completes the row; whether anything of the fact is in it now.
pub(super) fn fill(model: &mut Model, fact: &Fact) -> bool {
    let listed = model.from_list;
    figures(model, fact, listed);
    for (column, figure) in &fact.texts {
        text(model, column, figure, fact, listed);
    }
    for (column, field) in [
        ("parameters", &mut model.parameters as &mut Option<Value>),
        ("active_parameters", &mut model.active_parameters),
    ] {
        if let Some(figure) = fact.numbers.get(column).filter(|_| listed || field.is_none()) {
            *field = Some(Value::Number(figure.value));
            model.published.insert(column, published(figure.value, &figure.document, fact));
        }
    }
    if let Some(count) = fact.numbers.get("hardware_count").filter(|_| listed || model.hardware_count.is_none()) {
        model.hardware_count = Some(count.value);
        model.published.insert("hardware_count", published(count.value, &count.document, fact));
    }
    lineage(model, fact, listed);
    !model.published.is_empty()
}

/// Hours, tokens, energy and emissions.
fn figures(model: &mut Model, fact: &Fact, listed: bool) {
    let stated = [&model.compute_flop, &model.gpu_hours, &model.energy_kwh, &model.emissions_kg, &model.tokens];
    if !listed && stated.into_iter().any(Option::is_some) {
        return;
    }
    let of_this_chip = listed || fact.is_of_chip(model);
    let Model { gpu_hours, tokens, energy_kwh, emissions_kg, epochs, mfu, published, .. } = model;
    let mut put = |column: &'static str, field: &mut Option<Value>| {
        let Some(figure) = fact.numbers.get(column) else { return false };
        *field = Some(Value::Number(figure.value));
        published.insert(column, self::published(figure.value, &figure.document, fact));
        true
    };
    if put("tokens", tokens) {
        *epochs = None;
    }
    let hours = of_this_chip && put("gpu_hours", gpu_hours);
    if hours {
        // What a list makes of hours, or of its own guess of them.
        (*mfu, *energy_kwh, *emissions_kg) = (None, None, None);
    }
    if !(fact.calculated && hours) {
        put("energy_kwh", energy_kwh);
        put("emissions_kg", emissions_kg);
    }
}

fn text(model: &mut Model, column: &'static str, figure: &Figure<String>, fact: &Fact, listed: bool) {
    if column == "date" {
        if model.date.is_none() {
            model.date = figure.value.parse::<Date>().ok();
            model.published.insert(column, published(&figure.value, &figure.document, fact));
        }
    } else if listed || !model.labels.contains_key(column) {
        model.labels.insert(column.to_string(), figure.value.clone());
        model.published.insert(column, published(&figure.value, &figure.document, fact));
    }
}

fn published(value: impl ToString, document: &str, fact: &Fact) -> Published {
    Published {
        value: value.to_string(),
        document: document.to_string(),
        read: fact.read.clone(),
        note: fact.note.clone(),
    }
}

fn lineage(model: &mut Model, fact: &Fact, listed: bool) {
    let silent = model.base_models.is_empty() && model.base_probability.is_none();
    let Some(Figure { value, document }) = fact.lineage.as_ref().filter(|_| listed || silent) else { return };
    (model.base_probability, model.base_probability_sd) = (None, None);
    match value {
        Lineage::Base => {
            model.base_models.clear();
            model.relation = None;
        }
        Lineage::Derivative(parent) => {
            if !parent.is_empty() {
                model.base_models = vec![Base::of(parent.clone())];
            } else if model.base_models.is_empty() {
                // Of a base that no document names.
                model.base_probability = Some(0.0);
            }
            model.relation.get_or_insert(Relation::Finetune);
        }
    }
    let said = match value {
        Lineage::Base => "trained from scratch".to_string(),
        Lineage::Derivative(parent) if parent.is_empty() => "a derivative".to_string(),
        Lineage::Derivative(parent) => format!("a derivative of {parent}"),
    };
    model.published.insert("base_model", published(said, document, fact));
}
