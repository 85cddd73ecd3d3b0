//! Kolmogorov–Smirnov tests at α = 0.001: what the engine draws from each family against SciPy's distribution.
//!
//! The largest distance over some hundred points is at most the largest over all, so comparing it with the test's
//! critical value is conservative; and so is the test for distributions with atoms.

use std::path::Path;

use carbonhaze::low_level::assess::Slot;
use carbonhaze::low_level::portfolio::Distribution::{self, *};

use crate::common::pipeline::run;
use crate::common::significance::KOLMOGOROV_0_001;
use crate::{product, sum};

const DRAWS: u64 = 400_000;

fn ln(median: f64, gsd: f64) -> Distribution {
    LogNormal { median, gsd }
}

fn truncated(inner: Distribution, lo: f64, hi: f64) -> Distribution {
    Truncated { inner: Box::new(inner), lo, hi }
}

fn shifted(inner: Distribution) -> Distribution {
    Shifted { shift: 1.0, inner: Box::new(inner) }
}

fn mixture(zero: f64) -> Distribution {
    Mixture(vec![(zero, Fixed(0.0)), (0.75 - zero, ln(10.0, 3.0)), (0.25, Uniform { lo: 20.0, hi: 60.0 })])
}

/// Name in `tests/reference/families.csv`, the distribution, and one that is a little different.
fn families() -> Vec<(&'static str, Distribution, Distribution)> {
    let pert = |mode| Pert { lo: 0.0, mode, hi: 8.0 };
    let logit = |sd| LogitNormal { mu: -0.5, sd, lo: 0.0, hi: 1.0 };
    let values = |second: f64| Empirical([0.5, 1.0, second, 2.5, 4.0, 8.0, 16.0].as_slice().into());
    vec![
        ("lognormal", ln(3.0, 2.5), ln(3.0, 2.6)),
        ("normal", Normal { mean: 2.5, sd: 1.0 }, Normal { mean: 2.5, sd: 1.03 }),
        ("uniform", Uniform { lo: 1.0, hi: 3.0 }, Uniform { lo: 1.0, hi: 3.03 }),
        ("loguniform", LogUniform { lo: 2.0, hi: 5000.0 }, LogUniform { lo: 2.0, hi: 5500.0 }),
        ("triangular", Triangular { lo: 1.0, mode: 2.0, hi: 6.0 }, Triangular { lo: 1.0, mode: 2.0, hi: 6.1 }),
        ("pert", pert(1.0), pert(1.05)),
        ("beta", Beta { a: 2.5, b: 4.0, lo: 0.0, hi: 1.0 }, Beta { a: 2.55, b: 4.0, lo: 0.0, hi: 1.0 }),
        ("gamma", Gamma { shape: 3.0, scale: 2.0 }, Gamma { shape: 3.05, scale: 2.0 }),
        ("logitnormal", logit(1.25), logit(1.29)),
        ("shifted", shifted(ln(0.125, 1.5)), shifted(ln(0.125, 1.53))),
        ("truncated", truncated(ln(1.0, 8.0), 0.0, 4.0), truncated(ln(1.0, 8.0), 0.0, 4.2)),
        (
            "truncated_gamma",
            truncated(Gamma { shape: 2.0, scale: 1.0 }, 0.5, 6.0),
            truncated(Gamma { shape: 2.05, scale: 1.0 }, 0.5, 6.0),
        ),
        ("mixture", mixture(0.25), mixture(0.26)),
        ("empirical", values(1.0), values(2.5)),
    ]
}

/// `(x, P(X ≤ x))` by SciPy: `tests/reference/families.py`.
fn reference(name: &str) -> Vec<(f64, f64)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/families.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[0] == name);
    rows.map(|row| (row[1].parse().unwrap(), row[2].parse().unwrap())).collect()
}

/// What the engine draws, in order: each id has a stream of its own.
fn drawn(id: &str, distribution: &Distribution) -> Vec<f64> {
    let run = run(sum(vec![product(id, &[(Slot::Compute, distribution.clone())])]), 2026, DRAWS);
    let unit = libm::exp2(f64::from(run.plan.unit(run.plan.headline)));
    let mut x: Vec<f64> = run.summary.totals[run.plan.headline].iter().map(|&c| c as f64 * unit).collect();
    x.sort_by(f64::total_cmp);
    x
}

/// √n · max |Fₙ(x) − F(x)|.
fn distance(sorted: &[f64], reference: &[(f64, f64)]) -> f64 {
    let n = sorted.len() as f64;
    let gap = |&(x, p): &(f64, f64)| (sorted.partition_point(|v| *v <= x) as f64 / n - p).abs();
    reference.iter().map(gap).fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn every_family_is_drawn_as_scipy_has_it() {
    for (name, right, wrong) in families() {
        let reference = reference(name);
        assert!(reference.len() >= 6, "{name}");
        let (d, control) = (distance(&drawn(name, &right), &reference), distance(&drawn(name, &wrong), &reference));
        println!("{name:16} √n·D = {d:.2}, a little different {control:.2}, limit {KOLMOGOROV_0_001:.2}");
        assert!(d < KOLMOGOROV_0_001, "{name}: {d}");
        assert!(control > KOLMOGOROV_0_001, "{name}: the control passes with {control}");
    }
}

#[test]
fn a_fixed_number_is_drawn_as_it_is() {
    let x = drawn("fixed", &Fixed(2.75));
    assert!(x.iter().all(|x| (x / 2.75 - 1.0).abs() < 1e-6), "{:?}", x.first());
}
