//! Who follows the work, and may end it.

/// Follows a call that draws. A closure `Fn(u64) -> bool` is one that only counts; [`NoProgress`] does nothing.
pub trait Progress: Sync {
    /// Drawing begins: on which device, in words, and how many model-draws there are to do.
    fn begin(&self, _device: &str, _model_draws: u64) {}

    /// The next part of the work, by its title.
    fn part(&self, _title: &str) {}

    /// So many more model-draws are done (0 where it only asks). Whether to go on: after `false` the call returns
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
