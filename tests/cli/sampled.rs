//! `haze sensitivity --sample`: its page, its document and the document's schema.

use serde_json::Value;

use crate::{MODELS, STUDY, comparable, errors, folder, outcome, printed};

const MIXED: &str = "\
id,organization,date,region,emissions_t,energy_kwh,gpu_hours,parameters
a,X,2024,FRA,1,,,
b,X,2024,USA,,2e5,,
c,Y,2023,,,,3000,
d,Y,2024,CHN,,,,4e9
e,,2024,,,,,
";

fn text(dir: &std::path::Path, args: &[&str]) -> String {
    printed(dir, &[&["sensitivity"], args, &["--sample", "--json", "-"]].concat())
}

fn document(dir: &std::path::Path, args: &[&str]) -> Value {
    let text = text(dir, args);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn output<'d>(document: &'d Value, part: usize, name: &str) -> &'d Value {
    let outputs = document["parts"][part]["outputs"].as_array().unwrap();
    outputs.iter().find(|o| o["name"] == name).unwrap_or_else(|| panic!("no {name}: {document}"))
}

#[test]
fn every_document_follows_the_schema() {
    // Eight organisations and none: pairs.
    let many: String = (0..9).map(|k| format!("m{k},{},{}e9\n", "ABCDEFGH".get(k..=k).unwrap_or(""), k + 1)).collect();
    let dir = folder(&[
        ("models.csv", MODELS),
        ("study.toml", STUDY),
        ("mixed.csv", MIXED),
        ("many.csv", &format!("id,organization,parameters\n{many}")),
        ("zero.csv", "id,emissions_t\na,0\n"),
        ("wide.csv", "id,compute_flop,efficiency_flop_per_j\na,1e22,\"gamma(1.5, 1e11)\"\n"),
    ]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/sampled.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let cases: [(&str, &[&str]); 8] = [
        ("models.csv", &[]),
        ("study.toml", &["--groups", "region", "--threshold", "1"]),
        ("mixed.csv", &["--groups", "tier"]),
        ("mixed.csv", &["--of", "organization=X", "--of", "organization=Y"]),
        ("many.csv", &["--groups", "organization"]),
        ("zero.csv", &[]),
        ("wide.csv", &[]),
        ("mixed.csv", &["--groups", "organization", "--interval", "0.5"]),
    ];
    for (file, args) in cases {
        let found = document(dir.path(), &[&[file, "--draws", "640"], args].concat());
        if let Err(error) = validator.validate(&found) {
            panic!("{file} {args:?}: {error} at {}\n{found}", error.instance_path());
        }
        for key in found.as_object().unwrap().keys() {
            let mut wrong = found.clone();
            wrong.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&wrong), "{key}");
        }
        let mut wrong = found.clone();
        wrong["parts"][0]["outputs"][0]["threads"] = 2.into();
        assert!(!validator.is_valid(&wrong));
    }
    let many = document(dir.path(), &["many.csv", "--groups", "organization", "--draws", "640"]);
    assert_eq!(many["parts"][0]["estimator"], "pick-freeze");
    let names: Vec<&Value> = many["parts"][0]["groups"].as_array().unwrap().iter().map(|g| &g["kind"]).collect();
    assert_eq!(names.len(), 10, "eight organisations, none, and the shared effects: {names:?}");
    assert_eq!(
        output(&document(dir.path(), &["zero.csv", "--draws", "640"]), 0, "emissions")["reason"],
        "the output does not vary"
    );
    let wide = document(dir.path(), &["wide.csv", "--draws", "640"]);
    assert!(wide["parts"][0]["reason"].as_str().unwrap().contains("no finite second moment"), "{wide}");
}

#[test]
fn nothing_but_backend_and_timings_depends_on_the_machine() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let args = ["mixed.csv", "--draws", "5000", "--groups", "organization", "--threshold", "100"];
    let of = |more: &[&str]| comparable(&document(dir.path(), &[&args[..], more].concat()));
    let one = of(&["--threads", "1"]);
    assert_eq!(one, of(&["--threads", "3", "--backend", "cpu"]));
    assert_eq!(one, of(&["--seed", "42", "--chunk", "64"]));
    assert_ne!(one, of(&["--seed", "43"]));
    assert!(!one.contains("mixed.csv"));
}

#[test]
fn a_part_is_analysed_alone() {
    let dir = folder(&[
        ("mixed.csv", MIXED),
        ("x.csv", &MIXED.lines().take(3).map(|l| format!("{l}\n")).collect::<String>()),
    ]);
    let parts =
        document(dir.path(), &["mixed.csv", "--draws", "2000", "--of", "organization=Y", "--of", "organization=X"]);
    let alone = document(dir.path(), &["x.csv", "--draws", "2000"]);
    assert_eq!(parts["parts"][1]["of"], serde_json::json!({"by": "organization", "value": "X"}));
    assert_eq!((&parts["parts"][1]["models"], &parts["models_read"]), (&2.into(), &5.into()));
    for key in ["outputs", "effects", "mean_t", "sd_t", "groups"] {
        assert_eq!(parts["parts"][1][key], alone["parts"][0][key], "{key}");
    }
    for key in ["outputs", "effects", "mean_t", "sd_t"] {
        assert_ne!(parts["parts"][0][key], alone["parts"][0][key], "{key}: negative control");
    }
}

#[test]
fn the_exact_indices_stand_beside() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let exact: Value = serde_json::from_str(&printed(
        dir.path(),
        &["sensitivity", "mixed.csv", "--by", "organization", "--json", "-"],
    ))
    .unwrap();
    let sampled = document(dir.path(), &["mixed.csv", "--groups", "organization", "--draws", "640"]);
    let labels = exact["labels"].as_array().unwrap();
    let groups = output(&sampled, 0, "emissions")["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 4);
    for group in groups {
        let want = match group["kind"].as_str().unwrap() {
            "shared" => &exact["shared"],
            _ => labels.iter().find(|l| l["by"] == "organization" && l["value"] == group["name"]).unwrap(),
        };
        for key in ["first_order", "total"] {
            let (a, b) = (group["exact"][key].as_f64().unwrap(), want[key].as_f64().unwrap());
            assert!((a - b).abs() < 1e-12, "{key}: {group}");
        }
    }
    assert!(output(&sampled, 0, "atci")["groups"][0]["exact"].is_null());
    let sum: f64 = groups.iter().map(|g| g["shapley"]["value"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9);
}

#[test]
fn the_page_has_every_part() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let page = printed(
        dir.path(),
        &["sensitivity", "mixed.csv", "--sample", "--draws", "4096", "--threshold", "0.5", "--top", "3"],
    );
    for part in [
        "4,096 draws (median and interval within 8.7 %), seed 42, by factor",
        "≈ 0 (to …): not distinguishable from 0",
        "Share of the variance of the total emissions",
        "with interactions",
        "Shapley",
        "Of their logarithm",
        "Of ATCI",
        "Of the energy",
        "What decides whether a draw is in the upper 5 %",
        "What decides whether the emissions exceed 500.0 kgCO2e",
        "undefined: every draw exceeds it, there is nothing to decide",
        "Shared effects, each alone",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    assert!(page.lines().all(|l| l.chars().count() <= 110), "{page}");
    for wrong in ["NaN", "inf ", "-0.0", "\x1b", "Value of disclosure"] {
        assert!(!page.contains(wrong), "{wrong:?} in {page}");
    }
    let none = printed(dir.path(), &["sensitivity", "mixed.csv", "--sample", "--draws", "640", "--threshold", "1e15"]);
    assert!(none.contains("undefined: no draw exceeds it, there is nothing to decide"), "{none}");
}

#[test]
fn what_is_refused_and_why() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let cases: [(&[&str], &str); 14] = [
        (&["--sample", "--groups", "organisation"], "did you mean \"organization\"?"),
        (&["--sample", "--groups", "factors"], "did you mean \"factor\"?"),
        (&["--sample", "--of", "organisation=X"], "did you mean \"organization\"?"),
        (&["--sample", "--of", "organization=Z"], "--of organization=Z: no row has this value"),
        (&["--sample", "--of", "organization"], "COLUMN=VALUE"),
        (&["--sample", "--threshold", "-5"], "0 or more"),
        (&["--sample", "--threshold", "lots"], "tonnes"),
        (&["--sample", "--draws", "63"], "at least 64"),
        (&["--sample", "--draws", "0"], "whole number"),
        (&["--sample", "--interval", "95"], "did you mean 0.95?"),
        (&["--sample", "--by", "organization"], "--groups COLUMN"),
        (&["--groups", "tier"], "--sample"),
        (&["--threads", "2"], "--threads needs --sample"),
        (&["--sample", "--json", "mixed.csv"], "would be replaced"),
    ];
    for (args, told) in cases {
        let refused = outcome(dir.path(), &[&["sensitivity", "mixed.csv"], args].concat());
        assert!(refused.status.code() == Some(2) && errors(&refused).contains(told), "{args:?}: {}", errors(&refused));
        assert!(refused.stdout.is_empty());
    }
    // A heavy tail is warned of by name, in a run too.
    let heavy = "id,compute_flop\na,\"lognormal(1e22, 100)\"\n";
    let dir = folder(&[("heavy.csv", heavy), ("mixed.csv", MIXED)]);
    for (command, file, warned) in [("run", "heavy.csv", true), ("run", "mixed.csv", false)] {
        let run = outcome(dir.path(), &[command, file, "--draws", "20000", "--json", "-"]);
        assert_eq!(errors(&run).contains("[heavy-tail]"), warned, "{}", errors(&run));
        let result: Value = serde_json::from_slice(&run.stdout).unwrap();
        assert_eq!(result["diagnostics"]["pareto_k"].as_f64().unwrap() > 0.7, warned);
        assert_eq!(result["diagnostics"]["warnings"]["heavy-tail"] == 1, warned);
    }
}
