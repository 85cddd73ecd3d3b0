//! The published runs that come with the program: what the MFU priors were derived from, and what baselines are fitted
//! to. They are the rows of `fixtures/reported_training_emissions.csv`, compiled in.

use std::path::Path;
use std::sync::LazyLock;

use super::runs_file::{self, Run};

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

/// Letters and digits in lower case.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The shipped run of the same name.
pub fn find(name: &str) -> Option<&'static Run> {
    let wanted = normal(name);
    runs().iter().find(|r| normal(&r.name) == wanted)
}

/// The run, with what is known of the shipped run of its name and is no part of the statement.
pub fn annotated(run: &Run) -> Run {
    let Some(known) = find(&run.name) else { return run.clone() };
    Run {
        active_parameters: run.active_parameters.or(known.active_parameters),
        architecture: known.architecture,
        organization: known.organization.clone(),
        date: known.date.clone(),
        region: known.region.clone(),
        distilled: known.distilled,
        circular: known.circular.clone(),
        ..run.clone()
    }
}

/// Rows that a prior (`mfu`, `k_node`) was derived from.
pub fn behind(prior: &'static str) -> impl Iterator<Item = &'static Run> {
    runs().iter().filter(move |r| r.sets_prior.iter().any(|p| p == prior))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::predict::{Usable, usable};
    use crate::validate::{Quantity, predict};

    /// The two added columns say nothing that the program would not find by itself, but for the one run whose FLOP
    /// were made of its hours.
    #[test]
    fn the_added_columns_are_what_the_rules_give() {
        assert_eq!(runs().len(), 68);
        for run in runs().iter().filter(|r| r.independent && r.final_run) {
            let bare = Run { predict_from: Default::default(), circular: Default::default(), ..run.clone() };
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
    }
}
