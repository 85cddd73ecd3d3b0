//! How much is drawn: so many draws, or as many as a precision needs.

use super::draws;
use crate::portfolio::study_file::PRECISIONS;
use crate::run::Extent;

/// The flags.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ExtentArgs {
    /// Monte Carlo draws [default: as many as --precision needs]
    #[arg(long, value_name = "N", value_parser = draws, allow_negative_numbers = true)]
    pub draws: Option<u64>,
    /// Precision of median and interval, reached by up to a million draws [default: 0.25%]
    #[arg(long, value_name = "P", value_parser = precision, allow_negative_numbers = true, conflicts_with = "draws")]
    pub precision: Option<f64>,
}

impl ExtentArgs {
    /// What was asked for, if anything.
    pub fn extent(&self) -> Option<Extent> {
        self.draws.map(Extent::Draws).or(self.precision.map(Extent::Precision))
    }
}

/// A percentage or a fraction, as a fraction: `0.25%`, `0.25 %`, `0.0025`.
pub(super) fn fraction(text: &str) -> Option<f64> {
    let text = text.trim();
    let read = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|x| x / 100.0),
        None => text.parse(),
    };
    read.ok()
}

/// `0.25%`, `0.25 %`, `0.0025`.
pub(super) fn precision(text: &str) -> Result<f64, String> {
    let expected = "expected a percentage from 0.0001% to 10%, or the same as a fraction, such as 0.25% or 0.0025";
    fraction(text).filter(|x| PRECISIONS.contains(x)).ok_or_else(|| expected.to_string())
}

#[cfg(test)]
mod tests {
    use super::precision;

    #[test]
    fn percentages_and_fractions() {
        for (text, value) in [("0.25%", 0.0025), ("0.25 %", 0.0025), ("0.0025", 0.0025), (" 1e-3 ", 1e-3), ("10%", 0.1)]
        {
            assert_eq!(precision(text), Ok(value), "{text}");
        }
        for text in ["", "%", "0", "-1%", "0.25", "50%", "nan", "inf", "1e-9", "0,25%"] {
            assert!(precision(text).is_err(), "{text}");
        }
    }
}
