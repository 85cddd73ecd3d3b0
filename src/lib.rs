//! How uncertain is the carbon footprint of AI models?
//!
//! The data goes one way, a module per stage:
//!
//! ```text
//! files ─> portfolio ─> assess ─> compile ─> engine ─> posterior ─> report
//! ```
//!
//! - [`portfolio`] reads what is known of each model;
//! - [`assess`] turns that into tiers and a distribution for every factor, each with its provenance;
//! - [`compile`] compiles the distributions into exact integer numbers, without names;
//! - [`engine`] draws from the plan, in integers from the first random bit to the last sum;
//! - [`exact`] gives the mean and the variance shares in closed form;
//! - [`posterior`] turns the integers into means, intervals and variance shares;
//! - [`report`] writes tables and files.
//!
//! [`run`] is the one place that draws: every command, validation and the tests go through its `Session`.
//!
//! In addition, [`fit`] makes the regressions that [`assess`] can impute compute by; [`gauge`] recomputes known answers
//! through all stages, [`mod@validate`] predicts published runs through them and scores the predictions, and
//! [`mod@coverage`] says what a total rests on and what it leaves out. A stage never reaches back. `cli` is a thin layer
//! over the same functions.

pub mod assess;
pub mod cli;
pub mod compile;
pub mod coverage;
pub mod engine;
pub mod exact;
pub mod fit;
pub mod gauge;
pub mod portfolio;
pub mod posterior;
pub mod report;
pub mod run;
pub mod validate;

#[cfg(test)]
#[path = "../tests/common/cases.rs"]
mod cases;
