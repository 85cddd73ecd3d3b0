//! `haze gauge`: its page, its document, the document's schema, and the same bytes everywhere.

use serde_json::Value;

use crate::gpu::adapter;
use crate::{comparable, errors, folder, outcome, printed};

const QUICK: [&str; 3] = ["gauge", "--draws", "65536"];

fn document(args: &[&str]) -> Value {
    let text = printed(folder(&[]).path(), &[&QUICK, args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn the_document_follows_the_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/gauge.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let found = document(&["--backend", "cpu"]);
    if let Err(error) = validator.validate(&found) {
        panic!("{error} at {}\n{found}", error.instance_path());
    }
    assert_eq!((&found["passed"], &found["differing"]), (&Value::from(true), &Value::from(0)));
    let figures = found["figures"].as_array().unwrap();
    assert!(figures.iter().all(|f| f["verdict"] == "PASS" && f["source"].as_str().is_some_and(|s| s.len() > 10)));
    // Negative controls: no key can be missing or more.
    let without = |pointer: &str, key: &str| {
        let mut wrong = found.clone();
        wrong.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(key);
        wrong
    };
    for pointer in ["", "/limits", "/figures/0", "/backend", "/timings"] {
        for key in found.pointer(pointer).unwrap().as_object().unwrap().keys() {
            assert!(!validator.is_valid(&without(pointer, key)), "{pointer}/{key}");
        }
        let mut wrong = found.clone();
        wrong.pointer_mut(pointer).unwrap()["other"] = 2.into();
        assert!(!validator.is_valid(&wrong), "{pointer}");
    }
}

#[test]
fn the_document_differs_in_backend_and_timings_only() {
    let one = document(&["--backend", "cpu", "--threads", "1"]);
    assert!(comparable(&one) == comparable(&document(&["--backend", "cpu", "--threads", "3", "--chunk", "777"])));
    assert!(comparable(&one) != comparable(&document(&["--backend", "cpu", "--seed", "7"])), "negative control");
    if let Some(adapter) = adapter() {
        let gpu = document(&["--adapter", &adapter]);
        assert!(comparable(&one) == comparable(&gpu));
        assert!(gpu["backend"]["self_test"].as_array().unwrap().iter().all(|check| check["wrong"] == 0));
    }
}

#[test]
fn the_page_has_every_part() {
    let dir = folder(&[]);
    let page = printed(dir.path(), &[&QUICK[..], &["--backend", "cpu", "--json", "gauge.json"]].concat());
    for part in [
        "65,536 draws, seed 42",
        "Random stream and normals",
        "6627e8d5…9b00dbd8",
        "Integers",
        "Sums of lognormals",
        "Shortest intervals of 95 %",
        "M = 100000, first-order index of what is shared",
        "Portfolio with an exact answer",
        "Ishigami",
        "doi:10.1016/0951-8320(95)00099-2",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    assert!(page.lines().last().is_some_and(|l| l.starts_with("All ") && l.ends_with(" figures PASS")), "{page}");
    assert!(page.lines().all(|l| l.chars().count() <= 120), "{page}");
    assert!(
        !page.contains("NaN") && !page.contains("-0") && !page.contains("−0.0 ") && !page.contains("\x1b"),
        "{page}"
    );
    assert!(dir.path().join("gauge.json").exists());
}

#[test]
fn what_it_does_not_take() {
    let dir = folder(&[]);
    for (args, part) in [
        (&["gauge", "--draws", "100"][..], "from 65536 to"),
        (&["gauge", "--backend", "cpu", "--adapter", "x"], "--adapter"),
        (&["gauge", "--json", "no/such/folder/x.json"], "no/such/folder"),
    ] {
        let output = outcome(dir.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(errors(&output).contains(part), "{}", errors(&output));
    }
}
