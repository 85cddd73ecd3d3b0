//! Whether the draws fit into memory: asked before they are drawn.

use super::RunError;
use crate::engine::plan::Header;

/// Draws of one chunk, of which each thread holds totals of its own.
const CHUNK: u64 = 4096;

/// What the draws may take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// What is free, in bytes, where that is known. Systems often grant more and end the program when it is used.
    pub free: Option<u64>,
}

impl Memory {
    /// Every draw of every total and kept group is held until the end, 8 bytes each, and two more while they are sorted.
    ///
    /// # Errors
    /// [`RunError::Memory`] where there is less.
    pub fn fits(self, plan: &Header, draws: u64) -> Result<(), RunError> {
        let columns = (0..plan.columns()).filter(|&column| plan.keeps(column)).count();
        let kept = (columns + 2 * plan.kept_groups() + 2) as u64;
        self.holds(draws, kept, (columns + plan.groups.len()) as u64)
    }

    /// The words held per draw, and one chunk of totals for each thread. They are requested in one piece first, because
    /// an allocation that fails later ends the program without a useful message.
    ///
    /// # Errors
    /// [`RunError::Memory`] where there is less.
    pub fn holds(self, draws: u64, kept: u64, totals: u64) -> Result<(), RunError> {
        let chunks = CHUNK * std::thread::available_parallelism().map_or(1, |n| n.get()) as u64;
        let words = draws.saturating_mul(kept).saturating_add(chunks * totals);
        let need = words.saturating_mul(8);
        let granted = || usize::try_from(words).is_ok_and(|words| Vec::<u64>::new().try_reserve_exact(words).is_ok());
        if self.free.is_none_or(|free| need <= free) && granted() {
            return Ok(());
        }
        Err(RunError::Memory { draws, need, free: self.free.filter(|free| *free < need) })
    }
}

/// Bytes for people, rounded up.
pub(super) fn size(bytes: u64) -> String {
    match bytes.div_ceil(1_000_000) {
        megabytes if megabytes < 1000 => format!("{megabytes} MB"),
        megabytes => format!("{:.1} GB", megabytes as f64 / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_sizes() {
        let memory = Memory { free: Some(200_000_000) };
        // 2e7 draws of 7 words are 1.12 GB, and chunks.
        let message = memory.holds(20_000_000, 7, 4).unwrap_err().to_string();
        assert!(message.contains("need 1.1 GB of memory, and 200 MB are free"), "{message}");
        assert!(memory.holds(2_000_000, 7, 4).is_ok());
        let small = Memory { free: Some(1) }.holds(1, 1, 1).unwrap_err().to_string();
        assert!(!small.contains(" 0 ") && small.contains("1 MB"), "{small}");
        // Not known, but more than any machine has.
        let message = Memory::default().holds(u64::MAX / 8, 7, 4).unwrap_err().to_string();
        assert!(message.contains(", more than is free"), "{message}");
    }
}
