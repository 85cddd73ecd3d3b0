//! The record of a measurement: one line of JSON, complete in itself.
//!
//! It holds no arguments, no environment and no name of a host unless somebody asked for them: they hold secrets. The
//! node is named by a hash of its boot, so that two records of one node can be known as such and nothing else.
//!
//! A record also carries what is made of it, as `row` ([`super::row`]) and `dia` ([`super::dia`]); neither is read back,
//! because both follow from the rest.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::job::Job;
use super::measured::{Basis, Energy, Measured, Part};
use super::place::Site;
use super::{dia, row};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const VERSION: u32 = 1;

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`].
    pub haze_track: u32,
    /// Different in every record.
    pub id: String,
    /// What the run is called: runs of one name are one model.
    pub name: String,
    /// UTC, as `2026-07-30T12:03:01.123Z`.
    pub started: String,
    /// UTC.
    pub ended: String,
    /// From start to end on a clock that never steps and counts suspension, in seconds.
    pub duration_s: f64,
    /// How it ended.
    pub ended_by: Ending,
    /// `None` where another rank of the job read this node.
    pub measured: Option<Measured>,
    /// Whose record has the energy of this node, where this one does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader: Option<Reader>,
    /// What started it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// Where it ran, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Site>,
    /// A hash of the node's boot.
    pub node: String,
    /// The node's name, on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The command with its arguments, on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Seconds between samples.
    pub interval_s: f64,
    /// What the measuring itself used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overhead: Option<Overhead>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// The version of the program.
    pub version: String,
}

/// How a measurement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The command ended with this exit code.
    Exit(i32),
    /// The command died of this signal.
    Signal(i32),
    /// Somebody ended the measurement; the process may live on.
    Stopped,
    /// The process ended; nobody but its parent knows how.
    Gone,
    /// The measuring process was killed; the record has what it had saved.
    Lost,
}

/// Who read the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The id of its record.
    pub record: String,
}

/// What the measuring used, of the program that did nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Overhead {
    /// CPU time, in seconds.
    pub cpu_s: f64,
    /// The most memory it held, in MB (10^6 bytes), libraries of drivers included.
    pub peak_memory_mb: f64,
}

/// A record with what is made of it.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    record: &'a Record,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dia: Option<Value>,
}

impl Record {
    /// As one line, with its end.
    pub fn line(&self) -> String {
        let cells = row::of(&self.name, &[self]).map(|row| row.cells);
        let row = cells.map(|cells| cells.into_iter().map(|(name, cell)| (name.to_string(), cell.into())).collect());
        let line = Line { record: self, row: row.map(Value::Object), dia: dia::report(self) };
        // Texts and finite numbers have a form in JSON; others become null.
        let mut text = serde_json::to_string(&line).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The energy at the plug, without PUE.
    pub fn energy(&self) -> Option<Energy> {
        self.measured.as_ref().map(|measured| measured.energy)
    }

    /// The day of its end, as `2026-07-30`.
    pub fn day(&self) -> &str {
        self.ended.get(..10).unwrap_or_default()
    }

    /// The accelerators by model, and how many they are, if all are of one model.
    pub fn accelerators(&self) -> Option<(&str, usize)> {
        let devices = self.measured.iter().flat_map(|measured| &measured.devices);
        let mut of_part = devices.filter(|device| device.part == Part::Accelerator);
        let model = of_part.next()?.model.as_deref()?;
        of_part.try_fold(1, |n, device| (device.model.as_deref() == Some(model)).then_some(n + 1)).map(|n| (model, n))
    }

    /// The part of the energy of chips and memory that was read from meters, 0 to 1.
    pub fn metered_share(&self) -> f64 {
        let devices = || self.measured.iter().flat_map(|measured| &measured.devices).filter(|d| d.part != Part::Rest);
        let all: f64 = devices().map(|device| device.energy.median_kwh).sum();
        let read = devices().filter(|device| device.basis != Basis::Estimated);
        if all > 0.0 { read.map(|device| device.energy.median_kwh).sum::<f64>() / all } else { 0.0 }
    }

    /// Whether most of its energy was read from meters.
    pub fn is_metered(&self) -> bool {
        self.metered_share() >= 0.5
    }
}

#[cfg(test)]
pub(crate) mod example {
    use super::*;
    use crate::track::measured::Device;

    /// Two GPUs of 0.8 kWh each by their counters, and 0.4 kWh of the rest: 2 kWh with a GSD of 1.1.
    pub fn record(name: &str) -> Record {
        let device = |name: &str, part, basis, kwh| Device {
            name: name.into(),
            part,
            model: (part == Part::Accelerator).then(|| "NVIDIA H100 80GB HBM3".to_string()),
            basis,
            energy: Energy { median_kwh: kwh, gsd: 1.1 },
            share: 1.0,
            mean_power_w: Some(400.0),
            max_power_w: Some(700.0),
            mean_utilisation: Some(0.9),
            samples: 7200,
            longest_gap_s: 1.1,
            notes: Vec::new(),
        };
        let measured = Measured {
            devices: vec![
                device("GPU 0", Part::Accelerator, Basis::EnergyCounter, 0.8),
                device("GPU 1", Part::Accelerator, Basis::EnergyCounter, 0.8),
                device("rest of the machine", Part::Rest, Basis::Estimated, 0.4),
            ],
            energy: Energy { median_kwh: 2.0, gsd: 1.1 },
            accelerator_hours: Some(4.0),
            cpu_time_s: Some(3600.0),
            unread: vec!["RAPL: no permission".into()],
        };
        Record {
            haze_track: VERSION,
            id: format!("20260730T100301-{name}"),
            name: name.into(),
            started: "2026-07-30T10:03:01.123Z".into(),
            ended: "2026-07-30T12:03:01.123Z".into(),
            duration_s: 7200.0,
            ended_by: Ending::Exit(0),
            measured: Some(measured),
            reader: None,
            job: None,
            place: None,
            node: "0123456789abcdef".into(),
            host: None,
            command: None,
            interval_s: 1.0,
            overhead: None,
            notes: Vec::new(),
            version: "0.1.0".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_back_as_it_was() {
        let record = example::record("a");
        let line = record.line();
        assert!(line.starts_with("{\"haze_track\":1,") && line.ends_with("}\n") && line.lines().count() == 1);
        assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
        // A line end in a name is none in the file.
        assert_eq!(example::record("a\nb").line().lines().count(), 1);
    }

    #[test]
    fn most_of_it_is_read_or_not() {
        let mut record = example::record("a");
        assert_eq!(record.accelerators(), Some(("NVIDIA H100 80GB HBM3", 2)));
        assert!(record.is_metered() && record.metered_share() == 1.0);
        let devices = &mut record.measured.as_mut().unwrap().devices;
        devices[0].basis = Basis::Estimated;
        devices[1].energy.median_kwh = 0.2;
        devices[1].model = Some("other".into());
        assert_eq!(record.metered_share(), 0.2);
        assert!(!record.is_metered() && record.accelerators().is_none());
    }
}
