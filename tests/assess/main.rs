//! What rows imply: disclosures combined, scopes, the value of a disclosure, outputs other than emissions.

#[path = "../common/mod.rs"]
mod common;

mod outputs;
mod combine;
mod disclosure;
mod rerun;
mod scope;
