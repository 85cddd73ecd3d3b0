//! Why there is no result.

use super::memory::size;
use crate::compile::PlanError;
use crate::engine::Stopped;
use crate::portfolio::Problems;

/// Why a call that draws has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Values of the input that cannot be used, each with its place.
    #[error(transparent)]
    Input(#[from] Problems),
    /// What was asked for is not there to be had.
    #[error("{0}")]
    Usage(String),
    /// The portfolio cannot be compiled.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The progress callback ended it.
    #[error("interrupted")]
    Interrupted,
    /// There is no GPU to draw on: why, and what can be done about it.
    #[error("{reason}")]
    NoGpu {
        /// In a sentence.
        reason: String,
        /// Whether that is because no adapter was found.
        none_found: bool,
    },
    /// A device failed, and nothing else was to finish the work.
    #[error("{0}")]
    Device(String),
    /// The threads of the CPU did not start.
    #[error("cannot start the threads: {0}")]
    Threads(String),
    /// The draws need more memory than there is.
    #[error(
        "{draws} draws need {} of memory, {}; use fewer draws",
        size(*need),
        free.map_or("more than is free".to_string(), |free| format!("and {} are free", size(free)))
    )]
    Memory {
        /// As asked for.
        draws: u64,
        /// Bytes that they need.
        need: u64,
        /// Bytes that are free, where they are known not to be enough.
        free: Option<u64>,
    },
    /// A step failed: which, and why.
    #[error("{0}")]
    Failed(String),
}

impl RunError {
    /// A failed step. An interruption stays one.
    pub(crate) fn during(self, what: &str) -> RunError {
        match self {
            RunError::Interrupted => RunError::Interrupted,
            other => RunError::failed(what, &other),
        }
    }

    pub(crate) fn failed(what: &str, why: &dyn std::fmt::Display) -> RunError {
        RunError::Failed(format!("{what} failed: {why}"))
    }
}

impl From<Stopped> for RunError {
    fn from(stopped: Stopped) -> RunError {
        match stopped {
            Stopped::Interrupted => RunError::Interrupted,
            Stopped::Device(failure) => RunError::Device(failure),
            Stopped::Blocks(why) => RunError::Failed(why.to_string()),
        }
    }
}
