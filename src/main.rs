//! The command `haze`.

use std::process::ExitCode;

fn main() -> ExitCode {
    carbonhaze::cli::main()
}
