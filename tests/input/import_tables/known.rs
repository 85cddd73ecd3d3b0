//! Answers that were worked out by hand.

use std::path::PathBuf;

use carbonhaze::{Distribution, Portfolio, Value};

use super::{BOAMPS, CODECARBON, EPOCH, RUNS, TRACK, good, number, read, rules};

/// Energy: 0.3 + 0.2 kWh, because the first line is an earlier state of the second. Hours: (3600 + 1800) × 2 / 3600.
#[test]
fn a_log_of_codecarbon_is_a_model_per_project() {
    let file = good("logs/emissions.csv", &format!("{CODECARBON}{RUNS}"));
    let ids: Vec<&str> = file.models.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["bert", "vit"]);
    let bert = &file.models[0];
    assert_eq!(number(&bert.energy_kwh), Some(0.5));
    assert_eq!(number(&bert.emissions_kg), Some(0.1));
    // The meter has the energy: the clock's hours are not evidence of another one.
    assert_eq!(number(&bert.gpu_hours), None);
    assert_eq!(bert.hardware_count, Some(2.0));
    assert_eq!(&bert.labels["hardware"], "NVIDIA A100-SXM4-80GB");
    assert_eq!(&bert.labels["project"], "bert");
    assert_eq!(&file.models[1].labels["region"], "california, USA");
    assert_eq!(number(&file.models[1].gpu_hours), None);
    assert!(file.warnings.iter().any(|w| w.message.contains("CodeCarbon")));
    // Negative control: with ids of their own the three lines are three runs.
    let apart = RUNS.replacen("r1", "r0", 1);
    let file = good("emissions.csv", &format!("{CODECARBON}{apart}"));
    assert_eq!(number(&file.models[0].energy_kwh), Some(0.55));
}

/// A GPU whose counter could not be read: nothing is known of its energy, and the hours are.
#[test]
fn a_gpu_without_a_counter_is_missing_and_not_zero() {
    let without = RUNS.replace(",0.12,", ",0.0,");
    let file = good("emissions.csv", &format!("{CODECARBON}{without}"));
    let bert = &file.models[0];
    assert_eq!(
        (number(&bert.energy_kwh), number(&bert.emissions_kg), number(&bert.gpu_hours)),
        (None, None, Some(3.0))
    );
    assert!(rules(&file).contains(&"import-dropped"));
    // Negative control: a machine without a GPU has no such gap.
    assert_eq!(number(&file.models[1].energy_kwh), Some(0.4));
}

/// 6 × 7e9 × 2e12 = 8.4e22; 1,000 h × 512 chips.
#[test]
fn an_export_of_epoch_is_a_model_per_row() {
    let row = "X-7B,Language,\"Lab,Other\",2023-05-01,7e9,8.4e22,2e12,1000,NVIDIA A100,512,0.4,Confident,,,France\n";
    let tuned = "Y,Language,Lab,2023-06-01,7e9,8.41e22,1e8,,,,,Likely,X-7B,1e20,\"France,China\"\n";
    let file = good("models.csv", &format!("{EPOCH}{row}{tuned}"));
    let [x, y] = &file.models[..] else { panic!("two models") };
    assert_eq!(number(&x.compute_flop), Some(8.4e22));
    assert_eq!((number(&x.tokens), number(&x.gpu_hours), number(&x.mfu)), (Some(2e12), Some(512_000.0), Some(0.4)));
    assert_eq!((&x.labels["organization"], &x.labels["region"]), ("Lab", "France"));
    assert!(x.from_list);
    assert_eq!((number(&y.compute_flop), number(&y.tokens)), (Some(1e20), None));
    assert_eq!(y.base_models[0].id, "X-7B");
    assert!(!y.labels.contains_key("region"));
    // Negative control: with an id it is a models file, and its columns are read as such.
    let file = good("models.csv", &format!("id,{EPOCH}1,{row}"));
    assert_eq!(file.models[0].id, "1");
    assert!(!rules(&file).contains(&"import-assumed"));
}

/// The exports that the fixtures are made from.
#[test]
fn whole_exports_of_epoch_are_read() {
    for (name, rows) in [("epoch_notable_models_2026-07.csv", 1036), ("epoch_all_models_2025-03.csv", 2225)] {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/raw")).join(name);
        let portfolio = Portfolio::read(&path).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(portfolio.models.len(), rows);
        assert!(portfolio.models.iter().filter(|m| m.compute_flop.is_some()).count() > 400);
    }
}

/// 40 kWh ± 25 %; 10 h on 4 GPUs.
#[test]
fn a_report_of_boamps_is_a_model() {
    let file = good("bert-report.json", BOAMPS);
    let model = &file.models[0];
    assert_eq!(model.energy_kwh, Some(Value::from(Distribution::Normal { mean: 40.0, sd: 10.0 })));
    assert_eq!((number(&model.gpu_hours), number(&model.parameters)), (Some(40.0), Some(1.1e8)));
    assert_eq!((model.id.as_str(), &model.labels["hardware"]), ("bert-report", "NVIDIA V100"));
    // Negative control: inference is refused at its line.
    let problems = read("r.json", &BOAMPS.replace("\"training\"", "\"inference\"")).unwrap_err();
    assert_eq!((problems.len(), problems[0].place.line), (1, 2));
}

/// Every quality gives a cell that can be read, with the mean that is stated.
#[test]
fn the_words_of_quality_are_distributions() {
    for word in ["high", "medium", "low", "unknown word"] {
        let file = good("r.json", &BOAMPS.replace("medium", word));
        let text = format!("{:?}", file.models[0].energy_kwh);
        match word {
            "low" => assert!(text.contains("Gamma { shape: 4.0, scale: 10.0 }"), "{text}"),
            "unknown word" => assert!(text.contains("Number(40.0)"), "{text}"),
            _ => assert!(text.contains("Normal { mean: 40.0"), "{text}"),
        }
    }
}

/// A folder is what can be imported in it.
#[test]
fn a_folder_is_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("emissions.csv", &format!("{CODECARBON}{RUNS}"));
    write("report-1.json", BOAMPS);
    write("models.csv", "id,energy_kwh\na,1\n");
    write("notes.md", "# Notes\n");
    let portfolio = Portfolio::read(dir.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let ids: Vec<&str> = portfolio.models.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(ids, ["bert", "vit", "report-1"]);
    assert!(portfolio.warnings.iter().any(|w| w.message.starts_with("2 of 4 files")));
    assert!(portfolio.opened.len() >= 4);
    // Two files with one project are two rows with one id.
    write("more.csv", &format!("{CODECARBON}{RUNS}"));
    let problems = Portfolio::read(dir.path()).unwrap_err();
    assert!(problems.iter().all(|p| p.message.contains("already used")) && problems.len() == 2, "{problems}");
    // Nothing that can be imported is a problem and no empty portfolio.
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.csv"), "id,energy_kwh\na,1\n").unwrap();
    assert!(Portfolio::read(dir.path()).unwrap_err()[0].message.contains("no file in this folder"));
}

/// 2 kWh and 3 kWh whose errors are common: 5 kWh with the same GSD.
#[test]
fn records_of_haze_track_are_a_model_per_name() {
    let file = good("haze-track.jsonl", TRACK);
    let [model] = &file.models[..] else { panic!("one model") };
    assert_eq!(model.id, "lab/a");
    let energy = model.energy_kwh.clone();
    assert_eq!(energy, Some(Value::from(Distribution::LogNormal { median: 5.0, gsd: 1.1 })));
    assert_eq!(number(&model.gpu_hours), None);
    assert_eq!(&model.labels["hardware"], "NVIDIA H100 80GB HBM3");
    // Negative controls: a name of its own is another model, and what is torn is no record.
    assert_eq!(good("x.jsonl", &TRACK.replacen("lab/a", "lab/b", 1)).models.len(), 2);
    let torn =
        good("x.jsonl", &TRACK.replace("\"version\":\"0.1.0\"}\n", "\n").replacen("\n", "\"version\":\"0\"}\n", 1));
    assert_eq!((torn.models.len(), rules(&torn).contains(&"import-dropped")), (1, true));
}
