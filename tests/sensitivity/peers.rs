//! The same case by another program: tests/peers/salib_four_lognormals.py (SALib) and what it gave.

use carbonhaze::posterior::sensitivity::Index;
use carbonhaze::posterior::sensitivity::known::Case;
use serde_json::Value;

use crate::cube;

/// Two-sided 99.9 % point of the normal, SciPy 1.17.
const Z: f64 = 3.290_526_7;

#[test]
fn salib_finds_the_same() {
    let stored: Value = serde_json::from_str(include_str!("../peers/salib_four_lognormals.json")).unwrap();
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
