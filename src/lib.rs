//! How uncertain is the carbon footprint of AI models?
//!
//! What is known of each model is read from a file. What is not known gets a probability distribution, from published
//! figures. Monte Carlo draws then give credible intervals of the emissions, the compute, the energy and the emissions
//! per compute (ATCI) of the whole portfolio, of every model and of groups of models, and say which unknowns the
//! uncertainty comes from.
//!
//! ```
//! use carbonhaze::{NoProgress, Output, Portfolio, RunOptions, Session};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("models.csv");
//! std::fs::write(&path, "id,parameters,tokens,hardware,region\nlab/small,7e9,2e12,A100,France\nlab/large,70e9,2e12,H100,\n")?;
//!
//! let portfolio = Portfolio::read(&path)?;
//! let session = Session::builder().build()?;
//! let options = RunOptions { draws: Some(20_000), ..RunOptions::default() };
//! let outcome = session.run(&portfolio, &options, &NoProgress)?;
//!
//! let [low, high] = outcome.total(Output::Emissions).interval.unwrap();
//! println!("{low:.0} to {high:.0} t of CO2e");
//! assert!(low > 10.0 && high > 2.0 * low);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same portfolio, seed and number of draws give the same bytes on every machine, with any number of threads, on a
//! GPU and without one.
//!
//! # The way of the data
//!
//! ```text
//! files ─> Portfolio ─> Assessment ─> Plan ─> Summary ─> Posterior ─> tables and files
//!          what is      tiers,        integers  integers   estimates,
//!          stated       distributions                      intervals
//! ```
//!
//! [`Portfolio::read`] checks what a user's files say and reports every problem at once. [`assess()`] turns that into a
//! distribution for every factor of every model, each with its provenance. [`Session::run`] compiles the distributions
//! into exact integer numbers, draws from them and reads the estimates off the draws. [`engine`] is the part that
//! draws: a Monte Carlo engine for sums of products, which knows nothing of carbon and can be used without the rest.
//! [`track`] measures runs, so that a portfolio can have rows with an honest distribution.
//! Whatever else the program `haze` does is in [`low_level`].
//!
//! # Features
//!
//! All are on by default.
//!
//! - `cli`: the program `haze`, with its arguments, terminal and result files.
//! - `figures`: figures for papers as SVG, PNG and PDF (`haze figure`).
//! - `parquet`: models files and result tables in Parquet. Without it such files are refused.
//! - `track`: measuring commands and processes (`haze track`, [`track::Tracking`]), on Linux. Records are read without it.
//! - `gpu`: drawing on a GPU through wgpu. Without it [`Backend::Gpu`] is an error, and [`Backend::Auto`] is the CPU.

#![deny(missing_docs)]

mod assess;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod compile;
mod coverage;
mod diff;
pub mod engine;
mod exact;
mod export;
pub mod facts;
mod fit;
mod gauge;
mod hashed;
mod import;
mod lineage;
pub mod low_level;
mod portfolio;
mod posterior;
mod report;
mod run;
pub mod track;
mod validate;

pub use assess::{Assessment, Output, assess};
pub use engine::stats::estimate::{Estimate, Mcse};
pub use portfolio::{Distribution, Labels, Model, Place, Portfolio, Problem, Problems, Study, Value, Warning};
pub use posterior::Posterior;
pub use run::{Backend, Builder, NoProgress, Outcome, Progress, RunError, RunOptions, Session, Settings};

#[cfg(test)]
#[path = "../tests/common/cases.rs"]
mod cases;
