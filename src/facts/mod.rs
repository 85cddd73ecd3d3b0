//! Published facts of single training runs: what a report or model card states of a run, with the document that states it.
//!
//! The table is `fixtures/run_facts.csv`. A row of a models file that names one of its runs is completed from it:
//! what the row itself states always wins, unless its figures are those of a list (`figures_from = list`), as
//! in the shipped lists; these are replaced. `facts = false` in a study, or `--no-facts`, leaves the table unread.
//!
//! What is to be predicted must not be looked up. So nothing below this module reads the table: `haze validate`, the
//! masked sums and the predictive check assess rows as they are stated, since they never pass through [`completed`].

mod fill;
mod table;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::portfolio::problem::{PUBLISHED, SAME_RUN, shorten};
use crate::portfolio::{Model, Place, Portfolio, Warning};

pub use table::{Fact, Figure, Lineage, all};

/// The portfolio with its rows completed by published facts, and one note of how many were; unchanged if the study says so.
#[must_use]
pub fn completed(mut portfolio: Portfolio) -> Portfolio {
    if !portfolio.study.facts {
        return portfolio;
    }
    let mut found = Vec::new();
    let mut runs: HashMap<&str, String> = HashMap::new();
    let mut doubles = Vec::new();
    let facts: Vec<Option<&Fact>> = portfolio.models.par_iter().map(table::of).collect();
    for (model, fact) in portfolio.models.iter_mut().zip(facts) {
        let Some(fact) = fact else { continue };
        if fill::fill(model, fact) {
            found.push((model.place.clone(), model.id.clone()));
        }
        if model.from_list {
            continue;
        }
        match runs.get(fact.name.as_str()) {
            None => {
                runs.insert(&fact.name, model.id.clone());
            }
            Some(first) => doubles.push(double(model, first)),
        }
    }
    portfolio.warnings.extend(doubles);
    if let Some((place, id)) = found.first() {
        let message = format!(
            "published facts of this run were used{}; `haze explain` names the documents, --no-facts leaves them out",
            match found.len() {
                1 => String::new(),
                2 => ", and of 1 other".to_string(),
                n => format!(", and of {} others", n - 1),
            }
        );
        portfolio.warnings.push(Warning { rule: PUBLISHED, place: place.clone(), value: id.clone(), message });
    }
    portfolio
}

/// Two rows of a user's own that are one run.
fn double(model: &Model, first: &str) -> Warning {
    Warning {
        rule: SAME_RUN,
        place: Place { column: "id".to_string(), ..model.place.clone() },
        value: shorten(&model.id),
        message: format!("the same training run as {}, and counted twice; delete one of the rows", shorten(first)),
    }
}
