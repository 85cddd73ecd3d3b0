//! Equal shapes share a table; what a shape is, the families of distributions say.

pub use crate::portfolio::distribution::shape::{ShapeKey, normalise};
