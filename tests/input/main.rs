//! What a user gives: files, cells and studies as they are read, and the distributions that are stated in them.

#[path = "../common/mod.rs"]
mod common;

mod corpus;
mod formats;
mod import;
mod import_tables;
mod marginals;
mod odd;
mod portfolio;
mod taken;
