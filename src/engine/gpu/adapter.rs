//! Adapters: what there is, what each can do, which one is taken.
//!
//! An adapter of type CPU (Mesa's llvmpipe) is never taken for a GPU: only asking for it by name gets it.

use super::error::GpuError;
use super::shader::Variant;

/// What kind of device an adapter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A card with memory of its own.
    DiscreteGpu,
    /// On the processor's die, with its memory.
    IntegratedGpu,
    /// A share of one, in a virtual machine.
    VirtualGpu,
    /// A Vulkan driver that runs on the processor.
    Cpu,
    /// The driver does not say.
    Other,
}

impl Kind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Kind::DiscreteGpu => "discrete GPU",
            Kind::IntegratedGpu => "integrated GPU",
            Kind::VirtualGpu => "virtual GPU",
            Kind::Cpu => "software, on the CPU",
            Kind::Other => "of unknown type",
        }
    }

    /// Whether it is hardware.
    pub fn is_gpu(self) -> bool {
        matches!(self, Kind::DiscreteGpu | Kind::IntegratedGpu | Kind::VirtualGpu)
    }
}

/// What is known of an adapter.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Facts {
    /// As the driver reports it.
    pub name: String,
    /// Hardware or software.
    pub kind: Kind,
    /// Graphics interface: vulkan, metal, dx12.
    pub api: String,
    /// Name and version.
    pub driver: String,
    /// 64-bit integers in shaders.
    pub int64: bool,
    /// Smallest and largest subgroup, where there are subgroup operations.
    pub subgroup_sizes: Option<[u32; 2]>,
    /// Compiled kernels can be kept.
    pub pipeline_cache: bool,
    /// Largest buffer.
    pub max_buffer_bytes: u64,
    /// Largest part of a buffer that a kernel can see.
    pub max_binding_bytes: u64,
    /// Storage buffers of a kernel at most.
    pub max_storage_buffers: u32,
    /// Invocations of a workgroup at most.
    pub max_workgroup_invocations: u32,
    /// Workgroups of a dispatch in one dimension at most.
    pub max_workgroups: u32,
}

/// Storage buffers that the largest kernel binds.
pub const STORAGE_BUFFERS: u32 = 8;
/// Uniform buffers of a kernel at most; every adapter has twelve.
pub const UNIFORM_BUFFERS: u32 = 3;
/// Invocations per workgroup of every kernel.
pub const WORKGROUP: u32 = 64;
/// Memory that a workgroup may share: 8 counters for each invocation; those of `sort.wgsl` and their sums are a little
/// more.
pub const WORKGROUP_BYTES: u32 = 4 << 10;

impl Facts {
    /// The fastest variant the adapter can run.
    pub fn variant(&self) -> Variant {
        Variant { int64: self.int64, subgroups: self.subgroup_sizes.is_some_and(|[_, largest]| largest <= 64) }
    }

    /// What the kernels need and the adapter lacks.
    pub fn missing(&self) -> Option<String> {
        if self.max_storage_buffers < STORAGE_BUFFERS {
            return Some(format!("storage buffers ({} of {STORAGE_BUFFERS} in a kernel)", self.max_storage_buffers));
        }
        if self.max_workgroup_invocations < WORKGROUP {
            return Some(format!("workgroups of {WORKGROUP} (at most {})", self.max_workgroup_invocations));
        }
        None
    }
}

/// An adapter that was found.
pub struct Found {
    pub(super) adapter: wgpu::Adapter,
    /// What is known of it.
    pub facts: Facts,
}

/// All adapters of this machine.
pub fn all() -> Vec<Found> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    // The interface is named, so that a missing driver is reported as such and not papered over by another interface.
    descriptor.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    descriptor.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    adapters.into_iter().map(|adapter| Found { facts: facts(&adapter), adapter }).collect()
}

/// The adapter whose name contains `name` (whatever the case); without one, the first real GPU, discrete ones first.
pub fn choose(name: Option<&str>) -> Result<Found, GpuError> {
    let found = all();
    let names = || found.iter().map(|f| format!("{:?}", f.facts.name)).collect::<Vec<_>>().join(", ");
    let at = match name {
        Some(wanted) => {
            let wanted_low = wanted.to_lowercase();
            let matching = |f: &Found| f.facts.name.to_lowercase().contains(&wanted_low);
            found.iter().position(matching).ok_or_else(|| {
                let found = if found.is_empty() { "none at all".into() } else { names() };
                GpuError::NoSuchAdapter { wanted: wanted.into(), found }
            })?
        }
        None => {
            let rank = |f: &Found| match f.facts.kind {
                Kind::DiscreteGpu => 0,
                Kind::VirtualGpu => 1,
                _ => 2,
            };
            let real = found.iter().enumerate().filter(|(_, f)| f.facts.kind.is_gpu());
            let best = real.min_by_key(|(i, f)| (rank(f), *i)).map(|(i, _)| i);
            best.ok_or_else(|| {
                let only = if found.is_empty() { "no adapter at all".into() } else { format!("only {}", names()) };
                GpuError::NoAdapter(only)
            })?
        }
    };
    let chosen = found.into_iter().nth(at).ok_or_else(|| GpuError::NoAdapter("none".into()))?;
    match chosen.facts.missing() {
        None => Ok(chosen),
        Some(what) => Err(GpuError::Missing { adapter: chosen.facts.name, what }),
    }
}

fn facts(adapter: &wgpu::Adapter) -> Facts {
    let info = adapter.get_info();
    let (features, limits) = (adapter.features(), adapter.limits());
    let subgroups = features.contains(wgpu::Features::SUBGROUP);
    Facts {
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => Kind::DiscreteGpu,
            wgpu::DeviceType::IntegratedGpu => Kind::IntegratedGpu,
            wgpu::DeviceType::VirtualGpu => Kind::VirtualGpu,
            wgpu::DeviceType::Cpu => Kind::Cpu,
            wgpu::DeviceType::Other => Kind::Other,
        },
        api: info.backend.to_str().into(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
        name: info.name,
        int64: features.contains(wgpu::Features::SHADER_INT64),
        subgroup_sizes: subgroups.then_some([info.subgroup_min_size, info.subgroup_max_size]),
        pipeline_cache: features.contains(wgpu::Features::PIPELINE_CACHE),
        max_buffer_bytes: limits.max_buffer_size,
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        max_storage_buffers: limits.max_storage_buffers_per_shader_stage,
        max_workgroup_invocations: limits.max_compute_invocations_per_workgroup,
        max_workgroups: limits.max_compute_workgroups_per_dimension,
    }
}
