//! `haze lineage`: families whose sums are known by hand, their document and schema, diagrams, bad input.
//!
//! The small cases are those of DIA (arXiv 2601.21632; VectorInstitute/ai-impact-accounting): a base of 100 with two
//! derivatives of 10 and 20 and their merge of 5, and two bases of 100 and 200 with a merge of 5.

use std::path::Path;

use serde_json::Value;

use crate::{comparable, errors, folder, outcome, printed};

const DIAMOND: &str = "id,base_model,relation,emissions_kg\n\
    base,,,fixed(100)\nleft,base,finetune,fixed(10)\nright,base,lora,fixed(20)\nboth,left; right,merge,fixed(5)\n";
const TWO: &str =
    "id,base_model,merge_weights,emissions_kg\nA,,,fixed(100)\nB,,,fixed(200)\nM,A; B,0.7; 0.3,fixed(5)\n";

fn document(dir: &Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["lineage"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn mean(of: &Value) -> f64 {
    of["mean"].as_f64().unwrap_or_else(|| panic!("{of}"))
}

#[test]
fn a_diamond_counts_its_merge_once() {
    let dir = folder(&[("m.csv", DIAMOND)]);
    let found = document(dir.path(), &["m.csv", "--root", "base"]);
    let family = &found["families"][0];
    assert_eq!((mean(&family["emissions_t"]), mean(&family["own_t"])), (0.135, 0.1));
    assert_eq!(mean(&family["descendants_t"]), 0.035);
    assert_eq!((&family["members"], &family["reported"]), (&4.into(), &4.into()));
    assert_eq!(family["imputed_share"], 0.0);
    assert_eq!(family["emissions_t"]["interval"], serde_json::json!([0.135, 0.135]));
    assert!((mean(&family["descendants_share"]) - 35.0 / 135.0).abs() < 1e-12);
    let parts = |key: &str| {
        let of = |part: &Value| (part["of"].as_str().unwrap().to_string(), 1e3 * mean(&part["emissions_t"]));
        family[key].as_array().unwrap().iter().map(of).map(|(of, x)| format!("{of} {x}")).collect::<Vec<_>>()
    };
    assert_eq!(parts("by_relation"), ["finetune 10", "lora 20", "merge 5"]);
    assert_eq!(parts("by_depth"), ["0 100", "1 30", "2 5"]);
    // The merge hangs on the heavier branch and stands again on the other.
    let tree: Vec<(&str, bool)> =
        family["tree"].as_array().unwrap().iter().map(|b| (b["id"].as_str().unwrap(), b["again"] == true)).collect();
    assert_eq!(tree, [("base", false), ("right", false), ("both", false), ("left", false), ("both", true)]);
    let ancestors = &document(dir.path(), &["m.csv", "--ancestors", "both"])["ancestries"][0];
    assert_eq!((mean(&ancestors["emissions_t"]), mean(&ancestors["ancestors_t"])), (0.135, 0.13));
    // Negative control: without the edge to one of its parents the merge is no part of that branch.
    let cut = DIAMOND.replace("left; right", "left");
    let dir = folder(&[("m.csv", &cut)]);
    let found = document(dir.path(), &["m.csv", "--ancestors", "both"]);
    assert_eq!(mean(&found["ancestries"][0]["emissions_t"]), 0.115);
}

#[test]
fn families_that_share_a_merge_share_it_out_to_the_union() {
    let dir = folder(&[("m.csv", TWO)]);
    let all = document(dir.path(), &["m.csv"]);
    let sums = |found: &Value, key: &str| {
        let of = |family: &Value| (family["root"].as_str().unwrap().to_string(), 1e3 * mean(&family[key]));
        found["families"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(sums(&all, "emissions_t"), [("B".into(), 205.0), ("A".into(), 105.0)]);
    assert_eq!(mean(&all["union"]["emissions_t"]), 0.305);
    for (how, a, b) in [("equal", 102.5, 202.5), ("weights", 103.5, 201.5)] {
        let found = document(dir.path(), &["m.csv", "--root", "A", "--root", "B", "--allocate", how]);
        let shares = sums(&found, "allocated_t");
        assert!((shares[0].1 - a).abs() < 1e-9 && (shares[1].1 - b).abs() < 1e-9, "{how}: {shares:?}");
        assert_eq!(mean(&found["families"][0]["allocated_t"]) + mean(&found["families"][1]["allocated_t"]), 0.305);
        let pair = &found["pairs"][0];
        assert!((mean(&pair["difference_t"]) + 0.1).abs() < 1e-12 && pair["a_above_b"]["probability"] == 0.0);
        assert_eq!((&pair["overlap"]["members"], mean(&pair["overlap"]["emissions_t"])), (&1.into(), 0.005));
    }
}

/// Rows of uniform intervals: (lo, hi) by a fixed rule, in kg.
fn intervals() -> Vec<(f64, f64)> {
    (0..40).map(|k| (10.0 + f64::from(k % 7), 20.0 + f64::from(3 * k % 11))).collect()
}

fn chain(intervals: &[(f64, f64)]) -> String {
    let row = |(k, (lo, hi)): (usize, &(f64, f64))| {
        let base = if k == 0 { String::new() } else { format!("m{}", (k - 1) / 2) };
        format!("m{k},{base},\"uniform({lo}, {hi})\"\n")
    };
    format!("id,base_model,emissions_kg\n{}", intervals.iter().enumerate().map(row).collect::<String>())
}

/// Sum of independent uniforms: mean Σ (lo + hi)/2, variance Σ (hi − lo)²/12. Times one lognormal of ln sd s for all:
/// mean · exp(s²/2), second moment (variance + mean²) · exp(2 s²).
#[test]
fn interval_reports_have_the_moments_of_the_closed_form() {
    let reports = intervals();
    let m: f64 = reports.iter().map(|(lo, hi)| (lo + hi) / 2e3).sum();
    let v: f64 = reports.iter().map(|(lo, hi)| (hi - lo) * (hi - lo) / 12e6).sum();
    let s = f64::ln(1.2);
    let shared = (m * f64::exp(s * s / 2.0), (v + m * m) * f64::exp(2.0 * s * s) - m * m * f64::exp(s * s));
    let study = "models = [\"m.csv\"]\n[[shared]]\nfactor = \"reporting\"\ngsd = 1.2\n";
    let dir = folder(&[("m.csv", &chain(&reports)), ("s.toml", study)]);
    for (file, (mean_t, variance)) in [("m.csv", (m, v)), ("s.toml", shared)] {
        let found = document(dir.path(), &[file, "--root", "m0", "--draws", "100000"]);
        let e = &found["families"][0]["emissions_t"];
        let z = |got: &Value, mcse: &Value, want: f64| ((got.as_f64().unwrap() - want) / mcse.as_f64().unwrap()).abs();
        let (of_mean, of_sd) =
            (z(&e["mean"], &e["mcse"]["mean"], mean_t), z(&e["sd"], &e["mcse"]["sd"], variance.sqrt()));
        assert!(of_mean < 4.0 && of_sd < 4.0, "{file}: {of_mean} {of_sd}");
        // Negative control: the variance of the other case.
        let other = if file == "m.csv" { shared.1 } else { v };
        assert!(z(&e["sd"], &e["mcse"]["sd"], other.sqrt()) > 40.0, "{file}");
    }
}

/// A file of every kind of thing: merges, a base in no row, a circle, rows without any figure.
fn mixed() -> String {
    let mut text = String::from("id,base_model,relation,parameters,emissions_kg,date\nroot,,,7e9,,2023-07\n");
    for k in 0..30 {
        let base = ["root", "elsewhere/base-3b", "d0; d1"][if k > 20 { 2 } else { usize::from(k % 3 == 1) }];
        let relation = ["finetune", "lora", "quantized"][k % 3];
        let relation = if k > 20 { "merge" } else { relation };
        let emissions = if k % 4 == 0 { format!("{}", 10 * k + 1) } else { String::new() };
        text += &format!("d{k},{base},{relation},7e9,{emissions},2024\n");
    }
    text + "x,y,finetune,1e9,3,2024\ny,x,finetune,1e9,,2024\nalone,,,1e9,,2024\n"
}

#[test]
fn every_document_follows_the_schema() {
    let dir = folder(&[("d.csv", DIAMOND), ("t.csv", TWO), ("m.csv", &mixed())]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/lineage.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for args in [
        &["d.csv"][..],
        &["t.csv", "--root", "A", "--root", "B", "--allocate", "equal"],
        &["m.csv", "--all", "--root", "elsewhere/base-3b", "--allocate", "weights"],
        &["m.csv", "--ancestors", "d25", "--ancestors", "x"],
        &["m.csv", "--draws", "1"],
    ] {
        let draws: &[&str] = if args.contains(&"--draws") { &[] } else { &["--draws", "640"] };
        let found = document(dir.path(), &[args, draws].concat());
        if let Err(error) = validator.validate(&found) {
            panic!("{args:?}: {error} at {}\n{found}", error.instance_path());
        }
        for key in found.as_object().unwrap().keys() {
            let mut wrong = found.clone();
            wrong.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&wrong), "{key}");
        }
    }
}

#[test]
fn parts_add_up_and_what_is_missing_is_named() {
    let dir = folder(&[("m.csv", &mixed())]);
    let args = ["m.csv", "--all", "--root", "root", "--root", "elsewhere/base-3b", "--draws", "2000"];
    let found = document(dir.path(), &args);
    assert_eq!(found["graph"]["absent"], serde_json::json!(["elsewhere/base-3b"]));
    assert_eq!(found["graph"]["circles"], serde_json::json!([["x", "y"]]));
    let family = |root: &str| found["families"].as_array().unwrap().iter().find(|f| f["root"] == root).unwrap();
    let (a, b) = (family("root"), family("elsewhere/base-3b"));
    assert!(b["own_t"].is_null() && b["in_file"] == false && a["in_file"] == true);
    // Each draw of a family is that of its root and of the rest, and the union is that of both less what is in both.
    let close = |x: f64, y: f64| (x - y).abs() <= 1e-9 * y.abs();
    assert!(close(mean(&a["own_t"]) + mean(&a["descendants_t"]), mean(&a["emissions_t"])));
    let overlap = &found["pairs"][0]["overlap"]["emissions_t"];
    let others = mean(&family("x")["emissions_t"]) + mean(&found["alone"]["emissions_t"]);
    let union = mean(&a["emissions_t"]) + mean(&b["emissions_t"]) - mean(overlap) + others;
    assert!(close(mean(&found["union"]["emissions_t"]), union), "{union}");
    assert!(mean(overlap) > 0.0, "{overlap}");
    // The union is what a run of the file has, in the same draws.
    let run: Value =
        serde_json::from_str(&printed(dir.path(), &["run", "m.csv", "--draws", "2000", "--json", "-"])).unwrap();
    assert!(close(mean(&found["union"]["emissions_t"]), mean(&run["total"]["emissions_t"])));
    let page = printed(dir.path(), &["lineage", "m.csv", "--root", "elsewhere/base-3b", "--draws", "640"]);
    for part in ["without a row", "circular lineage: x, y", "By relation", "merge", "imputed"] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(page.lines().all(|l| l.chars().count() <= 110), "{page}");
}

#[test]
fn nothing_but_backend_and_timings_depends_on_the_machine_or_the_order() {
    let rows = mixed();
    let mut lines: Vec<&str> = rows.lines().collect();
    lines[1..].reverse();
    let dir = folder(&[("m.csv", &rows), ("turned.csv", &(lines.join("\n") + "\n"))]);
    let of = |file: &str, args: &[&str]| {
        let all = [&[file, "--all", "--root", "root", "--allocate", "weights", "--draws", "3001"], args].concat();
        comparable(&document(dir.path(), &all))
    };
    let first = of("m.csv", &["--threads", "1"]);
    assert_eq!(first, of("m.csv", &["--threads", "2", "--chunk", "512"]));
    assert_eq!(first, of("turned.csv", &[]));
    assert_ne!(first, of("m.csv", &["--seed", "1"]));
}

/// Cells of models are drawn there too, to the same bytes.
#[test]
fn a_gpu_gives_the_same_bytes() {
    let Some(adapter) = crate::gpu::adapter() else { return };
    let dir = folder(&[("m.csv", &mixed())]);
    let args = ["m.csv", "--root", "root", "--root", "elsewhere/base-3b", "--allocate", "equal", "--draws", "3001"];
    let on = |more: &[&str]| comparable(&document(dir.path(), &[&args, more].concat()));
    let gpu = on(&["--backend", "gpu", "--adapter", &adapter]);
    assert_eq!(on(&["--backend", "cpu"]), gpu);
    assert_ne!(on(&["--adapter", &adapter, "--seed", "6"]), gpu);
}

/// A state of 50 nodes as `fixtures/build/dia_state.py` writes it, all of them with reports: certain figures add up to
/// their plain sum, intervals to the moments of independent uniforms.
#[test]
fn a_state_of_dia_adds_up() {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/build/dia_state.py");
    for values in ["points", "intervals"] {
        let made = std::process::Command::new("python3")
            .args([program, "50", "--missing", "0", "--values", values])
            .output()
            .expect("Python 3");
        assert!(made.status.success());
        let state: Value = serde_json::from_slice(&made.stdout).unwrap();
        let dir = folder(&[("state.json", std::str::from_utf8(&made.stdout).unwrap())]);
        let found = document(dir.path(), &["state.json", "--draws", "100000"]);
        let ends = |node: &Value| [0, 1].map(|i| node["report"]["carbon_kgco2eq"][i].as_f64().unwrap() / 1e3);
        let reports: Vec<[f64; 2]> = state["nodes"].as_object().unwrap().values().map(ends).collect();
        assert_eq!(reports.len(), 50);
        let sum: f64 = reports.iter().map(|[lo, hi]| (lo + hi) / 2.0).sum();
        let sd = reports.iter().map(|[lo, hi]| (hi - lo) * (hi - lo) / 12.0).sum::<f64>().sqrt();
        let e = &found["union"]["emissions_t"];
        if values == "points" {
            assert!((mean(e) / sum - 1.0).abs() < 1e-14 && e["sd"] == 0.0, "{e} {sum}");
        } else {
            let error =
                |key: &str, want: f64| ((e[key].as_f64().unwrap() - want) / e["mcse"][key].as_f64().unwrap()).abs();
            assert!(error("mean", sum) < 4.0 && error("sd", sd) < 4.0, "{e} {sum} {sd}");
            assert!(error("mean", 1.01 * sum) > 20.0 && error("sd", 1.05 * sd) > 5.0);
        }
        assert!((found["union"]["stated"]["emissions_t"].as_f64().unwrap() / sum - 1.0).abs() < 1e-12);
    }
}

#[test]
fn diagrams_hold_names_as_text() {
    let odd = DIAMOND.replace("left", "x|'];<b>\u{202e}");
    let dir = folder(&[("m.csv", &odd)]);
    let args = ["lineage", "m.csv", "--root", "base", "--dot", "g.dot", "--mermaid", "g.mmd", "--draws", "640"];
    printed(dir.path(), &args);
    let dot = std::fs::read_to_string(dir.path().join("g.dot")).unwrap();
    let mermaid = std::fs::read_to_string(dir.path().join("g.mmd")).unwrap();
    assert!(dot.starts_with("digraph lineage {") && dot.contains("n0 -> n1 [label = \"lora\"]"), "{dot}");
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains("n0 -->|lora| n1"), "{mermaid}");
    for text in [&dot, &mermaid] {
        assert!(!text.contains('\u{202e}') && !text.contains("<b>") && !text.contains("'];<"), "{text}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused() {
    let dir = folder(&[("m.csv", DIAMOND)]);
    let nine: Vec<String> = (0..9).flat_map(|k| ["--root".to_string(), format!("m{k}")]).collect();
    let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
    for (args, says) in [
        (&["--root", "bass"][..], "did you mean \"base\"?"),
        (&["--root", "BASE"], "did you mean \"base\"?"),
        (&["--ancestors", "nothing/like-it"], "no row has the id"),
        (&["--dot", "x.dot"], "--root or --ancestors"),
        (&["--allocate", "fair"], "possible values"),
        (&["--branches", "0"], "--branches"),
        (&nine, "at most 8"),
        (&["--root", "base", "--dot", "m.csv"], "is an input"),
        (&["--root", "base", "--dot", "x", "--mermaid", "x"], "two outputs"),
    ] {
        let refused = outcome(dir.path(), &[&["lineage", "m.csv"], args].concat());
        assert_eq!(refused.status.code(), Some(2), "{args:?}: {}", errors(&refused));
        assert!(errors(&refused).contains(says), "{args:?}: {}", errors(&refused));
    }
    assert!(std::fs::read_dir(dir.path()).unwrap().count() == 1);
}
