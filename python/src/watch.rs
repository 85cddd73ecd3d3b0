//! Work without Python's lock, followed from Python: progress, Ctrl-C, panics.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use carbonhaze::low_level::run::Progress;
use pyo3::prelude::*;

use crate::errors::Failure;

/// How often signals are looked for and progress is shown.
const EVERY: Duration = Duration::from_millis(100);
/// Room for calls of a working thread, that of a main thread.
const STACK: usize = 8 << 20;

/// How far the work is, and whether it is to go on.
#[derive(Debug, Default)]
pub struct Watch {
    stopped: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    device: Mutex<String>,
}

impl Watch {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it was stopped: for work that does not draw.
    ///
    /// # Errors
    /// [`Failure::Interrupted`]
    pub fn check(&self) -> Result<(), Failure> {
        if self.stopped.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }

    fn show(&self, progress: &Bound<'_, PyAny>) -> PyResult<()> {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        if total == 0 {
            return Ok(());
        }
        let device = self.device.lock().map(|device| device.clone()).unwrap_or_default();
        progress.call1((done.min(total), total, device)).map(drop)
    }
}

impl Progress for Watch {
    fn begin(&self, device: &str, model_draws: u64) {
        if let Ok(mut shown) = self.device.lock() {
            *shown = device.to_string();
        }
        self.total.fetch_add(model_draws, Ordering::Relaxed);
    }

    fn advance(&self, model_draws: u64) -> bool {
        self.done.fetch_add(model_draws, Ordering::Relaxed);
        !self.stopped.load(Ordering::Relaxed)
    }
}

/// What the work gives. It runs in threads of its own, without Python's lock; the calling thread looks for signals and calls
/// `progress(done, total, device)` in model-draws. An exception of either stops the work and is raised once it has ended.
///
/// # Errors
/// The failure of the work, or that exception.
pub fn watched<T: Send>(
    py: Python<'_>,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T, Failure> + Send,
) -> PyResult<T> {
    let watch = Watch::default();
    let (result, raised) = py.detach(|| followed(&watch, progress, work));
    match raised {
        Some(error) => Err(error),
        None => {
            let found = result?;
            progress.map_or(Ok(()), |progress| watch.show(progress.bind(py)))?;
            Ok(found)
        }
    }
}

fn followed<T: Send>(
    watch: &Watch,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch) -> Result<T, Failure> + Send,
) -> (Result<T, Failure>, Option<PyErr>) {
    let mut raised = None;
    let result = thread::scope(|scope| {
        let (done, ends) = mpsc::channel();
        let spawned = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
            let result = catch_unwind(AssertUnwindSafe(|| in_a_pool(|| work(watch))));
            // Nobody waits any more only where the caller is gone.
            let _ = done.send(result.unwrap_or_else(|panic| Err(broken(&*panic))));
        });
        if let Err(e) = spawned {
            return Err(Failure::Failed(format!("cannot start a thread: {e}")));
        }
        loop {
            match ends.recv_timeout(EVERY) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::Failed("the work ended early".into())),
                Err(RecvTimeoutError::Timeout) if raised.is_none() => {
                    raised = Python::attach(|py| asked(py, watch, progress)).err();
                    if raised.is_some() {
                        watch.stop();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    });
    (result, raised)
}

fn asked(py: Python<'_>, watch: &Watch, progress: Option<&Py<PyAny>>) -> PyResult<()> {
    py.check_signals()?;
    progress.map_or(Ok(()), |progress| watch.show(progress.bind(py)))
}

/// In a pool of threads that ends with the call: the common one stays behind when a process forks, and a child would wait
/// for it for ever.
fn in_a_pool<T: Send>(work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build();
    match pool {
        Ok(pool) => pool.install(work),
        Err(e) => Err(Failure::Failed(format!("cannot start the threads: {e}"))),
    }
}

fn broken(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("no reason was given");
    Failure::Failed(format!("a fault of carbonhaze, not of the input: {text}; please report it"))
}
