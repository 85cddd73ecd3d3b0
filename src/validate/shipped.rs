//! The published runs that come with the program: what the MFU priors were derived from, and what baselines are fitted
//! to. They are the rows of `fixtures/reported_training_emissions.csv`, compiled in.

use std::path::Path;
use std::sync::LazyLock;

use super::runs_file::{self, Run};
use crate::portfolio::run_names::{normal, stem};

static RUNS: LazyLock<Vec<Run>> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/reported_training_emissions.csv");
    // The file is part of the program and its tests; no input leads here.
    runs_file::read(Path::new("fixtures/reported_training_emissions.csv"), text.as_bytes())
        .map_or(Vec::new(), |f| f.runs)
});

/// The rows of the shipped file, in its order.
pub fn runs() -> &'static [Run] {
    &RUNS
}

fn series_of(run: &Run) -> String {
    stem(&run.name)
}

/// The shipped run of the same name.
pub fn find(name: &str) -> Option<&'static Run> {
    let wanted = normal(name);
    runs().iter().find(|r| normal(&r.name) == wanted)
}

/// Shipped runs whose names begin alike.
fn siblings(run: &Run) -> impl Iterator<Item = &'static Run> + use<> {
    let wanted = series_of(run);
    runs().iter().filter(move |r| !wanted.is_empty() && series_of(r) == wanted)
}

/// The run, with what is known of the shipped run of its name and is no part of the statement; of a run of another
/// name, organisation, date and place, where all shipped runs of its series agree on them.
pub fn annotated(run: &Run) -> Run {
    if let Some(known) = find(&run.name) {
        return Run {
            active_parameters: run.active_parameters.or(known.active_parameters),
            architecture: known.architecture,
            organization: known.organization.clone(),
            date: known.date.clone(),
            region: known.region.clone(),
            distilled: known.distilled,
            circular: known.circular.clone(),
            net: run.net || known.net,
            emissions_include_pue: run.emissions_include_pue.or(known.emissions_include_pue),
            ..run.clone()
        };
    }
    let agreed = |of: fn(&Run) -> &String| {
        let mut values = siblings(run).map(of);
        let first = values.next()?;
        values.all(|v| v == first).then(|| first.clone())
    };
    Run {
        organization: agreed(|r| &r.organization).unwrap_or_default(),
        // A table without added columns may still have a year.
        date: Some(run.date.clone()).filter(|d| !d.is_empty()).or_else(|| agreed(|r| &r.date)).unwrap_or_default(),
        region: agreed(|r| &r.region).unwrap_or_default(),
        ..run.clone()
    }
}

/// Whether the run is one that the prior was derived from: by its name, or of the same series and size.
pub fn is_behind(run: &Run, prior: &'static str) -> bool {
    let sets = |r: &Run| r.sets_prior.iter().any(|p| p == prior);
    if let Some(known) = find(&run.name) {
        return sets(known);
    }
    let alike = |r: &Run| r.parameters.zip(run.parameters).is_none_or(|(a, b)| (a / b - 1.0).abs() < 0.03);
    siblings(run).any(|r| sets(r) && alike(r))
}

/// Words of an organisation's name that distinguish no two of them.
const ORGANISATION: [&str; 8] = ["ai", "inc", "ltd", "llc", "research", "labs", "lab", "the"];

fn organisation(run: &Run) -> String {
    let lower = run.organization.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty() && !ORGANISATION.contains(w));
    words.collect()
}

/// Families that a prior was derived from and that the run may belong to: those of its own name, of its organisation and
/// year (of every year where the run has no date), and without an organisation those of its series.
pub fn families(run: &Run, prior: &'static str) -> Vec<String> {
    let own = find(&run.name).map(Run::family);
    let (organisation_of_run, year) = (organisation(run), run.date.get(..4));
    let series = series_of(run);
    let belongs = |r: &Run| {
        let by_name = own.as_ref() == Some(&r.family());
        let known = !organisation_of_run.is_empty();
        let by_organisation =
            known && organisation(r) == organisation_of_run && year.is_none_or(|y| r.date.get(..4) == Some(y));
        by_name || by_organisation || !known && !series.is_empty() && series_of(r) == series
    };
    let mut found: Vec<String> = behind(prior).filter(|r| belongs(r)).map(Run::family).collect();
    found.sort();
    found.dedup();
    found
}

/// Rows that a prior (`mfu`, `k_node`) was derived from.
pub fn behind(prior: &'static str) -> impl Iterator<Item = &'static Run> {
    runs().iter().filter(move |r| r.sets_prior.iter().any(|p| p == prior))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::predict::{Usable, usable};
    use crate::validate::{Quantity, predict, repeats};

    /// The two added columns say nothing that the program would not find by itself, but for the one run whose FLOP
    /// were made of its hours.
    #[test]
    fn the_added_columns_are_what_the_rules_give() {
        assert_eq!(runs().len(), 68);
        for run in runs().iter().filter(|r| r.independent && r.final_run) {
            let bare = Run { predict_from: Default::default(), circular: Default::default(), ..run.clone() };
            assert!(repeats::of(runs()).1.is_empty());
            for quantity in Quantity::ALL {
                let Usable::From(input) = usable(&bare, quantity) else { continue };
                assert_eq!(run.predict_from.get(&quantity), Some(&input), "{}", run.name);
                let by_rule =
                    predict::circular(&bare, quantity) || (run.name == "T5-11B" && quantity == Quantity::Hours);
                assert_eq!(run.circular.contains(&quantity), by_rule, "{} {quantity:?}", run.name);
            }
        }
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        assert_eq!(find("llama 2-7b").map(|r| r.name.as_str()), Some("Llama 2 7B"));
        assert!(find("Llama 2 8B").is_none());
        for name in ["LLaMA (7B)", "llama 7b", "LLaMA-1 7B", "huggyllama/llama-7b", "Meta LLaMA-7B", "llama-7b-hf"] {
            assert_eq!(find(name).map(|r| r.name.as_str()), Some("LLaMA-7B"), "{name}");
        }
        assert_eq!(find("meta-llama/Llama-3.1-405B").map(|r| r.name.as_str()), Some("Llama 3.1 405B"));
        for name in ["Metallama 7B", "LLaMA-7B chat", "LLaMA-11 7B", "Alpaca 7B"] {
            assert!(find(name).is_none(), "{name}");
        }
        // Every shipped name finds its own row.
        assert!(runs().iter().all(|r| find(&r.name).map(|f| &f.name) == Some(&r.name)));
    }

    /// Runs that are not shipped, as another table may have them, and the families left out of their priors.
    #[test]
    fn families_are_found_for_other_runs() {
        let of = |name: &str, organization: &str, date: &str| {
            let run = Run {
                name: name.into(),
                organization: organization.into(),
                date: date.into(),
                ..find("Luminous Base 13B").unwrap().clone()
            };
            families(&run, "mfu").join(";")
        };
        assert_eq!(of("Llama 3.1 70B", "Meta AI", "2024"), "Meta AI 2024");
        assert_eq!(of("Llama 3.1 70B", "meta", "2024-07-23"), "Meta AI 2024");
        assert_eq!(of("Llama 3.1 70B", "", ""), "Meta AI 2024");
        assert_eq!(of("Falcon-40B", "", ""), "Technology Innovation Institute 2023");
        assert!(of("Whatever", "Meta AI", "").contains("Meta AI 2023;Meta AI 2024;Meta AI 2025"));
        assert_eq!(of("Whatever", "Meta AI", "2019"), "");
        assert_eq!(of("Olmo 3 32B", "", "2025"), "");
        assert_eq!(of("Metabolic 7B", "Metabolic", "2024"), "");
        // Of the same size, or of no stated size, as a run that set the prior of node power.
        let sized = |name: &str, parameters: Option<f64>| {
            is_behind(&Run { name: name.into(), parameters, ..find("Luminous Base 13B").unwrap().clone() }, "k_node")
        };
        assert!(sized("GPT-3", Some(1.75e11)) && sized("GPT 3", None) && !sized("GPT-3", Some(1.3e9)));
        assert!(!sized("GPT-4", None));
    }
}
