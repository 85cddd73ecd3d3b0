//! The distributions of `reference/quantiles.py` and their quantiles.

use carbonhaze::low_level::portfolio::Distribution::{self, *};

pub fn lognormal(median: f64, gsd: f64) -> Distribution {
    LogNormal { median, gsd }
}

pub fn truncated(inner: Distribution, lo: f64, hi: f64) -> Distribution {
    Truncated { inner: Box::new(inner), lo, hi }
}

/// The distributions of the script, under the same names.
pub fn cases() -> Vec<(&'static str, Distribution)> {
    let empirical = |values: &[f64]| Empirical(values.into());
    vec![
        ("lognormal", lognormal(3.0, 2.5)),
        ("normal", Normal { mean: 3.0, sd: 0.4 }),
        ("normal_near_zero", Normal { mean: 2.5, sd: 1.0 }),
        ("uniform", Uniform { lo: 0.0, hi: 2.0 }),
        ("uniform_positive", Uniform { lo: 1.0, hi: 1.5 }),
        ("loguniform", LogUniform { lo: 2.0, hi: 5000.0 }),
        ("triangular", Triangular { lo: 0.0, mode: 1.0, hi: 4.0 }),
        ("triangular_left", Triangular { lo: 2.0, mode: 2.0, hi: 3.0 }),
        ("triangular_zero", Triangular { lo: 0.0, mode: 0.0, hi: 1.0 }),
        ("triangular_right", Triangular { lo: 2.0, mode: 3.0, hi: 3.0 }),
        ("pert", Pert { lo: 0.0, mode: 1.0, hi: 8.0 }),
        ("pert_edge", Pert { lo: 1.0, mode: 1.0, hi: 3.0 }),
        ("beta", Beta { a: 2.5, b: 4.0, lo: 0.0, hi: 1.0 }),
        ("beta_u", Beta { a: 0.5, b: 0.25, lo: 0.0, hi: 1.0 }),
        ("beta_large", Beta { a: 3000.0, b: 500.0, lo: 0.0, hi: 1.0 }),
        ("beta_bounds", Beta { a: 2.0, b: 3.0, lo: 1.0, hi: 5.0 }),
        ("gamma", Gamma { shape: 3.0, scale: 2.0 }),
        ("gamma_small", Gamma { shape: 0.0625, scale: 1.0 }),
        ("gamma_one", Gamma { shape: 1.0, scale: 1.0 }),
        ("gamma_large", Gamma { shape: 20000.0, scale: 0.5 }),
        ("logitnormal", LogitNormal { mu: -0.5, sd: 1.25, lo: 0.0, hi: 1.0 }),
        ("logitnormal_bounds", LogitNormal { mu: 0.5, sd: 2.0, lo: 0.25, hi: 0.75 }),
        ("shifted", Shifted { shift: 1.0, inner: Box::new(lognormal(0.125, 1.5)) }),
        ("mixture_far", Mixture(vec![(0.5, lognormal(50.0, 1.25)), (0.5, lognormal(600.0, 1.25))])),
        (
            "mixture_three",
            Mixture(vec![
                (0.5, lognormal(0.125, 1.375)),
                (0.25, lognormal(0.25, 1.375)),
                (0.25, Uniform { lo: 0.5, hi: 1.0 }),
            ]),
        ),
        ("zero_inflated", Mixture(vec![(0.25, Fixed(0.0)), (0.75, lognormal(10.0, 3.0))])),
        (
            "atoms_between",
            Mixture(vec![
                (0.5, Uniform { lo: 0.0, hi: 1.0 }),
                (0.25, Fixed(0.5)),
                (0.25, empirical(&[0.25, 3.0, 3.0, 7.0])),
            ]),
        ),
        ("gap", Mixture(vec![(0.5, Uniform { lo: 0.0, hi: 1.0 }), (0.5, Uniform { lo: 5.0, hi: 6.0 })])),
        ("empirical", empirical(&[0.0, 1.0, 1.0, 2.5, 4.0, 8.0, 16.0])),
        ("truncated_top", truncated(lognormal(1.0, 8.0), 0.0, 4.0)),
        ("truncated_tail", truncated(lognormal(1.0, 2.0), 64.0, f64::INFINITY)),
        ("truncated_both", truncated(Gamma { shape: 2.0, scale: 1.0 }, 0.5, 6.0)),
        (
            "truncated_mixture",
            truncated(Mixture(vec![(0.5, lognormal(1.0, 2.0)), (0.5, lognormal(100.0, 2.0))]), 0.5, 150.0),
        ),
    ]
}

/// (z, quantile) of one case of the stored reference.
pub fn reference(name: &str) -> Vec<(f64, f64)> {
    include_str!("../../reference/quantiles.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split(',');
            let own = fields.next()? == name;
            let z = fields.next()?.parse().ok()?;
            let x = fields.next()?.parse().ok()?;
            own.then_some((z, x))
        })
        .collect()
}
