//! Measuring a process that runs already, until it ends or somebody ends the measurement.
//!
//! Nobody but its parent hears of the end of a process, so it is looked for: five times a second, 10 µs each.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::clock;
use super::processes::{self, Root, Watched};
use super::sampler::Save;
use super::signals::{Signals, stop_self};
use super::tracking::{Ended, Head, Options, Tracking};
use crate::track::record::{Ending, Record};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// What is measured until it ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    Process(Root),
    Machine,
}

/// Measures a process until it ends, or until SIGINT, SIGTERM or SIGHUP.
///
/// # Errors
/// There is no such process; what is missing of the system.
pub fn attach(pid: u32, options: Options) -> io::Result<Record> {
    let none = || io::Error::new(io::ErrorKind::NotFound, format!("there is no process {pid}"));
    let root = processes::root(pid).ok_or_else(none)?;
    until_the_end(Target::Process(root), Head::new(options), None)
}

pub(super) fn until_the_end(target: Target, head: Head, save: Option<Save>) -> io::Result<Record> {
    let mut signals = Signals::block()?;
    let watched = match target {
        Target::Process(root) => Watched::Below(vec![root]),
        Target::Machine => Watched::Machine,
    };
    let tracking = Tracking::begin(watched, head, save)?;
    let (stop, stopped) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
        loop {
            match signals.next().signal {
                SIGHUP | SIGINT | SIGQUIT | SIGTERM => break,
                SIGTSTP => stop_self(),
                _ => {}
            }
        }
        // The other side may have ended.
        let _ = stop.send(());
    })?;
    let by = loop {
        match stopped.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => match target {
                Target::Process(root) if !processes::lives(root) => break Ending::Gone,
                _ => {}
            },
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break Ending::Stopped,
        }
    };
    Ok(tracking.end(Ended { by, at_s: clock::now_s(), waited_s: None }))
}
