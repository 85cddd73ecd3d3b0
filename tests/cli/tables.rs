//! `haze table`: every kind in every form, with text from input as text.

use std::fs;

use super::*;

const KINDS: [&str; 8] =
    ["headline", "sensitivity", "tiers", "contributors", "validation", "regressions", "priors", "ipcc"];

#[test]
fn every_kind_in_every_form() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    printed(dir.path(), &["run", "study.toml", "--out", "results"]);
    for kind in KINDS {
        let markdown = printed(dir.path(), &["table", kind, "results"]);
        let rows = markdown.lines().filter(|line| line.starts_with('|')).count() - 2;
        assert!(rows > 0, "{kind}");
        for form in ["tex", "csv", "md"] {
            let file = format!("{kind}.{form}");
            printed(dir.path(), &["table", kind, "results", "-o", &file]);
            let text = fs::read_to_string(dir.path().join(&file)).unwrap();
            let found = match form {
                "tex" => {
                    // A long table has its head twice.
                    let rows = text.split_once("\\endhead\n").or_else(|| text.split_once("\\midrule\n")).unwrap().1;
                    rows.split("\\bottomrule").next().unwrap().lines().count()
                }
                "csv" => csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).count(),
                _ => text.lines().filter(|line| line.starts_with('|')).count() - 2,
            };
            assert_eq!(found, rows, "{file}");
        }
    }
    let output = outcome(dir.path(), &["table", "nothing", "results"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn numbers_are_those_of_the_run() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    printed(dir.path(), &["table", "headline", "study.toml", "-o", "headline.csv"]);
    let run = result(dir.path(), &["study.toml"]);
    let text = fs::read_to_string(dir.path().join("headline.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    let of = |column: usize| row[column].parse::<f64>().unwrap();
    let factor = match &row[1] {
        "tCO2e" => 1.0,
        "ktCO2e" => 1e-3,
        other => panic!("{other}"),
    };
    let total = &run["total"]["emissions_t"];
    assert!((of(2) / (total["mean"].as_f64().unwrap() * factor) - 1.0).abs() < 1e-12, "{row:?}");
    assert!((of(5) / (total["interval"][1].as_f64().unwrap() * factor) - 1.0).abs() < 1e-12, "{row:?}");
}

#[test]
fn text_from_input_is_text() {
    let rows = "id,parameters\n\\input{/etc/passwd},7e9\n=cmd(),7e9\n<script>alert(1)</script>|x,7e9\n\"a & b_c % $d$ #1 ~^ \u{202e}\",7e9\n";
    let dir = folder(&[("models.csv", rows)]);
    let of = |file: &str| {
        printed(dir.path(), &["table", "contributors", "models.csv", "--draws", "500", "-o", file]);
        fs::read_to_string(dir.path().join(file)).unwrap()
    };
    let (tex, csv, markdown) = (of("t.tex"), of("t.csv"), of("t.md"));
    assert!(!tex.contains("\\input") && tex.contains("\\textbackslash{}input\\{"), "{tex}");
    assert!(tex.contains("a \\& b\\_c \\% \\$d\\$ \\#1") && !tex.contains('\u{202e}'), "{tex}");
    assert!(csv.contains("'=cmd()"), "{csv}");
    assert!(!markdown.contains("<script>") && markdown.contains("\\|x"), "{markdown}");
}

/// The shells and the manual know every command.
#[test]
fn completions_and_manual_have_every_command() {
    let dir = folder(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let text = printed(dir.path(), &["completions", shell]);
        assert!(["run", "report", "lineage"].iter().all(|command| text.contains(command)), "{shell}");
    }
    fs::create_dir(dir.path().join("man1")).unwrap();
    printed(dir.path(), &["man", "--out", "man1"]);
    let pages = names(&dir.path().join("man1"));
    assert!(pages.contains(&"haze.1".into()) && pages.contains(&"haze-report.1".into()), "{pages:?}");
    let page = fs::read_to_string(dir.path().join("man1/haze-report.1")).unwrap();
    assert!(page.contains("report") && page.contains(".SH"), "{page}");
    assert_eq!(outcome(dir.path(), &["man", "--out", "none"]).status.code(), Some(2));
}
