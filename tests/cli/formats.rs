//! Models files of every format on the command line, by name and on standard input, and the tables of `--out` in Parquet.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{comparable, errors, fed, folder, outcome, printed, result};

const FILES: [&str; 6] =
    ["models.csv", "models.csv.gz", "models.jsonl", "models.jsonl.gz", "models_snappy.parquet", "models_zstd.parquet"];
const SETTINGS: [&str; 4] = ["--draws", "500", "--threads", "1"];

fn at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/input/formats").join(name)
}

#[test]
fn every_format_gives_the_same_result_by_name_and_by_content() {
    let dir = folder(&[]);
    let of = |name: &str| comparable(&result(dir.path(), &[&[at(name).to_str().unwrap()], &SETTINGS[..]].concat()));
    let want = of("models.csv");
    for name in FILES {
        assert_eq!(of(name), want, "{name}");
        let arguments = [&["run", "-", "--json", "-"], &SETTINGS[..]].concat();
        let output = fed(dir.path(), &arguments, std::fs::read(at(name)).unwrap());
        assert!(output.status.success(), "{name}: {}", errors(&output));
        let piped: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(comparable(&piped), want, "{name} on standard input");
    }
    // Negative control: another digit is another result.
    let text = std::fs::read_to_string(at("models.jsonl")).unwrap().replace("1234567.875", "1234567.874");
    std::fs::write(dir.path().join("other.jsonl"), text).unwrap();
    assert_ne!(comparable(&result(dir.path(), &[&["other.jsonl"], &SETTINGS[..]].concat())), want);
}

#[test]
fn a_foreign_document_on_standard_input_is_still_one() {
    let dir = folder(&[]);
    let listing = "{\"id\": \"org/a\", \"tags\": [\"base_model:finetune:org/b\"], \"downloads\": 7}";
    for text in [listing.to_string(), format!("{listing}\n{{\"id\": \"org/b\"}}\n"), format!("[{listing}]")] {
        let output = fed(dir.path(), &["check", "-"], &text);
        assert!(errors(&output).contains("a listing of the Hugging Face Hub"), "{text}: {}", errors(&output));
    }
    let output = fed(dir.path(), &["check", "-"], "{\"weights\": [1, 2],\n\"x\": 3}");
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("this is a JSON file") && errors(&output).contains("JSON Lines"));
}

#[test]
fn tables_of_a_run_in_parquet_are_the_same_bytes_again() {
    let dir = folder(&[("study.toml", "models = [\"m.csv\"]\ndraws = 500\n[groups]\nby = [\"kind\"]\n")]);
    std::fs::copy(at("models.csv"), dir.path().join("m.csv")).unwrap();
    for (out, threads) in [("one", "1"), ("two", "2")] {
        printed(dir.path(), &["run", "study.toml", "--out", out, "--threads", threads]);
    }
    let read = |path: &str| std::fs::read(dir.path().join(path)).unwrap();
    for name in ["models.parquet", "groups.parquet"] {
        let found = read(&format!("one/{name}"));
        assert!(found.starts_with(b"PAR1") && found.ends_with(b"PAR1"), "{name}");
        assert_eq!(found, read(&format!("two/{name}")), "{name}");
    }
    printed(dir.path(), &["run", "study.toml", "--out", "three", "--seed", "7"]);
    assert_ne!(read("one/models.parquet"), read("three/models.parquet"));
    // Its columns are no models file's, and it can be read as one: ids, and figures under names that are labels.
    let output = outcome(dir.path(), &["check", "one/models.parquet"]);
    assert!(output.status.success(), "{}", errors(&output));
}
