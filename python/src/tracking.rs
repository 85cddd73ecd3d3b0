//! A measurement of this process, for `carbonhaze/_track.py`: begun, and ended to give its record, which it also keeps.
//!
//! A process that is forked meanwhile has a copy of the measurement without its thread, and may have locks that nobody
//! opens any more. So a copy is neither ended nor dropped, but left as it is.

use std::mem;
use std::path::PathBuf;
use std::process;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use carbonhaze::track::append::{self, Kept};
use carbonhaze::track::place::Site;
use carbonhaze::track::{self, Options};
use pyo3::prelude::*;

use crate::errors::Failure;

/// A measurement that goes on, or what it gave.
#[pyclass(frozen, module = "carbonhaze._native")]
pub struct Tracking {
    /// The process that measures itself.
    owner: u32,
    out: Option<PathBuf>,
    running: Mutex<Option<track::Tracking>>,
    ended: OnceLock<Ended>,
}

/// A record, and where it is.
struct Ended {
    line: String,
    kept: Option<PathBuf>,
    /// Why it is not where it was to be.
    why: Option<String>,
}

#[pymethods]
impl Tracking {
    #[new]
    #[pyo3(signature = (name, out, interval_s, place, cloud_metadata, with_host))]
    fn new(
        py: Python<'_>,
        name: String,
        out: Option<PathBuf>,
        interval_s: f64,
        place: (Option<String>, Option<String>),
        cloud_metadata: bool,
        with_host: bool,
    ) -> PyResult<Tracking> {
        if !(0.05..=3600.0).contains(&interval_s) {
            return Err(Failure::Usage("interval: expected seconds from 0.05 to 3600, such as 1.0".into()).into());
        }
        let site = Site { region: place.0, provider: place.1 };
        let interval = Duration::from_secs_f64(interval_s);
        let options = Options { interval, site, with_host, ..Options::named(name) };
        let options = if cloud_metadata { options.with_cloud_metadata() } else { options };
        let running = py.detach(|| {
            if let Some(out) = &out {
                let cannot = |e| Failure::Usage(format!("out: {} cannot be written: {e}", out.display()));
                append::prepare(out).map_err(cannot)?;
            }
            track::Tracking::start(options).map_err(|e| Failure::Failed(format!("the measurement cannot start: {e}")))
        })?;
        Ok(Tracking { owner: process::id(), out, running: Mutex::new(Some(running)), ended: OnceLock::new() })
    }

    /// Ends it and keeps the record, which also has these notes. Once it has ended, nothing.
    fn end(&self, py: Python<'_>, notes: Vec<String>) {
        if process::id() != self.owner {
            return;
        }
        let Some(running) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        py.detach(|| {
            let mut record = running.stop();
            record.notes.extend(notes);
            let line = record.line();
            let (kept, why) = match self.out.as_ref().map(|out| (out, append::keep(out, &line, &record.id))) {
                None => (None, None),
                Some((out, Kept::InPlace)) => (Some(out.clone()), None),
                Some((_, Kept::Elsewhere(spare, why))) => (Some(spare), Some(why.to_string())),
                Some((_, Kept::Nowhere(why))) => (None, Some(why.to_string())),
            };
            // Whoever took the measurement is alone here.
            let _ = self.ended.set(Ended { line, kept, why });
        });
    }

    /// The record as it was written, once it has ended.
    #[getter]
    fn line(&self) -> Option<&str> {
        self.ended.get().map(|ended| ended.line.as_str())
    }

    /// The file with the record, if there is one.
    #[getter]
    fn kept(&self) -> Option<PathBuf> {
        self.ended.get()?.kept.clone()
    }

    /// Why the record is not where it was to be.
    #[getter]
    fn why(&self) -> Option<&str> {
        self.ended.get()?.why.as_deref()
    }
}

impl Drop for Tracking {
    fn drop(&mut self) {
        if process::id() != self.owner {
            mem::forget(mem::replace(&mut self.running, Mutex::new(None)));
        }
    }
}
