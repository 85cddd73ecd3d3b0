//! `haze gauge`: known answers replayed on this machine.

use std::path::PathBuf;
use std::time::Instant;

use indicatif::ProgressBar;

use super::Failure;
use super::backend::{BackendArgs, Chosen};
use super::output::{Output, document, style};
use super::run::tell;
use super::watch::{self, Interrupt};
use crate::engine::Stopped;
use crate::gauge::{self, GaugeError, MIN_DRAWS, Machine, Report, Watch};
use crate::report::gauge::{Drawn, terminal, write};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze gauge                              what `haze run` would draw on, about ten seconds on two cores
  haze gauge --backend cpu --threads 4
  haze gauge --adapter llvmpipe           a software GPU, by name
  haze gauge --json - | jq '.figures[] | select(.verdict == \"DIFF\")'

Every figure is known from a paper or a closed form. Integers must be equal to the last bit; estimates lie within their
standard errors at a simultaneous level. Exit code 0 if all PASS, 1 if one is DIFF.")]
pub struct GaugeArgs {
    #[command(flatten)]
    backend: BackendArgs,
    /// Draws of each portfolio (the largest take fewer)
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
    let output = Output::prepare(args.json.as_deref())?;
    // A GPU is what is to be tried, where there is one, however short the work.
    let (chosen, line) = Chosen::new(&args.backend, u64::MAX)?;
    eprintln!("{line}");
    let self_test = match &chosen {
        Chosen::Cpu(_) => None,
        Chosen::Gpu(gpu) => Some(gpu.self_test().map_err(|e| Failure::Run(e.into()))?),
    };
    let wrong = self_test.iter().flatten().any(|check| check.wrong > 0);
    let watch = Bar::new(interrupt);
    let machine = Machine {
        backend: chosen.backend(),
        reduce: chosen.reduce(),
        seed: args.seed,
        draws: args.draws,
        watch: &watch,
    };
    // A device that answers wrongly when asked alone does not draw.
    let report = if wrong { Ok(Report::new(args.seed, args.draws, vec![])) } else { gauge::gauge(&machine) };
    watch.bar.finish_and_clear();
    tell(&chosen);
    let report = report.map_err(|e| match e {
        GaugeError::Stopped(Stopped::Interrupted) => Failure::Interrupted,
        other => Failure::Run(other.into()),
    })?;
    let drawn = Drawn { backend: chosen.info(), self_test };
    let document = document(|out| write(out, &report, &drawn, start.elapsed().as_secs_f64()))?;
    output.finish(&document, || terminal(&report, &drawn, style()))?;
    outcome(&report, &drawn)
}

/// Exit code 1 unless everything agrees.
fn outcome(report: &Report, drawn: &Drawn) -> Result<(), Failure> {
    let name = drawn.backend.adapter.as_deref().unwrap_or(&drawn.backend.name);
    if drawn.failed() {
        let failed = anyhow::anyhow!("{name} failed: do not draw on it; `haze doctor` tells more");
        return Err(Failure::Run(failed));
    }
    match report.differing() {
        0 => Ok(()),
        n => {
            Err(Failure::Run(anyhow::anyhow!("{n} known answers DIFF on {name}: do not trust results of this machine")))
        }
    }
}

/// The section at work, on standard error where that is a terminal.
struct Bar {
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Bar {
    fn new(interrupt: Interrupt) -> Bar {
        let template = "replaying {bar:32} {pos} of {len}  {msg}, {elapsed}";
        let bar = watch::bar(gauge::SECTIONS as u64, false, template);
        Bar { bar, interrupt }
    }
}

impl Watch for Bar {
    fn section(&self, title: &str) {
        self.bar.inc(1);
        self.bar.set_message(title.to_string());
    }

    fn go_on(&self) -> bool {
        self.interrupt.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::gpu::Check;
    use crate::gauge::{Figure, Section};
    use crate::report::document::Backend;

    #[test]
    fn whatever_differs_is_exit_code_1() {
        let report = |obtained: usize| {
            let figures = vec![Figure::count("answers that differ", obtained, 0)];
            Report::new(1, MIN_DRAWS, vec![Section { title: "", source: "", how: String::new(), figures }])
        };
        let drawn = |name: &str, wrong: usize| Drawn {
            backend: Backend { name: name.into(), adapter: None, threads: None },
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
