//! An estimate as a cell of a models file, so that a distribution can travel inside a form that holds two numbers.
//!
//! The cell has the median and both ends of the interval exactly (up to the digits written): a lognormal where the ends
//! are as far from the median in the logarithm, else two halves of lognormals that meet at the median, each with
//! probability one half. The mean is that of the cell, not that of the draws.

use crate::engine::stats::normal::Level;
use crate::portfolio::Distribution;
use crate::posterior::Estimate;

/// How far the two geometric standard deviations may differ, in the logarithm, and still be one.
const ALIKE: f64 = 0.02;

/// The cell, in the unit of the estimate times `factor`. `None` where there is none: nothing was drawn, or the median is
/// 0 and the interval is not.
pub fn cell(e: &Estimate, level: f64, factor: f64) -> Option<String> {
    let (median, [lo, hi]) = (e.median? * factor, e.interval?.map(|x| x * factor));
    if lo == hi {
        return Some(format!("fixed({})", digits(median)));
    }
    if lo <= 0.0 {
        return (median > 0.0).then(|| format!("uniform(0, {})", digits(hi)));
    }
    let z = Level::below((1.0 + level) / 2.0).z();
    let [down, up] = [libm::log(median / lo) / z, libm::log(hi / median) / z];
    let lognormal = |ln_gsd: f64| format!("lognormal({}, {})", digits(median), digits(libm::exp(ln_gsd)));
    if (down / up - 1.0).abs() < ALIKE || down <= 0.0 || up <= 0.0 {
        return Some(lognormal((down + up) / 2.0));
    }
    let at = digits(median);
    Some(format!("mixture(0.5: truncated({}, 0, {at}), 0.5: truncated({}, {at}, inf))", lognormal(down), lognormal(up)))
}

/// Six significant digits in the shortest form.
fn digits(x: f64) -> String {
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    Distribution::Fixed(rounded).to_string().trim_start_matches("fixed(").trim_end_matches(')').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portfolio::quantile::quantile;

    fn estimate(median: f64, interval: [f64; 2]) -> Estimate {
        Estimate { median: Some(median), interval: Some(interval), ..Estimate::NONE }
    }

    #[test]
    fn a_cell_has_the_median_and_both_ends() {
        for (median, interval) in [(100.0, [50.0, 200.0]), (3.0e6, [1.0e6, 40.0e6]), (2.5e-4, [1.0e-5, 3.0e-4])] {
            for level in [0.5, 0.9, 0.95] {
                let text = cell(&estimate(median, interval), level, 2.0).unwrap();
                let d: Distribution = text.parse().unwrap();
                let p = (1.0 - level) / 2.0;
                for (p, want) in [(p, interval[0]), (0.5, median), (1.0 - p, interval[1])] {
                    let got = quantile(&d, p) / (2.0 * want);
                    assert!((got - 1.0).abs() < 1e-4, "{text} at {p}: {got}");
                    assert!((got * 1.001 - 1.0).abs() > 1e-4);
                }
            }
        }
    }

    #[test]
    fn forms() {
        let of = |median, interval| cell(&estimate(median, interval), 0.95, 1.0);
        // exp(ln 2 / 1.959964) = 1.42426 (Python: statistics.NormalDist().inv_cdf(0.975)).
        assert_eq!(of(100.0, [50.0, 200.0]).as_deref(), Some("lognormal(100, 1.42426)"));
        assert!(
            of(100.0, [50.0, 300.0]).unwrap().starts_with("mixture(0.5: truncated(lognormal(100, 1.42426), 0, 100)")
        );
        assert_eq!(of(277.7777777, [277.7777777, 277.7777777]).as_deref(), Some("fixed(277.778)"));
        assert_eq!(of(0.0, [0.0, 0.0]).as_deref(), Some("fixed(0)"));
        assert_eq!(of(0.0, [0.0, 5.0]), None);
        assert_eq!(of(1.0, [0.0, 5.0]).as_deref(), Some("uniform(0, 5)"));
        assert_eq!(cell(&Estimate::NONE, 0.95, 1.0), None);
    }
}
