//! mergekit's `mergekit_config.yml`: which models were merged, and with which weights.
//!
//! ```text
//! models: [{model: org/a, parameters: {weight: 0.4}}, …]     or slices: [{sources: [{model: org/a, …}]}]
//! merge_method: ties                                          base_model: org/base
//! ```
//!
//! Weights become shares of the families only where every parent has one plain number that is not negative. Weights that
//! differ by layer or by part of the model are dropped, and all parents then count the same. `base_model` is a parent
//! of its own in the methods that add differences to it.

use std::path::Path;

use super::Importer;
use super::amount;
use super::lineage::{self, Parent};
use super::rows::{Imported, Row};
use super::source::Source;
use super::tree::{self, Tree};
use crate::portfolio::formats::Fault;

pub(super) const MERGEKIT: Importer = Importer { kind: "mergekit", title: "mergekit's configuration", recognise, read };

fn recognise(source: &Source<'_>) -> bool {
    let text = tree::head(&source.text);
    let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with(['#', '-'])).unwrap_or_default();
    let is_key = first.split_once(':').is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    let starts = |key: &str| text.lines().any(|line| line.starts_with(key));
    // A card begins with --- and its fields end with --- again.
    let is_card = text.lines().filter(|line| line.trim_end() == "---").count() > 1;
    let listed = ["models:", "slices:", "modules:"].iter().any(|key| starts(key));
    is_key && !is_card && starts("merge_method:") && listed
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let faults = source.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    merge(source).map_err(|fault| vec![fault])
}

fn merge(source: &Source<'_>) -> Result<Imported, Fault> {
    let config = tree::yaml(&source.text, 1)?;
    let mut out = Imported::default();
    let place = if source.path == Path::new("mergekit_config.yml") { None } else { source.id_of_place() };
    let id = place.unwrap_or_else(|| {
        out.assumed(
            1,
            "id",
            "",
            "the file names no model, so its row has the id merge; name the folder after the model",
        );
        "merge".into()
    });
    let mut row = Row::new(1, id);
    if !of_config(&mut row, &config, &mut out) {
        return Err(Fault::new(1, "", "the configuration names no models; they stand in models or in slices"));
    }
    out.rows.push(row);
    Ok(out)
}

/// Writes the parents and weights of a configuration; whether it names any.
pub(super) fn of_config(row: &mut Row, config: &Tree, out: &mut Imported) -> bool {
    let mut found: Vec<(Parent, Weight)> = Vec::new();
    for entry in entries(config) {
        let Some(model) = entry.get("model").and_then(name_of) else {
            out.dropped(entry.line, "model", entry.shown(), "names no model");
            continue;
        };
        let parent = Parent { line: entry.line, id: model, relation: Some("merge") };
        let weight = weight(entry);
        match found.iter_mut().find(|(known, _)| known.id == parent.id) {
            // In several slices: the share is that of its layers, which is not stated here.
            Some((_, known)) => *known = if *known == weight { weight } else { Weight::Several(entry.line) },
            None => found.push((parent, weight)),
        }
    }
    if let Some(base) = config.get("base_model").and_then(|base| Some((base.line, name_of(base)?)))
        && !found.iter().any(|(known, _)| known.id == base.1)
    {
        found.push((Parent { line: base.0, id: base.1, relation: Some("merge") }, Weight::Unstated));
    }
    if found.is_empty() {
        return false;
    }
    row.set("relation", "merge");
    lineage::write(row, found.iter().map(|(parent, _)| parent.clone()).collect(), "models", out);
    weights(row, &found, out);
    true
}

/// Each place that names a model.
fn entries(config: &Tree) -> Vec<&Tree> {
    let mut all: Vec<&Tree> = items(config, "models").iter().chain(sources(config)).collect();
    for (_, module) in config.get("modules").map_or(&[][..], Tree::entries) {
        all.extend(sources(module).chain(items(module, "models")));
    }
    all
}

fn items<'t>(tree: &'t Tree, key: &str) -> &'t [Tree] {
    tree.get(key).map_or(&[], Tree::items)
}

fn sources(tree: &Tree) -> impl Iterator<Item = &Tree> {
    items(tree, "slices").iter().flat_map(|slice| items(slice, "sources"))
}

/// `org/a`, also with an adapter (`org/a+org/lora`) or a map with a path.
fn name_of(model: &Tree) -> Option<String> {
    let text = model.text().or_else(|| model.at(&["model", "path"])?.text()).or_else(|| model.text_of("path"))?;
    let text = text.split('+').next().unwrap_or_default().trim();
    // A revision.
    let text = if lineage::is_local(text) { text } else { text.split('@').next().unwrap_or_default() };
    (!text.is_empty()).then(|| text.to_string())
}

/// The weight of a parent.
#[derive(Debug, Clone, PartialEq)]
enum Weight {
    Unstated,
    One(String),
    /// By layer or by part of the model; no number; below 0.
    Several(u64),
}

fn weight(entry: &Tree) -> Weight {
    let Some(weight) = entry.at(&["parameters", "weight"]) else { return Weight::Unstated };
    match amount::of(weight) {
        Ok(found) => Weight::One(found.text),
        Err(_) => Weight::Several(weight.line),
    }
}

/// Writes the weights if each parent that is kept has one.
fn weights(row: &mut Row, found: &[(Parent, Weight)], out: &mut Imported) {
    let kept: Vec<&Weight> =
        found.iter().filter(|(parent, _)| !lineage::is_local(&parent.id)).map(|(_, w)| w).collect();
    if let Some(line) =
        kept.iter().find_map(|weight| if let Weight::Several(line) = weight { Some(line) } else { None })
    {
        let reason = "weights by layer or by part, or below 0, are no shares; all parents count the same";
        return out.dropped(*line, "weight", "", reason);
    }
    let texts: Vec<&str> = kept
        .iter()
        .filter_map(|weight| if let Weight::One(text) = weight { Some(text.as_str()) } else { None })
        .collect();
    let sum: f64 = texts.iter().filter_map(|text| text.parse::<f64>().ok()).sum();
    if texts.is_empty() {
        return;
    }
    if texts.len() < kept.len() || sum == 0.0 {
        let reason = "not every parent has a weight above 0; all parents count the same";
        return out.dropped(found[0].0.line, "weight", texts.join("; "), reason);
    }
    row.set("merge_weights", texts.join("; "));
}

#[cfg(test)]
mod tests {
    use super::super::source::GroupBy;
    use super::*;

    fn merged(text: &str) -> (String, String, Vec<u64>) {
        let source = Source::new(Path::new("org/m/mergekit_config.yml"), text.as_bytes(), GroupBy::Project);
        assert!(recognise(&source), "{text}");
        let found = read(&source).unwrap();
        let cell = |name| found.rows[0].get(name).unwrap_or_default().to_string();
        assert_eq!((cell("id").as_str(), cell("relation").as_str()), ("org/m", "merge"));
        (cell("base_model"), cell("merge_weights"), found.changes.iter().map(|c| c.line).collect())
    }

    #[test]
    fn models_and_slices_with_their_weights() {
        let text = "models:\n  - model: o/a\n    parameters:\n      weight: 0.4\n  - model: o/b\n    parameters: {weight: 0.6}\nmerge_method: linear\n";
        assert_eq!(merged(text), ("o/a; o/b".into(), "0.4; 0.6".into(), vec![]));
        let text = "slices:\n- sources:\n  - model: o/a\n    layer_range: [0, 16]\n  - model: o/b\nmerge_method: slerp\nbase_model: o/a\n";
        assert_eq!(merged(text), ("o/a; o/b".into(), String::new(), vec![]));
    }

    #[test]
    fn local_parents_and_weights_by_layer_are_dropped() {
        let text = "models:\n- model: /data/x\n- model: o/b+o/lora\n  parameters: {weight: [0, 1]}\nmerge_method: ties\nbase_model: o/c\n";
        assert_eq!(merged(text), ("o/b; o/c".into(), String::new(), vec![2, 4]));
        let text = "models:\n- model: o/a\n  parameters: {weight: 1}\n- model: o/b\nmerge_method: ties\n";
        assert_eq!(merged(text), ("o/a; o/b".into(), String::new(), vec![2]));
    }
}
