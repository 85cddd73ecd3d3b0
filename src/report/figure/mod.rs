//! Figures for papers, as SVG, PNG and PDF: one file a kind, one style, the same bytes on every machine.
//!
//! `svg` writes, `font` has the characters as outlines, `style` sizes and colours, `axis` scales and ticks, `sheet` the
//! heading and the notes around a picture; `render` makes PNG and PDF of the SVG. Everything that a figure says in numbers
//! is formatted by [`super::numbers`]. A result of one model, of nothing or without spread has a figure as well, which
//! says what is missing.

mod atci;
pub mod axis;
mod calibration;
mod convergence;
mod font;
mod lineage;
mod parts;
pub mod render;
mod scaling;
mod sensitivity;
mod sheet;
pub mod style;
pub mod svg;
mod tornado;
mod total;
mod trend;

use crate::assess::Assessment;
use crate::run::Outcome;
use crate::run::lineage::Lineage;
use crate::run::trend::Trend;
use crate::validate::Validation;
pub use style::Width;

/// What a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The density of the total with its intervals, correlation ignored next to it.
    Total,
    /// Where the variance comes from.
    Sensitivity,
    /// One input at a time.
    Tornado,
    /// Emissions per compute of each model.
    Atci,
    /// How the relative spread falls as models are added.
    Scaling,
    /// The tree of a family.
    Lineage,
    /// The result against the number of draws.
    Convergence,
    /// How well predictions of published runs are calibrated.
    Calibration,
    /// By year of training.
    Trend,
}

/// The result that a figure is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// What the portfolio implies; nothing is drawn at random.
    Assessment,
    /// A run.
    Run,
    /// A question about lineage.
    Lineage,
    /// A validation.
    Validation,
    /// A trend.
    Trend,
}

impl Kind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Kind; 9] = [
        Kind::Total,
        Kind::Sensitivity,
        Kind::Tornado,
        Kind::Atci,
        Kind::Scaling,
        Kind::Lineage,
        Kind::Convergence,
        Kind::Calibration,
        Kind::Trend,
    ];

    /// The name on the command line and of the file.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Total => "total",
            Kind::Sensitivity => "sensitivity",
            Kind::Tornado => "tornado",
            Kind::Atci => "atci",
            Kind::Scaling => "scaling",
            Kind::Lineage => "lineage",
            Kind::Convergence => "convergence",
            Kind::Calibration => "calibration",
            Kind::Trend => "trend",
        }
    }

    /// The result that it is drawn from.
    pub fn needs(self) -> Needs {
        match self {
            Kind::Lineage => Needs::Lineage,
            Kind::Calibration => Needs::Validation,
            Kind::Trend => Needs::Trend,
            Kind::Sensitivity | Kind::Tornado | Kind::Scaling => Needs::Assessment,
            _ => Needs::Run,
        }
    }
}

/// The results that there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// What a portfolio implies.
    pub assessment: Option<&'a Assessment>,
    /// Of a run.
    pub outcome: Option<&'a Outcome>,
    /// Of a question about lineage: the first family is drawn.
    pub lineage: Option<&'a Lineage>,
    /// Of a validation.
    pub validation: Option<&'a Validation>,
    /// Of a trend.
    pub trend: Option<&'a Trend>,
}

/// A result is missing that the figure is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the figure {} is drawn from the result of a {}, which is not there", .0.name(), match .0.needs() {
    Needs::Assessment => "assessment",
    Needs::Run => "run",
    Needs::Lineage => "question about lineage",
    Needs::Validation => "validation",
    Needs::Trend => "trend",
})]
pub struct Missing(pub Kind);

/// A figure, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it shows.
    pub kind: Kind,
    /// As SVG, with its text as outlines.
    pub svg: String,
}

/// Draws a figure.
///
/// # Errors
/// [`Missing`] where the result that it needs is not among the inputs.
pub fn draw(kind: Kind, inputs: &Inputs<'_>, width: Width) -> Result<Figure, Missing> {
    let run = || inputs.outcome.ok_or(Missing(kind));
    let assessed = || inputs.assessment.ok_or(Missing(kind));
    Ok(match kind {
        Kind::Total => total::figure(run()?, width),
        Kind::Sensitivity => sensitivity::figure(assessed()?, width),
        Kind::Tornado => tornado::figure(assessed()?, width),
        Kind::Atci => atci::figure(run()?, width),
        Kind::Scaling => scaling::figure(assessed()?, width),
        Kind::Convergence => convergence::figure(run()?, width),
        Kind::Lineage => lineage::figure(inputs.lineage.ok_or(Missing(kind))?, width),
        Kind::Calibration => calibration::figure(inputs.validation.ok_or(Missing(kind))?, width),
        Kind::Trend => trend::figure(inputs.trend.ok_or(Missing(kind))?, width),
    })
}

#[cfg(test)]
mod tests;
