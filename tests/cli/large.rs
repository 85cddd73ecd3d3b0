//! Portfolios whose models are not held: more than 20,000 rows.

use std::fmt::Write;

use serde_json::Value;

use super::{errors, folder, haze};

/// So many rows: sizes, dates, organisations, every other one made from the one before.
fn rows(count: usize) -> String {
    let mut text = "id,organization,date,parameters,base_model\n".to_string();
    for i in 0..count {
        let size = 1e8 * (1.0 + (i * i % 97) as f64);
        let base = if i % 2 == 1 { format!("lab-{}/model-{}", (i - 1) % 13, i - 1) } else { String::new() };
        writeln!(text, "lab-{}/model-{i},lab-{0},202{}-0{},{size:e},{base}", i % 13, i % 6, 1 + i % 9).unwrap();
    }
    text
}

/// Water needs all models at once, and leaves the emissions as they are.
#[test]
fn block_by_block_the_files_are_those_of_all_models_at_once() {
    let dir = folder(&[("models.csv", &rows(20_050))]);
    let run = |out: &str, more: &[&str]| {
        let arguments = ["run", "models.csv", "--draws", "200", "--backend", "cpu", "--out", out];
        let output = haze(dir.path()).args(arguments).args(more).output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        (errors(&output), String::from_utf8(output.stdout).unwrap())
    };
    let (said, page) = run("blocks", &[]);
    assert!(said.contains("planning 20050 models, block by block"), "{said}");
    let (said, whole) = run("whole", &["--water"]);
    assert!(!said.contains("block by block"), "{said}");
    let bytes = |folder: &str, name: &str| std::fs::read(dir.path().join(folder).join(name)).unwrap();
    assert_eq!(bytes("blocks", "models.csv"), bytes("whole", "models.csv"));
    let json = |folder: &str| -> Value { serde_json::from_slice(&bytes(folder, "result.json")).unwrap() };
    let (blocks, all) = (json("blocks"), json("whole"));
    for key in ["independent", "concentration", "models"] {
        assert_eq!(blocks[key], all[key], "{key}");
    }
    assert_eq!(blocks["total"]["emissions_t"], all["total"]["emissions_t"]);
    assert_eq!(blocks["models"].as_array().unwrap().len(), 1000);
    let largest = |page: &str| -> Vec<String> {
        let from = page.lines().skip_while(|line| !line.starts_with("Largest")).skip(1);
        from.take(11).map(str::to_string).collect()
    };
    assert_eq!(largest(&page), largest(&whole));
    assert!(largest(&page).len() == 11, "{page}");
    if let Some(adapter) = super::gpu::adapter() {
        let arguments = ["run", "models.csv", "--draws", "200", "--adapter", &adapter, "--out", "gpu", "--quiet"];
        let output = haze(dir.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        assert_eq!(json("gpu")["backend"]["name"], Value::from("gpu"));
        assert_eq!(bytes("gpu", "models.csv"), bytes("blocks", "models.csv"));
    }
    // Negative control: another draw is another file.
    run("other", &["--seed", "43"]);
    assert_ne!(bytes("other", "models.csv"), bytes("blocks", "models.csv"));
}
