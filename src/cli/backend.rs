//! Which backend draws: what was asked for, what there is, and a line that says which was taken and why.

use anyhow::Context;
use clap::ValueEnum;

use super::Failure;
use crate::engine::gpu::installation::Installation;
use crate::engine::gpu::{GpuError, Options};
use crate::engine::{Backend, Cpu, Gpu, Host, Reduce, Simd};
use crate::posterior::sampled;
use crate::report::document;

/// The flags of every command that draws.
#[derive(Debug, clap::Args)]
pub struct BackendArgs {
    /// What draws; changes no result
    #[arg(long, value_enum, default_value = "auto")]
    pub backend: BackendChoice,
    /// The GPU whose name contains this (see `haze doctor`)
    #[arg(long, value_name = "PART_OF_NAME")]
    pub adapter: Option<String>,
    /// Threads of the CPU (default: all cores); changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Draws per chunk; changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    Auto,
    Cpu,
    Gpu,
}

impl BackendArgs {
    /// A flag that was given, if any.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.backend != BackendChoice::Auto, "--backend"),
            (self.adapter.is_some(), "--adapter"),
            (self.threads.is_some(), "--threads"),
            (self.chunk.is_some(), "--chunk"),
        ];
        flags.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
    }
}

/// Below so many model-draws a GPU is not looked for: the CPU is done before a device is open.
const SHORT: u64 = 50_000_000;

/// The backend that was taken.
pub enum Chosen {
    Cpu(Cpu),
    Gpu(Box<Gpu>),
}

/// Draws at all corners that a GPU is given at a time: enough to fill it, and some 20 MB in a cube of six groups.
const GPU_SLAB: u64 = 1 << 15;

impl Chosen {
    /// Draws of a sensitivity analysis taken in at a time; changes no result.
    pub fn slab(&self) -> u64 {
        match self {
            Chosen::Cpu(_) => sampled::SLAB,
            Chosen::Gpu(_) => GPU_SLAB,
        }
    }

    /// For a run of so many model-draws. Also a line for the user.
    pub fn new(args: &BackendArgs, model_draws: u64) -> Result<(Chosen, String), Failure> {
        let cpu = || {
            let (threads, chunk) = (args.threads.map_or(0, usize::from), args.chunk.map_or(0, |n| n as usize));
            Cpu::new(threads, chunk, Simd::detect()).context("cannot start the threads").map_err(Failure::Run)
        };
        let on_cpu = |why: &str| {
            let cpu = cpu()?;
            let line = format!("drawing on the CPU ({}, {} threads){why}", cpu.simd().name(), cpu.threads());
            Ok((Chosen::Cpu(cpu), line))
        };
        let options = Options { chunk: args.chunk.map_or(0, u64::from), ..Options::default() };
        let on_gpu = |gpu: Gpu| {
            let line = format!("drawing on {} ({})", gpu.facts().name, gpu.facts().kind.name());
            (Chosen::Gpu(Box::new(gpu)), line)
        };
        match (args.backend, &args.adapter) {
            (BackendChoice::Cpu, Some(_)) => {
                Err(Failure::Usage("--adapter names a GPU and does not go with --backend cpu".into()))
            }
            (BackendChoice::Cpu, None) => on_cpu(""),
            (BackendChoice::Auto, None) if model_draws < SHORT => on_cpu(": the run is short"),
            (BackendChoice::Auto, None) => match Gpu::new(None, options, Some(cpu()?)) {
                Ok(gpu) => Ok(on_gpu(gpu)),
                Err(e) => on_cpu(&format!(": {e}")),
            },
            (BackendChoice::Gpu, name) | (BackendChoice::Auto, name) => {
                match Gpu::new(name.as_deref(), options, None) {
                    Ok(gpu) => Ok(on_gpu(gpu)),
                    Err(e) => Err(Failure::Run(anyhow::Error::msg(without_gpu(&e)))),
                }
            }
        }
    }

    pub fn backend(&self) -> &dyn Backend {
        match self {
            Chosen::Cpu(cpu) => cpu,
            Chosen::Gpu(gpu) => &**gpu,
        }
    }

    /// What sorts and divides the draws: where they were drawn.
    pub fn reduce(&self) -> &dyn Reduce {
        match self {
            Chosen::Cpu(_) => &Host,
            Chosen::Gpu(gpu) => &**gpu,
        }
    }

    /// What went wrong and was mended.
    pub fn notices(&self) -> Vec<String> {
        match self {
            Chosen::Cpu(_) => vec![],
            Chosen::Gpu(gpu) => gpu.notices(),
        }
    }

    /// How the run was done, for the result.
    pub fn info(&self) -> document::Backend {
        match self {
            Chosen::Cpu(cpu) => document::Backend {
                name: "cpu".into(),
                adapter: Some(cpu.simd().name().into()),
                threads: Some(cpu.threads()),
            },
            Chosen::Gpu(gpu) => {
                let name = if gpu.finished_on_cpu() { "gpu, then cpu" } else { "gpu" };
                document::Backend { name: name.into(), adapter: Some(gpu.facts().name.clone()), threads: None }
            }
        }
    }
}

/// Why there is no GPU to draw on, and what to do.
fn without_gpu(e: &GpuError) -> String {
    let mut text = e.to_string();
    if matches!(e, GpuError::NoAdapter(_) | GpuError::NoSuchAdapter { .. }) {
        for advice in Installation::look().advice() {
            text += &format!("\n  - {advice}");
        }
    }
    text + "\n  `haze doctor` tells more; --backend cpu gives the same bytes without a GPU"
}
