//! The engine: plans that hold what is drawn, backends that give the same bytes, kernels as text, devices that fail.

#[path = "../common/mod.rs"]
mod common;

mod conformance;
mod corners;
mod faults;
mod ranges;
mod reduce;
mod shaders;
