//! The card of one fit: everything a reader needs to judge it, as data.

use super::FitError;
use super::design::{Design, Response, Term};
use super::diagnostics::{Diagnostics, diagnostics};
use super::regression::{Regression, ols};
use super::sample::{Row, Rows, Sample, Size};

/// One coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct Coefficient {
    /// Column of the design.
    pub term: Term,
    /// The estimate: change of ln C or ln D per unit of the term.
    pub value: f64,
    /// Standard error, residuals of one variance assumed.
    pub se: f64,
    /// Robust (HC3); `None` where a row decides a coefficient alone.
    pub se_hc3: Option<f64>,
}

/// A point of the residual plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The model's id.
    pub id: String,
    /// Fitted value of ln C or ln D.
    pub fitted: f64,
    /// Observed less fitted value.
    pub residual: f64,
    /// Leverage h of the row.
    pub leverage: f64,
}

/// One fit, with its sample and its diagnostics.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Which rows it was made on.
    pub sample: Sample,
    /// What is explained.
    pub response: Response,
    /// Which number of parameters is the regressor.
    pub size: Size,
    /// One for each term of the design, in its order.
    pub coefficients: Vec<Coefficient>,
    /// How far the fit can be trusted.
    pub diagnostics: Diagnostics,
    /// The regression itself.
    pub fit: Regression,
    /// In the order of the ids.
    pub points: Vec<Point>,
}

impl Card {
    /// The terms of the coefficients, in their order.
    pub fn terms(&self) -> Vec<Term> {
        self.coefficients.iter().map(|c| c.term).collect()
    }

    /// `exp(s²/2)`: what the smearing factor would be if the residuals were normal.
    pub fn normal_smearing(&self) -> f64 {
        libm::exp(0.5 * self.fit.sd * self.fit.sd)
    }

    /// Why the coverage with organisations left out is not between 0.85 and 0.95, if it is not.
    pub fn coverage_note(&self) -> Option<String> {
        let left_out = &self.diagnostics.organizations;
        let coverage = left_out.coverage?;
        if (0.85..=0.95).contains(&coverage) {
            return None;
        }
        let shape = match self.diagnostics.skewness {
            Some(skewness) if skewness.abs() > 1.0 => format!("the residuals are skewed ({skewness:.2})"),
            _ => "organisations differ by more than the spread within them".to_string(),
        };
        Some(if left_out.organizations < 20 {
            format!("outside 0.85 to 0.95: {} organisations are too few to tell", left_out.organizations)
        } else if coverage > 0.95 {
            format!("above 0.95, the intervals are too wide: {shape}")
        } else {
            format!("below 0.85, the intervals are too narrow: {shape}")
        })
    }
}

/// Fits a sample of the usable rows.
///
/// # Errors
/// Too few rows, or a coefficient that cannot be distinguished from the others.
pub fn card(rows: &Rows, sample: Sample, response: Response, size: Size) -> Result<Card, FitError> {
    let design = Design::new(sample, response, &rows.rows)?;
    let fit = ols(&design.x, &design.y, |j| design.terms.get(j).map_or_else(String::new, |t| t.name()))?;
    let robust = fit.se_hc3(&design.x);
    let of = |(j, (term, (value, se))): (usize, (&Term, (&f64, f64)))| Coefficient {
        term: *term,
        value: *value,
        se,
        se_hc3: robust.as_ref().and_then(|r| r.get(j).copied()),
    };
    let coefficients = design.terms.iter().zip(fit.coefficients.iter().zip(fit.se())).enumerate().map(of).collect();
    let numbers = fit.fitted.iter().zip(&fit.residuals).zip(&fit.leverage);
    let point = |(row, ((fitted, residual), leverage)): (&&Row, ((&f64, &f64), &f64))| Point {
        id: row.id.clone(),
        fitted: *fitted,
        residual: *residual,
        leverage: *leverage,
    };
    let points = design.rows.iter().zip(numbers).map(point).collect();
    Ok(Card { sample, response, size, coefficients, diagnostics: diagnostics(&design, &fit), points, fit })
}
