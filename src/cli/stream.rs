//! Seed and level of the credible intervals: the command line goes before the study, the study before the defaults.

use super::extent::ExtentArgs;
use super::level;
use crate::portfolio::Study;
use crate::run::Request;

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
    /// So much of the stream.
    pub fn request(&self, extent: ExtentArgs, study: &Study) -> Request {
        Request::new(extent.extent(), self.seed, self.interval, study)
    }
}
