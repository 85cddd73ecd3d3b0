//! The posterior to tables and files, for people and programs.
//!
//! `table` draws the page of a run, `json` writes the public result, `csv` and `parquet` the models and
//! groups (`columns` has what both have); `sensitivity`,
//! `sampled` (with `--sample`), `coverage`, `atci`, `trend`, `fit`, `gauge` and `validate` are the pages and documents of
//! the commands of these names, `track` that of `haze track summary`; `explain` says where one model's factors come from; `study` writes the study file that gives
//! the same result again; `methods`, `priors` and `references` write what a paper needs that uses the result; `files` puts
//! outputs in place whole or not at all; `figure` draws the figures for papers.
//!
//! What these share: `page` lays out a page, `document` a JSON document; `numbers` prints a number no more exactly than
//! it is known, in a unit that reads well; `estimate` an estimate with its interval; `scope` what was counted.

pub mod atci;
mod columns;
pub mod coverage;
pub mod csv;
pub mod diff;
pub mod document;
pub(crate) mod escape;
mod estimate;
pub mod explain;
#[cfg(feature = "figures")]
pub mod figure;
#[cfg(feature = "cli")]
pub mod files;
pub mod fit;
pub mod gauge;
pub mod html;
pub mod json;
pub mod lineage;
pub mod methods;
pub mod numbers;
pub mod page;
#[cfg(feature = "parquet")]
pub mod parquet;
mod precision;
pub mod priors;
pub mod references;
pub mod sampled;
mod scope;
pub mod sensitivity;
pub mod study;
pub mod table;
pub mod tables;
pub mod track;
pub mod trend;
pub mod validate;
