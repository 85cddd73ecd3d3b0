//! What the known implies: tiers, a distribution for every factor, provenance of each.
//!
//! An [`Assessment`] has one [`AssessedModel`] per row, sorted by id, and the shared effects they are exposed to.
//! Every output (compute, IT energy, facility energy, emissions) is a constant times a product of integer powers of
//! the model's factors, so that the plan and the exact oracle read the same few numbers.
//!
//! A row goes one way, and no file here imports one that comes after it:
//!
//! ```text
//! stated      what the row says                          priors      defaults and what the study replaces of them
//! counted     which of that counts (basis: in the        hardware,   look-up tables
//!             scope's basis)                             grid …
//! figure, compute, imputed, derivative,                  exposure    the default shared effects on a row
//! chips, mfu, node, efficiency, facility                 draft       a factor, a model under construction
//!             the factors around what counts
//! single      the chain from one disclosure
//! disclosures, observed, links, condition, combine, readings
//!             the chain from several
//! lineage     how much of the run is counted
//! chain       the whole model of a row
//! unit        grams or kilograms: the row against what the rest of it leads to
//! row         all of this for one row
//! learn       what all rows say of the shared effects
//! assemble    all rows, with numbers for the shared effects (effects)
//! blocks      the same for rows whose models are not held
//! assessment  the result
//! outputs     what is also computed from the same factors: water, embodied emissions, development
//! ```

mod acts;
mod assemble;
mod assessment;
mod basis;
mod blocks;
mod chain;
mod checks;
mod chips;
mod class;
mod combine;
mod compute;
mod condition;
mod context;
mod counted;
mod cut;
pub(crate) mod default_effects;
mod derivative;
mod described;
mod disclosed;
mod disclosures;
pub mod domain;
mod draft;
pub(crate) mod effects;
mod efficiency;
mod entered;
pub(crate) mod era;
mod evidence;
mod exposure;
mod facility;
mod figure;
pub mod fits;
pub mod grid;
pub mod hardware;
mod imputed;
mod learn;
mod lineage;
mod links;
mod lognormal;
mod mfu;
mod node;
mod normal;
mod number_format;
mod observed;
mod odds;
mod outputs;
pub mod priors;
mod provenance;
mod readings;
mod regression;
mod row;
pub(crate) mod shared_sizes;
mod single;
mod slot;
pub(crate) mod stated;
mod study_effects;
mod term;
#[cfg(test)]
mod tests;
mod tier;
pub(crate) mod typical;
mod unit;
mod when;
mod wording;

pub use acts::Acts;
pub use assemble::assess;
pub use assessment::{AssessedFactor, AssessedModel, Assessment};
pub use blocks::Blocks;
pub use disclosed::{Alternative, Disclosable, if_disclosed};
pub use effects::{EffectKey, SharedEffect};
pub use learn::Taught;
pub use outputs::with_outputs;
pub use provenance::{Kind, Provenance};
pub use slot::{SLOTS, Slot};
pub use term::Term;
pub use tier::Tier;

pub use crate::portfolio::{OUTPUTS, Output};
