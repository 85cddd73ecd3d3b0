//! Study files: TOML that names models files and says how to run them.
//!
//! Every key is known or refused (with a suggestion), every value checked, all problems returned together with the
//! line of the key or value they are about. The entries of `[priors]` are kept as written: only the assessment knows
//! which priors there are.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::distribution::lognormal::gsd_in_range;
use super::formats::STDIN;
use super::lines::Lines;
use super::output::{Further, Outputs};
use super::problem::{Place, Problem, shorten};
use super::quantity::hundredth;
use super::spelling::{closest, question};
use super::study::{Boundary, Factor, Imputation, Run, Scope, SharedSpec, Study};
use super::words::BASES;

/// Most draws one run can have.
pub const MAX_DRAWS: u64 = 2_147_483_647;

/// Precisions that a run can be asked for.
pub const PRECISIONS: std::ops::RangeInclusive<f64> = 1e-6..=0.1;

/// The keys at the top. With the lists below, what `docs/study.schema.json` is tested against.
pub const KEYS: [&str; 14] = [
    "models",
    "draws",
    "precision",
    "seed",
    "interval",
    "default_shared",
    "learn",
    "facts",
    "scope",
    "imputation",
    "outputs",
    "priors",
    "shared",
    "groups",
];
/// The keys of `[scope]`.
pub const SCOPE_KEYS: [&str; 4] = ["run", "boundary", "basis", "embodied"];
/// The keys of `[imputation]`.
pub const IMPUTATION_KEYS: [&str; 2] = ["compute", "fits"];
/// The keys of `[[shared]]`.
pub const SHARED_KEYS: [&str; 3] = ["factor", "gsd", "by"];
/// The keys of `[groups]`.
pub const GROUPS_KEYS: [&str; 1] = ["by"];
/// The values of `scope.run`.
pub const RUNS: [(&str, Run); 2] = [("final", Run::Final), ("development", Run::Development)];
/// The values of `scope.boundary`.
pub const BOUNDARIES: [(&str, Boundary); 2] = [("facility", Boundary::Facility), ("it", Boundary::It)];
/// The values of `imputation.compute`.
pub const IMPUTATIONS: [(&str, Imputation); 2] =
    [("tokens", Imputation::Tokens), ("regression", Imputation::Regression)];
/// Entries of `[[shared]]` at most. Chosen: a thousand effects on one factor would leave the range of its numbers.
const MAX_SHARED: usize = 64;
/// What `[[shared]]` can act on.
pub const SHARED_FACTORS: [Factor; 5] =
    [Factor::Compute, Factor::Efficiency, Factor::Pue, Factor::Grid, Factor::Reporting];

/// A study and where its parts stand, for the checks that need the models too.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyFile {
    /// The study, as far as it could be read.
    pub study: Study,
    /// Of each entry of `study.models`.
    pub model_places: Vec<Place>,
    /// Of `groups.by`; without a line where the study has none.
    pub groups_place: Place,
}

/// Reads a study file from its bytes; models files are resolved against the folder of `path`.
///
/// Returns what could be read along with all problems, so that the models files can be checked in the same go. With
/// any problem the study must not be run.
pub fn read(path: &Path, bytes: &[u8]) -> (StudyFile, Vec<Problem>) {
    let file = Arc::new(path.to_path_buf());
    let place = Place { file: Arc::clone(&file), line: 0, column: String::new() };
    let mut found = StudyFile {
        study: Study { path: Some(path.to_path_buf()), ..Study::default() },
        model_places: Vec::new(),
        groups_place: place.clone(),
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let line = 1 + bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count() as u64;
            let message = "the file is not in UTF-8; save it as UTF-8".to_string();
            return (found, vec![Problem { place: Place { line, ..place }, value: String::new(), message }]);
        }
    };
    let mut reader = Reader { file, text, lines: Lines::of(bytes), problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    let texts: Vec<&[u8]> = reader.lines.of_text(bytes).collect();
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        let line = usize::try_from(reader.lines.at(at)).unwrap_or(1);
        let value = String::from_utf8_lossy(texts.get(line - 1).copied().unwrap_or_default());
        reader.add(at, "", value.trim(), format!("this is not TOML: {}", error.message()));
    }
    // One mistake of syntax has many consequences; the first complaint about a line is the one that helps. Problems
    // that only seem to be there because a line was half understood are not reported.
    reader.problems.sort_by_key(|p| p.place.line);
    reader.problems.dedup_by_key(|p| p.place.line);
    let syntax = std::mem::take(&mut reader.problems);
    let broken_lines: HashSet<u64> = syntax.iter().map(|p| p.place.line).collect();
    let broken = |line: u64| broken_lines.contains(&line);
    reader.top(table.get_ref(), &mut found);
    lines_of(&reader.lines, table.get_ref(), "", &mut found.study.lines);
    reader.problems.retain(|p| syntax.is_empty() || !(p.place.line == 0 || broken(p.place.line)));
    if !syntax.is_empty() {
        let (models, places) = (std::mem::take(&mut found.study.models), std::mem::take(&mut found.model_places));
        (found.study.models, found.model_places) =
            models.into_iter().zip(places).filter(|(_, place)| !broken(place.line)).unzip();
    }
    reader.problems.extend(syntax);
    reader.problems.sort_by_key(|p| p.place.line);
    reader.problems.dedup();
    (found, reader.problems)
}

/// The line of every key, by its dotted path.
fn lines_of(lines: &Lines, table: &DeTable, section: &str, found: &mut BTreeMap<String, u64>) {
    for (name, value) in table.iter() {
        let key = format!("{section}{}", name.get_ref());
        found.insert(key.clone(), lines.at(name.span().start));
        if let DeValue::Table(inner) = value.get_ref() {
            lines_of(lines, inner, &format!("{key}."), found);
        }
    }
}

struct Reader<'t> {
    file: Arc<PathBuf>,
    text: &'t str,
    lines: Lines,
    problems: Vec<Problem>,
}

type Entry<'e, 't> = &'e Spanned<DeValue<'t>>;

impl Reader<'_> {
    fn place(&self, byte: usize, key: &str) -> Place {
        Place { file: Arc::clone(&self.file), line: self.lines.at(byte), column: key.to_string() }
    }

    fn add(&mut self, byte: usize, key: &str, value: &str, message: impl Into<String>) {
        let place = self.place(byte, key);
        self.problems.push(Problem { place, value: shorten(value), message: message.into() });
    }

    /// A problem about `entry`, quoting it as it stands in the file.
    fn refuse(&mut self, entry: Entry, key: &str, message: impl Into<String>) {
        let span = entry.span();
        let value = self.text.get(span.clone()).unwrap_or("").to_string();
        self.add(span.start, key, &value, message);
    }

    fn top(&mut self, table: &DeTable, found: &mut StudyFile) {
        let mut has_models = false;
        for (key, entry) in table.iter() {
            let start = key.span().start;
            let study = &mut found.study;
            match key.get_ref().as_ref() {
                "models" => {
                    has_models = true;
                    self.models(entry, study, &mut found.model_places);
                }
                "draws" => study.draws = self.draws(entry),
                "precision" => study.precision = self.precision(entry),
                "seed" => study.seed = self.integer(entry, "seed", "an integer from 0 to 18446744073709551615"),
                "interval" => study.interval = self.interval(entry),
                "facts" => {
                    if let Some(on) = self.boolean(entry, "facts") {
                        study.facts = on;
                    }
                }
                "learn" => {
                    if let Some(on) = self.boolean(entry, "learn") {
                        study.learn = on;
                    }
                }
                "default_shared" => {
                    if let Some(on) = self.boolean(entry, "default_shared") {
                        study.default_shared = on;
                    }
                }
                "scope" => self.scope(entry, &mut study.scope),
                "imputation" => self.imputation(entry, study),
                "outputs" => self.outputs(entry, &mut study.outputs),
                "priors" => study.priors = self.priors(entry),
                "shared" => study.shared = self.shared_effects(entry),
                "groups" => {
                    found.groups_place = self.place(start, "groups.by");
                    study.groups_by = self.groups(entry);
                }
                other => self.unknown_key(start, "", other, &KEYS),
            }
        }
        if let Some((_, entry)) = table.iter().find(|(key, _)| key.get_ref().as_ref() == "precision")
            && table.iter().any(|(key, _)| key.get_ref().as_ref() == "draws")
        {
            let message = "draws and precision are both given; keep one: the number of draws follows from a precision";
            self.refuse(entry, "precision", message);
        }
        if !has_models {
            self.problems.push(Problem {
                place: Place { file: Arc::clone(&self.file), line: 0, column: "models".into() },
                value: String::new(),
                message: "the study names no models file; add models = [\"models.csv\"]".into(),
            });
        }
    }

    /// The models files, each once; standard input is in no folder.
    fn models(&mut self, entry: Entry, study: &mut Study, places: &mut Vec<Place>) {
        let file = Arc::clone(&self.file);
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut known = HashSet::new();
        for (name, byte) in self.strings(entry, "models") {
            let path = if name == STDIN { PathBuf::from(STDIN) } else { folder.join(&name) };
            if known.insert(path.clone()) {
                study.models.push(path);
                places.push(self.place(byte, "models"));
            } else {
                self.add(byte, "models", &name, "the file is named twice; name it once");
            }
        }
    }

    fn unknown_key(&mut self, byte: usize, section: &str, key: &str, known: &[&str]) {
        let close = question(closest(key, known).as_slice());
        let column = if section.is_empty() { key.to_string() } else { format!("{section}.{key}") };
        self.add(byte, &column, key, format!("unknown key; {close}the valid keys here are {}", known.join(", ")));
    }

    fn boolean(&mut self, entry: Entry, key: &str) -> Option<bool> {
        let value = entry.get_ref().as_bool();
        if value.is_none() {
            self.refuse(entry, key, "write true or false");
        }
        value
    }

    fn integer(&mut self, entry: Entry, key: &str, expected: &str) -> Option<u64> {
        let value = match entry.get_ref() {
            DeValue::Integer(n) => u64::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        if value.is_none() {
            self.refuse(entry, key, format!("expected {expected}, without quotes or exponent"));
        }
        value
    }

    fn float(&mut self, entry: Entry) -> Option<f64> {
        match entry.get_ref() {
            DeValue::Float(x) => x.as_str().parse().ok(),
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(|n| n as f64),
            _ => None,
        }
    }

    fn draws(&mut self, entry: Entry) -> Option<u64> {
        let expected = "an integer from 1 to 2_147_483_647, such as 1_000_000";
        let draws = self.integer(entry, "draws", expected)?;
        if (1..=MAX_DRAWS).contains(&draws) {
            Some(draws)
        } else {
            self.refuse(entry, "draws", format!("expected {expected}"));
            None
        }
    }

    fn precision(&mut self, entry: Entry) -> Option<f64> {
        let found = self.float(entry).filter(|x| PRECISIONS.contains(x));
        if found.is_none() {
            self.refuse(entry, "precision", "expected a fraction from 0.000001 to 0.1, such as 0.0025 for 0.25 %");
        }
        found
    }

    fn interval(&mut self, entry: Entry) -> Option<f64> {
        match self.float(entry) {
            Some(x) if x > 0.0 && x < 1.0 => Some(x),
            Some(x) if x > 1.0 && x < 100.0 => {
                self.refuse(entry, "interval", format!("the level is a fraction: did you mean {}?", hundredth(x)));
                None
            }
            _ => {
                self.refuse(entry, "interval", "expected a number between 0 and 1, both excluded, such as 0.95");
                None
            }
        }
    }

    /// A string or a list of strings, each with its position; none of them empty.
    fn strings(&mut self, entry: Entry, key: &str) -> Vec<(String, usize)> {
        let one;
        let entries: Vec<Entry> = match entry.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => {
                one = entry;
                vec![one]
            }
        };
        if entries.is_empty() {
            self.refuse(entry, key, "the list is empty; give at least one entry, or leave the key out");
        }
        let mut found: Vec<(String, usize)> = Vec::new();
        for entry in entries {
            match entry.get_ref().as_str() {
                Some("") => self.refuse(entry, key, "an empty name; fill it in or remove it"),
                Some(text) => found.push((text.to_string(), entry.span().start)),
                None => self.refuse(entry, key, "expected text in quotes, or a list of texts in quotes"),
            }
        }
        found
    }

    /// Column names, each once.
    fn columns(&mut self, entry: Entry, key: &str) -> Vec<String> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        for (name, byte) in self.strings(entry, key) {
            if seen.insert(name.clone()) {
                found.push(name);
            } else {
                self.add(byte, key, &name, "the column is named twice; name it once");
            }
        }
        found
    }

    fn table<'e, 't>(&mut self, entry: Entry<'e, 't>, key: &str) -> Option<&'e DeTable<'t>> {
        let table = entry.get_ref().as_table();
        if table.is_none() {
            self.refuse(entry, key, format!("expected a section [{key}]"));
        }
        table
    }

    fn choice<T: Copy>(&mut self, entry: Entry, key: &str, known: &[(&str, T)]) -> Option<T> {
        let text = entry.get_ref().as_str();
        if let Some((_, value)) = known.iter().find(|(name, _)| Some(*name) == text) {
            return Some(*value);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let close = text.and_then(|t| closest(t, &names));
        let close = close.map_or(String::new(), |close| format!("did you mean \"{close}\"? "));
        self.refuse(entry, key, format!("{close}expected one of \"{}\"", names.join("\", \"")));
        None
    }

    fn scope(&mut self, entry: Entry, scope: &mut Scope) {
        let Some(table) = self.table(entry, "scope") else { return };
        for (key, entry) in table.iter() {
            match key.get_ref().as_ref() {
                "run" => {
                    scope.run = self.choice(entry, "scope.run", &RUNS).unwrap_or(scope.run);
                }
                "boundary" => {
                    scope.boundary = self.choice(entry, "scope.boundary", &BOUNDARIES).unwrap_or(scope.boundary);
                }
                "basis" => {
                    scope.basis = self.choice(entry, "scope.basis", &BASES).unwrap_or(scope.basis);
                }
                "embodied" => scope.embodied = self.boolean(entry, "scope.embodied").unwrap_or(scope.embodied),
                other => {
                    self.unknown_key(key.span().start, "scope", other, &SCOPE_KEYS);
                }
            }
        }
    }

    fn imputation(&mut self, entry: Entry, study: &mut Study) {
        let Some(table) = self.table(entry, "imputation") else { return };
        for (key, entry) in table.iter() {
            match key.get_ref().as_ref() {
                "compute" => {
                    let chosen = self.choice(entry, "imputation.compute", &IMPUTATIONS);
                    study.imputation = chosen.unwrap_or(study.imputation);
                }
                "fits" => match entry.get_ref().as_str().filter(|name| !name.is_empty()) {
                    Some(name) => study.fits = Some(self.file.parent().unwrap_or(Path::new("")).join(name)),
                    None => self.refuse(entry, "imputation.fits", "give the file that `haze fit --coefficients` wrote"),
                },
                other => self.unknown_key(key.span().start, "imputation", other, &IMPUTATION_KEYS),
            }
        }
    }

    fn outputs(&mut self, entry: Entry, outputs: &mut Outputs) {
        let Some(table) = self.table(entry, "outputs") else { return };
        for (key, entry) in table.iter() {
            let name: &str = key.get_ref();
            let Some(further) = Further::find(name) else {
                self.unknown_key(key.span().start, "outputs", name, &Further::ALL.map(Further::name));
                continue;
            };
            if let Some(on) = self.boolean(entry, &format!("outputs.{name}")) {
                outputs.set(further, on);
            }
        }
    }

    fn priors(&mut self, entry: Entry) -> toml::Table {
        let Some(table) = self.table(entry, "priors") else { return toml::Table::new() };
        for (key, entry) in table.iter() {
            self.table(entry, &format!("priors.{}", key.get_ref()));
        }
        toml::Table::deserialize(ValueDeserializer::from(entry.clone())).unwrap_or_else(|e| {
            let at = e.span().map_or(entry.span().start, |span| span.start);
            self.add(at, "priors", "", e.message());
            toml::Table::new()
        })
    }

    fn shared_effects(&mut self, entry: Entry) -> Vec<SharedSpec> {
        let Some(array) = entry.get_ref().as_array() else {
            self.refuse(entry, "shared", "expected [[shared]], with two brackets, once for each effect");
            return Vec::new();
        };
        if array.len() > MAX_SHARED {
            let message = format!(
                "{} [[shared]] entries, at most {MAX_SHARED} are taken; one entry with `by` stands for an effect for each value of a \
                 column",
                array.len()
            );
            self.add(entry.span().start, "shared", "", message);
            return Vec::new();
        }
        let mut found = Vec::new();
        for entry in array.iter() {
            let Some(table) = self.table(entry, "[shared]") else { continue };
            let place = self.place(entry.span().start, "shared");
            let (mut factor, mut gsd, mut by) = (None, None, Vec::new());
            let (mut has_factor, mut has_gsd) = (false, false);
            for (key, value) in table.iter() {
                match key.get_ref().as_ref() {
                    "factor" => {
                        has_factor = true;
                        factor = self.choice(value, "shared.factor", &SHARED_FACTORS.map(|f| (f.name(), f)));
                    }
                    "gsd" => {
                        has_gsd = true;
                        match self.float(value) {
                            None => self.refuse(value, "shared.gsd", "expected a number above 1, such as 1.3"),
                            Some(x) => match gsd_in_range(x) {
                                Ok(()) => gsd = Some(x),
                                Err(_) if x == 1.0 => {
                                    let message = "a GSD of 1 has no effect; remove this [[shared]] entry";
                                    self.refuse(value, "shared.gsd", message);
                                }
                                Err(e) => self.refuse(value, "shared.gsd", e.to_string()),
                            },
                        }
                    }
                    "by" => by = self.columns(value, "shared.by"),
                    other => self.unknown_key(key.span().start, "shared", other, &SHARED_KEYS),
                }
            }
            for (has, key) in [(has_factor, "factor"), (has_gsd, "gsd")] {
                if !has {
                    let message = format!("this [[shared]] entry has no {key}; add {key} = …");
                    self.add(entry.span().start, &format!("shared.{key}"), "", message);
                }
            }
            if let (Some(factor), Some(gsd)) = (factor, gsd) {
                found.push(SharedSpec { factor, gsd, by, place });
            }
        }
        found
    }

    fn groups(&mut self, entry: Entry) -> Vec<String> {
        let Some(table) = self.table(entry, "groups") else { return Vec::new() };
        let mut by = Vec::new();
        for (key, entry) in table.iter() {
            match key.get_ref().as_ref() {
                "by" => by = self.columns(entry, "groups.by"),
                other => self.unknown_key(key.span().start, "groups", other, &GROUPS_KEYS),
            }
        }
        by
    }
}
