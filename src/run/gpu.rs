//! A GPU that draws for a session.

use super::drawing::Drawing;
use super::{Device, RunError, Session};
use crate::engine::gpu::{GpuError, Options};
use crate::engine::{Backend, Check, Cpu, Gpu, Reduce};

/// Draws at all corners that a GPU is given at a time: enough to fill it, and some 20 MB in a cube of six groups.
const SLAB: u64 = 1 << 15;

/// The GPU whose name contains `adapter`, or any real one; `cpu` finishes what it fails at. `chunk` is the number of
/// draws per stretch, 0 for the default.
pub(super) fn open(adapter: Option<&str>, chunk: u32, cpu: Option<Cpu>) -> Result<Box<dyn Drawing>, RunError> {
    let options = Options { chunk: u64::from(chunk), ..Options::default() };
    match Gpu::new(adapter, options, cpu) {
        Ok(gpu) => Ok(Box::new(gpu)),
        Err(e) => {
            let none_found = matches!(e, GpuError::NoAdapter(_) | GpuError::NoSuchAdapter { .. });
            Err(RunError::NoGpu { reason: e.to_string(), none_found })
        }
    }
}

impl Drawing for Gpu {
    fn backend(&self) -> &dyn Backend {
        self
    }

    fn reduce(&self) -> &dyn Reduce {
        self
    }

    fn slab(&self) -> u64 {
        SLAB
    }

    fn device(&self) -> Device {
        let name = if self.finished_on_cpu() { "gpu, then cpu" } else { "gpu" };
        Device { name: name.into(), adapter: Some(self.facts().name.clone()), threads: None }
    }

    fn line(&self) -> String {
        format!("drawing on {} ({})", self.facts().name, self.facts().kind.name())
    }

    fn is_gpu(&self) -> bool {
        true
    }

    fn notices(&self) -> Vec<String> {
        Gpu::notices(self)
    }

    fn self_test(&self) -> Result<Option<Vec<Check>>, RunError> {
        Gpu::self_test(self).map(Some).map_err(|e| RunError::Device(e.to_string()))
    }
}

impl From<Gpu> for Session {
    fn from(gpu: Gpu) -> Session {
        Session::of(Box::new(gpu))
    }
}
