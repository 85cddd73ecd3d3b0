//! The thread that reads the meters: at once, at each interval, and when the measurement ends.
//!
//! Everything that may take time is here and not before the command: looking for meters (drivers load), for processes,
//! and for the place. The interval is a grid from the start, so that a late sample moves no later one. A process that
//! was stopped, and a machine that slept, have no samples of that time; the meters see a gap and count it as one.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::clock;
use super::elect::Election;
use super::meters::{Machine, Meters, Processes, Span};
use super::processes::{Census, End, Watched};
use crate::track::measured::Measured;
use crate::track::place::{self, Site};

/// What is to be read, and how.
pub struct Plan {
    pub machine: Machine,
    pub watched: Watched,
    pub interval: Duration,
    pub started_s: f64,
    /// The id of the record.
    pub record: String,
    pub election: Option<Election>,
    /// The cloud's metadata service, if it may be asked.
    pub metadata: Option<SocketAddr>,
    pub save: Option<Save>,
}

/// What is done with what has been read so far.
pub struct Save {
    pub every: Duration,
    pub to: Box<dyn FnMut(&Found) + Send>,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    pub measured: Option<Measured>,
    /// The record that has the energy of this node, where this one has not.
    pub reader: Option<String>,
    pub site: Option<Site>,
    /// How many processes of what was measured lived at the end.
    pub living: usize,
    pub notes: Vec<String>,
}

/// The end of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    pub ended_s: f64,
    /// CPU time of the processes that were waited for, where somebody waited.
    pub waited_s: Option<f64>,
}

type Shared = Arc<(Mutex<Option<Stop>>, Condvar)>;

/// The thread. Dropped, it is asked to end and nobody waits for it.
#[derive(Debug)]
pub struct Sampler {
    stop: Shared,
    thread: Option<JoinHandle<Found>>,
}

impl Sampler {
    /// Starts it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(plan: Plan) -> io::Result<Sampler> {
        let stop = Shared::default();
        let shared = stop.clone();
        let run = move || Sampling::new(plan).run(&shared);
        let thread = Builder::new().name("haze-track".into()).spawn(run)?;
        Ok(Sampler { stop, thread: Some(thread) })
    }

    /// Ends it after a last sample.
    pub fn stop(mut self, stop: Stop) -> Found {
        self.ask(stop);
        let found = self.thread.take().and_then(|thread| thread.join().ok());
        found.unwrap_or_else(|| Found {
            notes: vec!["the meters failed, so the energy is not known".into()],
            ..Found::default()
        })
    }

    fn ask(&self, stop: Stop) {
        *locked(&self.stop.0) = Some(stop);
        self.stop.1.notify_all();
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.ask(Stop { ended_s: clock::now_s(), waited_s: None });
        }
    }
}

/// What a thread that panicked had locked is whole: it is written in one step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Sampling {
    plan: Plan,
    census: Census,
    meters: Option<Meters>,
    /// When this rank began to read.
    since_s: f64,
    /// Another rank was the reader before.
    waited: bool,
    notes: Vec<String>,
    place: Option<JoinHandle<Result<Site, String>>>,
}

impl Sampling {
    fn new(plan: Plan) -> Sampling {
        let census = Census::new(&plan.machine.root, plan.watched.clone());
        let ask = |service| Builder::new().spawn(move || place::ask(service)).ok();
        let place = plan.metadata.and_then(ask);
        Sampling { since_s: plan.started_s, plan, census, meters: None, waited: false, notes: Vec::new(), place }
    }

    fn run(mut self, shared: &Shared) -> Found {
        let interval_s = self.plan.interval.as_secs_f64();
        let mut next_s = self.plan.started_s;
        let mut saved_s = f64::NEG_INFINITY;
        loop {
            self.sample();
            let now_s = clock::now_s();
            if self.plan.save.as_ref().is_some_and(|save| now_s - saved_s >= save.every.as_secs_f64()) {
                saved_s = now_s;
                self.save(now_s);
            }
            next_s += interval_s * (1.0 + ((now_s - next_s) / interval_s).floor().max(0.0));
            if let Some(stop) = wait(shared, next_s - now_s) {
                // The end is no time to begin to read for others.
                if self.meters.is_some() {
                    self.sample();
                }
                return self.end(stop);
            }
        }
    }

    /// Reads the meters, if it is for this rank to read them.
    fn sample(&mut self) {
        if let Some(election) = &mut self.plan.election {
            if !election.is_reader(&self.plan.record) {
                self.waited = true;
                return;
            }
            election.ranks().into_iter().for_each(|rank| self.census.add(rank));
        }
        if self.meters.is_none() {
            // A rank that reads on begins where the other ended; else the time before the first sample is part of the gap.
            if self.waited {
                self.since_s = clock::now_s();
                let note = "this rank read the node on from where the rank that read it before had ended";
                self.notes.push(note.to_string());
            }
            self.meters = Some(Meters::discover(&self.plan.machine));
        }
        let now_s = clock::now_s();
        let processes = Processes { pids: self.census.pids(now_s) };
        if let Some(meters) = &mut self.meters {
            meters.sample(clock::now_s(), &processes);
        }
    }

    fn measured(&mut self, ended_s: f64, waited_s: Option<f64>) -> (Option<Measured>, End) {
        let end = self.census.end();
        // Others' children were waited for by others.
        let waited_s = waited_s.filter(|_| self.plan.election.is_none());
        let cpu_s = match (&self.plan.watched, waited_s) {
            (Watched::Machine, _) => None,
            (_, Some(waited_s)) => Some(waited_s + end.living_s),
            (_, None) => Some(end.all_s),
        };
        let span = Span { started_s: self.since_s, ended_s };
        (self.meters.as_ref().map(|meters| meters.finish(span, cpu_s)), end)
    }

    fn save(&mut self, now_s: f64) {
        let (measured, end) = self.measured(now_s, None);
        let found = Found { measured, living: end.living, notes: self.notes.clone(), ..Found::default() };
        if let Some(save) = &mut self.plan.save {
            (save.to)(&found);
        }
    }

    fn end(mut self, stop: Stop) -> Found {
        let (measured, end) = self.measured(stop.ended_s, stop.waited_s);
        let mut found = Found { measured, living: end.living, notes: self.notes, ..Found::default() };
        if found.measured.is_none() {
            let reader = self.plan.election.as_ref().and_then(Election::reader);
            let text = match &reader {
                Some(_) => "another rank of the job read this node; its record has the energy",
                None => "another rank of the job read this node, and which one is not known",
            };
            found.reader = Some(reader.unwrap_or_default());
            found.notes.push(text.to_string());
        }
        match self.place.map(JoinHandle::join) {
            Some(Ok(Ok(site))) => found.site = Some(site),
            Some(Ok(Err(why))) => found.notes.push(why),
            _ => {}
        }
        found
    }
}

/// The end of the measurement, if it comes within so many seconds.
fn wait(shared: &Shared, seconds: f64) -> Option<Stop> {
    let patience = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
    let (stop, changed) = &**shared;
    let waited = changed.wait_timeout_while(locked(stop), patience, |stop| stop.is_none());
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::track::live::processes;

    /// A machine with one counter, which says how often it was read.
    fn metered() -> (tempfile::TempDir, Machine) {
        let folder = tempfile::tempdir().unwrap();
        let zone = folder.path().join("sys/class/powercap/intel-rapl:0");
        std::fs::create_dir_all(&zone).unwrap();
        for (file, text) in [("name", "package-0"), ("energy_uj", "5000000"), ("max_energy_range_uj", "262143328850")] {
            std::fs::write(zone.join(file), text).unwrap();
        }
        std::os::unix::fs::symlink("/proc", folder.path().join("proc")).unwrap();
        let machine = Machine { root: folder.path().to_path_buf(), ..Machine::default() };
        (folder, machine)
    }

    fn plan(machine: Machine, save: Option<Save>) -> Plan {
        let me = processes::root(std::process::id()).unwrap();
        Plan {
            machine,
            watched: Watched::Below(vec![me]),
            interval: Duration::from_millis(5),
            started_s: clock::now_s(),
            record: "r".into(),
            election: None,
            metadata: None,
            save,
        }
    }

    #[test]
    fn it_reads_until_it_is_stopped_and_saves_on_the_way() {
        let (saved, states) = mpsc::channel();
        let to = Box::new(move |found: &Found| drop(saved.send(found.clone())));
        let (_folder, machine) = metered();
        let sampler = Sampler::start(plan(machine, Some(Save { every: Duration::ZERO, to }))).unwrap();
        let (first, second) = (states.recv().unwrap(), states.recv().unwrap());
        let found = sampler.stop(Stop { ended_s: clock::now_s(), waited_s: None });
        let samples = |found: &Found| found.measured.as_ref().unwrap().devices[0].samples;
        assert!(samples(&first) < samples(&second) && samples(&second) < samples(&found));
        assert!(found.reader.is_none() && found.living > 0);
    }

    #[test]
    fn a_thread_that_nobody_waits_for_ends() {
        let (saved, states) = mpsc::channel();
        let to = Box::new(move |found: &Found| drop(saved.send(found.clone())));
        let (_folder, machine) = metered();
        let sampler = Sampler::start(plan(machine, Some(Save { every: Duration::ZERO, to }))).unwrap();
        assert!(states.recv().is_ok());
        drop(sampler);
        // Its end of the channel goes with it; else this would never end.
        assert!(states.into_iter().count() < usize::MAX);
    }

    #[test]
    fn an_end_before_the_first_interval_has_a_sample() {
        let mut plan = plan(Machine::default(), None);
        plan.interval = Duration::from_secs(3600);
        let sampler = Sampler::start(plan).unwrap();
        let found = sampler.stop(Stop { ended_s: clock::now_s(), waited_s: Some(2.0) });
        let measured = found.measured.unwrap();
        assert!(measured.cpu_time_s.is_some_and(|s| s >= 2.0));
    }
}
