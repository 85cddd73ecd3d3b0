//! What rows imply: disclosures combined, scopes, the value of a disclosure, outputs other than emissions.

#[path = "../common/mod.rs"]
mod common;

mod class;
mod combine;
mod disclosure;
mod facts;
mod learn;
mod outputs;
mod readings;
mod rerun;
mod scope;
mod teaching;
mod zeros;
