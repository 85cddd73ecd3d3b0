//! What `models.csv`, `groups.csv` and the same in Parquet hold: one list of columns, and the cells of a row.
//!
//! The unit stands at the end of a name. An undefined number is no number: an empty cell, or a null.

use crate::posterior::{Estimate, GroupPosterior, ModelPosterior};

/// Parts of one estimate, to be put between a quantity's name and its unit.
const PARTS: [&str; 14] = [
    "mean",
    "sd",
    "median",
    "lo",
    "hi",
    "shortest_lo",
    "shortest_hi",
    "mean_mcse",
    "sd_mcse",
    "median_mcse",
    "lo_mcse",
    "hi_mcse",
    "shortest_lo_mcse",
    "shortest_hi_mcse",
];

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Count,
    Number,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Of numbers: the unit as people write it, or 1.
    pub(super) unit: Option<&'static str>,
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Count(u64),
    Number(Option<f64>),
}

/// The columns of the models.
pub(super) fn of_models() -> Vec<Column> {
    let own = [text("id"), text("tier"), number("share_of_mean".into(), "1")];
    own.into_iter()
        .chain(of_estimate("emissions", "t", "t"))
        .chain(of_estimate("atci", "kg_per_eflop", "kg/EFLOP"))
        .collect()
}

/// The cells of a model, in the order of its columns.
pub(super) fn of_model(model: &ModelPosterior) -> impl Iterator<Item = Cell<'_>> {
    let own = [Cell::Text(&model.id), Cell::Text(model.tier.name()), defined(model.share)];
    own.into_iter().chain(cells(&model.emissions_t)).chain(cells(&model.atci_kg_per_eflop))
}

/// The columns of the groups.
pub(super) fn of_groups() -> Vec<Column> {
    let models = Column { name: "models".into(), kind: Kind::Count, unit: Some("1") };
    let own = [text("by"), text("value"), models, number("share_of_mean".into(), "1")];
    let estimates = [("emissions", "t", "t"), ("compute", "eflop", "EFLOP"), ("atci", "kg_per_eflop", "kg/EFLOP")];
    own.into_iter()
        .chain(estimates.into_iter().flat_map(|(name, suffix, unit)| of_estimate(name, suffix, unit)))
        .collect()
}

/// The cells of a group, in the order of its columns.
pub(super) fn of_group(group: &GroupPosterior) -> impl Iterator<Item = Cell<'_>> {
    let own = [Cell::Text(&group.by), Cell::Text(&group.value), Cell::Count(group.models as u64), defined(group.share)];
    own.into_iter()
        .chain(cells(&group.emissions_t))
        .chain(cells(&group.compute_eflop.unwrap_or_default()))
        .chain(cells(&group.atci_kg_per_eflop.unwrap_or_default()))
}

fn text(name: &str) -> Column {
    Column { name: name.into(), kind: Kind::Text, unit: None }
}

fn number(name: String, unit: &'static str) -> Column {
    Column { name, kind: Kind::Number, unit: Some(unit) }
}

fn of_estimate(quantity: &str, suffix: &str, unit: &'static str) -> [Column; PARTS.len()] {
    PARTS.map(|part| number(format!("{quantity}_{part}_{suffix}"), unit))
}

fn cells<'a>(e: &Estimate) -> [Cell<'a>; PARTS.len()] {
    let [lo, hi] = ends(e.interval);
    let [shortest_lo, shortest_hi] = ends(e.shortest);
    let [lo_mcse, hi_mcse] = ends(e.mcse.interval);
    let [shortest_lo_mcse, shortest_hi_mcse] = ends(e.mcse.shortest);
    // In the order of PARTS.
    [
        e.mean,
        e.sd,
        e.median,
        lo,
        hi,
        shortest_lo,
        shortest_hi,
        e.mcse.mean,
        e.mcse.sd,
        e.mcse.median,
        lo_mcse,
        hi_mcse,
        shortest_lo_mcse,
        shortest_hi_mcse,
    ]
    .map(defined)
}

fn defined<'a>(x: Option<f64>) -> Cell<'a> {
    Cell::Number(x.filter(|x| x.is_finite()))
}

fn ends(pair: Option<[f64; 2]>) -> [Option<f64>; 2] {
    pair.map_or([None; 2], |p| p.map(Some))
}
