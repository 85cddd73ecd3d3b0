//! The growth over years against its closed form where all is lognormal, and against an independent float Monte Carlo
//! where it is not.

use carbonhaze::low_level::assess::{Assessment, Slot};
use carbonhaze::low_level::portfolio::Factor;
use carbonhaze::low_level::posterior::Estimate;
use carbonhaze::low_level::posterior::trend::Growths;
use carbonhaze::low_level::run::trend::{Span, Trend};
use carbonhaze::low_level::run::{Backend, NoProgress, Session, Settings};

use crate::agreement::float::{Mistake, sample};
use crate::common::significance::bonferroni_limit;
use crate::common::{Families, effect, random_assessment};
use crate::{lognormal, product, sum};

const ALL: Span = Span { from: None, to: None, latest_is_complete: true };

fn trend(assessment: &Assessment, draws: u64) -> Trend {
    let session = Session::builder().backend(Backend::Cpu).build().unwrap();
    let settings = Settings { seed: 7, draws, ..Settings::default() };
    session.trend(assessment, ALL, settings, &NoProgress).unwrap()
}

fn growths(assessment: &Assessment, draws: u64) -> Growths {
    trend(assessment, draws).growth.expect("several years")
}

/// Weights of a least-squares slope on these years.
fn weights(years: &[i32]) -> Vec<f64> {
    let t: Vec<f64> = years.iter().map(|y| f64::from(*y)).collect();
    let mean = t.iter().sum::<f64>() / t.len() as f64;
    let squares: f64 = t.iter().map(|t| (t - mean).powi(2)).sum();
    t.iter().map(|t| (t - mean) / squares).collect()
}

/// One model a year. Emissions are compute × grid; ln compute has the sds below, ln grid 0.3. An effect of all models on
/// compute leaves the slope; one of the last two years does not.
fn years_of_lognormals() -> (Assessment, [i32; 4], [f64; 4]) {
    let (years, sds) = ([2019, 2020, 2021, 2024], [0.6, 0.5, 0.2, 0.4]);
    let model = |(year, sd): (&i32, &f64)| {
        let factors = [(Slot::Compute, lognormal(*sd)), (Slot::Grid, lognormal(0.3))];
        let mut model = product(&format!("m{year}"), &factors);
        // Growth of a half per year, exactly.
        let median = 1.5f64.powi(year - 2019);
        model.terms.iter_mut().for_each(|term| term.constant = median);
        model.terms[0].powers[Slot::Grid as usize] = 0;
        let shared = if *year >= 2021 { vec![(0, 1.0), (1, 1.0)] } else { vec![(0, 1.0)] };
        model.factors[Slot::Compute as usize].as_mut().unwrap().shared = shared;
        model.labels.insert("year", year.to_string());
        model
    };
    let mut assessment = sum(years.iter().zip(&sds).map(model).collect());
    assessment.shared =
        vec![effect(Factor::Compute, &[], &[], 0, 2.0), effect(Factor::Compute, &["era"], &["late"], 0, 1.6)];
    (assessment, years, sds)
}

/// Scores of mean, median, sd and both ends of a slope against N(mean, sd).
fn scores(slope: &Estimate, mean: f64, sd: f64) -> [f64; 5] {
    let m = slope.mcse;
    let [lo, hi] = slope.interval.unwrap();
    let [lo_error, hi_error] = m.interval.unwrap();
    // SciPy: norm.ppf(0.975).
    let z = 1.959_963_984_540_054;
    [
        (slope.mean.unwrap() - mean) / m.mean.unwrap(),
        (slope.median.unwrap() - mean) / m.median.unwrap(),
        (slope.sd.unwrap() - sd) / m.sd.unwrap(),
        (lo - (mean - z * sd)) / lo_error,
        (hi - (mean + z * sd)) / hi_error,
    ]
}

fn worst(scores: &[f64]) -> f64 {
    scores.iter().map(|z| z.abs()).fold(0.0, f64::max)
}

#[test]
fn slopes_of_lognormals_have_their_closed_form() {
    let (assessment, years, sds) = years_of_lognormals();
    let found = growths(&assessment, 100_000);
    assert_eq!(found.years, years);
    let w = weights(&years);
    let mean = 1.5f64.ln();
    let own = |spread: f64| -> f64 { w.iter().zip(sds).map(|(w, sd)| w * w * (sd * sd + spread)).sum() };
    let late = (w[2] + w[3]) * 1.6f64.ln();
    let [compute, emissions] = [0.0, 0.09].map(|grid| (own(grid) + late * late).sqrt());
    let atci = w.iter().map(|w| w * w * 0.09).sum::<f64>().sqrt();
    let all = [(&found.compute, mean, compute), (&found.emissions, mean, emissions), (&found.atci, 0.0, atci)];
    let limit = bonferroni_limit(0.001, 15);
    for (growth, mean, sd) in all {
        let scores = scores(&growth.slope_per_year, mean, sd);
        assert!(worst(&scores) < limit, "{scores:?}");
        // Growth is the exponential of the slope, and its quantiles are.
        let percent = growth.growth_percent_per_year.median.unwrap();
        assert!((percent - 100.0 * growth.slope_per_year.median.unwrap().exp_m1()).abs() < 1e-6, "{percent}");
    }
    // Negative controls: effects drawn for each model alone, and no effect at all.
    let alone = own(2f64.ln().powi(2)) + (w[2].powi(2) + w[3].powi(2)) * 1.6f64.ln().powi(2);
    for wrong in [alone.sqrt(), own(0.0).sqrt()] {
        assert!(worst(&scores(&found.compute.slope_per_year, mean, wrong)) > 2.0 * limit);
    }
}

/// The share of the engine's draws below a quantile of the float sample is binomial on both sides: its score.
fn score_of_quantile(estimate: f64, float: &[f64], p: f64, draws: f64) -> f64 {
    let below = float.iter().filter(|x| **x <= estimate).count() as f64 / float.len() as f64;
    (below - p) / (p * (1.0 - p) * (1.0 / draws + 1.0 / float.len() as f64)).sqrt()
}

#[test]
fn slopes_agree_with_a_float_monte_carlo() {
    const DRAWS: usize = 40_000;
    let years = [2020, 2021, 2023];
    let mut assessment = random_assessment(11, 12, Families::All, false);
    for (k, model) in assessment.models.iter_mut().enumerate() {
        model.labels.insert("year", years[k % 3].to_string());
    }
    // What the last year has in common shows in the slope.
    assessment.shared.push(effect(Factor::Reporting, &["year"], &["2023"], 0, 1.8));
    let late = assessment.shared.len() - 1;
    for model in assessment.models.iter_mut().filter(|m| m.labels["year"] == *"2023") {
        model.factors[Slot::Compute as usize].as_mut().unwrap().shared.push((late, 1.0));
    }
    let found = growths(&assessment, DRAWS as u64);
    let watched: Vec<usize> = (0..assessment.models.len()).collect();
    let w = weights(&years);
    let scores = |mistake: Mistake| {
        let float = sample(&assessment, DRAWS, 3, &watched, mistake);
        let slopes = |output: usize| -> Vec<f64> {
            let of_draw = |d: usize| {
                let yearly = |k: usize| (k..12).step_by(3).map(|m| float.models[m][output][d]).sum::<f64>();
                (0..3).map(|k| w[k] * yearly(k).ln()).sum::<f64>()
            };
            (0..DRAWS).map(of_draw).collect()
        };
        let (emissions, compute) = (slopes(0), slopes(1));
        let atci: Vec<f64> = emissions.iter().zip(&compute).map(|(g, c)| g - c).collect();
        let mut scores = vec![];
        for (growth, float) in [(&found.emissions, emissions), (&found.compute, compute), (&found.atci, atci)] {
            let slope = &growth.slope_per_year;
            let [lo, hi] = slope.interval.unwrap();
            for (x, p) in [(lo, 0.025), (slope.median.unwrap(), 0.5), (hi, 0.975)] {
                scores.push(score_of_quantile(x, &float, p, DRAWS as f64));
            }
            let mean = float.iter().sum::<f64>() / DRAWS as f64;
            scores.push((slope.mean.unwrap() - mean) / (2f64.sqrt() * slope.sd.unwrap() / (DRAWS as f64).sqrt()));
        }
        scores
    };
    let limit = bonferroni_limit(0.001, 12);
    let right = scores(Mistake::None);
    assert!(worst(&right) < limit, "{right:?}");
    let wrong = scores(Mistake::SharedPerModel);
    assert!(worst(&wrong) > 2.0 * limit, "{wrong:?}");
}

/// Years are drawn as they are in the whole: their sums by draw add up, so their means do.
#[test]
fn years_add_up_to_the_whole() {
    let (assessment, ..) = years_of_lognormals();
    let found = trend(&assessment, 4_000);
    let sum: f64 = found.years.iter().map(|year| year.sums.emissions_t.mean.unwrap()).sum();
    let total = found.total.emissions_t.mean.unwrap();
    assert!((sum / total - 1.0).abs() < 1e-6, "{sum} {total}");
    let other = trend(&assessment, 4_001).total.emissions_t.mean.unwrap();
    assert!((sum / other - 1.0).abs() > 1e-6);
}
