//! The resolved study file: what was run, so that running it gives the same result again.
//!
//! Draws, seed and level are those of the run, wherever they came from; everything else is the study's, defaults
//! spelled out. Paths are relative to the folder the file will lie in where they share a root with it below `/`, else
//! in full; relative `empirical(FILE)` names inside priors are rewritten likewise. A link is named, not what it leads
//! to: the files that a models file names are relative to where it was found.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Component, Path};

use toml::Value;

use crate::portfolio::cell::files_named;
use crate::portfolio::formats::STDIN;
use crate::portfolio::problem::shorten_path;
use crate::portfolio::{Further, SharedSpec, Study};
use crate::run::Extent;

/// What the run used in place of what the study left open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effective {
    /// Number of draws, or a precision from which it follows.
    pub extent: Extent,
    /// Seed of the run.
    pub seed: u64,
    /// Level of the credible intervals, in (0, 1).
    pub interval: f64,
}

/// An input that no study file can name, so that the run could not be repeated from it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the study.toml of this run could not name {input}: {why}")]
pub struct Unnameable {
    input: String,
    why: String,
}

impl Unnameable {
    fn new(input: &Path, why: impl Into<String>) -> Unnameable {
        Unnameable { input: shorten_path(input), why: why.into() }
    }

    fn unreadable(input: &Path) -> impl FnOnce(io::Error) -> Unnameable {
        move |e| Unnameable::new(input, format!("{e}; check the path"))
    }
}

const FIRST_LINE: &str = "# The study as it was run, with every setting spelled out.";
const AGAIN: &str =
    "# The models came from standard input: give them again (haze run study.toml < models.csv), or name their file.";

/// The text of the study file for `folder`, which must exist, as must the models files.
///
/// # Errors
/// The first input that it cannot name.
pub fn resolved(study: &Study, effective: Effective, folder: &Path) -> Result<String, Unnameable> {
    let folder = fs::canonicalize(folder).map_err(Unnameable::unreadable(folder))?;
    let models = models(study, &folder)?;
    let mut text = format!("{FIRST_LINE}\n");
    if models.iter().any(|name| name == STDIN) {
        let _ = writeln!(text, "{AGAIN}");
    }
    let models = models.into_iter().map(Value::String).collect();
    key(&mut text, "models", Value::Array(models));
    // Not through `Value`, whose integers end at 2^63.
    let _ = match effective.extent {
        Extent::Draws(draws) => writeln!(text, "draws = {draws}"),
        Extent::Precision(asked) => writeln!(text, "precision = {}", asked),
    };
    let _ = writeln!(text, "seed = {}", effective.seed);
    key(&mut text, "interval", Value::Float(effective.interval));
    key(&mut text, "default_shared", Value::Boolean(study.default_shared));
    key(&mut text, "learn", Value::Boolean(study.learn));
    key(&mut text, "facts", Value::Boolean(study.facts));
    text.push_str("\n[scope]\n");
    let scope = study.scope;
    key(&mut text, "run", scope.run.name().into());
    key(&mut text, "boundary", scope.boundary.name().into());
    key(&mut text, "basis", scope.basis.name().into());
    key(&mut text, "embodied", Value::Boolean(scope.embodied));
    text.push_str("\n[imputation]\n");
    key(&mut text, "compute", study.imputation.name().into());
    if let Some(fits) = &study.fits {
        key(&mut text, "fits", seen_from(fits, &folder)?.into());
    }
    text.push_str("\n[outputs]\n");
    for further in Further::ALL {
        key(&mut text, further.name(), Value::Boolean(study.outputs.has(further)));
    }
    if !study.priors.is_empty() {
        let from = study.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let priors = Value::Table(study.priors.clone());
        let whole = toml::Table::from_iter([("priors".to_string(), moved(priors, from, &folder)?)]);
        let why = |e: toml::ser::Error| Unnameable { input: "[priors]".into(), why: e.to_string() };
        text.push('\n');
        text.push_str(&toml::to_string(&whole).map_err(why)?);
    }
    let columns = |by: &[String]| Value::Array(by.iter().map(|c| c.as_str().into()).collect());
    for SharedSpec { factor, gsd, by, .. } in &study.shared {
        text.push_str("\n[[shared]]\n");
        key(&mut text, "factor", factor.name().into());
        key(&mut text, "gsd", Value::Float(*gsd));
        if !by.is_empty() {
            key(&mut text, "by", columns(by));
        }
    }
    if !study.groups_by.is_empty() {
        text.push_str("\n[groups]\n");
        key(&mut text, "by", columns(&study.groups_by));
    }
    Ok(text)
}

fn key(text: &mut String, name: &str, value: Value) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name} = {value}");
}

/// The models files as seen from `folder`. A pipe without a name of its own, such as that of `<(…)`, is gone after the
/// run and stands for standard input; there is one standard input.
fn models(study: &Study, folder: &Path) -> Result<Vec<String>, Unnameable> {
    let mut names = Vec::new();
    for path in &study.models {
        let name =
            if path == Path::new(STDIN) || is_descriptor(path) { STDIN.into() } else { seen_from(path, folder)? };
        if name == STDIN && names.contains(&name) {
            return Err(Unnameable::new(path, "it is the second pipe that models are read from; save it as a file"));
        }
        names.push(name);
    }
    Ok(names)
}

/// Whether a path names an open file of this process, and not a file: `/dev/stdin`, `/dev/fd/63`.
fn is_descriptor(path: &Path) -> bool {
    let parent = path.parent().map(fs::canonicalize).and_then(Result::ok);
    parent.is_some_and(|p| p == Path::new("/dev") || p.starts_with("/dev/fd") || p.starts_with("/proc"))
}

/// `path` as seen from `folder` (a canonical path), or in full where they have nothing but the root in common.
fn seen_from(path: &Path, folder: &Path) -> Result<String, Unnameable> {
    if is_descriptor(path) {
        return Err(Unnameable::new(path, "it is a pipe, gone after the run; save it as a file"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).map_err(Unnameable::unreadable(path))?;
    let full = parent.join(path.file_name().unwrap_or_default());
    let utf8 = |part: &Path| {
        let why = "its path is not UTF-8; rename it";
        part.to_str().map(String::from).ok_or_else(|| Unnameable::new(path, why))
    };
    let common = full.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let named = |c: &Component| matches!(c, Component::Normal(_));
    if !full.components().take(common).any(|c| named(&c)) {
        return utf8(&full);
    }
    let up = folder.components().skip(common).map(|_| "..".to_string());
    let down = full.components().skip(common).map(|c| utf8(Path::new(c.as_os_str())));
    let parts: Vec<String> = up.map(Ok).chain(down).collect::<Result<_, _>>()?;
    let name = parts.join("/");
    // A file of this name is not standard input.
    Ok(if name == STDIN { format!("./{name}") } else { name })
}

/// Priors of a study in the folder `from`, for one in `folder`: the files that they name are the same.
fn moved(value: Value, from: &Path, folder: &Path) -> Result<Value, Unnameable> {
    let moved = |value| moved(value, from, folder);
    match value {
        Value::String(text) => renamed(&text, from, folder).map(Value::String),
        Value::Array(values) => values.into_iter().map(moved).collect::<Result<_, _>>().map(Value::Array),
        Value::Table(table) => {
            table.into_iter().map(|(key, v)| Ok((key, moved(v)?))).collect::<Result<_, _>>().map(Value::Table)
        }
        other => Ok(other),
    }
}

/// A file that is not there is left as it is: the run would not have got this far had it been needed.
fn renamed(text: &str, from: &Path, folder: &Path) -> Result<String, Unnameable> {
    let mut out = String::new();
    let mut done = 0;
    for (at, name) in files_named(text) {
        let path = from.join(name);
        if !path.is_file() {
            continue;
        }
        let name = seen_from(&path, folder)?;
        if name.contains('"') {
            let why = "its path has a quotation mark, which no prior can write; rename it";
            return Err(Unnameable::new(&path, why));
        }
        let _ = write!(out, "{}\"{name}\"", &text[done..at.start]);
        done = at.end;
    }
    Ok(out + &text[done..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portfolio::study_file;
    use crate::portfolio::{Basis, Boundary, Imputation, Run, Scope};

    const EFFECTIVE: Effective = Effective { extent: Extent::Draws(5_000), seed: 7, interval: 0.9 };

    /// A folder with a study in `study/`, models and an empirical file in the folder itself, and `out/` for the results.
    fn folder() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["study", "out", "data"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        for file in ["data/models.csv", "study/more.csv", "study/grid (a, b).csv"] {
            fs::write(root.path().join(file), "id\na\n").unwrap();
        }
        root
    }

    const STUDY: &str = r#"
models = ["../data/models.csv", "more.csv"]
seed = 3
default_shared = false
learn = false
[scope]
run = "development"
basis = "market"
embodied = true
[imputation]
compute = "regression"
[outputs]
water = true
[priors.grid]
unknown = 'mixture(0.5: empirical("grid (a, b).csv"), 0.5: lognormal(60, 2))'
[[shared]]
factor = "grid"
gsd = 1.3
by = "region"
[[shared]]
factor = "compute"
gsd = 2.0
[groups]
by = ["organization", "tier"]
"#;

    fn read(path: &Path, text: &str) -> Study {
        let (found, problems) = study_file::read(path, text.as_bytes());
        assert_eq!(problems, [], "{text}");
        found.study
    }

    #[test]
    fn reads_back_as_the_same_study() {
        let root = folder();
        let study = read(&root.path().join("study/study.toml"), STUDY);
        let out = root.path().join("out");
        let text = resolved(&study, EFFECTIVE, &out).unwrap();
        let again = read(&out.join("study.toml"), &text);
        assert_eq!((again.draws, again.seed, again.interval), (Some(5_000), Some(7), Some(0.9)));
        assert_eq!(again.scope, study.scope);
        let scope = Scope { run: Run::Development, boundary: Boundary::Facility, basis: Basis::Market, embodied: true };
        assert_eq!((again.scope, again.default_shared, again.learn), (scope, false, false));
        assert_eq!(again.imputation, Imputation::Regression);
        assert!(again.outputs.has(Further::Water) && !again.outputs.has(Further::Embodied));
        assert_eq!(again.groups_by, ["organization", "tier"]);
        let shared = |s: &Study| s.shared.iter().map(|s| (s.factor, s.gsd, s.by.clone())).collect::<Vec<_>>();
        assert_eq!(shared(&again), shared(&study));
        assert_eq!(shared(&again).len(), 2);
        // The same files, relative to where the new study lies.
        let real = |s: &Study| s.models.iter().map(|p| fs::canonicalize(p).unwrap()).collect::<Vec<_>>();
        assert_eq!(real(&again), real(&study));
        assert!(text.contains(r#"models = ["../data/models.csv", "../study/more.csv"]"#), "{text}");
        assert!(text.contains(r#"empirical("../study/grid (a, b).csv"), 0.5: lognormal(60, 2)"#), "{text}");
        assert_ne!(again.priors, study.priors);
        // Written again from its new place, it stays as it is.
        assert_eq!(resolved(&again, EFFECTIVE, &out).unwrap(), text);
    }

    #[test]
    fn defaults_are_spelled_out() {
        let root = folder();
        let models = root.path().join("data/models.csv");
        let study = Study { models: vec![models], ..Study::default() };
        let text = resolved(&study, EFFECTIVE, root.path()).unwrap();
        let again = read(&root.path().join("study.toml"), &text);
        assert_eq!((again.scope, again.default_shared, again.learn), (study.scope, true, true));
        // A seed that TOML's own integers do not reach.
        let largest = resolved(&study, Effective { seed: u64::MAX, ..EFFECTIVE }, root.path()).unwrap();
        assert_eq!(read(&root.path().join("study.toml"), &largest).seed, Some(u64::MAX));
        assert!(text.contains("models = [\"data/models.csv\"]") && text.contains("boundary = \"facility\""), "{text}");
    }

    #[test]
    fn standard_input_is_said_to_be() {
        let root = folder();
        let study = Study { models: vec!["-".into()], ..Study::default() };
        let text = resolved(&study, EFFECTIVE, root.path()).unwrap();
        assert!(text.contains("standard input") && text.contains("models = [\"-\"]"), "{text}");
        // Also from any other folder, unlike a file of that name.
        for (models, path) in [("-", Path::new("-")), ("./-", &*root.path().join("./-"))] {
            let again = read(&root.path().join("study.toml"), &format!("models = [\"{models}\"]"));
            assert_eq!(again.models, [path]);
            let text = resolved(&again, EFFECTIVE, root.path()).unwrap();
            assert!(text.contains(&format!("models = [\"{models}\"]")), "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn what_no_study_can_name_is_refused() {
        use std::os::unix::ffi::OsStringExt;
        let root = folder();
        let odd = root.path().join(std::ffi::OsString::from_vec(b"m\xe9.csv".to_vec()));
        let refused = |study: &Study| resolved(study, EFFECTIVE, root.path()).unwrap_err().to_string();
        assert!(refused(&Study { models: vec![odd], ..Study::default() }).contains("not UTF-8; rename it"));
        let pipes = Study { models: vec!["-".into(), "/dev/stdin".into()], ..Study::default() };
        assert!(refused(&pipes).contains("/dev/stdin: it is the second pipe"));
        assert!(refused(&Study { fits: Some("/dev/stdin".into()), ..Study::default() }).contains("save it as a file"));
        fs::write(root.path().join("a\"b\".txt"), "1\n").unwrap();
        let prior = "models = [\"-\"]\n[priors.grid]\nunknown = 'empirical(a\"b\".txt)'";
        assert!(refused(&read(&root.path().join("study.toml"), prior)).contains("a quotation mark"));
    }

    /// What a models file names lies where it was found, not where a link leads.
    #[test]
    #[cfg(unix)]
    fn a_link_is_named_and_not_what_it_leads_to() {
        let root = folder();
        let link = root.path().join("study/link.csv");
        std::os::unix::fs::symlink("../data/models.csv", &link).unwrap();
        std::os::unix::fs::symlink("study", root.path().join("alias")).unwrap();
        for models in [link, root.path().join("alias/link.csv")] {
            let study = Study { models: vec![models], ..Study::default() };
            let text = resolved(&study, EFFECTIVE, &root.path().join("out")).unwrap();
            assert!(text.contains(r#"models = ["../study/link.csv"]"#), "{text}");
        }
    }

    #[test]
    fn nothing_in_common_but_the_root() {
        let root = folder();
        let full = fs::canonicalize(root.path().join("data/models.csv")).unwrap();
        assert_eq!(seen_from(&full, Path::new("/somewhere/else")).unwrap(), full.to_str().unwrap());
    }
}
