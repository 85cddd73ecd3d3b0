//! Which models moved between two runs, and what of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::assess::{AssessedFactor, Assessment, Slot};
use crate::posterior::Estimate;
use crate::run::Outcome;

/// What became of the models.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moves {
    /// Only in the second run.
    pub added: usize,
    /// Only in the first.
    pub removed: usize,
    /// In both, with something in their factors that is not the same.
    pub changed: usize,
    /// In both, and the same.
    pub same: usize,
    /// All but those that are the same, by how far their mean moved, largest first; equal ones by id.
    pub list: Vec<Move>,
}

/// What became of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Only in the second run.
    Added,
    /// Only in the first.
    Removed,
    /// In both, and not the same.
    Changed,
}

/// One model that moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Move {
    /// Of the model.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
    /// Emissions in t in the first run.
    pub first_t: Option<Estimate>,
    /// In the second.
    pub second_t: Option<Estimate>,
    /// By how much its mean moved, in t; a model that is not there counts as 0.
    pub difference_t: f64,
    /// What is not the same, such as `compute`, with what was done in the first run and in the second.
    pub why: Vec<Why>,
}

/// A part of a model that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// A factor, `tier`, or `calculation` where other figures lead to the emissions.
    pub what: String,
    /// How it came about in the first run.
    pub first: String,
    /// In the second.
    pub second: String,
}

/// Compares the models of two runs.
pub fn moves(outcomes: &[Outcome; 2]) -> Moves {
    let [first, second] = outcomes;
    // Assessment and posterior have the models in the same order.
    let [places, others] = outcomes.each_ref().map(|outcome| -> BTreeMap<&str, usize> {
        outcome.posterior.models.iter().zip(0..).map(|(m, place)| (m.id.as_str(), place)).collect()
    });
    let mut moves = Moves { added: 0, removed: 0, changed: 0, same: 0, list: vec![] };
    let ids: BTreeSet<&str> = places.keys().chain(others.keys()).copied().collect();
    for id in ids {
        let (a, b) = (places.get(id), others.get(id));
        let (fate, why) = match (a, b) {
            (Some(a), Some(b)) => match why([&first.assessment, &second.assessment], [*a, *b]) {
                why if why.is_empty() => {
                    moves.same += 1;
                    continue;
                }
                why => (Fate::Changed, why),
            },
            (None, _) => (Fate::Added, vec![]),
            (_, None) => (Fate::Removed, vec![]),
        };
        *match fate {
            Fate::Added => &mut moves.added,
            Fate::Removed => &mut moves.removed,
            Fate::Changed => &mut moves.changed,
        } += 1;
        let of = |outcome: &Outcome, place: Option<&usize>| Some(outcome.posterior.models.get(*place?)?.emissions_t);
        let (first_t, second_t) = (of(first, a), of(second, b));
        let mean = |e: Option<Estimate>| e.and_then(|e| e.mean).unwrap_or(0.0);
        let difference_t = mean(second_t) - mean(first_t);
        moves.list.push(Move { id: id.to_string(), fate, first_t, second_t, difference_t, why });
    }
    moves.list.sort_by(|a, b| b.difference_t.abs().total_cmp(&a.difference_t.abs()).then_with(|| a.id.cmp(&b.id)));
    moves
}

/// What of a model is not the same.
fn why([first, second]: [&Assessment; 2], [a, b]: [usize; 2]) -> Vec<Why> {
    let (a, b) = (&first.models[a], &second.models[b]);
    let mut why = Vec::new();
    if a.tier != b.tier {
        why.push(Why { what: "tier".into(), first: a.tier.name().into(), second: b.tier.name().into() });
    }
    for slot in Slot::ALL {
        let [x, y] = [a, b].map(|model| model.factors[slot as usize].as_ref());
        if same_factor([first, second], [x, y]) {
            continue;
        }
        let what = slot.factor().name().to_string();
        let how = |factor: Option<&AssessedFactor>| {
            factor.map_or_else(|| "no part of the model".to_string(), |factor| factor.provenance.how.clone())
        };
        let [mut first, mut second] = [how(x), how(y)];
        if first == second {
            first = "shared effects as the first file informs them".into();
            second = "as the second file does".into();
        }
        if !why.iter().any(|known: &Why| known.what == what) {
            why.push(Why { what, first, second });
        }
    }
    if why.is_empty() && a.terms != b.terms {
        let text = || "other constants, units or scope".to_string();
        why.push(Why { what: "calculation".into(), first: text(), second: text() });
    }
    why
}

/// Whether a factor has the same distribution and the same shared effects of the same size.
pub fn same_factor([first, second]: [&Assessment; 2], factors: [Option<&AssessedFactor>; 2]) -> bool {
    let (a, b) = match factors {
        [None, None] => return true,
        [Some(a), Some(b)] => (a, b),
        _ => return false,
    };
    let loads = |factor: &AssessedFactor, of: &Assessment| -> Option<Vec<_>> {
        let load = |&(effect, weight): &(usize, f64)| {
            let effect = of.shared.get(effect)?;
            Some((effect.key(), effect.ln_gsd * weight))
        };
        factor.shared.iter().map(load).collect()
    };
    a.distribution == b.distribution && a.acts == b.acts && loads(a, first) == loads(b, second)
}
