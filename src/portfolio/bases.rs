//! Base models, once the ids of all files are known.
//!
//! A base is looked up whatever its case. `no`, `0` or `own` in the column say that there is none, and `yes` or `1` that
//! it was taken for a flag; where a row has such an id, that row is meant.

use std::collections::{HashMap, HashSet};

use super::missing::is_flag_of_no_base;
use super::model::{Base, Model};
use super::problem::{MISSING_WORDS, Place, Problem, Warning, shorten};
use super::row;

/// Words that say that there is a base and not which.
const FLAGS: [&str; 6] = ["yes", "y", "true", "1", "1.0", "t"];

/// Bases by the ids of their rows, whatever their case, where only one row is meant; those that stand for none removed.
/// What is wrong: a row that is its own base in another case, and flags in the place of an id.
pub(super) fn resolve(models: &mut [Model], warnings: &mut Vec<Warning>) -> Vec<Problem> {
    let others = others(models);
    let by_lower = by_lower(models, &others);
    let mut problems = Vec::new();
    let mut none: Vec<(Place, String)> = Vec::new();
    for model in models {
        let place = || Place { column: "base_model".into(), ..model.place.clone() };
        let mut bases = Vec::new();
        for base in std::mem::take(&mut model.base_models) {
            if !others.contains(&base.id) {
                bases.push(base);
                continue;
            }
            let lower = base.id.to_lowercase();
            let known = by_lower.get(&lower);
            let message = match known {
                Some(Some(id)) if *id == model.id => Some(row::OWN_BASE),
                None if FLAGS.contains(&lower.as_str()) => {
                    Some("this is not the id of the base model; write its id, or leave the cell empty if there is none")
                }
                _ => None,
            };
            problems.extend(message.map(|message| Problem {
                place: place(),
                value: shorten(&base.id),
                message: message.to_string(),
            }));
            match known {
                None if is_flag_of_no_base(&base.id) => none.push((place(), shorten(&base.id))),
                Some(Some(id)) => bases.push(Base { id: id.clone(), ..base }),
                _ => bases.push(base),
            }
        }
        if bases.is_empty() {
            model.labels.remove("base_model");
        }
        // Nearly always one.
        bases.shrink_to_fit();
        model.base_models = bases;
    }
    warnings.extend(note(none));
    problems
}

/// Bases that no row has the id of.
fn others(models: &[Model]) -> HashSet<String> {
    let ids: HashSet<&str> = models.iter().map(|model| model.id.as_str()).collect();
    models.iter().flat_map(Model::base_ids).filter(|base| !ids.contains(base)).map(str::to_string).collect()
}

/// The ids that these may mean in another case, where only one row is meant.
fn by_lower(models: &[Model], others: &HashSet<String>) -> HashMap<String, Option<String>> {
    let wanted: HashSet<String> = others.iter().map(|base| base.to_lowercase()).collect();
    let mut by_lower: HashMap<String, Option<String>> = HashMap::new();
    for (model, lower) in models.iter().map(|model| (model, model.id.to_lowercase())) {
        if wanted.contains(&lower) {
            by_lower.entry(lower).and_modify(|id| *id = None).or_insert_with(|| Some(model.id.clone()));
        }
    }
    by_lower
}

/// One note of all words that stand for no base.
fn note(found: Vec<(Place, String)>) -> Option<Warning> {
    let count = found.len();
    let (place, value) = found.into_iter().next()?;
    let message = match count {
        1 => "this is read as no base model".to_string(),
        n => format!("{n} cells with such a word are read as no base model"),
    };
    Some(Warning { rule: MISSING_WORDS, place, value, message })
}
