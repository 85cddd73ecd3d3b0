//! The same cases by other programs, and what these gave: tests/peers/salib_four_lognormals.py (SALib) and
//! tests/peers/pareto_k.py (ArviZ).

use carbonhaze::engine::stats::normal::Level;
use carbonhaze::engine::stats::sensitivity::Index;
use carbonhaze::engine::stats::sensitivity::known::Case;
use carbonhaze::engine::stats::tail::pareto_k;
use serde_json::Value;

use super::cube;

/// Two-sided 99.9 % point of the normal, SciPy 1.17.
const Z: f64 = 3.290_526_7;

#[test]
fn salib_finds_the_same() {
    let stored: Value = serde_json::from_str(include_str!("../../peers/salib_four_lognormals.json")).unwrap();
    let numbers =
        |key: &str| -> Vec<f64> { stored[key].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    assert_eq!(numbers("sigma"), [0.5, 0.3, 0.05, 0.4]);
    let got = cube(&Case::four_lognormals(), 42, 1 << 16, 0.95).shares;
    let differ = |ours: &[Index], theirs: &str| -> Vec<bool> {
        let pairs = numbers(theirs).into_iter().zip(numbers(&format!("{theirs}_se")));
        let z = |(ours, (value, se)): (&Index, (f64, f64))| {
            (ours.value - value).abs() / (ours.se * ours.se + se * se).sqrt()
        };
        ours.iter().zip(pairs).map(z).map(|z| z > Z).collect()
    };
    assert_eq!(differ(&got.first_order, "first_order"), [false; 4]);
    assert_eq!(differ(&got.total, "total"), [false; 4]);
    assert_eq!(differ(&got.first_order, "total"), [true; 4]);
    assert_eq!(differ(&got.total, "first_order"), [true; 4]);
}

/// Quantiles at u of the families of tests/peers/pareto_k.py.
fn quantile(family: &str, u: f64) -> f64 {
    let normal = |sigma: f64| (sigma * Level::below(u).z()).exp();
    match family {
        "uniform" => u,
        "exponential" => -(-u).ln_1p(),
        "normal" => Level::below(u).z(),
        "lognormal, sigma 0.5" => normal(0.5),
        "lognormal, sigma 2" => normal(2.0),
        "lognormal, sigma 4" => normal(4.0),
        "pareto, k 0.5" => (1.0 - u).powf(-0.5),
        "pareto, k 1.2" => (1.0 - u).powf(-1.2),
        other => panic!("{other}"),
    }
}

#[test]
fn arviz_finds_the_same_tails() {
    let stored: Value = serde_json::from_str(include_str!("../../peers/pareto_k.json")).unwrap();
    let cases = stored["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 32);
    for case in cases {
        let (family, n) = (case["family"].as_str().unwrap(), case["draws"].as_u64().unwrap());
        let draws: Vec<f64> = (0..n).map(|i| quantile(family, ((i * 7919 % n) as f64 + 0.5) / n as f64)).collect();
        let k = |draws: &[f64]| {
            let found = pareto_k(draws.iter().copied(), draws.len());
            found.unwrap_or_else(|| panic!("{family}, {n} draws: no tail, {:?}", draws.get(..5)))
        };
        let (got, want) = (k(&draws), case["k"].as_f64().unwrap());
        // Normal quantiles are those of AS 241, good to 1e-15, against SciPy's.
        assert!((got - want).abs() < 1e-8, "{family}, {n} draws: {got} {want}");
        // Unit and place do not matter, the order of the draws neither.
        let moved: Vec<f64> = draws.iter().rev().map(|x| 8.0 * x).collect();
        assert!((k(&moved) - want).abs() < 1e-8, "{family}");
        // Negative control: the lower tail is another one.
        let lower: Vec<f64> = draws.iter().map(|x| -x).collect();
        let is_symmetric = matches!(family, "uniform" | "normal");
        assert_eq!((k(&lower) - want).abs() < 1e-3, is_symmetric, "{family}");
    }
    // Nothing to fit.
    let of = |draws: &[f64]| pareto_k(draws.iter().copied(), draws.len());
    assert_eq!(of(&[1.0; 100]), None);
    assert_eq!(of(&[1.0, 2.0, 3.0]), None);
    let mut one_missing: Vec<f64> = (0..100).map(f64::from).collect();
    assert!(of(&one_missing).is_some());
    one_missing[7] = f64::NAN;
    assert_eq!(of(&one_missing), None);
}
