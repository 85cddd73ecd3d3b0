//! The compute thresholds of the Commission's guidelines on general-purpose AI models (July 2025) as plain sentences, each
//! with the paragraph that it is about.
//!
//! The guidelines were read in second-hand copies, and copies differ by a few in the numbers of the paragraphs: check the
//! official text before quoting. The numbers are those of [`crate::posterior::thresholds`], from joint draws along the
//! model's lineage.

use serde_json::{Value as Json, json};

use super::{Shown, significant};
use crate::posterior::joint::Chance;
use crate::posterior::thresholds::{Reported, Thresholds};
use crate::report::numbers;

/// Said wherever paragraphs are named.
pub const SECOND_HAND: &str =
    "Commission guidelines on general-purpose AI models (July 2025), read in a second-hand copy; check the paragraphs";

/// A sentence for each question.
pub fn sentences(found: &Thresholds) -> Vec<String> {
    let mut out = vec![accuracy(found), cumulative(found)];
    out.extend(modification(found));
    if !found.teachers.is_empty() {
        out.push(format!("Left out as distillation teachers (paragraph 122): {}.", found.teachers.join(", ")));
    }
    if !found.absent.is_empty() {
        out.push(format!(
            "Not in the cumulative compute, because the file has no row for them: {}. It is a lower bound.",
            found.absent.join(", ")
        ));
    }
    out
}

fn accuracy(found: &Thresholds) -> String {
    let how = match found.reported_is {
        Reported::Stated => "the stated figure",
        Reported::PosteriorMedian => "the median of the draws, because no figure is stated",
    };
    format!(
        "The figure for the model's own training is {} ({how}). The probability that the true compute lies within 30 % of \
         it is {} (annex A.2, paragraph 123).",
        flop(found.reported_flop),
        chance(found.within_30_percent)
    )
}

fn cumulative(found: &Thresholds) -> String {
    let shown = Shown::of(&found.cumulative_flop, 1.0);
    let least = if found.absent.is_empty() { "" } else { "at least " };
    let range = shown.interval.map_or(String::new(), |[lo, hi]| format!(" (interval {} to {})", flop(lo), flop(hi)));
    format!(
        "Cumulative compute, with that of every model whose weights initialise it or are merged into it (paragraph 121), \
         is {least}{}{range}. The probability that it is above 1e25 FLOP, from which systemic risk is presumed (Article 51(2) of \
         the AI Act), is {}.",
        shown.median.map_or("not known".into(), flop),
        chance(found.above_1e25)
    )
}

/// Of a model that was made from another one.
fn modification(found: &Thresholds) -> Vec<String> {
    if found.bases.is_empty() {
        return Vec::new();
    }
    let bases = found.bases.join(", ");
    match found.above_third_of_base {
        Some(above) => vec![format!(
            "The probability that the modification took more than a third of the cumulative compute of {bases}, the threshold \
             for becoming the provider of a new model (paragraph 63), is {}.",
            chance(above)
        )],
        None => vec![format!(
            "The compute of {bases} is not known. The threshold for becoming the provider of a new model is then a third of \
             1e25 FLOP if the original model has systemic risk (probability of exceeding it: {}), and otherwise a third of \
             1e23 FLOP (probability: {}) (paragraph 64).",
            chance(found.above_third_of_1e25),
            chance(found.above_third_of_1e23)
        )],
    }
}

/// With what the Monte Carlo error supports.
fn chance(chance: Chance) -> String {
    match chance.probability {
        p if p > 0.0 && p < 1.0 => numbers::percent_with_error(p, chance.mcse),
        p => numbers::percent(p),
    }
}

fn flop(x: f64) -> String {
    format!("{:e} FLOP", significant(x, 2))
}

/// For a document.
pub fn json(found: &Thresholds) -> Json {
    let chance =
        |of: Option<Chance>| of.map(|chance| json!({ "probability": chance.probability, "mcse": chance.mcse }));
    json!({
        "reported_flop": found.reported_flop,
        "reported_is": found.reported_is,
        "own_flop": Shown::of(&found.own_flop, 1.0),
        "cumulative_flop": Shown::of(&found.cumulative_flop, 1.0),
        "within_30_percent": chance(Some(found.within_30_percent)),
        "above_1e25": chance(Some(found.above_1e25)),
        "bases": found.bases,
        "above_third_of_base": chance(found.above_third_of_base),
        "above_third_of_1e25": chance(Some(found.above_third_of_1e25)),
        "above_third_of_1e23": chance(Some(found.above_third_of_1e23)),
        "teachers": found.teachers,
        "absent": found.absent,
        "sentences": sentences(found),
        "source": SECOND_HAND,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::posterior::Estimate;

    pub fn found() -> Thresholds {
        let chance = |probability| Chance { probability, mcse: 0.001 };
        Thresholds {
            model: "m".into(),
            reported_flop: 3.6e24,
            reported_is: Reported::Stated,
            own_flop: Estimate::NONE,
            cumulative_flop: Estimate { median: Some(4e24), interval: Some([2e24, 9e24]), ..Estimate::NONE },
            within_30_percent: chance(0.87),
            above_1e25: chance(0.02),
            bases: vec!["org/base".into()],
            above_third_of_base: Some(chance(0.5)),
            above_third_of_1e25: chance(0.1),
            above_third_of_1e23: chance(1.0),
            teachers: vec!["org/teacher".into()],
            absent: vec![],
        }
    }

    #[test]
    fn a_sentence_for_each_question() {
        let text = sentences(&found()).join("\n");
        for part in [
            "3.6e24 FLOP (the stated figure)",
            "within 30 % of it is 87.0 ± 0.1 %",
            "interval 2e24 FLOP to 9e24 FLOP",
            "is 2.0 ± 0.1 %",
            "more than a third of the cumulative compute of org/base",
            "is 50.0 ± 0.1 %",
            "teachers (paragraph 122): org/teacher",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
        let unknown = Thresholds {
            above_third_of_base: None,
            absent: vec!["org/base".into()],
            reported_is: Reported::PosteriorMedian,
            ..found()
        };
        let text = sentences(&unknown).join("\n");
        for part in [
            "no figure is stated",
            "10.0 ± 0.1 %), and otherwise",
            "(probability: 100 %)",
            "lower bound",
            "paragraph 64",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
        // A model made from nothing modifies nothing.
        let alone = Thresholds { bases: vec![], above_third_of_base: None, ..found() };
        assert!(!sentences(&alone).join("\n").contains("modif"));
    }
}
