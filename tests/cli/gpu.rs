//! Drawing on a GPU from the command line. Needs an adapter: Mesa's lavapipe will do (`apt install mesa-vulkan-drivers`).

use serde_json::Value;

use crate::{MODELS, STUDY, comparable, errors, folder, haze, outcome, printed, result};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

/// The name of an adapter that passes the self-test, as the doctor tells it. Without one the test is skipped, and says
/// so, unless HAZE_REQUIRE_GPU=1.
pub fn adapter() -> Option<String> {
    let dir = folder(&[]);
    let page = printed(dir.path(), &["doctor"]);
    assert!(page.starts_with("Adapters\n") && page.contains("\nSuggested: "), "{page}");
    let name = page.lines().nth(1).filter(|_| page.contains("self-test   passed")).map(|line| line.trim().to_string());
    if name.is_none() {
        assert!(std::env::var_os("HAZE_REQUIRE_GPU").is_none_or(|v| v != "1"), "no GPU: {page}");
        eprintln!("skipped: no adapter to draw on");
    }
    name
}

#[test]
fn the_result_differs_in_backend_and_timings_only() {
    let Some(adapter) = adapter() else { return };
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    let (hub, open) = (format!("{FIXTURES}/hub_models.csv"), format!("{FIXTURES}/open_weights.csv"));
    for (file, draws) in [("study.toml", "5001"), (&hub, "2001"), (&open, "4001")] {
        let on = |args: &[&str]| result(dir.path(), &[&[file, "--draws", draws], args].concat());
        let (cpu, gpu) = (on(&["--backend", "cpu"]), on(&["--backend", "gpu", "--adapter", &adapter]));
        assert_eq!((&gpu["backend"]["name"], &gpu["backend"]["threads"]), (&Value::from("gpu"), &Value::Null));
        assert_eq!(gpu["backend"]["adapter"], Value::from(adapter.as_str()));
        assert!(comparable(&cpu) == comparable(&gpu), "{file}");
        // Negative control: another seed.
        assert!(comparable(&cpu) != comparable(&on(&["--adapter", &adapter, "--seed", "6"])));
    }
}

/// What is made of a result is the same too: page, figure, table.
#[test]
fn pages_and_figures_are_the_same_bytes() {
    let Some(adapter) = adapter() else { return };
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    let made = |args: &[&str], name: &str, on: &[&str]| {
        printed(dir.path(), &[args, &["-o", name], on].concat());
        std::fs::read(dir.path().join(name)).unwrap()
    };
    let commands: [(&[&str], &str); 4] = [
        (&["report", "study.toml", "--no-validation"], "page.html"),
        (&["figure", "total", "study.toml"], "figure.pdf"),
        (&["figure", "atci", "study.toml"], "figure.png"),
        (&["table", "headline", "study.toml"], "table.csv"),
    ];
    for (args, name) in commands {
        let cpu = made(args, name, &["--backend", "cpu"]);
        assert!(cpu == made(args, name, &["--adapter", &adapter]), "{args:?}");
        assert!(cpu != made(args, name, &["--adapter", &adapter, "--seed", "6"]), "{args:?}: negative control");
    }
}

/// Rows whose figures contradict each other are mixtures of readings: exact in the closed forms, and the same bytes.
#[test]
fn mixtures_of_readings_agree_with_the_closed_forms_on_both_backends() {
    let Some(adapter) = adapter() else { return };
    let rows = "id,organization,date,region,hardware,parameters,gpu_hours,energy_kwh,emissions_kg\n\
                a,Meta AI,2023,USA,A100,7e9,1e5,1.7e5,\nb,Meta AI,2023,USA,A100,7e9,1e5,2e6,\n\
                c,Meta AI,2023,USA,A100,7e9,1e5,,1.5e5\n";
    let dir = folder(&[("models.csv", rows)]);
    let on = |args: &[&str]| result(dir.path(), &[&["models.csv", "--draws", "100001"], args].concat());
    let (cpu, gpu) = (on(&["--backend", "cpu"]), on(&["--backend", "gpu", "--adapter", &adapter]));
    assert_eq!(cpu["diagnostics"]["warnings"]["disclosures-disagree"], Value::from(3));
    assert!(comparable(&cpu) == comparable(&gpu));
    for z in ["z_mean", "z_sd", "z_independent_mean"] {
        let z = cpu["diagnostics"]["oracle"][z].as_f64().unwrap();
        assert!(z.abs() < 3.3, "{z}");
    }
    // Negative control: each row as its first reading would have it.
    let alone = folder(&[("models.csv", &rows.replace(",1.7e5,", ",,").replace(",2e6,", ",,").replace(",1.5e5", ","))]);
    let hours = result(alone.path(), &["models.csv", "--draws", "100001"]);
    let [mixed, hours] = [&cpu, &hours].map(|run| run["diagnostics"]["oracle"]["mean_t"].as_f64().unwrap());
    assert!(mixed > 2.0 * hours, "{mixed} {hours}");
}

/// The sampled analysis is drawn there too, to the same bytes.
#[test]
fn the_sensitivity_analysis_differs_in_backend_and_timings_only() {
    let Some(adapter) = adapter() else { return };
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    for file in ["models.csv", "study.toml"] {
        let on =
            |args: &[&str]| result(dir.path(), &[&[file, "--draws", "5001", "--sensitivity", "cube"], args].concat());
        let (cpu, gpu) = (on(&["--backend", "cpu"]), on(&["--backend", "gpu", "--adapter", &adapter]));
        assert_eq!(&gpu["backend"]["name"], &Value::from("gpu"));
        assert!(cpu["sensitivity"].to_string().contains("cube") && comparable(&cpu) == comparable(&gpu), "{file}");
        // Negative control: another seed.
        assert_ne!(cpu["sensitivity"], on(&["--adapter", &adapter, "--seed", "6"])["sensitivity"]);
    }
}

/// Every so many rows of a fixture: few enough to be quick, of every tier.
fn slice(file: &str, step: usize) -> String {
    let mut reader = csv::Reader::from_path(format!("{FIXTURES}/{file}")).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(reader.headers().unwrap()).unwrap();
    for record in reader.records().step_by(step) {
        writer.write_record(&record.unwrap()).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Everything that draws for more than the headline, on slices of the fixtures: the JSON with `backend` and `timings`
/// taken out of it, from the CPU and from the adapter, which says that it drew.
#[test]
fn every_command_that_draws_gives_the_same_document() {
    let Some(adapter) = adapter() else { return };
    let (hub, open) = (slice("hub_models.csv", 45), slice("open_weights.csv", 29));
    let regression = "models = [\"hub.csv\"]\n[imputation]\ncompute = \"regression\"\n[groups]\nby = [\"tier\"]\n";
    let runs = slice("reported_training_emissions.csv", 7);
    let dir = folder(&[("hub.csv", &hub), ("open.csv", &open), ("regression.toml", regression), ("runs.csv", &runs)]);
    let document = |args: &[&str], more: &[&str]| {
        let ran = outcome(dir.path(), &[args, &["--draws", "1025", "--json", "-"], more].concat());
        assert!(ran.status.success(), "{args:?}: {}", errors(&ran));
        let line = if more.contains(&"gpu") { format!("drawing on {adapter}") } else { "drawing on the CPU".into() };
        assert!(errors(&ran).contains(&line), "{args:?}: {}", errors(&ran));
        let mut found: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let top = found.as_object_mut().unwrap();
        // Only the one that did draw may be told, and a run that was finished elsewhere would be told otherwise.
        if let Some(backend) = top.remove("backend") {
            assert_eq!(backend["name"], if more.contains(&"gpu") { "gpu" } else { "cpu" });
        }
        top.remove("timings");
        serde_json::to_string(&found).unwrap()
    };
    let matches = format!("{FIXTURES}/matches.csv");
    let commands: [&[&str]; 9] = [
        &["coverage", "hub.csv", "--other", "open.csv", "--matches", &matches, "--thresholds", "10k,100k"],
        &["atci", "hub.csv", "--by", "year", "--by", "organization", "--by", "tier"],
        &["trend", "hub.csv", "--from", "2019"],
        &["run", "open.csv", "--water", "--embodied", "--development"],
        &["run", "regression.toml"],
        &["run", "regression.toml", "--water", "--embodied", "--development", "--sensitivity", "cube"],
        &["sensitivity", "hub.csv", "--sample"],
        &["sensitivity", "hub.csv", "--reruns"],
        &["validate", "runs.csv", "--masked-sum", "open.csv"],
    ];
    for args in commands {
        let cpu = document(args, &["--backend", "cpu"]);
        assert!(cpu == document(args, &["--backend", "gpu", "--adapter", &adapter]), "{args:?}");
        // Negative control: another seed.
        assert!(cpu != document(args, &["--backend", "cpu", "--seed", "6"]), "{args:?}");
    }
}

#[test]
fn a_run_says_what_draws_and_why() {
    let dir = folder(&[("models.csv", MODELS)]);
    let told = |args: &[&str]| errors(&outcome(dir.path(), &[&["run", "models.csv"], args].concat()));
    assert!(told(&["--draws", "100"]).contains("drawing on the CPU"));
    assert!(told(&["--draws", "100"]).contains("the run is short"));
    assert!(!told(&["--draws", "100", "--quiet"]).contains("drawing"));
    // A pilot and the draws that it asks for are one run.
    assert_eq!(told(&["--precision", "0.003"]).matches("drawing on").count(), 1);
    if let Some(adapter) = adapter() {
        let part = adapter[..5].to_uppercase();
        assert!(told(&["--draws", "100", "--adapter", &part]).contains(&format!("drawing on {adapter}")));
    }
}

#[test]
fn a_gpu_that_is_not_there_is_told_with_what_to_do() {
    let dir = folder(&[("models.csv", MODELS)]);
    let no_drivers = |args: &[&str]| haze(dir.path()).env("VK_DRIVER_FILES", "/none.json").args(args).output().unwrap();
    let run = no_drivers(&["run", "models.csv", "--draws", "10", "--backend", "gpu", "--out", "results"]);
    let text = errors(&run);
    assert_eq!(run.status.code(), Some(1));
    for part in ["no GPU was found", "  - ", "VK_DRIVER_FILES", "haze doctor", "--backend cpu"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!dir.path().join("results").exists(), "nothing half-written");
    assert!(errors(&no_drivers(&["run", "models.csv", "--draws", "10", "--adapter", "voodoo"])).contains("\"voodoo\""));
    let doctor = no_drivers(&["doctor"]);
    let page = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.status.success() && page.contains("Adapters\n  none\n") && page.contains("--backend cpu"), "{page}");
    let both = outcome(dir.path(), &["run", "models.csv", "--backend", "cpu", "--adapter", "x"]);
    assert_eq!(both.status.code(), Some(2));
    // With auto there is always the CPU.
    let auto = no_drivers(&["run", "models.csv", "--draws", "20_000_000"]);
    assert!(auto.status.success() && errors(&auto).contains("no GPU was found"), "{}", errors(&auto));
}

/// The loader says nothing about a driver file that it cannot read, although that hides the others.
#[test]
#[cfg(target_os = "linux")]
fn the_doctor_names_driver_files_that_are_of_no_use() {
    let dir = folder(&[("bad.json", "garbage{"), ("gone.json", "{\"ICD\": {\"library_path\": \"./libgone.so\"}}")]);
    let lists = |list: &str, args: &[&str]| haze(dir.path()).args(args).env("VK_DRIVER_FILES", list).output().unwrap();
    let page = String::from_utf8(lists("bad.json:gone.json:absent.json", &["doctor"]).stdout).unwrap();
    for line in [
        "bad.json  UNUSABLE: it is not JSON",
        "gone.json  UNUSABLE: its library ./libgone.so is not there",
        "absent.json  UNUSABLE: the file could not be read",
        "- mend or remove bad.json, which may hide other drivers",
    ] {
        assert!(page.contains(line), "no {line:?} in {page}");
    }
    let run = errors(&lists("bad.json", &["run", "absent.csv", "--backend", "gpu"]));
    assert!(!run.contains("bad.json"), "what is wrong with the input comes first: {run}");
    std::fs::write(dir.path().join("models.csv"), MODELS).unwrap();
    let run = errors(&lists("bad.json", &["run", "models.csv", "--backend", "gpu"]));
    assert!(run.contains("mend or remove bad.json"), "{run}");
}

#[test]
fn the_benchmark_measures() {
    let dir = folder(&[]);
    let args = ["bench", "--backend", "cpu", "--models", "20", "--draws", "2000"];
    let page = printed(dir.path(), &args);
    assert!(["lognormals", "shared", "tables"].iter().all(|w| page.contains(w)), "{page}");
    let text = printed(dir.path(), &[&args[..], &["--workload", "tables", "--json", "-"]].concat());
    let report: Value = serde_json::from_str(&text).unwrap();
    let all = report["measurements"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["models"], &all[0]["draws"]), (1, &20.into(), &2000.into()));
    let (rate, seconds) = (all[0]["model_draws_per_s"].as_f64().unwrap(), all[0]["seconds"].as_f64().unwrap());
    assert!((rate * seconds / 40_000.0 - 1.0).abs() < 1e-9);
}
