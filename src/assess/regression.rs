//! Compute imputed by a regression on size and date (`[imputation] compute = "regression"`).
//!
//! The fits are those of `data/fits.toml`, or of the file that `[imputation] fits` names ([`super::fits`]). Where shared
//! effects are off, the coefficients' uncertainty is the model's own.
//!
//! A model that is not one of Epoch's (no label `epoch_model`) is not of the fits' population: its intercept is
//! widened by `[priors.regression]`, in a part shared by all such models of a fit and an own one.

use std::sync::Arc;

use super::default_effects::DEFAULT_ORDINAL;
use super::domain::Domain;
use super::draft::Draft;
use super::effects::EffectKey;
use super::era::below;
use super::exposure::Exposure;
use super::fits::{Fit, Term};
use super::lognormal::{LogNormal, eighth_octave, lognormal, quadrature};
use super::priors::Priors;
use super::priors::names::{self, Gsd};
use super::provenance::{Kind, Provenance};
use crate::portfolio::Factor;

/// The fit for models of a domain: its own, or that of all.
fn fit_for(fits: &[Fit], domain: Domain) -> Option<&Fit> {
    let name = match domain {
        Domain::Language => "language",
        Domain::Vision => "vision",
        Domain::Biology | Domain::Other => "all",
    };
    fits.iter().find(|f| f.name == name)
}

/// Where a fit's numbers are from.
fn from(own: bool) -> &'static str {
    if own { "the study's fits" } else { "docs/regressions.md" }
}

/// A date and how well it is known (standard deviation in years).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct When {
    pub year: f64,
    pub sd: f64,
}

/// Compute of a model with `n` active parameters, `per` FLOP per parameter and token, below `hi` FLOP; `None` where
/// no fit is for its domain.
pub fn compute(exposure: Exposure<'_>, n: LogNormal, per: f64, when: When, hi: f64) -> Option<Draft> {
    let (priors, model) = (exposure.priors, exposure.model);
    let domain = Domain::of(&model.labels);
    let (fits, of_the_study) = priors.fits();
    let fit = fit_for(fits, domain)?;
    // Models of like size and month share a table.
    let prediction = fit.predict(eighth_octave(n.median), month(when.year), domain);
    let of_inputs = quadrature((1.0 + fit.slope(Term::Size)) * n.ln_sd, fit.slope(Term::Year) * when.sd);
    let beyond = !model.labels.contains_key("epoch_model");
    let widened = |prior: Gsd| if beyond { priors.ln_gsd(prior) } else { 0.0 };
    let (beyond_own, beyond_shared) = (widened(BEYOND_OWN), widened(BEYOND_SHARED));
    let mut own = quadrature(quadrature(prediction.own_sd, beyond_own), of_inputs);
    if !exposure.on {
        own = quadrature(own, quadrature(prediction.coefficient_sd(), beyond_shared));
    }
    let tokens = libm::exp(prediction.ln_tokens);
    let median = per * n.median * tokens;
    let (distribution, acts) = below(lognormal(LogNormal { median: median.min(hi), ln_sd: own }), hi);
    let how = format!(
        "{per} · {:.4e} active parameters · {tokens:.3e} tokens (median, the {} regression at {:.1}, GSD {:.3}{}); \
         truncated",
        n.median,
        fit.name,
        when.year,
        libm::exp(own),
        if beyond { ", widened beyond Epoch's models" } else { "" },
    );
    let from = from(of_the_study);
    let source = format!("regression of ln D, {} models of the sample {} ({from})", fit.n, fit.name);
    let provenance = Provenance { kind: Kind::Imputed, how, source, chosen: beyond };
    let mut draft = Draft { acts, ..Draft::new(distribution, provenance) };
    if exposure.on {
        for (j, weight) in prediction.weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
            draft.shared.insert(key(&fit.name, j as u32), *weight);
        }
        if beyond_shared > 0.0 {
            draft.shared.insert(key(&fit.name, BEYOND), 1.0);
        }
    }
    Some(draft)
}

/// The middle of the month.
fn month(year: f64) -> f64 {
    (libm::floor(12.0 * year) + 0.5) / 12.0
}

const BEYOND_SHARED: Gsd = names::regression::BEYOND_SHARED_GSD;
const BEYOND_OWN: Gsd = names::regression::BEYOND_OWN_GSD;
/// The column that effects of a regression go by; their value is the fit's name.
const BY: &str = "regression";
/// Ordinal after those of the coefficients.
const BEYOND: u32 = 100;

fn key(fit: &str, ordinal: u32) -> EffectKey {
    EffectKey {
        factor: Factor::Compute,
        by: Arc::new([BY.to_string()]),
        value: Arc::new([fit.to_string()]),
        ordinal: DEFAULT_ORDINAL + ordinal,
    }
}

/// Name, whether chosen, and source of a regression's effect; `None` for other effects.
pub fn described(effect: &EffectKey, priors: &Priors) -> Option<(Arc<str>, bool, Arc<str>)> {
    let (fit, ordinal) = of(effect, priors)?;
    let (_, of_the_study) = priors.fits();
    if ordinal == BEYOND {
        let name = format!("models beyond those of the {} regression", fit.name);
        return Some((name.into(), priors.chosen(BEYOND_SHARED), priors.source(BEYOND_SHARED).clone()));
    }
    let name = format!("coefficients of the {} regression, {} of {}", fit.name, ordinal + 1, fit.terms.len());
    let source = format!("standard errors of the fit on {} models ({})", fit.n, from(of_the_study));
    Some((name.into(), false, source.into()))
}

/// ln GSD at weight 1 of a regression's effect; `None` for other effects. Effects of coefficients are nominal: a model's
/// weight is its own standard deviation along one direction.
pub fn ln_gsd(effect: &EffectKey, priors: &Priors) -> Option<f64> {
    let (_, ordinal) = of(effect, priors)?;
    Some(if ordinal == BEYOND { priors.ln_gsd(BEYOND_SHARED) } else { 1.0 })
}

/// The fit that an effect belongs to, and its number among the fit's effects.
fn of<'p>(effect: &EffectKey, priors: &'p Priors) -> Option<(&'p Fit, u32)> {
    let ([by], [fit]) = (&*effect.by, &*effect.value) else { return None };
    let ordinal = effect.ordinal.checked_sub(DEFAULT_ORDINAL).filter(|_| by == BY)?;
    let (fits, _) = priors.fits();
    Some((fits.iter().find(|f| f.name == *fit)?, ordinal))
}
