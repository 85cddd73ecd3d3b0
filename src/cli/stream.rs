//! Seed and level of the credible intervals: the command line goes before the study, the study before the defaults.

use super::level;
use crate::portfolio::Study;
use crate::run::{INTERVAL, SEED, Settings};

/// The flags.
#[derive(Debug, clap::Args)]
pub struct StreamArgs {
    /// Seed of the random stream [default: 42]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Level of the credible intervals, between 0 and 1 [default: 0.95]
    #[arg(long, value_name = "LEVEL", value_parser = level, allow_negative_numbers = true)]
    pub interval: Option<f64>,
}

impl StreamArgs {
    /// So many draws of the stream.
    pub fn settings(&self, study: &Study, draws: u64) -> Settings {
        settings(self.seed, self.interval, study, draws)
    }
}

pub(super) fn settings(seed: Option<u64>, interval: Option<f64>, study: &Study, draws: u64) -> Settings {
    Settings {
        draws,
        seed: seed.or(study.seed).unwrap_or(SEED),
        level: interval.or(study.interval).unwrap_or(INTERVAL),
    }
}
