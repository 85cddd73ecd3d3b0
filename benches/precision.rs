//! Seconds to a credible interval of a total that is known to 0.25 %: ours and array programs', in the same run.
//!
//! `cargo bench --bench precision` (peers: `pip install -r benches/peers/requirements.txt`, else they are reported as
//! skipped; `HAZE_PEERS_PYTHON` names another interpreter). 1,313 models, each a product of three lognormals of its own and
//! three that all models share. Ours is the whole run of the library, from rows to every output, every model's interval,
//! the exact decomposition and both totals; the number of draws follows from the precision. The peers are given that number
//! and find one total's median and interval. Medians of interleaved rounds; SALib, which takes minutes, has one.

use std::process::Command;
use std::time::Instant;

use carbonhaze::low_level::portfolio::{Factor, SharedSpec};
use carbonhaze::low_level::run::Request;
use carbonhaze::{Backend, Distribution, Model, NoProgress, Place, Portfolio, Session, Study, Value};

const MODELS: usize = 1313;
const ROUNDS: usize = 3;
/// Standard deviations of ln: a factor's own, and that of its shared effect. The same stand in the peers' script.
const FACTORS: [(Factor, f64, f64); 3] =
    [(Factor::Compute, 0.8, 0.3), (Factor::Efficiency, 0.3, 0.2), (Factor::Grid, 0.4, 0.1)];

fn portfolio() -> Portfolio {
    let lognormal = |median: f64, sd: f64| Some(Value::from(Distribution::LogNormal { median, gsd: sd.exp() }));
    let model = |k: usize| Model {
        id: format!("model-{k:04}"),
        compute_flop: lognormal((1 + k % 13) as f64 * 1e22, FACTORS[0].1),
        efficiency_flop_per_j: lognormal(2e11, FACTORS[1].1),
        pue: Some(Value::Number(1.2)),
        grid_g_per_kwh: lognormal(400.0, FACTORS[2].1),
        ..Model::default()
    };
    let shared =
        FACTORS.map(|(factor, _, sd)| SharedSpec { factor, by: vec![], gsd: sd.exp(), place: Place::default() });
    let study = Study { default_shared: false, shared: shared.to_vec(), ..Study::default() };
    Portfolio::new((0..MODELS).map(model).collect(), study)
}

/// Lines "name seconds lower median upper" from the peers' script.
fn peers(draws: u64, round: usize) -> Vec<(String, Vec<f64>)> {
    let python = std::env::var("HAZE_PEERS_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/precision.py");
    let args = [MODELS.to_string(), draws.to_string(), round.to_string()];
    let Ok(output) = Command::new(python).arg(script).args(args).output() else {
        return vec![];
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |l: &str| {
        let mut fields = l.split('\t');
        let name = fields.next()?.to_string();
        Some((name, fields.map(str::parse).collect::<Result<Vec<f64>, _>>().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// What a peer took by round, and found: lower end, median, upper end.
struct Peer {
    name: String,
    seconds: Vec<f64>,
    found: Vec<f64>,
}

fn median(mut x: Vec<f64>) -> f64 {
    x.sort_by(f64::total_cmp);
    x[x.len() / 2]
}

fn main() {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    let session = Session::builder().backend(Backend::Cpu).build().expect("threads");
    let portfolio = portfolio();
    let (mut ours, mut found): (Vec<f64>, Vec<Peer>) = (vec![], vec![]);
    let mut outcome = None;
    for round in 0..ROUNDS {
        let start = Instant::now();
        let run = session.run(&portfolio, &Default::default(), &NoProgress).expect("a run");
        ours.push(start.elapsed().as_secs_f64());
        let draws = run.settings.draws;
        outcome = Some(run);
        for (name, numbers) in peers(draws, round) {
            let Some((seconds, rest)) = numbers.split_first() else { continue };
            match found.iter_mut().find(|peer| peer.name == name) {
                Some(peer) => peer.seconds.push(*seconds),
                None => found.push(Peer { name, seconds: vec![*seconds], found: rest.to_vec() }),
            }
        }
    }
    let Some(outcome) = outcome else { return };
    let (asked, draws) = (100.0 * Request::default().precision().unwrap_or(f64::NAN), outcome.settings.draws);
    println!(
        "{MODELS} models, total to {asked} %: {draws} draws, {cores} cores, medians of {ROUNDS} interleaved rounds\n"
    );
    let total = outcome.posterior.total.emissions_t;
    let shown = |x: Option<f64>| x.unwrap_or(f64::NAN) / 1e3;
    let interval = total.interval.unwrap_or([f64::NAN; 2]).map(|x| x / 1e3);
    let seconds = median(ours);
    println!("{:44} {:>8}  {:>8}  median and interval, kt", "", "seconds", "it/ours");
    println!(
        "{:44} {seconds:8.3}  {:8.1}  {:.2} ({:.2} to {:.2})",
        "carbonhaze, the whole run",
        1.0,
        shown(total.median),
        interval[0],
        interval[1]
    );
    if found.is_empty() {
        println!("peers: skipped (no Python with the packages of benches/peers/requirements.txt)");
    }
    for Peer { name, seconds: all, found: of } in found {
        let its = median(all);
        println!("{name:44} {its:8.3}  {:8.1}  {:.2} ({:.2} to {:.2})", its / seconds, of[1], of[0], of[2]);
    }
}
