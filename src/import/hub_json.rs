//! The Hub's own listings: the JSON of one model, of a list of them, or one on each line.
//!
//! `id` (or `modelId`), `author`, `pipeline_tag`, `downloads`, `createdAt`, `safetensors`, the tags of base models, and
//! `cardData`, which is a card's front matter. The tag `region:us` is where the Hub stores the files, not where a model
//! was trained. The number of weights is dropped where several of them are packed in one element.

use super::hf_card;
use super::lineage::{self, Parent};
use super::rows::{Imported, Row};
use super::source::Source;
use super::tally::Tally;
use super::tree::{self, Json, Node, Tree};
use super::{Importer, amount};
use crate::portfolio::columns;
use crate::portfolio::formats::{Fault, json_lines};

pub(super) const HUB: Importer = Importer { kind: "hub", title: "a listing of the Hugging Face Hub", recognise, read };

fn recognise(source: &Source<'_>) -> bool {
    const OTHERS: [&str; 9] = [
        "tags",
        "pipeline_tag",
        "cardData",
        "siblings",
        "downloads",
        "createdAt",
        "safetensors",
        "lastModified",
        "library_name",
    ];
    // Of a models file as well: in one on lines they say nothing.
    const SHARED: [&str; 4] = ["id", "downloads", "pipeline_tag", "createdAt"];
    let keys = tree::first_keys(&source.text);
    let has = |key: &str| keys.iter().any(|known| known == key);
    let by_lines = !source.text.trim_start().starts_with('[') && json_lines::recognise(source.text.as_bytes());
    if by_lines && keys.iter().any(|key| columns::is_read(key) && !SHARED.contains(&key.as_str())) {
        return false;
    }
    let marks = |key: &&&str| !(by_lines && SHARED.contains(key));
    has("modelId") || (has("id") && OTHERS.iter().filter(marks).any(|key| has(key)))
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let faults = source.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let text = source.text.trim();
    let mut json = Json::new(&source.text);
    let parts = if text.starts_with('[') {
        json.elements(text).map_err(|fault| vec![fault])?
    } else if is_by_lines(text) {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    } else {
        vec![text]
    };
    let (mut all, mut tally, mut faults) = (Imported::default(), Tally::default(), Vec::new());
    for part in parts {
        match json.tree(part) {
            Ok(model) => {
                let mut found = Imported::default();
                of_model(&model, &mut found);
                tally.take(found, &mut all);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if all.rows.is_empty() && faults.is_empty() {
        faults.push(Fault::new(1, "", "the listing names no model"));
    }
    tally.end(&mut all);
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

/// Several objects, each on a line of its own.
fn is_by_lines(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let whole = |line: &str| line.starts_with('{') && line.ends_with('}');
    lines.next().is_some_and(whole) && lines.next().is_some_and(|line| line.starts_with('{'))
}

fn of_model(model: &Tree, out: &mut Imported) {
    let Some(id) = model.text_of("id").or_else(|| model.text_of("modelId")) else {
        return out.dropped(model.line, "id", model.shown(), "names no model");
    };
    let mut row = Row::new(model.line, id);
    for (key, column) in [("author", "organization"), ("pipeline_tag", "task")] {
        row.set(column, model.text_of(key).unwrap_or_default());
    }
    if let Some(date) = model.text_of("createdAt") {
        row.set("date", date.get(..10).unwrap_or(date));
    }
    if let Some(downloads) = model.get("downloads") {
        amount::write(&mut row, "downloads", downloads, "downloads", out);
    }
    parameters(&mut row, model, out);
    let nothing = Tree { line: model.line, node: Node::Null };
    let card = model.get("cardData").unwrap_or(&nothing);
    // The Hub settles the relation; the card comes in where it does not.
    let mut parents = of_the_hub(model);
    if parents.is_empty() {
        parents = hf_card::bases(card, out);
    }
    hf_card::fields(&mut row, card, &mut parents, out);
    lineage::write(&mut row, parents, "base_model", out);
    out.rows.push(row);
}

/// Parents in `baseModels` and in tags.
fn of_the_hub(model: &Tree) -> Vec<Parent> {
    let mut found = Vec::new();
    if let Some(bases) = model.get("baseModels") {
        let relation = bases.text_of("relation").and_then(lineage::relation);
        let models = bases.get("models").unwrap_or(bases).items();
        let id = |item: &Tree| item.text().or_else(|| item.text_of("id")).map(str::to_string);
        found.extend(models.iter().filter_map(|item| Some(Parent { line: item.line, id: id(item)?, relation })));
    }
    found.extend(lineage::of_tags(model));
    found
}

/// The number of weights, where an element of a tensor is one.
fn parameters(row: &mut Row, model: &Tree, out: &mut Imported) {
    const PACKED: [&str; 7] = ["I8", "U8", "I16", "U16", "I32", "U32", "I64"];
    /// Up to this share, whole numbers are counters and tables in an ordinary model.
    const COUNTERS: f64 = 0.01;
    let Some(weights) = model.get("safetensors") else { return };
    let by_type = weights.get("parameters").map_or(&[][..], Tree::entries);
    let value = |tree: &Tree| amount::of(tree).map_or(0.0, |found| found.value);
    let sum: f64 = by_type.iter().map(|(_, n)| value(n)).sum();
    let packed: f64 = by_type.iter().filter(|(name, _)| PACKED.contains(&name.as_str())).map(|(_, n)| value(n)).sum();
    if packed > COUNTERS * sum {
        let reason =
            "weights of few bits lie several in one element, so the number of elements is not that of parameters";
        return out.dropped(weights.line, "safetensors", weights.shown(), reason);
    }
    match weights.get("total") {
        Some(total) => amount::write(row, "parameters", total, "safetensors.total", out),
        None if sum > 0.0 => row.set("parameters", sum.to_string()),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::source::GroupBy;
    use super::*;

    fn rows(text: &str) -> Imported {
        let source = Source::new(Path::new("models.json"), text.as_bytes(), GroupBy::Project);
        assert!(recognise(&source), "{text}");
        read(&source).unwrap()
    }

    #[test]
    fn a_model_a_list_and_lines() {
        let one = r#"{"id": "o/m", "author": "o", "downloads": 5, "createdAt": "2024-05-17T01:02:03.000Z",
            "pipeline_tag": "text-generation", "tags": ["region:us", "base_model:o/a", "base_model:finetune:o/a"],
            "safetensors": {"parameters": {"BF16": 990, "I64": 2}, "total": 992},
            "cardData": {"co2_eq_emissions": 12, "base_model": ["o/a"]}}"#;
        let found = rows(one);
        let row = &found.rows[0];
        let cells =
            ["organization", "downloads", "date", "task", "base_model", "relation", "parameters", "emissions_g"];
        let cells = cells.map(|name| row.get(name).unwrap_or_default());
        assert_eq!(cells, ["o", "5", "2024-05-17", "text-generation", "o/a", "finetune", "992", "12"]);
        assert_eq!((row.get("region"), found.changes.len()), (None, 0));
        assert_eq!(rows(&format!("[{one},\n{{\"id\": \"x\"}}]")).rows.len(), 2);
        let lines = "{\"id\": \"a\", \"tags\": []}\n\n{\"id\": \"b\"}\n";
        let lines: Vec<u64> = rows(lines).rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_models_file_in_json_lines_is_no_listing() {
        for text in [
            "{\"id\": \"a\", \"downloads\": 5}\n{\"id\": \"b\", \"compute_flop\": 1e20}\n",
            "{\"id\": \"a\", \"tags\": \"x\", \"gpu hours\": 5}",
            "{\"modelId\": \"a\", \"params_b\": 7}\n{\"modelId\": \"b\"}\n",
        ] {
            assert!(!recognise(&Source::new(Path::new("models.jsonl"), text.as_bytes(), GroupBy::Project)), "{text}");
        }
    }

    #[test]
    fn packed_weights_are_no_parameters() {
        let found = rows(r#"{"id": "o/q", "safetensors": {"parameters": {"I32": 50, "F16": 10}, "total": 60}}"#);
        assert_eq!((found.rows[0].get("parameters"), found.changes.len()), (None, 1));
        let found = rows(r#"{"id": "o/q", "safetensors": {"parameters": {"F16": 10, "BF16": 5}}}"#);
        assert_eq!(found.rows[0].get("parameters"), Some("15"));
    }
}
