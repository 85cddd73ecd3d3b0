//! Model-draws per second of the whole CPU run, and of array programs that compute one total, in the same run.
//!
//! `cargo bench --bench throughput` (peers: `pip install -r benches/peers/requirements.txt`, else they are reported as
//! skipped; `HAZE_PEERS_PYTHON` names another interpreter). A model-draw is one draw of all factors of one model.
//! Ours counts every output: four totals per draw, two summaries with histograms per model, independent emissions
//! where effects are shared. Every adapter found is measured, software ones too. Medians of several interleaved rounds, because machines drift.

use std::process::Command;
use std::time::Instant;

use carbonhaze::engine::gpu::{self, Gpu};
use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::{Backend, Cpu, Scalar, Simd};
use carbonhaze::low_level::gauge::workload::Workload;

const MODELS: usize = 5000;
const DRAWS: u64 = 20_480;
const GPU_DRAWS: u64 = 65_536;
const ROUNDS: usize = 3;

/// Million model-draws per second.
fn rate(backend: &dyn Backend, plan: &Plan, draws: u64) -> f64 {
    let start = Instant::now();
    let summary = backend.run(plan, 42, 0..draws, &|_| true).expect("not interrupted");
    assert!(summary.totals[0].iter().all(|&t| t > 0));
    plan.models.len() as f64 * draws as f64 / start.elapsed().as_secs_f64() / 1e6
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x[x.len() / 2]
}

/// Lines "name rate" from the peers' script: one round of each.
fn peers() -> Vec<(String, f64)> {
    let python = std::env::var("HAZE_PEERS_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/peers.py");
    let Ok(output) = Command::new(python).arg(script).output() else { return vec![] };
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |l: &str| l.rsplit_once(' ').and_then(|(name, rate)| Some((name.to_string(), rate.parse().ok()?)));
    text.lines().filter_map(line).collect()
}

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    println!("million model-draws per second, median of {ROUNDS} rounds, {cores} cores");
    println!("{MODELS} models x {DRAWS} draws, all outputs\n");
    let names = Workload::ALL.map(Workload::name);
    let plans = Workload::ALL.map(|w| w.plan(MODELS).expect("compiles"));
    let found = gpu::adapter::all().into_iter().filter(|found| found.facts.missing().is_none());
    let gpus: Vec<Gpu> = found.map(|found| Gpu::with(found, gpu::Options::default(), None)).collect();
    let mut ours: Vec<(String, Vec<f64>)> = vec![];
    let mut others: Vec<(String, Vec<f64>)> = vec![];
    for round in 0..ROUNDS {
        let mut note = |list: usize, name: String, rate: f64| {
            let list = if list == 0 { &mut ours } else { &mut others };
            match list.iter_mut().find(|(n, _)| *n == name) {
                Some((_, rates)) => rates.push(rate),
                None => list.push((name, vec![rate])),
            }
        };
        for (name, plan) in names.iter().zip(&plans) {
            if round == 0 {
                note(0, format!("{name}, scalar, 1 thread"), rate(&Scalar, plan, 100));
            }
            let sets = if *name == names[0] { Simd::available() } else { vec![Simd::detect()] };
            for simd in sets {
                for threads in [1, cores] {
                    let cpu = Cpu::new(threads, 0, simd).expect("a thread pool");
                    note(0, format!("{name}, {}, {threads} thread(s)", simd.name()), rate(&cpu, plan, DRAWS));
                }
            }
            for gpu in &gpus {
                if round == 0 {
                    // Opens the device and compiles.
                    rate(gpu, plan, 256);
                }
                note(0, format!("{name}, {}", gpu.facts().name), rate(gpu, plan, GPU_DRAWS));
            }
        }
        peers().into_iter().for_each(|(name, rate)| note(1, name, rate));
    }
    for (name, rates) in &ours {
        println!("{name:55} {:8.1}", median(rates.clone()));
    }
    let best = format!("{}, {}, {cores} thread(s)", names[0], Simd::detect().name());
    let best = ours.iter().find(|(n, _)| *n == best).map_or(f64::NAN, |(_, r)| median(r.clone()));
    println!();
    if others.is_empty() {
        println!("peers: skipped (no Python with the packages of benches/peers/requirements.txt)");
    }
    for (name, rates) in others {
        let rate = median(rates);
        println!("{name:55} {rate:8.1}   ours / it: {:5.1}", best / rate);
    }
}
