//! `haze trend`: portfolios whose growth is known by hand, its document and schema, bad input.

use std::path::Path;

use serde_json::Value;

use crate::{MODELS, STUDY, comparable, errors, folder, outcome, printed, result};

fn document(dir: &Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["trend"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn close(found: &Value, exact: f64) -> bool {
    found.as_f64().is_some_and(|found| (found - exact).abs() <= 1e-5 * exact.abs().max(1e-3))
}

/// Compute doubles every year; emissions grow by a half. 2023 has two rows, and one row has no date.
const FIXED: &str = "id,emissions_t,compute_flop,date\n\
    a,fixed(8),fixed(1e21),2021-05\nb,fixed(12),fixed(2e21),2022-01-09\nc,fixed(10),fixed(1e21),2023\n\
    d,fixed(8),fixed(3e21),2023-11\ne,fixed(500),fixed(1e20),2024-02\nf,fixed(1),fixed(1e18),\n";

fn years(found: &Value) -> Vec<(i64, f64, Option<&str>)> {
    let years = found["years"].as_array().unwrap().iter();
    let of = |y: &'_ Value| (y["year"].as_i64().unwrap(), y["emissions_t"]["mean"].as_f64().unwrap().round());
    years.map(|y| (of(y).0, of(y).1, y["left_out"].as_str())).collect()
}

#[test]
fn growth_of_fixed_values_is_the_arithmetic() {
    let dir = folder(&[("models.csv", FIXED)]);
    let found = document(dir.path(), &["models.csv", "--draws", "100"]);
    assert_eq!(
        years(&found),
        [(2021, 8.0, None), (2022, 12.0, None), (2023, 18.0, None), (2024, 500.0, Some("incomplete"))]
    );
    assert!(
        close(&found["undated"]["emissions_t"]["mean"], 1.0) && close(&found["total"]["emissions_t"]["mean"], 539.0)
    );
    assert!(close(&found["years"][2]["share"], 18.0 / 539.0) && found["latest_year"] == 2024);
    let growth = &found["growth"];
    assert_eq!(growth["years"], serde_json::json!([2021, 2022, 2023]));
    // ln 2 / ln 1.5 = 1.709511 years; 3/4 of the carbon per compute a year later: ln 2 / ln 0.75.
    for (what, percent, doubling) in
        [("emissions", 50.0, 1.709511), ("compute", 100.0, 1.0), ("atci", -25.0, -2.409421)]
    {
        let of = &growth[what];
        assert!(close(&of["growth_percent_per_year"]["mean"], percent), "{what}: {of}");
        assert!(close(&of["doubling_years"]["median"], doubling), "{what}: {of}");
        assert!(!close(&of["growth_percent_per_year"]["median"], 1.001 * percent));
    }
    let page = printed(dir.path(), &["trend", "models.csv", "--draws", "100"]);
    for part in ["2024 *", "no date", "may come", "doubles in 1.71 years", "halves in 2.41 years", "2021 to 2023"] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(page.lines().all(|l| l.chars().count() <= 100), "{page}");
}

#[test]
fn years_asked_for_and_years_that_count() {
    let dir = folder(&[("models.csv", FIXED)]);
    let with = |args: &[&str]| document(dir.path(), &[&["models.csv", "--draws", "64"], args].concat());
    // All four years: Σ (t − t̄) ln y / 5, by hand with 8, 12, 18, 500.
    let slope = (-1.5 * 8f64.ln() - 0.5 * 12f64.ln() + 0.5 * 18f64.ln() + 1.5 * 500f64.ln()) / 5.0;
    let complete = with(&["--complete"]);
    assert!(close(&complete["growth"]["emissions"]["slope_per_year"]["mean"], slope), "{complete}");
    assert!(complete["years"][3]["left_out"].is_null());
    let some = with(&["--from", "2022", "--to", "2023"]);
    assert_eq!(years(&some), [(2022, 12.0, None), (2023, 18.0, None)]);
    assert_eq!((&some["models_outside"], &some["from"], &some["to"]), (&2.into(), &2022.into(), &2023.into()));
    assert!(close(&some["total"]["emissions_t"]["mean"], 539.0));
    // One year has no slope, nor has none.
    for span in [["--from", "2023", "--to", "2023"], ["--from", "1990", "--to", "1999"]] {
        assert!(with(&span)["growth"].is_null());
    }
    let page = printed(dir.path(), &["trend", "models.csv", "--draws", "64", "--to", "2021"]);
    assert!(page.contains("none: it takes two complete years"), "{page}");
}

/// A year without emissions has no logarithm, in any draw or in some.
#[test]
fn a_year_that_can_be_zero_is_left_out() {
    let rows = "id,emissions_t,date\na,fixed(1),2020\nb,fixed(0),2021\nc,\"mixture(0.5: fixed(0), 0.5: fixed(3))\",2022\n\
                d,fixed(8),2023\ne,fixed(9),2024\n";
    let dir = folder(&[("models.csv", rows)]);
    let found = document(dir.path(), &["models.csv", "--draws", "100"]);
    let why: Vec<Option<&str>> = years(&found).into_iter().map(|(_, _, why)| why).collect();
    assert_eq!(why, [None, Some("zero"), Some("zero"), None, Some("incomplete")]);
    // 1 to 8 in three years.
    assert!(close(&found["growth"]["emissions"]["growth_percent_per_year"]["median"], 100.0));
    assert!(printed(dir.path(), &["trend", "models.csv", "--draws", "100"]).contains("† 2021, 2022: "));
}

/// Years have the draws of the whole and of `haze atci`; the year of a date is a column for every command.
#[test]
fn the_draws_are_those_of_other_commands() {
    let dated: String = MODELS
        .lines()
        .zip(["date", "2023-04", "2024", "2023"])
        .map(|(line, date)| format!("{line},{date}\n"))
        .collect();
    let study = format!("{STUDY}[[shared]]\nfactor = \"compute\"\ngsd = 1.2\nby = [\"year\"]\n");
    let study = study.replace("by = [\"region\"]", "by = [\"year\"]");
    let dir = folder(&[("models.csv", &dated), ("study.toml", &study)]);
    let found = document(dir.path(), &["study.toml", "--draws", "3000"]);
    let run = result(dir.path(), &["study.toml", "--draws", "3000"]);
    assert_eq!(found["total"]["emissions_t"], run["total"]["emissions_t"]);
    assert_eq!(found["total"]["energy_kwh"], run["total"]["energy_kwh"]);
    assert_eq!(found["plan_hash"].as_str().unwrap().len(), 64);
    let groups = run["groups"].as_array().unwrap();
    assert_eq!(
        groups.iter().map(|g| (&g["by"], &g["value"])).collect::<Vec<_>>(),
        [(&"year".into(), &"2023".into()), (&"year".into(), &"2024".into())]
    );
    let text = printed(dir.path(), &["atci", "study.toml", "--draws", "3000", "--by", "year", "--json", "-"]);
    let atci: Value = serde_json::from_str(&text).unwrap();
    for (year, of_atci) in found["years"].as_array().unwrap().iter().zip(atci["groups"].as_array().unwrap()) {
        assert_eq!(year["atci_kg_per_eflop"], of_atci["atci_kg_per_eflop"]);
        assert_eq!(year["compute_eflop"], of_atci["compute_eflop"]);
    }
    assert_ne!(found["years"][0]["compute_eflop"], found["years"][1]["compute_eflop"]);
    let exact = printed(dir.path(), &["sensitivity", "study.toml", "--by", "year", "--json", "-"]);
    assert!(exact.contains("\"by\": \"year\"") || exact.contains("\"by\":\"year\""), "{exact}");
    let sampled = ["sensitivity", "study.toml", "--sample", "--groups", "year", "--of", "year=2023", "--draws", "640"];
    printed(dir.path(), &sampled);
    // Without dates there is no such column.
    let bare = folder(&[("models.csv", MODELS), ("study.toml", &study)]);
    for args in [&["run", "study.toml"][..], &["atci", "models.csv", "--by", "year"], &["trend", "models.csv"]] {
        let refused = outcome(bare.path(), args);
        assert!(
            refused.status.code() == Some(2) && errors(&refused).contains("year"),
            "{args:?}: {}",
            errors(&refused)
        );
    }
}

#[test]
fn every_document_follows_the_schema() {
    let dir = folder(&[("fixed.csv", FIXED), ("one.csv", "id,date\na,2024\n"), ("random.csv", &random())]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/trend.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for args in [&["fixed.csv"][..], &["one.csv"], &["random.csv", "--from", "2021"], &["random.csv", "--draws", "1"]] {
        let draws: &[&str] = if args.contains(&"--draws") { &[] } else { &["--draws", "640"] };
        let found = document(dir.path(), &[args, draws].concat());
        if let Err(error) = validator.validate(&found) {
            panic!("{args:?}: {error} at {}\n{found}", error.instance_path());
        }
        for key in found.as_object().unwrap().keys() {
            let mut wrong = found.clone();
            wrong.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&wrong), "{key}");
        }
        let mut wrong = found.clone();
        wrong["years"][0]["left_out"] = "late".into();
        assert!(!validator.is_valid(&wrong));
    }
}

/// Rows of many years and of no date, with all that is imputed.
fn random() -> String {
    let row = |k: usize| {
        let date = if k % 9 == 8 { String::new() } else { format!("{}-0{}", 2018 + k % 7, 1 + k % 9) };
        format!("m{k},lab{},{}e9,{date}\n", k % 4, 1 + k * k % 70)
    };
    format!("id,organization,parameters,date\n{}", (0..40).map(row).collect::<String>())
}

#[test]
fn nothing_but_backend_and_timings_depends_on_the_machine_or_the_order() {
    let rows = random();
    let mut lines: Vec<&str> = rows.lines().collect();
    lines[1..].reverse();
    let turned = lines.join("\n") + "\n";
    let dir = folder(&[("models.csv", &rows), ("turned.csv", &turned)]);
    let with = |args: &[&str]| comparable(&document(dir.path(), &[&["--draws", "3000"], args].concat()));
    let one = with(&["models.csv", "--threads", "1"]);
    assert_eq!(one, with(&["models.csv", "--threads", "2", "--chunk", "777"]));
    assert_eq!(one, with(&["turned.csv"]));
    assert_ne!(one, with(&["models.csv", "--seed", "43"]));
}

#[test]
fn spans_that_are_none() {
    let dir = folder(&[("models.csv", FIXED)]);
    for (args, part) in [
        (&["--from", "2024", "--to", "2020"][..], "--from 2024 is after --to 2020"),
        (&["--from", "24"], "expected a year from 1950 to 2100"),
        (&["--to", "-3"], "expected a year from 1950 to 2100"),
    ] {
        let bad = outcome(dir.path(), &[&["trend", "models.csv"], args].concat());
        assert!(bad.status.code() == Some(2) && errors(&bad).contains(part), "{args:?}: {}", errors(&bad));
    }
}
