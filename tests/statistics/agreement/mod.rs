//! The integer engine against an independent float Monte Carlo and against the exact oracle: no score above the
//! Bonferroni limit at α = 0.001 over all statistics compared, and scores that look like a standard normal sample.
//! Seeds are fixed, so the tests cannot fail by chance tomorrow. Each has a negative control: the same comparison
//! with a float Monte Carlo that makes a small mistake.

mod compare;
pub mod float;

use std::collections::BTreeMap;
use std::path::Path;

use carbonhaze::low_level::assess::{Assessment, assess};
use carbonhaze::low_level::portfolio::Portfolio;
use carbonhaze::low_level::posterior::SdCheck;
use compare::{Exacts, Score, scores};
use float::{Mistake, sample};

use crate::common::pipeline::run;
use crate::common::significance::{KOLMOGOROV_0_001, bonferroni_limit, kolmogorov_of_scores};
use crate::common::{Families, bounded_and_ranked, random_assessment};

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
    let portfolio = Portfolio::read(&path).expect("the fixture is read");
    assess(&portfolio).expect("the fixture is assessed")
}

fn agrees(name: &str, engine_seed: u64, float_seed: u64, mistakes: &[(usize, Mistake)]) {
    const DRAWS: usize = 20_000;
    let assessment = fixture(name);
    let count = assessment.models.len();
    let watched: Vec<usize> = (0..count).step_by(count.div_ceil(25)).collect();
    let run = run(assessment, engine_seed, DRAWS as u64);
    let (posterior, exacts) = (run.posterior(0.95), Exacts::of(&run.assessment, &watched));
    let compared = |draws: usize, mistake: Mistake| {
        let float = sample(&run.assessment, draws, float_seed, &watched, mistake);
        scores(&run, &posterior, &exacts, &float, &watched)
    };
    let right = compared(DRAWS, Mistake::None);
    // Six totals with at least a mean and five quantiles, and three quantiles of nearly every watched model.
    assert!(right.len() > 36 + 3 * watched.len(), "{}", right.len());
    assert_agreement(name, &right);
    for &(draws, mistake) in mistakes {
        assert_disagreement(name, &compared(draws, mistake));
    }
}

#[test]
fn hub_models() {
    agrees("hub_models.csv", 42, 1, &[(2_000, Mistake::SharedPerModel)]);
}

#[test]
fn open_weights() {
    // Most spreads are of other families: it takes more draws to see.
    let mistakes = [(2_000, Mistake::SharedPerModel), (16_000, Mistake::WideLogNormals)];
    agrees("open_weights.csv", 42, 2, &mistakes);
}

const PORTFOLIOS: u64 = 200;
const DRAWS: usize = 10_000;

/// Sizes 1 to 12; a quarter of them lognormals only, a third with factors that can be zero.
fn portfolio_number(k: u64) -> Assessment {
    let families = if k.is_multiple_of(4) { Families::LogNormal } else { Families::All };
    random_assessment(1000 + k, 1 + k as usize % 12, families, k.is_multiple_of(3))
}

/// Scores that should be a standard normal sample, by statistic: one of each portfolio, so that they are independent.
type ByStatistic = BTreeMap<&'static str, Vec<f64>>;

fn assert_normal(by_statistic: &ByStatistic) {
    for (name, z) in by_statistic {
        let distance = kolmogorov_of_scores(z);
        println!("{name}: {} scores, √n·D = {distance:.2}", z.len());
        assert!(distance < KOLMOGOROV_0_001, "{name}: {distance}");
        // Negative controls: errors understated five times, and a bias of one standard error.
        let understated: Vec<f64> = z.iter().map(|z| 5.0 * z).collect();
        let biased: Vec<f64> = z.iter().map(|z| z + 1.0).collect();
        for wrong in [understated, biased] {
            assert!(kolmogorov_of_scores(&wrong) > KOLMOGOROV_0_001, "{name}: {}", kolmogorov_of_scores(&wrong));
        }
    }
}

#[test]
fn random_portfolios() {
    const TOLD: [&str; 6] =
        ["emissions 50 %", "energy mean", "compute 25 %", "ATCI 97.5 %", "independent 2.5 %", "IT energy sd"];
    let mut all = Vec::new();
    let mut by_statistic = ByStatistic::new();
    let (mut exact, mut exact_by_statistic) = (Vec::new(), ByStatistic::new());
    let mut two_percent_off = 0.0f64;
    for k in 0..PORTFOLIOS {
        let run = run(portfolio_number(k), 7 + k, DRAWS as u64);
        let (posterior, exacts) = (run.posterior(0.95), Exacts::of(&run.assessment, &[0]));
        let float = sample(&run.assessment, DRAWS, 1_000_003 + k, &[0], Mistake::None);
        for score in scores(&run, &posterior, &exacts, &float, &[0]) {
            if let Some(name) = TOLD.into_iter().find(|name| *name == score.what) {
                by_statistic.entry(name).or_default().push(score.z);
            }
            all.push(Score { what: format!("portfolio {k}: {}", score.what), z: score.z });
        }

        // The same run against the closed form.
        let (oracle, check) = (&posterior.oracle, &posterior.check);
        let of_sd = if let SdCheck::Z(z) = check.z_sd { Some(z) } else { None };
        for (name, z) in [("mean", check.z_mean), ("independent mean", check.z_independent_mean), ("sd", of_sd)] {
            let Some(z) = z else { continue };
            exact.push(Score { what: format!("portfolio {k}: {name}"), z });
            exact_by_statistic.entry(name).or_default().push(z);
        }
        // Negative control: an exact mean 2 % larger.
        if let (Some(mean), Some(sd)) = (posterior.total.emissions_t.mean, oracle.sd_t) {
            two_percent_off = two_percent_off.max((mean - 1.02 * oracle.mean_t).abs() / (sd / (DRAWS as f64).sqrt()));
        }
    }
    assert_agreement("random portfolios", &all);
    assert_eq!(by_statistic.len(), TOLD.len());
    assert_normal(&by_statistic);

    assert!(exact.len() > 450, "{}", exact.len());
    assert_agreement("random portfolios against the oracle", &exact);
    assert!(two_percent_off > bonferroni_limit(ALPHA, exact.len()), "{two_percent_off}");
    assert_eq!(exact_by_statistic.len(), 3);
    assert_normal(&exact_by_statistic);
}

/// Bounds that hold with the shared effects, and effects on ranks: totals with and without common effects, and single
/// models. Cutting the own parts first is seen.
#[test]
fn bounds_and_ranks() {
    const DRAWS: usize = 40_000;
    let [mut right, mut cut_first] = [vec![], vec![]];
    for k in 0..8 {
        let assessment = bounded_and_ranked(random_assessment(100 + k, 6, Families::LogNormal, false));
        let run = run(assessment, 11 + k, DRAWS as u64);
        let posterior = run.posterior(0.95);
        for (all, mistake) in [(&mut right, Mistake::None), (&mut cut_first, Mistake::CutFirst)] {
            let float = sample(&run.assessment, DRAWS, 5_000_011 + k, &[0, 3], mistake);
            all.extend(scores(&run, &posterior, &Exacts::of_draws(&float), &float, &[0, 3]));
        }
    }
    assert!(right.len() > 300, "{}", right.len());
    assert_agreement("bounds and ranks", &right);
    assert_disagreement("bounds that cut before shared effects", &cut_first);
}

#[test]
fn random_portfolios_with_a_mistake() {
    let mut all = [vec![], vec![]];
    for k in 0..12 {
        let run = run(portfolio_number(k), 7 + k, DRAWS as u64);
        let (posterior, exacts) = (run.posterior(0.95), Exacts::of(&run.assessment, &[0]));
        for (all, mistake) in all.iter_mut().zip([Mistake::SharedPerModel, Mistake::WideLogNormals]) {
            let float = sample(&run.assessment, DRAWS, 1_000_003 + k, &[0], mistake);
            all.extend(scores(&run, &posterior, &exacts, &float, &[0]));
        }
    }
    let [shared, wide] = all;
    assert_disagreement("random portfolios, shared effects by model", &shared);
    assert_disagreement("random portfolios, wide lognormals", &wide);
}
