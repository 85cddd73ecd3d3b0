//! The default priors and what a study replaces of them.
//!
//! `data/priors.toml` holds every default with its unit, source and whether it was chosen; `[priors.*]` of a study
//! replaces values by section and key. The code asks by `names`, each of which exists and has its form.

pub(crate) mod names;
mod read;

use std::sync::{Arc, LazyLock};

use self::names::{Chips, Form, Gsd, Loadings, Lognormal, Name, Number, Shape};
pub use self::read::Entry;
use self::read::{Content, embedded, read, shown, written};
use super::fits::{self, Fit};
use super::hardware::Chip;
use super::lognormal::{LogNormal, lognormal};
use super::provenance::{Kind, Provenance};
use super::when;
use crate::portfolio::problem::{shorten, shorten_path};
use crate::portfolio::spelling::did_you_mean;
use crate::portfolio::{Distribution, Model, Problem, Problems, Study};

/// A prior that is a spread or has one.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    /// A geometric standard deviation.
    Gsd(f64),
    /// The whole distribution of the prior.
    Distribution(Distribution),
}

/// All priors of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Priors {
    /// One for each name, in the order of the names.
    entries: Vec<Entry>,
    /// The regressions that compute is imputed by where the study asks for it; `None`: the embedded ones.
    fits: Option<Arc<[Fit]>>,
}

static DEFAULTS: LazyLock<Priors> = LazyLock::new(|| match embedded(include_str!("../data/priors.toml")) {
    Ok(entries) => Priors { entries, fits: None },
    // The file is part of the program and its tests; no input leads here.
    Err(message) => panic!("data/priors.toml: {message}"),
});

impl Priors {
    /// The defaults.
    pub fn defaults() -> Priors {
        DEFAULTS.clone()
    }

    /// The defaults with what the study's `[priors.*]` replaces.
    ///
    /// # Errors
    /// Every unknown section or key, and every value of the wrong form.
    pub fn of(study: &Study) -> Result<Priors, Problems> {
        let mut priors = Priors::defaults();
        let mut problems = Vec::new();
        let mut problem = |column: String, value: String, message: String| {
            problems.push(Problem { place: study.place(&column), value, message });
        };
        for (section, keys) in &study.priors {
            let known = || Name::all().filter(|name| name.section() == section);
            if known().next().is_none() {
                let mut sections: Vec<&str> = Name::all().map(Name::section).collect();
                sections.dedup();
                let advice = did_you_mean(section, sections.iter().copied());
                problem(
                    format!("priors.{section}"),
                    String::new(),
                    format!("unknown section of priors; {advice}the sections are {}", sections.join(", ")),
                );
                continue;
            }
            let toml::Value::Table(keys) = keys else {
                problem(
                    format!("priors.{section}"),
                    shorten(&keys.to_string()),
                    format!("a section of priors is a table; write [priors.{section}] and its keys below"),
                );
                continue;
            };
            for (key, value) in keys {
                let column = format!("priors.{section}.{key}");
                let Some(name) = Name::find(section, key) else {
                    let advice = did_you_mean(key, known().map(Name::key));
                    problem(column, String::new(), format!("unknown prior; {advice}`haze priors` lists them all"));
                    continue;
                };
                match read(value, name, &study.named) {
                    Ok(content) => priors.replace(name, content, written(value)),
                    Err(message) => problem(column, shorten(&shown(value)), message),
                }
            }
        }
        if let Some(path) = &study.fits {
            let not_read = || Err("the file was not read with the study".to_string());
            let text = study.named.fits.clone().unwrap_or_else(not_read);
            match text.and_then(|text| fits::fits(&text)) {
                Ok(fits) => priors.fits = Some(fits.into()),
                Err(message) => {
                    let message = format!("{message}; create the file with `haze fit MODELS --coefficients`");
                    problem("imputation.fits".to_string(), shorten_path(path), message);
                }
            }
        }
        problems.sort_by_key(|problem| problem.place.line);
        if problems.is_empty() { Ok(priors) } else { Err(problems.into()) }
    }

    fn replace(&mut self, name: Name, content: Content, text: String) {
        let entry = &mut self.entries[name.index()];
        entry.content = content;
        entry.text = text;
        entry.source = "the study file".into();
        entry.chosen = false;
        entry.evidence = None;
        entry.replaced = true;
    }

    /// Every prior, in the order of the data file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The regressions to impute by, and whether they are the study's own.
    pub fn fits(&self) -> (&[Fit], bool) {
        match &self.fits {
            Some(fits) => (fits, true),
            None => (fits::embedded(), false),
        }
    }

    /// The spreads among the priors that are chosen, for a study that changes them together. What a study has replaced
    /// is its own, and not among them.
    pub(crate) fn chosen_spreads(&self) -> impl Iterator<Item = (Name, Spread)> {
        self.entries.iter().filter(|e| e.chosen).filter_map(|e| {
            let spread = match &e.content {
                // Other numbers of this form are limits.
                Content::Number(x) if e.name.form() == Form::Gsd && e.unit.starts_with("GSD") => Spread::Gsd(*x),
                Content::LogNormal(l) if l.ln_sd > 0.0 => Spread::Distribution(lognormal(*l)),
                Content::Distribution(d) => Spread::Distribution(d.clone()),
                _ => return None,
            };
            Some((e.name, spread))
        })
    }

    fn entry(&self, name: impl Into<Name>) -> &Entry {
        &self.entries[name.into().index()]
    }

    /// A plain number, a GSD or a fraction.
    pub(crate) fn number(&self, name: impl Into<Number>) -> f64 {
        match self.entry(name.into()).content {
            Content::Number(x) => x,
            ref other => other.of_another_form(),
        }
    }

    /// ln of a GSD, ≥ 0.
    pub(crate) fn ln_gsd(&self, name: Gsd) -> f64 {
        libm::log(self.number(name)).max(0.0)
    }

    pub(crate) fn lognormal(&self, name: Lognormal) -> LogNormal {
        match self.entry(name).content {
            Content::LogNormal(l) => l,
            ref other => other.of_another_form(),
        }
    }

    pub(crate) fn distribution(&self, name: impl Into<Shape>) -> Distribution {
        match &self.entry(name.into()).content {
            Content::LogNormal(l) => lognormal(*l),
            Content::Distribution(d) => d.clone(),
            other => other.of_another_form(),
        }
    }

    /// Shares of chips; their sum is 1.
    pub(crate) fn chips(&self, name: Chips) -> &[(f64, &'static Chip)] {
        match &self.entry(name).content {
            Content::Chips(shares) => shares,
            other => other.of_another_form(),
        }
    }

    /// Whether what is known of a prior's uncertainty belongs to it. Not where a study replaces the prior alone: it then
    /// says what the prior is.
    pub(crate) fn of_one_hand(&self, prior: impl Into<Name>, uncertainty: impl Into<Name>) -> bool {
        !self.entry(prior).replaced || self.entry(uncertainty).replaced
    }

    /// What shared standard normals add to the prior `of`: how uncertain the prior itself is.
    pub(crate) fn loadings(&self, of: impl Into<Name>, loadings: Loadings) -> &[f64] {
        match &self.entry(loadings).content {
            Content::Loadings(_) if !self.of_one_hand(of, loadings) => &[],
            Content::Loadings(loads) => loads,
            other => other.of_another_form(),
        }
    }

    /// The uncertainty of one prior alone: the sd of its logarithm, or of the power that it is. `None` where it has none.
    pub(crate) fn uncertainty(&self, of: Name) -> Option<f64> {
        let is = |e: &&Entry| e.section() == of.section() && e.key().strip_suffix("_loadings") == Some(of.key());
        let found = self.entries.iter().find(is).filter(|e| self.of_one_hand(of, e.name))?;
        let Content::Loadings(loads) = &found.content else { return None };
        Some(loads.iter().map(|l| l * l).sum::<f64>().sqrt())
    }

    /// The year whose chips and grid a model has: that of its date or architecture, or the one that undated models are taken for.
    pub(crate) fn year_of(&self, model: &Model) -> i32 {
        when::year(model).unwrap_or(self.number(names::chips::UNDATED_YEAR) as i32)
    }

    /// Provenance of a value taken from this prior.
    pub(crate) fn provenance(&self, name: impl Into<Name>, how: impl Into<String>) -> Provenance {
        let entry = self.entry(name);
        Provenance { kind: Kind::Default, how: how.into(), source: entry.source.to_string(), chosen: entry.chosen }
    }

    pub(crate) fn chosen(&self, name: impl Into<Name>) -> bool {
        self.entry(name).chosen
    }

    pub(crate) fn source(&self, name: impl Into<Name>) -> &Arc<str> {
        &self.entry(name).source
    }
}

/// Writes a prior into the `[priors]` of a study.
pub(crate) fn set(priors: &mut toml::Table, name: impl Into<Name>, value: impl Into<toml::Value>) {
    let name = name.into();
    let entry = priors.entry(name.section()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(section) = entry {
        section.insert(name.key().to_string(), value.into());
    }
}
