//! The device that draws: chosen once, or by the length of the work.

use std::sync::OnceLock;

use super::drawing::{Drawing, Other};
use super::{Memory, NoProgress, Progress, RunError, Sampler, Settings, gpu};
use crate::engine::plan::Plan;
use crate::engine::{self, Cpu, Simd, Summary};

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
/// Builds a [`Session`].
#[derive(Debug, Clone, Default)]
pub struct Builder {
    backend: Backend,
    adapter: Option<String>,
    threads: usize,
    chunk: u32,
    memory: Memory,
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

    /// Bytes of memory that are free. More draws than fit are refused; without this, only what the system refuses.
    pub fn memory(mut self, free: u64) -> Builder {
        self.memory = Memory { free: Some(free) };
        self
    }

    /// Starts the threads and, if a GPU was requested, finds it.
    ///
    /// # Errors
    /// [`RunError::Threads`]; [`RunError::NoGpu`]; [`RunError::Usage`] for the name of a GPU with [`Backend::Cpu`].
    pub fn build(self) -> Result<Session, RunError> {
        let memory = self.memory;
        let engines = match (self.backend, &self.adapter) {
            (Backend::Cpu, Some(_)) => {
                return Err(RunError::Usage("an adapter is a GPU and does not go with the CPU as backend".into()));
            }
            (Backend::Cpu, None) => Engines::One(Box::new(self.cpu()?)),
            (Backend::Auto, None) => {
                Engines::ByWork { cpu: Box::new(self.cpu()?), gpu: OnceLock::new(), builder: self }
            }
            (Backend::Gpu | Backend::Auto, name) => Engines::One(gpu::open(name.as_deref(), self.chunk, None)?),
        };
        Ok(Session { engines, memory })
    }

    fn cpu(&self) -> Result<Cpu, RunError> {
        Cpu::new(self.threads, self.chunk as usize, Simd::detect()).map_err(|e| RunError::Threads(e.to_string()))
    }

    /// A real GPU that leaves to the CPU what it fails at, or why there is none.
    fn gpu(&self) -> Result<Box<dyn Drawing>, String> {
        self.cpu().and_then(|cpu| gpu::open(None, self.chunk, Some(cpu))).map_err(|e| e.to_string())
    }
}

enum Engines {
    One(Box<dyn Drawing>),
    /// The GPU is looked for when there is first enough to do.
    ByWork {
        cpu: Box<dyn Drawing>,
        gpu: OnceLock<Result<Box<dyn Drawing>, String>>,
        builder: Builder,
    },
}

/// The devices that draw: CPU threads, an open GPU, or both. One session serves any number of runs.
pub struct Session {
    engines: Engines,
    pub(super) memory: Memory,
}

impl Session {
    /// A session to be: see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A session over an engine of your own; the draws are sorted and divided on the host.
    pub fn over(engine: impl engine::Backend + Send + Sync + 'static) -> Session {
        Session::of(Box::new(Other(engine)))
    }

    pub(super) fn of(engine: Box<dyn Drawing>) -> Session {
        Session { engines: Engines::One(engine), memory: Memory::default() }
    }

    /// What draws under a seed. [`Backend::Auto`] decides by the work, which is so many model-draws.
    pub fn sampler<'s>(&'s self, settings: Settings, model_draws: u64, progress: &'s dyn Progress) -> Sampler<'s> {
        let (engine, why) = self.engine(model_draws);
        let device_line = engine.line() + &why;
        progress.begin(&device_line, model_draws);
        let Settings { draws, seed, level } = settings;
        Sampler { engine, progress, memory: self.memory, device_line, draws, seed, level }
    }

    /// The same for a part of a work that was announced.
    pub(super) fn silently<'s>(&'s self, settings: Settings, progress: &'s dyn Progress) -> Sampler<'s> {
        Sampler { progress, ..self.sampler(settings, 0, &NoProgress) }
    }

    /// What the draws may take.
    pub fn memory(&self) -> Memory {
        self.memory
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
        match &self.engines {
            Engines::One(engine) => engine.notices(),
            Engines::ByWork { gpu, .. } => match gpu.get() {
                Some(Ok(gpu)) => gpu.notices(),
                _ => vec![],
            },
        }
    }

    /// What draws so much, and why if that is not plain.
    fn engine(&self, model_draws: u64) -> (&dyn Drawing, String) {
        match &self.engines {
            Engines::One(engine) => (&**engine, String::new()),
            Engines::ByWork { cpu, .. } if model_draws < SHORT => (&**cpu, ": the run is short".into()),
            Engines::ByWork { cpu, gpu, builder } => match gpu.get_or_init(|| builder.gpu()) {
                Ok(gpu) => (&**gpu, String::new()),
                Err(why) => (&**cpu, format!(": {why}")),
            },
        }
    }
}

impl From<Cpu> for Session {
    fn from(cpu: Cpu) -> Session {
        Session::of(Box::new(cpu))
    }
}
