//! The probability integral transform: where in its predicted distribution each truth lies.
//!
//! If predictions are calibrated, the transforms of many truths are uniform from 0 to 1 (A. P. Dawid, "Statistical
//! Theory: The Prequential Approach", J. R. Stat. Soc. A 147 (1984) 278–292, doi:10.2307/2981683). A histogram high in the
//! middle means intervals that are too wide, one high at the ends intervals that are too narrow, and a slope a bias.
//!
//! The models of one organisation, like the runs of one family, are not independent. So the band in which a bin of a
//! calibrated prediction lies is that of as many independent trials as there are organisations (or families), not models.

use serde::Serialize;

use super::scores;

/// Bins of the histogram, each a tenth of the range.
pub const BINS: usize = 10;
/// Level of the band.
const LEVEL: f64 = 0.95;

/// One masked model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MaskedModel {
    /// Its id.
    pub id: String,
    /// Its organisation; empty where the list does not say.
    pub organization: String,
    /// Tier of the row as it was imputed.
    pub tier: &'static str,
    /// The compute that it states, in EFLOP.
    pub true_eflop: f64,
    /// Probability of its imputed compute, by folds, at or below that; `None` where no single models were binned.
    pub pit: Option<f64>,
}

/// How many transforms lie in each tenth from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Number of transforms.
    pub n: usize,
    /// Number of organisations or families that they come from.
    pub clusters: usize,
    /// By tenth, from the lowest.
    pub counts: [usize; BINS],
    /// In which a count lies with a probability of 95 % if the predictions are calibrated and each cluster is one trial.
    pub band_95: [f64; 2],
    /// Tenths outside the band.
    pub outside: usize,
}

impl Histogram {
    /// Of transforms from so many organisations or families; `None` of nothing.
    pub fn of(transforms: &[f64], clusters: usize) -> Option<Histogram> {
        let n = transforms.len();
        if n == 0 || clusters == 0 {
            return None;
        }
        let mut counts = [0; BINS];
        for &p in transforms {
            // A transform of 1 belongs to the last tenth.
            let bin = ((p * BINS as f64) as usize).min(BINS - 1);
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        let per_cluster = n as f64 / clusters as f64;
        let band_95 = scores::binomial_range(clusters, 1.0 / BINS as f64, LEVEL).map(|k| k as f64 * per_cluster);
        let [least, most] = band_95;
        let outside = counts.iter().filter(|&&count| (count as f64) < least || count as f64 > most).count();
        Some(Histogram { n, clusters, counts, band_95, outside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::stats::normal::Level;

    /// Transforms of the quantiles (i + ½)/n of a standard normal under a normal with this mean and sd: Φ((z − mean)/sd), in
    /// closed form.
    fn transforms(n: u32, mean: f64, sd: f64) -> Vec<f64> {
        let z = |i: u32| Level::below((f64::from(i) + 0.5) / f64::from(n)).z();
        (0..n).map(|i| Level::at_z((z(i) - mean) / sd).below).collect()
    }

    #[test]
    fn a_calibrated_prediction_is_flat_and_others_are_not() {
        let of = |mean: f64, sd: f64| Histogram::of(&transforms(400, mean, sd), 200).unwrap();
        let calibrated = of(0.0, 1.0);
        assert_eq!((calibrated.counts, calibrated.outside), ([40; BINS], 0));
        // scipy 1.17: binom.ppf([0.025, 0.975], 200, 0.1) = 12, 29, two transforms a cluster.
        assert_eq!(calibrated.band_95, [24.0, 58.0]);
        // Too narrow: high at the ends. SciPy: 400·norm.cdf(−1.2816·0.5) = 104.3 below the first tenth.
        let narrow = of(0.0, 0.5);
        assert!((103..=106).contains(&narrow.counts[0]) && narrow.outside >= 4, "{narrow:?}");
        // Too wide: high in the middle; biased: a slope.
        let wide = of(0.0, 2.0);
        assert!(wide.counts[0] < 5 && wide.counts[4] > 60 && wide.outside >= 4, "{wide:?}");
        let biased = of(1.0, 1.0);
        assert!(biased.counts[0] > 140 && biased.counts[9] < 10, "{biased:?}");
    }

    #[test]
    fn fewer_clusters_make_a_wider_band() {
        let some = transforms(400, 0.0, 1.0);
        let [lo, hi] = Histogram::of(&some, 20).unwrap().band_95;
        // scipy 1.17: binom.ppf([0.025, 0.975], 20, 0.1) = 0, 5, twenty a cluster.
        assert_eq!([lo, hi], [0.0, 100.0]);
        assert_eq!((Histogram::of(&[], 3), Histogram::of(&[0.0, 1.0], 2).unwrap().counts[9]), (None, 1));
    }
}
