//! Faults on purpose: how the tests see that a broken device never leads to a wrong or partial number.

use std::sync::Mutex;

/// One fault, which happens once; the same fault twice in a list happens twice.
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
    /// Every kernel computes something else: `from` is replaced by `to` wherever it stands. The self-test is left out,
    /// since it would see this before a run. Unlike the others this lasts.
    ChangedKernel {
        /// Text of a kernel.
        from: &'static str,
        /// What stands in its place.
        to: &'static str,
    },
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

    /// What is to be replaced in the kernels, and by what.
    pub fn changed_text(&self) -> Option<(&'static str, &'static str)> {
        let faults = self.0.lock().unwrap_or_else(|e| e.into_inner());
        faults.iter().find_map(|fault| match *fault {
            Fault::ChangedKernel { from, to } => Some((from, to)),
            _ => None,
        })
    }
}
