//! What a run writes: the files of --out, the JSON and its schema, and nothing after an interruption.

use serde_json::Value;

use crate::{MODELS, STUDY, errors, folder, outcome, printed, result};

fn schema() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../docs/result.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// Regressions made from one's own models, and the study that the run leaves behind.
#[test]
fn a_study_imputes_by_fits_of_ones_own() {
    let fixture = format!("{}/fixtures/open_weights.csv", env!("CARGO_MANIFEST_DIR"));
    let study = "models = [\"few.csv\"]\ndraws = 2000\n[imputation]\ncompute = \"regression\"\nfits = \"fits.toml\"\n";
    let few = "id,date,parameters,task\na,2024-03,8e9,text-generation\nb,2023-05,7e10,text-generation\n";
    let dir = folder(&[("few.csv", few), ("study.toml", study)]);
    let fits = printed(dir.path(), &["fit", &fixture, "--coefficients"]);
    std::fs::write(dir.path().join("fits.toml"), &fits).unwrap();
    let own = result(dir.path(), &["study.toml"]);
    printed(dir.path(), &["run", "study.toml", "--out", "out", "--quiet"]);
    assert_eq!(result(dir.path(), &["out/study.toml"])["total"], own["total"]);
    // It is not overwritten, and the embedded ones are others.
    let over = outcome(dir.path(), &["run", "study.toml", "--json", "fits.toml", "--quiet"]);
    assert!(over.status.code() == Some(2) && errors(&over).contains("would be replaced"), "{}", errors(&over));
    assert_eq!(std::fs::read_to_string(dir.path().join("fits.toml")).unwrap(), fits);
    std::fs::write(dir.path().join("study.toml"), study.replace("fits = \"fits.toml\"\n", "")).unwrap();
    assert_ne!(result(dir.path(), &["study.toml"])["total"], own["total"]);
}

#[test]
fn every_result_follows_the_schema() {
    let dir = folder(&[
        ("models.csv", MODELS),
        ("study.toml", STUDY),
        (
            "fixed.csv",
            "id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\na,fixed(1e20),fixed(1e11),fixed(1.2),fixed(300)\n",
        ),
        ("zero.csv", "id,emissions_t\na,0\nb,0\n"),
        ("name.csv", "id\norg/model\n"),
        ("mixed.csv", "id,emissions_t,energy_kwh,gpu_hours,parameters\na,1,,,\nb,,2,,\nc,,,3,\nd,,,,4e9\n"),
    ]);
    let schema = schema();
    for file in ["study.toml", "models.csv", "fixed.csv", "zero.csv", "name.csv", "mixed.csv"] {
        for draws in ["1", "2", "10", "1000"] {
            let found = result(dir.path(), &[file, "--draws", draws]);
            if let Err(error) = schema.validate(&found) {
                panic!("{file}, {draws} draws: {error} at {}", error.instance_path());
            }
            // JSON has no NaN; a negative zero would be one of the traces of a sum of nothing.
            assert!(!found.to_string().contains("-0.0,"), "{file}, {draws} draws: {found}");
        }
    }
    for draws in ["1", "64", "1000"] {
        let found = result(dir.path(), &["study.toml", "--draws", draws, "--sensitivity", "cube"]);
        if let Err(error) = schema.validate(&found) {
            panic!("{draws} draws: {error} at {}", error.instance_path());
        }
        let (reason, groups) =
            (&found["sensitivity"]["sampled"]["outputs"][0]["reason"], &found["sensitivity"]["groups"]);
        assert_eq!(found["sensitivity"]["method"], "cube");
        assert_eq!(
            (reason.is_null(), groups.as_array().unwrap().len()),
            if draws == "1" { (false, 0) } else { (true, 5) }
        );
    }
    let page = printed(dir.path(), &["run", "study.toml", "--sensitivity", "cube"]);
    assert!(page.contains("sampled") && page.contains("upper 5 %") && page.contains('±'), "{page}");
    // Negative control.
    let mut wrong = result(dir.path(), &["study.toml"]);
    wrong["total"]["emissions_t"]["mean"] = "12 t".into();
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn json_on_standard_output_is_all_there_is() {
    let dir = folder(&[("models.csv", "id,compute_flop,Parameter\na,1e22,7\n")]);
    let output = outcome(dir.path(), &["run", "models.csv", "--draws", "100", "--json", "-"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.starts_with("{\n") && text.ends_with("}\n"));
    serde_json::from_str::<Value>(&text).unwrap();
    // Warnings go elsewhere.
    assert!(errors(&output).contains("warning: models.csv:1: Parameter") && errors(&output).contains("[not-read]"));
    // To a file, the table stays where it was; and --quiet silences all of it.
    let page = printed(dir.path(), &["run", "models.csv", "--draws", "100", "--json", "x.json"]);
    assert!(page.starts_with("1 model, 100 draws (median and interval within "), "{page}");
    let quiet = outcome(dir.path(), &["run", "models.csv", "--draws", "100", "--json", "y.json", "--quiet"]);
    assert!(quiet.status.success() && quiet.stdout.is_empty() && quiet.stderr.is_empty(), "{}", errors(&quiet));
    let read = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(dir.path().join(name)).unwrap()).unwrap()
    };
    assert_eq!(crate::comparable(&read("x.json")), crate::comparable(&read("y.json")));
}

#[test]
fn the_tables_of_out_hold_the_numbers_of_the_json() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    printed(dir.path(), &["run", "study.toml", "--out", "out", "--quiet"]);
    let out = dir.path().join("out");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(out.join("result.json")).unwrap()).unwrap();
    for (file, list, key) in [("models.csv", "models", "id"), ("groups.csv", "groups", "value")] {
        let mut reader = csv::Reader::from_path(out.join(file)).unwrap();
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|h| h == name).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let entries = json[list].as_array().unwrap();
        assert_eq!(rows.len(), entries.len());
        for (row, entry) in rows.iter().zip(entries) {
            assert_eq!(row[at(key)], *entry[key].as_str().unwrap());
            for (column, value) in [
                ("emissions_mean_t", &entry["emissions_t"]["mean"]),
                ("emissions_hi_t", &entry["emissions_t"]["interval"][1]),
                ("atci_median_kg_per_eflop", &entry["atci_kg_per_eflop"]["median"]),
            ] {
                assert_eq!(row[at(column)].parse::<f64>().unwrap(), value.as_f64().unwrap(), "{column}");
            }
        }
    }
    // An output keeps out of the way of what is there, and replaces what it wrote.
    std::fs::write(out.join("notes.txt"), "kept").unwrap();
    printed(dir.path(), &["run", "study.toml", "--seed", "6", "--out", "out", "--quiet"]);
    assert_eq!(crate::names(&out), crate::written_and("notes.txt"));
    let again: Value = serde_json::from_str(&std::fs::read_to_string(out.join("result.json")).unwrap()).unwrap();
    assert_eq!(again["seed"], 6);
}

#[test]
#[cfg(target_os = "linux")]
fn more_draws_than_memory_is_told() {
    let dir = folder(&[("models.csv", MODELS)]);
    let limited = |draws: &str| {
        let command = "ulimit -v 8000000 && exec \"$0\" run models.csv --quiet --threads 1 --out out --draws \"$1\"";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", command, env!("CARGO_BIN_EXE_haze"), draws]).current_dir(dir.path()).output().unwrap()
    };
    let output = limited("2000000000");
    let told = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("GB of memory") && !told.contains("panicked"), "{told}");
    assert_eq!(crate::names(dir.path()), ["models.csv"]);
    // Negative control: under the same limit a usual number of draws runs.
    assert!(limited("10000").status.success());
}

#[cfg(unix)]
mod interrupted {
    use std::io::Write;
    use std::process::{Child, Command, Output, Stdio};
    use std::time::Duration;

    use crate::{errors, folder, haze, names};

    fn interrupt(child: Child) -> Output {
        let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "the run was over before it could be interrupted");
        child.wait_with_output().unwrap()
    }

    #[test]
    fn a_long_run_ends_with_130_and_leaves_nothing() {
        // So many models and draws that it takes minutes: it is under way whenever the signal comes.
        let rows: String =
            (0..2000).map(|k| format!("m{k},\"lognormal(1e23, 1.5)\",fixed(1e11),fixed(1.1),400\n")).collect();
        let models = format!("id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\n{rows}");
        let dir = folder(&[("models.csv", &models), ("old.json", "old")]);
        let long = ["run", "models.csv", "--draws", "50000000", "--backend", "cpu", "--threads", "1"];
        let mut child = haze(dir.path())
            .args(long)
            .args(["--out", "deep/out", "--json", "old.json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The folder is made just before the draws.
        while !dir.path().join("deep/out").exists() {
            assert!(child.try_wait().unwrap().is_none(), "the run is over before it began");
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(200));
        let output = interrupt(child);
        assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
        assert!(output.stdout.is_empty() && errors(&output).contains("interrupted"), "{}", errors(&output));
        assert_eq!(names(dir.path()), ["models.csv", "old.json"]);
        assert_eq!(std::fs::read_to_string(dir.path().join("old.json")).unwrap(), "old");
    }

    #[test]
    fn waiting_for_standard_input_can_be_ended() {
        let dir = folder(&[]);
        let mut child = haze(dir.path())
            .args(["run", "-", "--out", "out"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // More than a pipe holds: when it is written, the program has started to read. A signal before it has started
        // would end it with no exit code.
        let mut open = child.stdin.take().unwrap();
        open.write_all(&[b'x'; 1 << 20]).unwrap();
        let output = interrupt(child);
        drop(open);
        assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
        assert_eq!(names(dir.path()), Vec::<String>::new());
    }
}

/// What was understood ends with the columns that were not: they are labels.
#[test]
fn check_lists_the_labels() {
    let dir =
        folder(&[("models.csv", "id,gpu_hours,team,architecture\na,5,x,llama\n"), ("bare.csv", "id,gpu_hours\na,5\n")]);
    let page = printed(dir.path(), &["check", "models.csv"]);
    assert!(page.contains("\nLabels, from which no figure is read: team\n1 model, no problem"), "{page}");
    assert!(!printed(dir.path(), &["check", "bare.csv"]).contains("Labels"));
}
