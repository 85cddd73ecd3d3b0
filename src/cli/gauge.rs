//! `haze gauge`: known answers recomputed on this machine.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

use indicatif::ProgressBar;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::output::{Output, document, style};
use super::say::say;
use super::watch::{self, Interrupt};
use crate::gauge::{self, Drawn, MIN_DRAWS, Report};
use crate::report::gauge::{terminal, write};
use crate::run::{Progress, Settings};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze gauge                              on what `haze run` would use; about ten seconds on two cores
  haze gauge --backend cpu --threads 4
  haze gauge --adapter llvmpipe           a software GPU, by name
  haze gauge --json - | jq '.figures[] | select(.verdict == \"DIFF\")'

Every figure is known from a paper or a closed form. Integers must be equal to the last bit; estimates must lie within a
simultaneous limit of standard errors. Exit code 0 if all PASS, 1 if any is DIFF.")]
pub struct GaugeArgs {
    #[command(flatten)]
    backend: BackendArgs,
    /// Draws of each portfolio (the largest ones use fewer)
    #[arg(long, value_name = "N", default_value_t = gauge::DRAWS, value_parser = draws)]
    draws: u64,
    /// Seed of the random stream
    #[arg(long, value_name = "S", default_value_t = 42)]
    seed: u64,
    /// Write the figures as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const MOST_DRAWS: u64 = 1 << 24;

fn draws(text: &str) -> Result<u64, String> {
    match text.replace('_', "").parse() {
        Ok(n) if (MIN_DRAWS..=MOST_DRAWS).contains(&n) => Ok(n),
        _ => Err(format!("expected a whole number from {MIN_DRAWS} to {MOST_DRAWS}")),
    }
}

pub fn gauge(args: GaugeArgs) -> Result<(), Failure> {
    let (start, interrupt) = (Instant::now(), Interrupt::install());
    interrupt.hold();
    let output = Output::prepare(args.json.as_deref(), &[])?;
    // A GPU is what is to be tried, where there is one, however short the work.
    let session = args.backend.session()?;
    let watch = Sections::new(interrupt);
    let settings = Settings { draws: args.draws, seed: args.seed, ..Settings::default() };
    let found = session.gauge(settings, &watch);
    watch.finish();
    notices(&session);
    let (report, drawn) = found?;
    let document = document(|out| write(out, &report, &drawn, start.elapsed().as_secs_f64()))?;
    output.finish(&document, || terminal(&report, &drawn, style()))?;
    outcome(&report, &drawn)
}

/// Exit code 1 unless everything agrees.
fn outcome(report: &Report, drawn: &Drawn) -> Result<(), Failure> {
    let name = drawn.backend.adapter.as_deref().unwrap_or(&drawn.backend.name);
    if drawn.failed() {
        let failed = anyhow::anyhow!("{name} failed: do not use it; `haze doctor` gives details");
        return Err(Failure::Run(failed));
    }
    match report.differing() {
        0 => Ok(()),
        n => Err(Failure::Run(anyhow::anyhow!(
            "{n} known answers DIFF on {name}: do not trust the results of this machine"
        ))),
    }
}

/// The section at work, on standard error where that is a terminal.
struct Sections {
    bar: OnceLock<ProgressBar>,
    interrupt: Interrupt,
}

impl Sections {
    fn new(interrupt: Interrupt) -> Sections {
        Sections { bar: OnceLock::new(), interrupt }
    }

    fn bar(&self) -> &ProgressBar {
        let template = "testing {bar:32} {pos} of {len}  {msg}, {elapsed}";
        self.bar.get_or_init(|| watch::bar(gauge::SECTIONS as u64, false, template))
    }

    fn finish(&self) {
        self.bar().finish_and_clear();
    }
}

impl Progress for Sections {
    fn begin(&self, device: &str, _model_draws: u64) {
        say(device);
    }

    fn part(&self, title: &str) {
        self.bar().inc(1);
        self.bar().set_message(title.to_string());
    }

    fn advance(&self, _model_draws: u64) -> bool {
        self.interrupt.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Check;
    use crate::gauge::{Figure, Section};
    use crate::run::Device;

    #[test]
    fn whatever_differs_is_exit_code_1() {
        let report = |obtained: usize| {
            let figures = vec![Figure::count("answers that differ", obtained, 0)];
            Report::new(1, MIN_DRAWS, vec![Section { title: "", source: "", how: String::new(), figures }])
        };
        let drawn = |name: &str, wrong: usize| Drawn {
            backend: Device { name: name.into(), adapter: None, threads: None },
            self_test: Some(vec![Check { name: "", answers: 1, wrong }]),
        };
        assert!(outcome(&report(0), &drawn("gpu", 0)).is_ok());
        for (report, drawn) in
            [(report(1), drawn("gpu", 0)), (report(0), drawn("gpu", 1)), (report(0), drawn("gpu, then cpu", 0))]
        {
            assert!(matches!(outcome(&report, &drawn), Err(Failure::Run(_))), "{report:?} {drawn:?}");
        }
    }
}
