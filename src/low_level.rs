//! Every stage by itself: what the program `haze`, the tests and the benchmarks are made of.
//!
//! **This module is not covered by the promise of a version number**: names here change when the inside of the library
//! does. What the types at the root of the crate offer does not.
//!
//! ```
//! use carbonhaze::low_level::{compile, gauge::workload::Workload};
//! use carbonhaze::assess;
//!
//! let portfolio = Workload::Lognormals.portfolio(10);
//! let plan = compile::compile(&assess(&portfolio)?)?;
//! assert_eq!(plan.models.len(), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

macro_rules! stages {
    ($($(#[$doc:meta])* $stage:ident),* $(,)?) => {
        $($(#[$doc])* pub mod $stage {
            pub use crate::$stage::*;
        })*
    };
}

stages! {
    /// What is known of each model: reading and checking files, distributions.
    portfolio,
    /// What the known implies: tiers, a distribution for every factor, provenance of each.
    assess,
    /// From an assessment to the plan that the engine draws.
    compile,
    /// Closed forms over an assessment: variance shares, kurtosis, values of disclosure.
    exact,
    /// Sessions: the one place that draws.
    run,
    /// What the draws say.
    posterior,
    /// Tables and documents.
    report,
    /// The regressions that missing compute can be imputed by.
    fit,
    /// Known answers, replayed on a backend, and workloads to measure one with.
    gauge,
    /// Published runs predicted from less than was published.
    validate,
    /// What a total rests on and what it leaves out.
    coverage,
}
