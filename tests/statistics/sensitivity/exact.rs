//! The closed forms themselves, against published or separately computed figures.

use carbonhaze::engine::stats::sensitivity::known::Case;

fn near(got: &[f64], want: &[f64], tolerance: f64) -> bool {
    assert_eq!(got.len(), want.len());
    got.iter().zip(want).all(|(a, b)| (a - b).abs() <= tolerance)
}

#[test]
fn ishigami() {
    // T. Homma and A. Saltelli 1996, doi:10.1016/0951-8320(96)00002-6, evaluated by mpmath for a = 7, b = 0.1.
    let components = Case::ishigami().components();
    assert!((components.variance() - 13.844_587_940_719_254).abs() < 1e-12);
    let shares = components.shares().unwrap();
    let first = [0.313_905_191_147_811_46, 0.442_411_144_790_040_9, 0.0];
    assert!(near(&shares.first_order, &first, 1e-14));
    assert!(near(&shares.total, &[0.557_588_855_209_959_2, 0.442_411_144_790_040_9, 0.243_683_664_062_147_7], 1e-14));
    let shapley = [0.435_747_023_178_885_35, 0.442_411_144_790_040_9, 0.121_841_832_031_073_85];
    assert!(near(&shares.shapley, &shapley, 1e-14));
    assert!(!near(&shares.total, &first, 1e-2));
}

#[test]
fn sobol_g() {
    // A. Saltelli et al., Global Sensitivity Analysis: The Primer (2008), section 4: a = 0, 1, 4.5, 9, 99 × 4.
    let tiny = [0.000_072; 4];
    let shares = Case::sobol_g().components().shares().unwrap();
    assert!(near(&shares.first_order, &[&[0.716_192, 0.179_048, 0.023_676, 0.007_162][..], &tiny].concat(), 1e-6));
    let tiny = [0.000_105; 4];
    assert!(near(&shares.total, &[&[0.787_144, 0.242_198, 0.034_317, 0.010_460][..], &tiny].concat(), 1e-6));
    // Grouping the last four changes no other group's index.
    let grouped = Case::sobol_g_grouped().components().shares().unwrap();
    assert!(near(&grouped.first_order[..4], &shares.first_order[..4], 1e-15));
    assert!(grouped.total[4] > 4.0 * shares.first_order[4]);
}

#[test]
fn lognormals() {
    // mpmath, from V_s = μ²·Π(exp σ² − 1).
    let case = Case::four_lognormals();
    let shares = case.components().shares().unwrap();
    let first = [0.435_055_811_52, 0.144_251_419_11, 0.003_834_164_65, 0.265_775_203_03];
    assert!(near(&shares.first_order, &first, 1e-11));
    assert!(near(&shares.total, &[0.560_021_023_62, 0.217_904_685_18, 0.006_321_468_81, 0.374_334_899_56], 1e-11));
    let (mean, cv) = (1.285_631_452_021_565_5, 0.807_990_241_541_987_4);
    assert!((case.components().variance() / (mean * cv * mean * cv) - 1.0).abs() < 1e-14);

    let shares = Case::eight_lognormals().components().shares().unwrap();
    assert!(near(&shares.first_order, &[0.392_89, 0.139_16, 0.003_84, 0.292_96], 5e-6));
    assert!(near(&shares.total, &[0.531_89, 0.221_08, 0.006_73, 0.421_12], 5e-6));
    assert!(near(&shares.shapley, &[0.4608, 0.1786, 0.0052, 0.3554], 5e-5));
    assert!(!near(&shares.shapley, &[0.1786, 0.4608, 0.0052, 0.3554], 1e-1));
}

#[test]
fn scaling_law() {
    // CV² = (1 + (e^0.25 − 1)/M)·e^0.04 − 1, shared first order = (e^0.04 − 1)/CV², by mpmath.
    for (models, cv, shared) in
        [(1, 0.580_024, 0.1213), (10, 0.265_278, 0.5799), (1_000, 0.202_747, 0.9928), (100_000, 0.202_024, 0.999_93)]
    {
        let components = Case::scaling(models).components();
        let mean = libm::exp(0.5 * (0.25 + 0.04));
        assert!((components.variance().sqrt() / mean - cv).abs() < 1e-6, "{models}");
        let digits = if models == 100_000 { 5e-6 } else { 5e-5 };
        assert!((components.shares().unwrap().first_order[0] - shared).abs() < digits, "{models}");
    }
}

#[test]
fn outputs_are_the_functions() {
    // By hand: sin(π/2) + 7·sin²(−π/2) + 0.1·(π/2)⁴·sin(π/2) at u = (¾, ¼, ¾).
    let want = 1.0 + 7.0 + 0.1 * (std::f64::consts::FRAC_PI_2).powi(4);
    assert!((Case::ishigami().evaluate(&[0.75, 0.25, 0.75]) - want).abs() < 1e-14);
    // |4u − 2| = 1 at u = ¼: every factor is 1. At u = ½ the first factor is 0.
    assert!((Case::sobol_g().evaluate(&[0.25; 8]) - 1.0).abs() < 1e-14);
    assert_eq!(Case::sobol_g().evaluate(&[0.5; 8]), 0.0);
    let want = (0.5f64 - 0.3 + 0.1 + 0.4).exp();
    assert!((Case::four_lognormals().evaluate(&[1.0, -1.0, 2.0, 1.0]) - want).abs() < 1e-14);
    let want = (0.2f64).exp() * ((0.5f64).exp() + (-0.5f64).exp()) / 2.0;
    assert!((Case::scaling(2).evaluate(&[1.0, 1.0, -1.0]) - want).abs() < 1e-14);
}
