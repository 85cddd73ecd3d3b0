//! Why there is no result.

use crate::compile::PlanError;
use crate::engine::Stopped;
use crate::portfolio::Problem;

/// Why a call that draws has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Values of the input that cannot be used, each with its place.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Input(Vec<Problem>),
    /// What was asked for is not available.
    #[error("{0}")]
    Usage(String),
    /// The portfolio cannot be compiled.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The progress callback stopped the run.
    #[error("interrupted")]
    Interrupted,
    /// There is no GPU to draw on: why, and what can be done about it.
    #[error("{reason}")]
    NoGpu {
        /// The reason, in a sentence.
        reason: String,
        /// Advice, one sentence each.
        advice: Vec<String>,
    },
    /// A device failed, and no other was allowed to finish the work.
    #[error("{0}")]
    Device(String),
    /// The CPU threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(String),
    /// The draws need more memory than there is.
    #[error("{draws} draws need {gigabytes} GB of memory, more than is available; use fewer draws")]
    Memory {
        /// Number of draws requested.
        draws: u64,
        /// Memory that they need.
        gigabytes: u64,
    },
    /// A step failed: which one, and why.
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

impl From<Vec<Problem>> for RunError {
    fn from(problems: Vec<Problem>) -> RunError {
        RunError::Input(problems)
    }
}
