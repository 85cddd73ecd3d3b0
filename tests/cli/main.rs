//! The command line from outside: the binary is run as a user runs it.

mod agreement;
mod atci;
mod bad_input;
mod cases;
mod coverage;
mod diff;
mod docs;
mod export;
mod facts;
#[cfg(feature = "figures")]
mod figure;
mod files;
mod fit;
mod formats;
mod gauge;
mod gpu;
mod import;
mod invariance;
mod large;
mod lineage;
mod order;
mod outputs;
mod pages;
mod papers;
mod report;
mod sampled;
mod sensitivity;
mod separately;
mod shards;
mod tables;
mod thresholds;
#[cfg(all(target_os = "linux", feature = "track"))]
mod track;
mod trend;
mod validate;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Three models of every kind of cell, a label and a derivative.
const MODELS: &str = "\
id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh,region
a,\"lognormal(1e23, 1.5)\",\"lognormal(2e11, 1.3)\",\"shifted(1, lognormal(0.2, 1.3))\",\"lognormal(400, 1.2)\",X
b,1e22 to 4e22,fixed(3e11),\"uniform(1.1, 1.3)\",\"triangular(100, 200, 500)\",Y
c,3e22 ± 3e21,fixed(1e11),fixed(1.1),\"mixture(0.5: lognormal(50, 1.2), 0.5: lognormal(600, 1.2))\",X
";

const STUDY: &str = "\
models = [\"models.csv\"]
draws = 2000
seed = 5
interval = 0.9
[[shared]]
factor = \"grid\"
gsd = 1.3
by = \"region\"
[groups]
by = [\"region\"]
";

/// What `--out` writes, by name.
const WRITTEN: [&str; 10] = [
    "groups.csv",
    "groups.parquet",
    "methods.md",
    "models.csv",
    "models.parquet",
    "priors.csv",
    "references.bib",
    "result.json",
    "run.haze",
    "study.toml",
];

/// The same, and one more file.
fn written_and(more: &str) -> Vec<String> {
    let mut all: Vec<String> = WRITTEN.into_iter().chain([more]).map(String::from).collect();
    all.sort();
    all
}

/// A folder of its own with these files, removed when dropped.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn haze(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haze"));
    command.current_dir(dir).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

fn outcome(dir: &Path, args: &[&str]) -> Output {
    haze(dir).args(args).output().unwrap()
}

/// With this text on standard input.
fn fed(dir: &Path, args: &[&str], input: impl AsRef<[u8]>) -> Output {
    let mut command = haze(dir);
    let mut child =
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_ref()).unwrap();
    child.wait_with_output().unwrap()
}

/// What a run that must succeed prints.
fn printed(dir: &Path, args: &[&str]) -> String {
    let output = outcome(dir, args);
    assert!(output.status.success(), "haze {}: {}", args.join(" "), errors(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The JSON result of `haze run` with these arguments.
fn result(dir: &Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["run"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// What has to be the same on every machine, as text: equal text is equal bytes.
fn comparable(result: &Value) -> String {
    let mut result = result.clone();
    let top = result.as_object_mut().unwrap();
    assert!(top.remove("backend").is_some() && top.remove("timings").is_some());
    serde_json::to_string_pretty(&result).unwrap()
}

/// Names of the files in a folder.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
