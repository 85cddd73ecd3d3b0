//! Calls of a reader that panics on some damaged files, as that of Parquet does (its own checks are not complete: one
//! changed byte in five hundred was enough in files of our tests). Such a panic is a fault of the file and says so; it is
//! not printed as one of this program.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is caught here.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What the call gives; `None` where it panics. What it worked on is not to be used again then.
pub(super) fn call<T>(read: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                before(info);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let found = panic::catch_unwind(AssertUnwindSafe(read));
    CAUGHT.set(outer);
    found.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_others_stay_panics() {
        assert_eq!(call(|| 7), Some(7));
        assert_eq!(call(|| [1, 2].iter().position(|x| *x == 3).unwrap()), None);
        assert!(!CAUGHT.get());
        assert!(panic::catch_unwind(|| panic!("outside")).is_err());
    }
}
