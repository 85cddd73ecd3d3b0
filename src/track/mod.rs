//! Measuring a command (`haze track`): what its machine used while it ran, as one honest row of a portfolio.
//!
//! ```text
//! command ─┐                    meters: found, read at each sample
//! process ─┼─> Tracking ─> sampler ─> measured ─> Record ─> one line of a file ─> import ─> a models row
//! machine ─┘     elect: one reader per node
//! ```
//!
//! [`measured`] is what came of the meters, device by device, with the error of each. What cannot be read is estimated from the
//! hardware found and says so: missing is never zero. [`record`] is the line that is kept, [`row`] and [`dia`] what others make
//! of it, [`read`] reads the lines again.
//!
//! Records are read everywhere. Measuring, which is `live`, needs Linux and the feature `track`: `Tracking` measures a process
//! from within a program, and `command` runs and measures a command.

pub mod dia;
pub mod job;
pub mod joined;
#[cfg(all(target_os = "linux", feature = "track"))]
mod live;
pub mod measured;
pub mod place;
pub mod read;
pub mod record;
pub mod row;
pub mod total;

#[cfg(all(target_os = "linux", feature = "track"))]
pub use live::{Options, Tracking, append, attach, command, meters, session};
