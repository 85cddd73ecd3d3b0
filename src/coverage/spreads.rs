//! Chosen spreads halved and doubled, and bounds moved, through the `[priors]` that any study can set.
//!
//! A spread is a standard deviation of the logarithm: a GSD g becomes g^k, of a mixture each part, of a logit-normal the
//! sd; a log-uniform's ends move in the same proportion about their middle. Medians stay, but for the grid, whose
//! parts keep their mean as tables do. Weights, limits and shares of a spread stay.

use crate::assess::era::Era;
use crate::assess::priors::names::{self, Name, Number};
use crate::assess::priors::{Priors, Spread, set};
use crate::portfolio::Distribution;

/// Limits of imputed compute: of all models, and of each era's tokens.
fn bounds() -> impl Iterator<Item = Number> {
    use names::compute::*;
    let of_compute = [BOUND_FLOP, BOUND_TO_2016, BOUND_TO_2018, BOUND_TO_2020, BOUND_TO_2022, BOUND_TO_2023];
    let of_derivatives = [names::derivative::TOKENS_POST_BOUND, names::derivative::TOKENS_FURTHER_BOUND];
    of_compute.into_iter().chain(Era::ALL.map(|era| era.priors().bound)).chain(of_derivatives)
}

/// `[priors]` of a study with the spread of every chosen prior times `k` in logarithms.
pub fn scaled(study: &toml::Table, priors: &Priors, k: f64) -> toml::Table {
    let mut table = study.clone();
    for (name, spread) in priors.chosen_spreads() {
        match spread {
            Spread::Gsd(gsd) => set(&mut table, name, libm::pow(gsd, k).max(1.0)),
            Spread::Distribution(d) => set(&mut table, name, widened(&d, k, is_of_the_grid(name)).to_string()),
        }
    }
    table
}

/// `[priors]` of a study with every bound on imputed compute times `factor`.
pub fn bounded(study: &toml::Table, priors: &Priors, factor: f64) -> toml::Table {
    let mut table = study.clone();
    for name in bounds() {
        set(&mut table, name, factor * priors.number(name));
    }
    table
}

fn is_of_the_grid(name: Name) -> bool {
    name.section() == "grid"
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
    use crate::assess::priors::names::compute::*;
    use crate::assess::priors::names::k_node::COUNTED_AS_TDP;
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
            let likely = moved.ln_gsd(LIKELY_GSD) / defaults.ln_gsd(LIKELY_GSD);
            assert!((likely - k).abs() < 1e-12, "{likely}");
            assert_eq!(moved.number(CONFIDENT_GSD), defaults.number(CONFIDENT_GSD));
            // A limit that is written as a GSD, and a bound.
            assert_eq!(moved.number(COUNTED_AS_TDP), defaults.number(COUNTED_AS_TDP));
            assert_eq!(moved.number(BOUND_FLOP), defaults.number(BOUND_FLOP));
            let unknown = moved.lognormal(UNKNOWN_LANGUAGE);
            assert!((unknown.ln_sd - k * libm::log(14.6)).abs() < 1e-9 && unknown.median == 2.25e22);
            // Of the grid the mean stays, of the PUE it does not.
            let mean = |p: &Priors, name: names::Shape| raw_moment(&p.distribution(name), 1).unwrap();
            let grid = mean(&moved, names::grid::UNKNOWN) / mean(&defaults, names::grid::UNKNOWN);
            assert!((grid - 1.0).abs() < 1e-9, "{grid}");
            assert!((mean(&moved, names::pue::UNKNOWN) / mean(&defaults, names::pue::UNKNOWN) - 1.0).abs() > 1e-4);
        }
        assert!((with(scaled(&toml::Table::new(), &defaults, 2.0)).number(LIKELY_GSD) - 16.4025).abs() < 1e-9);
    }

    #[test]
    fn what_a_study_says_stays() {
        let mut own = toml::Table::new();
        set(&mut own, LIKELY_GSD, 3.0);
        let moved = with(scaled(&own, &with(own.clone()), 2.0));
        assert_eq!(moved.number(LIKELY_GSD), 3.0);
        assert_ne!(moved.number(SPECULATIVE_GSD), Priors::defaults().number(SPECULATIVE_GSD));
    }

    #[test]
    fn every_bound_moves() {
        let defaults = Priors::defaults();
        let moved = with(bounded(&toml::Table::new(), &defaults, 2.0));
        for name in bounds() {
            assert_eq!(moved.number(name), 2.0 * defaults.number(name));
        }
        // No other prior is named a bound, but for that of the MFU.
        let named = Name::all().filter(|name| name.key().contains("bound") && !name.key().starts_with("mfu_"));
        assert_eq!(named.count(), bounds().count());
    }
}
