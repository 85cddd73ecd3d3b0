//! Measuring, on Linux: meters are found and read while a command, a process or the machine runs.
//!
//! [`meters`] finds what can be read here and reads it at each sample. `sampler` is the thread that does so, on the processes
//! that `processes` finds, if `elect` says that this is the rank that reads its node. [`Tracking`] starts and ends it and makes
//! the record. [`command`] runs a command, [`attach`] follows a process, [`session`] goes on in the background; [`append`]
//! writes the record.

pub mod append;
pub mod attach;
mod clock;
pub mod command;
mod elect;
mod folder;
pub mod meters;
mod processes;
mod sampler;
pub mod session;
mod signals;
mod tracking;

pub use tracking::{Options, Tracking};
