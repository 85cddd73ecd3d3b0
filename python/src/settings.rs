//! Settings of Python as the text of a study file.

use pyo3::prelude::*;
use toml::{Table, Value};

use crate::errors::Failure;

/// The text of a study: that of a file, if there is one, with these settings (JSON) and models files in place of its own.
/// Within a section, what is not set again stays. A file that is no TOML is left as it is: reading it says what is wrong,
/// with its lines.
#[pyfunction]
#[pyo3(signature = (settings, base=None, models=None))]
pub fn study_text(settings: &str, base: Option<&str>, models: Option<Vec<String>>) -> PyResult<String> {
    let unusable =
        |e: &dyn std::fmt::Display| Failure::Usage(format!("the settings cannot be written as a study: {e}"));
    let mut table = match base.map(str::parse::<Table>) {
        None => Table::new(),
        Some(Ok(table)) => table,
        Some(Err(_)) => return Ok(base.unwrap_or_default().to_string()),
    };
    let settings: Table = serde_json::from_str(settings).map_err(|e| unusable(&e))?;
    for (one, other) in [("draws", "precision"), ("precision", "draws")] {
        if settings.contains_key(one) && !settings.contains_key(other) {
            table.remove(other);
        }
    }
    merge(&mut table, settings);
    if let Some(models) = models {
        table.insert("models".into(), Value::Array(models.into_iter().map(Value::String).collect()));
    }
    Ok(toml::to_string(&table).map_err(|e| unusable(&e))?)
}

/// Sections key by key, everything else as a whole.
fn merge(table: &mut Table, settings: Table) {
    for (key, value) in settings {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(before)), Value::Table(after)) => merge(before, after),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
