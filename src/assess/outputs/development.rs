//! Emissions of all runs of a model's development, the final one included, in t.
//!
//! The same product as the emissions, times all runs over the final one, and with what of all runs counts in the place of
//! what of the final run counts: whether a row is a training run of its own is one and the same draw in both
//! ([`Slot::LineageOfAllRuns`]).

use crate::assess::assemble::assess;
use crate::assess::assessment::{AssessedModel, Assessment};
use crate::assess::effects::Effects;
use crate::assess::slot::Slot;
use crate::assess::term::Term;
use crate::portfolio::{Model, Output, Portfolio, Problem, Problems, Run};

/// The same portfolio in the scope of all runs.
///
/// # Errors
/// As [`assess`]; and where the scope is that already.
pub(super) fn assessed(portfolio: &Portfolio) -> Result<Assessment, Problems> {
    if portfolio.study.scope.run == Run::Development {
        let place = portfolio.study.place("outputs.development");
        let message = "the total already counts all development runs; leave out either [scope] run or this output";
        return Err(Problem { place, value: "true".into(), message: message.into() }.into());
    }
    let mut all = portfolio.clone();
    all.study.scope.run = Run::Development;
    assess(&all)
}

pub(super) fn of(
    development: &Assessment,
    row: &Model,
    model: &mut AssessedModel,
    effects: &mut Effects,
) -> Vec<Vec<Term>> {
    let found = development.models.binary_search_by(|m| m.id.as_str().cmp(&row.id));
    let Some(all) = found.ok().and_then(|at| development.models.get(at)) else { return vec![vec![]] };
    let mut term = all.terms[Output::Emissions as usize];
    if term.constant == 0.0 {
        return vec![vec![]];
    }
    let (final_run, all_runs) = (Slot::Lineage as usize, Slot::LineageOfAllRuns as usize);
    term.powers.swap(final_run, all_runs);
    let multiplier = Slot::Development as usize;
    for (slot, read) in [(all_runs, final_run), (multiplier, multiplier)] {
        model.factors[slot] = all.factors[read].clone().map(|mut factor| {
            factor.shared = effects.adopted(&factor.shared, &development.shared);
            factor
        });
    }
    vec![vec![term]]
}
