//! The devices that tests of the GPU backend run on.

use std::io::Write;

use carbonhaze::engine::gpu::adapter::{self, Found};

/// Every adapter that can run the kernels, software ones included. Where there is none, the test has nothing to run
/// on: it says so and passes, unless HAZE_REQUIRE_GPU=1 asks for one; then it fails.
pub fn adapters() -> Vec<Found> {
    let found: Vec<Found> = adapter::all().into_iter().filter(|f| f.facts.missing().is_none()).collect();
    if found.is_empty() {
        assert!(std::env::var_os("HAZE_REQUIRE_GPU").is_none_or(|v| v != "1"), "HAZE_REQUIRE_GPU=1, and no adapter");
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        // Past the test harness, which keeps to itself what a test that passes prints.
        let _ = writeln!(std::io::stderr(), "{test}: skipped on GPUs, no adapter (HAZE_REQUIRE_GPU=1 asks for one)");
    }
    found
}

/// The first of them.
pub fn first() -> Option<Found> {
    adapters().into_iter().next()
}
