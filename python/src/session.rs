//! What draws, and what is asked of it, from arguments of Python.

use carbonhaze::low_level::portfolio::study_file::{MAX_DRAWS, PRECISIONS};
use carbonhaze::low_level::run::{Backend, Extent, Request, RunOptions, Session};
use pyo3::prelude::*;

use crate::errors::Failure;
use crate::memory;

/// What every call that draws takes. `None` is what the study says, else the default.
#[derive(Debug, Clone, Default, FromPyObject)]
pub struct Drawing {
    draws: Option<u64>,
    precision: Option<f64>,
    seed: Option<u64>,
    interval: Option<f64>,
    backend: String,
    adapter: Option<String>,
    threads: Option<usize>,
}

impl Drawing {
    /// The options of a run.
    ///
    /// # Errors
    /// A value out of its range.
    pub fn options(&self) -> Result<RunOptions, Failure> {
        let usage = |message: String| Err(Failure::Usage(message));
        if self.draws.is_some_and(|draws| !(1..=MAX_DRAWS).contains(&draws)) {
            return usage(format!("draws: expected a whole number from 1 to {MAX_DRAWS}, such as 1_000_000"));
        }
        if self.precision.is_some_and(|precision| !PRECISIONS.contains(&precision)) {
            return usage("precision: expected a fraction from 0.000001 to 0.1, such as 0.0025 for 0.25 %".into());
        }
        if self.interval.is_some_and(|level| !(level > 0.0 && level < 1.0)) {
            return usage("interval: expected a number between 0 and 1, both excluded, such as 0.95".into());
        }
        let Drawing { draws, precision, seed, interval: level, .. } = *self;
        // A number of draws goes before a precision, as in the program.
        let precision = if draws.is_some() { None } else { precision };
        Ok(RunOptions { draws, precision, seed, level, sensitivity: false })
    }

    /// Draws, precision, seed and level, where the study leaves them open.
    ///
    /// # Errors
    /// As [`Drawing::options`].
    pub fn request(&self, study: &carbonhaze::Study) -> Result<Request, Failure> {
        Ok(self.options()?.request(study))
    }

    /// What draws.
    ///
    /// # Errors
    /// An unknown backend, or a GPU that is not there.
    pub fn session(&self) -> Result<Session, Failure> {
        let backend = match self.backend.as_str() {
            "auto" => Backend::Auto,
            "cpu" => Backend::Cpu,
            "gpu" => Backend::Gpu,
            other => {
                return Err(Failure::Usage(format!("backend: expected \"auto\", \"cpu\" or \"gpu\", not {other:?}")));
            }
        };
        let builder = Session::builder().backend(backend).threads(self.threads.unwrap_or(0));
        let builder = memory::free().into_iter().fold(builder, |builder, free| builder.memory(free));
        let builder = self.adapter.iter().fold(builder, |builder, name| builder.adapter(name));
        Ok(builder.build()?)
    }
}

/// The seed and level of the first, and what takes more draws.
pub fn together([a, b]: [Request; 2]) -> Request {
    let extent = match (a.extent, b.extent) {
        (Extent::Draws(x), Extent::Draws(y)) => Extent::Draws(x.max(y)),
        (Extent::Precision(x), Extent::Precision(y)) => Extent::Precision(x.min(y)),
        (Extent::Draws(n), _) | (_, Extent::Draws(n)) => Extent::Draws(n),
    };
    Request { extent, ..a }
}
