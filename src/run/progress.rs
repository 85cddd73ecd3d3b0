//! Following the progress of the work, and stopping it.

/// Follows a call that draws. A closure `Fn(u64) -> bool` only counts; [`NoProgress`] does nothing.
pub trait Progress: Sync {
    /// Drawing begins: on which device, in words, and how many model-draws there are to make.
    fn begin(&self, _device: &str, _model_draws: u64) {}

    /// The next part of the work, by its title.
    fn part(&self, _title: &str) {}

    /// `model_draws` more are done (0 to ask only). Returns whether to go on: after `false` the call returns
    /// [`RunError::Interrupted`](super::RunError::Interrupted).
    fn advance(&self, model_draws: u64) -> bool;
}

impl<F: Fn(u64) -> bool + Sync> Progress for F {
    fn advance(&self, model_draws: u64) -> bool {
        self(model_draws)
    }
}

/// Shows nothing and never interrupts.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn advance(&self, _model_draws: u64) -> bool {
        true
    }
}
