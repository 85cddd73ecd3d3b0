//! One row, typed: a [`Model`] from the text of its cells, whatever format they came from.

use super::cell::{self, CellError, Files, Value};
use super::columns::Column;
use super::distribution::check::magnitude;
use super::formats::Record;
use super::header::{Header, Meaning};
use super::labels::Labels;
use super::listed;
use super::measure::Measure;
use super::missing;
use super::model::Model;
use super::problem::Findings;
use super::quantity::Quantity;
use super::units::{Dimension, Scale};
use super::words;

/// What is said of a row that is its own base.
pub(super) const OWN_BASE: &str = "the model names itself as its base; name another model or leave the cell empty";

/// Reads a row with all that is wrong in it; `None` where its cells belong to no columns, and where all are empty.
/// `files` has what a cell names.
pub(super) fn read(header: &Header, record: &Record, files: &dyn Files, found: &mut Findings) -> Option<Model> {
    let Record { line, cells } = record;
    if cells.iter().all(|text| text.is_empty()) {
        return None;
    }
    // A separator too many at the end of each line adds empty cells.
    let filled = cells.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
    if cells.len() < header.named() || filled > header.len() {
        let message = format!(
            "the row has {} fields, the header {}; put cells that contain a comma in quotes",
            cells.len(),
            header.len()
        );
        found.problem(*line, "", &cells.join(","), message);
        return None;
    }
    let place = found.place(*line, "");
    let mut model = Model { place, labels: Labels::among(&header.names), ..Model::default() };
    for (meaning, text) in header.columns().zip(cells) {
        let text = match listed::unpack(meaning, stated(meaning, *line, text, found)) {
            Ok(unpacked) => unpacked,
            Err(e) => {
                found.problem(*line, &meaning.name, text, e.to_string());
                continue;
            }
        };
        let text = &*text;
        if let Column::Id = meaning.column {
            id(&mut model, *line, text, found);
            continue;
        }
        if text.is_empty() {
            continue;
        }
        let Meaning { name, own, column } = meaning;
        let read = match *column {
            Column::Id | Column::Ignored => Ok(()),
            Column::Text(read) => {
                model.labels.insert(own.clone(), text);
                if own != name {
                    model.labels.insert(name.clone(), text);
                }
                read(&mut model, text)
            }
            Column::Plain { dimension, put } => plain(name, text, dimension, files).and_then(|x| put(&mut model, x)),
            Column::Cell { dimension, scale, quantity, of } => {
                value(text, dimension, scale, quantity, files).map(|value| *of(&mut model) = Some(value))
            }
        };
        if let Err(e) = read {
            found.problem(*line, name, text, e.to_string());
        }
        model.emissions_from_card |= **own == *"emissions_g";
    }
    if let Err(e) = words::weigh(&mut model) {
        let weights = model.labels.get("merge_weights").unwrap_or_default();
        found.problem(*line, "merge_weights", weights, e.to_string());
    }
    if model.base_ids().any(|base| base == model.id) && !model.id.is_empty() {
        found.problem(*line, "base_model", &model.id, OWN_BASE);
    }
    model.labels.shrink();
    Some(model)
}

/// The text of a cell, or none where it is a word for a value that is not there.
fn stated<'t>(meaning: &Meaning, line: u64, text: &'t str, found: &mut Findings) -> &'t str {
    let word = match (meaning.column, &*meaning.own) {
        (Column::Ignored, _) => false,
        // Epoch's word for a confidence of its own.
        (_, "compute_confidence") => missing::is_word(text) && !text.eq_ignore_ascii_case("unknown"),
        (_, "base_model" | "relation") => missing::is_word_for_no_base(text),
        _ => missing::is_word(text),
    };
    if word {
        found.missing(line, &meaning.name, text);
        return "";
    }
    text
}

fn id(model: &mut Model, line: u64, text: &str, found: &mut Findings) {
    if text.is_empty() {
        found.problem(line, "id", "", "the id is empty; every model needs a unique one");
    } else if text.chars().any(char::is_control) {
        found.problem(line, "id", text, "the id contains a line break or another control character; remove it");
    }
    model.id = text.to_string();
}

fn value(
    text: &str,
    dimension: Dimension,
    scale: Scale,
    quantity: Quantity,
    files: &dyn Files,
) -> Result<Value, CellError> {
    // In the unit of the column, which is what messages are in; then in the model's, where it is another.
    let value = cell::parse_in(text, files, Measure::in_column(dimension, scale))?;
    // A bound at 1 holds for the fraction, not for the per cent of a column in per cent.
    let bounded_later = dimension == Dimension::Fraction && scale != Scale::ONE;
    if !bounded_later {
        quantity.check(&value)?;
    }
    if scale == Scale::ONE {
        return Ok(value);
    }
    let value = cell::parse_in(text, files, Measure::in_model(dimension, scale))?;
    match &value {
        Value::Number(x) => magnitude("the value", *x)?,
        Value::Distribution(d) => d.check()?,
    }
    if bounded_later {
        quantity.check(&value)?;
    }
    Ok(value)
}

fn plain(name: &str, text: &str, dimension: Dimension, files: &dyn Files) -> Result<f64, CellError> {
    match cell::parse_in(text, files, Measure::in_model(dimension, Scale::ONE))? {
        Value::Number(x) => Ok(x),
        Value::Distribution(_) => {
            Err(CellError::new(format!("a distribution for {name}"), "this column takes a plain number"))
        }
    }
}
