//! Signals of a program that runs a command: blocked, read one by one, and passed on where the command would not get them.
//!
//! A signal of the terminal (Ctrl-C, Ctrl-\, Ctrl-Z, hang-up) reaches every process of the foreground group, the command
//! too; the kernel sends it, and it is not passed on. One that somebody sends to this process alone is. Whoever signals each
//! process of a group or job by itself (`kill -TERM -PGID`, `scancel`) looks the same, and the command gets the
//! signal twice.
//!
//! What is blocked is inherited by threads and by commands, so a command gets back what this program was started with
//! ([`Signals::unblock_in`]).
//! Disposition codes: sigaction(2), <https://man7.org/linux/man-pages/man2/sigaction.2.html>.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigAction, SigHandler, SigSet, SigmaskHow, Signal, raise, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Those that are passed on.
pub const PASSED_ON: [Signal; 6] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2];

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    pub signal: Signal,
    /// By the terminal or another part of the kernel, and so to the command as well.
    pub of_kernel: bool,
}

/// The signals that no longer act on this process.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
    /// What was blocked before.
    before: SigSet,
}

impl Signals {
    /// Blocks them in this thread and in those that it starts from now on. A full file (`SIGXFSZ`) is an error of `write`
    /// from now on.
    ///
    /// # Errors
    /// The system gives no descriptor.
    pub fn block() -> Result<Signals, Errno> {
        let mut set = SigSet::empty();
        PASSED_ON.into_iter().for_each(|signal| set.add(signal));
        [Signal::SIGTSTP, Signal::SIGCONT, Signal::SIGCHLD].into_iter().for_each(|signal| set.add(signal));
        act_by_default(Signal::SIGCHLD)?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC)?;
        set.add(Signal::SIGXFSZ);
        let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Signals { fd, before })
    }

    /// Lets a command start with the signals blocked that this program was started with.
    pub fn unblock_in(&self, command: &mut Command) {
        let before = self.before;
        // SAFETY: between fork and exec only functions may run that are safe in a signal handler. This is one call of
        // pthread_sigmask, which is (signal-safety(7)); it allocates nothing and takes no lock.
        unsafe {
            command.pre_exec(move || Ok(before.thread_set_mask()?));
        }
    }

    /// The next one; waits for it.
    pub fn next(&mut self) -> Came {
        loop {
            let Ok(Some(info)) = self.fd.read_signal() else { continue };
            let Ok(signal) = Signal::try_from(info.ssi_signo as i32) else { continue };
            return Came { signal, of_kernel: info.ssi_code > 0 };
        }
    }
}

/// Gives a signal back its default action.
fn act_by_default(signal: Signal) -> Result<(), Errno> {
    let default = SigAction::new(SigHandler::SigDfl, nix::sys::signal::SaFlags::empty(), SigSet::empty());
    // SAFETY: the default action is no handler of ours, so no code of ours can run at the wrong time.
    unsafe { sigaction(signal, &default) }.map(drop)
}

fn unblock(signal: Signal) -> SigSet {
    let mut set = SigSet::empty();
    set.add(signal);
    // Fails for sets that are none only.
    let _ = set.thread_unblock();
    set
}

/// Stops this process as Ctrl-Z does, until somebody continues it.
pub fn stop_self() {
    if raise(Signal::SIGTSTP).is_ok() {
        let _ = unblock(Signal::SIGTSTP).thread_block();
    }
}

/// Dies of a signal, so that the parent sees what it would have seen of the command. Returns where that is not possible:
/// the first process of a container, and signals without a name.
pub fn die_of(signal: i32) {
    let Ok(signal) = Signal::try_from(signal) else { return };
    // The command has left its core; a second one would be of this program.
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let _ = act_by_default(signal);
    unblock(signal);
    let _ = raise(signal);
}
