//! The default priors, what a study replaces of them, and their printed form.
//!
//! `data/priors.toml` holds every default with its unit, source and whether it was chosen; `[priors.*]` of a study
//! replaces values by section and key. The code asks by constant names; a test checks that each of them exists in the
//! form it is asked for.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::factor::{LogNormal, lognormal};
use super::hardware::{self, Chip};
use super::names::did_you_mean;
use super::regression::{self, Fit};
use super::{Kind, Provenance};
use crate::portfolio::{Distribution, Place, Problem, Study, Value, cell};

/// What a prior may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A number ≥ 0.
    Number,
    /// A number ≥ 1.
    Gsd,
    /// A number from 0 to 1.
    Fraction,
    /// A lognormal distribution or a number (no spread).
    LogNormal,
    /// Any distribution, or a number.
    Distribution,
    /// Shares of accelerators.
    Chips,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Number(f64),
    LogNormal(LogNormal),
    Distribution(Distribution),
    Chips(Vec<(f64, &'static Chip)>),
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    section: String,
    key: String,
    form: Form,
    content: Content,
    /// As TOML.
    text: String,
    unit: String,
    source: String,
    chosen: bool,
    replaced: bool,
}

/// A prior that is a spread or has one.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    /// A geometric standard deviation.
    Gsd(f64),
    Distribution(Distribution),
}

/// All priors of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Priors {
    /// In the order of the data file.
    entries: Vec<Entry>,
    /// The regressions that compute is imputed by where the study asks for it; `None`: the embedded ones.
    fits: Option<Arc<[Fit]>>,
}

static DEFAULTS: LazyLock<Priors> = LazyLock::new(|| match embedded(include_str!("data/priors.toml")) {
    Ok(priors) => priors,
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
    pub fn of(study: &Study) -> Result<Priors, Vec<Problem>> {
        let mut priors = Priors::defaults();
        let mut problems = Vec::new();
        let file = Arc::new(study.path.clone().unwrap_or_else(|| PathBuf::from("study")));
        let folder = study.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
        let mut problem = |column: String, value: String, message: String| {
            problems.push(Problem { place: Place { file: file.clone(), line: 0, column }, value, message });
        };
        for (section, keys) in &study.priors {
            let known = || DEFAULTS.entries.iter().filter(|e| e.section == *section);
            if known().next().is_none() {
                let mut sections: Vec<&str> = DEFAULTS.entries.iter().map(|e| e.section.as_str()).collect();
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
                    keys.to_string(),
                    format!("a section of priors is a table; write [priors.{section}] and its keys below"),
                );
                continue;
            };
            for (key, value) in keys {
                let column = format!("priors.{section}.{key}");
                let Some(entry) = priors.entries.iter_mut().find(|e| e.section == *section && e.key == *key) else {
                    let advice = did_you_mean(key, known().map(|e| e.key.as_str()));
                    problem(column, String::new(), format!("unknown prior; {advice}`haze priors` lists them all"));
                    continue;
                };
                match read(value, entry.form, folder) {
                    Ok(content) => {
                        entry.content = content;
                        entry.text = written(value);
                        entry.source = "the study file".to_string();
                        entry.chosen = false;
                        entry.replaced = true;
                    }
                    Err(message) => problem(column, shown(value), message),
                }
            }
        }
        if let Some(path) = &study.fits {
            let read = std::fs::read_to_string(path).map_err(|e| format!("the file could not be read: {e}"));
            match read.and_then(|text| regression::fits(&text)) {
                Ok(fits) => priors.fits = Some(fits.into()),
                Err(message) => {
                    let message = format!("{message}; create the file with `haze fit MODELS --coefficients`");
                    problem("imputation.fits".to_string(), path.display().to_string(), message);
                }
            }
        }
        if problems.is_empty() { Ok(priors) } else { Err(problems) }
    }

    /// The regressions to impute by, and whether they are the study's own.
    pub fn fits(&self) -> (&[Fit], bool) {
        match &self.fits {
            Some(fits) => (fits, true),
            None => (regression::embedded(), false),
        }
    }

    /// The spreads among the priors that are chosen, for a study that changes them together. What a study has replaced
    /// is its own, and not among them.
    pub fn chosen_spreads(&self) -> impl Iterator<Item = (&str, &str, Spread)> {
        self.entries.iter().filter(|e| e.chosen).filter_map(|e| {
            let spread = match &e.content {
                // Other numbers of this form are limits.
                Content::Number(x) if e.form == Form::Gsd && e.unit.starts_with("GSD") => Spread::Gsd(*x),
                Content::LogNormal(l) if l.ln_sd > 0.0 => Spread::Distribution(lognormal(*l)),
                Content::Distribution(d) => Spread::Distribution(d.clone()),
                _ => return None,
            };
            Some((e.section.as_str(), e.key.as_str(), spread))
        })
    }

    fn entry(&self, name: &str) -> &Entry {
        let (section, key) = name.split_once('.').unwrap_or((name, ""));
        match self.entries.iter().find(|e| e.section == section && e.key == key) {
            Some(entry) => entry,
            // Names are constants of the program, checked by a test; no input leads here.
            None => panic!("no prior is named {name}"),
        }
    }

    /// A plain number, a GSD or a fraction.
    pub fn number(&self, name: &str) -> f64 {
        match &self.entry(name).content {
            Content::Number(x) => *x,
            _ => panic!("{name} is no number"),
        }
    }

    /// ln of a GSD, ≥ 0.
    pub fn ln_gsd(&self, name: &str) -> f64 {
        libm::log(self.number(name)).max(0.0)
    }

    pub fn lognormal(&self, name: &str) -> LogNormal {
        match &self.entry(name).content {
            Content::LogNormal(l) => *l,
            _ => panic!("{name} is no lognormal"),
        }
    }

    pub fn distribution(&self, name: &str) -> Distribution {
        match &self.entry(name).content {
            Content::LogNormal(l) => lognormal(*l),
            Content::Distribution(d) => d.clone(),
            _ => panic!("{name} is no distribution"),
        }
    }

    /// Shares (sum 1) of the chips used at `place` in `year`: the first entry of that place whose year is not past,
    /// else its last.
    pub fn chips(&self, place: &str, year: i32) -> (&[(f64, &'static Chip)], &str) {
        let mut found: Option<&Entry> = None;
        for entry in self.entries.iter().filter(|e| e.form == Form::Chips) {
            let Some((of, until)) = entry.key.rsplit_once('_') else { continue };
            if of == place {
                found = Some(entry);
                if until.parse::<i32>().is_ok_and(|until| year <= until) {
                    break;
                }
            }
        }
        match found.map(|e| (&e.content, e.key.as_str())) {
            Some((Content::Chips(chips), key)) => (chips, key),
            _ => (&[], ""),
        }
    }

    /// Provenance of a value taken from this prior.
    pub fn provenance(&self, name: &str, how: impl Into<String>) -> Provenance {
        let entry = self.entry(name);
        Provenance { kind: Kind::Default, how: how.into(), source: entry.source.clone(), chosen: entry.chosen }
    }

    pub fn chosen(&self, name: &str) -> bool {
        self.entry(name).chosen
    }

    pub fn source(&self, name: &str) -> &str {
        &self.entry(name).source
    }
}

/// As TOML, large and small numbers with an exponent.
fn written(value: &toml::Value) -> String {
    match value {
        toml::Value::Float(x) if *x != 0.0 && !(1e-4..1e7).contains(&x.abs()) => format!("{x:e}"),
        other => other.to_string(),
    }
}

fn shown(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// One value of the form asked for.
fn read(value: &toml::Value, form: Form, folder: &Path) -> Result<Content, String> {
    let parsed = match value {
        toml::Value::Integer(i) => Value::Number(*i as f64),
        toml::Value::Float(x) => Value::Number(*x),
        toml::Value::String(text) if form == Form::Chips => return chips(text).map(Content::Chips),
        toml::Value::String(text) => cell::parse(text, folder).map_err(|e| e.to_string())?,
        _ => return Err("a prior is a number or a text such as \"lognormal(2, 1.5)\"".to_string()),
    };
    if let Value::Number(x) = &parsed
        && !(x.is_finite() && *x >= 0.0)
    {
        return Err("a prior must be a finite number, 0 or above".to_string());
    }
    match (form, parsed) {
        (Form::Number, Value::Number(x)) => Ok(Content::Number(x)),
        (Form::Gsd, Value::Number(x)) if x >= 1.0 => Ok(Content::Number(x)),
        (Form::Gsd, _) => {
            Err("a GSD (geometric standard deviation) is a number of at least 1; 1 means no spread".to_string())
        }
        (Form::Fraction, Value::Number(x)) if x <= 1.0 => Ok(Content::Number(x)),
        (Form::Fraction, Value::Number(x)) => {
            Err(format!("a fraction lies between 0 and 1; did you mean {}?", x / 100.0))
        }
        (Form::Fraction | Form::Number, _) => Err("this prior is a plain number, not a distribution".to_string()),
        (Form::LogNormal, Value::Number(x)) if x > 0.0 => Ok(Content::LogNormal(LogNormal { median: x, ln_sd: 0.0 })),
        (Form::LogNormal, Value::Distribution(Distribution::LogNormal { median, gsd })) => {
            Ok(Content::LogNormal(LogNormal { median, ln_sd: libm::log(gsd) }))
        }
        (Form::LogNormal, _) => {
            Err("this prior is combined with others in logs: write lognormal(median, gsd), \"a to b\" or a positive \
                 number"
                .to_string())
        }
        (Form::Distribution, Value::Number(x)) => Ok(Content::Distribution(Distribution::Fixed(x))),
        (Form::Distribution, Value::Distribution(d)) => Ok(Content::Distribution(d)),
        (Form::Chips, _) => Err("shares of chips are a text such as \"0.6: H100, 0.4: A100\"".to_string()),
    }
}

fn chips(text: &str) -> Result<Vec<(f64, &'static Chip)>, String> {
    let mut shares = Vec::new();
    for part in text.split(',') {
        let share = part.split_once(':').and_then(|(w, name)| Some((w.trim().parse::<f64>().ok()?, name.trim())));
        let Some((weight, name)) = share.filter(|(w, _)| w.is_finite() && *w > 0.0) else {
            return Err(format!("{:?} is not a share; write \"0.6: H100, 0.4: A100\"", part.trim()));
        };
        let chip = hardware::find(name).map_err(|e| format!("{name:?}: {e}`haze priors` shows the spellings"))?;
        if chip.tdp_w.is_none() || chip.peak_flops.is_none() {
            return Err(format!("{} has no TDP or no dense 16-bit rate in the table; name another chip", chip.name));
        }
        shares.push((weight, chip));
    }
    let sum: f64 = shares.iter().map(|(w, _)| w).sum();
    for (w, _) in &mut shares {
        *w /= sum;
    }
    Ok(shares)
}

fn embedded(text: &str) -> Result<Priors, String> {
    let table: toml::Table = text.parse().map_err(|e| format!("{e}"))?;
    // `toml` sorts keys; the order of the file is the reader's, so it is read off the text.
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.to_string();
            continue;
        }
        let Some((key, _)) = line.split_once(" = {") else { continue };
        let spec = table.get(&section).and_then(|s| s.get(key)).ok_or(format!("{section}.{key} is not read"))?;
        let value = spec.get("value").ok_or(format!("{section}.{key} has no value"))?;
        let form = match spec.get("form").and_then(|f| f.as_str()) {
            Some("gsd") => Form::Gsd,
            Some("fraction") => Form::Fraction,
            Some("lognormal") => Form::LogNormal,
            Some("chips") => Form::Chips,
            Some(other) => return Err(format!("{section}.{key}: unknown form {other}")),
            None if value.is_str() => Form::Distribution,
            None => Form::Number,
        };
        let text = |name: &str| {
            let found = spec.get(name).and_then(|t| t.as_str()).map(str::to_string);
            found.ok_or(format!("{section}.{key} has no {name}"))
        };
        entries.push(Entry {
            content: read(value, form, Path::new(".")).map_err(|e| format!("{section}.{key}: {e}"))?,
            form,
            text: written(value),
            unit: text("unit")?,
            source: text("source")?,
            chosen: spec.get("chosen").and_then(|c| c.as_bool()).ok_or(format!("{section}.{key}: chosen?"))?,
            section: section.clone(),
            key: key.to_string(),
            replaced: false,
        });
    }
    // "as key; remark" and "as key: remark" stand for that entry's source and the remark.
    for i in 0..entries.len() {
        let Some(rest) = entries.get(i).and_then(|e| e.source.strip_prefix("as ")) else { continue };
        let end = rest.find([':', ';']).unwrap_or(rest.len());
        let (key, remark) = rest.split_at(end);
        let section = entries.get(i).map(|e| e.section.clone()).unwrap_or_default();
        let whole = entries.iter().find(|e| e.section == section && e.key == key).map(|e| e.source.clone() + remark);
        let whole = whole.ok_or(format!("{section}.{key} is referred to and missing"))?;
        if let Some(entry) = entries.get_mut(i) {
            entry.source = whole;
        }
    }
    Ok(Priors { entries, fits: None })
}

/// All priors as a study file: `[priors.*]` tables with unit and source above each entry. Edited and passed to
/// `haze run`, it replaces the defaults by what it says. Comments at its head give the spread of emissions that the
/// priors combine to for a typical model of each tier.
pub fn print(priors: &Priors) -> String {
    let mut out = String::from(
        "# Priors of carbonhaze. To change some, keep their lines, name your models file and run this file as a study:\n\
         # models = [\"models.csv\"]\n#\n# They combine to these geometric standard deviations of the emissions of a typical \
         model\n# (USA, 2024, its organisation known; A100 where the tier knows the chip):\n",
    );
    for (tier, gsd) in super::typical::gsds(priors) {
        out += &format!("#   tier {:<3} {gsd:.2}\n", tier.name());
    }
    let mut section = "";
    for entry in &priors.entries {
        if entry.section != section {
            section = &entry.section;
            out += &format!("\n[priors.{section}]\n");
        }
        let note = match (entry.replaced, entry.chosen) {
            (true, _) => "; replaced",
            (false, true) => "; chosen",
            (false, false) => "",
        };
        out += &format!("# {}; {}{note}\n{} = {}\n", entry.unit, entry.source, entry.key, entry.text);
    }
    out
}
