//! `haze diff`: known differences, common random numbers, the exit code, its schema.

use super::*;

fn document(dir: &Path, args: &[&str]) -> Value {
    let text = printed(dir, &[&["diff"], args, &["--json", "-"]].concat());
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let schema: Value = serde_json::from_str(include_str!("../../docs/diff.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = schema.validate(&value) {
        panic!("{error} at {}", error.instance_path());
    }
    value
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_run_is_the_same_as_itself() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    let found = document(dir.path(), &["study.toml", "study.toml"]);
    for key in ["emissions_t", "compute_eflop", "energy_kwh"] {
        let of = &found[key];
        for part in ["mean", "sd", "median"] {
            assert_eq!(number(&of["difference"][part]), 0.0, "{key} {part}");
        }
        assert_eq!(of["difference"]["interval"], serde_json::json!([0.0, 0.0]), "{key}");
        assert_eq!((number(&of["ratio"]["median"]), number(&of["second_is_more"]["probability"])), (1.0, 0.0), "{key}");
        // Negative control: two independent runs are not the same.
        assert!(number(&of["independent"]["sd"]) > 0.0, "{key}");
    }
    assert_eq!((&found["models"]["same"], &found["models"]["list"]), (&3.into(), &serde_json::json!([])));
    assert_eq!((&found["settings"], &found["factors"]), (&serde_json::json!([]), &serde_json::json!([])));
}

/// By hand: c emits 3 t more, d is new with 2 t, a is gone with 1 t. 3 + 2 − 1 = 4 t, on 8 t.
#[test]
fn what_moved_is_named_with_its_size() {
    let first = "id,emissions_t\na,fixed(1)\nb,fixed(5)\nc,fixed(2)\n";
    let second = "id,emissions_t\nb,fixed(5)\nc,fixed(5)\nd,fixed(2)\n";
    let dir = folder(&[("first.csv", first), ("second.csv", second)]);
    let found = document(dir.path(), &["first.csv", "second.csv", "--draws", "500"]);
    let difference = &found["emissions_t"]["difference"];
    assert!((number(&difference["mean"]) - 4.0).abs() < 1e-6, "{difference}");
    assert!((number(&found["emissions_t"]["change"]) - 0.5).abs() < 1e-6);
    assert_eq!(number(&found["emissions_t"]["second_is_more"]["probability"]), 1.0);
    let models = &found["models"];
    let counts = ["added", "removed", "changed", "same"].map(|key| models[key].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1, 1]);
    let moves: Vec<(String, String, f64)> = models["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["id"].as_str().unwrap().into(), m["fate"].as_str().unwrap().into(), number(&m["difference_t"])))
        .collect();
    let expected = [("c", "changed", 3.0), ("d", "added", 2.0), ("a", "removed", -1.0)];
    assert_eq!(moves.len(), expected.len());
    for ((id, fate, t), (want, how, size)) in moves.iter().zip(expected) {
        assert!(id == want && fate == how && (t - size).abs() < 1e-6, "{id} {fate} {t}");
    }
    let alone = |name: &str| {
        let factors = found["factors"].as_array().unwrap();
        factors.iter().find(|f| f["name"] == name).map(|f| number(&f["alone_t"]))
    };
    assert!((alone("reporting").unwrap() - 3.0).abs() < 1e-6, "{}", found["factors"]);
    assert!((alone("models").unwrap() - 1.0).abs() < 1e-6, "{}", found["factors"]);
}

/// Two scenarios have their draws in common, so that their difference is known better than that of two runs.
#[test]
fn scenarios_are_compared_in_the_same_draws() {
    let it = format!("{STUDY}[scope]\nboundary = \"it\"\n");
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY), ("it.toml", &it)]);
    let found = document(dir.path(), &["study.toml", "it.toml"]);
    let width = |key: &str| {
        let ends = &found["emissions_t"][key]["interval"];
        number(&ends[1]) - number(&ends[0])
    };
    assert!(width("difference") < 0.5 * width("independent"), "{} {}", width("difference"), width("independent"));
    // Without the overhead there is less in every draw.
    assert_eq!(number(&found["emissions_t"]["second_is_more"]["probability"]), 0.0);
    assert_eq!(found["settings"][0]["name"], "scope.boundary");
}

#[test]
fn a_change_beyond_the_limit_is_an_exit_code() {
    let dir = folder(&[("a.csv", "id,emissions_t\na,fixed(100)\n"), ("b.csv", "id,emissions_t\na,fixed(106)\n")]);
    let code = |args: &[&str]| outcome(dir.path(), &[&["diff"], args, &["--draws", "100"]].concat()).status.code();
    assert_eq!(code(&["a.csv", "b.csv"]), Some(0));
    assert_eq!(code(&["a.csv", "b.csv", "--fail-above", "7%"]), Some(0));
    assert_eq!(code(&["a.csv", "b.csv", "--fail-above", "5%"]), Some(3));
    assert_eq!(code(&["b.csv", "a.csv", "--fail-above", "0.05"]), Some(3));
    assert_eq!(code(&["a.csv", "b.csv", "--fail-above", "5"]), Some(2));
    assert_eq!(code(&["a.csv", "none.csv"]), Some(2));
}

/// A folder of results is compared with what it was made from: nothing moved.
#[test]
fn results_are_what_they_were_made_from() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    printed(dir.path(), &["run", "study.toml", "--out", "results"]);
    let found = document(dir.path(), &["results", "study.toml"]);
    assert_eq!(found["models"]["same"], 3);
    assert_eq!((&found["draws"], &found["seed"], &found["interval"]), (&2000.into(), &5.into(), &0.9.into()));
    let kept = result(dir.path(), &["study.toml"]);
    assert_eq!(found["plan_hashes"][0], kept["plan_hash"]);
}
