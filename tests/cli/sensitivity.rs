//! `haze sensitivity`: its page, its document and the document's schema.

use serde_json::Value;

use crate::{MODELS, STUDY, errors, folder, outcome, printed, result};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/sensitivity.schema.json")).unwrap()
}

fn document(dir: &std::path::Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["sensitivity"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

const MIXED: &str = "\
id,organization,date,region,emissions_t,energy_kwh,gpu_hours,parameters
a,X,2024,FRA,1,,,
b,X,2024,USA,,2e5,,
c,Y,2023,,,,3000,
d,Y,2024,CHN,,,,4e9
e,,2024,,,,,
";

#[test]
fn every_document_follows_the_schema() {
    let wide = "id,compute_flop,efficiency_flop_per_j\na,1e22,\"gamma(1.5, 1e11)\"\n";
    let dir = folder(&[
        ("models.csv", MODELS),
        ("study.toml", STUDY),
        ("mixed.csv", MIXED),
        ("zero.csv", "id,emissions_t\na,0\n"),
        ("wide.csv", wide),
    ]);
    let schema = schema();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in ["models.csv", "study.toml", "mixed.csv", "zero.csv", "wide.csv"] {
        let found = document(dir.path(), &[file]);
        if let Err(error) = validator.validate(&found) {
            panic!("{file}: {error} at {}\n{found}", error.instance_path());
        }
        // Negative controls: no key can be missing or more.
        for key in found.as_object().unwrap().keys() {
            let mut wrong = found.clone();
            wrong.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&wrong), "{key}");
        }
        let mut wrong = found.clone();
        wrong["threads"] = 2.into();
        assert!(!validator.is_valid(&wrong));
    }
    for (file, reason) in [("zero.csv", "no variance"), ("wide.csv", "no finite second moment")] {
        let found = document(dir.path(), &[file]);
        assert!(found["reason"].as_str().unwrap().contains(reason) && found["sd_t"].is_null(), "{found}");
        assert!(
            printed(dir.path(), &["sensitivity", file])
                .contains(&format!("no shares: {}", found["reason"].as_str().unwrap()))
        );
    }
}

#[test]
fn the_document_says_what_a_run_says() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let run = result(dir.path(), &["mixed.csv", "--draws", "10"]);
    let found = document(dir.path(), &["mixed.csv", "--by", "organization"]);
    let near = |a: &Value, b: &Value| {
        (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-12 * b.as_f64().unwrap().abs().max(1.0)
    };
    assert!(near(&found["sd_t"], &run["diagnostics"]["oracle"]["sd_t"]));
    for (f, g) in found["factors"].as_array().unwrap().iter().zip(run["sensitivity"]["groups"].as_array().unwrap()) {
        assert_eq!(f["name"], g["name"]);
        assert!(
            near(&f["first_order"], &g["first_order"]["value"]) && near(&f["total"], &g["total"]["value"]),
            "{f} {g}"
        );
    }
    let of =
        |by: &str| -> Vec<&Value> { found["labels"].as_array().unwrap().iter().filter(|l| l["by"] == by).collect() };
    let own: f64 = found["models"].as_array().unwrap().iter().map(|m| m["total"].as_f64().unwrap()).sum();
    for by in ["tier", "organization"] {
        let sum: f64 = of(by).iter().map(|l| l["total"].as_f64().unwrap()).sum();
        assert!((sum - own).abs() < 1e-12, "{by}: {sum} {own}");
    }
    assert!(of("organization").iter().any(|l| l["value"].is_null() && l["models"] == 1));
    let quantities: std::collections::BTreeSet<&str> =
        found["disclosures"].as_array().unwrap().iter().map(|d| d["quantity"].as_str().unwrap()).collect();
    assert_eq!(quantities.into_iter().collect::<Vec<_>>(), ["chip", "compute", "energy", "hours", "place"]);
}

#[test]
fn the_page_has_every_part() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let page =
        printed(dir.path(), &["sensitivity", "mixed.csv", "--by", "organization", "--top", "2", "--json", "all.json"]);
    for part in [
        "5 models",
        "Share of the variance by factor",
        "Shapley",
        "Shared and own parts",
        "Shared effects",
        "By tier",
        "By organization",
        "Value of disclosure",
        "One at a time",
        "and 3 more, in --json",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    assert!(page.lines().all(|l| l.chars().count() <= 110), "{page}");
    for wrong in ["NaN", "inf ", "-0.0", "\x1b"] {
        assert!(!page.contains(wrong), "{wrong:?} in {page}");
    }
    let all: Value = serde_json::from_str(&std::fs::read_to_string(dir.path().join("all.json")).unwrap()).unwrap();
    assert_eq!(all["models"].as_array().unwrap().len(), 5);

    let unknown = outcome(dir.path(), &["sensitivity", "mixed.csv", "--by", "organisation"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        errors(&unknown).contains("--by organisation") && errors(&unknown).contains("did you mean \"organization\"?")
    );
    let own = outcome(dir.path(), &["sensitivity", "mixed.csv", "--json", "mixed.csv"]);
    assert!(own.status.code() == Some(2) && errors(&own).contains("would be replaced"), "{}", errors(&own));
    assert_eq!(outcome(dir.path(), &["sensitivity", "mixed.csv", "--top", "0"]).status.code(), Some(2));
    assert_eq!(outcome(dir.path(), &["sensitivity", "none.csv"]).status.code(), Some(2));
}

/// `--reruns`: intervals of the first twenty disclosures, the same for any backend, and in the schema.
#[test]
fn reruns_of_the_first_disclosures() {
    let dir = folder(&[("mixed.csv", MIXED)]);
    let few = ["mixed.csv", "--reruns", "--draws", "20000"];
    let found = document(dir.path(), &few);
    jsonschema::validator_for(&schema()).unwrap().validate(&found).unwrap();
    assert_eq!(found["reruns"], serde_json::json!({"draws": 20000, "seed": 42, "level": 0.95}));
    let disclosures = found["disclosures"].as_array().unwrap();
    assert!(!disclosures.is_empty() && disclosures.iter().take(20).all(|d| d["interval"].is_object()));
    let width = |interval: &Value| interval[1].as_f64().unwrap() - interval[0].as_f64().unwrap();
    let first = &disclosures[0]["interval"];
    assert!(width(&first["expected_t"]) < width(&first["now_t"]), "{first}");
    assert!(width(&first["at_median_t"]) < width(&first["now_t"]), "{first}");
    // The plain run of as many draws has the interval of now.
    let run = result(dir.path(), &["mixed.csv", "--draws", "20000"]);
    let plain = &run["total"]["emissions_t"]["interval"];
    for end in 0..2 {
        let (a, b) = (plain[end].as_f64().unwrap(), first["now_t"][end].as_f64().unwrap());
        assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
    }
    assert_eq!(found, document(dir.path(), &[&few[..], &["--threads", "1", "--chunk", "100"]].concat()));
    let other = document(dir.path(), &[&few[..], &["--seed", "7"]].concat());
    assert_ne!(other["disclosures"][0]["interval"], *first);
    let page = printed(dir.path(), &["sensitivity", "mixed.csv", "--reruns", "--draws", "20000"]);
    assert!(page.contains("95 % expected") && page.contains("interval now ["), "{page}");
    // Without it nothing is drawn.
    assert!(document(dir.path(), &["mixed.csv"])["disclosures"][0]["interval"].is_null());
    let refused = outcome(dir.path(), &["sensitivity", "mixed.csv", "--draws", "5000"]);
    assert_eq!(refused.status.code(), Some(2));
    let refused = errors(&refused);
    assert!(refused.contains("--reruns"), "{refused}");
}
