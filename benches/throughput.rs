//! Model-draws per second of the whole CPU run, and of array programs that compute one total, in the same run.
//!
//! `cargo bench --bench throughput` (peers: `pip install -r benches/peers/requirements.txt`, else they are reported as
//! skipped; `HAZE_PEERS_PYTHON` names another interpreter). A model-draw is one draw of all factors of one model.
//! Ours counts every output: four totals per draw, two summaries with histograms per model, independent emissions
//! where effects are shared. Medians of several interleaved rounds, because machines drift.

#[path = "../tests/common/mod.rs"]
mod common;

use std::process::Command;
use std::time::Instant;

use carbonhaze::assess::{Assessment, SLOTS, Slot};
use carbonhaze::engine::{Backend, Cpu, Scalar, Simd};
use carbonhaze::plan::Plan;
use carbonhaze::plan::compile::compile;
use carbonhaze::portfolio::{Distribution, Factor};
use common::{effect, factor, model, scope};

const MODELS: usize = 5000;
const DRAWS: u64 = 20_480;
const ROUNDS: usize = 3;

fn workload(name: &str) -> Assessment {
    let lognormal = |median, gsd| Distribution::LogNormal { median, gsd };
    let shared = match name {
        "6 shared effects" => {
            let mut effects = vec![
                effect(Factor::Compute, &[], &[], 0, 1.05),
                effect(Factor::Efficiency, &[], &[], 0, 1.05),
                effect(Factor::Efficiency, &[], &[], 1, 1.10),
                effect(Factor::Grid, &[], &[], 0, 1.08),
            ];
            effects.extend((0..20).map(|r| effect(Factor::Efficiency, &["org"], &[&format!("{r:02}")], 0, 1.4)));
            effects.extend((0..20).map(|r| effect(Factor::Grid, &["org"], &[&format!("{r:02}")], 0, 1.3)));
            effects.sort_by(|a, b| (a.factor, &a.by, &a.value, a.ordinal).cmp(&(b.factor, &b.by, &b.value, b.ordinal)));
            effects
        }
        _ => vec![],
    };
    let models = (0..MODELS).map(|k| {
        let mut factors = [const { None }; SLOTS];
        let spread = 1.2 + 0.1 * (k % 7) as f64;
        let distributions = match name {
            "tables" => [
                Distribution::Triangular { lo: 1e22, mode: 2e22, hi: 9e22 },
                Distribution::Mixture(vec![(0.5, lognormal(1e11, 1.3)), (0.5, lognormal(3e11, 1.3))]),
                Distribution::Uniform { lo: 1.05, hi: 1.5 },
                Distribution::Gamma { shape: 4.0 + (k % 3) as f64, scale: 100.0 },
            ],
            _ => [
                lognormal(1e22 * (1 + k % 13) as f64, 1.0 + spread),
                lognormal(2e11, spread),
                Distribution::Shifted { shift: 1.0, inner: Box::new(lognormal(0.2, 1.35)) },
                lognormal(300.0 + k as f64 / 50.0, 1.3),
            ],
        };
        for (s, d) in distributions.into_iter().enumerate() {
            factors[s] = factor(d);
        }
        for (i, e) in shared.iter().enumerate() {
            let slot = match e.factor {
                Factor::Compute => Slot::Compute,
                Factor::Efficiency => Slot::Efficiency,
                _ => Slot::Grid,
            };
            let of_this = e.value.is_empty() || e.value[0] == format!("{:02}", k % 20);
            if let Some(f) = factors[slot as usize].as_mut().filter(|_| of_this) {
                f.shared.push((i, 1.0));
            }
        }
        model(&format!("model-{k:05}"), factors)
    });
    let models = models.collect();
    Assessment { models, shared, scope: scope(), warnings: vec![], groups_by: vec![] }
}

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
    let names = ["4 own lognormals", "6 shared effects", "tables"];
    let plans: Vec<Plan> = names.iter().map(|n| compile(&workload(n)).expect("compiles")).collect();
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
        }
        peers().into_iter().for_each(|(name, rate)| note(1, name, rate));
    }
    for (name, rates) in &ours {
        println!("{name:45} {:8.1}", median(rates.clone()));
    }
    let best = format!("{}, {}, {cores} thread(s)", names[0], Simd::detect().name());
    let best = ours.iter().find(|(n, _)| *n == best).map_or(f64::NAN, |(_, r)| median(r.clone()));
    println!();
    if others.is_empty() {
        println!("peers: skipped (no Python with the packages of benches/peers/requirements.txt)");
    }
    for (name, rates) in others {
        let rate = median(rates);
        println!("{name:45} {rate:8.1}   ours / it: {:5.1}", best / rate);
    }
}
