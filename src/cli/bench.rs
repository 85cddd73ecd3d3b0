//! `haze bench`: model-draws per second of the backends of this machine, for named workloads.
//!
//! A model-draw is one draw of all factors of one model, with all outputs: four totals, independent emissions where
//! effects are shared, exact sums and bins of emissions and ATCI. The number of draws grows until a run takes half a
//! second; that run is the measurement, from the compiled plan to the merged summary.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::Failure;
use super::backend::{BackendArgs, BackendChoice, tell};
use super::output::{Output, print};
use super::workload::Workload;
use crate::engine::plan::Plan;
use crate::run::{NoProgress, Session, Settings};

/// A run of this many seconds is a measurement.
const LONG_ENOUGH_S: f64 = 0.5;
const FIRST_DRAWS: u64 = 1 << 12;
/// 40 bytes of totals each.
const MOST_DRAWS: u64 = 1 << 24;
const MODELS: usize = 5000;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze bench                                the CPU, and the GPU if there is one
  haze bench --adapter llvmpipe             the CPU and Mesa's software GPU
  haze bench --workload lognormals --models 2000 --draws 1000000 --json -")]
pub struct BenchArgs {
    #[command(flatten)]
    backend: BackendArgs,
    /// Only this workload; may be given several times
    #[arg(long, value_enum, value_name = "NAME")]
    workload: Vec<Workload>,
    /// Models of each workload
    #[arg(long, value_name = "N", default_value_t = MODELS, value_parser = models)]
    models: usize,
    /// Draws (default: as many as take half a second)
    #[arg(long, value_name = "N", value_parser = super::draws)]
    draws: Option<u64>,
    /// Write the measurements as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

fn models(text: &str) -> Result<usize, String> {
    match text.replace('_', "").parse() {
        Ok(n) if (1..=2_000_000).contains(&n) => Ok(n),
        _ => Err("expected a whole number from 1 to 2,000,000".into()),
    }
}

#[derive(Debug, Serialize)]
struct Report {
    version: &'static str,
    measurements: Vec<Measurement>,
}

#[derive(Debug, Serialize)]
struct Measurement {
    workload: &'static str,
    models: usize,
    draws: u64,
    backend: String,
    adapter: Option<String>,
    threads: Option<usize>,
    seconds: f64,
    model_draws_per_s: f64,
}

pub fn bench(args: BenchArgs) -> Result<(), Failure> {
    let output = Output::prepare(args.json.as_deref())?;
    let sessions = sessions(&args.backend)?;
    let chosen = if args.workload.is_empty() { Workload::ALL.to_vec() } else { args.workload };
    let mut measurements = vec![];
    if !output.is_stdout() {
        print(&format!(
            "{:12} {:>9} {:>12}  {:>22}  backend\n",
            "workload", "models", "draws", "million model-draws/s"
        ))?;
    }
    for workload in chosen {
        let plan = workload.plan(args.models).map_err(Failure::Run)?;
        let mut first = None;
        for session in &sessions {
            let measurement = measure(workload, &plan, session, args.draws)?;
            let rate = measurement.model_draws_per_s / 1e6;
            let ratio = first.map_or(String::new(), |first| format!(", {:.2} times the first", rate / first));
            first.get_or_insert(rate);
            if !output.is_stdout() {
                let of = measurement.adapter.as_deref().unwrap_or(&measurement.backend);
                let (models, draws) = (measurement.models, measurement.draws);
                print(&format!("{:12} {models:>9} {draws:>12}  {rate:>22.1}  {of}{ratio}\n", workload.name()))?;
                let _ = std::io::stdout().flush();
            }
            measurements.push(measurement);
        }
    }
    let report = Report { version: env!("CARGO_PKG_VERSION"), measurements };
    let mut text = serde_json::to_string_pretty(&report).map_err(|e| Failure::Run(e.into()))?;
    text.push('\n');
    // The page is there already, line by line.
    output.finish(text.as_bytes(), String::new)
}

/// What draws: by default the CPU, then the GPU if there is one.
fn sessions(args: &BackendArgs) -> Result<Vec<Session>, Failure> {
    let mut sessions = vec![];
    if args.backend != BackendChoice::Gpu {
        let cpu = BackendArgs { backend: BackendChoice::Cpu, adapter: None, threads: args.threads, chunk: args.chunk };
        sessions.push(cpu.session()?);
    }
    if args.backend == BackendChoice::Cpu && args.adapter.is_none() {
        return Ok(sessions);
    }
    let session = args.session()?;
    let sampler = session.sampler(Settings::default(), u64::MAX, &NoProgress);
    if sampler.is_gpu() {
        sessions.push(session);
    } else {
        eprintln!("{}", sampler.device_line);
    }
    Ok(sessions)
}

fn measure(workload: Workload, plan: &Plan, session: &Session, draws: Option<u64>) -> Result<Measurement, Failure> {
    let sampler = session.sampler(Settings::default(), u64::MAX, &NoProgress);
    let time = |draws: u64| -> Result<f64, Failure> {
        let start = Instant::now();
        sampler.draw_part(plan, sampler.seed, 0..draws)?;
        Ok(start.elapsed().as_secs_f64())
    };
    // Opens the device, compiles, fills the caches.
    time(FIRST_DRAWS.min(draws.unwrap_or(u64::MAX)))?;
    let mut n = draws.unwrap_or(FIRST_DRAWS);
    let mut seconds = time(n)?;
    while draws.is_none() && seconds < LONG_ENOUGH_S && n < MOST_DRAWS {
        n *= if seconds < LONG_ENOUGH_S / 4.0 { 4 } else { 2 };
        seconds = time(n)?;
    }
    tell(session);
    let device = sampler.device();
    let model_draws = plan.models.len() as f64 * n as f64;
    Ok(Measurement {
        workload: workload.name(),
        models: plan.models.len(),
        draws: n,
        backend: device.name,
        adapter: device.adapter,
        threads: device.threads,
        seconds,
        model_draws_per_s: model_draws / seconds,
    })
}
