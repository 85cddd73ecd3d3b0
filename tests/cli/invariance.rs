//! The same question gives the same bytes, however it is put; another question gives others.

use serde_json::Value;

use crate::{MODELS, STUDY, comparable, fed, folder, printed, result};

/// Twelve models of all kinds, so that tables, disclosures, derivatives and shared effects take part.
fn portfolio() -> String {
    let mut text = String::from(
        "id,date,organization,region,hardware,parameters,tokens,gpu_hours,emissions_t,pue,base_model,relation\n",
    );
    let rows = [
        "org/a,2023-05,Org,FR,A100,7e9,2e12,,,,,",
        "org/b,2024,Org,,H100,,,2e5,,1.1,,",
        "org/c,2022-07-12,Other,US,,,,,25,,,",
        "x/d,2021,,,,3e8,,,,,,",
        "x/e,2024-02,,DE,,,1e9,,,,org/a,finetune",
        "x/f,2024-02,,,,,,,,,org/a,quantized",
        "x/g,,,,,,,,,,,",
        "y/h,2020,Other,CN,V100,1e9,1e11,,\"1 to 3\",,,",
        "y/i,2023,Other,CN,,13e9,,,,,,",
        "y/j,2023,Org,FR,A100,7e9,1e12,,,\"uniform(1.1, 1.4)\",,",
        "y/k,2025,Third,SE,H100,7e10,15e12,,,,,",
        "z/l,2019,Third,,,1e8,,,0,,,",
    ];
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

const GROUPED: &str = "models = [\"models.csv\"]\ndraws = 9001\n[groups]\nby = [\"organization\", \"tier\"]\n";

/// The rows in another order, and with `columns` the columns too.
pub fn reordered(text: &str, columns: bool) -> String {
    let mut lines: Vec<Vec<String>> = csv_rows(text);
    let mut body = lines.split_off(1);
    body.reverse();
    body.rotate_left(3);
    lines.extend(body);
    if columns {
        for line in &mut lines {
            line.reverse();
            line.rotate_left(2);
        }
    }
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    lines.iter().map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n").collect()
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|r| r.unwrap().iter().map(String::from).collect()).collect()
}

#[test]
fn threads_chunks_and_order_change_no_byte() {
    let text = portfolio();
    let dir = folder(&[
        ("models.csv", &text),
        ("study.toml", GROUPED),
        ("rows.csv", &reordered(&text, false)),
        ("rows.toml", &GROUPED.replace("models.csv", "rows.csv")),
        ("columns.csv", &reordered(&text, true)),
        ("columns.toml", &GROUPED.replace("models.csv", "columns.csv")),
    ]);
    let first = result(dir.path(), &["study.toml", "--threads", "1"]);
    assert_eq!(first["models"].as_array().unwrap().len(), 12);
    let expected = comparable(&first);
    let others: [&[&str]; 7] = [
        &["study.toml", "--threads", "2"],
        &["study.toml", "--chunk", "1000"],
        &["study.toml", "--chunk", "4096", "--threads", "3"],
        &["study.toml", "--chunk", "100000"],
        &["study.toml", "--chunk", "1"],
        &["rows.toml"],
        &["columns.toml"],
    ];
    for args in others {
        assert_eq!(comparable(&result(dir.path(), args)), expected, "{args:?}");
    }
    // Negative control: what must show does show.
    for args in [["--seed", "43"], ["--draws", "9000"], ["--interval", "0.9"]] {
        let other = result(dir.path(), &[&["study.toml"], args.as_slice()].concat());
        assert_ne!(comparable(&other), expected, "{args:?}");
    }
    let other = result(dir.path(), &["study.toml", "--seed", "43"]);
    assert_ne!(other["total"]["emissions_t"]["mean"], first["total"]["emissions_t"]["mean"]);
    assert_eq!(other["plan_hash"], first["plan_hash"], "the seed is no part of the plan");
}

/// The lines of single models in the printed JSON, by id.
fn model_lines(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|l| l.starts_with("    {\"id\": ") && l.contains("\"provenance\""));
    lines
        .map(|line| {
            let line = line.trim().trim_end_matches(',').to_string();
            let value: Value = serde_json::from_str(&line).unwrap();
            (value["id"].as_str().unwrap().to_string(), line)
        })
        .collect()
}

#[test]
fn a_part_of_the_portfolio_gives_each_model_the_same_bytes() {
    let text = portfolio();
    let all: Vec<&str> = text.lines().collect();
    // Without c, g, i, l; the bases of derivatives stay.
    let kept: Vec<&str> = [0, 1, 2, 4, 5, 6, 8, 10, 11].iter().map(|&i| all[i]).collect();
    let less = kept.join("\n") + "\n";
    // The same with one model's PUE changed.
    let changed = less.replace("org/b,2024,Org,,H100,,,2e5,,1.1", "org/b,2024,Org,,H100,,,2e5,,1.2");
    assert_ne!(less, changed);
    let dir = folder(&[("all.csv", &text), ("less.csv", &less), ("changed.csv", &changed)]);
    let lines =
        |file: &str| model_lines(&printed(dir.path(), &["run", file, "--draws", "3001", "--json", "-", "--quiet"]));
    let (all, less, changed) = (lines("all.csv"), lines("less.csv"), lines("changed.csv"));
    assert_eq!((all.len(), less.len()), (12, 8));
    for (id, line) in &less {
        assert!(all.contains(&(id.clone(), line.clone())), "{id}: {line}");
    }
    // Negative control: exactly the changed model's line differs.
    let differing: Vec<&str> =
        less.iter().zip(&changed).filter(|(a, b)| a != b).map(|((id, _), _)| id.as_str()).collect();
    assert_eq!(differing, ["org/b"]);
}

#[test]
fn the_resolved_study_reproduces_the_result() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    let args = ["run", "study.toml", "--seed", "77", "--draws", "3000", "--out", "deep/out", "--quiet"];
    assert_eq!(printed(dir.path(), &args), "");
    let read = |name: &str| std::fs::read_to_string(dir.path().join("deep/out").join(name)).unwrap();
    let written: Value = serde_json::from_str(&read("result.json")).unwrap();
    assert_eq!((&written["seed"], &written["draws"], &written["interval"]), (&77.into(), &3000.into(), &0.9.into()));
    assert_eq!(comparable(&result(dir.path(), &["deep/out/study.toml"])), comparable(&written));
    assert_ne!(comparable(&result(dir.path(), &["study.toml"])), comparable(&written));
    // Into the folder it lies in, too: a study that a run wrote holds nothing that would be lost.
    let study = read("study.toml");
    printed(dir.path(), &["run", "deep/out/study.toml", "--out", "deep/out", "--quiet"]);
    assert_eq!(read("study.toml"), study);
    let again: Value = serde_json::from_str(&read("result.json")).unwrap();
    assert_eq!(comparable(&again), comparable(&written));
}

#[test]
fn standard_input_is_a_models_file() {
    let dir = folder(&[("models.csv", MODELS)]);
    let output = fed(dir.path(), &["run", "-", "--draws", "1000", "--json", "-"], MODELS);
    assert!(output.status.success(), "{}", crate::errors(&output));
    let piped: Value = serde_json::from_slice(&output.stdout).unwrap();
    let file = result(dir.path(), &["models.csv", "--draws", "1000"]);
    assert_eq!(comparable(&piped), comparable(&file));
    let bad = fed(dir.path(), &["run", "-"], "id,pue\na,0.5\n");
    assert_eq!(bad.status.code(), Some(2));
    assert!(crate::errors(&bad).contains("standard input:2: pue"), "{}", crate::errors(&bad));
}
