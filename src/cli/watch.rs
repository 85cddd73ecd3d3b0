//! A run under way: what was typed meanwhile, how far it is, how long its stages took.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

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

/// A command that draws, followed: a line that says what draws, and a bar on standard error where that is a terminal,
/// until this is dropped. Ctrl-C ends it.
pub(super) struct Watch<'a> {
    interrupt: &'a Interrupt,
    quiet: bool,
    bar: OnceLock<ProgressBar>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(interrupt: &'a Interrupt, quiet: bool) -> Watch<'a> {
        Watch { interrupt, quiet, bar: OnceLock::new() }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Watch<'_> {
    fn begin(&self, device: &str, model_draws: u64) {
        if !self.quiet {
            say(device);
        }
        self.bar.get_or_init(|| bar(model_draws, self.quiet, "drawing {bar:32} {percent:>3} %, {eta} left"));
    }

    fn advance(&self, model_draws: u64) -> bool {
        if let Some(bar) = self.bar.get() {
            bar.inc(model_draws);
        }
        self.interrupt.check().is_ok()
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
