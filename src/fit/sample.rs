//! Rows that a regression can use, and the samples they are sorted into.
//!
//! A row is usable if it states a date from 2018 on, parameters, and compute (or tokens, which give it), is not marked
//! wrong by Epoch, and is a training run: a base model, or a fine-tune or distillation with its own compute.
//! Quantisations, merges, copies and adapters repeat their parent's figures and are left out.

use crate::assess::domain::Domain;
use crate::assess::fits::{REFERENCE_SIZE, REFERENCE_YEAR};
use crate::assess::stated::{
    active_parameters, flop_per_parameter_and_token, names_a_base, positive, repeats_its_parent, stated_flop,
};
use crate::portfolio::{Confidence, Model, Portfolio};

use super::design::Term;

/// Older models were trained on other budgets, and no Hub model is older.
pub const FIRST_YEAR: i32 = 2018;
/// Which number of parameters is the regressor. The product C = k·N·D is always of active ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Those that one token passes through.
    Active,
    /// Of a mixture of experts all of them.
    Total,
}

/// A usable row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The model's id.
    pub id: String,
    /// The row's own where it states none: an organisation of one.
    pub organization: String,
    /// ln(N / 1e10).
    pub ln_size: f64,
    /// Years after the start of 2023.
    pub years: f64,
    /// What the model is for.
    pub domain: Domain,
    /// It names a base: a fine-tune or a distillation with compute of its own.
    pub derivative: bool,
    /// On Epoch's list of notable models (column `notable`).
    pub notable: bool,
    /// Its weights are open (column `open_weights`).
    pub open_weights: bool,
    /// ln FLOP.
    pub ln_compute: f64,
    /// ln tokens.
    pub ln_tokens: f64,
}

/// The usable rows of a portfolio, and how many were left out for which reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// In the order of their ids: sums of floats depend on it, and that of the file must not count.
    pub rows: Vec<Row>,
    /// Reason and count, none of them 0.
    pub left_out: Vec<(&'static str, usize)>,
}

/// Which rows a fit is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// Base models of language.
    Language,
    /// Base models of vision.
    Vision,
    /// Base models of every domain.
    All,
    /// Notable base models of every domain.
    Notable,
    /// Base models with open weights, of every domain.
    OpenWeights,
    /// Derivatives as well, distinguished by a coefficient.
    Relation,
}

impl Sample {
    /// Every sample.
    pub const ALL: [Sample; 6] =
        [Sample::Language, Sample::Vision, Sample::All, Sample::Notable, Sample::OpenWeights, Sample::Relation];

    /// As typed and printed.
    pub fn name(self) -> &'static str {
        match self {
            Sample::Language => "language",
            Sample::Vision => "vision",
            Sample::All => "all",
            Sample::Notable => "notable",
            Sample::OpenWeights => "open-weights",
            Sample::Relation => "relation",
        }
    }

    /// The selection rule beyond what makes a row usable.
    pub fn rule(self) -> &'static str {
        match self {
            Sample::Language => "base models whose domain names language or is not stated",
            Sample::Vision => "base models whose domain names vision, image generation or video, and not language",
            Sample::All => "base models of every domain",
            Sample::Notable => "base models with notable = yes (on Epoch's list of notable models), every domain",
            Sample::OpenWeights => "base models with open_weights = yes, every domain",
            Sample::Relation => "base models, and fine-tunes and distillations by their own compute, every domain",
        }
    }

    /// The terms asked for; a domain without rows loses its own.
    pub fn terms(self) -> Vec<Term> {
        let mut terms = vec![Term::Intercept, Term::Size, Term::Year];
        if !matches!(self, Sample::Language | Sample::Vision) {
            terms.extend([Domain::Vision, Domain::Biology, Domain::Other].map(Term::Domain));
        }
        if self == Sample::Relation {
            terms.push(Term::Derivative);
        }
        terms
    }

    /// Whether a usable row belongs to the sample.
    pub fn holds(self, row: &Row) -> bool {
        match self {
            Sample::Language => !row.derivative && row.domain == Domain::Language,
            Sample::Vision => !row.derivative && row.domain == Domain::Vision,
            Sample::All => !row.derivative,
            Sample::Notable => !row.derivative && row.notable,
            Sample::OpenWeights => !row.derivative && row.open_weights,
            Sample::Relation => true,
        }
    }
}

/// The usable rows, whatever the order of the portfolio.
pub fn rows(portfolio: &Portfolio, size: Size) -> Rows {
    let mut left_out: Vec<(&'static str, usize)> = Vec::new();
    let mut rows = Vec::new();
    for model in &portfolio.models {
        match row(model, size) {
            Ok(row) => rows.push(row),
            Err(reason) => match left_out.iter_mut().find(|(of, _)| *of == reason) {
                Some((_, count)) => *count += 1,
                None => left_out.push((reason, 1)),
            },
        }
    }
    left_out.sort_by_key(|(reason, _)| *reason);
    rows.sort_by(|a: &Row, b| a.id.cmp(&b.id));
    Rows { rows, left_out }
}

/// The row, or the first reason against it.
fn row(model: &Model, size: Size) -> Result<Row, &'static str> {
    let date = model.date.ok_or("no date")?;
    if date.year < FIRST_YEAR {
        return Err("before 2018");
    }
    if model.compute_confidence == Some(Confidence::Wrong) {
        return Err("compute marked wrong");
    }
    if repeats_its_parent(model) {
        return Err("no training run of its own (quantised, merged, copied, adapter)");
    }
    if model.base_probability.is_some_and(|p| p < 1.0) {
        return Err("possibly a derivative (base_probability below 1)");
    }
    let active = active_parameters(model).and_then(positive).ok_or("no parameters")?;
    let per_token = flop_per_parameter_and_token(model) * active;
    let by_tokens = || {
        let passes = model.epochs.as_ref().and_then(positive).unwrap_or(1.0);
        model.tokens.as_ref().and_then(positive).map(|tokens| per_token * tokens * passes)
    };
    let compute = stated_flop(model).and_then(positive).or_else(by_tokens).ok_or("no compute and no tokens")?;
    let regressor = match size {
        Size::Active => active,
        Size::Total => model.parameters.as_ref().and_then(positive).unwrap_or(active),
    };
    // A distribution of numbers that are credible can have a median that is not.
    if !(compute / per_token).is_normal() || !compute.is_normal() {
        return Err("a median that is no credible number");
    }
    let says_yes = |label: &str| model.labels.get(label).is_some_and(|t| t.eq_ignore_ascii_case("yes"));
    Ok(Row {
        id: model.id.clone(),
        organization: model.labels.get("organization").map(str::to_string).unwrap_or_else(|| model.id.clone()),
        ln_size: libm::log(regressor / REFERENCE_SIZE),
        years: date.as_year() - REFERENCE_YEAR,
        domain: Domain::of(&model.labels),
        derivative: names_a_base(model),
        notable: says_yes("notable"),
        open_weights: says_yes("open_weights"),
        ln_compute: libm::log(compute),
        ln_tokens: libm::log(compute / per_token),
    })
}
