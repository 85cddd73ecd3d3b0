//! The command `haze`.

use std::process::ExitCode;

/// A large run allocates some 350 times for each row, on all threads: glibc's malloc took a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Without a desktop session Mesa's device-select layer prints "error: XDG_RUNTIME_DIR is invalid" for every Vulkan
    // instance, which is no error. It sorts devices for desktops; we choose by type and name.
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: nothing else runs yet.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
    carbonhaze::cli::main()
}
