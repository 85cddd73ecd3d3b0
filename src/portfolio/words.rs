//! Columns that hold a word or a date: which words there are, and how they are read.

use super::cell::CellError;
use super::dates;
use super::missing::is_word_for_no_base;
use super::model::{Base, Confidence, Model, Relation, Source};
use super::number::number;
use super::spelling::{closest, normal, question};
use super::study::Basis;

/// Words of the column `relation`; case does not matter, and `_` or a blank stand for `-`, here and below. The
/// lists here and [`known`](super::columns::known) are what `docs/models.schema.json` is tested against.
pub const RELATIONS: [(&str, Relation); 8] = [
    ("finetune", Relation::Finetune),
    ("lora", Relation::Lora),
    ("qlora", Relation::Qlora),
    ("adapter", Relation::Adapter),
    ("quantized", Relation::Quantized),
    ("merge", Relation::Merge),
    ("distill", Relation::Distill),
    ("fork", Relation::Fork),
];
impl Relation {
    /// Its word in the column `relation`.
    pub fn name(self) -> &'static str {
        RELATIONS.iter().find(|(_, relation)| *relation == self).map_or("", |(name, _)| name)
    }
}

/// Words of `source`.
pub const SOURCES: [(&str, Source); 4] = [
    ("metered", Source::Metered),
    ("audited", Source::Audited),
    ("self-reported", Source::SelfReported),
    ("calculator", Source::Calculator),
];
/// Words of `compute_confidence`.
pub const CONFIDENCES: [(&str, Confidence); 5] = [
    ("confident", Confidence::Confident),
    ("likely", Confidence::Likely),
    ("speculative", Confidence::Speculative),
    ("unknown", Confidence::Unknown),
    ("wrong", Confidence::Wrong),
];
/// Words of `figures_from`: whether a list states the figures.
pub const FIGURES_FROM: [(&str, bool); 2] = [("list", true), ("publisher", false)];
/// Words of `energy_includes_pue` and `emissions_include_pue`.
pub const YES_OR_NO: [(&str, bool); 8] = [
    ("yes", true),
    ("no", false),
    ("y", true),
    ("n", false),
    ("true", true),
    ("false", false),
    ("1", true),
    ("0", false),
];
/// Words of `emissions_basis`, and of `basis` in a study's `[scope]`.
pub const BASES: [(&str, Basis); 2] = [("location", Basis::Location), ("market", Basis::Market)];

pub(super) fn date(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.date = Some(dates::read(text)?);
    Ok(())
}

pub(super) fn base_models(model: &mut Model, text: &str) -> Result<(), CellError> {
    for written in text.split(';').map(str::trim).filter(|b| !b.is_empty() && !is_word_for_no_base(b)) {
        let (id, relation) = of_the_hub(written);
        // A column for it, wherever it stands, comes before a tag.
        model.relation = model.relation.or(relation);
        if !model.base_ids().any(|known| known == id) {
            model.base_models.push(Base { id: id.to_string(), relation, weight: None });
        }
    }
    Ok(())
}

/// Weights of the bases of a merge, in their order, between semicolons.
fn weights(text: &str) -> Result<Vec<f64>, CellError> {
    let weight = |written: &str| match number(written)? {
        weight if weight < 0.0 => Err(CellError::new("a negative weight", "write the weights as shares of at least 0")),
        weight => Ok(weight),
    };
    text.split(';').map(|written| weight(written.trim())).collect()
}

/// [`weigh`] gives them to the bases once the row is read.
pub(super) fn merge_weights(_: &mut Model, text: &str) -> Result<(), CellError> {
    weights(text).map(|_| ())
}

/// Gives the bases of a row their weights.
///
/// # Errors
/// Another number of weights than of bases; weights that are all 0.
pub(super) fn weigh(model: &mut Model) -> Result<(), CellError> {
    let Some(Ok(weights)) = model.labels.get("merge_weights").map(weights) else { return Ok(()) };
    if weights.len() != model.base_models.len() {
        let found = format!("{} weights for {} base models", weights.len(), model.base_models.len());
        return Err(CellError::new(found, "write one weight for each base model, in their order"));
    }
    if weights.iter().all(|weight| *weight == 0.0) {
        return Err(CellError::new("weights that are all 0", "write the shares of the base models"));
    }
    for (base, weight) in model.base_models.iter_mut().zip(weights) {
        base.weight = Some(weight);
    }
    Ok(())
}

pub(super) fn figures_from(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.from_list = word(text, &FIGURES_FROM)?;
    Ok(())
}

/// The id in an address or a tag of the Hub (`base_model:finetune:org/a`), and the relation that the tag states.
pub(crate) fn of_the_hub(text: &str) -> (&str, Option<Relation>) {
    let address = ["https://huggingface.co/", "http://huggingface.co/", "huggingface.co/", "https://hf.co/", "hf.co/"];
    if let Some(id) = address.iter().find_map(|start| text.strip_prefix(start)) {
        return (id.trim_end_matches('/'), None);
    }
    let Some(tag) = text.strip_prefix("base_model:") else { return (text, None) };
    let relation = tag.split_once(':').and_then(|(name, id)| {
        let (_, relation) = RELATIONS.iter().find(|(known, _)| *known == name)?;
        Some((id, *relation))
    });
    relation.map_or((tag, None), |(id, relation)| (id, Some(relation)))
}

pub(super) fn relation(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.relation = Some(word(text, &RELATIONS)?);
    Ok(())
}

pub(super) fn source(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.source = word(text, &SOURCES).map_err(|e| of_a_tool(text).unwrap_or(e))?;
    Ok(())
}

/// Model cards name the tool or the document.
pub(super) fn source_of_card(model: &mut Model, text: &str) -> Result<(), CellError> {
    let known = source(model, text);
    if known.is_err() && (of_a_tool(text).is_some() || normal(text).contains("autotrain")) {
        model.source = Source::Calculator;
    }
    Ok(())
}

/// "pre-training" or "fine-tuning" of a model card.
pub(super) fn relation_of_card(model: &mut Model, text: &str) -> Result<(), CellError> {
    if normal(text).contains("finetun") {
        model.relation = model.relation.or(Some(Relation::Finetune));
    }
    Ok(())
}

pub(super) fn compute_confidence(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.compute_confidence = Some(word(text, &CONFIDENCES)?);
    Ok(())
}

pub(super) fn energy_includes_pue(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.energy_includes_pue = word(text, &YES_OR_NO)?;
    Ok(())
}

pub(super) fn emissions_include_pue(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.emissions_include_pue = Some(word(text, &YES_OR_NO)?);
    Ok(())
}

pub(super) fn emissions_basis(model: &mut Model, text: &str) -> Result<(), CellError> {
    model.emissions_basis = word(text, &BASES)?;
    Ok(())
}

/// Tools that estimate emissions, where their name stands for the kind of source.
fn of_a_tool(text: &str) -> Option<CellError> {
    let lower = text.to_lowercase().replace([' ', '-', '_'], "");
    let tools = ["codecarbon", "mlco2", "carbontracker", "eco2ai", "mlemissions", "greenalgorithms"];
    tools
        .iter()
        .any(|tool| lower.contains(tool))
        .then(|| CellError::new("the name of a tool", "did you mean calculator? The column states the kind of source"))
}

/// Looks a word up, whatever its case.
fn word<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, CellError> {
    let lower = text.to_lowercase().replace(['_', ' '], "-");
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == lower) {
        return Ok(*value);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let close = question(closest(&lower, &names).as_slice());
    Err(CellError::new("an unknown word", format!("{close}one of {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_addresses_of_the_hub_are_ids() {
        let read = |text: &str| {
            let mut model = Model::default();
            base_models(&mut model, text).unwrap();
            (model.base_ids().collect::<Vec<_>>().join(" "), model.relation)
        };
        assert_eq!(read("base_model:org/a; base_model:finetune:org/a"), ("org/a".into(), Some(Relation::Finetune)));
        assert_eq!(read("base_model:quantized:org/a"), ("org/a".into(), Some(Relation::Quantized)));
        assert_eq!(read("https://huggingface.co/org/a/; org/b"), ("org/a org/b".into(), None));
        assert_eq!(read("base_model:org/a:b"), ("org/a:b".into(), None));
    }
}
