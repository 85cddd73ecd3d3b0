//! How many cases a property test draws, and from which seed: the one place that decides it for all of them.
//!
//! Every run of a test draws the same cases, so that its verdict depends on the code alone. `HAZE_RANDOM_CASES=N` draws
//! N cases from a new seed instead; a case that fails there becomes a test of its own, with its values written out.

use proptest::test_runner::{Config, RngSeed};

const SEED: u64 = 20_260_113;

/// `usual` cases from the fixed seed, or as many new ones as HAZE_RANDOM_CASES asks for.
pub fn cases(usual: u32) -> Config {
    let (cases, rng_seed) = match std::env::var("HAZE_RANDOM_CASES") {
        Ok(n) => (n.parse().unwrap_or_else(|_| panic!("HAZE_RANDOM_CASES={n} is not a number")), RngSeed::Random),
        Err(_) => (usual, RngSeed::Fixed(SEED)),
    };
    Config { cases, rng_seed, failure_persistence: None, ..Config::default() }
}
