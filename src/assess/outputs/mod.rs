//! Outputs beyond the chain from compute to emissions, reported separately and never added to the total.
//!
//! Each has a file of its own that gives a model one more factor, in a slot that nothing else uses, and the products that
//! the output is the sum of. The model's other factors and all shared effects are those of the chain, so that every
//! output is drawn in one plan with the same draws.

mod development;
mod embodied;
mod rate;
mod water;

use super::assemble::by_id;
use super::assessment::{AssessedModel, Assessment};
use super::context::Context;
use super::effects::Effects;
use super::exposure::Exposure;
use super::priors::Priors;
use super::row;
use super::term::Term;
use crate::portfolio::{Further, Portfolio, Problems};

/// The assessment with the outputs that the study asks for. Shared effects that only these are exposed to come last, so
/// that the numbers of the others stay.
///
/// # Errors
/// As [`super::assess`]; and all runs of the development, where the scope is that already.
pub fn with_outputs(portfolio: &Portfolio, assessment: &Assessment) -> Result<Assessment, Problems> {
    let priors = Priors::of(&portfolio.study)?;
    let mut more = More { all: assessment.clone(), effects: Effects::listed(assessment.shared.clone()) };
    for further in portfolio.study.outputs.iter() {
        match further {
            Further::Water => more.add(portfolio, &priors, further, water::of),
            Further::Embodied => more.add(portfolio, &priors, further, embodied::of),
            Further::Development => {
                let all_runs = development::assessed(portfolio)?;
                more.add(portfolio, &priors, further, |row, model, effects| {
                    development::of(&all_runs, row.model, model, effects)
                });
            }
        }
    }
    Ok(Assessment { shared: more.effects.into_list(), ..more.all })
}

/// An assessment that outputs are added to.
struct More {
    all: Assessment,
    effects: Effects,
}

impl More {
    /// Adds a study's wish: `of` gives the model of a row, as far as it counts, its factors and returns the products of
    /// each of its outputs.
    fn add(
        &mut self,
        portfolio: &Portfolio,
        priors: &Priors,
        further: Further,
        of: impl Fn(Exposure<'_>, &mut AssessedModel, &mut Effects) -> Vec<Vec<Term>>,
    ) {
        let by_id = by_id(portfolio);
        let context = Context { priors, study: &portfolio.study, by_id: &by_id };
        for model in &mut self.all.models {
            let products = by_id.get(model.id.as_str()).map(|row| {
                let row = row::evidence(&context, row).model;
                of(context.exposure(&row), model, &mut self.effects)
            });
            model.further.extend(products.unwrap_or_else(|| vec![vec![]; further.outputs().len()]));
        }
        self.all.further.extend(further.outputs());
    }
}
