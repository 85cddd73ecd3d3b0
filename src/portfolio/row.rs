//! One row, typed: a [`Model`] from the text of its cells, whatever format they came from.

use super::cell::{self, CellError, Files, Value};
use super::columns::{Column, Header};
use super::distribution::check::magnitude;
use super::formats::Record;
use super::model::Model;
use super::problem::Findings;
use super::quantity::Quantity;

/// Reads a row with all that is wrong in it; `None` where its cells belong to no columns. `files` has what a cell
/// names.
pub(super) fn read(header: &Header, record: &Record, files: &dyn Files, found: &mut Findings) -> Option<Model> {
    let Record { line, cells } = record;
    if cells.len() != header.len() {
        let message = format!(
            "the row has {} fields, the header {}; put cells that contain a comma in quotes",
            cells.len(),
            header.len()
        );
        found.problem(*line, "", &cells.join(","), message);
        return None;
    }
    if cells.iter().all(|text| text.is_empty()) {
        found.problem(*line, "", "", "the row is empty; delete it");
        return None;
    }
    let mut model = Model { place: found.place(*line, ""), ..Model::default() };
    for ((name, column), text) in header.columns().zip(cells) {
        if let Column::Id = column {
            id(&mut model, *line, text, found);
            continue;
        }
        if text.is_empty() {
            continue;
        }
        let read = match column {
            Column::Id | Column::Ignored => Ok(()),
            Column::Text(read) => {
                model.labels.insert(name.to_string(), text.to_string());
                read(&mut model, text)
            }
            Column::Plain(put) => plain(name, text, files).and_then(|x| put(&mut model, x)),
            Column::Cell { factor, quantity, of } => {
                value(text, factor, quantity, files).map(|value| *of(&mut model) = Some(value))
            }
        };
        if let Err(e) = read {
            found.problem(*line, name, text, e.to_string());
        }
        model.emissions_from_card |= name == "emissions_g";
    }
    if model.base_models.contains(&model.id) && !model.id.is_empty() {
        let message = "the model names itself as its base; name another model or leave the cell empty";
        found.problem(*line, "base_model", &model.id, message);
    }
    Some(model)
}

fn id(model: &mut Model, line: u64, text: &str, found: &mut Findings) {
    if text.is_empty() {
        found.problem(line, "id", "", "the id is empty; every model needs a unique one");
    } else if text.chars().any(char::is_control) {
        found.problem(line, "id", text, "the id contains a line break or another control character; remove it");
    }
    model.id = text.to_string();
}

fn value(text: &str, factor: f64, quantity: Quantity, files: &dyn Files) -> Result<Value, CellError> {
    let value = match cell::parse(text, files)? {
        value if factor == 1.0 => value,
        // Dividing keeps 2500 g at exactly 2.5 kg, which multiplying by 0.001 does not promise.
        Value::Number(x) if factor < 1.0 => Value::Number(x / (1.0 / factor)),
        Value::Number(x) => Value::Number(x * factor),
        Value::Distribution(d) => Value::Distribution(d.scaled(factor)),
    };
    match &value {
        Value::Number(x) => magnitude("the value", *x)?,
        Value::Distribution(d) => d.check()?,
    }
    quantity.check(&value)?;
    Ok(value)
}

fn plain(name: &str, text: &str, files: &dyn Files) -> Result<f64, CellError> {
    match cell::parse(text, files)? {
        Value::Number(x) => Ok(x),
        Value::Distribution(_) => {
            Err(CellError::new(format!("a distribution for {name}"), "this column takes a plain number"))
        }
    }
}
