//! How a result was computed: the part of a result file that may differ between machines, and the plan's fingerprint.

use std::time::Instant;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

/// The device that made the draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// `cpu`, `gpu`, or `gpu, then cpu` where the GPU failed on the way.
    pub name: String,
    /// The GPU, or the instruction set of the CPU.
    pub adapter: Option<String>,
    /// Number of CPU threads.
    pub threads: Option<usize>,
}

/// The plan's fingerprint, what drew it, and how long that took.
#[derive(Debug, Clone, PartialEq)]
pub struct RunInfo {
    /// SHA-256 of the plan in hexadecimal.
    pub plan_hash: String,
    /// What drew.
    pub backend: Device,
    /// Seconds by stage, in order.
    pub timings: Timings,
}

/// Seconds by stage, in the order of the stages. Serialized as one object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timings(pub Vec<(String, f64)>);

impl Timings {
    /// These, and then others.
    pub fn then(mut self, later: Timings) -> Timings {
        self.0.extend(later.0);
        self
    }
}

impl Serialize for Timings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, seconds) in &self.0 {
            map.serialize_entry(name, seconds)?;
        }
        map.end()
    }
}

/// Takes the time of one stage after the other.
#[derive(Debug)]
pub struct Clock {
    last: Instant,
    /// Stages that are over.
    pub laps: Timings,
}

impl Clock {
    /// Begins the first stage.
    pub fn start() -> Clock {
        Clock { last: Instant::now(), laps: Timings::default() }
    }

    /// Ends a stage, which gets this name, and begins the next.
    pub fn lap(&mut self, name: &str) {
        let now = Instant::now();
        self.laps.0.push((name.into(), (now - self.last).as_secs_f64()));
        self.last = now;
    }
}
