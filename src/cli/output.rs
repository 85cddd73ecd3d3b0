//! Where a command's answer goes: a page on standard output, a JSON document in a file or on standard output.
//!
//! Files are prepared before the work, so that a bad path fails first, and put in place after it.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Failure;
use crate::portfolio::Study;
use crate::report::files::{self, Target};
use crate::report::page::Style;
use crate::report::study::FIRST_LINE;

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
    /// Of a command that reads no file it could replace.
    pub(super) fn prepare(json: Option<&Path>) -> Result<Output, Failure> {
        match json {
            None => Ok(Output::Page),
            Some(path) if path == Path::new("-") => Ok(Output::Stdout),
            Some(path) => files::prepare_file(path).map(Output::File).map_err(|e| Failure::Usage(e.to_string())),
        }
    }

    /// Of a command that reads a study, or the models files alone: none of these is replaced.
    pub(super) fn sparing(json: Option<&Path>, study: &Study) -> Result<Output, Failure> {
        let output = Output::prepare(json)?;
        if let Some(target) = output.file() {
            spare_inputs(study, target)?;
        }
        Ok(output)
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
        print(&page())
    }
}

/// A JSON document, from the function that writes it.
pub(super) fn document(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Vec<u8>, Failure> {
    let mut document = Vec::new();
    write(&mut document).context("cannot write the JSON result")?;
    Ok(document)
}

/// Refuses outputs that would replace a file the run reads. A study that an earlier run wrote may be written again:
/// nothing is lost.
pub(super) fn spare_inputs(study: &Study, target: &Target) -> Result<(), Failure> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let places: Vec<PathBuf> = target.places().iter().filter_map(|place| real(place)).collect();
    let by_hand = |path: &&PathBuf| !fs::read_to_string(path).is_ok_and(|text| text.starts_with(FIRST_LINE));
    let mut inputs = study.models.iter().chain(&study.fits).chain(study.path.iter().filter(by_hand));
    match inputs.find(|input| real(input).is_some_and(|input| places.contains(&input))) {
        None => Ok(()),
        Some(input) => {
            let input = input.display();
            Err(Failure::Usage(format!("{input} is an input of this run and would be replaced; choose another place")))
        }
    }
}

pub(super) fn bytes(content: &[u8]) -> impl Fn(&mut dyn Write) -> io::Result<()> {
    move |out| out.write_all(content)
}

/// Writes to standard output; a closed pipe (`| head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
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
        && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
        && std::env::var_os("TERM").is_none_or(|v| v != "dumb")
}
