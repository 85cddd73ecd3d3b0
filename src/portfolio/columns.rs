//! What the columns of a models file mean: one table.
//!
//! `header` finds them by the names in a file. A column that is not in the table is a label: groups and shared effects
//! can use its text.

use super::cell::{CellError, Value};
use super::model::Model;
use super::number::Decimal;
use super::quantity::{Quantity, hundredth};
use super::synonyms;
use super::units::{Dimension, Scale};
use super::words;

/// How the cells of a column are read, and where they go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// The name of the row.
    Id,
    /// Text that is kept as a label; for some it has a meaning too.
    Text(fn(&mut Model, &str) -> Result<(), CellError>),
    /// One plain number.
    Plain { dimension: Dimension, put: fn(&mut Model, f64) -> Result<(), CellError> },
    /// A number or a distribution, in a unit that the scale leads from to the model's.
    Cell { dimension: Dimension, scale: Scale, quantity: Quantity, of: fn(&mut Model) -> &mut Option<Value> },
    /// A name that has a meaning of its own (`tier`), or none.
    Ignored,
}

/// Text that groups and shared effects can use.
pub(super) const LABEL: Column = Column::Text(|_, _| Ok(()));

const fn cell(
    dimension: Dimension,
    exponent: i32,
    quantity: Quantity,
    of: fn(&mut Model) -> &mut Option<Value>,
) -> Column {
    Column::Cell { dimension, scale: Scale::power(exponent), quantity, of }
}

const fn plain(dimension: Dimension, put: fn(&mut Model, f64) -> Result<(), CellError>) -> Column {
    Column::Plain { dimension, put }
}

/// Every column that has a meaning.
const COLUMNS: [(&str, Column); 39] = [
    ("id", Column::Id),
    ("name", LABEL),
    ("organization", LABEL),
    ("date", Column::Text(words::date)),
    ("region", LABEL),
    ("provider", LABEL),
    ("hardware", LABEL),
    ("task", LABEL),
    ("base_model", Column::Text(words::base_models)),
    ("relation", Column::Text(words::relation)),
    ("merge_weights", Column::Text(words::merge_weights)),
    ("source", Column::Text(words::source)),
    ("compute_confidence", Column::Text(words::compute_confidence)),
    ("figures_from", Column::Text(words::figures_from)),
    ("energy_includes_pue", Column::Text(words::energy_includes_pue)),
    ("emissions_include_pue", Column::Text(words::emissions_include_pue)),
    ("emissions_basis", Column::Text(words::emissions_basis)),
    ("hardware_count", plain(Dimension::Chips, |m, x| put(&mut m.hardware_count, x))),
    ("downloads", plain(Dimension::Downloads, |m, x| put(&mut m.downloads, x))),
    ("base_probability", plain(Dimension::Fraction, base_probability)),
    ("base_probability_sd", plain(Dimension::Fraction, base_probability_sd)),
    ("emissions_kg", cell(Dimension::Mass, 0, Quantity::Amount, |m| &mut m.emissions_kg)),
    ("emissions_t", cell(Dimension::Mass, 3, Quantity::Amount, |m| &mut m.emissions_kg)),
    ("emissions_g", cell(Dimension::Mass, -3, Quantity::Amount, |m| &mut m.emissions_kg)),
    ("energy_kwh", cell(Dimension::Energy, 0, Quantity::Amount, |m| &mut m.energy_kwh)),
    ("energy_mwh", cell(Dimension::Energy, 3, Quantity::Amount, |m| &mut m.energy_kwh)),
    ("gpu_hours", cell(Dimension::Hours, 0, Quantity::Amount, |m| &mut m.gpu_hours)),
    ("power_w", cell(Dimension::Power, 0, Quantity::Amount, |m| &mut m.power_w)),
    ("compute_flop", cell(Dimension::Compute, 0, Quantity::Amount, |m| &mut m.compute_flop)),
    ("parameters", cell(Dimension::Parameters, 0, Quantity::Amount, |m| &mut m.parameters)),
    ("active_parameters", cell(Dimension::Parameters, 0, Quantity::Amount, |m| &mut m.active_parameters)),
    ("tokens", cell(Dimension::Tokens, 0, Quantity::Amount, |m| &mut m.tokens)),
    ("epochs", cell(Dimension::Epochs, 0, Quantity::Amount, |m| &mut m.epochs)),
    ("mfu", cell(Dimension::Fraction, 0, Quantity::Fraction, |m| &mut m.mfu)),
    ("efficiency_flop_per_j", cell(Dimension::Efficiency, 0, Quantity::Divisor, |m| &mut m.efficiency_flop_per_j)),
    ("pue", cell(Dimension::Plain, 0, Quantity::Pue, |m| &mut m.pue)),
    ("grid_g_per_kwh", cell(Dimension::Intensity, 0, Quantity::Amount, |m| &mut m.grid_g_per_kwh)),
    ("market_g_per_kwh", cell(Dimension::Intensity, 0, Quantity::Amount, |m| &mut m.market_g_per_kwh)),
    ("wue_l_per_kwh", cell(Dimension::Water, 0, Quantity::Amount, |m| &mut m.wue_l_per_kwh)),
];

/// One quantity in several units: at most one column of each may be there.
const QUANTITIES: [&[&str]; 2] = [&["emissions_kg", "emissions_t", "emissions_g"], &["energy_kwh", "energy_mwh"]];

fn put(field: &mut Option<f64>, x: f64) -> Result<(), CellError> {
    *field = Some(x);
    Ok(())
}

fn base_probability(model: &mut Model, x: f64) -> Result<(), CellError> {
    if x > 1.0 {
        return Err(CellError::new("a probability above 1", format!("did you mean {}?", hundredth(x))));
    }
    put(&mut model.base_probability, x)
}

fn base_probability_sd(model: &mut Model, x: f64) -> Result<(), CellError> {
    if x > 0.5 {
        return Err(CellError::new(
            "a standard deviation of a probability above 0.5",
            format!("did you mean {}?", hundredth(x)),
        ));
    }
    put(&mut model.base_probability_sd, x)
}

/// Whether a models file with a column of this name has it read as one that has a meaning.
pub(crate) fn is_read(name: &str) -> bool {
    synonyms::find(name, names()).is_some()
}

/// Every column that has a meaning; all others are labels.
pub fn known() -> Vec<&'static str> {
    COLUMNS.iter().map(|(name, _)| *name).collect()
}

/// Labels that have a meaning to the assessment; their names may be spelled in any way, as those of columns.
const LABELS: [&str; 8] = [
    "architecture",
    "domain",
    "rounded",
    "reasoning",
    "numerical_format",
    "project",
    "lineage_class",
    "further_training",
];

/// What a row states, as cells under these columns, in their order: the id, what it was made from and what a published fact
/// filled in are left out. Read again they give the same values.
pub(crate) fn cells(model: &Model) -> Vec<(&'static str, String)> {
    const LEFT_OUT: [&str; 3] = ["id", "base_model", "relation"];
    let mut copy = model.clone();
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (name, column) in COLUMNS {
        let text = match column {
            Column::Text(_) => model.labels.get(name).map(str::to_string),
            // A quantity is written in the unit of the row, once.
            Column::Cell { scale, of, .. } if scale == Scale::ONE => of(&mut copy).as_ref().map(|value| match value {
                Value::Number(x) => Decimal(*x).to_string(),
                Value::Distribution(distribution) => distribution.to_string(),
            }),
            Column::Plain { .. } => plain_value(model, name).map(|x| Decimal(x).to_string()),
            Column::Cell { .. } | Column::Id | Column::Ignored => None,
        };
        found.extend(text.map(|text| (name, text)));
    }
    found.extend(LABELS.iter().filter_map(|name| Some((*name, model.labels.get(name)?.to_string()))));
    found.retain(|(name, text)| !LEFT_OUT.contains(name) && !text.is_empty() && !model.published.contains_key(name));
    found
}

/// Of a column that takes one plain number.
fn plain_value(model: &Model, name: &str) -> Option<f64> {
    match name {
        "hardware_count" => model.hardware_count,
        "downloads" => model.downloads,
        "base_probability" => model.base_probability,
        "base_probability_sd" => model.base_probability_sd,
        _ => None,
    }
}

/// Every name that is looked for in a header.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    COLUMNS.iter().map(|(name, _)| *name).chain(LABELS)
}

/// The meaning of a column of this very name.
pub(super) fn meaning(name: &str) -> Column {
    COLUMNS.iter().find(|(known, _)| *known == name).map_or(LABEL, |(_, column)| *column)
}

/// The first of the columns that hold the same quantity, in whatever unit.
pub(super) fn quantity_of(name: &'static str) -> &'static str {
    QUANTITIES.iter().find(|columns| columns.contains(&name)).map_or(name, |columns| columns[0])
}

/// The columns that hold this quantity, for messages: `energy_kwh or energy_mwh`.
pub(super) fn in_units(name: &'static str) -> String {
    QUANTITIES.iter().find(|columns| columns.contains(&name)).map_or(name.to_string(), |columns| columns.join(" or "))
}
