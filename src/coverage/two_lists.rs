//! Two overlapping lists: what is in both, what only in one, and a lower bound on what is in neither.
//!
//! A model is in both lists if both name the same thing: the name of `matches` (columns `id` and `epoch_model`), else the
//! row's own `epoch_model`, else its id. In the union it counts once, as the first list has it; the second list's
//! figure for the same models is given for comparison. Several rows of one list with the same name (a base and its chat
//! version) are one model of the counts.
//!
//! Capture–recapture estimates how many there are from n₁, n₂ and the m found twice (D. G. Chapman, Univ. Calif. Publ.
//! Stat. 1 (1951) 131–160; variance: G. A. F. Seber, The Estimation of Animal Abundance, 2nd ed. 1982, section 3.1.1):
//!
//! ```text
//! N = (n₁+1)(n₂+1)/(m+1) − 1,   Var N = (n₁+1)(n₂+1)(n₁−m)(n₂−m) / ((m+1)²(m+2))
//! ```
//!
//! It assumes that the lists are independent. Well-known models are in both: the dependence is positive, m too large, and
//! N too small, a lower bound on the count. It says nothing about emissions: what nobody lists is unlike what two do.
//! It is reported for one domain, the most frequent of the first list, because a list that leaves a domain out would make
//! the dependence negative.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::drawn::Counts;
use crate::assess::domain::Domain;
use crate::assess::stated::is_base;
use crate::assess::{Assessment, assess};
use crate::compile::tables::Tables;
use crate::compile::{compile_with, groups};
use crate::engine::GroupSummary;
use crate::portfolio::{Model, Portfolio};
use crate::posterior::Estimate;
use crate::run::{RunError, Sampler};

/// The column that says where a model was found; no file can have one of this name.
const PART: &str = "\u{1}part";
const BOTH: &str = "both";
const FIRST: &str = "first";
const SECOND: &str = "second";

/// The other list.
#[derive(Debug, Clone, PartialEq)]
pub struct Other {
    /// As shown to the reader.
    pub name: String,
    /// Its rows.
    pub models: Vec<Model>,
    /// Names by id, of either list.
    pub matches: BTreeMap<String, String>,
}

/// The union of two lists, and what is in both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwoLists {
    /// Name of the other list, as shown to the reader.
    pub other: String,
    /// Every model once.
    pub union_t: Estimate,
    /// Rows of the union.
    pub rows: usize,
    /// In both, only in the first, only in the second; parts without rows are left out.
    pub parts: Vec<Part>,
    /// The models of both lists, as the second list has them.
    pub both_by_other_t: Estimate,
    /// Of all models, then of training runs of their own; empty if the first list is.
    pub recapture: Vec<Recapture>,
}

/// A part of the union.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `both`, `first` (only) or `second` (only).
    pub part: &'static str,
    /// Rows of the part; for `both` those of the first list.
    pub rows: usize,
    /// Distinct models among these rows.
    pub models: usize,
    /// Emissions of the part, in t.
    pub emissions_t: Estimate,
    /// Of the union, draw by draw.
    pub share: Estimate,
}

/// Counts in two lists, and Chapman's estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recapture {
    /// What is counted.
    pub of: &'static str,
    /// The domain counted, the most frequent of the first list.
    pub domain: &'static str,
    /// Models in the first list, n₁.
    pub first: usize,
    /// Models in the second list, n₂.
    pub second: usize,
    /// Models in both, m.
    pub both: usize,
    /// Seen in either.
    pub seen: usize,
    /// Chapman's N, the estimated number in all: a lower bound.
    pub estimate: f64,
    /// Standard error of `estimate`.
    pub standard_error: f64,
}

/// Chapman's estimate and its standard error; `both` is at most either.
pub fn chapman(first: usize, second: usize, both: usize) -> (f64, f64) {
    let [n1, n2, m] = [first, second, both].map(|n| n as f64);
    let estimate = (n1 + 1.0) * (n2 + 1.0) / (m + 1.0) - 1.0;
    let variance = (n1 + 1.0) * (n2 + 1.0) * (n1 - m) * (n2 - m) / ((m + 1.0) * (m + 1.0) * (m + 2.0));
    (estimate, variance.max(0.0).sqrt())
}

/// What a row is an instance of.
fn name<'m>(model: &'m Model, matches: &'m BTreeMap<String, String>) -> &'m str {
    matches.get(&model.id).map(String::as_str).or_else(|| model.labels.get("epoch_model")).unwrap_or(&model.id)
}

/// Draws the union of both lists and what the other list says of the models in both.
///
/// # Errors
/// The other list cannot be assessed under the study of the first, or compiled; a stopped run.
pub fn compared(
    portfolio: &Portfolio,
    assessment: &Assessment,
    other: &Other,
    tables: &mut Tables,
    sampler: &Sampler<'_>,
) -> Result<TwoLists, RunError> {
    let matches = &other.matches;
    let names =
        |models: &'_ [Model]| -> BTreeSet<String> { models.iter().map(|m| name(m, matches).to_string()).collect() };
    let (in_first, in_second) = (names(&portfolio.models), names(&other.models));
    let ids: BTreeSet<&str> = portfolio.models.iter().map(|m| m.id.as_str()).collect();
    let twice = |m: &Model| in_first.contains(name(m, matches)) || ids.contains(m.id.as_str());
    // By id of either list; an id of both is in both.
    let mut part_of: BTreeMap<&str, &'static str> = BTreeMap::new();
    let mut second = BTreeSet::new();
    for model in &other.models {
        part_of.insert(&model.id, if twice(model) { BOTH } else { SECOND });
        if twice(model) {
            second.insert(name(model, matches));
        }
    }
    for model in &portfolio.models {
        let found = in_second.contains(name(model, matches)) || part_of.contains_key(model.id.as_str());
        part_of.insert(&model.id, if found { BOTH } else { FIRST });
    }

    let theirs = assess(&Portfolio::new(other.models.clone(), portfolio.study.clone()))?;
    let of = |id: &str| part_of.get(id).copied().unwrap_or(FIRST);
    let only_second = theirs.only(|m| of(&m.id) == SECOND);
    let same = theirs.only(|m| of(&m.id) == BOTH);
    let mut union = Assessment::joined(vec![assessment.clone(), only_second]).unwrap_or_else(|| assessment.clone());
    union.groups_by = vec![PART.to_string()];
    for model in &mut union.models {
        let part = of(&model.id).to_string();
        model.labels.insert(PART.to_string(), part);
    }
    let plan = compile_with(&union, tables)?.dependent_only();
    let mut drawn = sampler.draw(&plan)?;
    let whole = Counts { counts: std::mem::take(&mut drawn.totals[plan.headline]), unit: plan.unit(plan.headline) };
    let mut parts = Vec::new();
    for ((group, of_plan), drawn) in groups(&union).into_iter().zip(&plan.groups).zip(drawn.groups) {
        let GroupSummary::Kept { headline: emissions, .. } = drawn else { continue };
        let counts = Counts { counts: emissions, unit: of_plan.headline.unit };
        let Some(part) = [BOTH, FIRST, SECOND].into_iter().find(|p| *p == group.value) else { continue };
        let mine = |m: &&Model| of(&m.id) == part;
        let members = if part == SECOND { &other.models } else { &portfolio.models };
        parts.push(Part {
            part,
            rows: members.iter().filter(mine).count(),
            models: members.iter().filter(mine).map(|m| name(m, matches)).collect::<BTreeSet<_>>().len(),
            emissions_t: sampler.estimate(&counts),
            share: sampler.share(&counts, &whole),
        });
    }
    Ok(TwoLists {
        other: other.name.clone(),
        union_t: sampler.estimate(&whole),
        rows: union.models.len(),
        parts,
        both_by_other_t: sampler.estimate(&sampler.emissions(compile_with(&same, tables)?)?),
        recapture: recapture(&portfolio.models, &other.models, matches),
    })
}

/// What is counted, in words and as a rule.
type Counted = (&'static str, fn(&Model) -> bool);

/// Counts of the most frequent domain of the first list: of all models, and of those that are certainly training runs of
/// their own.
fn recapture(first: &[Model], second: &[Model], matches: &BTreeMap<String, String>) -> Vec<Recapture> {
    let mut domains: BTreeMap<Domain, usize> = BTreeMap::new();
    for model in first {
        *domains.entry(Domain::of(&model.labels)).or_default() += 1;
    }
    let Some((&domain, _)) = domains.iter().max_by_key(|(d, n)| (**n, std::cmp::Reverse(**d))) else {
        return Vec::new();
    };
    let kinds: [Counted; 2] = [("models", |_| true), ("training runs of their own", is_base)];
    let counted = kinds.map(|(of, counts)| {
        let names = |models: &[Model]| -> BTreeSet<String> {
            let counted = models.iter().filter(|m| counts(m) && Domain::of(&m.labels) == domain);
            counted.map(|m| name(m, matches).to_string()).collect()
        };
        let (a, b) = (names(first), names(second));
        let both = a.intersection(&b).count();
        let (estimate, standard_error) = chapman(a.len(), b.len(), both);
        let seen = a.len() + b.len() - both;
        let (first, second, domain) = (a.len(), b.len(), domain.name());
        Recapture { of, domain, first, second, both, seen, estimate, standard_error }
    });
    counted.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 31 · 41 / 11 − 1 = 114.5454…; the variance 31 · 41 · 20 · 30 / (121 · 12) = 525.2066…
    #[test]
    fn chapmans_formula() {
        let (n, se) = chapman(30, 40, 10);
        assert!((n - 114.545_454_545_454_55).abs() < 1e-12 && (se - 525.206_611_570_247_9_f64.sqrt()).abs() < 1e-12);
        assert!((chapman(30, 40, 11).0 - n).abs() > 1.0);
        // One list within the other: all are seen.
        assert_eq!(chapman(10, 40, 10), (40.0, 0.0));
        // Nothing found twice is still finite.
        assert_eq!(chapman(3, 4, 0).0, 19.0);
    }

    fn model(id: &str, labels: &[(&str, &str)]) -> Model {
        let labels = labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        Model { id: id.to_string(), labels, ..Model::default() }
    }

    #[test]
    fn rows_of_one_name_are_one_model() {
        let first = [
            model("a/x", &[("epoch_model", "X")]),
            model("a/x-chat", &[("epoch_model", "X")]),
            model("y", &[]),
            model("z", &[("task", "text-to-image")]),
        ];
        let second = [model("X", &[]), model("W", &[]), model("P", &[("domain", "Biology")])];
        let matches = BTreeMap::from([("y".to_string(), "W".to_string())]);
        let [all, own] = recapture(&first, &second, &matches).try_into().unwrap();
        // Language: X (of two rows) and y = W in the first list, X and W in the second.
        assert_eq!((all.domain, all.first, all.second, all.both, all.seen), ("language", 2, 2, 2, 2));
        assert_eq!(own.first, 2);
        let unmatched = recapture(&first, &second, &BTreeMap::new());
        assert_eq!((unmatched[0].both, unmatched[0].seen), (1, 3));
    }
}
