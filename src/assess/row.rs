//! The way of one row: what it states, what of that counts, the model that follows.

use super::chain;
use super::context::Context;
use super::counted::counted;
use super::draft::DraftModel;
use super::evidence::Evidence;
use super::{study_effects, unit};
use crate::portfolio::{Model, Problem};

/// What counts of a row.
pub fn evidence(context: &Context<'_>, model: &Model) -> Evidence {
    let mut found = counted(context, model);
    unit::settle(&mut found, context);
    found
}

/// A row's model, without the study's shared effects.
///
/// # Errors
/// Every value of the row that a needed factor cannot be looked up from.
pub fn draft(context: &Context<'_>, model: &Model) -> Result<DraftModel, Vec<Problem>> {
    chain::draft(context, &evidence(context, model))
}

/// The model of a row of which it is known what counts, with the study's shared effects. `model` is the row as written.
///
/// # Errors
/// As [`draft`].
pub fn exposed(context: &Context<'_>, model: &Model, evidence: &Evidence) -> Result<DraftModel, Vec<Problem>> {
    let mut draft = chain::draft(context, evidence)?;
    study_effects::add_to_model(context.study, model, &mut draft);
    Ok(draft)
}
