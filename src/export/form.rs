//! The forms by their names: which one is about what, and a form filled in, from a portfolio.

use super::card::{self, Block};
use super::{ModelFigures, audit, boamps, cyclonedx, dia, gpai, hf, ipcc, sci_ai, spdx};
use crate::assess::Assessment;
use crate::exact::shares::shares;
use crate::exact::terms::Known;
use crate::portfolio::problem::shorten;
use crate::portfolio::{Model, Portfolio};
use crate::run::{Progress, RunError, RunOptions, Session};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A block of the Data Intelligence Alliance's schema for a model card.
    Dia,
    /// `co2_eq_emissions` of a Hugging Face model card.
    Hf,
    /// The EU's documentation form for general-purpose models.
    Gpai,
    /// Software Carbon Intensity for AI.
    SciAi,
    /// A BoAmps report.
    Boamps,
    /// A CycloneDX bill of materials.
    Cyclonedx,
    /// An SPDX bill of materials.
    Spdx,
    /// The table of IPCC Approach 2.
    Ipcc,
    /// Activity data, coefficients and formulas for an auditor.
    Audit,
}

/// How a form is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// JSON.
    Json,
    /// Markdown.
    Md,
    /// CSV.
    Csv,
    /// YAML, for the front matter of a card.
    Yaml,
}

/// Something that goes by a name.
pub trait Named: Copy + PartialEq + 'static {
    /// Each with its name.
    const NAMES: &'static [(&'static str, Self)];

    /// Its name.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, named)| *named == self).map_or("", |(name, _)| name)
    }
}

impl Named for Form {
    const NAMES: &'static [(&'static str, Form)] = &Form::ALL;
}

impl Named for Layout {
    const NAMES: &'static [(&'static str, Layout)] = &Layout::ALL;
}

impl Layout {
    /// All of them, with their names.
    pub const ALL: [(&str, Layout); 4] =
        [("json", Layout::Json), ("md", Layout::Md), ("csv", Layout::Csv), ("yaml", Layout::Yaml)];
}

impl Form {
    /// All of them, with their names.
    pub const ALL: [(&str, Form); 9] = [
        ("dia", Form::Dia),
        ("hf", Form::Hf),
        ("gpai", Form::Gpai),
        ("sci-ai", Form::SciAi),
        ("boamps", Form::Boamps),
        ("cyclonedx", Form::Cyclonedx),
        ("spdx", Form::Spdx),
        ("ipcc", Form::Ipcc),
        ("audit", Form::Audit),
    ];

    /// How it can be written, the usual way first.
    pub fn layouts(self) -> &'static [Layout] {
        match self {
            Form::Dia | Form::Hf => &[Layout::Yaml],
            Form::Gpai | Form::Audit => &[Layout::Md, Layout::Json],
            Form::SciAi => &[Layout::Json, Layout::Md],
            Form::Boamps | Form::Cyclonedx | Form::Spdx => &[Layout::Json],
            Form::Ipcc => &[Layout::Csv, Layout::Md, Layout::Json],
        }
    }

    /// Whether it is about all models of a portfolio.
    pub fn of_a_portfolio(self) -> bool {
        matches!(self, Form::Ipcc | Form::Audit)
    }

    /// Whether it is a block for a model card.
    pub fn of_a_card(self) -> bool {
        matches!(self, Form::Dia | Form::Hf)
    }
}

/// A form that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Which.
    pub form: Form,
    /// One of [`Form::layouts`].
    pub layout: Layout,
    /// The row of the model in question; of a form about all models, `None` or the one that is looked at alone.
    pub row: Option<&'a Model>,
    /// The column of the categories of [`Form::Ipcc`].
    pub by: &'a str,
    /// The card into which a block goes; the block alone without one.
    pub card: Option<&'a [u8]>,
    /// What is drawn.
    pub options: RunOptions,
    /// What gives the form again, for an audit.
    pub command: &'a str,
    /// The time of writing, which SPDX requires.
    pub now: &'a str,
}

/// Why a form is not filled in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// There is no result.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The form cannot be had of this model.
    #[error("{0}")]
    Usage(String),
    /// A card that no block can be merged into.
    #[error("{0}")]
    Card(String),
    /// The table cannot be written.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// Fills a form in. `assessment` is that of the portfolio.
///
/// # Errors
/// [`FormError`]
pub fn filled(
    session: &Session,
    portfolio: &Portfolio,
    assessment: &Assessment,
    order: &Order<'_>,
    progress: &dyn Progress,
) -> Result<Vec<u8>, FormError> {
    match order.row {
        row if order.form.of_a_portfolio() => of_portfolio(session, portfolio, assessment, row, order, progress),
        Some(row) => of_model(session, portfolio, assessment, row, order, progress),
        None => Err(FormError::Usage("the form is about one model; name it".into())),
    }
}

/// A form about one model.
fn of_model(
    session: &Session,
    portfolio: &Portfolio,
    assessment: &Assessment,
    row: &Model,
    order: &Order<'_>,
    progress: &dyn Progress,
) -> Result<Vec<u8>, FormError> {
    let one = session.one_model(portfolio, assessment, &row.id, &order.options, progress)?;
    let figures = one.as_ref().and_then(|one| Some((one, ModelFigures::of(row, one)?)));
    let (one, figures) =
        figures.ok_or_else(|| FormError::Usage(format!("nothing is counted of {:?}", shorten(&row.id))))?;
    let thresholds = (order.form == Form::Gpai)
        .then(|| session.thresholds(portfolio, assessment, &row.id, one.drawn.settings, &Silently(progress)))
        .transpose()?;
    let text = match (order.form, order.layout) {
        (Form::Dia, _) => return block(order.card, &dia::blocks(&figures)),
        (Form::Hf, _) => return block(order.card, &hf::blocks(&figures)),
        (Form::Gpai, Layout::Json) => gpai::json(&figures, thresholds.as_ref()),
        (Form::Gpai, _) => gpai::markdown(&figures, thresholds.as_ref()),
        (Form::SciAi, Layout::Md) => sci_ai::markdown(&figures),
        (Form::SciAi, _) => sci_ai::json(&figures),
        (Form::Boamps, _) => {
            boamps::json(&figures).map_err(|why| FormError::Usage(format!("{}: {why}", shorten(&row.id))))?
        }
        (Form::Cyclonedx, _) => cyclonedx::json(&figures),
        (Form::Spdx | Form::Ipcc | Form::Audit, _) => spdx::json(&figures, order.now),
    };
    Ok(text.into_bytes())
}

/// The device was named before; what ends the work ends this too.
struct Silently<'a>(&'a dyn Progress);

impl Progress for Silently<'_> {
    fn advance(&self, _model_draws: u64) -> bool {
        self.0.advance(0)
    }
}

/// The block alone, or in the card.
fn block(card: Option<&[u8]>, blocks: &[Block]) -> Result<Vec<u8>, FormError> {
    match card {
        Some(card) => card::merged(card, blocks).map_err(FormError::Card),
        None => {
            let lines = blocks.iter().flat_map(|block| &block.lines);
            Ok(lines.map(|line| format!("{line}\n")).collect::<String>().into_bytes())
        }
    }
}

/// A form about all models, or for an audit about one.
fn of_portfolio(
    session: &Session,
    portfolio: &Portfolio,
    assessment: &Assessment,
    row: Option<&Model>,
    order: &Order<'_>,
    progress: &dyn Progress,
) -> Result<Vec<u8>, FormError> {
    let by = order.by.to_string();
    let mut options = order.options;
    let asked = match row {
        Some(row) => assessment.only(|model| model.id == row.id),
        None => assessment.clone(),
    };
    let categories = order.form == Form::Ipcc;
    if categories {
        options.level = Some(ipcc::LEVEL);
    }
    let asked = Assessment { groups_by: if categories { vec![by.clone()] } else { vec![] }, ..asked };
    let outcome = session.run_assessed(portfolio, asked, &options, progress)?;
    let text = match (order.form, order.layout) {
        (Form::Ipcc, layout) => {
            let shares = shares(&outcome.assessment, std::slice::from_ref(&by), &mut Known::default()).ok();
            let rows = ipcc::rows(&outcome, shares.as_ref(), &by);
            match layout {
                Layout::Md => ipcc::markdown(&rows, &outcome, &by),
                Layout::Json => ipcc::json(&rows, &outcome, &by),
                _ => ipcc::csv(&rows)?,
            }
        }
        (_, Layout::Json) => audit::json(portfolio, &outcome, order.command),
        _ => audit::markdown(portfolio, &outcome, order.command),
    };
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_a_name_of_its_own_and_a_layout() {
        for (i, (name, form)) in Form::ALL.into_iter().enumerate() {
            assert!(!form.layouts().is_empty(), "{name}");
            assert!(!(form.of_a_portfolio() && form.of_a_card()), "{name}");
            assert!(Form::ALL[..i].iter().all(|(other, _)| *other != name), "{name}");
        }
    }
}
