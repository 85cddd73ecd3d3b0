//! Stands for `gpu` in a build without that feature: there is never one.

use super::RunError;
use super::drawing::Drawing;
use crate::engine::Cpu;

pub(super) fn open(_adapter: Option<&str>, _chunk: u32, _cpu: Option<Cpu>) -> Result<Box<dyn Drawing>, RunError> {
    let reason = "this build cannot use a GPU: it was compiled without the feature gpu".into();
    Err(RunError::NoGpu { reason, none_found: false })
}
