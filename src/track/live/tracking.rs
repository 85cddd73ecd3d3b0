//! A measurement from within a program: started, and stopped to give the record.
//!
//! ```no_run
//! use carbonhaze::track::{Options, Tracking};
//!
//! let tracking = Tracking::start(Options::named("finetune"))?;
//! // … the work …
//! let record = tracking.stop();
//! println!("{:?}", record.energy());
//! # Ok::<(), std::io::Error>(())
//! ```

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use std::{fs, io, process};

use super::elect::Election;
use super::meters::Machine;
use super::processes::{self, Root, Watched};
use super::sampler::{Found, Plan, Sampler, Save, Stop};
use super::{clock, folder};
use crate::track::job::Job;
use crate::track::place::{SERVICE, Site};
use crate::track::record::{Ending, Reader, Record, VERSION};

/// What a measurement may be given.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the run is called: runs of one name are one model.
    pub name: String,
    /// Between two samples.
    pub interval: Duration,
    /// Where to look for meters.
    pub machine: Machine,
    /// Where it runs, as in the columns `region` and `provider`.
    pub site: Site,
    /// The cloud's metadata service, if it is to be asked for the place.
    pub metadata: Option<SocketAddr>,
    /// Whether the record names the host.
    pub with_host: bool,
    /// The command with its arguments, if the record is to have them.
    pub command: Option<Vec<String>>,
}

impl Options {
    /// A sample each second and nothing else asked for.
    pub fn named(name: impl Into<String>) -> Options {
        Options {
            name: name.into(),
            interval: Duration::from_secs(1),
            machine: Machine::default(),
            site: Site::default(),
            metadata: None,
            with_host: false,
            command: None,
        }
    }

    /// The same, and the place is asked of the cloud's metadata service where it is not given.
    pub fn with_cloud_metadata(self) -> Options {
        Options { metadata: Some(SocketAddr::from(SERVICE)), ..self }
    }
}

/// A measurement that goes on. Dropped, it ends without a record.
#[derive(Debug)]
pub struct Tracking {
    head: Head,
    sampler: Sampler,
}

/// What is known of a record from the start.
#[derive(Debug, Clone)]
pub(super) struct Head {
    options: Options,
    pub id: String,
    started: SystemTime,
    started_s: f64,
    job: Option<Job>,
    notes: Vec<String>,
}

/// How and when a measurement ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub by: Ending,
    pub at_s: f64,
    pub waited_s: Option<f64>,
}

impl Tracking {
    /// Measures this process and all that it starts.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(options: Options) -> io::Result<Tracking> {
        Tracking::of_process(process::id(), options)
    }

    /// Measures a process and all that it starts.
    ///
    /// # Errors
    /// There is no such process, or the system gives no thread.
    pub fn of_process(pid: u32, options: Options) -> io::Result<Tracking> {
        let none = || io::Error::new(io::ErrorKind::NotFound, format!("there is no process {pid}"));
        let root = processes::root(pid).ok_or_else(none)?;
        Tracking::begin(Watched::Below(vec![root]), Head::new(options), None)
    }

    /// Measures the whole machine.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn of_machine(options: Options) -> io::Result<Tracking> {
        Tracking::begin(Watched::Machine, Head::new(options), None)
    }

    pub(super) fn begin(watched: Watched, mut head: Head, save: Option<Save>) -> io::Result<Tracking> {
        let election = match &watched {
            Watched::Below(roots) => head.election(roots.first().copied()),
            Watched::Machine => None,
        };
        let has_region = head.options.site.region.is_some();
        let plan = Plan {
            machine: head.options.machine.clone(),
            watched,
            interval: head.options.interval,
            started_s: head.started_s,
            record: head.id.clone(),
            election,
            metadata: head.options.metadata.filter(|_| !has_region),
            save,
        };
        Ok(Tracking { sampler: Sampler::start(plan)?, head })
    }

    /// Ends it; what was measured.
    pub fn stop(self) -> Record {
        self.end(Ended { by: Ending::Stopped, at_s: clock::now_s(), waited_s: None })
    }

    pub(super) fn end(self, ended: Ended) -> Record {
        let found = self.sampler.stop(Stop { ended_s: ended.at_s, waited_s: ended.waited_s });
        self.head.record(&found, ended)
    }
}

impl Head {
    /// From now on.
    pub fn new(options: Options) -> Head {
        let (started, started_s) = (SystemTime::now(), clock::now_s());
        let cgroup = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let job = Job::of(|name| std::env::var(name).ok(), &cgroup);
        let id = id(started, started_s);
        Head { options, id, started, started_s, job, notes: Vec::new() }
    }

    fn election(&mut self, root: Option<Root>) -> Option<Election> {
        let found = root.map(|root| Election::of(self.job.as_ref(), &self.options.name, root));
        found.and_then(|found| {
            found.unwrap_or_else(|e| {
                let note = format!(
                    "the ranks on this node could not agree on one reader ({e}); each measures what is its own, and what \
                     cannot be attributed counts in each"
                );
                self.notes.push(note);
                None
            })
        })
    }

    /// The record of what was found.
    pub fn record(&self, found: &Found, ended: Ended) -> Record {
        let options = &self.options;
        let asked = found.site.clone().unwrap_or_default();
        let site = Site {
            region: options.site.region.clone().or(asked.region),
            provider: options.site.provider.clone().or(asked.provider),
        };
        let mut notes = self.notes.clone();
        notes.extend(found.notes.iter().cloned());
        if found.living > 0 && matches!(ended.by, Ending::Exit(_) | Ending::Signal(_)) {
            notes.push(format!(
                "{} that the command started lived on when it ended; what they used afterwards is not in this record",
                if found.living == 1 { "1 process".to_string() } else { format!("{} processes", found.living) }
            ));
        }
        let host = || fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_string());
        let duration_s = (ended.at_s - self.started_s).max(0.0);
        Record {
            haze_track: VERSION,
            id: self.id.clone(),
            name: options.name.clone(),
            started: clock::utc(self.started),
            // The start and what went by since: a stepped clock would give an end before the start.
            ended: clock::utc(self.started + Duration::from_secs_f64(duration_s)),
            duration_s,
            ended_by: ended.by,
            measured: found.measured.clone(),
            reader: found.reader.clone().map(|record| Reader { record }),
            job: self.job.clone(),
            place: (site != Site::default()).then_some(site),
            node: folder::node(),
            host: options.with_host.then(host).flatten(),
            command: options.command.clone(),
            interval_s: options.interval.as_secs_f64(),
            overhead: None,
            notes,
            version: env!("CARGO_PKG_VERSION").to_string(),
        }
    }
}

/// A name for one record: the second of its start, and a hash of all that tells it from others.
fn id(started: SystemTime, started_s: f64) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static BEFORE: AtomicU64 = AtomicU64::new(0);
    let n = BEFORE.fetch_add(1, Ordering::Relaxed);
    let second = clock::utc(started);
    let second: String = second.chars().take(19).filter(|c| c.is_ascii_alphanumeric()).collect();
    // A container may have the process number of another on the node, so its namespace counts too.
    let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let all = format!("{started:?} {started_s} {} {n} {} {space:?}", process::id(), folder::node());
    format!("{second}Z-{}", folder::hash(&all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::row;

    #[test]
    fn this_process_is_measured() {
        let mut options = Options::named("lab/x");
        options.site.region = Some("France".into());
        let record = Tracking::start(options).unwrap().stop();
        assert_eq!((record.name.as_str(), record.ended_by), ("lab/x", Ending::Stopped));
        assert!(record.energy().is_some_and(|energy| energy.gsd >= 1.0) && record.started <= record.ended);
        assert_eq!((record.host.as_ref(), record.command.as_ref()), (None, None));
        let row = row::of("x", &[&record]).unwrap();
        assert!(row.cells.contains(&("region", "France".to_string())));
    }

    /// The date is taken once and time counted on the other clock: one that is set meanwhile moves neither.
    #[test]
    fn a_clock_that_is_set_moves_no_duration() {
        let mut head = Head::new(Options::named("x"));
        head.started = SystemTime::UNIX_EPOCH;
        let ended = Ended { by: Ending::Stopped, at_s: head.started_s + 90.0, waited_s: None };
        let record = head.record(&Found::default(), ended);
        assert_eq!(
            (record.started.as_str(), record.ended.as_str()),
            ("1970-01-01T00:00:00.000Z", "1970-01-01T00:01:30.000Z")
        );
        assert!((record.duration_s - 90.0).abs() < 1e-6);
    }

    #[test]
    fn no_process_no_measurement() {
        let error = Tracking::of_process(u32::MAX, Options::named("x")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn ids_differ() {
        let now = SystemTime::now();
        assert_ne!(id(now, 1.0), id(now, 1.0));
        assert!(id(now, 1.0).starts_with("20"));
    }
}
