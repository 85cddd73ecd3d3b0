//! What the columns of a models file mean: one table, looked up by the names in the header.
//!
//! A column that is not in the table is a label: groups and shared effects can use its text.

use std::collections::BTreeMap;

use super::cell::{CellError, Value};
use super::formats::Record;
use super::model::Model;
use super::problem::Findings;
use super::quantity::{Quantity, hundredth};
use super::spelling::closest;
use super::words;

/// How the cells of a column are read, and where they go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// The name of the row.
    Id,
    /// Text that is kept as a label; for some it has a meaning too.
    Text(fn(&mut Model, &str) -> Result<(), CellError>),
    /// One plain number.
    Plain(fn(&mut Model, f64) -> Result<(), CellError>),
    /// A number or a distribution, times a factor to the model's unit.
    Cell { factor: f64, quantity: Quantity, of: fn(&mut Model) -> &mut Option<Value> },
    /// A name that has a meaning of its own (`tier`), or none.
    Ignored,
}

const LABEL: Column = Column::Text(|_, _| Ok(()));

const fn cell(factor: f64, quantity: Quantity, of: fn(&mut Model) -> &mut Option<Value>) -> Column {
    Column::Cell { factor, quantity, of }
}

/// Every column that has a meaning.
const COLUMNS: [(&str, Column); 36] = [
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
    ("source", Column::Text(words::source)),
    ("compute_confidence", Column::Text(words::compute_confidence)),
    ("energy_includes_pue", Column::Text(words::energy_includes_pue)),
    ("emissions_include_pue", Column::Text(words::emissions_include_pue)),
    ("emissions_basis", Column::Text(words::emissions_basis)),
    ("hardware_count", Column::Plain(|m, x| put(&mut m.hardware_count, x))),
    ("downloads", Column::Plain(|m, x| put(&mut m.downloads, x))),
    ("base_probability", Column::Plain(base_probability)),
    ("emissions_kg", cell(1.0, Quantity::Amount, |m| &mut m.emissions_kg)),
    ("emissions_t", cell(1e3, Quantity::Amount, |m| &mut m.emissions_kg)),
    ("emissions_g", cell(1e-3, Quantity::Amount, |m| &mut m.emissions_kg)),
    ("energy_kwh", cell(1.0, Quantity::Amount, |m| &mut m.energy_kwh)),
    ("energy_mwh", cell(1e3, Quantity::Amount, |m| &mut m.energy_kwh)),
    ("gpu_hours", cell(1.0, Quantity::Amount, |m| &mut m.gpu_hours)),
    ("power_w", cell(1.0, Quantity::Amount, |m| &mut m.power_w)),
    ("compute_flop", cell(1.0, Quantity::Amount, |m| &mut m.compute_flop)),
    ("parameters", cell(1.0, Quantity::Amount, |m| &mut m.parameters)),
    ("active_parameters", cell(1.0, Quantity::Amount, |m| &mut m.active_parameters)),
    ("tokens", cell(1.0, Quantity::Amount, |m| &mut m.tokens)),
    ("epochs", cell(1.0, Quantity::Amount, |m| &mut m.epochs)),
    ("mfu", cell(1.0, Quantity::Fraction, |m| &mut m.mfu)),
    ("efficiency_flop_per_j", cell(1.0, Quantity::Divisor, |m| &mut m.efficiency_flop_per_j)),
    ("pue", cell(1.0, Quantity::Pue, |m| &mut m.pue)),
    ("grid_g_per_kwh", cell(1.0, Quantity::Amount, |m| &mut m.grid_g_per_kwh)),
    ("market_g_per_kwh", cell(1.0, Quantity::Amount, |m| &mut m.market_g_per_kwh)),
    ("wue_l_per_kwh", cell(1.0, Quantity::Amount, |m| &mut m.wue_l_per_kwh)),
];

/// One quantity in several units: at most one column of each may be there.
const UNITS: [&[&str]; 2] = [&["emissions_kg", "emissions_t", "emissions_g"], &["energy_kwh", "energy_mwh"]];

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

/// Every column that has a meaning; all others are labels.
pub fn known() -> Vec<&'static str> {
    COLUMNS.iter().map(|(name, _)| *name).collect()
}

/// The columns of one file.
pub(super) struct Header {
    names: Vec<String>,
    columns: Vec<Column>,
}

impl Header {
    /// The header's meaning, with all that is wrong or suspicious in it; `None` where the rows cannot be read at all.
    pub(super) fn read(header: Record, found: &mut Findings) -> Option<Header> {
        let Record { line, cells: names } = header;
        if let Some(message) = other_separator(&names) {
            found.problem(line, "", &names.join(","), message);
            return None;
        }
        let mut columns = Vec::with_capacity(names.len());
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, name) in names.iter().enumerate() {
            if name.is_empty() {
                let message = format!(
                    "column {} has no name; name it, or delete it (an index column: write the file without it)",
                    i + 1
                );
                found.problem(line, "", "", message);
                columns.push(Column::Ignored);
                continue;
            }
            if let Some(first) = seen.insert(name, i) {
                let message = format!("columns {} and {} have the same name; rename or delete one", first + 1, i + 1);
                found.problem(line, name, name, message);
            }
            columns.push(column(name, line, &names, found));
        }
        if !columns.iter().any(|column| matches!(column, Column::Id)) {
            let near = |f: &&String| f.eq_ignore_ascii_case("id") || closest("id", &[f.as_str()]).is_some();
            let advice = names
                .iter()
                .find(near)
                .map_or(String::new(), |f| format!(" (did you mean {f}? the column must be named id)"));
            let message = format!("there is no column id{advice}; the columns are {}", names.join(", "));
            found.problem(line, "id", "", message);
        }
        for units in UNITS {
            let both: Vec<&str> = units.iter().copied().filter(|u| has(&names, u)).collect();
            if let [first, second, ..] = both.as_slice() {
                let message = format!("{first} and {second} are the same quantity; keep one of them");
                found.problem(line, second, second, message);
            }
        }
        Some(Header { names, columns })
    }

    /// How many columns there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Name and meaning of each column, in the order of the file.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&str, Column)> {
        self.names.iter().map(String::as_str).zip(self.columns.iter().copied())
    }

    /// The columns whose text groups and shared effects can use, in the order of the file.
    pub(super) fn labels(&self) -> Vec<String> {
        let text = |(_, column): &(&str, Column)| matches!(column, Column::Text(_));
        self.columns().filter(text).map(|(name, _)| name.to_string()).collect()
    }
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|n| n == name)
}

/// What to say of a header whose columns are not separated by commas.
fn other_separator(names: &[String]) -> Option<String> {
    let joined = names.join(",");
    [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")].into_iter().find_map(|(separator, name)| {
        let split = joined.matches(separator).count();
        (split > 0 && split >= names.len() && !has(names, "id")).then(|| {
            format!("the columns are separated by {name}; save the file with commas (and a point as the decimal sign)")
        })
    })
}

/// The meaning of one name in a header of these names.
fn column(name: &str, line: u64, names: &[String], found: &mut Findings) -> Column {
    if let Some((_, column)) = COLUMNS.iter().find(|(known, _)| *known == name) {
        return *column;
    }
    if name == "tier" {
        let message = "the tier is derived from the row, so this column is not read";
        found.warning("tier-column", line, name, message.to_string());
        return Column::Ignored;
    }
    let lower = name.to_lowercase().replace([' ', '-'], "_");
    let without_unit = |known: &str| known.strip_prefix(lower.as_str()).is_some_and(|unit| unit.starts_with('_'));
    let cells = COLUMNS.iter().filter(|(_, column)| matches!(column, Column::Cell { .. }));
    let whole = cells.map(|(known, _)| *known).find(|known| without_unit(known));
    if let Some(close) = whole.or_else(|| closest(&lower, &known()))
        && !has(names, close)
    {
        let message = format!("the column is read as a label; did you mean {close}?");
        found.warning("almost-a-column", line, name, message);
    }
    LABEL
}
