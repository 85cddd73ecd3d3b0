//! `haze track` from outside: commands are run, signalled and killed as users and schedulers do.
//!
//! Nothing here depends on how fast the machine is: a state is waited for until it is there.

mod background;
mod records;
mod signals;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{errors, folder, haze, outcome, printed};

const LOG: &str = "haze-track.jsonl";

/// `haze track`, with all its places in this folder and no job around it.
fn track(dir: &Path, args: &[&str]) -> Command {
    let mut command = haze(dir);
    command.arg("track").args(args).env("TMPDIR", dir).env("XDG_STATE_HOME", dir.join("state"));
    let of_a_job = |name: &str| {
        ["SLURM_", "OMPI_", "PMI", "MPI_", "TORCHELASTIC", "RANK", "LOCAL_"].iter().any(|start| name.starts_with(start))
    };
    for (name, _) in std::env::vars().filter(|(name, _)| of_a_job(name)) {
        command.env_remove(name);
    }
    command
}

/// A shell's script, run and measured.
fn script(dir: &Path, script: &str) -> Output {
    track(dir, &["--", "sh", "-c", script]).output().unwrap()
}

/// The records of a log.
fn records(path: PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn record(dir: &Path) -> Value {
    let mut all = records(dir.join(LOG));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Waits for a state of the world.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The state of a process (`R`, `S`, `T`, `Z` …); `None` of one that is not there.
fn state(pid: u32) -> Option<char> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(") ")?.1.chars().next()
}

fn kill(pid: u32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), signal).unwrap();
}
