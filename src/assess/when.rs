//! When a row's run was: one year for everything that goes by years.
//!
//! The year of its date; else that of its architecture's original models; else none. Training length, chips, grid and
//! the MFU of an organisation's year all ask here, so that no row has the tokens of one year and the chips of another.

use std::sync::LazyLock;

use crate::portfolio::Model;
use crate::portfolio::spelling::normal;

/// Median Hub creation year of an architecture's original models. From an embedded table and not from the rows at
/// hand, so that no row's result depends on which others are present.
static ARCHITECTURE_YEARS: LazyLock<Vec<(String, i32)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_str!("data/architecture_dates.csv").as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    rows.filter_map(|row| Some((normal(row.get(0)?), row.get(1)?.get(..4)?.parse().ok()?))).collect()
});

/// The year of a row, if anything says it.
pub fn year(model: &Model) -> Option<i32> {
    model.date.map(|date| date.year).or_else(|| architecture_year(model))
}

/// Where the year is from, for people; empty if from the row's date.
pub fn said(model: &Model) -> &'static str {
    match (model.date, architecture_year(model)) {
        (Some(_), _) => "",
        (None, Some(_)) => ", the architecture's median year",
        (None, None) => ", undated",
    }
}

fn architecture_year(model: &Model) -> Option<i32> {
    let wanted = normal(model.labels.get("architecture")?);
    ARCHITECTURE_YEARS.iter().find(|(architecture, _)| *architecture == wanted).map(|(_, year)| *year)
}
