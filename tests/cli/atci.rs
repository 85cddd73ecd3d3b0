//! `haze atci`: hand-made portfolios with known ratios, its document and schema, the same bytes on every backend.

use serde_json::Value;

use crate::{MODELS, STUDY, comparable, errors, folder, outcome, printed, result};

fn document(dir: &std::path::Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["atci"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

const HEAD: &str = "id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh,organization,date\n";

/// Two rows with fixed factors. a: 1e20 FLOP / 1e11 FLOP/J = 277.8 kWh, times 1.2 and 0.3 kg/kWh = 100 kg on 100 EFLOP.
/// b: 3e20 FLOP / 2e11 = 416.7 kWh, times 1.5 and 0.1 = 62.5 kg on 300 EFLOP. Together 162.5 kg / 400 EFLOP = 0.40625,
/// and not the mean of 1 and 0.20833.
#[test]
fn a_ratio_of_sums_and_its_three_ratios() {
    let a = "a,fixed(1e20),fixed(1e11),fixed(1.2),fixed(300),X,2023-04\n";
    let b = "b,fixed(3e20),fixed(2e11),fixed(1.5),fixed(100),Y,2024\n";
    let dir = folder(&[("two.csv", &format!("{HEAD}{a}{b}"))]);
    let found = document(dir.path(), &["two.csv", "--draws", "100"]);
    let of = |row: &Value| {
        let median = |key: &str| row[key]["median"].as_f64().unwrap();
        [
            median("atci_kg_per_eflop"),
            median("it_energy_kwh_per_eflop"),
            median("energy_per_it_energy"),
            median("emissions_kg_per_kwh"),
        ]
    };
    let (it_a, it_b) = (1e9 / 3.6e6, 1.5e9 / 3.6e6);
    let energy = 1.2 * it_a + 1.5 * it_b;
    let expected = [0.40625, (it_a + it_b) / 400.0, energy / (it_a + it_b), 162.5 / energy];
    for (got, want) in of(&found["total"]).into_iter().zip(expected) {
        assert!((got / want - 1.0).abs() < 1e-6 && (got / (1.001 * want) - 1.0).abs() > 1e-6, "{got} is not {want}");
    }
    let row = |by: &str, value: &str| {
        let groups = found["groups"].as_array().unwrap();
        groups.iter().find(|g| g["by"] == by && g["value"] == value).unwrap_or_else(|| panic!("no {by} {value}"))
    };
    for (by, value, atci, share) in [("organization", "X", 1.0, 0.25), ("year", "2024", 62.5 / 300.0, 0.75)] {
        let row = row(by, value);
        assert!((of(row)[0] / atci - 1.0).abs() < 1e-6, "{row}");
        assert!((row["compute_share"].as_f64().unwrap() - share).abs() < 1e-6, "{row}");
    }
    let page = printed(dir.path(), &["atci", "two.csv", "--draws", "100"]);
    for part in ["kgCO2e per EFLOP of training operations performed", "By year", "By tier", "GPT-3 175B", "all models"]
    {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(page.lines().all(|l| l.chars().count() <= 100), "{page}");
}

/// In every draw the ratios of a part are those that its models have alone, and the whole is that of `haze run`.
#[test]
fn the_draws_are_those_of_a_run() {
    let alone: String = MODELS.lines().filter(|l| !l.starts_with("b,")).map(|l| format!("{l}\n")).collect();
    let dir = folder(&[("models.csv", MODELS), ("alone.csv", &alone)]);
    let found = document(dir.path(), &["models.csv", "--by", "region", "--draws", "3000"]);
    let run = result(dir.path(), &["models.csv", "--draws", "3000"]);
    for key in ["atci_kg_per_eflop", "it_energy_kwh_per_eflop", "energy_per_it_energy", "emissions_kg_per_kwh"] {
        assert_eq!(found["total"][key], run["total"][key], "{key}");
    }
    let part = found["groups"].as_array().unwrap().iter().find(|g| g["value"] == "X").unwrap();
    let alone = result(dir.path(), &["alone.csv", "--draws", "3000"]);
    assert_eq!(part["atci_kg_per_eflop"], alone["total"]["atci_kg_per_eflop"]);
    assert_ne!(part["atci_kg_per_eflop"], run["total"]["atci_kg_per_eflop"]);
}

#[test]
fn every_document_follows_the_schema() {
    let dir = folder(&[
        ("models.csv", MODELS),
        ("study.toml", STUDY),
        ("zero.csv", "id,compute_flop\na,0\n"),
        ("bare.csv", "id\na\n"),
    ]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/atci.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for args in
        [&["models.csv"][..], &["study.toml", "--by", "tier"], &["zero.csv"], &["bare.csv", "--interval", "0.5"]]
    {
        let found = document(dir.path(), &[args, &["--draws", "640"]].concat());
        if let Err(error) = validator.validate(&found) {
            panic!("{args:?}: {error} at {}\n{found}", error.instance_path());
        }
        for key in found.as_object().unwrap().keys() {
            let mut wrong = found.clone();
            wrong.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&wrong), "{key}");
        }
        let mut wrong = found.clone();
        wrong["total"]["threads"] = 2.into();
        assert!(!validator.is_valid(&wrong));
    }
    let zero = document(dir.path(), &["zero.csv", "--draws", "640"]);
    assert!(zero["total"]["atci_kg_per_eflop"]["mean"].is_null());
    assert_eq!(zero["draws_without_compute"], 640);
}

#[test]
fn nothing_but_backend_and_timings_depends_on_the_machine() {
    let dir = folder(&[("models.csv", MODELS)]);
    let with = |args: &[&str]| document(dir.path(), &[&["models.csv", "--draws", "5000"], args].concat());
    let one = comparable(&with(&["--threads", "1"]));
    assert_eq!(one, comparable(&with(&["--threads", "2", "--chunk", "777"])));
    assert_ne!(one, comparable(&with(&["--seed", "43"])));
}

#[test]
fn columns_that_are_not_there() {
    let dir = folder(&[("models.csv", MODELS)]);
    let bad = outcome(dir.path(), &["atci", "models.csv", "--by", "regoin"]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(errors(&bad).contains("did you mean \"region\""), "{}", errors(&bad));
    // The year of a date is a column only where there is a date.
    for (models, year, slip) in [
        ("id,compute_flop\na,1e20\n", "no row has a date", "column of this name\n"),
        ("id,compute_flop,date\na,1e20,2024-05\n", "", "did you mean \"year\"?"),
    ] {
        let dir = folder(&[("models.csv", models)]);
        let by = |column| outcome(dir.path(), &["atci", "models.csv", "--draws", "64", "--by", column]);
        assert!(errors(&by("year")).contains(year) && !errors(&by("year")).contains("did you mean"));
        assert_eq!(by("year").status.success(), year.is_empty());
        assert!(errors(&by("yaer")).contains(slip), "{}", errors(&by("yaer")));
    }
}
