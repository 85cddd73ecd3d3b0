//! What opens files: one file per format.

pub mod named;
pub mod values;
