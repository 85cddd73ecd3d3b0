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
    // four that set the node power; 31 emissions but for the four that are net of carbon-free energy.
    for (name, n, circular) in [("hours", 22, 1), ("energy", 6, 6), ("emissions", 27, 18)] {
        let q = quantity(&found, name);
        assert_eq!(
            (&q["n"], &q["n_circular"], &q["coverage_pass"]),
            (&n.into(), &circular.into(), &true.into()),
            "{name}"
        );
    }
    let hours = quantity(&found, "hours");
    // The median error of a constant 37 % is 0.179, ours 0.194 (docs/validation.md); the CRPS is the better one.
    assert_eq!((&hours["mdape_no_worse"], &hours["crps_no_worse"]), (&false.into(), &true.into()));
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
                own power,NVIDIA A100,100,300,1.1,34,yes,measured_system,\n\
                unknown chip,Abacus 9000,100,400,,,,,0.02\n";
    let dir = folder(&[("runs.csv", &format!("{head}\n{rows}")), ("list.csv", LIST)]);
    let found = document(dir.path(), &["runs.csv", "--masked-sum", "list.csv", "--draws", "20000"]);
    let energy = quantity(&found, "energy");
    assert_eq!((&energy["n"], &energy["n_circular"]), (&5.into(), &3.into()));
    let rows = found["rows"].as_array().unwrap();
    let of = |name: &str| rows.iter().find(|r| r["model"] == name).unwrap();
    for (name, predicted, inside) in [("right", 44.0, true), ("wrong", 44.0, false), ("alone", 40.0, true)] {
        let row = of(name);
        assert!((row["predicted"].as_f64().unwrap() / predicted - 1.0).abs() < 1e-3, "{row}");
        assert_eq!((&row["inside_90"], &row["circular"], &row["tier"]), (&inside.into(), &true.into(), &"3".into()));
        let half = (row["interval_90"][1].as_f64().unwrap() / predicted).ln();
        assert!((half - 1.645 * 1.03_f64.ln()).abs() < 2e-3, "{half}");
    }
    // 400 W is the TDP and no measurement: the node draws 1.52 times that, GSD 1.15 (k_node.a100), 100 h · 608 W · 1.1.
    let (metered, own) = (of("metered"), of("own power"));
    assert!((metered["predicted"].as_f64().unwrap() / 66.9 - 1.0).abs() < 0.02, "{metered}");
    let half = |row: &Value| (row["interval_90"][1].as_f64().unwrap() / row["predicted"].as_f64().unwrap()).ln();
    assert!(half(metered) > 1.645 * 1.15_f64.ln() && metered["notes"][0].as_str().unwrap().contains("is the TDP"));
    // 300 W is not: 100 h · 300 W · 1.1 = 33 kWh, within the rounding.
    assert!((own["predicted"].as_f64().unwrap() / 33.0 - 1.0).abs() < 1e-3 && half(own) < 0.05, "{own}");
    assert_eq!(
        (&metered["inside_90"], &own["inside_90"], &own["circular"]),
        (&true.into(), &true.into(), &false.into())
    );
    assert_eq!(of("unknown chip")["quantity"], "emissions");
    assert!(of("unknown chip")["notes"][0].as_str().unwrap().contains("chip not known"));
    // Four of five inside.
    assert_eq!((&energy["inside_90"], &energy["coverage"]["90"]), (&4.into(), &0.8.into()));
    assert_eq!(
        (&found["runs_scored"], &found["chips_unknown"], &found["regions_unknown"]),
        (&6.into(), &1.into(), &6.into())
    );
    assert_eq!((&quantity(&found, "hours")["n"], &quantity(&found, "hours")["mdape"]), (&0.into(), &Value::Null));
    assert_eq!(found["masked_sums"].as_array().unwrap().len(), 1);
}

/// 100 h · 400 W · 100 g/kWh at a PUE of 1.5: 6 kg, and 4 kg where the emissions leave the overhead out. Net emissions are
/// counted and not scored.
#[test]
fn emissions_are_predicted_on_the_basis_that_is_stated() {
    let head = "model,hardware,gpu_hours,power_w,pue,emissions_tco2e,energy_basis,region,date,emissions_basis,emissions_include_pue";
    let row = |name: &str, more: &str| format!("{name},NVIDIA A100,100,400,1.5,0.006,tdp_x_hours,FRA,2023,{more}\n");
    let text = [head.to_string() + "\n", row("whole", "location,"), row("it", ",no"), row("net", "net,")].concat();
    let dir = folder(&[("runs.csv", &text), ("list.csv", LIST)]);
    let found = document(dir.path(), &["runs.csv", "--masked-sum", "list.csv", "--draws", "20000"]);
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|r| r["model"].as_str().unwrap()).collect::<Vec<_>>(), ["it", "whole"]);
    let [it, whole] = [0, 1].map(|i| rows[i]["predicted"].as_f64().unwrap());
    assert!((whole / it - 1.5).abs() < 0.03, "{whole} {it}");
    // The three hours could be predicted from nothing.
    let left_out = found["left_out"].as_array().unwrap();
    let emissions: Vec<&Value> = left_out.iter().filter(|l| l["quantity"] == "emissions").collect();
    assert_eq!((left_out.len(), emissions.len(), &emissions[0]["model"]), (4, 1, &"net".into()));
    assert!(emissions[0]["reason"].as_str().unwrap().contains("carbon-free"));
}

/// 100 h · 400 W = 40 kWh, with the PUE 60. Not stated: half of the draws each, GSD 1.03 of both. Then 5 % of all are 10 %
/// of the lower half, 40 · 1.03^-1.2816, and 95 % are 90 % of the upper, 60 · 1.03^1.2816.
#[test]
fn an_unstated_pue_is_counted_both_ways() {
    let head = "model,hardware,gpu_hours,power_w,pue,energy_kwh,energy_includes_pue,energy_basis";
    let rows = "yes,NVIDIA A100,100,400,1.5,60,yes,tdp_x_hours\n\
                no,NVIDIA A100,100,400,1.5,40,no,tdp_x_hours\n\
                open,NVIDIA A100,100,400,1.5,60,,tdp_x_hours\n\
                no PUE,NVIDIA A100,100,400,,40,,tdp_x_hours\n";
    let dir = folder(&[("runs.csv", &format!("{head}\n{rows}")), ("list.csv", LIST)]);
    let found = document(dir.path(), &["runs.csv", "--masked-sum", "list.csv", "--draws", "20000"]);
    let rows = found["rows"].as_array().unwrap();
    // By name, whatever the order of the file.
    assert_eq!(rows.iter().map(|r| r["line"].as_i64().unwrap()).collect::<Vec<_>>(), [3, 5, 4, 2]);
    let ends = |i: usize| [0, 1].map(|e| rows[i]["interval_90"][e].as_f64().unwrap());
    let close =
        |[lo, hi]: [f64; 2], want: [f64; 2]| (lo / want[0] - 1.0).abs() < 2e-3 && (hi / want[1] - 1.0).abs() < 2e-3;
    let (z90, z95) = (1.03_f64.powf(1.2816), 1.03_f64.powf(1.6449));
    assert!(close(ends(3), [60.0 / z95, 60.0 * z95]) && close(ends(0), [40.0 / z95, 40.0 * z95]), "{found}");
    assert!(close(ends(2), [40.0 / z90, 60.0 * z90]), "{:?}", ends(2));
    assert!(close(ends(1), [40.0 / z95, 40.0 * z95]), "{:?}", ends(1));
    assert!(rows[2]["notes"][0].as_str().unwrap().contains("half of the draws"));
}

/// What is left out says why, repeats count once, and a run that is not shipped is judged without its family.
#[test]
fn other_tables_are_read_and_judged_as_they_say() {
    let head = "model,independent,organization,date,hardware,parameters,tokens,GPU hours,emissions_tco2e,scope,energy";
    let rows = "Llama 3.1 70B,1,Meta AI,2024,NVIDIA H100 80GB HBM3,7e10,1.5e13,7e6,0,final_run,\n\
                Llama 3.1 70B,1,Meta AI,2024,NVIDIA H100 80GB HBM3,7e10,1.5e13,7e6,0,final_run,\n\
                Llama 3.1 70B,1,Meta AI,2024,NVIDIA H100 80GB HBM3,7e10,1.5e13,6e6,,final_run,\n\
                Other 70B,1,Nobody,2024,NVIDIA H100 80GB HBM3,7e10,1.5e13,7e6,,pretraining,\n\
                Odd chip,1,Nobody,2024,L40S,7e9,1e12,1e5,,,\n\
                Told again,0,Nobody,2024,NVIDIA H100,7e9,1e12,1e5,,,\n\
                Tuned,1,Nobody,2024,NVIDIA H100,7e9,1e12,1e5,,finetune,\n";
    let dir = folder(&[("runs.csv", &format!("{head}\n{rows}")), ("list.csv", LIST)]);
    let args = ["runs.csv", "--masked-sum", "list.csv", "--draws", "2000"];
    let found = document(dir.path(), &args);
    let judged: Vec<(&str, &str, bool)> = found["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["model"].as_str().unwrap(), r["judged_by"].as_str().unwrap(), r["in_sample"].as_bool().unwrap()))
        .collect();
    let llama = ("Llama 3.1 70B", "without_its_family", false);
    assert_eq!(judged, [llama, llama, ("Odd chip", "shipped", false), ("Other 70B", "shipped", false)]);
    let reasons: Vec<(i64, &str)> = found["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["line"].as_i64().unwrap(), l["reason"].as_str().unwrap()))
        .collect();
    let zero = "published as 0, which has no logarithm";
    let (scope, again) = ("another scope than the final run", "not independent");
    assert_eq!(reasons, [(2, zero), (3, "repeats line 2"), (3, zero), (7, again), (8, scope)]);
    // The baselines know no peak for the chip that is not in the table: both are compared on the other three.
    let hours = quantity(&found, "hours");
    assert_eq!(
        (&hours["n"], &hours["on_baseline_rows"]["n"], &hours["baselines"][0]["n"]),
        (&4.into(), &3.into(), &3.into())
    );
    assert_ne!(hours["crps"], hours["on_baseline_rows"]["crps"]);

    let both = outcome(dir.path(), &[&["validate"], &args[..]].concat());
    let page = String::from_utf8_lossy(&both.stdout);
    for part in [
        "7 rows, 4 figures scored, 5 published and not scored",
        "4 runs scored: 1 with an unknown chip, 4 with an unknown region",
        "2  published as 0",
        "1  repeats another line",
        "1  not independent",
        "haze, all figures",
        "haze, chip known",
        "On the 3 figures whose chip is known",
        "nothing could be scored",
        "of 4",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    let told = errors(&both);
    assert!(
        told.contains("runs.csv:1: energy") && told.contains("energy_kwh") && told.contains("runs.csv:4: model"),
        "{told}"
    );
}

#[test]
fn a_file_without_a_usable_figure_does_not_pass() {
    let dir = folder(&[("runs.csv", "model,gpu_hours\na,100\n")]);
    let args = ["runs.csv", "--draws", "2000"];
    let found = document(dir.path(), &args);
    assert_eq!((&found["masked_sums"][0]["pass"], &found["pass"]), (&true.into(), &Value::Null));
    let page = printed(dir.path(), &[&["validate"], &args[..]].concat());
    assert!(page.contains("1 row, 0 figures scored") && page.contains("Nothing could be scored"), "{page}");
    assert!(
        !page.contains("By kind of figure") && page.contains("1  nothing that it could be predicted from"),
        "{page}"
    );
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
    let nothing = outcome(dir.path(), &["validate", SHIPPED, "--masked-sum", "none.csv"]);
    assert!(
        nothing.status.code() == Some(2) && errors(&nothing).contains("none.csv: no base model"),
        "{}",
        errors(&nothing)
    );
    assert_eq!(outcome(dir.path(), &["validate", SHIPPED, "--draws", "0"]).status.code(), Some(2));
    let own = outcome(dir.path(), &["validate", "list.csv", "--json", "list.csv"]);
    assert_eq!(own.status.code(), Some(2));
    for (text, place, words) in [
        ("model,gpu_hours,notes\na,1,\"b\nc,2,\nd,3,\n", "runs.csv:2: ", "never closed"),
        ("model,gpu_hours,emissions_tco2e\na,1e5,1\nb,1e308,5\n", "runs.csv:3: gpu_hours: \"1e308\": ", "1e40"),
        ("model,energy_kwh,emissions_tco2e\na,1e308,5\n", "runs.csv:2: energy_kwh: ", "1e40"),
        ("model,gpu_hours\na\n", "runs.csv:2: ", "1 fields and the header has 2"),
    ] {
        let dir = folder(&[("runs.csv", text)]);
        let refused = outcome(dir.path(), &["validate", "runs.csv", "--draws", "10"]);
        let told = errors(&refused);
        assert!(refused.status.code() == Some(2) && told.contains(place) && told.contains(words), "{text}: {told}");
    }
    let piped = fed(dir.path(), &["validate", "-", "--masked-sum", "list.csv"], "tokens\n1\n");
    assert!(piped.status.code() == Some(2) && errors(&piped).contains("standard input:1: model"), "{}", errors(&piped));
}
