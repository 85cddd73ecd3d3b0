//! Hybrid model evaluations per second of the sampled sensitivity analysis, ours and SALib's, in the same run.
//!
//! `cargo bench --bench salib` (`pip install -r benches/peers/requirements.txt`; without SALib it says so and ends;
//! `HAZE_PEERS_PYTHON` names another interpreter). The portfolio is the largest that SALib takes: 2,650 equal models,
//! each the product of four lognormals, grouped by factor. An evaluation is one model at one row of one hybrid: for us
//! models × draws × 16 corners, for SALib models × rows, BASE × (4 groups + 2) of them. Both times are those of the
//! whole analysis, from nothing drawn to indices with intervals. Medians of interleaved rounds.

use std::process::Command;
use std::time::Instant;

use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::stats::sensitivity::{Cube, CubeIndices};
use carbonhaze::engine::{Backend, Cpu, Prepared, Simd};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::gauge::answers::{EMISSIONS, four_groups};
use carbonhaze::low_level::gauge::{expected, portfolios};

const MODELS: usize = 2650;
const DRAWS: u64 = 1 << 16;
const SLAB: u64 = 1 << 13;
/// SALib's base sample: 6 rows each.
const BASE: usize = 1 << 10;
const ROUNDS: usize = 3;

/// One analysis: seconds and indices.
fn ours(cpu: &Cpu, plan: &Plan) -> (f64, CubeIndices) {
    let start = Instant::now();
    let design = Design::cube(4, vec![four_groups(); plan.models.len()], vec![], EMISSIONS.to_vec());
    let prepared = Prepared::new(plan, &design).expect("four groups");
    let mut cube = Cube::new(4).expect("four groups");
    for first in (0..DRAWS).step_by(SLAB as usize) {
        let drawn = cpu.corners(&prepared, 42, first..first + SLAB, &|_| true).expect("not interrupted");
        let counts = |corner| drawn.of(plan.headline, corner).iter().map(|&count| count as f64).collect();
        let corners: Vec<Vec<f64>> = (0..16).map(counts).collect();
        cube.add(first, &corners.iter().map(Vec::as_slice).collect::<Vec<_>>()).expect("16 corners");
    }
    let indices = cube.finish(0.95).expect("it varies");
    (start.elapsed().as_secs_f64(), indices)
}

/// What one analysis of SALib's took and found, by name; `None` where it cannot be run.
fn salib() -> Option<Vec<(String, f64)>> {
    let python = std::env::var("HAZE_PEERS_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/salib_grouped.py");
    let output = Command::new(python).arg(script).args([MODELS.to_string(), BASE.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = |l: &str| l.rsplit_once(' ').and_then(|(name, x)| Some((name.to_string(), x.parse().ok()?)));
    output.status.success().then(|| text.lines().filter_map(line).collect())
}

fn named(lines: &[(String, f64)], name: &str) -> f64 {
    lines.iter().find(|(n, _)| n == name).map_or(f64::NAN, |(_, x)| *x)
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x[x.len() / 2]
}

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let cpu = Cpu::new(0, 0, Simd::detect()).expect("a thread pool");
    let plan = compile(&portfolios::products(MODELS)).expect("compiles");
    println!("{MODELS} models x 4 lognormals in 4 groups, {cores} cores, medians of {ROUNDS} interleaved rounds\n");
    let evaluations = MODELS as f64 * DRAWS as f64 * 16.0;
    let (mut rates, mut peers, mut parts) = (vec![], vec![], vec![]);
    let mut found = None;
    for _ in 0..ROUNDS {
        let (seconds, indices) = ours(&cpu, &plan);
        rates.push(evaluations / seconds / 1e6);
        let Some(peer) = salib() else {
            println!("ours: {:.1} million evaluations/s", median(rates));
            println!("SALib: skipped (no Python with the packages of benches/peers/requirements.txt)");
            return;
        };
        let times = ["sample", "model", "analyze"].map(|part| named(&peer, part));
        peers.push(MODELS as f64 * named(&peer, "rows") / times.iter().sum::<f64>() / 1e6);
        parts.push(times);
        found = Some((indices, peer));
    }
    let part = |k: usize| median(parts.iter().map(|times| times[k]).collect());
    let (rate, peer) = (median(rates.clone()), median(peers.clone()));
    println!("{:30} {rate:10.2} million evaluations/s  rounds {rates:.2?}", format!("ours, {}", cpu.simd().name()));
    println!("{:30} {peer:10.2} million evaluations/s  rounds {peers:.2?}", "SALib, grouped");
    println!("{:30} {:10.0} times", "ours / SALib", rate / peer);
    println!("\nSALib: sample {:.1} s, model {:.2} s, analyze {:.2} s", part(0), part(1), part(2));
    println!(
        "draws analysed per second: ours {:.0}, SALib {:.0}",
        rate * 1e6 / 16.0 / MODELS as f64,
        peer * 1e6 / 6.0 / MODELS as f64
    );
    if let Some((indices, peer)) = found {
        println!("\nfirst-order index   exact     ours             SALib ({BASE} draws)");
        for (g, exact) in expected::PRODUCT_FIRST.iter().enumerate() {
            let ours = indices.shares.first_order[g];
            println!(
                "  {g}               {exact:8.5}  {:8.5} ± {:.5}  {:8.5}",
                ours.value,
                ours.se,
                named(&peer, &format!("first {g}"))
            );
        }
    }
}
