//! The exact decomposition of the variance, with the value of every disclosure.

use super::disclosure::{Disclosure, disclosures};
use super::shares::{Shares, shares};
use super::terms::Known;
use crate::assess::{Alternative, Assessment, if_disclosed};
use crate::portfolio::{Portfolio, Problems};

/// Where the variance of the emissions comes from, and what one more published figure would take off it.
pub struct Decomposition {
    /// Shares of factors, effects, labels and models.
    pub shares: Shares,
    /// Most valuable first.
    pub disclosures: Vec<Disclosure>,
    /// The portfolio as it would be assessed if every model disclosed a quantity.
    pub(crate) alternatives: Vec<Alternative>,
    /// Moments that were computed on the way.
    pub(crate) known: Known,
}

/// The decomposition of a portfolio's emissions, also by the values of each column of `by`; or why there is none, such
/// as a variance that is infinite. `assessment` is that of the portfolio.
///
/// # Errors
/// Problems of the portfolio as it would be with a figure disclosed.
pub fn decomposition(
    portfolio: &Portfolio,
    assessment: &Assessment,
    by: &[String],
) -> Result<Result<Decomposition, String>, Problems> {
    let mut known = Known::default();
    let shares = match shares(assessment, by, &mut known) {
        Ok(shares) => shares,
        Err(reason) => return Ok(Err(reason)),
    };
    let alternatives = if_disclosed(portfolio)?;
    Ok(disclosures(assessment, &alternatives, &mut known).map(|disclosures| Decomposition {
        shares,
        disclosures,
        alternatives,
        known,
    }))
}
