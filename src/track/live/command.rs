//! Running a command and measuring it: input, output and signals are its own, and its end is that of this program.
//!
//! The command starts at once; meters are looked for while it runs. It stays in the process group of this program, so that a
//! terminal treats both as one. Processes that the command leaves behind are adopted by this program
//! (`PR_SET_CHILD_SUBREAPER`, prctl(2)), so that they are counted as long as the command runs. When it ends, the
//! measurement ends; they live on untouched, and a note of the record says so.
//!
//! Ctrl-Z: when the command has stopped, so does this program, and both go on together. While this program is stopped it takes
//! no samples.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::{io, path::Path};

use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use super::clock;
use super::processes::{self, Stat, Watched};
use super::signals::{PASSED_ON, Signals, stop_self};
use super::tracking::{Ended, Head, Options, Tracking};
use crate::track::record::{Ending, Overhead, Record};

pub use super::signals::die_of;

/// A command that was run.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub ending: Ending,
    /// What was measured, or why it was not: the command ran all the same.
    pub record: io::Result<Record>,
}

/// Why a command was not run.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// As shells say with 127.
    #[error("command not found")]
    NotFound,
    /// As shells say with 126.
    #[error("cannot be executed ({0})")]
    NotExecutable(io::Error),
}

impl NotRun {
    /// That of a shell.
    pub fn exit_code(&self) -> u8 {
        match self {
            NotRun::NotFound => 127,
            NotRun::NotExecutable(_) => 126,
        }
    }
}

/// Runs a command. Only the first measurement of a process can be of a command: signals stay blocked afterwards.
///
/// # Errors
/// The command was not started.
pub fn run(command: &[OsString], options: Options) -> Result<Ran, NotRun> {
    let (program, arguments) = command.split_first().ok_or(NotRun::NotFound)?;
    let mut signals = Signals::block().map_err(|e| NotRun::NotExecutable(e.into()))?;
    // Without it orphans are counted until their parent ends.
    let _ = set_child_subreaper(true);
    let head = Head::new(options);
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    signals.unblock_in(&mut prepared);
    let mut child = prepared.spawn().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => NotRun::NotFound,
        _ => NotRun::NotExecutable(e),
    })?;
    // This program is the root, so that it is also that of orphans, but does not count.
    let me = processes::root(std::process::id()).map(|root| processes::Root { counts: false, ..root });
    let tracking = me
        .ok_or_else(|| io::Error::other("/proc cannot be read"))
        .and_then(|me| Tracking::begin(Watched::Below(vec![me]), head, None));
    let ending = wait(&mut child, &mut signals);
    let at_s = clock::now_s();
    let used = |who| getrusage(who).ok();
    let seconds = |usage: &nix::sys::resource::Usage| {
        let both = usage.user_time() + usage.system_time();
        both.tv_sec() as f64 + both.tv_usec() as f64 * 1e-6
    };
    let waited_s = used(UsageWho::RUSAGE_CHILDREN).map(|usage| seconds(&usage));
    let record = tracking.map(|tracking| tracking.end(Ended { by: ending, at_s, waited_s }));
    let overhead = used(UsageWho::RUSAGE_SELF).map(|usage| Overhead {
        cpu_s: seconds(&usage),
        // In units of 1024 bytes.
        peak_memory_mb: usage.max_rss() as f64 * 1024.0 / 1e6,
    });
    Ok(Ran { ending, record: record.map(|record| Record { overhead, ..record }) })
}

/// Waits until the command ends.
fn wait(child: &mut Child, signals: &mut Signals) -> Ending {
    let pid = Pid::from_raw(child.id() as i32);
    let mut job = Job { pid, is_stopped: false, wants_to_stop: false };
    loop {
        let came = signals.next();
        match came.signal {
            Signal::SIGCHLD => {
                if let Some(ending) = job.look(child) {
                    return ending;
                }
            }
            Signal::SIGTSTP => {
                job.wants_to_stop = true;
                if !came.of_kernel {
                    job.pass_on(Signal::SIGTSTP);
                }
            }
            Signal::SIGCONT => job.resume(),
            signal if PASSED_ON.contains(&signal) && !came.of_kernel => job.pass_on(signal),
            _ => {}
        }
        if job.wants_to_stop && job.is_stopped {
            job.wants_to_stop = false;
            stop_self();
            job.resume();
        }
    }
}

/// The command as a shell's job.
struct Job {
    pid: Pid,
    is_stopped: bool,
    /// Somebody asked both to stop.
    wants_to_stop: bool,
}

impl Job {
    fn pass_on(&self, signal: Signal) {
        // It may have ended meanwhile, which the next SIGCHLD says.
        let _ = kill(self.pid, signal);
    }

    /// Continues the command if it is stopped.
    fn resume(&mut self) {
        self.wants_to_stop = false;
        let stat = Stat::of(Path::new("/proc"), self.pid.as_raw() as u32);
        if stat.is_some_and(|stat| stat.state == 'T') {
            self.pass_on(Signal::SIGCONT);
        }
    }

    /// What became of the command and of processes that were adopted.
    fn look(&mut self, child: &mut Child) -> Option<Ending> {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(ending(status));
        }
        let stops = WaitPidFlag::WSTOPPED | WaitPidFlag::WCONTINUED | WaitPidFlag::WNOHANG;
        while let Ok(status) = waitid(Id::Pid(self.pid), stops) {
            match status {
                WaitStatus::Stopped(..) => self.is_stopped = true,
                WaitStatus::Continued(_) => self.is_stopped = false,
                _ => break,
            }
        }
        let ends = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        while let Ok(status) = waitid(Id::All, ends) {
            match status.pid() {
                Some(pid) if pid == self.pid => return child.try_wait().ok().flatten().map(ending),
                Some(pid) => drop(waitpid(pid, Some(WaitPidFlag::WNOHANG))),
                None => break,
            }
        }
        None
    }
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code),
        (None, signal) => Ending::Signal(signal.unwrap_or(0)),
    }
}
