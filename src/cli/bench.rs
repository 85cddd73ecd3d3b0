//! `haze bench`: model-draws per second of the backends of this machine, for named workloads.
//!
//! A model-draw is one draw of all factors of one model, with all outputs: four totals, independent emissions where
//! effects are shared, exact sums and bins of emissions and ATCI. The number of draws grows until a run takes half a
//! second; that run is the measurement, from the compiled plan to the merged summary.

use std::io::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use super::Failure;
use super::backend::{BackendArgs, BackendChoice, notices};
use super::output::{Output, print};
use super::say::say;
use crate::gauge::workload::Workload;
use crate::run::Session;
use crate::run::throughput::Throughput;

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
    workload: Vec<WorkloadArg>,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WorkloadArg {
    /// Four own lognormal factors, nothing shared
    Lognormals,
    /// The same with six shared effects, two of them by one of twenty organisations
    Shared,
    /// Four tabulated factors: triangular, mixture, uniform, gamma
    Tables,
}

impl WorkloadArg {
    fn workload(self) -> Workload {
        match self {
            WorkloadArg::Lognormals => Workload::Lognormals,
            WorkloadArg::Shared => Workload::Shared,
            WorkloadArg::Tables => Workload::Tables,
        }
    }
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

impl Measurement {
    fn new(workload: Workload, measured: Throughput) -> Measurement {
        let Throughput { models, draws, seconds, model_draws_per_s, device } = measured;
        Measurement {
            workload: workload.name(),
            models,
            draws,
            backend: device.name,
            adapter: device.adapter,
            threads: device.threads,
            seconds,
            model_draws_per_s,
        }
    }
}

pub fn bench(args: BenchArgs) -> Result<(), Failure> {
    let output = Output::prepare(args.json.as_deref(), &[])?;
    let sessions = sessions(&args.backend)?;
    let asked: Vec<Workload> = args.workload.iter().map(|w| w.workload()).collect();
    let chosen = if asked.is_empty() { Workload::ALL.to_vec() } else { asked };
    let mut measurements = vec![];
    if !output.is_stdout() {
        print(&format!(
            "{:12} {:>9} {:>12}  {:>22}  backend\n",
            "workload", "models", "draws", "million model-draws/s"
        ))?;
    }
    for workload in chosen {
        let plan = workload.plan(args.models)?;
        let mut first = None;
        for session in &sessions {
            let measured = session.throughput(&plan, args.draws);
            notices(session);
            let measurement = Measurement::new(workload, measured?);
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
    match session.long_runs_on_gpu() {
        Ok(_) => sessions.push(session),
        Err(why) => say(why),
    }
    Ok(sessions)
}
