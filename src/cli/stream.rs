//! Seed and level of the credible intervals: the command line goes before the study, the study before the defaults.

use super::level;
use crate::portfolio::Study;

pub(super) use crate::run::{INTERVAL, SEED};

/// The flags.
#[derive(Debug, clap::Args)]
pub struct StreamArgs {
    /// Seed of the random stream [default: 42]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Level of the credible intervals, between 0 and 1 [default: 0.95]
    #[arg(long, value_name = "LEVEL", value_parser = level, allow_negative_numbers = true)]
    interval: Option<f64>,
}

impl StreamArgs {
    pub fn seed(&self, study: &Study) -> u64 {
        self.seed.or(study.seed).unwrap_or(SEED)
    }

    pub fn level(&self, study: &Study) -> f64 {
        self.interval.or(study.interval).unwrap_or(INTERVAL)
    }
}
