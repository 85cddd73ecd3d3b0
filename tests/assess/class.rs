//! Guesses of one class of lineage: how many are runs of their own is nearly a beta-binomial count.

use carbonhaze::low_level::assess::{Assessment, Output, assess};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::portfolio::Portfolio;

use crate::common::pipeline;

const ROWS: usize = 40;
const P: f64 = 0.3;
const SD: f64 = 0.15;

/// Rows of one class whose run, if it is one, has 1e25 FLOP and emits 1e25/1e12/3.6e6 · 100 g = 277.8 t.
fn rows(sd: &str) -> Assessment {
    let dir = tempfile::tempdir().unwrap();
    let head = "id,region,date,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh,base_probability,base_probability_sd,lineage_class\n";
    let row = |i| format!("r{i:02},FRA,2024-01-01,fixed(1e25),fixed(1e12),fixed(1),fixed(100),{P},{sd},later\n");
    let text: String = std::iter::once(head.to_string()).chain((0..ROWS).map(row)).collect();
    std::fs::write(dir.path().join("models.csv"), text).unwrap();
    assess(&Portfolio::read(dir.path().join("models.csv")).unwrap()).unwrap()
}

/// Mean and variance of the number of runs, drawn, and the variance by the oracle.
fn counted(assessment: &Assessment) -> [f64; 3] {
    let run = pipeline::run(assessment.clone(), 7, 1 << 17);
    let emissions = Output::Emissions as usize;
    let per_run = 1e25 / 1e12 / 3.6e6 * 100.0 / 1e6;
    let unit = libm::ldexp(1.0, run.plan.unit(emissions)) / per_run;
    let counts: Vec<f64> = run.summary.totals[emissions].iter().map(|&count| count as f64 * unit).collect();
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    [mean, variance, (oracle(assessment).sd_t.unwrap() / per_run).powi(2)]
}

#[test]
fn the_number_of_runs_of_a_class_varies_as_a_beta_binomial_count() {
    let n = ROWS as f64;
    // Variance of a beta-binomial count with probability of mean p and variance s²: n p (1 − p) + n (n − 1) s².
    let binomial = n * P * (1.0 - P);
    let beta_binomial = binomial + n * (n - 1.0) * SD * SD;
    let near = |got: f64, want: f64| (got / want - 1.0).abs() < 0.03;
    let [mean, drawn, exact] = counted(&rows(&SD.to_string()));
    assert!((mean - n * P).abs() < 0.15, "{mean}");
    assert!(near(drawn, beta_binomial) && near(exact, beta_binomial), "{drawn} {exact} {beta_binomial}");
    // Negative control: guesses without an error in common.
    let [mean, drawn, exact] = counted(&rows(""));
    assert!((mean - n * P).abs() < 0.15, "{mean}");
    assert!(
        near(drawn, binomial) && near(exact, binomial) && !near(drawn, beta_binomial),
        "{drawn} {exact} {binomial}"
    );
}
