//! `haze track summary`: what the runs of several files used, by name; the same as rows of a models file.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Failure;
use crate::cli::output::{bytes, print, spare, style};
use crate::cli::say::say;
use crate::import::{self, GroupBy, Source};
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::gathered::{Taken, typed};
use crate::portfolio::problem::{shorten, shorten_path, visible};
use crate::report::{files, track as page};
use crate::track::joined::Joined;
use crate::track::read;

/// What `haze track summary` takes.
#[derive(Debug, Args)]
pub struct SummaryArgs {
    /// Files with records, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write a models file here, with a row for each name
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn summary(args: &SummaryArgs) -> Result<(), Failure> {
    let inputs = Inputs::default();
    let joined = Joined::read(&args.files, &inputs)?;
    let target = match &args.output {
        None => None,
        Some(path) => {
            let target = files::prepare_file(path).map_err(|e| Failure::Usage(e.to_string()))?;
            spare(&inputs.paths(), &target)?;
            Some((path, target))
        }
    };
    let found = read::records(&joined.text);
    for left in &found.left_out {
        let value = shorten(&left.value);
        say(format_args!("not used: {}: {value:?}: {}", joined.place(left.line), visible(&left.reason)));
    }
    if found.counted.is_empty() {
        return Err(Failure::Usage("no record has an energy, so there is nothing to sum up".into()));
    }
    print(&crate::cli::plain::page(page::terminal(&found, style())))?;
    let Some((path, target)) = target else { return Ok(()) };
    let Some(importer) = import::of_kind("track") else { return Ok(()) };
    let source = Source::new(path, joined.text.as_bytes(), GroupBy::Project);
    let imported = (importer.read)(&source).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|f| format!("{}: {}", joined.place(f.line), f.message)).collect();
        Failure::Usage(lines.join("\n"))
    })?;
    // Long records are typed on all cores; a command that measures starts none.
    crate::cli::start_threads();
    let table = typed(&[Taken { path: path.clone(), importer, imported }])?;
    target.commit(&[&bytes(&table)]).map_err(|e| Failure::Run(e.into()))?;
    say(format_args!("the rows are in {}: haze run {0}", shorten_path(path)));
    Ok(())
}
