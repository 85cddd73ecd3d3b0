//! Faults on purpose: how the tests see that a broken device never leads to a wrong or partial number.

use std::sync::Mutex;

/// One fault, which happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The device is destroyed after so many dispatches of models.
    DestroyedAfter(u32),
    /// The device refuses this allocation.
    AllocationRefused,
    /// The self-test sees another answer than it should.
    WrongAnswer,
    /// The model kernel does not compile.
    BrokenKernel,
    /// The device never answers.
    Silent,
}

/// Faults that are still to happen.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub fn new(faults: Vec<Fault>) -> Faults {
        Faults(Mutex::new(faults))
    }

    /// Whether this fault is due; then it is over.
    pub fn strikes(&self, fault: Fault) -> bool {
        let mut faults = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let at = faults.iter().position(|&f| f == fault);
        at.map(|at| faults.remove(at)).is_some()
    }
}
