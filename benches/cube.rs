//! The full cube of a pick-freeze design compared with a plain run of as many draws, in the same run.
//!
//! `cargo bench --bench cube`, or with fewer draws `cargo bench --bench cube -- 16384`. Rows: both shipped portfolios with the factors as groups, and 500 models of four
//! lognormals, which is a cube of four groups. Every adapter found is measured, software ones too. Medians of interleaved
//! rounds; ratios count, since machines drift. What it must show: four groups take at most 3.5 times the plain run, and a
//! run of 1,000,000 draws with an analysis of 131,072 of them at most 1.5 times the run without.

use std::time::Instant;

use carbonhaze::engine::gpu::{self, Gpu};
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::plan::{Plan, WORDS};
use carbonhaze::engine::{Backend, Cpu, Prepared, Simd};
use carbonhaze::low_level::assess::{Output, assess};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::gauge::workload::Workload;
use carbonhaze::low_level::portfolio::Portfolio;
use carbonhaze::low_level::posterior::grouping::by_factor;
use carbonhaze::low_level::posterior::sampled::DRAWS;

const ROUNDS: usize = 3;
/// Draws of a run where the user does not say.
const RUN: f64 = 1e6;
const MODELS: usize = 500;

struct Case {
    name: &'static str,
    plan: Plan,
    design: Design,
}

fn fixture(name: &'static str) -> Case {
    let path = format!("{}/fixtures/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let portfolio = Portfolio::read(path).expect("a models file");
    let assessment = assess(&portfolio).expect("an assessment");
    let plan = compile(&assessment).expect("a plan");
    let (design, _) = by_factor(&assessment, &plan);
    Case { name, plan, design }
}

/// Compute, efficiency, PUE and grid.
fn four_groups() -> Case {
    let plan = Workload::ALL[0].plan(MODELS).expect("compiles");
    let mut outputs = vec![true; plan.outputs.len()];
    outputs[Output::ItEnergy as usize] = false;
    let own: [u8; WORDS] = std::array::from_fn(|word| word.min(3) as u8);
    let design = Design::cube(4, vec![own; plan.models.len()], vec![0; plan.effects.len()], outputs);
    Case { name: "four lognormals", plan, design }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x[x.len() / 2]
}

fn main() {
    // Cargo adds words of its own.
    let all = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(DRAWS);
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    println!("{all} draws, median of {ROUNDS} rounds, {cores} cores");
    println!("seconds: plain run, all corners; their ratio; the same for a run of 1,000,000 draws with and without\n");
    let found = gpu::adapter::all().into_iter().filter(|found| found.facts.missing().is_none());
    let gpus: Vec<Gpu> = found.map(|found| Gpu::with(found, gpu::Options::default(), None)).collect();
    let cpu = Cpu::new(0, 0, Simd::detect()).expect("a thread pool");
    let mut backends: Vec<(&str, &dyn Backend)> = vec![("CPU", &cpu)];
    backends.extend(gpus.iter().map(|gpu| (gpu.facts().name.as_str(), gpu as &dyn Backend)));
    for Case { name, plan, design } in [four_groups(), fixture("open_weights"), fixture("hub_models")] {
        let prepared = Prepared::new(&plan, &design).expect("few groups");
        let mut times = vec![(vec![], vec![]); backends.len()];
        for round in 0..=ROUNDS {
            for ((_, backend), (plains, cubes)) in backends.iter().zip(&mut times) {
                // The first round opens devices and compiles.
                let draws = if round == 0 { 256 } else { all };
                let plain = seconds(|| drop(backend.run(&plan, 42, 0..draws, &|_| true).expect("a summary")));
                let cube = seconds(|| {
                    let slab = DRAWS / 4;
                    let mut first = 0;
                    while first < draws {
                        let end = draws.min(first + slab);
                        drop(backend.corners(&prepared, 42, first..end, &|_| true).expect("corners"));
                        first = end;
                    }
                });
                if round > 0 {
                    plains.push(plain);
                    cubes.push(cube);
                }
            }
        }
        for ((backend, _), (plains, cubes)) in backends.iter().zip(times) {
            let ratio = median(cubes.iter().zip(&plains).map(|(cube, plain)| cube / plain).collect());
            let with = 1.0 + ratio * DRAWS as f64 / RUN;
            let (models, corners, short) = (plan.models.len(), design.corners.len(), &backend[..backend.len().min(24)]);
            let (plain, cube) = (median(plains), median(cubes));
            println!(
                "{name:16} {models:5} models {corners:3} corners  {short:24} {plain:7.2} {cube:7.2} {ratio:6.2} {with:6.2}"
            );
        }
    }
}
