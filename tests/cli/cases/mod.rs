//! Real-world inputs and what must come of them: `cases.json`, one entry for each kind of input that people have.
//!
//! A step runs a file (`run`) or a command (`cmd`) and says what is expected: `same_as` another file's mean, `mean_like`
//! it within `rel`, `at_most` `factor` times it, `mean_t` in a range, `refused` with a message that matches, `refused_not`
//! with one that must not, `says` a warning or note, `not_says` anything, so many `warnings` or at most `max_warnings`.

use std::path::Path;

use regex::Regex;
use serde_json::Value;

use super::{folder, outcome};

struct Ran {
    code: Option<i32>,
    mean: Option<f64>,
    out: String,
    err: String,
}

impl Ran {
    fn messages(&self) -> impl Iterator<Item = &str> {
        self.err.lines().filter(|line| ["warning", "error", "note"].iter().any(|kind| line.starts_with(kind)))
    }

    fn warnings(&self) -> u64 {
        self.err.lines().filter(|line| line.starts_with("warning")).count() as u64
    }
}

fn ran(dir: &Path, args: &[&str]) -> Ran {
    let output = outcome(dir, args);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let document: Option<Value> = serde_json::from_str(&out).ok();
    let mean = document.and_then(|d| d["total"]["emissions_t"]["mean"].as_f64());
    Ran { code: output.status.code(), mean, out, err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

fn run(dir: &Path, file: &str) -> Ran {
    ran(dir, &["run", file, "--draws", "20000", "--backend", "cpu", "--json", "-"])
}

fn matches(pattern: &Value, text: &str) -> bool {
    Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text)
}

fn within(range: &Value, x: f64) -> bool {
    range[0].as_f64().unwrap() <= x && x <= range[1].as_f64().unwrap()
}

/// What is wrong with the outcome of a step.
fn fault(dir: &Path, step: &Value) -> Option<String> {
    let ran = match (&step["run"], &step["cmd"]) {
        (Value::String(file), _) => run(dir, file),
        (_, Value::Array(args)) => ran(dir, &args.iter().map(|a| a.as_str().unwrap()).collect::<Vec<_>>()),
        _ => return Some("neither run nor cmd".into()),
    };
    let mean = ran.mean.unwrap_or(f64::NAN);
    let other = |key: &str| run(dir, step[key].as_str().unwrap()).mean.unwrap_or(f64::NAN);
    let near = |key: &str, rel: f64| (mean - other(key)).abs() <= rel * other(key).abs();
    let messages = ran.messages().collect::<Vec<_>>().join("\n");
    for (key, expected) in step.as_object().unwrap() {
        let holds = match key.as_str() {
            "run" | "cmd" | "rel" | "factor" => true,
            "same_as" => near(key, 1e-9),
            "mean_like" => near(key, step["rel"].as_f64().unwrap_or(0.05)),
            "at_most" => mean <= step["factor"].as_f64().unwrap_or(1.0) * other(key),
            "mean_t" => within(expected, mean),
            "refused_or_mean_t" => ran.code == Some(2) || within(expected, mean),
            "refused" => ran.code == Some(2) && matches(expected, &ran.err),
            "refused_not" => !matches(expected, &ran.err),
            "says" => matches(expected, &messages),
            "not_says" => !matches(expected, &(ran.out.clone() + &ran.err)),
            "warnings" => ran.warnings() == expected.as_u64().unwrap(),
            "max_warnings" => ran.warnings() <= expected.as_u64().unwrap(),
            other => panic!("{other} is no expectation"),
        };
        if !holds {
            return Some(format!("{key} {expected}: code {:?}, mean {mean}, {}", ran.code, ran.err.trim()));
        }
    }
    (!matches!(ran.code, Some(0 | 2))).then(|| format!("exit code {:?}: {}", ran.code, ran.err.trim()))
}

#[test]
fn every_kind_of_input_is_read_rightly_or_refused() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("cases.json")).unwrap();
    let mut faults = Vec::new();
    for case in &cases {
        let files = case["files"].as_object().unwrap();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str().unwrap())).collect();
        let dir = folder(&files);
        let of_case = case["steps"].as_array().unwrap().iter().filter_map(|step| fault(dir.path(), step));
        faults.extend(of_case.map(|fault| format!("{}: {fault}", case["name"])));
    }
    assert!(cases.len() > 50);
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    // Negative control: another expectation of a good file.
    let dir = folder(&[("a.csv", "id,date,region,energy_kwh\na,2024,USA,1000\n")]);
    assert!(fault(dir.path(), &serde_json::json!({"run": "a.csv", "mean_t": [0, 1e-9]})).is_some());
    assert!(fault(dir.path(), &serde_json::json!({"run": "a.csv", "refused": "."})).is_some());
}
