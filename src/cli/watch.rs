//! A run under way: what was typed meanwhile, how far it is, how long its stages took.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Failure;
use crate::report::document::Timings;

/// Ctrl-C. While nothing has been touched it ends the program at once (reading standard input could otherwise not be
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
                eprintln!("haze: interrupted, nothing was written");
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

    /// What a backend asks while it draws: moves the bar, and says whether to go on.
    pub(super) fn moving<'a>(&'a self, bar: &'a ProgressBar) -> impl Fn(u64) -> bool + Sync + 'a {
        move |n| {
            bar.inc(n);
            self.check().is_ok()
        }
    }
}

/// Progress on standard error where that is a terminal.
pub(super) fn progress_bar(draws: u64, quiet: bool) -> ProgressBar {
    bar(draws, quiet, "drawing {bar:32} {percent:>3} %  {human_pos} draws, {eta} left")
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

/// Seconds by stage.
pub(super) struct Clock {
    last: Instant,
    pub(super) laps: Timings,
}

impl Clock {
    pub(super) fn new() -> Clock {
        Clock { last: Instant::now(), laps: Timings::default() }
    }

    pub(super) fn lap(&mut self, name: &str) {
        let now = Instant::now();
        self.laps.0.push((name.into(), (now - self.last).as_secs_f64()));
        self.last = now;
    }
}
