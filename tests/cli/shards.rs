//! Parts of a run and their merge: the bytes of the undivided run, and refusals by name.

use std::fs;
use std::path::Path;

use super::*;

const RESULTS: [&str; 7] =
    ["groups.csv", "groups.parquet", "methods.md", "models.csv", "models.parquet", "priors.csv", "references.bib"];

/// A folder with the study and, of each of so many parts, a file.
fn parts(of: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("models.csv"), MODELS).unwrap();
    fs::write(dir.path().join("study.toml"), STUDY).unwrap();
    for k in 1..=of {
        let output = part(dir.path(), k, of, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    dir
}

fn part(dir: &Path, k: u64, of: u64, more: &[&str]) -> Output {
    let (shard, out) = (format!("{k}/{of}"), format!("part-{k}.haze"));
    let args = ["run", "study.toml", "--water", "--shard", &shard, "--out", &out, "--quiet"];
    haze(dir).args(args).args(more).output().unwrap()
}

fn merge(dir: &Path, parts: &[&str]) -> Output {
    haze(dir).arg("merge").args(parts).args(["--out", "merged", "--quiet"]).output().unwrap()
}

fn comparable(path: &Path) -> Value {
    let mut value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for key in ["backend", "timings"] {
        value.as_object_mut().unwrap().remove(key);
    }
    value
}

#[test]
fn parts_give_the_bytes_of_the_whole() {
    let dir = parts(3);
    let whole = haze(dir.path()).args(["run", "study.toml", "--water", "--out", "whole", "--quiet"]).output().unwrap();
    assert!(whole.status.success());
    // The input is in the parts.
    fs::remove_file(dir.path().join("models.csv")).unwrap();
    fs::remove_file(dir.path().join("study.toml")).unwrap();
    let merged = merge(dir.path(), &["part-3.haze", "part-1.haze", "part-2.haze"]);
    assert!(merged.status.success(), "{}", String::from_utf8_lossy(&merged.stderr));
    let of = |folder: &str, name: &str| dir.path().join(folder).join(name);
    for name in RESULTS {
        let [a, b] = ["whole", "merged"].map(|folder| fs::read(of(folder, name)).unwrap());
        assert!(a == b, "{name}");
    }
    let [whole, merged] = ["whole", "merged"].map(|folder| comparable(&of(folder, "result.json")));
    assert_eq!(whole, merged);
    assert_eq!(whole["draws"], 2000);
    assert!(whole["total"].get("water_m3").is_some());
}

#[test]
fn what_is_no_run_is_refused_by_name() {
    let dir = parts(3);
    let path = |name: &str| dir.path().join(name);
    let refused = |parts: &[&str], words: &[&str]| {
        let output = merge(dir.path(), parts);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        words.iter().for_each(|word| assert!(message.contains(word), "{word}: {message}"));
        assert!(!path("merged").exists());
    };
    refused(&["part-1.haze", "part-3.haze"], &["missing of 3 parts: 2"]);
    fs::copy(path("part-2.haze"), path("again.haze")).unwrap();
    refused(&["part-1.haze", "part-2.haze", "part-3.haze", "again.haze"], &["again.haze", "already in part-2.haze"]);
    let bytes = fs::read(path("part-2.haze")).unwrap();
    fs::write(path("cut.haze"), &bytes[..bytes.len() - 9]).unwrap();
    refused(&["part-1.haze", "cut.haze", "part-3.haze"], &["cut.haze", "draw this part again"]);
    fs::write(path("half.haze"), &bytes[..100]).unwrap();
    refused(
        &["part-1.haze", "half.haze", "models.csv"],
        &["half.haze: the file is cut short", "models.csv: this is not"],
    );
    fs::create_dir(path("other")).unwrap();
    for name in ["models.csv", "study.toml"] {
        fs::copy(path(name), path("other").join(name)).unwrap();
    }
    assert!(part(&path("other"), 2, 3, &["--seed", "6"]).status.success());
    refused(&["part-1.haze", "other/part-2.haze", "part-3.haze"], &["other/part-2.haze", "seed 6 instead of 5"]);
    fs::write(path("other/models.csv"), MODELS.replace("1e22 to 4e22", "1e22 to 5e22")).unwrap();
    assert!(part(&path("other"), 2, 3, &[]).status.success());
    refused(
        &["part-1.haze", "other/part-2.haze", "part-3.haze"],
        &["other/part-2.haze", "input files are not the same"],
    );
    // Nothing is lost: the right parts make the run.
    assert!(merge(dir.path(), &["part-1.haze", "part-2.haze", "part-3.haze"]).status.success());
}

#[test]
fn a_part_needs_a_number_of_draws() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("models.csv"), MODELS).unwrap();
    let run = |args: &[&str]| {
        let output = haze(dir.path()).args(["run", "models.csv", "--out", "part.haze"]).args(args).output().unwrap();
        assert!(!dir.path().join("part.haze").exists());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (args, words) in [
        (&["--shard", "1/3"][..], "--shard needs --draws"),
        (&["--shard", "4/3", "--draws", "100"], "expected K/N"),
        (&["--shard", "1/200", "--draws", "100"], "at most as many parts as draws"),
        (&["--shard", "1/3", "--draws", "100", "--json", "-"], "cannot be used with"),
    ] {
        let (code, message) = run(args);
        assert!(code == Some(2) && message.contains(words), "{message}");
    }
}
