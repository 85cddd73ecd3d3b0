//! How often the intervals of 95 % hold the closed form.
//!
//! The long version prints the table of docs/sensitivity.md:
//!
//!     cargo test --release --test statistics sensitivity -- --ignored --nocapture

use carbonhaze::engine::stats::sensitivity::known::Case;
use carbonhaze::engine::stats::sensitivity::source::{Sample, Source};
use carbonhaze::engine::stats::sensitivity::target::Target;
use carbonhaze::engine::stats::sensitivity::{Cube, Index, rank};
use rayon::prelude::*;

use super::{cube, pick_freeze, views};

const LEVEL: f64 = 0.95;

/// Indices of one kind, estimated with many seeds.
struct Row {
    case: String,
    kind: &'static str,
    draws: usize,
    exact: Vec<f64>,
    /// By seed.
    estimates: Vec<Vec<Index>>,
}

impl Row {
    /// Per index, the number of seeds whose interval, `widened`, holds the exact value.
    fn covered(&self, widened: f64) -> Vec<usize> {
        let holds = |i: &Index, x: f64| (x - i.value).abs() <= widened * 0.5 * (i.hi - i.lo);
        let count = |(g, &x): (usize, &f64)| self.estimates.iter().filter(|e| holds(&e[g], x)).count();
        self.exact.iter().enumerate().map(count).collect()
    }

    fn rms_error(&self, index: usize) -> f64 {
        let squares = self.estimates.iter().map(|e| (e[index].value - self.exact[index]).powi(2));
        (squares.sum::<f64>() / self.estimates.len() as f64).sqrt()
    }

    fn mean_se(&self, index: usize) -> f64 {
        self.estimates.iter().map(|e| e[index].se).sum::<f64>() / self.estimates.len() as f64
    }
}

/// One row for each kind; `estimate` gives the kinds of one seed.
fn rows(
    case: &Case,
    kinds: &[(&'static str, Vec<f64>)],
    seeds: u64,
    draws: usize,
    estimate: impl Fn(u64) -> Vec<Vec<Index>> + Sync,
) -> Vec<Row> {
    let by_seed: Vec<Vec<Vec<Index>>> = (0..seeds).into_par_iter().map(|seed| estimate(1000 + seed)).collect();
    let row = |(k, (kind, exact)): (usize, &(&'static str, Vec<f64>))| Row {
        case: case.name.clone(),
        kind,
        draws,
        exact: exact.clone(),
        estimates: by_seed.iter().map(|kinds| kinds[k].clone()).collect(),
    };
    kinds.iter().enumerate().map(row).collect()
}

fn by_cube(case: &Case, seeds: u64, draws: usize) -> Vec<Row> {
    let exact = case.components().shares().unwrap();
    let kinds =
        [("cube: first order", exact.first_order), ("cube: total", exact.total), ("cube: Shapley", exact.shapley)];
    rows(case, &kinds, seeds, draws, |seed| {
        let s = cube(case, seed, draws, LEVEL).shares;
        vec![s.first_order, s.total, s.shapley]
    })
}

fn by_pick_freeze(case: &Case, seeds: u64, draws: usize) -> Vec<Row> {
    let exact = case.components().shares().unwrap();
    let kinds = [("pick-freeze: first order", exact.first_order), ("pick-freeze: total", exact.total)];
    rows(case, &kinds, seeds, draws, |seed| {
        let indices = pick_freeze(case, seed, draws, LEVEL);
        vec![indices.iter().map(|i| i.first_order).collect(), indices.iter().map(|i| i.total).collect()]
    })
}

fn by_ranks(case: &Case, seeds: u64, draws: usize) -> Vec<Row> {
    let exact = case.components().shares().unwrap();
    rows(case, &[("ranks: first order", exact.first_order)], seeds, draws, |seed| {
        let y = case.pick_freeze(Source { seed }, 0, draws).a;
        let of = |i: usize| {
            let x = case.input(Source { seed }, Sample::A, i, 0, draws);
            rank::first_order(0, &x, &y, LEVEL).unwrap()
        };
        vec![(0..case.inputs()).map(of).collect()]
    })
}

/// The 95th percentile of the four lognormals; the figures are those of `estimates::targets`.
fn by_targets(seeds: u64, draws: usize) -> Vec<Row> {
    let case = Case::four_lognormals();
    let kinds = [
        (
            "target, 95th percentile: first order",
            vec![0.202_406_632_1, 0.050_464_362_0, 0.001_121_621_0, 0.105_783_639_8],
        ),
        ("target, 95th percentile: total", vec![0.794_423_314_3, 0.504_603_703_3, 0.086_344_483_4, 0.657_236_629_3]),
    ];
    rows(&case, &kinds, seeds, draws, |seed| {
        let corners = case.corners(Source { seed }, 0, draws);
        let target = Target::quantile(&corners[15], 0.95).unwrap();
        let mut cube = Cube::new(4).unwrap();
        cube.add(0, &views(&target.corners(&views(&corners)))).unwrap();
        let s = cube.finish(LEVEL).unwrap().shares;
        vec![s.first_order, s.total]
    })
}

fn share(covered: &[usize], seeds: u64) -> f64 {
    covered.iter().sum::<usize>() as f64 / (covered.len() as u64 * seeds) as f64
}

#[test]
fn intervals_of_95_percent_cover() {
    const SEEDS: u64 = 100;
    const DRAWS: usize = 1 << 11;
    let mut all = by_cube(&Case::four_lognormals(), SEEDS, DRAWS);
    all.extend(by_cube(&Case::ishigami(), SEEDS, DRAWS));
    all.extend(by_cube(&Case::scaling(10), SEEDS, DRAWS));
    all.extend(by_pick_freeze(&Case::sobol_g(), SEEDS, DRAWS));
    all.extend(by_ranks(&Case::four_lognormals(), SEEDS, DRAWS));
    // P(Binomial(100, 0.95) ≤ 82) = 2.2e-6 (SciPy 1.17): some 40 indices in all.
    for row in &all {
        assert!(row.covered(1.0).iter().all(|&n| n >= 83), "{} {}: {:?}", row.case, row.kind, row.covered(1.0));
    }
    let over_all = |widened: f64| share(&all.iter().flat_map(|row| row.covered(widened)).collect::<Vec<_>>(), SEEDS);
    let acceptable = |widened: f64| (0.92..=0.98).contains(&over_all(widened));
    assert!(acceptable(1.0), "{}", over_all(1.0));
    // A fifth narrower or wider is seen.
    assert!(!acceptable(0.8) && !acceptable(1.25), "{} {}", over_all(0.8), over_all(1.25));
}

#[test]
#[ignore = "two minutes; prints the tables of docs/sensitivity.md"]
fn table_of_coverage() {
    const SEEDS: u64 = 1000;
    const DRAWS: usize = 1 << 13;
    let cubes = [
        Case::ishigami(),
        Case::sobol_g_grouped(),
        Case::four_lognormals(),
        Case::eight_lognormals(),
        Case::scaling(1),
        Case::scaling(10),
    ];
    let mut all: Vec<Row> = cubes.iter().flat_map(|case| by_cube(case, SEEDS, DRAWS)).collect();
    for case in [Case::ishigami(), Case::sobol_g(), Case::four_lognormals()] {
        all.extend(by_pick_freeze(&case, SEEDS, DRAWS));
    }
    for case in [Case::ishigami(), Case::sobol_g(), Case::four_lognormals()] {
        all.extend(by_ranks(&case, SEEDS, DRAWS));
    }
    let checked = all.len();
    all.extend(by_targets(SEEDS, DRAWS));
    all.extend(by_targets(SEEDS, 1 << 16));
    println!("| case | estimator | draws | all | each index | rms error / mean standard error |");
    println!("|---|---|---|---|---|---|");
    for row in &all {
        let covered = row.covered(1.0);
        let each: Vec<String> = covered.iter().map(|&n| format!("{:.1}", 100.0 * n as f64 / SEEDS as f64)).collect();
        let ratio = |g: usize| row.rms_error(g) / row.mean_se(g);
        let ratios: Vec<String> = (0..row.exact.len()).map(|g| format!("{:.2}", ratio(g))).collect();
        let (all, each) = (100.0 * share(&covered, SEEDS), each.join(", "));
        println!("| {} | {} | {} | {all:.1} % | {each} | {} |", row.case, row.kind, row.draws, ratios.join(", "));
    }
    println!("\n| estimator | draws | rms error of each index at 24,576 evaluations |\n|---|---|---|");
    let case = Case::four_lognormals();
    let equal_cost =
        [by_cube(&case, SEEDS, 24_576 / 16), by_pick_freeze(&case, SEEDS, 24_576 / 10), by_ranks(&case, SEEDS, 24_576)];
    for row in equal_cost.iter().flatten() {
        let errors: Vec<String> = (0..4).map(|g| format!("{:.5}", row.rms_error(g))).collect();
        println!("| {} | {} | {} |", row.kind, row.draws, errors.join(", "));
    }
    // Target indices near zero rest on a handful of draws: told in the docs, not promised.
    for row in &all[..checked] {
        let within = |&n: &usize| (0.92..=0.98).contains(&(n as f64 / SEEDS as f64));
        assert!(row.covered(1.0).iter().all(within), "{} {}", row.case, row.kind);
    }
}
