//! Where a command's answer goes: a page on standard output, a JSON document in a file or on standard output.
//!
//! Files are prepared before the work, so that a bad path fails first, and put in place after it.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Failure, plain};
use crate::portfolio::problem::shorten_path;
use crate::report::files::{self, Target};
use crate::report::page::Style;

/// What `--json` asks for.
pub(super) enum Output {
    /// Nothing: only the page.
    Page,
    /// The document instead of the page.
    Stdout,
    /// The document in a file, and the page as well.
    File(Target),
}

impl Output {
    /// Of a command that has read these files: none of them is replaced.
    pub(super) fn prepare(json: Option<&Path>, inputs: &[PathBuf]) -> Result<Output, Failure> {
        match json {
            None => Ok(Output::Page),
            Some(path) if path == Path::new("-") => Ok(Output::Stdout),
            Some(path) => {
                let target = files::prepare_file(path).map_err(|e| Failure::Usage(e.to_string()))?;
                spare(inputs, &target)?;
                Ok(Output::File(target))
            }
        }
    }

    pub(super) fn file(&self) -> Option<&Target> {
        match self {
            Output::File(target) => Some(target),
            Output::Page | Output::Stdout => None,
        }
    }

    pub(super) fn is_stdout(&self) -> bool {
        matches!(self, Output::Stdout)
    }

    /// Puts the document in its place and prints the page, unless the document takes its place.
    pub(super) fn finish(self, document: &[u8], page: impl FnOnce() -> String) -> Result<(), Failure> {
        match self {
            Output::Stdout => return print(&String::from_utf8_lossy(document)),
            Output::File(target) => target.commit(&[&bytes(document)]).map_err(|e| Failure::Run(e.into()))?,
            Output::Page => {}
        }
        print(&plain::page(page()))
    }
}

/// A JSON document, from the function that writes it.
pub(super) fn document(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Vec<u8>, Failure> {
    let mut document = Vec::new();
    write(&mut document).context("cannot write the JSON result")?;
    Ok(document)
}

/// Refuses an output that would replace a file that was read.
pub(super) fn spare(inputs: &[PathBuf], target: &Target) -> Result<(), Failure> {
    let places: Vec<PathBuf> = target.places().map(real).collect();
    match inputs.iter().find(|input| places.contains(&real(input))) {
        None => Ok(()),
        Some(input) => Err(Failure::Usage(format!(
            "{} is an input of this run and would be replaced; choose another place",
            shorten_path(input)
        ))),
    }
}

/// Refuses two outputs in one place.
pub(super) fn apart(a: &Target, b: &Target) -> Result<(), Failure> {
    let places: Vec<PathBuf> = a.places().chain([a.folder()]).map(real).collect();
    match b.places().find(|place| places.contains(&real(place))) {
        None => Ok(()),
        Some(place) => Err(Failure::Usage(format!(
            "two outputs of this run would be written to {}; choose another place for one of them",
            shorten_path(place)
        ))),
    }
}

/// The file that a path leads to. Where there is none yet, its name in the folder that the path leads to.
fn real(path: &Path) -> PathBuf {
    let in_folder = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(fs::canonicalize(parent).ok()?.join(path.file_name()?))
    };
    fs::canonicalize(path).ok().or_else(in_folder).unwrap_or_else(|| path.to_path_buf())
}

pub(super) fn bytes(content: &[u8]) -> impl Fn(&mut dyn Write) -> io::Result<()> {
    move |out| out.write_all(content)
}

/// Writes to standard output; a closed pipe (`| head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// The same of bytes that need not be UTF-8.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    match io::stdout().lock().write_all(bytes) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Run(anyhow::Error::new(e).context("cannot write to standard output")))
        }
        _ => Ok(()),
    }
}

/// As wide as the terminal; files and pipes get 100 columns.
pub(super) fn style() -> Style {
    let (_, columns) = console::Term::stdout().size();
    let width = if io::stdout().is_terminal() { usize::from(columns) } else { 100 };
    Style { colour: colour(), width }
}

/// Colour is for terminals only, and not where NO_COLOR (no-color.org) is set.
fn colour() -> bool {
    io::stdout().is_terminal()
        && !plain::is_set()
        && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && std::env::var_os("TERM").is_none_or(|v| v != "dumb")
}
