//! The same regressions by another program: tests/peers/fit_statsmodels.py (statsmodels) and what it gave.

use carbonhaze::low_level::fit::{Card, Response, Sample, Size};
use serde_json::Value;

/// Largest relative difference of two lists, against the largest of theirs.
fn apart(ours: &[f64], theirs: &Value) -> f64 {
    let theirs: Vec<f64> = theirs.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert_eq!(ours.len(), theirs.len());
    let size = theirs.iter().fold(0f64, |m, x| m.max(x.abs()));
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs() / size).fold(0.0, f64::max)
}

/// The names of what differs.
fn differences(card: &Card, theirs: &Value) -> Vec<&'static str> {
    let of = |f: fn(&carbonhaze::low_level::fit::card::Coefficient) -> f64| {
        card.coefficients.iter().map(f).collect::<Vec<_>>()
    };
    let point = |f: fn(&carbonhaze::low_level::fit::card::Point) -> f64| card.points.iter().map(f).collect::<Vec<_>>();
    let one = |x: f64| vec![x];
    let pairs = [
        ("coefficients", of(|c| c.value), theirs["coefficients"].clone()),
        ("se", of(|c| c.se), theirs["se"].clone()),
        ("se_hc3", of(|c| c.se_hc3.unwrap()), theirs["se_hc3"].clone()),
        ("leverage", point(|p| p.leverage), theirs["leverage"].clone()),
        ("residuals", point(|p| p.residual), theirs["residuals"].clone()),
        ("residual_sd", one(card.fit.sd), vec![theirs["residual_sd"].clone()].into()),
        ("r2", one(card.diagnostics.r2.unwrap()), vec![theirs["r2"].clone()].into()),
        ("q2", one(card.diagnostics.q2.unwrap()), vec![theirs["q2"].clone()].into()),
    ];
    pairs.into_iter().filter(|(_, ours, theirs)| apart(ours, theirs) > 1e-9).map(|(name, ..)| name).collect()
}

#[test]
fn statsmodels_finds_the_same() {
    let stored: Value = serde_json::from_str(include_str!("../../peers/fit_statsmodels.json")).unwrap();
    for sample in Sample::ALL {
        for response in Response::ALL {
            let name = format!("{} {}", sample.name(), response.name());
            let theirs = &stored[&name];
            let card = super::embedded(sample, response, Size::Active);
            assert_eq!(theirs["n"], card.points.len(), "{name}");
            let terms: Vec<String> = card.terms().into_iter().map(|t| t.name()).collect();
            assert_eq!(serde_json::to_value(terms).unwrap(), theirs["terms"], "{name}");
            assert_eq!(differences(&card, theirs), [""; 0], "{name}");
            // Negative controls: HC1 is not HC3; one figure a millionth off is seen.
            let mut wrong = theirs.clone();
            wrong["se_hc3"] = theirs["se_hc1"].clone();
            let largest =
                (0..3).max_by_key(|i| (theirs["coefficients"][i].as_f64().unwrap().abs() * 1e6) as u64).unwrap();
            wrong["coefficients"][largest] = (theirs["coefficients"][largest].as_f64().unwrap() * (1.0 + 1e-6)).into();
            wrong["q2"] = theirs["r2"].clone();
            assert_eq!(differences(&card, &wrong), ["coefficients", "se_hc3", "q2"], "{name}");
        }
    }
}
