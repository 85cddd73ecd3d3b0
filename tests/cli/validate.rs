//! `haze validate`: its document and schema, hand-made files with known outcomes, bad input.

use std::path::Path;

use serde_json::Value;

use crate::{errors, fed, folder, outcome, printed};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/reported_training_emissions.csv");
const ORIGINAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/raw/reported_training_emissions.csv");
/// One small base, so that the masked sum is quick.
const LIST: &str = "id,organization,date,parameters,compute_flop\na,X,2024-01-01,7e9,1e23\n";

fn document(dir: &Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["validate"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn quantity<'a>(found: &'a Value, name: &str) -> &'a Value {
    found["quantities"].as_array().unwrap().iter().find(|q| q["name"] == name).unwrap()
}

#[test]
fn the_shipped_runs_pass_and_follow_the_schema() {
    let dir = folder(&[]);
    let found = document(dir.path(), &[SHIPPED, "--draws", "20000"]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/validate.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = validator.validate(&found) {
        panic!("{error} at {}", error.instance_path());
    }
    // Negative controls: no key can be missing or more.
    for key in found.as_object().unwrap().keys() {
        let mut wrong = found.clone();
        wrong.as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&wrong), "{key}");
    }
    for (list, key) in [("quantities", "n_circular"), ("rows", "pit"), ("masked_sums", "folds"), ("left_out", "reason")]
    {
        let mut wrong = found.clone();
        wrong[list][0].as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&wrong), "{list} {key}");
        let mut wrong = found.clone();
        wrong[list][0]["host"] = "here".into();
        assert!(!validator.is_valid(&wrong), "{list}");
    }

    assert_eq!(found["pass"], true);
    // Counted in the file by hand: 24 runs with compute and hours, two of them distilled; six energies but for the
    // four that set the node power.
    for (name, n, circular) in [("hours", 22, 1), ("energy", 6, 6), ("emissions", 31, 18)] {
        let q = quantity(&found, name);
        assert_eq!(
            (&q["n"], &q["n_circular"], &q["coverage_pass"]),
            (&n.into(), &circular.into(), &true.into()),
            "{name}"
        );
    }
    let hours = quantity(&found, "hours");
    assert_eq!((&hours["mdape_no_worse"], &hours["crps_no_worse"]), (&true.into(), &true.into()));
    assert_eq!(hours["n_in_sample"], 22);
    assert_eq!(hours["distilled"]["n"], 2);
    for sum in found["masked_sums"].as_array().unwrap() {
        assert_eq!((&sum["pass"], &sum["folds"]["pass"]), (&true.into(), &true.into()), "{sum}");
    }

    // The same rows without the added columns, on another number of threads.
    let original = document(dir.path(), &[ORIGINAL, "--draws", "20000", "--threads", "1"]);
    assert_eq!(original["quantities"], found["quantities"]);
    assert_eq!(original["masked_sums"], found["masked_sums"]);
}

/// Energies of hours × power × PUE: 100 h · 400 W · 1.1 = 44 kWh. The prediction has the rounding's GSD of 1.03, so that
/// 44 is inside and 50 outside of 90 %; its 90 % interval reaches to 1.645 · ln 1.03.
#[test]
fn arithmetic_is_predicted_as_published() {
    let head = "model,hardware,gpu_hours,power_w,pue,energy_kwh,energy_includes_pue,energy_basis,emissions_tco2e";
    let rows = "right,NVIDIA A100,100,400,1.1,44,yes,tdp_x_hours,\n\
                wrong,NVIDIA A100,100,400,1.1,50,yes,tdp_x_hours,\n\
                alone,NVIDIA A100,100,400,1.1,40,no,tdp_x_hours,\n\
                metered,NVIDIA A100,100,400,1.1,60,yes,measured_system,\n\
                unknown chip,Abacus 9000,100,400,,,,,0.02\n";
    let dir = folder(&[("runs.csv", &format!("{head}\n{rows}")), ("list.csv", LIST)]);
    let found = document(dir.path(), &["runs.csv", "--masked-sum", "list.csv", "--draws", "20000"]);
    let energy = quantity(&found, "energy");
    assert_eq!((&energy["n"], &energy["n_circular"]), (&4.into(), &3.into()));
    let rows = found["rows"].as_array().unwrap();
    let of = |name: &str| rows.iter().find(|r| r["model"] == name).unwrap();
    for (name, predicted, inside) in [("right", 44.0, true), ("wrong", 44.0, false), ("alone", 40.0, true)] {
        let row = of(name);
        assert!((row["predicted"].as_f64().unwrap() / predicted - 1.0).abs() < 1e-3, "{row}");
        assert_eq!((&row["inside_90"], &row["circular"], &row["tier"]), (&inside.into(), &true.into(), &"3".into()));
        let half = (row["interval_90"][1].as_f64().unwrap() / predicted).ln();
        assert!((half - 1.645 * 1.03_f64.ln()).abs() < 2e-3, "{half}");
    }
    assert_eq!(of("metered")["circular"], false);
    assert_eq!((&of("metered")["inside_90"], &of("unknown chip")["quantity"]), (&false.into(), &"emissions".into()));
    assert!(of("unknown chip")["notes"][0].as_str().unwrap().contains("chip not known"));
    // Two of four inside.
    assert_eq!((&energy["inside_90"], &energy["coverage"]["90"]), (&2.into(), &0.5.into()));
    assert_eq!((&quantity(&found, "hours")["n"], &quantity(&found, "hours")["mdape"]), (&0.into(), &Value::Null));
    assert_eq!(found["masked_sums"].as_array().unwrap().len(), 1);
}

#[test]
fn the_page_has_every_part() {
    let dir = folder(&[("list.csv", LIST)]);
    let page =
        printed(dir.path(), &["validate", SHIPPED, "--draws", "1000", "--masked-sum", "list.csv", "--json", "x.json"]);
    for part in
        ["MdAPE", "6ND at 40 %", "PASS", "not circular", "distilled", "Outside their 90 %", "Masked sum", "by folds"]
    {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    assert!(page.lines().all(|l| l.chars().count() <= 120), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf ") && !page.contains('\x1b'), "{page}");
    assert!(dir.path().join("x.json").exists());
}

#[test]
fn bad_input_is_told_at_once() {
    let bad = "model,gpu_hours,pue\na,many,\nb,1,0.5\n";
    let dir = folder(&[("runs.csv", bad), ("list.csv", "id\n"), ("none.csv", "id\na\n")]);
    let both = outcome(dir.path(), &["validate", "runs.csv"]);
    assert_eq!(both.status.code(), Some(2));
    let text = errors(&both);
    assert!(text.contains("runs.csv:2: gpu_hours: \"many\"") && text.contains("runs.csv:3: pue"), "{text}");
    assert_eq!(outcome(dir.path(), &["validate", "missing.csv"]).status.code(), Some(2));
    assert_eq!(outcome(dir.path(), &["validate", SHIPPED, "--masked-sum", "list.csv"]).status.code(), Some(2));
    assert_eq!(outcome(dir.path(), &["validate", SHIPPED, "--draws", "0"]).status.code(), Some(2));
    let own = outcome(dir.path(), &["validate", "list.csv", "--json", "list.csv"]);
    assert_eq!(own.status.code(), Some(2));
    let piped = fed(dir.path(), &["validate", "-", "--masked-sum", "list.csv"], "tokens\n1\n");
    assert!(piped.status.code() == Some(2) && errors(&piped).contains("standard input:1: model"), "{}", errors(&piped));
}
