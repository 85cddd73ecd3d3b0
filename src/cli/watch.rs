//! A run under way: what was typed meanwhile, how far it is, how long its stages took.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Failure;
use super::say::say;
use crate::run::Progress;

/// Ctrl-C, and the signals that end a job (SIGTERM, SIGHUP). While nothing has been touched it ends the program at once (reading standard input could otherwise not be
/// ended); after that it is noted, and the run stops where it can clean up.
#[derive(Clone, Default)]
pub(super) struct Interrupt {
    noted: Arc<AtomicBool>,
    held: Arc<AtomicBool>,
}

impl Interrupt {
    pub(super) fn install() -> Interrupt {
        let interrupt = Interrupt::default();
        let handler = interrupt.clone();
        // Without a handler the system's own ends the program, which leaves at worst an empty folder.
        let _ = ctrlc::set_handler(move || {
            handler.noted.store(true, Ordering::SeqCst);
            if !handler.held.load(Ordering::SeqCst) {
                say("haze: interrupted, nothing was written");
                std::process::exit(130);
            }
        });
        interrupt
    }

    pub(super) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.noted.load(Ordering::SeqCst) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}

/// A command that draws, followed: a line that says what is done, a bar on standard error where that is a terminal, until
/// this is dropped, and after the first second how long it will take, where that is long. Ctrl-C ends it.
pub(super) struct Watch<'a> {
    interrupt: &'a Interrupt,
    quiet: bool,
    work: Mutex<Option<Work>>,
    /// The last line: a pilot and the rest are announced in the same words.
    said: Mutex<String>,
}

/// What is done at the moment.
struct Work {
    bar: ProgressBar,
    begun: Instant,
    /// Model-draws, and how many of them are done.
    all: u64,
    done: u64,
    /// Whether it was said how long it takes.
    estimated: bool,
}

/// After so long it is known how long the rest takes.
const KNOWN: Duration = Duration::from_secs(1);
/// Less than this is not worth a line.
const LONG: Duration = Duration::from_secs(20);

impl<'a> Watch<'a> {
    pub(super) fn new(interrupt: &'a Interrupt, quiet: bool) -> Watch<'a> {
        Watch { interrupt, quiet, work: Mutex::new(None), said: Mutex::default() }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(work) = self.work.lock().unwrap_or_else(PoisonError::into_inner).take() {
            work.bar.finish_and_clear();
        }
    }
}

impl Progress for Watch<'_> {
    fn begin(&self, what: &str, model_draws: u64) {
        self.finish();
        let said = &mut *self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.quiet && said != what {
            say(what);
            *said = what.to_string();
        }
        let bar = bar(model_draws, self.quiet, "{bar:32} {percent:>3} %, {eta} left");
        let work = Work { bar, begun: Instant::now(), all: model_draws, done: 0, estimated: self.quiet };
        *self.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
    }

    fn advance(&self, model_draws: u64) -> bool {
        if let Some(work) = &mut *self.work.lock().unwrap_or_else(PoisonError::into_inner) {
            work.bar.inc(model_draws);
            work.done = work.done.saturating_add(model_draws);
            if let Some(line) = work.estimate(work.begun.elapsed()) {
                work.bar.suspend(|| say(line));
            }
        }
        self.interrupt.check().is_ok()
    }
}

impl Work {
    /// Said once: how long it will take, where that is long.
    fn estimate(&mut self, elapsed: Duration) -> Option<String> {
        if self.estimated || elapsed < KNOWN || self.done == 0 {
            return None;
        }
        self.estimated = true;
        let whole = elapsed.mul_f64(self.all as f64 / self.done as f64);
        (whole >= LONG).then(|| format!("this will take about {}", indicatif::HumanDuration(whole)))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A bar of so many steps, drawn after a template.
pub(super) fn bar(steps: u64, quiet: bool, template: &str) -> ProgressBar {
    let shown = !quiet && io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr_with_hz(4) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_says_once_how_long_it_takes() {
        let work = |done| {
            let bar = ProgressBar::hidden();
            Work { bar, begun: Instant::now(), all: 1000, done, estimated: false }
        };
        let second = Duration::from_secs(1);
        let mut long = work(10);
        assert_eq!(long.estimate(second / 2), None, "too early");
        assert_eq!(long.estimate(second).as_deref(), Some("this will take about 2 minutes"));
        assert_eq!(long.estimate(2 * second), None, "once");
        assert_eq!(work(100).estimate(second), None, "ten seconds are not long");
        assert_eq!(work(0).estimate(second), None, "nothing is known");
    }
}
