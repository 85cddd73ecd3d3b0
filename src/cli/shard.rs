//! `haze run --shard K/N`: one part of a run, in a file that `haze merge` takes.

use std::path::Path;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::input::{FileArgs, Opened, at_row};
use super::output::spare;
use super::watch::{Interrupt, Watch};
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::{Outputs, Portfolio};
use crate::report::files;
use crate::report::numbers::round_trip;
use crate::run::part::{self, Head, MOST_PARTS};
use crate::run::{Extent, Request, RunOptions, Settings};

/// `3/10`
pub(super) fn which(text: &str) -> Result<(u64, u64), String> {
    let numbers = text.split_once('/').and_then(|(k, n)| Some((k.trim().parse().ok()?, n.trim().parse().ok()?)));
    match numbers {
        Some((k, n)) if 1 <= k && k <= n && n <= MOST_PARTS => Ok((k, n)),
        _ => Err(format!("expected K/N with K from 1 to N, such as 3/10, and N at most {MOST_PARTS}")),
    }
}

/// What a run was asked for.
pub(super) struct Asked<'a> {
    pub input: &'a FileArgs,
    pub outputs: Outputs,
    pub options: RunOptions,
    pub backend: &'a BackendArgs,
    pub quiet: bool,
}

/// Draws part k of n into a file.
pub(super) fn draw(asked: &Asked<'_>, (shard, of): (u64, u64), to: &Path) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let inputs = Inputs::kept();
    let portfolio = asked.input.read_from(&inputs)?.with_outputs(asked.outputs);
    let settings = settings(&asked.options.request(&portfolio.study), of)?;
    let opened = Opened::assessed(portfolio)?;
    let not_text = || Failure::Usage("--shard needs paths in UTF-8".into());
    let input = inputs.into_archive().into_bytes().map_err(|_| not_text())?;
    let run = part::Run {
        draws: settings.draws,
        seed: settings.seed,
        interval: round_trip(Some(settings.level)),
        file: asked.input.file.to_str().ok_or_else(not_text)?.to_string(),
        facts: !asked.input.no_facts,
        outputs: asked.outputs.names(),
        input: part::digest(&input),
    };
    let head = Head { version: env!("CARGO_PKG_VERSION").into(), shard, of, run };
    interrupt.hold();
    let target = files::prepare_file(to).map_err(|e| Failure::Usage(e.to_string()))?;
    spare(&opened.portfolio.opened, &target)?;
    if !asked.quiet {
        opened.warn();
    }
    let session = asked.backend.session()?;
    let watch = Watch::new(&interrupt, asked.quiet);
    let Opened { portfolio, assessment } = &opened;
    let draws = part::draws_of(shard, of, settings.draws);
    let drawn = session.part(portfolio, assessment, settings, draws, &watch);
    watch.finish();
    notices(&session);
    let drawn = drawn.map_err(at_row(&portfolio.models))?;
    interrupt.check()?;
    target.commit(&[&|out| part::write(out, &head, &input, &drawn)]).map_err(|e| Failure::Run(e.into()))
}

/// What the whole run draws.
fn settings(request: &Request, of: u64) -> Result<Settings, Failure> {
    match request.extent {
        Extent::Precision(_) => {
            let message = "--shard needs --draws N: a part has to know how many draws the whole run has";
            Err(Failure::Usage(message.into()))
        }
        Extent::Draws(draws) if draws < of => {
            Err(Failure::Usage(format!("--shard: {of} parts of {draws} draws; use at most as many parts as draws")))
        }
        Extent::Draws(draws) => Ok(Settings { draws, seed: request.seed, level: request.level }),
    }
}

/// The file that a run was asked for.
pub(super) fn file(run: &part::Run) -> FileArgs {
    FileArgs { file: (&run.file).into(), no_facts: !run.facts }
}

/// The portfolio that a run was made from.
pub(super) fn portfolio(run: &part::Run, inputs: &Inputs) -> Result<Portfolio, Failure> {
    Ok(file(run).read_from(inputs)?.with_outputs(Outputs::of_names(&run.outputs)))
}

#[cfg(test)]
mod tests {
    use super::which;

    #[test]
    fn parts_as_they_are_written() {
        assert_eq!(which("3/10"), Ok((3, 10)));
        assert_eq!(which(" 1 / 1 "), Ok((1, 1)));
        for text in ["", "3", "0/3", "4/3", "-1/3", "1/0", "a/b", "1/2/3", "1/100001"] {
            assert!(which(text).is_err(), "{text}");
        }
    }
}
