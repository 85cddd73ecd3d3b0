//! `haze import`: what it writes, lists and refuses.

use super::{errors, fed, folder, names, outcome, printed, result};

const HEAD: &str = "timestamp,project_name,run_id,duration,emissions,emissions_rate,cpu_energy,gpu_energy,ram_energy,\
    energy_consumed,country_iso_code,gpu_count,gpu_model,tracking_mode,on_cloud,pue\n";
const RUN: &str =
    "2024-05-14T09:00:00,bert,r1,3600,0.06,1.6e-5,0.06,0.18,0.06,0.3,FRA,2,2 x NVIDIA A100-SXM4-80GB,machine,N,1.0\n";

fn log(rows: &[&str]) -> String {
    format!("{HEAD}{}", rows.concat())
}

#[test]
fn what_is_imported_is_a_models_file() {
    let dir = folder(&[("emissions.csv", &log(&[RUN]))]);
    let text = printed(dir.path(), &["import", "emissions.csv"]);
    let mut lines = text.lines();
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(header.starts_with("id,") && row.starts_with("bert,"), "{text}");
    assert!(header.split(',').any(|name| name == "energy_kwh") && row.contains("0.3"), "{text}");
    let output = outcome(dir.path(), &["import", "codecarbon", "emissions.csv", "-o", "m.csv"]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", errors(&output));
    assert!(
        errors(&output).contains("read as CodeCarbon's emissions.csv: 1 row, 0 values not used"),
        "{}",
        errors(&output)
    );
    assert_eq!(std::fs::read_to_string(dir.path().join("m.csv")).unwrap(), text);
    // The file itself gives the same result as the models file.
    let mean = |file: &str| result(dir.path(), &[file, "--draws", "2000"])["total"]["emissions_t"]["mean"].clone();
    assert_eq!(mean("m.csv"), mean("emissions.csv"));
}

#[test]
fn changes_are_listed_with_their_places_and_strict_refuses_them() {
    let broken = RUN.replace(",0.3,", ",-0.3,").replace("r1", "r\u{1b}[31m2").replace("09:00", "12:00");
    let dir = folder(&[("emissions.csv", &log(&[RUN, &broken]))]);
    let output = outcome(dir.path(), &["import", "emissions.csv"]);
    let listed = errors(&output);
    assert!(output.status.success(), "{listed}");
    assert!(
        listed.contains("not used: emissions.csv:3: energy_consumed: \"-0.3\": the number is negative"),
        "{listed}"
    );
    assert!(listed.contains("2 values not used, 0 mended"), "{listed}");
    assert!(!listed.contains('\u{1b}'), "{listed}");
    let output = outcome(dir.path(), &["import", "--strict", "emissions.csv", "-o", "m.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("error: emissions.csv:3: energy_consumed"), "{}", errors(&output));
    assert_eq!(names(dir.path()), ["emissions.csv"]);
    // Negative control: a file without changes passes.
    let dir = folder(&[("emissions.csv", &log(&[RUN]))]);
    assert!(outcome(dir.path(), &["import", "--strict", "emissions.csv"]).status.success());
}

#[test]
fn folders_standard_input_and_groups() {
    let other = RUN.replace("r1", "r2").replace("05-14", "05-15");
    let dir = folder(&[("a.csv", &log(&[RUN, &other])), ("b.csv", "id,pue\nx,1.2\n")]);
    let output = outcome(dir.path(), &["import", ".", "--group-by", "run"]);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains("2 rows") && errors(&output).contains("1 file of other formats skipped"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\nr1,") && text.contains("\nr2,"), "{text}");
    let output = fed(dir.path(), &["import", "-"], log(&[RUN]));
    assert!(output.status.success() && output.stdout.starts_with(b"id,"), "{}", errors(&output));
    let output = outcome(dir.path(), &["run", ".", "--draws", "1000", "--quiet"]);
    assert!(output.status.success(), "{}", errors(&output));
}

#[test]
fn what_cannot_be_imported_is_refused_with_its_place() {
    let dir = folder(&[
        ("a.csv", &log(&[RUN])),
        ("b.csv", &log(&[RUN])),
        ("models.csv", "id,pue\nx,1.2\n"),
        ("boamps.json", "{\"measures\": [{\"powerConsumption\": 1}]"),
    ]);
    for (args, words) in [
        (&["import", "models.csv"][..], "of no format that is imported"),
        (&["import", "absent.csv"], "check the path"),
        (&["import", "boamps.json"], "boamps.json:1"),
        (&["import", "--kind", "epoch", "a.csv"], "does not look like"),
        (&["import", "a.csv", "-o", "a.csv"], "would be replaced"),
        (&["import", "a.csv", "-o", "nowhere/m.csv"], "no such folder"),
    ] {
        let output = outcome(dir.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", errors(&output));
        assert!(errors(&output).contains(words), "{args:?}: {}", errors(&output));
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    // One id in two files: both places are named.
    let output = outcome(dir.path(), &["import", "a.csv", "b.csv"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("b.csv:2: id") && errors(&output).contains("a.csv:2"), "{}", errors(&output));
}

/// Grams of a card and kilograms of a log are one column, and no cell acts on a terminal.
#[test]
fn a_folder_of_several_formats_is_one_models_file() {
    let dir = folder(&[]);
    std::fs::create_dir_all(dir.path().join("in/o/m")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("in/log.csv", &log(&[RUN]));
    write("in/o/m/README.md", "---\nco2_eq_emissions: 17\nbase_model: \"a/\\e[31mx\"\n---\n");
    let table = printed(dir.path(), &["import", "in"]);
    assert!(table.contains("17 g") && !table.contains("emissions_g"), "{table}");
    assert!(!table.contains('\u{1b}'), "{table:?}");
    let run = |what: &str| {
        let text = printed(dir.path(), &["run", what, "--draws", "1000", "--json", "-"]);
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["total"]["emissions_t"]["mean"].clone()
    };
    write("m.csv", &table);
    assert_eq!(run("m.csv"), run("in"));
}
