//! What `haze track` does where it can measure.

use std::ffi::OsString;
use std::path::{Path, absolute};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use super::MeasureArgs;
use crate::cli::Failure;
use crate::cli::output::print;
use crate::cli::say::say;
use crate::portfolio::problem::{shorten, shorten_path, visible};
use crate::report::track::line;
use crate::track::append::{self, Kept};
use crate::track::command::{self, Ran};
use crate::track::place::Site;
use crate::track::record::{Ending, Record};
use crate::track::session::{self, SessionError, Settings};
use crate::track::{Options, attach as process};

/// The name of what nobody named, and that is no program.
const UNNAMED: &str = "run";

impl MeasureArgs {
    fn site(&self) -> Site {
        Site { region: self.region.clone(), provider: self.provider.clone() }
    }

    fn options(&self, name: String) -> Options {
        let options = Options {
            interval: Duration::from_secs_f64(self.interval),
            site: self.site(),
            with_host: self.with_host,
            ..Options::named(self.name.clone().unwrap_or(name))
        };
        if self.cloud_metadata { options.with_cloud_metadata() } else { options }
    }

    /// Says so if the record will have to go elsewhere: the command runs all the same.
    fn prepare(&self) {
        if let Err(e) = append::prepare(&self.out) {
            let out = shorten_path(&self.out);
            say(format_args!("haze: cannot write {out} ({e}); the record will go to the temporary folder"));
        }
    }
}

pub fn command(command: &[OsString], what: &MeasureArgs, with_command: bool, quiet: bool) -> Result<ExitCode, Failure> {
    what.prepare();
    let program = command.first().map(Path::new).unwrap_or(Path::new(UNNAMED));
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let words = || command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let options = Options { command: with_command.then(words), ..what.options(name) };
    let Ran { ending, record } = match command::run(command, options) {
        Ok(ran) => ran,
        Err(e) => {
            say(format_args!("haze: {}: {e}", shorten_path(program)));
            return Ok(ExitCode::from(e.exit_code()));
        }
    };
    match record {
        Ok(record) => kept(&what.out, &record, quiet),
        Err(e) => say(format_args!("haze: the command was not measured: {e}")),
    }
    if let Ending::Signal(signal) = ending {
        command::die_of(signal);
    }
    Ok(ExitCode::from(match ending {
        Ending::Exit(code) => code as u8,
        Ending::Signal(signal) => 128u8.wrapping_add(signal as u8),
        Ending::Stopped | Ending::Gone | Ending::Lost => 0,
    }))
}

/// Puts the record in the file, or elsewhere, and says so.
fn kept(out: &Path, record: &Record, quiet: bool) {
    let text = record.line();
    let place = match append::keep(out, &text, &record.id) {
        Kept::InPlace => shorten_path(out),
        Kept::Elsewhere(spare, why) => {
            let (out, spare) = (shorten_path(out), shorten_path(&spare));
            say(format_args!(
                "haze: cannot write {out} ({why}); the record is in {spare}: append that file to the log"
            ));
            spare
        }
        Kept::Nowhere(why) => {
            let out = shorten_path(out);
            say(format_args!("haze: cannot write {out} nor the temporary folder ({why}); this is the record:"));
            say(text.trim_end());
            "the line above".into()
        }
    };
    if !quiet {
        report(record, &place);
    }
}

fn report(record: &Record, place: &str) {
    say(format_args!("haze: {}: {}", shorten(&record.name), line(record)));
    let unread = record.measured.as_ref().map_or(0, |measured| measured.unread.len());
    let missing = match unread {
        0 => String::new(),
        1 => "; 1 meter could not be read, see haze track summary".into(),
        n => format!("; {n} meters could not be read, see haze track summary"),
    };
    say(format_args!("haze: the record is in {place}{missing}"));
}

pub fn attach(pid: u32, what: &MeasureArgs, quiet: bool) -> Result<ExitCode, Failure> {
    what.prepare();
    let program = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = if program.trim().is_empty() { UNNAMED } else { program.trim() };
    let record = process::attach(pid, what.options(name.to_string())).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => Failure::Usage(format!("--attach {pid}: {e}")),
        _ => Failure::Run(anyhow::Error::new(e).context("the measurement could not start")),
    })?;
    kept(&what.out, &record, quiet);
    Ok(ExitCode::SUCCESS)
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Failure {
        match error {
            SessionError::Usage(message) => Failure::Usage(visible(&message)),
            SessionError::System(message) => Failure::Run(anyhow::Error::msg(visible(&message))),
        }
    }
}

pub fn start(what: &MeasureArgs, pid: Option<u32>) -> Result<ExitCode, Failure> {
    append::prepare(&what.out).map_err(|e| Failure::Usage(format!("--out {}: {e}", shorten_path(&what.out))))?;
    let settings = Settings {
        name: what.name.clone().unwrap_or_else(|| UNNAMED.into()),
        pid,
        out: absolute(&what.out).context("the path of --out")?,
        interval_s: what.interval,
        site: what.site(),
        cloud_metadata: what.cloud_metadata,
        with_host: what.with_host,
    };
    let name = settings.name.clone();
    let program = std::env::current_exe().context("the path of this program")?;
    let state = session::start(settings, &program, &["track", "serve"])?;
    let what = pid.map_or("the whole machine".to_string(), |pid| format!("process {pid}"));
    say(format_args!("haze: {} measures {what}; end it with haze track stop {:?}", shorten(&name), shorten(&name)));
    print(&format!("{}\n", state.display()))?;
    Ok(ExitCode::SUCCESS)
}

pub fn stop(name: Option<&str>) -> Result<ExitCode, Failure> {
    let stopped = session::stop(name)?;
    if stopped.record.ended_by == Ending::Lost {
        say("haze: the measurement was killed; what it had saved until then is kept");
    }
    report(&stopped.record, &visible(&stopped.kept));
    Ok(ExitCode::SUCCESS)
}

pub fn serve(state: &Path) -> Result<ExitCode, Failure> {
    session::serve(state)?;
    Ok(ExitCode::SUCCESS)
}
