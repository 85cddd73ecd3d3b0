//! Tables for papers: the same rows as LaTeX (booktabs, siunitx), Markdown or CSV.
//!
//! A kind makes a [`Table`] of what was found; `latex`, `markdown` and `comma` write any table. Adding a kind is a function
//! here or in `kinds` and a line in [`Kind::ALL`]; adding a form is one file and a line in [`Form`].

mod comma;
mod kinds;
mod latex;
mod markdown;

use crate::portfolio::Portfolio;
use crate::run::Outcome;
use crate::run::shown::Shown;
use crate::validate::Validation;

/// What a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Totals with their intervals.
    Headline,
    /// Sobol' indices by factor.
    Sensitivity,
    /// Models and shares by tier.
    Tiers,
    /// The largest models.
    Contributors,
    /// The back-test.
    Validation,
    /// Regressions for missing compute.
    Regressions,
    /// Priors in force, with citations.
    Priors,
    /// IPCC, Approach 2.
    Ipcc,
}

impl Kind {
    /// Every kind with its name.
    pub const ALL: [(Kind, &'static str); 8] = [
        (Kind::Headline, "headline"),
        (Kind::Sensitivity, "sensitivity"),
        (Kind::Tiers, "tiers"),
        (Kind::Contributors, "contributors"),
        (Kind::Validation, "validation"),
        (Kind::Regressions, "regressions"),
        (Kind::Priors, "priors"),
        (Kind::Ipcc, "ipcc"),
    ];

    /// The kind of a name.
    pub fn of(name: &str) -> Option<Kind> {
        Kind::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Kind::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A `table` environment for booktabs and siunitx.
    Latex,
    /// GitHub's tables.
    Markdown,
    /// Comma-separated values, every digit.
    Csv,
}

impl Form {
    /// By the ending of a file's name.
    pub fn of(ending: &str) -> Option<Form> {
        match ending.to_ascii_lowercase().as_str() {
            "tex" => Some(Form::Latex),
            "md" => Some(Form::Markdown),
            "csv" => Some(Form::Csv),
            _ => None,
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// As it is.
    Text(String),
    /// A number as people read it (`119.9`), and every digit of it.
    Number(String, Option<f64>),
    /// A value and its standard error, likewise.
    WithError(String, Option<String>, Option<f64>),
    /// Both ends of an interval, likewise.
    Range(String, String, Option<[f64; 2]>),
    /// Nothing.
    Nothing,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its head, with the unit in brackets where the whole column has one.
    pub head: String,
    /// Whether it is aligned to the right.
    pub right: bool,
    /// Of the width of the text, where long texts are broken into lines.
    pub share: Option<f32>,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it shows, in one or two sentences.
    pub caption: String,
    /// For references.
    pub label: &'static str,
    /// In order.
    pub columns: Vec<Column>,
    /// Each as long as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

/// What a table is made of.
pub enum Found {
    /// The study is enough.
    Nothing,
    /// A run.
    Run(Box<Outcome>),
    /// The back-test.
    BackTest(Box<Validation>),
    /// Everything.
    All(Box<Shown>),
}

/// The table of a kind; or why there is none.
///
/// # Errors
/// What is missing, in words.
pub fn table(kind: Kind, portfolio: &Portfolio, found: &Found) -> Result<Table, String> {
    match (kind, found) {
        (Kind::Headline, Found::Run(outcome)) => Ok(kinds::headline(outcome)),
        (Kind::Sensitivity, Found::Run(outcome)) => kinds::sensitivity(outcome),
        (Kind::Tiers, Found::Run(outcome)) => Ok(kinds::tiers(outcome)),
        (Kind::Contributors, Found::Run(outcome)) => Ok(kinds::contributors(outcome)),
        (Kind::Validation, Found::BackTest(found)) => Ok(kinds::validation(found)),
        (Kind::Regressions, _) => kinds::regressions(),
        (Kind::Priors, _) => kinds::priors(portfolio),
        (Kind::Ipcc, Found::All(shown)) => kinds::ipcc(shown),
        _ => Err("it was not computed".into()),
    }
}

/// A table in a form, ending in a line end.
pub fn write(table: &Table, form: Form) -> String {
    match form {
        Form::Latex => latex::write(table),
        Form::Markdown => markdown::write(table),
        Form::Csv => comma::write(table),
    }
}
