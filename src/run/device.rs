//! What drew, for the result.

use serde::{Deserialize, Serialize};

/// What drew a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// `cpu`, `gpu`, or `gpu, then cpu` where the GPU failed on the way.
    pub name: String,
    /// The GPU, or the instruction set of the CPU.
    pub adapter: Option<String>,
    /// Threads of the CPU.
    pub threads: Option<usize>,
}
