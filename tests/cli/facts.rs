//! Published facts from the command line: used, named, switched off, and never seen by what predicts.

use serde_json::Value;

use crate::{errors, folder, outcome, printed, result};

/// Rows of a list that name published runs, with figures that are far from the published ones.
const LIST: &str = "\
id,organization,date,region,hardware,parameters,active_parameters,compute_flop,gpu_hours,downloads,figures_from
deepseek-ai/DeepSeek-V3,DeepSeek,2024-12,China,NVIDIA A100,671e9,37e9,3.3e22,,9000,list
meta-llama/Llama-3.1-8B,Meta AI,2024-07,USA,NVIDIA A100,8e9,,7.2e22,,8000,list
other/model-7b,Other,2024-03,USA,NVIDIA A100,7e9,,4e22,1e5,7000,list
";

#[test]
fn published_figures_are_used_named_and_switched_off() {
    let off = format!("models = [\"models.csv\"]\nfacts = false\n# {LIST}").replace('\n', "\n# ");
    let off = off.replacen("\n# facts", "\nfacts", 1);
    let dir = folder(&[("models.csv", LIST), ("off.toml", &off)]);
    let of = |args: &[&str]| result(dir.path(), &[args, &["--draws", "2000"]].concat());
    let (with, without) = (of(&["models.csv"]), of(&["models.csv", "--no-facts"]));
    let tier = |run: &Value, at: usize| run["models"][at]["tier"].as_str().unwrap().to_string();
    assert_eq!((tier(&with, 0), tier(&without, 0)), ("3".to_string(), "4".to_string()));
    // A row that names no published run is the same, draw by draw.
    assert_eq!(with["models"][2], without["models"][2]);
    let study = of(&["off.toml"]);
    assert_eq!(study["total"], without["total"]);
    assert_ne!(study["total"], with["total"]);

    let ran = outcome(dir.path(), &["run", "models.csv", "--draws", "2000"]);
    let note = errors(&ran);
    assert!(
        note.contains("note: models.csv:2") && note.contains("and of 1 other") && note.contains("--no-facts"),
        "{note}"
    );
    assert!(
        !errors(&outcome(dir.path(), &["run", "models.csv", "--draws", "2000", "--no-facts"])).contains("published")
    );
    let page = printed(dir.path(), &["explain", "models.csv", "deepseek-ai/DeepSeek-V3"]);
    assert!(page.contains("published gpu_hours\n  looked up 2788000\n  source    "), "{page}");
    // The day on which each document was read, and the run's note, as the table has them.
    let table = include_str!("../../fixtures/run_facts.csv");
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        csv::Reader::from_reader(table.as_bytes()).deserialize().map(|row| row.unwrap()).collect();
    let v3 = rows.iter().find(|row| row["ids"].split(';').any(|id| id.trim() == "deepseek-ai/DeepSeek-V3")).unwrap();
    let figures = page.matches("\npublished ").count();
    assert!(figures > 3 && page.matches(&format!("; read {}\n", v3["read"])).count() == figures, "{page}");
    assert!(
        v3["note"].is_empty() || page.contains(&format!("note on the published run\n  looked up {}\n", v3["note"]))
    );
    let noted = rows.iter().find(|row| row["name"] == "ALLaM 7B").unwrap();
    std::fs::write(dir.path().join("noted.csv"), format!("id\n{}\n", noted["ids"])).unwrap();
    let page = printed(dir.path(), &["explain", "noted.csv", &noted["ids"]]);
    assert!(!noted["note"].is_empty() && page.contains(&noted["note"]), "{page}");
    let without = printed(dir.path(), &["explain", "noted.csv", &noted["ids"], "--no-facts"]);
    assert!(!without.contains(&noted["note"]) && !without.contains("; read 2"));
}

/// The study that a run leaves is that run.
#[test]
fn the_resolved_study_keeps_the_switch() {
    let dir = folder(&[("models.csv", LIST)]);
    printed(dir.path(), &["run", "models.csv", "--draws", "2000", "--no-facts", "--out", "off"]);
    let again = result(dir.path(), &["off/study.toml"]);
    let first: Value = serde_json::from_slice(&std::fs::read(dir.path().join("off/result.json")).unwrap()).unwrap();
    assert_eq!(again["total"], first["total"]);
}

/// What is to be predicted must not be looked up: hours follow from the compute of the file, a hundredth of the published
/// run's, and the predictive check is the same with the table and without it.
#[test]
fn predictions_never_see_published_facts() {
    let runs = "model,independent,training_flop,hardware,gpu_hours,scope,organization,date,predict_from\n\
                DeepSeek-V3,1,3.3e22,NVIDIA H800 SXM5,2.788e4,final_run,DeepSeek,2024,hours:training_flop\n\
                Llama-3.1-8B,1,7.2e21,NVIDIA H100 SXM5 80GB,1.46e4,final_run,Meta AI,2024,hours:training_flop\n";
    let dir = folder(&[("models.csv", LIST), ("runs.csv", runs), ("list.csv", LIST)]);
    let text =
        printed(dir.path(), &["validate", "runs.csv", "--masked-sum", "list.csv", "--draws", "5000", "--json", "-"]);
    let found: Value = serde_json::from_str(&text).unwrap();
    for row in found["rows"].as_array().unwrap().iter().filter(|row| row["quantity"] == "hours") {
        let (published, predicted) = (row["published"].as_f64().unwrap(), row["predicted"].as_f64().unwrap());
        assert!((predicted / published).ln().abs() < 20f64.ln(), "{row}");
    }
    let predictive = |args: &[&str]| {
        let text = printed(
            dir.path(),
            &[&["coverage", "models.csv", "--alone", "--draws", "2000", "--json", "-"], args].concat(),
        );
        let found: Value = serde_json::from_str(&text).unwrap();
        (found["predictive"].clone(), found["emissions_t"].clone())
    };
    let (with, without) = (predictive(&[]), predictive(&["--no-facts"]));
    assert_eq!(with.0, without.0);
    // Negative control: the total does see them.
    assert_ne!(with.1, without.1);
}
