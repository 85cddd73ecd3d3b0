//! The JSON result: a public interface, described by `docs/result.schema.json`.
//!
//! Two runs of the same plan and seed give the same bytes except for the top-level keys `backend` and `timings`, the
//! only ones that may depend on the machine: no path, clock, host or thread count appears anywhere else. Keys come in a fixed
//! order; models are sorted by id and groups by (by, value); what is undefined is null. One model, group or total
//! stands on one line, so that results can be compared line by line.
mod diagnostics;
mod models;
mod sensitivity;
mod totals;

use std::io::{self, Write};

use serde::Serialize;

use self::diagnostics::Diagnostics;
pub use self::models::Listed;
use self::models::Models;
pub(super) use self::models::{kind_name, origins};
use self::sensitivity::Sensitivity;
use self::totals::{Concentration, Group, Independent, Total};
use super::document;
use super::scope::ScopeText;
use crate::assess::Assessment;
use crate::posterior::{Posterior, Precision};
use crate::run::{Device, RunInfo, Timings};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
/// Writes the result as UTF-8 JSON with a line end at the end.
pub fn write(
    out: &mut dyn Write,
    posterior: &Posterior,
    assessment: &Assessment,
    run: &RunInfo,
    listed: Listed,
) -> io::Result<()> {
    document::write(out, &document(posterior, assessment, run, listed))
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    seed: u64,
    draws: u64,
    precision: Precision,
    interval: f64,
    scope: ScopeText,
    plan_hash: &'a str,
    backend: &'a Device,
    timings: &'a Timings,
    total: Total<'a>,
    independent: Independent<'a>,
    concentration: Concentration<'a>,
    sensitivity: Sensitivity<'a>,
    groups: Vec<Group<'a>>,
    diagnostics: Diagnostics<'a>,
    models: Models<'a>,
}

fn document<'a>(
    posterior: &'a Posterior,
    assessment: &'a Assessment,
    run: &'a RunInfo,
    listed: Listed,
) -> Document<'a> {
    Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        seed: posterior.seed,
        draws: posterior.draws,
        precision: posterior.precision,
        interval: posterior.level,
        scope: ScopeText::new(assessment.scope),
        plan_hash: &run.plan_hash,
        backend: &run.backend,
        timings: &run.timings,
        total: Total::new(&posterior.total, &posterior.further),
        independent: Independent { emissions_t: &posterior.total.independent_t },
        concentration: Concentration::new(posterior),
        sensitivity: Sensitivity::new(posterior),
        groups: posterior.groups.iter().map(Group::new).collect(),
        diagnostics: Diagnostics::new(posterior, assessment),
        models: Models { posterior, assessment, listed },
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, example};
    use serde_json::Value;

    fn run_info() -> RunInfo {
        RunInfo {
            plan_hash: "0123456789abcdef".repeat(4),
            backend: Device { name: "cpu".into(), adapter: Some("avx2".into()), threads: Some(2) },
            timings: Timings(vec![("draw".into(), 1.25)]),
        }
    }

    fn result(p: &Posterior, a: &Assessment) -> (String, Value) {
        let mut text = Vec::new();
        write(&mut text, p, a, &run_info(), Listed::Usual).unwrap();
        let text = String::from_utf8(text).unwrap();
        let value = serde_json::from_str(&text).unwrap();
        (text, value)
    }

    fn example_result() -> (String, Value) {
        let (assessment, plan, summary, oracle) = example::lognormal(5, 640);
        result(&posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host), &assessment)
    }

    fn schema() -> jsonschema::Validator {
        let schema: Value = serde_json::from_str(include_str!("../../../docs/result.schema.json")).unwrap();
        jsonschema::meta::validate(&schema).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn the_largest_models_are_listed_by_id() {
        let (assessment, plan, summary, oracle) = example::lognormal(6, 640);
        let mut p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        for (model, mean) in p.models.iter_mut().zip([3.0, 9.0, 1.0, 9.0, 8.0, 2.0]) {
            model.emissions_t.mean = Some(mean);
        }
        let listed = |listed: Listed| -> Vec<usize> {
            let mut text = Vec::new();
            write(&mut text, &p, &assessment, &run_info(), listed).unwrap();
            let value: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value["total"]["models"], 6);
            let ids = value["models"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_string());
            ids.map(|id| p.models.iter().position(|m| m.id == id).unwrap()).collect()
        };
        assert_eq!(listed(Listed::Largest(3)), [1, 3, 4]);
        assert_eq!(listed(Listed::Largest(1)), [1]);
        assert_eq!(listed(Listed::Largest(0)), [0; 0]);
        assert_eq!(listed(Listed::All), listed(Listed::Usual));
        assert_eq!(listed(Listed::Largest(9)), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn results_follow_the_schema() {
        let (text, value) = example_result();
        if let Err(error) = schema().validate(&value) {
            panic!("{error} at {}\n{text}", error.instance_path());
        }
        // Undefined numbers are null, and valid.
        let (assessment, plan, mut summary, mut oracle) = example::lognormal(3, 8);
        for total in &mut summary.totals {
            total.fill(0);
        }
        (oracle.sd_t, oracle.kurtosis, oracle.independent_sd_t) = (None, None, None);
        oracle.reason = Some("infinite variance".into());
        oracle.groups.clear();
        let p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let (_, value) = result(&p, &assessment);
        assert_eq!(value["total"]["atci_kg_per_eflop"]["mean"], Value::Null);
        assert_eq!(value["diagnostics"]["draws_without_compute"], 8);
        if let Err(error) = schema().validate(&value) {
            panic!("{error} at {}", error.instance_path());
        }
    }

    #[test]
    fn the_schema_refuses_what_is_wrong() {
        let (_, value) = example_result();
        type Change = fn(&mut Value);
        let changes: [Change; 9] = [
            |v| v["unknown"] = 1.into(),
            |v| v["total"]["emissions_t"]["interval"] = serde_json::json!([1.0]),
            |v| v["total"]["emissions_t"]["mean"] = "12".into(),
            |v| v["models"][0]["tier"] = "7".into(),
            |v| v["models"][0]["provenance"]["compute"]["kind"] = "invented".into(),
            |v| v["seed"] = (-1).into(),
            |v| v["plan_hash"] = "0123".into(),
            |v| v["interval"] = 95.into(),
            |v| {
                v["independent"].as_object_mut().unwrap().remove("emissions_t");
            },
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut wrong = value.clone();
            change(&mut wrong);
            assert!(!schema().is_valid(&wrong), "change {i}");
        }
        // Machines may be described freely.
        let mut other = value;
        other["backend"]["driver"] = "x".into();
        other["timings"]["gpu"] = 0.5.into();
        assert!(schema().is_valid(&other));
    }

    #[test]
    fn the_keys_that_hold_across_versions() {
        let (text, v) = example_result();
        for key in ["schema_version", "version", "seed", "draws", "interval", "scope", "plan_hash"] {
            assert!(!v[key].is_null(), "{key}");
        }
        assert!(v["backend"]["name"].is_string() && v["backend"].get("adapter").is_some());
        for output in ["emissions_t", "compute_eflop", "it_energy_kwh", "energy_kwh", "atci_kg_per_eflop"] {
            for key in ["mean", "sd", "median"] {
                assert!(v["total"][output][key].is_f64() && v["total"][output]["mcse"][key].is_f64(), "{output} {key}");
            }
            for key in ["interval", "shortest"] {
                assert_eq!(v["total"][output][key].as_array().unwrap().len(), 2, "{output} {key}");
            }
        }
        assert!(v["independent"]["emissions_t"]["mean"].is_f64());
        let ids: Vec<&str> = v["models"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted() && ids.len() == 5);
        assert_eq!(v["models"][0]["provenance"]["compute"]["distribution"], "lognormal(100000, 1.95)");
        assert_eq!(v["models"][0]["provenance"]["hardware"]["distribution"], Value::Null);
        assert!(v["groups"].as_array().unwrap().iter().map(|g| (g["by"].as_str(), g["value"].as_str())).is_sorted());
        let grid = &v["sensitivity"]["groups"][3];
        assert_eq!((&grid["name"], &grid["total"]["lo"]), (&"grid".into(), &grid["total"]["value"]));
        // One model on one line.
        assert!(text.lines().any(|l| l.starts_with("    {\"id\": \"ai2/model-0000\"") && l.ends_with("}},")), "{text}");
    }

    #[test]
    fn a_model_does_not_know_the_others() {
        let (assessment, plan, summary, oracle) = example::lognormal(5, 640);
        let all = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let (mut fewer, mut fewer_plan, mut fewer_draws) = (assessment.clone(), plan.clone(), summary.clone());
        fewer.models.remove(1);
        fewer_plan.models.remove(1);
        fewer_draws.models.remove(1);
        let some = posterior::posterior(&fewer, &fewer_plan, &fewer_draws, &oracle, &example::OPTIONS, &Host);
        let line = |text: String, id: &str| {
            let start = format!("    {{\"id\": \"{id}\"");
            text.lines().find(|l| l.starts_with(&start)).unwrap().trim_end_matches(',').to_string()
        };
        let (a, b) = (result(&all, &assessment).0, result(&some, &fewer).0);
        assert_ne!(a.lines().count(), b.lines().count());
        for model in &fewer.models {
            assert_eq!(line(a.clone(), &model.id), line(b.clone(), &model.id));
        }
        assert_ne!(line(a, &fewer.models[0].id), line(b, &fewer.models[1].id));
    }

    #[test]
    fn a_line_for_a_number_that_differs() {
        let (assessment, plan, summary, oracle) = example::lognormal(5, 640);
        let p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        let mut q = p.clone();
        assert_eq!(result(&p, &assessment).0, result(&q, &assessment).0);
        q.models[2].emissions_t.sd = Some(0.1 + 0.2);
        let (a, b) = (result(&p, &assessment).0, result(&q, &assessment).0);
        let differing: Vec<_> = a.lines().zip(b.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(differing.len(), 1);
        assert!(differing[0].1.contains("0.30000000000000004"));
    }
}
