//! Measurements that are started and stopped by two commands: a process in the background measures meanwhile.
//!
//! ```text
//! start ── makes NAME's state file ── starts serve ─┬─ every 10 s: the record so far, in the state file
//!                                                   └─ SIGTERM, or the end of the process: the record, in the log
//! stop ─── SIGTERM, waits ── or, of a killed one: the record so far, in the log ── removes the state file
//! ```
//!
//! The state file is new or not made, so that two starts of one name cannot both succeed. It names its process by number and
//! time of start. Of a measurement that was killed, what was saved last is kept.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};
use serde::{Deserialize, Serialize};

use super::append::{self, Kept};
use super::attach::{Target, until_the_end};
use super::processes::{self, Root};
use super::sampler::{Found, Save};
use super::tracking::{Ended, Head, Options};
use super::{clock, folder};
use crate::track::place::Site;
use crate::track::record::{Ending, Record};

/// Between two states.
const SAVED: Duration = Duration::from_secs(10);
/// How long the other side may take to start, and to end.
const STARTS: Duration = Duration::from_secs(20);
const ENDS: Duration = Duration::from_secs(60);

/// What is measured in the background.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// What the run is called.
    pub name: String,
    /// The process whose energy it is, with all below it; the whole machine otherwise.
    pub pid: Option<u32>,
    /// Where the record goes: an absolute path.
    pub out: PathBuf,
    /// Between two samples, in seconds.
    pub interval_s: f64,
    /// Where it runs.
    pub site: Site,
    /// Whether the cloud may be asked for that.
    pub cloud_metadata: bool,
    /// Whether the record names the host.
    pub with_host: bool,
}

/// What both sides know.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    settings: Settings,
    node: String,
    /// The process in the background, once it runs.
    server: Option<(u32, u64)>,
    /// So far, or at the end.
    record: Option<Record>,
    /// Once it has ended by itself: where the record is.
    kept: Option<String>,
    /// Why it could not begin.
    failed: Option<String>,
}

/// What went wrong, with advice.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Of the user.
    #[error("{0}")]
    Usage(String),
    /// Of the system.
    #[error("{0}")]
    System(String),
}

fn system(what: &str, path: &Path) -> impl Fn(io::Error) -> SessionError {
    let what = format!("{what} {}", path.display());
    move |e| SessionError::System(format!("{what}: {e}"))
}

/// A measurement that was stopped.
#[derive(Debug)]
pub struct Stopped {
    /// What was measured.
    pub record: Record,
    /// The file with it.
    pub kept: String,
}

fn state_path(name: &str) -> Result<PathBuf, SessionError> {
    let folder = folder::of_states().map_err(|e| SessionError::System(format!("no folder for states: {e}")))?;
    Ok(folder.join(format!("{}.json", folder::hash(name))))
}

fn read(path: &Path) -> Option<State> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Replaces the state as a whole.
fn write(path: &Path, state: &State) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(serde_json::to_string(state)?.as_bytes())?;
    fs::rename(new, path)
}

impl State {
    fn is_here(&self) -> bool {
        self.node == folder::node()
    }

    fn runs(&self) -> bool {
        let root = |(pid, started)| Root { pid, started, counts: true };
        self.is_here() && self.server.is_some_and(|server| processes::lives(root(server)))
    }
}

/// Starts a measurement in the background; its state file. `program` and `arguments` start [`serve`] with that file.
///
/// # Errors
/// One of this name goes on, or the system refuses.
pub fn start(settings: Settings, program: &Path, arguments: &[&str]) -> Result<PathBuf, SessionError> {
    let path = state_path(&settings.name)?;
    let name = settings.name.clone();
    let state = State { settings, node: folder::node(), server: None, record: None, kept: None, failed: None };
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let taken = |e: io::Error| match e.kind() {
        io::ErrorKind::AlreadyExists => refused(&name, read(&path).as_ref()),
        _ => system("cannot write", &path)(e),
    };
    made.map_err(taken)?;
    let begun = write(&path, &state).and_then(|()| {
        let mut command = Command::new(program);
        command.args(arguments).arg(&path);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    });
    let undo = |why: String| {
        let _ = fs::remove_file(&path);
        SessionError::System(format!("the measurement did not start: {why}"))
    };
    let mut server = begun.map_err(|e| undo(e.to_string()))?;
    let until = Instant::now() + STARTS;
    while Instant::now() < until {
        match read(&path) {
            Some(State { failed: Some(why), .. }) => return Err(undo(why)),
            Some(state) if state.server.is_some() => return Ok(path),
            _ if server.try_wait().is_ok_and(|ended| ended.is_some()) => return Err(undo("it ended at once".into())),
            _ => thread::sleep(Duration::from_millis(10)),
        }
    }
    let _ = server.kill();
    Err(undo("it gives no sign".into()))
}

fn refused(name: &str, state: Option<&State>) -> SessionError {
    let what = match state {
        Some(state) if state.runs() => "goes on",
        Some(state) if state.kept.is_some() => "has ended and was not fetched",
        Some(state) if !state.is_here() => "was started on another machine, or before this one was restarted",
        Some(_) => "was killed",
        None => "is about to start",
    };
    SessionError::Usage(format!(
        "a measurement named {name:?} {what}; end it with haze track stop {name:?}, or give this one another --name"
    ))
}

/// The background process: measures as the state file says, until SIGTERM or the end of the process.
///
/// # Errors
/// The state file cannot be used.
pub fn serve(path: &Path) -> Result<(), SessionError> {
    // Of its own, so that the end of a terminal is not its end.
    let _ = setsid();
    let mut state = read(path).ok_or_else(|| SessionError::Usage(format!("{} is no state", path.display())))?;
    let unwritable = system("cannot write", path);
    let target = match state.settings.pid {
        None => Some(Target::Machine),
        Some(pid) => processes::root(pid).map(Target::Process),
    };
    let me = processes::root(std::process::id());
    let (Some(target), Some(me)) = (target, me) else {
        state.failed = Some("there is no such process".into());
        return write(path, &state).map_err(unwritable);
    };
    state.server = Some((me.pid, me.started));
    let head = Head::new(options(&state.settings));
    write(path, &state).map_err(&unwritable)?;
    let save = saving(path.to_path_buf(), state.clone(), head.clone());
    let record = until_the_end(target, head, Some(save))
        .map_err(|e| SessionError::System(format!("the measurement could not start: {e}")))?;
    state.kept = Some(kept(&state.settings.out, &record)?);
    state.record = Some(record);
    write(path, &state).map_err(unwritable)
}

fn options(settings: &Settings) -> Options {
    let options = Options {
        interval: Duration::try_from_secs_f64(settings.interval_s).unwrap_or(Duration::from_secs(1)),
        site: settings.site.clone(),
        with_host: settings.with_host,
        ..Options::named(settings.name.clone())
    };
    if settings.cloud_metadata { options.with_cloud_metadata() } else { options }
}

/// The record so far, as one that was lost after it.
fn saving(path: PathBuf, state: State, head: Head) -> Save {
    let to = move |found: &Found| {
        let ended = Ended { by: Ending::Lost, at_s: clock::now_s(), waited_s: None };
        let state = State { record: Some(head.record(found, ended)), ..state.clone() };
        // The next one may succeed.
        let _ = write(&path, &state);
    };
    Save { every: SAVED, to: Box::new(to) }
}

/// Appends the record; where it is.
fn kept(out: &Path, record: &Record) -> Result<String, SessionError> {
    match append::keep(out, &record.line(), &record.id) {
        Kept::InPlace => Ok(out.display().to_string()),
        Kept::Elsewhere(spare, _) => Ok(spare.display().to_string()),
        Kept::Nowhere(why) => {
            Err(SessionError::System(format!("cannot write {} nor the temporary folder: {why}", out.display())))
        }
    }
}

/// Ends a measurement. Without a name it is the only one that there is.
///
/// # Errors
/// There is none of this name; nothing of it was saved; the record cannot be written.
pub fn stop(name: Option<&str>) -> Result<Stopped, SessionError> {
    let path = match name {
        Some(name) => state_path(name)?,
        None => only()?,
    };
    let none = || SessionError::Usage(format!("there is no measurement named {:?}; {}", name.unwrap_or(""), listed()));
    let mut state = read(&path).ok_or_else(none)?;
    if state.runs() {
        state = ended(&path, state)?;
    }
    let record = match (state.record, &state.kept) {
        (Some(record), Some(kept)) => Stopped { record, kept: kept.clone() },
        (Some(mut record), None) => {
            record.notes.push("the measurement was killed; what it had saved until then is kept".into());
            let kept = kept(&state.settings.out, &record)?;
            Stopped { record, kept }
        }
        (None, _) => {
            let _ = fs::remove_file(&path);
            let name = &state.settings.name;
            let text =
                format!("the measurement {name:?} was killed before it had saved anything; nothing is kept of it");
            return Err(SessionError::System(text));
        }
    };
    fs::remove_file(&path).map_err(system("cannot remove", &path))?;
    Ok(record)
}

/// Asks the process to end, and waits for it.
fn ended(path: &Path, state: State) -> Result<State, SessionError> {
    if let Some((pid, _)) = state.server {
        let _ = kill(Pid::from_raw(pid as i32), Signal::SIGTERM);
    }
    let until = Instant::now() + ENDS;
    while Instant::now() < until {
        let lives = state.runs();
        match read(path) {
            Some(now) if now.kept.is_some() || !lives => return Ok(now),
            _ => thread::sleep(Duration::from_millis(10)),
        }
    }
    Err(SessionError::System(format!("the measurement does not end; its state is in {}", path.display())))
}

fn all() -> Vec<(PathBuf, State)> {
    let entries = folder::of_states().and_then(fs::read_dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json"));
    paths.filter_map(|path| read(&path).map(|state| (path, state))).collect()
}

fn listed() -> String {
    let names: Vec<String> = all().iter().map(|(_, state)| format!("{:?}", state.settings.name)).collect();
    if names.is_empty() { "haze track start begins one".into() } else { format!("there are {}", names.join(", ")) }
}

fn only() -> Result<PathBuf, SessionError> {
    let mut all = all();
    match all.pop() {
        Some((path, _)) if all.is_empty() => Ok(path),
        Some(_) => Err(SessionError::Usage(format!("which one? {}", listed()))),
        None => Err(SessionError::Usage(format!("there is no measurement; {}", listed()))),
    }
}
