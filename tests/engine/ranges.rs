//! Units and bins fit what is drawn: one model alone must say the same by its bins as by its totals, whatever the
//! shape of its factors; what cannot be held is refused. Expected values are the distributions' own closed forms.

use carbonhaze::low_level::assess::{Assessment, SLOTS};
use carbonhaze::low_level::compile::{PlanError, compile};
use carbonhaze::low_level::portfolio::Distribution::{self, Fixed, LogNormal, Mixture, Shifted, Uniform};

use crate::common::pipeline::run;
use crate::common::{factor, model, scope};

/// One model: compute and grid as given, 1e11 FLOP/J, PUE 1.1.
fn alone(compute: Distribution, grid: Distribution) -> Assessment {
    let mut factors = [const { None }; SLOTS];
    factors[0] = factor(compute);
    factors[1] = factor(Fixed(1e11));
    factors[2] = factor(Fixed(1.1));
    factors[3] = factor(grid);
    let models = vec![model("alone", factors)];
    Assessment { models, shared: vec![], scope: scope(), warnings: vec![], groups_by: vec![], further: vec![] }
}

fn lognormal(median: f64, gsd: f64) -> Distribution {
    LogNormal { median, gsd }
}

/// Ends of the 95 % interval by totals and by the model's bins, and the mean.
fn ends(assessment: Assessment) -> ([f64; 2], [f64; 2], f64) {
    let posterior = run(assessment, 7, 100_000).posterior(0.95);
    let interval = |e: &carbonhaze::low_level::posterior::Estimate| e.interval.expect("an interval");
    let total = &posterior.total.emissions_t;
    (interval(total), interval(&posterior.models[0].emissions_t), total.mean.expect("a mean"))
}

fn near(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * b.abs()
}

#[test]
fn bins_hold_bounded_factors_that_are_high_together() {
    let mixture = || Mixture(vec![(0.6, lognormal(1.0, 1.2)), (0.4, lognormal(100.0, 1.2))]);
    let uniform = |lo, hi| Uniform { lo, hi };
    for (compute, grid) in [
        (uniform(1e22, 3e22), uniform(100.0, 300.0)),
        (mixture().scaled(1e22), mixture()),
        (Fixed(1e23), Mixture(vec![(0.1, lognormal(1e-5, 1.1)), (0.9, lognormal(100.0, 1.1))])),
    ] {
        let (total, bins, _) = ends(alone(compute.clone(), grid));
        // One bin of 1,024 over the widest of these ranges is 3 %.
        assert!(near(bins[0], total[0], 0.03) && near(bins[1], total[1], 0.03), "{compute:?}: {total:?} {bins:?}");
        assert!(!near(bins[1] * 0.93, total[1], 0.03), "negative control");
    }
}

#[test]
fn a_factor_that_is_mostly_zero_keeps_its_mean() {
    // E = 0.4 · 100 · exp(½ ln² 1.2) g/kWh on 1e23/1e11/3.6e6 · 1.1 kWh.
    let grid = Mixture(vec![(0.6, Fixed(0.0)), (0.4, lognormal(100.0, 1.2))]);
    let expected = 0.4 * 100.0 * (0.5 * 1.2f64.ln().powi(2)).exp() * 1e23 / 1e11 / 3.6e6 * 1.1 / 1e6;
    let (total, bins, mean) = ends(alone(Fixed(1e23), grid));
    // Standard error of the mean: √(0.6/0.4)/√100,000 = 0.4 %.
    assert!(near(mean, expected, 0.016), "{mean} {expected}");
    assert_eq!((total[0], bins[0]), (0.0, 0.0), "zeros are zeros");
    assert!(near(bins[1], total[1], 0.01), "{total:?} {bins:?}");
}

#[test]
fn components_many_octaves_apart_keep_their_mean() {
    let grid = Mixture(vec![(0.6, lognormal(1e-10, 1.2)), (0.4, lognormal(100.0, 1.2))]);
    let expected = 0.4 * 100.0 * (0.5 * 1.2f64.ln().powi(2)).exp() * 1e23 / 1e11 / 3.6e6 * 1.1 / 1e6;
    let run = run(alone(Fixed(1e23), grid), 7, 100_000);
    let posterior = run.posterior(0.95);
    assert!(near(posterior.total.emissions_t.mean.expect("a mean"), expected, 0.016));
    assert!(!posterior.saturated.any());
}

#[test]
fn values_beyond_the_fixed_point_range_are_refused() {
    let wide = |median: f64| lognormal(median, 1e6);
    let mut assessment = alone(wide(1e40), wide(1e40));
    assessment.models[0].factors[1] = factor(wide(1e-30));
    let pue = Shifted { shift: 1.0, inner: Box::new(wide(1e40)) };
    assessment.models[0].factors[2] = factor(pue);
    assert!(matches!(compile(&assessment), Err(PlanError::OutOfRange { .. })));
    // Negative control: large, but not that large.
    assert!(compile(&alone(lognormal(1e30, 100.0), lognormal(1e6, 10.0))).is_ok());
}
