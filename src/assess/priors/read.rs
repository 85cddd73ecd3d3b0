//! Priors from their text: the embedded file, and the value that a study gives in the place of one.

use std::sync::Arc;

use super::names::{DIRECTIONS, Form, Name};
use crate::assess::hardware::{self, Chip};
use crate::assess::lognormal::LogNormal;
use crate::portfolio::cell::{self, Files, NoFiles};
use crate::portfolio::measure::Measure;
use crate::portfolio::units::{Dimension, Scale};
use crate::portfolio::{Distribution, Value};

/// What a prior is worth, in the form of its name.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Number(f64),
    LogNormal(LogNormal),
    Distribution(Distribution),
    Chips(Vec<(f64, &'static Chip)>),
    Loadings(Vec<f64>),
}

impl Content {
    /// [`read`] gives each form its own content, so that no name leads here.
    pub fn of_another_form(&self) -> ! {
        unreachable!("a prior that was read in another form: {self:?}")
    }
}

/// One prior in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub(super) name: Name,
    pub(super) content: Content,
    /// The value as TOML.
    pub text: String,
    /// Unit of the value, for people; starts with "GSD" for geometric standard deviations.
    pub unit: String,
    /// Where the value comes from; "the study file" where a study replaced it.
    pub source: Arc<str>,
    /// Its centre or spread is a choice without a firm source.
    pub chosen: bool,
    /// What a fitted prior rests on: numbers of runs, families and the like.
    pub evidence: Option<String>,
    /// By the study.
    pub replaced: bool,
}

impl Entry {
    pub(crate) fn name(&self) -> Name {
        self.name
    }

    /// A power of a size, and not a factor.
    pub fn is_power(&self) -> bool {
        self.name.form() == Form::Signed
    }

    /// The section of `[priors.*]` that it is in.
    pub fn section(&self) -> &'static str {
        self.name.section()
    }

    /// Its key in that section.
    pub fn key(&self) -> &'static str {
        self.name.key()
    }
}

/// As TOML, large and small numbers with an exponent.
pub fn written(value: &toml::Value) -> String {
    match value {
        toml::Value::Float(x) if *x != 0.0 && !(1e-4..1e7).contains(&x.abs()) => format!("{x:e}"),
        other => other.to_string(),
    }
}

/// As a problem quotes it.
pub fn shown(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// One value of the form that the name has, checked as a cell of the same quantity is; `files` has what a cell names.
///
/// # Errors
/// What the form takes instead.
pub fn read(value: &toml::Value, name: Name, files: &dyn Files) -> Result<Content, String> {
    let form = name.form();
    let dimension = name.quantity().map_or(Dimension::Plain, |(_, dimension)| dimension);
    let parsed = match value {
        toml::Value::Integer(i) => Value::Number(*i as f64),
        toml::Value::Float(x) => Value::Number(*x),
        toml::Value::String(text) if form == Form::Chips => return chips(text).map(Content::Chips),
        toml::Value::String(text) if form == Form::Loadings => return loadings(text).map(Content::Loadings),
        toml::Value::String(text) => {
            cell::parse_in(text, files, Measure::in_model(dimension, Scale::ONE)).map_err(|e| e.to_string())?
        }
        _ => return Err("a prior is a number or a text such as \"lognormal(2, 1.5)\"".to_string()),
    };
    if let Value::Number(x) = &parsed
        && !(x.is_finite() && (*x >= 0.0 || form == Form::Signed))
    {
        return Err("a prior must be a finite number, 0 or above".to_string());
    }
    if let Some((quantity, _)) = name.quantity() {
        quantity.check(&parsed).map_err(|e| e.to_string())?;
    }
    in_form(form, parsed)
}

/// What was read, if the form takes it.
fn in_form(form: Form, parsed: Value) -> Result<Content, String> {
    match (form, parsed) {
        (Form::Number | Form::Signed, Value::Number(x)) => Ok(Content::Number(x)),
        (Form::Gsd, Value::Number(x)) if x >= 1.0 => Ok(Content::Number(x)),
        (Form::Gsd, _) => {
            Err("a GSD (geometric standard deviation) is a number of at least 1; 1 means no spread".to_string())
        }
        (Form::Fraction, Value::Number(x)) if x <= 1.0 => Ok(Content::Number(x)),
        (Form::Fraction, Value::Number(x)) => {
            Err(format!("a fraction lies between 0 and 1; did you mean {}?", x / 100.0))
        }
        (Form::Fraction | Form::Number | Form::Signed, _) => {
            Err("this prior is a plain number, not a distribution".to_string())
        }
        (Form::Lognormal, Value::Number(x)) if x > 0.0 => Ok(Content::LogNormal(LogNormal { median: x, ln_sd: 0.0 })),
        (Form::Lognormal, Value::Distribution(d)) => match *d {
            Distribution::LogNormal { median, gsd } => {
                Ok(Content::LogNormal(LogNormal { median, ln_sd: libm::log(gsd) }))
            }
            _ => Err(IN_LOGS.to_string()),
        },
        (Form::Lognormal, _) => Err(IN_LOGS.to_string()),
        (Form::Shape, Value::Number(x)) => Ok(Content::Distribution(Distribution::Fixed(x))),
        (Form::Shape, Value::Distribution(d)) => Ok(Content::Distribution(*d)),
        (Form::Chips, _) => Err("shares of chips are a text such as \"0.6: H100, 0.4: A100\"".to_string()),
        (Form::Loadings, _) => Err("loadings are a text of numbers such as \"0.12, -0.03\"".to_string()),
    }
}

const IN_LOGS: &str =
    "this prior is combined with others in logs: write lognormal(median, gsd), \"a to b\" or a positive number";

/// Largest loading: a factor of a thousand for one standard deviation.
const LARGEST_LOADING: f64 = 7.0;

/// At most as many as there are standard normals for the priors of one kind.
fn loadings(text: &str) -> Result<Vec<f64>, String> {
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|x| x.abs() <= LARGEST_LOADING);
    let parts: Option<Vec<f64>> = text.split(',').map(number).collect();
    parts.filter(|parts| parts.len() <= DIRECTIONS).ok_or_else(|| {
        format!(
            "loadings are up to {DIRECTIONS} numbers between -{LARGEST_LOADING} and {LARGEST_LOADING}, such as \
             \"0.12, -0.03\"; \"0\" means that the prior is certain"
        )
    })
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

/// The embedded priors: one entry for each name, in the order of the names.
///
/// # Errors
/// A name that the file does not have in its form, an entry that lacks something.
pub fn embedded(text: &str) -> Result<Vec<Entry>, String> {
    let table: toml::Table = text.parse().map_err(|e| format!("{e}"))?;
    let mut entries = Name::all().map(|name| entry(&table, name)).collect::<Result<Vec<Entry>, String>>()?;
    // "as key; remark" and "as key: remark" stand for that entry's source and the remark.
    for i in 0..entries.len() {
        let Some(rest) = entries[i].source.strip_prefix("as ") else { continue };
        let end = rest.find([':', ';']).unwrap_or(rest.len());
        let (key, remark) = rest.split_at(end);
        let section = entries[i].section();
        let whole = entries.iter().find(|e| e.section() == section && e.key() == key);
        let whole = whole.ok_or_else(|| format!("{section}.{key} is referred to and missing"))?;
        entries[i].source = format!("{}{remark}", whole.source).into();
    }
    Ok(entries)
}

fn entry(table: &toml::Table, name: Name) -> Result<Entry, String> {
    let (section, key) = (name.section(), name.key());
    let spec = table.get(section).and_then(|s| s.get(key)).ok_or_else(|| format!("{section}.{key} is missing"))?;
    let value = spec.get("value").ok_or_else(|| format!("{section}.{key} has no value"))?;
    let form = form(spec, value).ok_or_else(|| format!("{section}.{key}: unknown form"))?;
    if form != name.form() {
        return Err(format!("{section}.{key} is a {form:?}, its name says {:?}", name.form()));
    }
    let text = |field: &str| {
        let found = spec.get(field).and_then(|t| t.as_str()).map(str::to_string);
        found.ok_or_else(|| format!("{section}.{key} has no {field}"))
    };
    Ok(Entry {
        name,
        content: read(value, name, &NoFiles).map_err(|e| format!("{section}.{key}: {e}"))?,
        text: written(value),
        unit: text("unit")?,
        source: text("source")?.into(),
        chosen: spec.get("chosen").and_then(|c| c.as_bool()).ok_or_else(|| format!("{section}.{key}: chosen?"))?,
        evidence: spec.get("evidence").and_then(|e| e.as_str()).map(str::to_string),
        replaced: false,
    })
}

/// The form that an entry of the data file has.
fn form(spec: &toml::Value, value: &toml::Value) -> Option<Form> {
    Some(match spec.get("form").map(|form| form.as_str()) {
        Some(Some("gsd")) => Form::Gsd,
        Some(Some("fraction")) => Form::Fraction,
        Some(Some("lognormal")) => Form::Lognormal,
        Some(Some("chips")) => Form::Chips,
        Some(Some("signed")) => Form::Signed,
        Some(Some("loadings")) => Form::Loadings,
        Some(_) => return None,
        None if value.is_str() => Form::Shape,
        None => Form::Number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../data/priors.toml");

    /// Section, key and form of every entry of the data file, in its order.
    fn listed(text: &str) -> Vec<(String, String, Form)> {
        // `toml` sorts keys; the order of the file is read off the text.
        let table: toml::Table = text.parse().unwrap();
        let mut found = Vec::new();
        let mut section = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name;
            } else if let Some((key, _)) = line.split_once(" = {") {
                let spec = &table[section][key];
                found.push((section.to_string(), key.to_string(), form(spec, &spec["value"]).unwrap()));
            }
        }
        let in_table: usize = table.values().map(|section| section.as_table().unwrap().len()).sum();
        assert_eq!(found.len(), in_table, "an entry is written over several lines");
        found
    }

    fn named() -> Vec<(String, String, Form)> {
        Name::all().map(|name| (name.section().to_string(), name.key().to_string(), name.form())).collect()
    }

    /// A prior has the bounds of a cell of the same quantity, and its units.
    #[test]
    fn a_prior_is_checked_as_a_cell_is() {
        let read_as = |section: &str, key: &str, value: toml::Value| {
            read(&value, Name::find(section, key).unwrap(), &NoFiles).map_err(|message| message.to_lowercase())
        };
        let text = |text: &str| toml::Value::from(text);
        for (section, key, value, words) in [
            ("pue", "unknown", toml::Value::from(0.2), "pue of 0.2 is below 1"),
            ("pue", "cloud", text("1.05 to 1.3"), "shifted(1,"),
            ("efficiency", "mfu_a100", toml::Value::from(38), "did you mean 0.38?"),
            ("efficiency", "mfu_a100", toml::Value::from(0), "infinite energy"),
            ("efficiency", "mfu_small", text("30 to 50"), "0.3 to 0.5"),
            ("grid", "unknown", toml::Value::from(-5.0), "0 or above"),
            ("grid", "unknown", text("450 MWh"), "unit of energy"),
            ("derivative", "hours_lora", text("3 days"), "72 if"),
            ("grid", "unknown", text("1,082"), "1082 or 1.082"),
            ("tokens", "in_2024_exponent", text("half"), "is not a number"),
            ("tokens", "in_2024_bound", toml::Value::from(-1.0), "0 or above"),
            ("efficiency", "mfu_a100_loadings", toml::Value::from(0.1), "a text of numbers"),
            ("efficiency", "mfu_a100_loadings", text("0.1, much"), "up to 6 numbers"),
            ("efficiency", "mfu_a100_loadings", text("0.1, nan"), "up to 6 numbers"),
            ("efficiency", "mfu_a100_loadings", text("0, 0, 0, 0, 0, 0, 0"), "up to 6 numbers"),
        ] {
            let refused = read_as(section, key, value).expect_err(key);
            assert!(refused.contains(words), "{section}.{key}: {refused}");
        }
        assert!(read_as("pue", "unknown", toml::Value::from(1.2)).is_ok());
        assert_eq!(read_as("tokens", "from_2025_exponent", toml::Value::from(-0.1)), Ok(Content::Number(-0.1)));
        let loads = read_as("efficiency", "mfu_a100_loadings", text("0.1, -0.02"));
        assert_eq!(loads, Ok(Content::Loadings(vec![0.1, -0.02])));
        let grid = |value: &str| read_as("grid", "unknown", text(value)).unwrap();
        assert_eq!(grid("0.4 kg/kWh"), grid("400"));
    }

    /// The names are those of the file, in both directions, in one order and with one form. Unused names are found by
    /// the compiler.
    #[test]
    fn the_names_are_those_of_the_data_file() {
        assert_eq!(named(), listed(TEXT));
        assert!(named().len() > 100);
        // Negative controls: an entry more, one less, and one of another form.
        let more =
            TEXT.replace("[hours]\n", "[hours]\nmore = { value = 1.0, unit = \"\", source = \"\", chosen = true }\n");
        assert_ne!(named(), listed(&more));
        let less: String = TEXT.lines().filter(|l| !l.starts_with("mfu_run_sd")).map(|l| format!("{l}\n")).collect();
        assert_ne!(named(), listed(&less));
        assert!(embedded(&less).unwrap_err().contains("efficiency.mfu_run_sd is missing"));
        let other = TEXT.replace("mfu_bound = { value = 0.65, form = \"fraction\"", "mfu_bound = { value = 0.65");
        assert_ne!(named(), listed(&other));
        assert!(embedded(&other).unwrap_err().contains("efficiency.mfu_bound"));
        assert!(embedded(TEXT).is_ok());
    }
}
