//! The resolved study file: what was run, so that running it gives the same result again.
//!
//! Draws, seed and level are those of the run, wherever they came from; everything else is the study's, defaults
//! spelled out. Paths are relative to the folder the file will lie in where they share a root with it below `/`, else
//! in full; relative `empirical(FILE)` names inside priors are rewritten likewise.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use toml::Value;

use crate::portfolio::{Further, SharedSpec, Study};

use super::scope::{basis_name, boundary_name, run_name};

/// What the run used in place of what the study left open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effective {
    /// Number of draws.
    pub draws: u64,
    /// Seed of the run.
    pub seed: u64,
    /// Level of the credible intervals, in (0, 1).
    pub interval: f64,
}

/// The first line of every resolved study file, by which it is known again.
pub const FIRST_LINE: &str = "# The study as it was run, with every setting spelled out.";

/// The text of the study file for `folder`, which must exist, as must the models files.
pub fn resolved(study: &Study, effective: Effective, folder: &Path) -> io::Result<String> {
    let folder = fs::canonicalize(folder)?;
    let mut text = format!("{FIRST_LINE}\n");
    if study.models.iter().any(|p| is_standard_input(p)) {
        text.push_str("# The models came from standard input: pass them again, or name their file here.\n");
    }
    let mut models = Vec::new();
    for path in &study.models {
        models.push(Value::String(if is_standard_input(path) { "-".into() } else { told_from(path, &folder)? }));
    }
    key(&mut text, "models", Value::Array(models));
    // Not through `Value`, whose integers end at 2^63.
    let _ = writeln!(text, "draws = {}\nseed = {}", effective.draws, effective.seed);
    key(&mut text, "interval", Value::Float(effective.interval));
    key(&mut text, "default_shared", Value::Boolean(study.default_shared));
    key(&mut text, "facts", Value::Boolean(study.facts));
    text.push_str("\n[scope]\n");
    let scope = study.scope;
    key(&mut text, "run", run_name(scope.run).into());
    key(&mut text, "boundary", boundary_name(scope.boundary).into());
    key(&mut text, "basis", basis_name(scope.basis).into());
    key(&mut text, "embodied", Value::Boolean(scope.embodied));
    text.push_str("\n[imputation]\n");
    key(&mut text, "compute", study.imputation.name().into());
    if let Some(fits) = &study.fits {
        key(&mut text, "fits", told_from(fits, &folder)?.into());
    }
    text.push_str("\n[outputs]\n");
    for further in Further::ALL {
        key(&mut text, further.name(), Value::Boolean(study.outputs.has(further)));
    }
    if !study.priors.is_empty() {
        let from = match &study.path {
            Some(path) if !is_standard_input(path) => path.parent().unwrap_or(Path::new("")).to_path_buf(),
            _ => PathBuf::new(),
        };
        let mut priors = Value::Table(study.priors.clone());
        rewrite_empirical(&mut priors, &from, &folder);
        let whole = toml::Table::from_iter([("priors".to_string(), priors)]);
        text.push('\n');
        text.push_str(&toml::to_string(&whole).map_err(io::Error::other)?);
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

fn is_standard_input(path: &Path) -> bool {
    path == Path::new("-")
}

/// `path` as seen from `folder` (a canonical path), or in full where they have nothing but the root in common.
fn told_from(path: &Path, folder: &Path) -> io::Result<String> {
    let full = fs::canonicalize(path)?;
    let common = full.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let named = |c: &Component| matches!(c, Component::Normal(_));
    if !full.components().take(common).any(|c| named(&c)) {
        return utf8(&full);
    }
    let up = folder.components().skip(common).map(|_| "..".to_string());
    let down = full.components().skip(common).map(|c| utf8(Path::new(c.as_os_str())));
    let parts: Vec<String> = up.map(Ok).chain(down).collect::<io::Result<_>>()?;
    Ok(parts.join("/"))
}

fn utf8(path: &Path) -> io::Result<String> {
    let refuse = || io::Error::new(io::ErrorKind::InvalidData, format!("{} is not UTF-8", path.display()));
    path.to_str().map(String::from).ok_or_else(refuse)
}

/// Rewrites the relative files that `empirical(FILE)` names in any text of the priors. A file that is not there is
/// left as it is: the run would not have got this far had it been needed.
fn rewrite_empirical(value: &mut Value, from: &Path, folder: &Path) {
    match value {
        Value::String(text) => *text = rewritten(text, from, folder),
        Value::Array(values) => values.iter_mut().for_each(|v| rewrite_empirical(v, from, folder)),
        Value::Table(table) => table.iter_mut().for_each(|(_, v)| rewrite_empirical(v, from, folder)),
        _ => {}
    }
}

fn rewritten(text: &str, from: &Path, folder: &Path) -> String {
    const CALL: &str = "empirical(";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(CALL) {
        let (before, after) = rest.split_at(at + CALL.len());
        let Some(end) = after.find(')') else { break };
        let name = after[..end].trim();
        out.push_str(before);
        out.push_str(&told_from(&from.join(name), folder).unwrap_or_else(|_| name.to_string()));
        rest = &after[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portfolio::study_file;
    use crate::portfolio::{Basis, Boundary, Imputation, Run, Scope};

    const EFFECTIVE: Effective = Effective { draws: 5_000, seed: 7, interval: 0.9 };

    /// A folder with a study in `study/`, models and an empirical file in the folder itself, and `out/` for the results.
    fn folder() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["study", "out", "data"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        for file in ["data/models.csv", "study/more.csv", "study/grid.csv"] {
            fs::write(root.path().join(file), "id\na\n").unwrap();
        }
        root
    }

    const STUDY: &str = r#"
models = ["../data/models.csv", "more.csv"]
seed = 3
default_shared = false
[scope]
run = "development"
basis = "market"
embodied = true
[imputation]
compute = "regression"
[outputs]
water = true
[priors.grid]
unknown = "mixture(0.5: empirical(grid.csv), 0.5: lognormal(60, 2))"
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
        assert_eq!((again.scope, again.default_shared), (scope, false));
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
        assert!(text.contains("empirical(../study/grid.csv), 0.5: lognormal(60, 2)"), "{text}");
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
        assert_eq!((again.scope, again.default_shared), (study.scope, study.default_shared));
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
        let missing = Study { models: vec![root.path().join("nowhere.csv")], ..Study::default() };
        assert!(resolved(&missing, EFFECTIVE, root.path()).is_err());
    }

    #[test]
    fn nothing_in_common_but_the_root() {
        let root = folder();
        let full = fs::canonicalize(root.path().join("data/models.csv")).unwrap();
        assert_eq!(told_from(&full, Path::new("/somewhere/else")).unwrap(), full.to_str().unwrap());
    }
}
