//! Chosen spreads halved and doubled, and bounds moved, through the `[priors]` that any study can set.
//!
//! A spread is a standard deviation of the logarithm: a GSD g becomes g^k, of a mixture each part, of a logit-normal the
//! sd; a log-uniform's ends move in the same proportion about their middle. Medians stay, but for the grid, whose
//! parts keep their mean as tables do. Weights, limits and shares of a spread stay.

use crate::assess::priors::{Priors, Spread};
use crate::portfolio::Distribution;

/// Limits of imputed compute (`assess::compute`).
const BOUNDS: [(&str, &str); 11] = [
    ("compute", "bound_flop"),
    ("compute", "bound_to_2016"),
    ("compute", "bound_to_2018"),
    ("compute", "bound_to_2020"),
    ("compute", "bound_to_2022"),
    ("compute", "bound_to_2023"),
    ("tokens", "to_2020_bound"),
    ("tokens", "in_2021_2022_bound"),
    ("tokens", "in_2023_bound"),
    ("tokens", "in_2024_bound"),
    ("tokens", "from_2025_bound"),
];

/// Sets `[priors.section] key`.
pub fn set(priors: &mut toml::Table, section: &str, key: &str, value: impl Into<toml::Value>) {
    let entry = priors.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(section) = entry {
        section.insert(key.to_string(), value.into());
    }
}

/// `[priors]` of a study with the spread of every chosen prior times `k` in logarithms.
pub fn scaled(study: &toml::Table, priors: &Priors, k: f64) -> toml::Table {
    let mut table = study.clone();
    for (section, key, spread) in priors.chosen_spreads() {
        match spread {
            Spread::Gsd(gsd) => set(&mut table, section, key, libm::pow(gsd, k).max(1.0)),
            Spread::Distribution(d) => set(&mut table, section, key, widened(&d, k, section == "grid").to_string()),
        }
    }
    table
}

/// `[priors]` of a study with every bound on imputed compute times `factor`.
pub fn bounded(study: &toml::Table, priors: &Priors, factor: f64) -> toml::Table {
    let mut table = study.clone();
    for (section, key) in BOUNDS {
        set(&mut table, section, key, factor * priors.number(&format!("{section}.{key}")));
    }
    table
}

/// `keep_mean`: of a lognormal instead of its median. Shapes that no prior has stay as they are.
fn widened(d: &Distribution, k: f64, keep_mean: bool) -> Distribution {
    use Distribution::*;
    match d {
        LogNormal { median, gsd } => {
            let (was, is) = (libm::log(*gsd), k * libm::log(*gsd));
            let median = if keep_mean { median * libm::exp(0.5 * (was * was - is * is)) } else { *median };
            LogNormal { median, gsd: libm::exp(is) }
        }
        LogitNormal { mu, sd, lo, hi } => LogitNormal { mu: *mu, sd: k * sd, lo: *lo, hi: *hi },
        LogUniform { lo, hi } => {
            let middle = (lo * hi).sqrt();
            LogUniform { lo: middle * libm::pow(lo / middle, k), hi: middle * libm::pow(hi / middle, k) }
        }
        Shifted { shift, inner } => Shifted { shift: *shift, inner: Box::new(widened(inner, k, keep_mean)) },
        Mixture(parts) => Mixture(parts.iter().map(|(w, d)| (*w, widened(d, k, keep_mean))).collect()),
        Truncated { inner, lo, hi } => Truncated { inner: Box::new(widened(inner, k, keep_mean)), lo: *lo, hi: *hi },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portfolio::Study;
    use crate::portfolio::moments::raw_moment;

    fn with(priors: toml::Table) -> Priors {
        Priors::of(&Study { priors, ..Study::default() }).unwrap_or_else(|p| panic!("{p:?}"))
    }

    #[test]
    fn chosen_spreads_move_and_others_stay() {
        let defaults = Priors::defaults();
        for k in [0.5, 2.0] {
            let moved = with(scaled(&toml::Table::new(), &defaults, k));
            // "Likely" is chosen, "Confident" is not; 4.05^2 = 16.4025.
            let likely = moved.ln_gsd("compute.likely_gsd") / defaults.ln_gsd("compute.likely_gsd");
            assert!((likely - k).abs() < 1e-12, "{likely}");
            assert_eq!(moved.number("compute.confident_gsd"), defaults.number("compute.confident_gsd"));
            // A limit that is written as a GSD, and a bound.
            assert_eq!(moved.number("k_node.counted_as_tdp"), defaults.number("k_node.counted_as_tdp"));
            assert_eq!(moved.number("compute.bound_flop"), defaults.number("compute.bound_flop"));
            let unknown = moved.lognormal("compute.unknown_language");
            assert!((unknown.ln_sd - k * libm::log(14.6)).abs() < 1e-9 && unknown.median == 2.25e22);
            // Of the grid the mean stays, of the PUE it does not.
            let mean = |p: &Priors, name: &str| raw_moment(&p.distribution(name), 1).unwrap();
            let grid = mean(&moved, "grid.unknown") / mean(&defaults, "grid.unknown");
            assert!((grid - 1.0).abs() < 1e-9, "{grid}");
            assert!((mean(&moved, "pue.unknown") / mean(&defaults, "pue.unknown") - 1.0).abs() > 1e-4);
        }
        assert!(
            (with(scaled(&toml::Table::new(), &defaults, 2.0)).number("compute.likely_gsd") - 16.4025).abs() < 1e-9
        );
    }

    #[test]
    fn what_a_study_says_stays() {
        let mut own = toml::Table::new();
        set(&mut own, "compute", "likely_gsd", 3.0);
        let moved = with(scaled(&own, &with(own.clone()), 2.0));
        assert_eq!(moved.number("compute.likely_gsd"), 3.0);
        assert_ne!(moved.number("compute.speculative_gsd"), Priors::defaults().number("compute.speculative_gsd"));
    }

    #[test]
    fn every_bound_moves() {
        let defaults = Priors::defaults();
        let moved = with(bounded(&toml::Table::new(), &defaults, 2.0));
        for (section, key) in BOUNDS {
            let name = format!("{section}.{key}");
            assert_eq!(moved.number(&name), 2.0 * defaults.number(&name));
        }
        // No other prior is named a bound, but for that of the MFU.
        let listed = crate::assess::priors::print(&defaults);
        let named = listed.lines().filter(|l| l.contains("bound") && !l.starts_with('#') && !l.starts_with("mfu_"));
        assert_eq!(named.count(), BOUNDS.len());
    }
}
