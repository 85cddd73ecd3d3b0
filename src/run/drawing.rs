//! What a session needs of something that draws, whatever it is.

use super::{Device, RunError};
use crate::engine::{Backend, Check, Cpu, Host, Reduce};

/// Draws at all corners that a CPU is given at a time.
const CPU_SLAB: u64 = 1 << 12;

/// Something that draws, with what is said of it.
pub(super) trait Drawing: Send + Sync {
    fn backend(&self) -> &dyn Backend;

    /// What sorts and divides the draws.
    fn reduce(&self) -> &dyn Reduce {
        &Host
    }

    /// Draws at all corners of a design that it is given at a time.
    fn slab(&self) -> u64 {
        CPU_SLAB
    }

    /// For the result.
    fn device(&self) -> Device;

    /// In words, for someone who waits.
    fn line(&self) -> String;

    fn is_gpu(&self) -> bool {
        false
    }

    /// What went wrong and was mended since the last call, in sentences.
    fn notices(&self) -> Vec<String> {
        vec![]
    }

    /// Known answers, if it is a device that has to be asked.
    fn self_test(&self) -> Result<Option<Vec<Check>>, RunError> {
        Ok(None)
    }
}

impl Drawing for Cpu {
    fn backend(&self) -> &dyn Backend {
        self
    }

    fn device(&self) -> Device {
        Device { name: "cpu".into(), adapter: Some(self.simd().name().into()), threads: Some(self.threads()) }
    }

    fn line(&self) -> String {
        format!("drawing on the CPU ({}, {} threads)", self.simd().name(), self.threads())
    }
}

/// An engine of the caller's own.
pub(super) struct Other<B>(pub(super) B);

impl<B: Backend + Send + Sync> Drawing for Other<B> {
    fn backend(&self) -> &dyn Backend {
        &self.0
    }

    fn device(&self) -> Device {
        Device { name: "other".into(), adapter: None, threads: None }
    }

    fn line(&self) -> String {
        "drawing".into()
    }
}
