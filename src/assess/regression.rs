//! Compute imputed by a regression on size and date (`[imputation] compute = "regression"`).
//!
//! `data/fits.toml`, or the file that `[imputation] fits` names, holds the fits of ln D on ln N, date and domain (module
//! [`crate::fit`], docs/regressions.md). For a model with the row x in the design: ln D = xᵀb + s·xᵀR⁻¹z + s·e. The z, one per coefficient, are drawn once for all
//! models imputed by a fit: s·R⁻¹z has the coefficients' joint covariance s²(XᵀX)⁻¹. The residual e is the model's own.
//! Together they have the variance s²(1 + h) of a prediction, h = |xᵀR⁻¹|². Where shared effects are off, all of it is
//! the model's own.
//!
//! A model that is not one of Epoch's (no label `epoch_model`) is not of the fits' population: its intercept is
//! widened by `[priors.regression]`, in a part shared by all such models of a fit and an own one.

use std::sync::LazyLock;

use super::domain::Domain;
use super::factor::{Draft, LogNormal, eighth_octave, lognormal, quadrature};
use super::shared::{DEFAULT_ORDINAL, EffectKey, Exposure};
use super::{Kind, Provenance};
use crate::assess::priors::Priors;
use crate::portfolio::{Distribution, Factor};

/// Active parameters at which a fit's intercept holds.
pub const REFERENCE_SIZE: f64 = 1e10;
/// Date at which a fit's intercept holds.
pub const REFERENCE_YEAR: f64 = 2023.0;

/// A column of the design matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    Intercept,
    /// ln(N / 1e10).
    Size,
    /// Year − 2023, with the part of the year that is over.
    Year,
    /// 1 for rows of this domain; language is the level of comparison.
    Domain(Domain),
    /// 1 for fine-tunes and distillations.
    Derivative,
}

impl Term {
    pub fn name(self) -> String {
        match self {
            Term::Intercept => "intercept".to_string(),
            Term::Size => "size".to_string(),
            Term::Year => "year".to_string(),
            Term::Domain(domain) => format!("domain:{}", domain.name()),
            Term::Derivative => "derivative".to_string(),
        }
    }

    /// As in an equation; empty for the intercept.
    pub fn symbol(self) -> String {
        match self {
            Term::Intercept => String::new(),
            Term::Size => "ln(N/1e10)".to_string(),
            Term::Year => "(year − 2023)".to_string(),
            Term::Domain(domain) => format!("[{}]", domain.name()),
            Term::Derivative => "[derivative]".to_string(),
        }
    }

    pub fn value(self, ln_size: f64, years: f64, domain: Domain, derivative: bool) -> f64 {
        match self {
            Term::Intercept => 1.0,
            Term::Size => ln_size,
            Term::Year => years,
            Term::Domain(of) => f64::from(u8::from(of == domain)),
            Term::Derivative => f64::from(u8::from(derivative)),
        }
    }
}

impl std::str::FromStr for Term {
    type Err = String;

    fn from_str(name: &str) -> Result<Term, String> {
        let domains = [Domain::Language, Domain::Vision, Domain::Biology, Domain::Other].map(Term::Domain);
        let known = [Term::Intercept, Term::Size, Term::Year, Term::Derivative].into_iter().chain(domains);
        let mut known = known.filter(|t| t.name() == name);
        known.next().ok_or_else(|| format!("unknown term {name}"))
    }
}

/// A fit as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub name: String,
    /// Rows it was made on.
    pub n: u32,
    pub terms: Vec<Term>,
    pub coefficients: Vec<f64>,
    /// Residual standard deviation of ln D.
    pub sd: f64,
    /// R⁻¹ by rows.
    pub root: Vec<Vec<f64>>,
}

/// What a fit says of ln D (tokens) of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    pub ln_tokens: f64,
    /// Weights of the fit's shared standard normals, one per coefficient: s·xᵀR⁻¹.
    pub weights: Vec<f64>,
    /// Own standard deviation: the residual's.
    pub own_sd: f64,
}

impl Prediction {
    /// The standard deviation that the coefficients alone give: s·√h.
    pub fn coefficient_sd(&self) -> f64 {
        self.weights.iter().map(|w| w * w).sum::<f64>().sqrt()
    }
}

impl Fit {
    /// `size` in active parameters, `year` with the part that is over.
    pub fn predict(&self, size: f64, year: f64, domain: Domain) -> Prediction {
        let (ln_size, years) = (libm::log(size / REFERENCE_SIZE), year - REFERENCE_YEAR);
        let row: Vec<f64> = self.terms.iter().map(|t| t.value(ln_size, years, domain, false)).collect();
        let column = |j: usize| self.root.iter().map(move |r| r.get(j).copied().unwrap_or(0.0));
        let weight = |j: usize| self.sd * row.iter().zip(column(j)).map(|(x, r)| x * r).sum::<f64>();
        Prediction {
            ln_tokens: row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum(),
            weights: (0..row.len()).map(weight).collect(),
            own_sd: self.sd,
        }
    }

    /// The coefficient of a term, 0 where the fit has none.
    fn slope(&self, term: Term) -> f64 {
        self.terms.iter().zip(&self.coefficients).find(|(t, _)| **t == term).map_or(0.0, |(_, b)| *b)
    }
}

/// The text that `haze fit --coefficients` writes.
pub const FITS: &str = include_str!("data/fits.toml");

static EMBEDDED: LazyLock<Vec<Fit>> = LazyLock::new(|| match fits(FITS) {
    Ok(fits) => fits,
    // The file is part of the program and its tests; no input leads here.
    Err(message) => panic!("data/fits.toml: {message}"),
});

/// The embedded fits.
pub fn embedded() -> &'static [Fit] {
    &EMBEDDED
}

/// Fits from their text.
///
/// # Errors
/// What is missing or of another shape.
pub fn fits(text: &str) -> Result<Vec<Fit>, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| format!("not TOML: {}", e.message()))?;
    let numbers =
        |value: &toml::Value| -> Option<Vec<f64>> { value.as_array()?.iter().map(|x| x.as_float()).collect() };
    let fit = |name: &str, of: &toml::Value| -> Option<Fit> {
        let terms =
            of.get("terms")?.as_array()?.iter().map(|t| t.as_str()?.parse().ok()).collect::<Option<Vec<_>>>()?;
        let root = of.get("root")?.as_array()?.iter().map(numbers).collect::<Option<Vec<_>>>()?;
        let coefficients = numbers(of.get("coefficients")?)?;
        let square = root.len() == terms.len() && root.iter().all(|r| r.len() == terms.len());
        let n = u32::try_from(of.get("n")?.as_integer()?).ok()?;
        let sd = of.get("sd")?.as_float()?;
        // What no regression of ln D on size and date comes near.
        let sane = root.iter().flatten().all(|x| x.abs() <= 100.0)
            && coefficients.iter().all(|x| x.abs() <= 1e3)
            && (0.0..=10.0).contains(&sd);
        let once = (1..terms.len()).all(|i| !terms[..i].contains(&terms[i]));
        let whole = square && coefficients.len() == terms.len() && sane && once;
        whole.then(|| Fit { name: name.to_string(), n, terms, coefficients, sd, root })
    };
    let samples = ["language", "vision", "all"];
    if !samples.iter().any(|name| table.contains_key(*name)) {
        return Err(format!("no fit of the samples {}", samples.join(", ")));
    }
    table
        .iter()
        .map(|(name, of)| {
            fit(name, of).ok_or_else(|| {
                format!("the fit {name} is incomplete, or its numbers are not those of a regression of ln tokens")
            })
        })
        .collect()
}

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
    let widened = |prior: &str| if beyond { priors.ln_gsd(prior) } else { 0.0 };
    let (beyond_own, beyond_shared) = (widened(BEYOND_OWN), widened(BEYOND_SHARED));
    let mut own = quadrature(quadrature(prediction.own_sd, beyond_own), of_inputs);
    if !exposure.on {
        own = quadrature(own, quadrature(prediction.coefficient_sd(), beyond_shared));
    }
    let tokens = libm::exp(prediction.ln_tokens);
    let median = per * n.median * tokens;
    let distribution = match lognormal(LogNormal { median: median.min(hi), ln_sd: own }) {
        inner @ Distribution::LogNormal { .. } => Distribution::Truncated { inner: Box::new(inner), lo: 0.0, hi },
        fixed => fixed,
    };
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
    let mut draft = Draft::new(distribution, Provenance { kind: Kind::Imputed, how, source, chosen: beyond });
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

const BEYOND_SHARED: &str = "regression.beyond_shared_gsd";
const BEYOND_OWN: &str = "regression.beyond_own_gsd";
/// The column that effects of a regression go by; their value is the fit's name.
const BY: &str = "regression";
/// Ordinal after those of the coefficients.
const BEYOND: u32 = 100;

fn key(fit: &str, ordinal: u32) -> EffectKey {
    EffectKey {
        factor: Factor::Compute,
        by: vec![BY.to_string()],
        value: vec![fit.to_string()],
        ordinal: DEFAULT_ORDINAL + ordinal,
    }
}

/// Name, ln GSD at weight 1, whether chosen, and source of a regression's effect; `None` for other effects. Effects of
/// coefficients are nominal: a model's weight is its own standard deviation along one direction.
pub fn described(effect: &EffectKey, priors: &Priors) -> Option<(String, f64, bool, String)> {
    let ([by], [fit]) = (effect.by.as_slice(), effect.value.as_slice()) else { return None };
    let ordinal = effect.ordinal.checked_sub(DEFAULT_ORDINAL).filter(|_| by == BY)?;
    let (fits, of_the_study) = priors.fits();
    let fit = fits.iter().find(|f| f.name == *fit)?;
    if ordinal == BEYOND {
        let name = format!("models beyond those of the {} regression", fit.name);
        let source = priors.source(BEYOND_SHARED).to_string();
        return Some((name, priors.ln_gsd(BEYOND_SHARED), priors.chosen(BEYOND_SHARED), source));
    }
    let name = format!("coefficients of the {} regression, {} of {}", fit.name, ordinal + 1, fit.terms.len());
    let source = format!("standard errors of the fit on {} models ({})", fit.n, from(of_the_study));
    Some((name, 1.0, false, source))
}
