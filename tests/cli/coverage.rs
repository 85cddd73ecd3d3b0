//! `haze coverage`: lists whose parts are known by hand, its document and schema, bad input.

use std::path::Path;

use serde_json::Value;

use crate::{MODELS, errors, folder, outcome, printed, result};

fn document(dir: &Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["coverage"], args, &["--json", "-"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn close(found: &Value, exact: f64) -> bool {
    (found.as_f64().unwrap() - exact).abs() <= 1e-5 * exact.abs()
}

/// 1 t, 3 t and 6 t, without any spread: from 1,000 downloads on 9 of 10, from 10,000 on 6 of 10.
const FIXED: &str = "id,emissions_t,downloads,compute_flop,parameters,date\n\
    a,fixed(1),100,,,\nb,fixed(3),2000,,,\nc,fixed(6),30000,1e22,7e9,2024-01-01\nd,fixed(0),,,,\n";

#[test]
fn parts_of_a_fixed_list_are_what_they_are() {
    let dir = folder(&[("models.csv", FIXED)]);
    let found = document(dir.path(), &["models.csv", "--draws", "200", "--thresholds", "10k,1k", "--top", "2"]);
    assert!(close(&found["emissions_t"]["mean"], 10.0));
    let sweep = &found["thresholds"];
    assert_eq!((&sweep["least"], &sweep["most"]), (&100.0.into(), &30000.0.into()));
    assert_eq!(sweep["without_downloads"], 1);
    for (step, (downloads, models, t)) in sweep["steps"].as_array().unwrap().iter().zip([(1e3, 2, 9.0), (1e4, 1, 6.0)])
    {
        assert_eq!((&step["downloads"], &step["models"]), (&downloads.into(), &models.into()));
        for key in ["mean", "median"] {
            assert!(close(&step["emissions_t"][key], t) && close(&step["independent_t"][key], t), "{step}");
            assert!(close(&step["share"][key], t / 10.0) && !close(&step["share"][key], t / 10.1), "{step}");
        }
    }
    assert_eq!(sweep["steps"].as_array().unwrap().len(), 2);
    let top = &found["top"];
    assert_eq!((&top["models"][0]["id"], &top["models"][1]["id"]), (&"c".into(), &"b".into()));
    assert!(close(&top["share"]["mean"], 0.9) && close(&top["without_t"]["mean"], 1.0));
    let shares: f64 = found["tiers"].as_array().unwrap().iter().map(|t| t["share"]["mean"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-6);
    // What is given as a distribution stands, whatever is chosen otherwise.
    let lines = found["alternatives"].as_array().unwrap();
    assert_eq!(lines[0]["choice"], "as modelled");
    for line in lines.iter().filter(|l| l["choice"] != "scope") {
        assert!(close(&line["ratio"], 1.0), "{line}");
    }
    assert!(found["chosen"].is_null() && found["lists"].is_null());
    // Only c is a base that states its compute.
    assert_eq!(found["predictive"]["groups"][0]["models"], 1);
}

/// x/(1 + x) with x lognormal of median 1 and GSD 2: the ends of the 95 % interval are 1/(1 + 2^±1.959964).
#[test]
fn shares_are_formed_draw_by_draw() {
    let text = "id,emissions_t,downloads\na,\"lognormal(1, 2)\",5000\nb,fixed(1),10\n";
    let dir = folder(&[("models.csv", text)]);
    let found = document(dir.path(), &["models.csv", "--draws", "100000", "--thresholds", "1k", "--top", "1"]);
    let share = &found["thresholds"]["steps"][0]["share"];
    for (end, exact) in [(0, 1.0 / (1.0 + 2f64.powf(1.959964))), (1, 1.0 / (1.0 + 2f64.powf(-1.959964)))] {
        let (value, error) =
            (share["interval"][end].as_f64().unwrap(), share["mcse"]["interval"][end].as_f64().unwrap());
        assert!((value - exact).abs() < 4.0 * error && error < 0.01, "{value} ± {error}, {exact}");
        assert!((value - exact * 1.1).abs() > 4.0 * error);
    }
    assert!(close(&share["median"], 0.5) || (share["median"].as_f64().unwrap() - 0.5).abs() < 0.005);
}

/// The list is drawn in bands; they add up to the total of a plain run, digit by digit.
#[test]
fn bands_add_up_to_the_run() {
    let rows: Vec<String> = (0..20).map(|i| format!("m{i},{}e9,2024-0{},{}", i + 1, i % 9 + 1, 10 * i * i)).collect();
    let text = format!("id,parameters,date,downloads\n{}\n", rows.join("\n"));
    let dir = folder(&[("models.csv", &text)]);
    let found = document(dir.path(), &["models.csv", "--draws", "3000", "--thresholds", "0,100,1k,2k,9k"]);
    let plain = result(dir.path(), &["models.csv", "--draws", "3000"]);
    assert_eq!(found["emissions_t"], plain["total"]["emissions_t"]);
    assert_eq!(found["independent_t"], plain["independent"]["emissions_t"]);
    assert_ne!(found["emissions_t"], found["independent_t"]);
    // As many as ask for it: i with 10 i² ≥ 1,000 are 10 to 19; none has 9,000.
    let models: Vec<&Value> = found["thresholds"]["steps"].as_array().unwrap().iter().map(|s| &s["models"]).collect();
    assert_eq!(models, [20, 16, 10, 5, 0]);
    assert!(close(&found["alternatives"][0]["ratio"], 1.0));
    // More room is more, less room is less.
    let ratio = |name: &str| {
        let lines = found["alternatives"].as_array().unwrap();
        lines.iter().find(|l| l["name"] == name).unwrap_or_else(|| panic!("{name}"))["ratio"].as_f64().unwrap()
    };
    assert!(ratio("halved") < 1.0 && ratio("doubled") > 1.0 && ratio("none") > ratio("doubled"));
    assert!(ratio("with development runs") > 2.0 && ratio("IT energy only") < 1.0);
}

/// Contracts that match all of the electricity of one of two like runs: about half of the total.
#[test]
fn a_market_based_total_is_an_alternative_where_a_row_says_what_it_takes() {
    let rows = |market: &str| format!("id,energy_kwh,region,market_g_per_kwh\na,1e6,USA,\nb,1e6,USA,{market}\n");
    let dir = folder(&[("with.csv", &rows("0")), ("without.csv", &rows(""))]);
    let ratio = |file: &str| {
        let found = document(dir.path(), &[file, "--draws", "3000"]);
        let lines = found["alternatives"].as_array().unwrap().clone();
        lines.iter().find(|l| l["name"] == "market-based").map(|l| l["ratio"].as_f64().unwrap())
    };
    assert!(ratio("with.csv").is_some_and(|r| (r - 0.5).abs() < 0.02), "{:?}", ratio("with.csv"));
    assert_eq!(ratio("without.csv"), None);
}

/// Energy is stated, so that the grid is what the rows of a laboratory have in common.
#[test]
fn sizes_of_shared_effects_move_what_is_common() {
    let rows = "id,organization,date,region,energy_kwh\na,Lab,2024,USA,1e6\nb,Lab,2024,USA,2e6\nc,Lab,2024,USA,1e6\n";
    let study = |priors: &str| format!("models = [\"models.csv\"]\n{priors}");
    let sites = |share: f64| study(&format!("[priors.grid]\norganization_share = {share}\n"));
    let dir = folder(&[
        ("models.csv", rows),
        ("half.toml", &sites(0.175)),
        ("other.toml", &sites(0.35)),
        ("none.toml", &study("default_shared = false\n")),
    ]);
    let found = document(dir.path(), &["models.csv", "--draws", "20000"]);
    let lines = found["sizes"]["lines"].as_array().unwrap();
    let line = |effect: Option<&str>, factor: f64| {
        let found = lines.iter().find(|l| l["effect"].as_str() == effect && l["factor"] == factor);
        found.unwrap_or_else(|| panic!("{effect:?} {factor}"))
    };
    for line in lines {
        for key in ["mean", "sd"] {
            let e = &line["emissions_t"];
            let error = e["mcse"][key].as_f64().unwrap();
            let z = (e[key].as_f64().unwrap() - line[format!("exact_{key}_t")].as_f64().unwrap()) / error;
            assert!(z.abs() < 4.0, "{line}: {z}");
        }
        // What is split keeps its spread, and a country's value is a mean.
        assert!(close(&line["exact_mean_t"], line_mean(lines)), "{line}");
    }
    assert_eq!(line(None, 1.0)["emissions_t"], found["emissions_t"]);
    assert!(close(&line(None, 1.0)["width_ratio"], 1.0));
    let sds: Vec<f64> = [0.0, 0.5, 1.0, 1.5].map(|k| line(None, k)["exact_sd_t"].as_f64().unwrap()).into();
    assert!(sds.is_sorted_by(|a, b| a < b), "{sds:?}");
    // By halves the sites have a quarter of the variance that they share, as in a study that says so.
    let name = "an organisation's sites within their countries";
    assert_eq!(found["sizes"]["effects"][0]["name"], name);
    let half = &line(Some(name), 0.5)["emissions_t"];
    assert_eq!(half, &result(dir.path(), &["half.toml", "--draws", "20000"])["total"]["emissions_t"]);
    assert_ne!(half, &result(dir.path(), &["other.toml", "--draws", "20000"])["total"]["emissions_t"]);
    // Without default effects there is nothing to size.
    assert!(document(dir.path(), &["none.toml", "--draws", "500"])["sizes"].is_null());
    let page = printed(dir.path(), &["coverage", "models.csv", "--draws", "500"]);
    assert!(page.contains("Sizes of the shared effects") && page.contains("all default effects"), "{page}");
}

fn line_mean(lines: &[Value]) -> f64 {
    lines[0]["exact_mean_t"].as_f64().unwrap()
}

const OTHER: &str = "id,emissions_t\nX,fixed(4)\nc,fixed(5)\n";

#[test]
fn a_model_of_both_lists_counts_once() {
    let by_column = "id,emissions_t,epoch_model\na,fixed(1),\nb,fixed(3),X\n";
    let dir = folder(&[
        ("models.csv", by_column),
        ("bare.csv", "id,emissions_t\na,fixed(1)\nb,fixed(3)\n"),
        ("other.csv", OTHER),
        ("join.csv", "id,epoch_model,how\nb,X,by hand\n"),
        ("same.csv", "id,emissions_t\nb,fixed(4)\nc,fixed(5)\n"),
    ]);
    for args in [
        &["models.csv", "--other", "other.csv"][..],
        &["bare.csv", "--other", "other.csv", "--matches", "join.csv"],
        &["bare.csv", "--other", "same.csv"],
    ] {
        let found = &document(dir.path(), &[args, &["--draws", "100"]].concat())["lists"];
        let parts: Vec<(&str, f64)> = found["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["part"].as_str().unwrap(), p["emissions_t"]["mean"].as_f64().unwrap().round()))
            .collect();
        assert_eq!(parts, [("both", 3.0), ("first", 1.0), ("second", 5.0)], "{args:?}");
        assert!(close(&found["union_t"]["mean"], 9.0) && close(&found["both_by_other_t"]["mean"], 4.0));
        assert!(close(&found["parts"][2]["share"]["mean"], 5.0 / 9.0));
        // 3 · 3 / 2 − 1, and the root of 3 · 3 · 1 · 1 / (2² · 3).
        let r = &found["recapture"][0];
        assert!(close(&r["estimate"], 3.5) && close(&r["standard_error"], 0.75f64.sqrt()), "{r}");
    }
    // Negative control: nothing joins them.
    let apart = document(dir.path(), &["bare.csv", "--other", "other.csv", "--draws", "100"]);
    assert!(close(&apart["lists"]["union_t"]["mean"], 13.0));
}

#[test]
fn the_document_follows_its_schema_on_any_number_of_threads() {
    let dir = folder(&[("models.csv", MODELS), ("fixed.csv", FIXED), ("other.csv", OTHER)]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/coverage.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let args = ["fixed.csv", "--other", "other.csv", "--draws", "500"];
    for found in [document(dir.path(), &args), document(dir.path(), &["models.csv", "--draws", "500"])] {
        if let Err(error) = validator.validate(&found) {
            panic!("{error} at {}", error.instance_path());
        }
        // Negative controls: no key can be missing or more.
        for key in found.as_object().unwrap().keys() {
            let mut wrong = found.clone();
            wrong.as_object_mut().unwrap().remove(key);
            assert!(!validator.is_valid(&wrong), "{key}");
        }
        let mut wrong = found.clone();
        wrong["alternatives"][0]["host"] = "here".into();
        assert!(!validator.is_valid(&wrong));
    }
    let text =
        |threads| printed(dir.path(), &[&["coverage"], &args[..], &["--json", "-", "--threads", threads]].concat());
    assert_eq!(text("1"), text("3"));
    let page = printed(dir.path(), &[&["coverage"], &args[..]].concat());
    for part in
        ["Threshold on downloads", "each model once", "lower bound on the count", "Structural choices", "by tier"]
    {
        assert!(page.contains(part), "no {part} in {page}");
    }
    for wrong in ["NaN", "inf ", "\x1b"] {
        assert!(!page.contains(wrong), "{page}");
    }
}

#[test]
fn bad_input_is_told() {
    let dir =
        folder(&[("bare.csv", "id,emissions_t\na,fixed(1)\n"), ("fixed.csv", FIXED), ("join.csv", "id,name\na,b\n")]);
    let cases: [(&[&str], &str); 6] = [
        (&["bare.csv", "--thresholds", "1k"], "column downloads"),
        (&["fixed.csv", "--thresholds", "1k,many"], "number of downloads"),
        (&["fixed.csv", "--matches", "join.csv"], "--other"),
        (&["fixed.csv", "--other", "bare.csv", "--matches", "join.csv"], "epoch_model is missing"),
        (&["fixed.csv", "--other", "absent.csv"], "could not be read"),
        (&["fixed.csv", "--draws", "100", "--json", "fixed.csv"], "would be replaced"),
    ];
    for (args, part) in cases {
        let failed = outcome(dir.path(), &[&["coverage"], args].concat());
        assert_eq!(failed.status.code(), Some(2), "{args:?}");
        assert!(errors(&failed).contains(part), "{args:?}: {}", errors(&failed));
    }
    // Matches: refused with file and line, or warned of and left out.
    let join = |text: &str| {
        let dir = folder(&[("fixed.csv", FIXED), ("bare.csv", "id,emissions_t\na,fixed(1)\n"), ("join.csv", text)]);
        let args = ["coverage", "fixed.csv", "--other", "bare.csv", "--matches", "join.csv", "--draws", "50"];
        let both = outcome(dir.path(), &args);
        (both.status.code(), errors(&both))
    };
    for (text, code, part) in [
        ("id,epoch_model\na,\"A\nb,B\n", 2, "join.csv:2: \"\\\"A\": a quotation mark opens here"),
        ("id,epoch_model\na,A\na,B\n", 2, "join.csv:3: id: \"a\": line 2 matches this id with \"A\""),
        ("id,epoch_model\na,a\na,a\n", 0, "join.csv:3: id: \"a\": the same match as on line 2"),
        ("id,epoch_model\na,a\nz,a\n", 0, "join.csv:3: id: \"z\": no row of either list has this id"),
        ("id,epoch_model\nb,Z\n", 0, "join.csv:2: epoch_model: \"Z\": no other row"),
    ] {
        let (found, told) = join(text);
        assert!(found == Some(code) && told.contains(part), "{text}: {told}");
    }
    // Without downloads there is no sweep, and the rest is told.
    let found = document(dir.path(), &["bare.csv", "--draws", "100"]);
    assert!(found["thresholds"].is_null() && close(&found["emissions_t"]["mean"], 1.0));
}
