//! The order of rows and columns changes no byte of any command's document, but for the lines that it names.

use serde_json::Value;

use crate::invariance::reordered;
use crate::{folder, printed};

fn fixture(name: &str, rows: usize) -> String {
    let text = std::fs::read_to_string(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // No cell of these fixtures holds a line break.
    text.lines().take(rows + 1).map(|line| format!("{line}\n")).collect()
}

/// The document without what may differ: the machine, and where a row stands.
fn without_lines(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !["backend", "timings", "line"].contains(&key.as_str()));
            kept.map(|(key, value)| (key.clone(), without_lines(value))).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(values) => values.iter().map(without_lines).collect(),
        Value::String(text) if text.starts_with("repeats line ") => "repeats a line".into(),
        other => other.clone(),
    }
}

/// What each of the commands prints over the files of a folder.
fn documents(files: &[(&str, &str)], commands: &[&[&str]]) -> Vec<String> {
    let dir = folder(files);
    let document = |args: &&[&str]| {
        let text = printed(dir.path(), args);
        match serde_json::from_str(&text) {
            Ok(value) => serde_json::to_string_pretty(&without_lines(&value)).unwrap(),
            Err(_) => text,
        }
    };
    commands.iter().map(document).collect()
}

/// The files as they are, with other orders of rows, and of columns too. The last file is a study and stays.
fn in_any_order(files: &[(&str, &str)], study: &str, commands: &[&[&str]]) -> Vec<String> {
    let with = |change: &dyn Fn(&str) -> String| {
        let changed: Vec<(&str, String)> = files.iter().map(|(name, text)| (*name, change(text))).collect();
        let mut all: Vec<(&str, &str)> = changed.iter().map(|(name, text)| (*name, text.as_str())).collect();
        all.push(("study.toml", study));
        documents(&all, commands)
    };
    let first = with(&str::to_string);
    for columns in [false, true] {
        for (found, (expected, command)) in with(&|t| reordered(t, columns)).iter().zip(first.iter().zip(commands)) {
            assert!(found == expected, "{command:?}, columns: {columns}");
        }
    }
    first
}

#[test]
fn fits_do_not_hang_on_the_order() {
    let text = fixture("known_compute.csv", 905);
    let commands: [&[&str]; 2] = [&["fit", "models.csv", "--json", "-"], &["fit", "models.csv", "--coefficients"]];
    let first = in_any_order(&[("models.csv", &text)], "", &commands);
    // Negative control: a row less is seen.
    let less = fixture("known_compute.csv", 800);
    assert!(documents(&[("models.csv", &less)], &commands) != first);
}

#[test]
fn validations_do_not_hang_on_the_order() {
    let runs = fixture("reported_training_emissions.csv", 68);
    // A statement that is there twice, once with less to predict it from.
    let less = runs.lines().nth(1).unwrap().replace("1e+12", "") + "\n";
    let again = runs.clone() + &less;
    let list = fixture("open_weights.csv", 60);
    let commands: [&[&str]; 1] =
        [&["validate", "runs.csv", "--masked-sum", "list.csv", "--draws", "300", "--json", "-"]];
    in_any_order(&[("runs.csv", &again), ("list.csv", &list)], "", &commands);
}

const STUDY: &str = "models = [\"models.csv\"]\n[groups]\nby = [\"organization\", \"tier\"]\n[[shared]]\nfactor = \"grid\"\n\
                     gsd = 1.3\nby = \"organization\"\n[outputs]\nwater = true\nembodied = true\ndevelopment = true\n";

#[test]
fn results_do_not_hang_on_the_order() {
    let models = fixture("open_weights.csv", 60);
    let (other, matches) = (fixture("hub_models.csv", 60), fixture("matches.csv", 263));
    let row = models.lines().nth(9).unwrap().split(',').next().unwrap();
    let commands: [&[&str]; 8] = [
        &["run", "study.toml", "--draws", "300", "--json", "-"],
        &["atci", "study.toml", "--draws", "300", "--json", "-"],
        &["trend", "study.toml", "--draws", "300", "--json", "-"],
        &["sensitivity", "study.toml", "--by", "organization", "--json", "-"],
        &["sensitivity", "study.toml", "--reruns", "--draws", "300", "--json", "-"],
        &["sensitivity", "study.toml", "--sample", "--draws", "300", "--json", "-"],
        &[
            "coverage",
            "study.toml",
            "--other",
            "other.csv",
            "--matches",
            "matches.csv",
            "--draws",
            "300",
            "--json",
            "-",
        ],
        &["explain", "study.toml", row],
    ];
    in_any_order(&[("models.csv", &models), ("other.csv", &other), ("matches.csv", &matches)], STUDY, &commands);
}
