//! What opens files: one file per format.

pub mod values;
