//! `haze report`: the page and the data in it. What a browser makes of it is tested in `tests/browser`.

use std::fs;

use super::*;

/// The data of a page.
fn data(html: &str) -> Value {
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let value = serde_json::from_str(json).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../src/report/html/data.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = schema.validate(&value) {
        panic!("{error} at {}", error.instance_path());
    }
    value
}

fn page(dir: &Path, args: &[&str]) -> String {
    printed(dir, &[&["report"], args, &["-o", "page.html"]].concat());
    fs::read_to_string(dir.join("page.html")).unwrap()
}

#[test]
fn the_page_has_the_numbers_of_the_run() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    let html = page(dir.path(), &["study.toml"]);
    let shown = data(&html);
    let run = result(dir.path(), &["study.toml"]);
    let of = &shown["results"][0];
    for key in ["total", "independent", "sensitivity", "plan_hash", "seed", "draws"] {
        assert_eq!(of["result"][key], run[key], "{key}");
    }
    // The quantiles are order statistics of the draws that the run's are of.
    let (levels, values) =
        (of["quantiles"]["levels"].as_array().unwrap(), of["quantiles"]["emissions_t"].as_array().unwrap());
    let at = |p: f64| values[levels.iter().position(|l| l.as_f64() == Some(p)).unwrap()].as_f64().unwrap();
    let close = |a: f64, b: &Value| (a / b.as_f64().unwrap() - 1.0).abs() < 1e-5;
    assert!(close(at(0.5), &run["total"]["emissions_t"]["median"]));
    assert!(!close(at(0.505), &run["total"]["emissions_t"]["median"]), "negative control");
    // Interval of 90 %: this study's.
    assert!(close(at(0.95), &run["total"]["emissions_t"]["interval"][1]));
    let back_test = of["validation"]["quantities"].as_array().unwrap();
    assert_eq!(
        back_test.iter().map(|q| q["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["hours", "energy", "emissions"]
    );
    // Names of XML, which are no addresses, and the policy of the page.
    let rest = html.replace("http://www.w3.org/", "");
    assert!(!rest.contains("http://") && !rest.contains("src=\"http"), "the page asks for something");
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn a_page_is_made_from_results_alone_and_is_the_same_bytes() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    printed(dir.path(), &["run", "study.toml", "--out", "results", "--report", "site/"]);
    let from_run = fs::read_to_string(dir.path().join("site/index.html")).unwrap();
    fs::remove_file(dir.path().join("models.csv")).unwrap();
    fs::remove_file(dir.path().join("study.toml")).unwrap();
    let one = page(dir.path(), &["results", "--threads", "1"]);
    assert_eq!(
        one,
        page(dir.path(), &["results/run.haze", "--chunk", "100"])
            .replace(">run.haze<", ">results<")
            .replace("run.haze", "results")
    );
    // From the run itself: the same but for the name.
    assert_eq!(data(&one)["results"][0]["result"], data(&from_run)["results"][0]["result"]);
}

#[test]
fn results_are_compared_in_the_same_draws() {
    let it = format!("{STUDY}[scope]\nboundary = \"it\"\n");
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY), ("it.toml", &it)]);
    let shown = data(&page(dir.path(), &["study.toml", "it.toml", "--no-validation"]));
    let compared = &shown["comparisons"][0];
    assert_eq!((&compared["a"], &compared["b"], &compared["shared_draws"]), (&1.into(), &0.into(), &true.into()));
    let mean = |k: usize| shown["results"][k]["result"]["total"]["emissions_t"]["mean"].as_f64().unwrap();
    let difference = compared["difference_t"]["mean"].as_f64().unwrap();
    assert!((difference / (mean(1) - mean(0)) - 1.0).abs() < 1e-9, "{difference}");
    assert_eq!(compared["probability_a_greater"], 0.0);
    // A folder of results folders is all of them, by name.
    printed(dir.path(), &["run", "study.toml", "--out", "all/b"]);
    printed(dir.path(), &["run", "it.toml", "--out", "all/a"]);
    printed(dir.path(), &["report", "all", "-o", "site/", "--no-validation"]);
    let both = data(&fs::read_to_string(dir.path().join("site/index.html")).unwrap());
    let names: Vec<&Value> = both["results"].as_array().unwrap().iter().map(|r| &r["name"]).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn text_from_input_is_text() {
    let long = "x".repeat(10_000);
    let evil = "</script><script>alert(1)</script>";
    let rows = format!(
        "id,parameters,organization,region\n\"{evil}\",7e9,\"<img src=x onerror=alert(1)>\",France\n=cmd(),7e9,{long},\u{202e}abc\n\\input{{/etc/passwd}},7e9,a\u{2028}b,\n"
    );
    let dir = folder(&[("models.csv", &rows)]);
    let html = page(dir.path(), &["models.csv", "--draws", "500", "--no-validation"]);
    assert!(!html.contains("<script>alert") && !html.contains("<img"), "markup from input");
    assert_eq!(html.matches("</script>").count(), 2);
    let shown = data(&html);
    let ids = shown["results"][0]["models"]["id"].as_array().unwrap();
    assert!(ids.contains(&evil.into()) && ids.contains(&"=cmd()".into()));
}

/// A page, a folder and a document each have a place of their own, whichever others there are.
#[test]
fn outputs_of_one_run_are_apart() {
    let dir = folder(&[("models.csv", MODELS)]);
    let run = |more: &[&str]| outcome(dir.path(), &[&["run", "models.csv", "--draws", "200"], more].concat());
    for more in [
        &["--out", "both/", "--report", "both/"][..],
        &["--out", "results", "--report", "page.html", "--json", "page.html"],
        &["--report", "page.html", "--json", "page.html"],
    ] {
        let output = run(more);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", errors(&output));
        assert_eq!(names(dir.path()), ["models.csv"], "{more:?}");
    }
    let output = run(&["--out", "both", "--report", "both/page.html", "--json", "result.json", "--quiet"]);
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{}", errors(&output));
}

#[test]
fn nothing_is_written_where_something_is_wrong() {
    let dir = folder(&[("models.csv", MODELS), ("bad.csv", "id,parameters\na,many\n")]);
    for args in [
        &["bad.csv", "-o", "page.html"][..],
        &["models.csv", "-o", "models.csv/x.html"],
        &["models.csv", "-o", "none/page.html"],
    ] {
        let output = outcome(dir.path(), &[&["report"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", errors(&output));
    }
    fs::write(dir.path().join("broken.haze"), b"\x8cHAZER\r\n and then nothing").unwrap();
    let output = outcome(dir.path(), &["report", "broken.haze"]);
    assert!(output.status.code() == Some(2) && errors(&output).contains("cut short or damaged"), "{}", errors(&output));
    assert_eq!(names(dir.path()), ["bad.csv", "broken.haze", "models.csv"]);
}

/// Five thousand models fit on a page of 2 MB.
#[test]
fn a_page_of_five_thousand_models_can_be_sent() {
    let mut rows = String::from("id,parameters,tokens,organization,date,hardware,region\n");
    for k in 0..5000 {
        let (org, year, month) = (k % 97, 2019 + k % 7, 1 + k % 12);
        let chip = ["NVIDIA A100", "NVIDIA H100", "TPU v4"][k % 3];
        let place = ["France", "USA", "China", "Germany"][k % 4];
        rows += &format!(
            "organisation-{org}/model-number-{k}-instruct,{}e8,1e11,Organisation {org},{year}-{month:02},{chip},{place}\n",
            1 + k % 700
        );
    }
    let dir = folder(&[("models.csv", &rows)]);
    let html = page(dir.path(), &["models.csv", "--draws", "200", "--no-validation"]);
    let shown = &data(&html)["results"][0]["models"];
    assert_eq!((&shown["total"], &shown["shown"]), (&5000.into(), &5000.into()));
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
}
