//! From rows to a design matrix: which columns there are, and what each row has in them.

use nalgebra::{DMatrix, DVector};

use super::FitError;
use super::sample::{Row, Sample};
use crate::assess::domain::Domain;
pub use crate::assess::fits::Term;

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// ln C, C in FLOP.
    Compute,
    /// ln D, D in tokens (for other domains than language: data points) seen: C / (k·N).
    Tokens,
}

impl Response {
    /// Both responses.
    pub const ALL: [Response; 2] = [Response::Tokens, Response::Compute];

    /// The name used on cards and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Response::Compute => "compute",
            Response::Tokens => "tokens",
        }
    }

    /// As in an equation.
    pub fn symbol(self) -> &'static str {
        match self {
            Response::Compute => "ln C",
            Response::Tokens => "ln D",
        }
    }

    fn of(self, row: &Row) -> f64 {
        match self {
            Response::Compute => row.ln_compute,
            Response::Tokens => row.ln_tokens,
        }
    }
}

/// Rows of a domain with fewer than this many are left out: a coefficient of their own would fit them exactly.
const FEWEST_OF_A_DOMAIN: usize = 3;

/// The design of one fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Design<'a> {
    /// Columns of `x`.
    pub terms: Vec<Term>,
    /// Rows of `x`, in the order of the usable rows.
    pub rows: Vec<&'a Row>,
    /// The design matrix: a row for each model, a column for each term.
    pub x: DMatrix<f64>,
    /// The response of each row: ln C or ln D.
    pub y: DVector<f64>,
}

impl<'a> Design<'a> {
    /// The design of a sample among the usable rows.
    ///
    /// # Errors
    /// Fewer rows than coefficients and two.
    pub fn new(sample: Sample, response: Response, rows: &'a [Row]) -> Result<Design<'a>, FitError> {
        let mut rows: Vec<&Row> = rows.iter().filter(|row| sample.holds(row)).collect();
        let mut terms = sample.terms();
        if terms.iter().any(|t| matches!(t, Term::Domain(_))) {
            let count = |rows: &[&Row], domain| rows.iter().filter(|r| r.domain == domain).count();
            let all = rows.clone();
            rows.retain(|r| count(&all, r.domain) >= FEWEST_OF_A_DOMAIN);
            terms.retain(|t| !matches!(t, Term::Domain(domain) if count(&rows, *domain) == 0));
            // Without language models the first domain there is becomes the level of comparison.
            if count(&rows, Domain::Language) == 0
                && let Some(first) = terms.iter().position(|t| matches!(t, Term::Domain(_)))
            {
                terms.remove(first);
            }
        }
        if rows.len() < terms.len() + 2 {
            let coefficients = terms.len();
            return Err(FitError::TooFewRows { rows: rows.len(), needed: coefficients + 2, coefficients });
        }
        let value = |i: usize, j: usize| {
            rows.get(i).zip(terms.get(j)).map_or(0.0, |(r, t)| t.value(r.ln_size, r.years, r.domain, r.derivative))
        };
        let x = DMatrix::from_fn(rows.len(), terms.len(), value);
        let y = DVector::from_iterator(rows.len(), rows.iter().map(|row| response.of(row)));
        Ok(Design { terms, rows, x, y })
    }
}
