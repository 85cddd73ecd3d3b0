//! Whether the draws fit into memory: asked before they are drawn.

use super::RunError;
use crate::engine::plan::Plan;

/// Draws of one chunk, of which each thread holds totals of its own.
const CHUNK: u64 = 4096;

/// Every draw of every total and kept group is held until the end, 8 bytes each, and two more while they are sorted.
///
/// # Errors
/// [`RunError::Memory`] where there is less.
pub fn fits_in_memory(plan: &Plan, draws: u64) -> Result<(), RunError> {
    let columns = (0..plan.columns()).filter(|&column| plan.keeps(column)).count();
    let kept = (columns + 2 * plan.kept_groups() + 2) as u64;
    held_in_memory(draws, kept, (columns + plan.groups.len()) as u64)
}

/// The words held per draw, and one chunk of totals for each thread. They are requested in one piece first, because an
/// allocation that fails later ends the program without a useful message.
///
/// # Errors
/// [`RunError::Memory`] where there is less.
pub fn held_in_memory(draws: u64, kept: u64, totals: u64) -> Result<(), RunError> {
    let chunks = CHUNK * std::thread::available_parallelism().map_or(1, |n| n.get()) as u64;
    let words = draws.saturating_mul(kept).saturating_add(chunks * totals);
    let fits = usize::try_from(words).is_ok_and(|words| Vec::<u64>::new().try_reserve_exact(words).is_ok());
    if fits {
        return Ok(());
    }
    Err(RunError::Memory { draws, gigabytes: words.saturating_mul(8) / 1_000_000_000 })
}
