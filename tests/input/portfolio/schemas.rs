//! The JSON Schemas of the input files say what the readers do: the same keys, columns and words in both directions,
//! and the same verdict on good and bad files.

use std::collections::BTreeSet;
use std::path::Path;

use carbonhaze::low_level::assess::priors::Priors;
use carbonhaze::low_level::portfolio::{Further, columns, study_file, words};
use carbonhaze::low_level::report::priors::priors;
use carbonhaze::low_level::report::study::{Effective, resolved};
use carbonhaze::low_level::run::Extent;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::studies::{BAD, STUDY, study};
use super::{folder, listed, models};

const PAGES: &str = concat!(include_str!("../../../README.md"), include_str!("../../../docs/study.md"));

fn study_schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/study.schema.json")).unwrap()
}

fn models_schema() -> Value {
    serde_json::from_str(include_str!("../../../docs/models.schema.json")).unwrap()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::meta::validate(schema).unwrap();
    jsonschema::draft202012::new(schema).unwrap()
}

/// A study's text as the JSON that the schema is about; `None` where it is no TOML.
fn as_json(text: &str) -> Option<Value> {
    serde_json::to_value(text.parse::<toml::Table>().ok()?).ok()
}

/// The property names of the object schema at `pointer`.
fn keys(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let properties = schema.pointer(pointer).and_then(|s| s["properties"].as_object());
    properties.unwrap_or_else(|| panic!("no properties at {pointer}")).keys().cloned().collect()
}

fn words(schema: &Value, pointer: &str) -> BTreeSet<String> {
    let listed = schema.pointer(pointer).and_then(|s| s["enum"].as_array());
    let listed = listed.unwrap_or_else(|| panic!("no enum at {pointer}"));
    listed.iter().map(|w| w.as_str().unwrap().to_string()).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_string).collect()
}

/// What one side lists and the other does not.
fn apart(schema: &BTreeSet<String>, reader: &BTreeSet<String>) -> Vec<String> {
    schema.symmetric_difference(reader).cloned().collect()
}

/// Where the study schema and the lists of the study reader differ.
fn study_differences(schema: &Value) -> Vec<String> {
    let named = |known: &[&'static str]| set(known.iter().copied());
    let factors: Vec<&str> = study_file::SHARED_FACTORS.iter().map(|f| f.name()).collect();
    let mut found = apart(&keys(schema, ""), &named(&study_file::KEYS));
    found.extend(apart(&keys(schema, "/properties/scope"), &named(&study_file::SCOPE_KEYS)));
    found.extend(apart(&keys(schema, "/properties/imputation"), &named(&study_file::IMPUTATION_KEYS)));
    found.extend(apart(&keys(schema, "/properties/outputs"), &set(Further::ALL.map(Further::name))));
    found.extend(apart(&keys(schema, "/properties/shared/items"), &named(&study_file::SHARED_KEYS)));
    found.extend(apart(&keys(schema, "/properties/groups"), &named(&study_file::GROUPS_KEYS)));
    let scope = |key: &str| words(schema, &format!("/properties/scope/properties/{key}"));
    found.extend(apart(&scope("run"), &set(study_file::RUNS.map(|(name, _)| name))));
    found.extend(apart(&scope("boundary"), &set(study_file::BOUNDARIES.map(|(name, _)| name))));
    found.extend(apart(&scope("basis"), &set(words::BASES.map(|(name, _)| name))));
    let imputations = set(study_file::IMPUTATIONS.map(|(name, _)| name));
    found.extend(apart(&words(schema, "/properties/imputation/properties/compute"), &imputations));
    found.extend(apart(&words(schema, "/properties/shared/items/properties/factor"), &set(factors)));
    found
}

/// The defaults as `haze priors` prints them: section, key, unit.
fn printed_priors() -> Vec<(String, String, String)> {
    let (mut section, mut unit, mut found) = (String::new(), String::new(), Vec::new());
    for line in priors(&Priors::defaults()).lines() {
        if let Some(name) = line.strip_prefix("[priors.").and_then(|l| l.strip_suffix(']')) {
            section = name.to_string();
        } else if let Some(comment) = line.strip_prefix("# ") {
            unit = comment.to_string();
        } else if let Some((key, _)) = line.split_once(" = ") {
            found.push((section.clone(), key.to_string(), unit.clone()));
        }
    }
    found
}

/// Where the study schema and the table of priors differ: names, and units (the comment begins with the unit).
fn prior_differences(schema: &Value) -> Vec<String> {
    let printed = printed_priors();
    let sections = set(printed.iter().map(|(section, ..)| section.as_str()));
    let mut found = apart(&keys(schema, "/properties/priors"), &sections);
    for section in sections.intersection(&keys(schema, "/properties/priors")) {
        let pointer = format!("/properties/priors/properties/{section}");
        let there = printed.iter().filter(|(of, ..)| of == section);
        found.extend(apart(&keys(schema, &pointer), &set(there.clone().map(|(_, key, _)| key.as_str()))));
        for (_, key, comment) in there {
            let unit = schema.pointer(&format!("{pointer}/properties/{key}/description")).and_then(Value::as_str);
            if !unit.is_some_and(|unit| comment.starts_with(&format!("{unit}; "))) {
                found.push(format!("unit of {section}.{key}: {unit:?} against {comment}"));
            }
        }
    }
    found
}

/// Where the models schema and the lists of the models reader differ.
fn models_differences(schema: &Value) -> Vec<String> {
    let mut found = apart(&keys(schema, ""), &set(columns::known()));
    let column = |name: &str| -> BTreeSet<String> {
        let words = words(schema, &format!("/properties/{name}"));
        // The reader ignores case, and takes an empty cell in any column but id.
        assert!(words.contains(""), "{name}");
        words.iter().map(|w| w.to_lowercase()).filter(|w| !w.is_empty()).collect()
    };
    found.extend(apart(&column("relation"), &set(words::RELATIONS.map(|(name, _)| name))));
    found.extend(apart(&column("source"), &set(words::SOURCES.map(|(name, _)| name))));
    found.extend(apart(&column("compute_confidence"), &set(words::CONFIDENCES.map(|(name, _)| name))));
    for name in ["energy_includes_pue", "emissions_include_pue"] {
        found.extend(apart(&column(name), &set(words::YES_OR_NO.map(|(name, _)| name))));
    }
    found.extend(apart(&column("emissions_basis"), &set(words::BASES.map(|(name, _)| name))));
    found
}

/// The schema with the value at `pointer` changed.
fn changed(schema: &Value, pointer: &str, change: impl Fn(&mut Value)) -> Value {
    let mut schema = schema.clone();
    change(schema.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")));
    schema
}

fn without(schema: &Value, pointer: &str, key: &str) -> Value {
    changed(schema, pointer, |at| assert!(at.as_object_mut().unwrap().remove(key).is_some(), "{key}"))
}

fn with(schema: &Value, pointer: &str, key: &str) -> Value {
    changed(schema, pointer, |at| {
        at.as_object_mut().unwrap().insert(key.to_string(), json!({ "type": "string" }));
    })
}

#[test]
fn the_study_schema_has_the_keys_of_the_reader() {
    let schema = study_schema();
    assert!(study_differences(&schema).is_empty(), "{:?}", study_differences(&schema));
    // The lists are what the reader goes by: it knows each key of them, and no other.
    let unknown = |text: &str| study(text).1.iter().any(|p| p.message.contains("unknown key"));
    let sections = [
        ("", &study_file::KEYS[..]),
        ("[scope]\n", &study_file::SCOPE_KEYS),
        ("[imputation]\n", &study_file::IMPUTATION_KEYS),
        ("[[shared]]\n", &study_file::SHARED_KEYS),
        ("[groups]\n", &study_file::GROUPS_KEYS),
    ];
    for (section, keys) in sections {
        assert!(unknown(&format!("{section}other = 1\n")), "{section}");
        for key in keys {
            assert!(!unknown(&format!("{section}{key} = 1\n")), "{section}{key}");
        }
    }
    // Negative controls.
    for (pointer, key) in [
        ("/properties", "seed"),
        ("/properties/scope/properties", "embodied"),
        ("/properties/shared/items/properties", "by"),
        ("/properties/groups/properties", "by"),
    ] {
        assert_eq!(study_differences(&without(&schema, pointer, key)), [key]);
        assert_eq!(study_differences(&with(&schema, pointer, "other")), ["other"]);
    }
    let wrong = changed(&schema, "/properties/scope/properties/run/enum/0", |word| *word = "last".into());
    assert_eq!(study_differences(&wrong), ["final", "last"]);
    let wrong = changed(&schema, "/properties/imputation/properties/compute/enum/0", |word| *word = "era".into());
    assert_eq!(study_differences(&wrong), ["era", "tokens"]);
}

#[test]
fn the_study_schema_has_the_priors() {
    let schema = study_schema();
    assert!(prior_differences(&schema).is_empty(), "{:#?}", prior_differences(&schema));
    assert!(printed_priors().len() > 100);
    // All defaults as a study.
    let text = format!("models = \"a.csv\"\n{}", priors(&Priors::defaults()));
    assert!(validator(&schema).is_valid(&as_json(&text).unwrap()));
    // Negative controls.
    let pointer = "/properties/priors/properties";
    assert_eq!(prior_differences(&without(&schema, pointer, "hours")), ["hours"]);
    assert_eq!(prior_differences(&without(&schema, &format!("{pointer}/pue/properties"), "cloud")).len(), 2);
    let unit = format!("{pointer}/grid/properties/unknown/description");
    assert_eq!(prior_differences(&changed(&schema, &unit, |unit| *unit = "kg/kWh".into())).len(), 1);
}

/// Numbers, truth values and lists: the schema takes one exactly where the assessment does, for every prior.
#[test]
fn the_study_schema_takes_the_priors_that_are_taken() {
    let validator = validator(&study_schema());
    let texts = ["lognormal(0.5, 1.5)", "0.5", "2", "1: NVIDIA A100"];
    for (section, key, _) in printed_priors() {
        let verdicts = |value: &str| {
            let text = format!("models = \"a.csv\"\n[priors.{section}]\n{key} = {value}\n");
            let (study, problems) = study(&text);
            assert_eq!(problems, [], "{text}");
            (validator.is_valid(&as_json(&text).unwrap()), Priors::of(&study).is_ok())
        };
        for value in ["-1", "0", "0.0", "0.5", "1", "2", "1e30", "true", "[]", "[0.5]"] {
            let (schema, reader) = verdicts(value);
            assert_eq!(schema, reader, "{section}.{key} = {value}");
        }
        // Which texts are distributions is beyond a schema; that some are taken is not.
        assert!(texts.iter().any(|text| verdicts(&format!("\"{text}\"")) == (true, true)), "{section}.{key}");
    }
    let unknown = |text: &str| {
        let text = format!("models = \"a.csv\"\n{text}\n");
        (validator.is_valid(&as_json(&text).unwrap()), Priors::of(&study(&text).0).is_ok())
    };
    assert_eq!(unknown("[priors.grids]\nunknown = 400"), (false, false));
    assert_eq!(unknown("[priors.grid]\nunknwn = 400"), (false, false));
    assert_eq!(unknown("[priors.grid]\nunknown = 400"), (true, true));
}

/// The file that README.md or docs/study.md asks to save under this name.
fn of_page(name: &str) -> &'static str {
    let (_, rest) = PAGES.split_once(&format!("<!-- file {name} -->")).unwrap();
    rest.split("```").nth(1).and_then(|block| block.split_once('\n')).unwrap().1
}

#[test]
fn the_study_schema_takes_good_studies() {
    let validator = validator(&study_schema());
    let extremes = "models = [\"a.csv\", \"b.csv\"]\ndraws = 2147483647\nseed = 0\ninterval = 1e-9\n[groups]\n";
    let effect = "models = \"-\"\n[[shared]]\nfactor = \"pue\"\ngsd = 1000000\n[scope]\n";
    for text in [STUDY, of_page("study.toml"), extremes, effect, "models = \"a.csv\"\nshared = []\n"] {
        assert_eq!(study(text).1, [], "{text}");
        let json = as_json(text).unwrap();
        if let Err(error) = validator.validate(&json) {
            panic!("{text}: {error} at {}", error.instance_path());
        }
    }
}

#[test]
fn the_study_schema_takes_the_resolved_study() {
    let validator = validator(&study_schema());
    let dir = folder(&[("models.csv", "id,region,organization\na,FRA,b\n")]);
    let effective = Effective { extent: Extent::Draws(1000), seed: 42, interval: 0.95 };
    for text in [STUDY, "models = \"models.csv\"\n"] {
        let (file, problems) = study_file::read(&dir.path().join("study.toml"), text.as_bytes());
        assert!(problems.is_empty(), "{}", listed(&problems));
        let written = resolved(&file.study, effective, dir.path()).unwrap();
        let json = as_json(&written).unwrap();
        if let Err(error) = validator.validate(&json) {
            panic!("{written}: {error} at {}", error.instance_path());
        }
        // Negative control: without any one of the keys that it writes, the schema refuses it.
        for key in json.as_object().unwrap().keys() {
            assert!(!self::validator(&without(&study_schema(), "/properties", key)).is_valid(&json), "{key}");
        }
    }
}

#[test]
fn the_study_schema_refuses_bad_studies() {
    let validator = validator(&study_schema());
    let mut refused = 0;
    for (text, ..) in BAD {
        // JSON does not tell 1e6 from 1000000; text that is no TOML has no JSON.
        let Some(json) = as_json(text).filter(|_| !text.contains("1e6")) else { continue };
        assert!(!validator.is_valid(&json), "{text}");
        refused += 1;
    }
    assert!(refused >= 25, "{refused}");
    // Each of these is one change away from a study that is taken.
    let good = "models = \"a.csv\"\n[scope]\nrun = \"final\"\n[[shared]]\nfactor = \"grid\"\ngsd = 1.2\n";
    assert!(validator.is_valid(&as_json(good).unwrap()));
    for (from, to) in [
        ("models", "model"),
        ("run", "runs"),
        ("\"final\"", "\"last\""),
        ("\"final\"", "true"),
        ("1.2", "1"),
        ("1.2", "1e7"),
        ("1.2", "\"1.2\""),
        ("\"grid\"", "\"lineage\""),
        ("gsd", "sd"),
        ("[[shared]]", "[shared]"),
        ("[scope]", "[scopes]"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(bad != good && !study(&bad).1.is_empty(), "{bad}");
        assert!(!validator.is_valid(&as_json(&bad).unwrap()), "{bad}");
    }
}

#[test]
fn the_models_schema_has_the_columns_and_words_of_the_reader() {
    let schema = models_schema();
    assert!(models_differences(&schema).is_empty(), "{:?}", models_differences(&schema));
    for (name, column) in schema["properties"].as_object().unwrap() {
        assert!(column["description"].as_str().is_some_and(|d| !d.is_empty()), "{name}");
    }
    // Negative controls.
    assert_eq!(models_differences(&without(&schema, "/properties", "tokens")), ["tokens"]);
    assert_eq!(models_differences(&with(&schema, "/properties", "water_l")), ["water_l"]);
    for (column, word) in [("relation", "finetune"), ("source", "metered"), ("energy_includes_pue", "yes")] {
        let wrong = changed(&schema, &format!("/properties/{column}/enum/1"), |word| *word = "other".into());
        assert_eq!(
            models_differences(&wrong),
            [word, "other"].map(String::from).into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        );
    }
}

/// The rows of a CSV text as objects.
fn rows(text: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        header.iter().map(str::to_string).zip(record.iter().map(Value::from)).collect::<serde_json::Map<_, _>>().into()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// The verdicts of schema and reader on a text whose rows differ in nothing but what the schema can see.
fn verdicts(validator: &Validator, text: &str) -> (bool, bool) {
    (rows(text).iter().all(|row| validator.is_valid(row)), models(text).is_ok())
}

#[test]
fn the_models_schema_takes_good_rows() {
    let validator = validator(&models_schema());
    let fixture = |name: &str| std::fs::read_to_string(Path::new("fixtures").join(name)).unwrap();
    for text in [of_page("models.csv"), &fixture("hub_models.csv"), &fixture("open_weights.csv")] {
        assert!(models(text).is_ok());
        for row in rows(text) {
            if let Err(error) = validator.validate(&row) {
                panic!("{row}: {error} at {}", error.instance_path());
            }
        }
    }
}

#[test]
fn the_models_schema_and_the_reader_agree_on_cells() {
    let validator = validator(&models_schema());
    for (column, good, bad) in [
        (
            "date",
            vec!["2024", "2024-05", "2024-05-17", "2024-12-31"],
            vec!["24", "2024-5", "2024-13", "2024-05-32", "x"],
        ),
        ("relation", vec!["lora", "fork"], vec!["loras", "no"]),
        ("source", vec!["self-reported", "audited"], vec!["measured"]),
        ("compute_confidence", vec!["Likely", "likely", "Wrong"], vec!["sure"]),
        ("energy_includes_pue", vec!["yes", "0"], vec!["maybe", "2"]),
        ("emissions_include_pue", vec!["no", "1"], vec!["maybe", "2"]),
        ("emissions_basis", vec!["market", "Location"], vec!["net", "yes"]),
        ("id", vec!["b/c d"], vec!["\"b\tc\"", "\"b\nc\""]),
        ("team", vec!["anything"], vec![]),
        ("tokens", vec!["1e12", "\"lognormal(1e12, 2)\""], vec![]),
    ] {
        let text =
            |cell: &str| if column == "id" { format!("id\n{cell}\n") } else { format!("id,{column}\na,{cell}\n") };
        for cell in good {
            assert_eq!(verdicts(&validator, &text(cell)), (true, true), "{column}: {cell}");
        }
        for cell in bad {
            assert_eq!(verdicts(&validator, &text(cell)), (false, false), "{column}: {cell}");
        }
    }
    assert_eq!(verdicts(&validator, "team\nx\n"), (false, false));
    assert!(!validator.is_valid(&json!({ "id": "a", "tokens": 1e12 })), "cells are texts");
}

/// Which columns can stand beside each other: one unit for each quantity.
#[test]
fn the_models_schema_and_the_reader_agree_on_pairs_of_columns() {
    let validator = validator(&models_schema());
    let columns = columns::known();
    let mut refused = 0;
    for (i, first) in columns.iter().enumerate().skip(1) {
        for second in &columns[i + 1..] {
            let (schema, reader) = verdicts(&validator, &format!("id,{first},{second}\na,,\n"));
            assert_eq!(schema, reader, "{first}, {second}");
            refused += usize::from(!reader);
        }
    }
    // Three of emissions, one of energy.
    assert_eq!(refused, 4);
}
