//! The parents of a model, as cells `base_model`, `relation` and `merge_weights`.

use super::rows::{Imported, Row};
use super::tree::Tree;
use crate::portfolio::Relation;
use crate::portfolio::words::{RELATIONS, of_the_hub};

/// A parent as a foreign file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) line: u64,
    pub(super) id: String,
    /// A word of the column `relation`.
    pub(super) relation: Option<&'static str>,
}

/// The word of the column `relation` for a word of a foreign file.
pub(super) fn relation(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase().replace(['-', '_', ' '], "");
    let word = match word.as_str() {
        "finetuned" | "finetuning" => "finetune",
        "quantised" | "quantization" => "quantized",
        "merged" => "merge",
        "distilled" | "distillation" => "distill",
        word => word,
    };
    RELATIONS.iter().map(|(name, _)| *name).find(|name| *name == word)
}

/// The relation that a value names; one that is not known is dropped.
pub(super) fn relation_of(value: Option<&Tree>, field: &str, out: &mut Imported) -> Option<&'static str> {
    let value = value?;
    let found = value.text().and_then(relation);
    if found.is_none() {
        let known: Vec<&str> = RELATIONS.iter().map(|(name, _)| *name).collect();
        out.dropped(value.line, field, value.shown(), format!("no relation that is known ({})", known.join(", ")));
    }
    found
}

/// The parents in the tags `base_model:<relation>:<id>` of the Hub.
pub(super) fn of_tags(model: &Tree) -> Vec<Parent> {
    let parent = |tag: &Tree| {
        let (id, relation) = of_the_hub(tag.text().filter(|text| text.starts_with("base_model:"))?);
        Some(Parent { line: tag.line, id: id.to_string(), relation: relation.map(Relation::name) })
    };
    model.get("tags").map_or(&[][..], Tree::items).iter().filter_map(parent).collect()
}

/// Writes the parents: each once, none that cannot be one.
pub(super) fn write(row: &mut Row, parents: Vec<Parent>, field: &str, out: &mut Imported) {
    let mut kept: Vec<Parent> = Vec::new();
    let own = row.get("id").unwrap_or_default().to_string();
    for mut parent in parents {
        parent.id = parent.id.trim().trim_end_matches('/').to_string();
        let place = (parent.line, field, parent.id.clone());
        let why = if parent.id.is_empty() {
            continue;
        } else if parent.id.eq_ignore_ascii_case("scratch") {
            "scratch stands for no parent: the model was trained from the beginning"
        } else if is_local(&parent.id) {
            "a local path, which cannot be resolved"
        } else if parent.id.contains([';', '\n', '\r']) {
            "no id of a model"
        } else if parent.id == own {
            "a model is not made from itself"
        } else {
            match kept.iter_mut().find(|known| known.id == parent.id) {
                Some(known) => known.relation = known.relation.or(parent.relation),
                None => kept.push(parent),
            }
            continue;
        };
        out.dropped(place.0, place.1, place.2, why);
    }
    let first = kept.first().and_then(|parent| parent.relation);
    if kept.iter().all(|parent| parent.relation == first) {
        row.set("relation", first.unwrap_or_default());
        kept.iter_mut().for_each(|parent| parent.relation = None);
    }
    let ids: Vec<String> = kept.into_iter().map(tag).collect();
    row.set("base_model", ids.join("; "));
}

fn tag(parent: Parent) -> String {
    match parent.relation {
        Some(relation) => format!("base_model:{relation}:{}", parent.id),
        None => parent.id,
    }
}

/// A path such as `/data/model`, `./out`, `~/model` or `C:\model`, and not `org/name`.
pub(super) fn is_local(id: &str) -> bool {
    let drive = id.as_bytes().get(1) == Some(&b':') && id.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    id.starts_with(['/', '.', '~', '$'])
        || id.contains('\\')
        || drive
        || (!id.contains("://") && id.matches('/').count() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(own: &str, parents: &[(&str, Option<&'static str>)]) -> (String, String, usize) {
        let (mut row, mut out) = (Row::new(1, own), Imported::default());
        let parents = parents.iter().map(|(id, relation)| Parent { line: 1, id: id.to_string(), relation: *relation });
        write(&mut row, parents.collect(), "lineage", &mut out);
        let cell = |name| row.get(name).unwrap_or_default().to_string();
        (cell("base_model"), cell("relation"), out.changes.len())
    }

    #[test]
    fn one_relation_is_a_cell_and_several_are_tags() {
        let (merge, lora) = (Some("merge"), Some("lora"));
        assert_eq!(written("m", &[("o/a", merge), ("o/b", merge)]), ("o/a; o/b".into(), "merge".into(), 0));
        let tags = "base_model:lora:o/a; base_model:merge:o/b; o/c".to_string();
        assert_eq!(written("m", &[("o/a", lora), ("o/b", merge), ("o/c", None)]), (tags, String::new(), 0));
        assert_eq!(written("m", &[("o/a", None), ("o/a", lora)]), ("o/a".into(), "lora".into(), 0));
    }

    #[test]
    fn what_is_no_parent_is_dropped() {
        let none = (String::new(), String::new(), 1);
        for id in ["scratch", "/data/x", "./out", "C:\\x", "a/b/c", "m", "o/a; o/b"] {
            assert_eq!(written("m", &[(id, None)]), none, "{id}");
        }
        assert_eq!(written("m", &[("https://huggingface.co/o/a/", None)]).0, "https://huggingface.co/o/a");
    }

    #[test]
    fn words_of_other_files_are_relations() {
        assert_eq!(relation("Fine-Tune"), Some("finetune"));
        assert_eq!(relation("quantized"), Some("quantized"));
        assert_eq!(relation("sibling"), None);
    }
}
