//! What a gauge was run on.

use serde::Serialize;

use crate::engine::Check;
use crate::run::Device;

/// What made the draws, and the outcome of its self-test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawn {
    /// What drew.
    #[serde(flatten)]
    pub backend: Device,
    /// For a GPU: the self-test of the device itself.
    pub self_test: Option<Vec<Check>>,
}

impl Drawn {
    /// Whether the device failed its self-test, or left its work to the processor.
    pub fn failed(&self) -> bool {
        self.backend.name == "gpu, then cpu" || self.self_test.iter().flatten().any(|check| check.wrong > 0)
    }
}
