//! The integer engine against an independent float Monte Carlo and against the exact oracle: no score above the
//! Bonferroni limit at α = 0.001 over all statistics compared, and scores that look like a standard normal sample.
//! Seeds are fixed, so the tests cannot fail by chance tomorrow. Each has a negative control: the same comparison
//! with a float Monte Carlo that makes a small mistake.

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod float;

use std::collections::BTreeMap;
use std::path::Path;

use carbonhaze::assess::{Assessment, assess};
use carbonhaze::portfolio;
use carbonhaze::posterior::SdCheck;
use common::pipeline::run;
use common::significance::{KOLMOGOROV_0_001, bonferroni_limit, kolmogorov_of_scores};
use common::{Families, random_assessment};
use compare::{Score, scores};
use float::{Mistake, sample};

const ALPHA: f64 = 0.001;

fn largest(scores: &[Score]) -> &Score {
    scores.iter().max_by(|a, b| a.z.abs().total_cmp(&b.z.abs())).expect("there are scores")
}

fn assert_agreement(name: &str, scores: &[Score]) {
    let limit = bonferroni_limit(ALPHA, scores.len());
    let worst = largest(scores);
    println!("{name}: {} statistics, largest {} z = {:.2}, limit {limit:.2}", scores.len(), worst.what, worst.z);
    let above: Vec<&Score> = scores.iter().filter(|s| s.z.abs().is_nan() || s.z.abs() > limit).collect();
    assert!(above.is_empty(), "{name}: {above:?}");
}

fn assert_disagreement(name: &str, scores: &[Score]) {
    let limit = bonferroni_limit(ALPHA, scores.len());
    let worst = largest(scores);
    println!("{name}, with a mistake: {} z = {:.2}, limit {limit:.2}", worst.what, worst.z);
    assert!(worst.z.abs() > limit, "{name}");
}

fn fixture(name: &str) -> Assessment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let (portfolio, _) = portfolio::read(&path).expect("the fixture is read");
    assess(&portfolio).expect("the fixture is assessed")
}

fn agrees(name: &str, engine_seed: u64, float_seed: u64) {
    const DRAWS: usize = 20_000;
    let assessment = fixture(name);
    let count = assessment.models.len();
    let watched: Vec<usize> = (0..count).step_by(count.div_ceil(40)).collect();
    let run = run(assessment, engine_seed, DRAWS as u64);
    let posterior = run.posterior(0.95);
    let compared = |draws: usize, mistake: Mistake| {
        let float = sample(&run.assessment, draws, float_seed, &watched, mistake);
        scores(&run, &posterior, &float, &watched)
    };
    let right = compared(DRAWS, Mistake::None);
    // Six totals with at least a mean and five quantiles, and three quantiles of nearly every watched model.
    assert!(right.len() > 36 + 3 * watched.len(), "{}", right.len());
    assert_agreement(name, &right);
    assert_disagreement(name, &compared(4_000, Mistake::SharedPerModel));
    assert_disagreement(name, &compared(4_000, Mistake::WideLogNormals));
}

#[test]
fn hub_models() {
    agrees("hub_models.csv", 42, 1);
}

#[test]
fn open_weights() {
    agrees("open_weights.csv", 42, 2);
}

const PORTFOLIOS: u64 = 200;

/// Sizes 1 to 24; a quarter of them lognormals only, a third with factors that can be zero.
fn portfolio_number(k: u64) -> Assessment {
    let families = if k % 4 == 0 { Families::LogNormal } else { Families::All };
    random_assessment(1000 + k, 1 + k as usize % 24, families, k % 3 == 0)
}

#[test]
fn random_portfolios() {
    const DRAWS: usize = 10_000;
    let watched = [0];
    let mut all = Vec::new();
    // One statistic of each portfolio: these are independent of each other.
    let mut of_statistic: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let told = ["emissions 50 %", "energy mean", "compute 25 %", "ATCI 97.5 %", "independent 2.5 %", "IT energy sd"];
    for k in 0..PORTFOLIOS {
        let run = run(portfolio_number(k), 7 + k, DRAWS as u64);
        let posterior = run.posterior(0.95);
        let float = sample(&run.assessment, DRAWS, 1_000_003 + k, &watched, Mistake::None);
        for score in scores(&run, &posterior, &float, &watched) {
            if let Some(name) = told.into_iter().find(|name| *name == score.what) {
                of_statistic.entry(name).or_default().push(score.z);
            }
            all.push(Score { what: format!("portfolio {k}: {}", score.what), z: score.z });
        }
    }
    assert_agreement("random portfolios", &all);
    for (name, z) in &of_statistic {
        let distance = kolmogorov_of_scores(z);
        println!("{name}: {} scores, √n·D = {distance:.2}", z.len());
        assert!(distance < KOLMOGOROV_0_001, "{name}: {distance}");
        // Negative control: scores half as large again, as if errors were understated so much.
        let understated: Vec<f64> = z.iter().map(|z| 1.5 * z + 0.2).collect();
        assert!(kolmogorov_of_scores(&understated) > KOLMOGOROV_0_001, "{name}");
    }
    assert_eq!(of_statistic.len(), told.len());
}

#[test]
fn random_portfolios_with_a_mistake() {
    for mistake in [Mistake::SharedPerModel, Mistake::WideLogNormals] {
        let mut all = Vec::new();
        for k in 0..12 {
            let run = run(portfolio_number(k), 7 + k, 10_000);
            let posterior = run.posterior(0.95);
            let float = sample(&run.assessment, 10_000, 1_000_003 + k, &[0], mistake);
            all.extend(scores(&run, &posterior, &float, &[0]));
        }
        assert_disagreement(&format!("{mistake:?}"), &all);
    }
}

/// Means and standard deviations against the closed form. Judged where the kurtosis is below a hundredth of the draws:
/// beyond it neither the mean nor the sd of a sample is near enough to normal.
#[test]
fn random_portfolios_against_the_oracle() {
    const DRAWS: u64 = 20_000;
    let mut named: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut wrong = 0.0f64;
    for k in 0..PORTFOLIOS {
        let run = run(portfolio_number(k), 77 + k, DRAWS);
        let posterior = run.posterior(0.95);
        let (oracle, check) = (&posterior.oracle, &posterior.check);
        let SdCheck::Z(z_sd) = check.z_sd else { continue };
        named.entry("sd").or_default().push(z_sd);
        named.entry("mean").or_default().push(check.z_mean.expect("a finite variance"));
        named.entry("independent mean").or_default().push(check.z_independent_mean.expect("a finite variance"));
        // Negative control: a mean of 2 % more.
        let error = oracle.sd_t.expect("a finite variance") / (DRAWS as f64).sqrt();
        wrong = wrong.max((posterior.total.emissions_t.mean.expect("draws") - 1.02 * oracle.mean_t).abs() / error);
    }
    let scores: Vec<Score> =
        named.iter().flat_map(|(name, z)| z.iter().map(|z| Score { what: name.to_string(), z: *z })).collect();
    assert!(scores.len() > 300, "{}", scores.len());
    assert_agreement("oracle", &scores);
    assert!(wrong > bonferroni_limit(ALPHA, scores.len()));
    for (name, z) in &named {
        let distance = kolmogorov_of_scores(z);
        println!("{name}: {} scores, √n·D = {distance:.2}", z.len());
        assert!(distance < KOLMOGOROV_0_001, "{name}: {distance}");
    }
}
