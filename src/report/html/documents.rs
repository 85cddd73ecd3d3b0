//! What the page takes from the JSON documents of other commands: the same keys, with long lists cut and fewer digits.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::exact::decomposition::Decomposition;
use crate::exact::disclosure::Disclosure;
use crate::exact::shares::EffectShare;
use crate::report::numbers::significant;

const EFFECTS: usize = 15;
const DISCLOSURES: usize = 20;
const FAMILIES: usize = 60;

/// A document as a value.
pub fn value(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Value {
    let mut bytes = Vec::new();
    // Documents are written into memory, and are JSON.
    if write(&mut bytes).is_err() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

/// A result without what the page has in columns.
pub fn result(mut document: Value) -> Value {
    if let Some(keys) = document.as_object_mut() {
        for key in ["models", "groups", "timings"] {
            keys.remove(key);
        }
        // What drew it changes no number: pages of one result are the same everywhere.
        keys.insert("backend".into(), json!({ "name": "any", "adapter": null, "threads": null }));
    }
    document
}

/// Some keys of an object.
fn only(value: &Value, keys: &[&str]) -> Value {
    let of = |key: &&str| (key.to_string(), value[*key].clone());
    Value::Object(keys.iter().map(of).collect::<Map<_, _>>())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What `haze sensitivity` finds, by the keys of its document.
pub fn sensitivity(found: &Decomposition) -> Value {
    let (shares, disclosures) = (&found.shares, &found.disclosures);
    let keys = ["factor", "name", "value", "models", "first_order", "total"];
    let effect = |e: &EffectShare| rounded(only(&json!(e), &keys), 6);
    let keys = ["id", "tier", "quantity", "share", "sd_before_t", "sd_after_t"];
    let disclosure = |d: &Disclosure| rounded(only(&json!(d), &keys), 6);
    json!({
        "shared": shares.shared_own.shared,
        "own": shares.shared_own.own,
        "interactions": { "factors": shares.factor_interactions, "shared_own": shares.shared_own.interactions },
        "effects": shares.effects.iter().take(EFFECTS).map(effect).collect::<Vec<_>>(),
        "effects_total": shares.effects.len(),
        "disclosures": disclosures.iter().take(DISCLOSURES).map(disclosure).collect::<Vec<_>>(),
        "disclosures_total": disclosures.len(),
    })
}

/// Mean and ends of an estimate.
fn triple(estimate: &Value) -> Value {
    if estimate.is_null() {
        return Value::Null;
    }
    let of = |x: &Value| significant(x.as_f64(), 4);
    json!([of(&estimate["mean"]), of(&estimate["interval"][0]), of(&estimate["interval"][1])])
}

/// The document of `haze lineage`.
pub fn lineage(document: &Value) -> Value {
    let sum = |sum: &Value| match sum {
        Value::Null => Value::Null,
        sum => json!({ "members": sum["members"], "estimate": triple(&sum["emissions_t"]) }),
    };
    let branch = |b: &Value| {
        json!({
            "id": b["id"], "depth": b["depth"], "relation": b["relation"], "in_file": b["in_file"],
            "reported": b["reported"], "own": triple(&b["own_t"]), "cumulative": triple(&b["cumulative_t"]),
            "below": b["below"], "hidden": b["hidden"], "again": b["again"],
        })
    };
    let family = |f: &Value| {
        json!({
            "root": f["root"], "in_file": f["in_file"], "members": f["members"], "reported": f["reported"],
            "imputed_share": significant(f["imputed_share"].as_f64(), 4),
            "whole": triple(&f["emissions_t"]), "base": triple(&f["own_t"]),
            "derivatives": triple(&f["descendants_t"]), "derivatives_share": triple(&f["descendants_share"]),
            "tree": list(&f["tree"]).iter().map(branch).collect::<Vec<_>>(),
        })
    };
    let graph = &document["graph"];
    let families: Vec<Value> = list(&document["families"]).iter().take(FAMILIES).map(family).collect();
    json!({
        "families_total": list(&document["families"]).len(),
        "draws": document["draws"],
        "derivatives": graph["derivatives"],
        "absent": graph["absent_count"],
        "union": sum(&document["union"]),
        "alone": sum(&document["alone"]),
        "families": families,
    })
}

/// The document of `haze validate`.
pub fn validation(document: &Value) -> Value {
    let quantity = |q: &Value| {
        let keys = [
            "name",
            "n",
            "n_circular",
            "families",
            "mdape",
            "bias_ln",
            "crps",
            "coverage",
            "coverage_wilson",
            "coverage_pass",
            "pit",
            "baselines",
        ];
        rounded(only(q, &keys), 6)
    };
    let sum = |m: &Value| {
        let mut sum = only(&m["folds"], &["mean_eflop", "interval_95", "ratio", "inside"]);
        for key in ["name", "models", "true_eflop"] {
            sum[key] = m[key].clone();
        }
        sum["pit"] = match &m["pit"] {
            Value::Null => Value::Null,
            pit => only(pit, &["n", "counts", "band_95", "outside"]),
        };
        rounded(sum, 6)
    };
    json!({
        "command": "haze validate fixtures/reported_training_emissions.csv",
        "pass": document["pass"], "runs_scored": document["runs_scored"],
        "draws": document["draws"], "seed": document["seed"],
        "quantities": list(&document["quantities"]).iter().map(quantity).collect::<Vec<_>>(),
        "masked_sums": list(&document["masked_sums"]).iter().map(sum).collect::<Vec<_>>(),
    })
}

/// All its fractions in so many digits.
fn rounded(value: Value, n: usize) -> Value {
    match value {
        Value::Number(x) if x.is_f64() => json!(significant(x.as_f64(), n)),
        Value::Array(list) => list.into_iter().map(|value| rounded(value, n)).collect(),
        Value::Object(keys) => keys.into_iter().map(|(key, value)| (key, rounded(value, n))).collect(),
        other => other,
    }
}
