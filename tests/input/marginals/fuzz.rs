//! Any legal distribution, nested to some depth: nothing panics and everything is monotone.

use carbonhaze::engine::plan::table::LIMIT;
use carbonhaze::low_level::compile::tables;
use carbonhaze::low_level::portfolio::Distribution::{self, *};
use carbonhaze::low_level::portfolio::moments::{engine_moment, raw_moment};
use carbonhaze::low_level::portfolio::quantile::Quantiles;
use proptest::prelude::*;

use crate::common::cases::cases;

fn size() -> impl Strategy<Value = f64> {
    (-12.0..12.0f64).prop_map(|e| 10f64.powf(e))
}

/// Lower end, a point within, upper end.
fn ordered() -> impl Strategy<Value = (f64, f64, f64)> {
    (prop_oneof![Just(0.0), size()], size(), prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64])
        .prop_map(|(lo, width, share)| (lo, lo + share * width, lo + width))
        .prop_filter("some width", |(lo, _, hi)| hi > lo)
}

fn simple() -> impl Strategy<Value = Distribution> {
    prop_oneof![
        prop_oneof![Just(0.0), size()].prop_map(Fixed),
        (size(), 1.0001..50.0f64).prop_map(|(median, gsd)| LogNormal { median, gsd }),
        (size(), 0.0001..0.43f64).prop_map(|(mean, cv)| Normal { mean, sd: mean * cv }),
        ordered().prop_map(|(lo, _, hi)| Uniform { lo, hi }),
        (size(), 1.0001..1e6f64).prop_map(|(lo, ratio)| LogUniform { lo, hi: lo * ratio }),
        ordered().prop_map(|(lo, mode, hi)| Triangular { lo, mode: mode.clamp(lo, hi), hi }),
        ordered().prop_map(|(lo, mode, hi)| Pert { lo, mode: mode.clamp(lo, hi), hi }),
        (-2.0..3.0f64, -2.0..3.0f64, ordered()).prop_map(|(a, b, (lo, _, hi))| Beta {
            a: 10f64.powf(a),
            b: 10f64.powf(b),
            lo,
            hi
        }),
        (-2.0..4.0f64, size()).prop_map(|(shape, scale)| Gamma { shape: 10f64.powf(shape), scale }),
        (-5.0..5.0f64, 0.01..5.0f64, ordered()).prop_map(|(mu, sd, (lo, _, hi))| LogitNormal { mu, sd, lo, hi }),
        prop::collection::vec(prop_oneof![Just(0.0), size()], 1..20).prop_map(|mut values| {
            values.sort_by(f64::total_cmp);
            Empirical(values.into())
        }),
    ]
}

fn any() -> impl Strategy<Value = Distribution> {
    simple().prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            (size(), inner.clone()).prop_map(|(shift, inner)| Shifted { shift, inner: Box::new(inner) }),
            prop::collection::vec((0.01..1.0f64, inner.clone()), 1..4).prop_map(|parts| {
                let total: f64 = parts.iter().map(|(w, _)| w).sum();
                Mixture(parts.into_iter().map(|(w, d)| (w / total, d)).collect())
            }),
            // Bounds at two of its own quantiles, so that there is something between them.
            (inner, -3.0..0.0f64, 0.0..3.0f64).prop_map(|(inner, from, to)| {
                let quantiles = Quantiles::new(&inner);
                let (lo, hi) = (quantiles.at_z(from), quantiles.at_z(to));
                Truncated { inner: Box::new(inner), lo, hi }
            }),
        ]
    })
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn quantiles_and_tables_are_monotone(d in any()) {
        let quantiles = Quantiles::new(&d);
        let mut before = 0.0;
        for i in -130..=130 {
            let x = quantiles.at_z(f64::from(i) / 20.0);
            prop_assert!(x.is_finite() && x >= before * (1.0 - 1e-9), "{x} after {before} at {i}");
            before = f64::max(before, x);
        }
        if let Ok(table) = tables::table(&d) {
            // No bound on the error here: some mixtures pass from one component to another so steeply that it is larger
            // than the aim, and then it is stated.
            prop_assert!(table.error_log2.is_finite());
            let mut before = i32::MIN;
            for z in (-LIMIT..LIMIT).step_by(1_310_101) {
                let value = table.value(z);
                prop_assert!(value >= before, "falls at {z}");
                before = value;
            }
        } else {
            // Only a certain zero has none.
            prop_assert_eq!(quantiles.at_z(6.375), 0.0);
        }
    }

    #[test]
    fn moments_are_finite_and_ordered(d in any()) {
        for k in [-2, -1, 1, 2, 4] {
            if let Some(moment) = engine_moment(&d, k) {
                prop_assert!(moment >= 0.0 && moment.is_finite(), "k = {k}: {moment}");
            }
            if let Some(moment) = raw_moment(&d, k) {
                prop_assert!(moment >= 0.0, "k = {k}: {moment}");
            }
        }
        let (mean, second) = (engine_moment(&d, 1), engine_moment(&d, 2));
        let (mean, second) = (mean.unwrap_or(f64::NAN), second.unwrap_or(f64::NAN));
        prop_assert!(second >= mean * mean * (1.0 - 1e-6), "{mean} {second}");
        // The mean lies between the extreme quantiles.
        let quantiles = Quantiles::new(&d);
        let (low, high) = (quantiles.at_z(-6.4), quantiles.at_z(6.4));
        prop_assert!(low * (1.0 - 1e-6) <= mean && mean <= high * (1.0 + 1e-6), "{low} {mean} {high}");
    }
}
