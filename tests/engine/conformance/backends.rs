//! Everything that draws, under one trait: the CPU in every instruction set, every adapter found.

use std::sync::OnceLock;

use carbonhaze::engine::gpu::{Options, Variant};
use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::{Backend, Cpu, Gpu, Shard, Simd, Summary};

use crate::common::gpu::adapters;

pub struct Named<B: ?Sized> {
    pub name: String,
    pub backend: Box<B>,
    /// With default settings.
    pub usual: bool,
}

pub fn run(backend: &dyn Backend, plan: &Plan, seed: u64, draws: std::ops::Range<u64>) -> Summary {
    backend.run(plan, seed, draws, &|_| true).expect("neither interrupted nor failed")
}

/// The same with its identity: a part that merges.
pub fn shard(backend: &dyn Backend, plan: &Plan, seed: u64, draws: std::ops::Range<u64>) -> Shard {
    Shard::new(plan, seed, run(backend, plan, seed, draws)).expect("a summary of the plan")
}

pub fn cpu(threads: usize, chunk: usize, simd: Simd) -> Cpu {
    Cpu::new(threads, chunk, simd).expect("a thread pool")
}

/// Every instruction set of this machine.
pub fn cpus(threads: usize, chunk: usize) -> Vec<Named<dyn Backend>> {
    let named = |simd: Simd| Named::<dyn Backend> {
        name: format!("{}, {threads} threads, chunks of {chunk}", simd.name()),
        backend: Box::new(cpu(threads, chunk, simd)),
        usual: chunk == 0,
    };
    Simd::available().into_iter().map(named).collect()
}

/// Every adapter in its fastest variant, cut in several ways. They are opened once and serve all tests: compiling the
/// kernels is what takes time. None has the CPU to fall back to, so that a failure is one.
pub fn gpus() -> &'static [Named<Gpu>] {
    static GPUS: OnceLock<Vec<Named<Gpu>>> = OnceLock::new();
    GPUS.get_or_init(|| {
        let cuts = [
            Options::default(),
            Options { chunk: 256, splits: 3, ..Options::default() },
            Options { chunk: 1000, splits: 2, ..Options::default() },
        ];
        cuts.iter().flat_map(every_adapter).collect()
    })
}

/// Every adapter, used so.
pub fn every_adapter(options: &Options) -> Vec<Named<Gpu>> {
    let named = |found| {
        let gpu = Gpu::with(found, options.clone(), None);
        let usual = (options.chunk, options.splits, options.binding_bytes) == (0, 0, 0);
        Named { name: format!("{}, {options:?}", gpu.facts().name), backend: Box::new(gpu), usual }
    };
    adapters().into_iter().map(named).collect()
}

/// The first adapter in every variant that it has, and with checked kernels; opened once.
pub fn variants() -> &'static [Named<Gpu>] {
    static VARIANTS: OnceLock<Vec<Named<Gpu>>> = OnceLock::new();
    VARIANTS.get_or_init(|| {
        let every = Variant::ALL.into_iter().map(|variant| Options { variant: Some(variant), ..Options::default() });
        let checked = Options { checked: true, ..Options::default() };
        let first = every.chain([checked]).filter_map(|options| {
            let first = every_adapter(&options).into_iter().next()?;
            let has = first.backend.facts().variant();
            let wanted = options.variant.unwrap_or(has);
            ((has.int64 || !wanted.int64) && (has.subgroups || !wanted.subgroups)).then_some(first)
        });
        first.collect()
    })
}
