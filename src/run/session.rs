//! The device that draws: chosen once, or by the length of the work.

use std::sync::OnceLock;

use super::{Device, NoProgress, Progress, RunError, Sampler, Settings};
use crate::engine::gpu::installation::Installation;
use crate::engine::gpu::{GpuError, Options};
use crate::engine::plan::Plan;
use crate::engine::{self, Cpu, Gpu, Host, Reduce, Simd, Summary};

/// Which device to use. Changes no result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// A real GPU for long work where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, or an error.
    Gpu,
}

/// Below this many model-draws no GPU is looked for: the CPU is done before a device is open.
const SHORT: u64 = 50_000_000;
/// Draws at all corners that a CPU is given at a time.
const CPU_SLAB: u64 = 1 << 12;
/// The same of a GPU: enough to fill it, and some 20 MB in a cube of six groups.
const GPU_SLAB: u64 = 1 << 15;

/// Builds a [`Session`].
#[derive(Debug, Clone, Default)]
pub struct Builder {
    backend: Backend,
    adapter: Option<String>,
    threads: usize,
    chunk: u32,
}

impl Builder {
    /// The device to use; [`Backend::Auto`] if this is not called.
    pub fn backend(mut self, backend: Backend) -> Builder {
        self.backend = backend;
        self
    }

    /// The GPU whose name contains this; a software GPU is used only if it is named.
    pub fn adapter(mut self, name: impl Into<String>) -> Builder {
        self.adapter = Some(name.into());
        self
    }

    /// CPU threads; 0 for all cores.
    pub fn threads(mut self, threads: usize) -> Builder {
        self.threads = threads;
        self
    }

    /// Draws per chunk; 0 for the default.
    pub fn chunk(mut self, draws: u32) -> Builder {
        self.chunk = draws;
        self
    }

    /// Starts the threads and, if a GPU was requested, finds it.
    ///
    /// # Errors
    /// [`RunError::Threads`]; [`RunError::NoGpu`]; [`RunError::Usage`] for the name of a GPU with [`Backend::Cpu`].
    pub fn build(self) -> Result<Session, RunError> {
        let engines = match (self.backend, &self.adapter) {
            (Backend::Cpu, Some(_)) => {
                return Err(RunError::Usage("an adapter is a GPU and cannot be combined with the CPU backend".into()));
            }
            (Backend::Cpu, None) => Engines::One(Engine::Cpu(self.cpu()?)),
            (Backend::Auto, None) => {
                Engines::ByWork { cpu: Engine::Cpu(self.cpu()?), gpu: OnceLock::new(), builder: self }
            }
            (Backend::Gpu | Backend::Auto, name) => {
                let gpu = Gpu::new(name.as_deref(), self.options(), None).map_err(|e| no_gpu(&e))?;
                Engines::One(Engine::Gpu(Box::new(gpu)))
            }
        };
        Ok(Session { engines })
    }

    fn cpu(&self) -> Result<Cpu, RunError> {
        Cpu::new(self.threads, self.chunk as usize, Simd::detect()).map_err(|e| RunError::Threads(e.to_string()))
    }

    fn options(&self) -> Options {
        Options { chunk: u64::from(self.chunk), ..Options::default() }
    }

    /// A real GPU that leaves to the CPU what it fails at, or why there is none.
    fn gpu(&self) -> Result<Engine, String> {
        let cpu = self.cpu().map_err(|e| e.to_string())?;
        let gpu = Gpu::new(None, self.options(), Some(cpu)).map_err(|e| e.to_string())?;
        Ok(Engine::Gpu(Box::new(gpu)))
    }
}

fn no_gpu(e: &GpuError) -> RunError {
    let look = matches!(e, GpuError::NoAdapter(_) | GpuError::NoSuchAdapter { .. });
    RunError::NoGpu { reason: e.to_string(), advice: if look { Installation::look().advice() } else { vec![] } }
}

/// Something that draws.
pub(super) enum Engine {
    Cpu(Cpu),
    Gpu(Box<Gpu>),
    Other(Box<dyn engine::Backend + Send + Sync>),
}

impl Engine {
    pub(super) fn backend(&self) -> &dyn engine::Backend {
        match self {
            Engine::Cpu(cpu) => cpu,
            Engine::Gpu(gpu) => &**gpu,
            Engine::Other(other) => &**other,
        }
    }

    pub(super) fn reduce(&self) -> &dyn Reduce {
        match self {
            Engine::Cpu(_) | Engine::Other(_) => &Host,
            Engine::Gpu(gpu) => &**gpu,
        }
    }

    pub(super) fn slab(&self) -> u64 {
        match self {
            Engine::Cpu(_) | Engine::Other(_) => CPU_SLAB,
            Engine::Gpu(_) => GPU_SLAB,
        }
    }

    pub(super) fn device(&self) -> Device {
        match self {
            Engine::Cpu(cpu) => {
                Device { name: "cpu".into(), adapter: Some(cpu.simd().name().into()), threads: Some(cpu.threads()) }
            }
            Engine::Gpu(gpu) => {
                let name = if gpu.finished_on_cpu() { "gpu, then cpu" } else { "gpu" };
                Device { name: name.into(), adapter: Some(gpu.facts().name.clone()), threads: None }
            }
            Engine::Other(_) => Device { name: "other".into(), adapter: None, threads: None },
        }
    }

    /// In words, for someone who waits.
    fn line(&self) -> String {
        match self {
            Engine::Cpu(cpu) => format!("drawing on the CPU ({}, {} threads)", cpu.simd().name(), cpu.threads()),
            Engine::Gpu(gpu) => format!("drawing on {} ({})", gpu.facts().name, gpu.facts().kind.name()),
            Engine::Other(_) => "drawing".into(),
        }
    }
}

enum Engines {
    One(Engine),
    /// The GPU is looked for when there is first enough to do.
    ByWork {
        cpu: Engine,
        gpu: OnceLock<Result<Engine, String>>,
        builder: Builder,
    },
}

/// The devices that draw: CPU threads, an open GPU, or both. One session serves any number of runs.
pub struct Session {
    engines: Engines,
}

impl Session {
    /// A session to be: see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A session over an engine of your own; the draws are sorted and divided on the host.
    pub fn over(engine: impl engine::Backend + Send + Sync + 'static) -> Session {
        Session { engines: Engines::One(Engine::Other(Box::new(engine))) }
    }

    /// What draws under a seed. [`Backend::Auto`] decides by the work, which is so many model-draws.
    pub fn sampler<'s>(&'s self, settings: Settings, model_draws: u64, progress: &'s dyn Progress) -> Sampler<'s> {
        let (engine, why) = self.engine(model_draws);
        let device_line = engine.line() + &why;
        progress.begin(&device_line, model_draws);
        let Settings { draws, seed, level } = settings;
        Sampler { engine, progress, device_line, draws, seed, level }
    }

    /// The same for a part of a work that was announced.
    pub(super) fn silently<'s>(&'s self, settings: Settings, progress: &'s dyn Progress) -> Sampler<'s> {
        Sampler { progress, ..self.sampler(settings, 0, &NoProgress) }
    }

    /// Draws a plan.
    ///
    /// # Errors
    /// As [`Sampler::draw`].
    pub fn draw(&self, plan: &Plan, settings: Settings, progress: &dyn Progress) -> Result<Summary, RunError> {
        self.sampler(settings, settings.draws.saturating_mul(plan.models.len() as u64), progress).draw(plan)
    }

    /// What went wrong on a device and was mended, since the last call, in sentences.
    pub fn notices(&self) -> Vec<String> {
        let gpu = match &self.engines {
            Engines::One(engine) => Some(engine),
            Engines::ByWork { gpu, .. } => gpu.get().and_then(|gpu| gpu.as_ref().ok()),
        };
        match gpu {
            Some(Engine::Gpu(gpu)) => gpu.notices(),
            _ => vec![],
        }
    }

    /// What draws so much, and why if that is not plain.
    fn engine(&self, model_draws: u64) -> (&Engine, String) {
        match &self.engines {
            Engines::One(engine) => (engine, String::new()),
            Engines::ByWork { cpu, .. } if model_draws < SHORT => (cpu, ": the run is short".into()),
            Engines::ByWork { cpu, gpu, builder } => match gpu.get_or_init(|| builder.gpu()) {
                Ok(gpu) => (gpu, String::new()),
                Err(why) => (cpu, format!(": {why}")),
            },
        }
    }
}

impl From<Cpu> for Session {
    fn from(cpu: Cpu) -> Session {
        Session { engines: Engines::One(Engine::Cpu(cpu)) }
    }
}

impl From<Gpu> for Session {
    fn from(gpu: Gpu) -> Session {
        Session { engines: Engines::One(Engine::Gpu(Box::new(gpu))) }
    }
}
