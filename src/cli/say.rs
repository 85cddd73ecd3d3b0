//! What is said on standard error. That nobody can hear it (a full device, a reader that is gone) is no reason to stop.

use std::fmt::Display;
use std::io::Write;

/// One line.
pub(super) fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
