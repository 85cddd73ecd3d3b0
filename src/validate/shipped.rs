//! The published runs that come with the program: what the MFU priors were derived from, and what baselines are fitted
//! to. They are the rows of `fixtures/reported_training_emissions.csv`, compiled in.

use std::path::Path;
use std::sync::LazyLock;

use super::runs_file::{self, Run};

static RUNS: LazyLock<Vec<Run>> = LazyLock::new(|| {
    let text = include_str!("../../fixtures/reported_training_emissions.csv");
    // The file is part of the program and its tests; no input leads here.
    runs_file::read(Path::new("fixtures/reported_training_emissions.csv"), text.as_bytes()).map_or(Vec::new(), |f| f.runs)
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

/// Rows that a prior (`mfu`, `k_node`) was derived from.
pub fn behind(prior: &'static str) -> impl Iterator<Item = &'static Run> {
    runs().iter().filter(move |r| r.sets_prior.iter().any(|p| p == prior))
}
