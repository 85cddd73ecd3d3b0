//! Known answers, through the whole way from an assessment to a posterior: sums and products of lognormals, shortest
//! intervals, and how uncertainty falls with the number of models when part of it is shared.
//!
//! Sampled numbers must lie within four of their own Monte Carlo standard errors, at fixed seeds.

use carbonhaze::low_level::assess::{Assessment, Slot};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::portfolio::Factor;
use carbonhaze::low_level::posterior::{Estimate, Posterior};

use crate::common::effect;
use crate::common::pipeline::run;
use crate::{lognormal, product, sum};

const DRAWS: u64 = 1 << 18;

/// (estimate − expected) in standard errors.
fn z(told: Option<f64>, error: Option<f64>, expected: f64) -> f64 {
    (told.unwrap() - expected) / error.unwrap()
}

/// The scores of the quantiles 2.5, 5, 50, 95 and 97.5 % of the emissions.
fn quantile_scores(assessment: Assessment, seed: u64, expected: [f64; 5]) -> [f64; 5] {
    let run = run(assessment, seed, DRAWS);
    let of = |level: f64| -> Estimate { run.posterior(level).total.emissions_t };
    let (wide, narrow) = (of(0.95), of(0.9));
    let end = |e: &Estimate, side: usize, expected: f64| {
        z(e.interval.map(|x| x[side]), e.mcse.interval.map(|x| x[side]), expected)
    };
    [
        end(&wide, 0, expected[0]),
        end(&narrow, 0, expected[1]),
        z(wide.median, wide.mcse.median, expected[2]),
        end(&narrow, 1, expected[3]),
        end(&wide, 1, expected[4]),
    ]
}

fn within_four(scores: &[f64]) -> bool {
    scores.iter().all(|z| z.abs() < 4.0)
}

fn check_quantiles(name: &str, assessment: Assessment, seed: u64, expected: [f64; 5]) {
    let scores = quantile_scores(assessment.clone(), seed, expected);
    println!("{name}: {scores:.2?}");
    assert!(within_four(&scores), "{name}: {scores:?}");
    // Negative control: each expected value 3 % off is seen by itself.
    let wrong = quantile_scores(assessment, seed, expected.map(|x| 1.03 * x));
    assert!(wrong.iter().all(|z| z.abs() > 4.0), "{name}: {wrong:?}");
}

#[test]
fn sums_of_lognormals() {
    let models = |count: usize, sigma: f64| {
        sum((0..count).map(|k| product(&format!("m{k}"), &[(Slot::Compute, lognormal(sigma))])).collect())
    };
    // By numerical convolution of the densities.
    let two = [1.046930167, 1.172096192, 2.118740544, 3.859603994, 4.336526298];
    check_quantiles("2 × LN(0, 0.5)", models(2, 0.5), 1, two);
    let ten = [7.513286, 8.387075, 15.151977, 28.978085, 33.259451];
    check_quantiles("10 × LN(0, 1)", models(10, 1.0), 2, ten);
}

/// One model of four lognormal factors: σ = 0.5 (compute), 0.3 (efficiency, here multiplied), 0.05 (reporting) and
/// 0.4 (grid).
fn four_factors() -> Assessment {
    let factors = [(Slot::Compute, 0.5), (Slot::Efficiency, 0.3), (Slot::Reporting, 0.05), (Slot::Grid, 0.4)];
    sum(vec![product("one", &factors.map(|(slot, sigma)| (slot, lognormal(sigma))))])
}

#[test]
fn a_product_of_lognormals() {
    // exp(±z_p √(Σσ²)), Σσ² = 0.5025.
    let expected = [0.24923370117, 0.31161362314, 1.0, 3.20910231689, 4.01229847845];
    check_quantiles("product", four_factors(), 3, expected);
    // exp(Σσ²/2) and √(exp Σσ² − 1).
    let (mean, cv) = (1.2856314520215655, 0.8079902415419874);
    let e = run(four_factors(), 3, DRAWS).posterior(0.95).total.emissions_t;
    let scores = [z(e.mean, e.mcse.mean, mean), z(e.sd, e.mcse.sd, cv * mean)];
    assert!(within_four(&scores), "{scores:?}");
    assert!(!within_four(&[z(e.mean, e.mcse.mean, 1.02 * mean)]));
    assert!(!within_four(&[z(e.sd, e.mcse.sd, 1.05 * cv * mean)]));
}

#[test]
fn indices_of_a_product_in_closed_form() {
    // S1 = (exp σᵢ² − 1)/(exp Σσ² − 1), ST = 1 − (exp(Σσ² − σᵢ²) − 1)/(exp Σσ² − 1).
    let expected = [
        ("compute", 0.43505581152, 0.56002102362),
        ("efficiency", 0.14425141911, 0.21790468518),
        ("reporting", 0.00383416465, 0.00632146881),
        ("grid", 0.26577520303, 0.37433489956),
    ];
    // The oracle has the moments of the engine's normals, which end at 6.34. A second moment of exp(σz) lies around
    // z = 2σ and loses Φ(2σ − 6.34) of itself: at most 4.6e-8 (σ = 0.5), and what the ends' own cells differ by is of
    // the same size. Indices are ratios of such moments.
    const TOLERANCE: f64 = 1e-6;
    let got = oracle(&four_factors()).groups;
    let differs = |name: &str, first: f64, total: f64| {
        let share = got.iter().find(|g| g.name == name).unwrap();
        (share.first_order - first).abs().max((share.total - total).abs())
    };
    for (name, first, total) in expected {
        let miss = differs(name, first, total);
        assert!(miss < TOLERANCE, "{name}: {miss:e}");
        assert!(differs(name, first * 1.001, total) > TOLERANCE, "{name}");
    }
    // Factors that are not there have none.
    assert!(got.iter().filter(|g| g.name == "pue" || g.name == "lineage").all(|g| g.first_order == 0.0));
}

#[test]
fn shortest_intervals_of_lognormals() {
    // Ends of equal density that hold 95 % of LN(0, σ).
    for (sigma, want) in [(0.25, [0.566982, 1.556482]), (0.5, [0.261652, 2.318079]), (1.0, [0.026092, 5.186948])] {
        let one = sum(vec![product("one", &[(Slot::Compute, lognormal(sigma))])]);
        let e = run(one, 4, DRAWS).posterior(0.95).total.emissions_t;
        let scores = |want: [f64; 2]| {
            let end = |side: usize| z(e.shortest.map(|x| x[side]), e.mcse.shortest.map(|x| x[side]), want[side]);
            [end(0), end(1)]
        };
        println!("shortest, σ = {sigma}: {:.4?} ± {:.4?}", e.shortest.unwrap(), e.mcse.shortest.unwrap());
        assert!(within_four(&scores(want)), "{sigma}: {:?}", scores(want));
        // Negative control: the equal-tailed interval exp(±1.95996 σ) is another one.
        let equal = [(-1.959964 * sigma).exp(), (1.959964 * sigma).exp()];
        assert!(!within_four(&scores(equal)), "{sigma}: {:?}", scores(equal));
    }
}

/// `count` equal models, own σ = 0.5, and one factor of σ = 0.2 that all share.
fn sharing(count: usize) -> Assessment {
    let fixed = carbonhaze::low_level::portfolio::Distribution::Fixed(1.0);
    let models = (0..count).map(|k| {
        let factors = [(Slot::Compute, lognormal(0.5)), (Slot::Grid, fixed.clone())];
        let mut model = product(&format!("model {k:06}"), &factors);
        model.factors[Slot::Grid as usize].as_mut().unwrap().shared.push((0, 1.0));
        model
    });
    Assessment { shared: vec![effect(Factor::Grid, &[], &[], 0, 0.2f64.exp())], ..sum(models.collect()) }
}

/// CV and the shared factor's first-order index, told and in closed form:
/// CV² = e^0.04 (1 + (e^0.25 − 1)/M) − 1, S1 = (e^0.04 − 1)/CV².
const SCALING: [(usize, f64, f64); 4] =
    [(1, 0.580024, 0.1213), (10, 0.265278, 0.5799), (1_000, 0.202747, 0.9928), (100_000, 0.202024, 0.99993)];

#[test]
fn own_uncertainty_averages_out_and_shared_does_not() {
    for (count, cv, shared) in SCALING {
        let closed = (0.04f64.exp() * (1.0 + 0.25f64.exp_m1() / count as f64) - 1.0).sqrt();
        assert!((closed - cv).abs() < 1e-6, "{count}");
        let told = oracle(&sharing(count));
        let got = told.sd_t.unwrap() / told.mean_t;
        let grid = told.groups.iter().find(|g| g.name == "grid").unwrap().first_order;
        // Tolerances: the printed digits of the known answers; 1e-7 for the ends of the engine's normals.
        assert!((got / closed - 1.0).abs() < 1e-6, "{count}: {got} {closed}");
        assert!((got - cv).abs() < 1e-6 && (grid - shared).abs() < 6e-5, "{count}: {got} {grid}");
        assert!((grid - 0.04f64.exp_m1() / (closed * closed)).abs() < 1e-6, "{count}");
        // The floor √(e^0.04 − 1) is never passed; drawn for each model alone it is.
        assert!(got > 0.202017);
        let independent = told.independent_sd_t.unwrap() / told.independent_mean_t;
        let alone = ((0.29f64.exp_m1()) / count as f64).sqrt();
        assert!((independent / alone - 1.0).abs() < 1e-6, "{count}: {independent}");
    }
}

#[test]
fn sampled_totals_follow_the_scaling_law() {
    for (count, cv, _) in SCALING.into_iter().filter(|s| s.0 <= 1000) {
        let draws = if count < 1000 { DRAWS } else { DRAWS / 4 };
        let posterior: Posterior = run(sharing(count), 5, draws).posterior(0.95);
        let (e, alone) = (posterior.total.emissions_t, posterior.total.independent_t);
        // Means: M·exp((0.25 + 0.04)/2). The CV alone: its error is below those of mean and sd together.
        let mean = count as f64 * 0.145f64.exp();
        let told = e.sd.unwrap() / e.mean.unwrap();
        let error = told * (e.mcse.sd.unwrap() / e.sd.unwrap()).hypot(e.mcse.mean.unwrap() / e.mean.unwrap());
        let alone_sd = (count as f64 * 0.29f64.exp() * 0.29f64.exp_m1()).sqrt();
        let scores = [
            z(e.mean, e.mcse.mean, mean),
            z(e.sd, e.mcse.sd, cv * mean),
            z(Some(told), Some(error), cv),
            z(alone.mean, alone.mcse.mean, mean),
            z(alone.sd, alone.mcse.sd, alone_sd),
        ];
        println!("{count} models: {scores:.2?}");
        assert!(within_four(&scores), "{count}: {scores:?}");
        // Negative controls: a shared factor of 0.21; and correlation ignored, where there is anything to share.
        let wider = (0.0441f64.exp() * (1.0 + 0.25f64.exp_m1() / count as f64) - 1.0).sqrt();
        assert!(count == 1 || !within_four(&[z(Some(told), Some(error), wider)]), "{count}");
        assert!(count == 1 || !within_four(&[z(e.sd, e.mcse.sd, alone_sd)]), "{count}");
    }
}
