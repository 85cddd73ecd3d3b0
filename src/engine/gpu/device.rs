//! An opened device: buffers, kernels, submissions, waiting. Everything that can fail says so as a [`GpuError`].
//!
//! wgpu panics on errors that nobody asked about, so every creation runs within error scopes, what comes later is
//! noted by a handler, and a lost device by its callback; [`Device::check`] tells. Nothing waits without a limit.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::adapter::{Facts, Found, STORAGE_BUFFERS, UNIFORM_BUFFERS, WORKGROUP, WORKGROUP_BYTES};
use super::error::GpuError;
use super::fault::{Fault, Faults};
use super::shader::{Kernel, Variant};

/// How long a device may take to answer. Dispatches are sized for a tenth of a second.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a device in trouble may take to say what it comes from.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How kernels are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// As written: our own kernels, which the tests run with the checks.
    Trusted,
    /// With clamped indices and bounded loops.
    Checked,
}

pub struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// What the device reported outside any scope, or why it was lost.
    trouble: Arc<Mutex<Option<GpuError>>>,
    checks: Checks,
    faults: Arc<Faults>,
    pub variant: Variant,
    pub max_binding_bytes: u64,
    pub max_workgroups: u32,
}

/// Bytes on their way back from the device.
pub struct Readback {
    buffer: wgpu::Buffer,
    mapped: Receiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Device {
    /// Opens an adapter for bindings of at most `binding` bytes.
    pub fn open(
        found: &Found,
        variant: Variant,
        binding: u64,
        checks: Checks,
        faults: Arc<Faults>,
    ) -> Result<Device, GpuError> {
        let facts: &Facts = &found.facts;
        let mut features = wgpu::Features::empty();
        features.set(wgpu::Features::SHADER_INT64, variant.int64);
        features.set(wgpu::Features::SUBGROUP, variant.subgroups);
        let missing = features.difference(found.adapter.features());
        if !missing.is_empty() {
            return Err(GpuError::Missing { adapter: facts.name.clone(), what: format!("{missing:?}") });
        }
        let binding = binding.min(facts.max_binding_bytes).min(facts.max_buffer_bytes) & !255;
        // What the kernels use and no more: a limit asked for is a limit granted, on every adapter alike.
        let limits = wgpu::Limits {
            max_bind_groups: 2,
            max_storage_buffers_per_shader_stage: STORAGE_BUFFERS,
            max_uniform_buffers_per_shader_stage: UNIFORM_BUFFERS,
            max_uniform_buffer_binding_size: 1 << 16,
            max_storage_buffer_binding_size: binding,
            max_buffer_size: binding,
            max_compute_workgroup_storage_size: WORKGROUP_BYTES,
            max_compute_invocations_per_workgroup: WORKGROUP,
            max_compute_workgroup_size_x: WORKGROUP,
            max_compute_workgroup_size_y: 1,
            max_compute_workgroup_size_z: 1,
            max_compute_workgroups_per_dimension: facts.max_workgroups,
            ..wgpu::Limits::downlevel_webgl2_defaults()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("engine"),
            required_features: features,
            required_limits: limits,
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(found.adapter.request_device(&descriptor))
            .map_err(|e| GpuError::NotOpened(e.to_string()))?;
        let trouble = Arc::new(Mutex::new(None));
        let (on_error, on_loss) = (Arc::clone(&trouble), Arc::clone(&trouble));
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| {
            let mut trouble = on_error.lock().unwrap_or_else(|e| e.into_inner());
            trouble.get_or_insert(GpuError::Device(e.to_string()));
        }));
        device.set_device_lost_callback(move |reason, message| {
            // A loss explains whatever else is reported: it takes the place of that.
            let lost = GpuError::Lost(format!("{message} ({reason:?})"));
            *on_loss.lock().unwrap_or_else(|e| e.into_inner()) = Some(lost);
        });
        let max_workgroups = facts.max_workgroups;
        Ok(Device { device, queue, trouble, checks, faults, variant, max_binding_bytes: binding, max_workgroups })
    }

    /// The first trouble the device had, if any.
    pub fn check(&self) -> Result<(), GpuError> {
        match self.trouble() {
            None => Ok(()),
            Some(trouble) => Err(self.cause(trouble)),
        }
    }

    fn trouble(&self) -> Option<GpuError> {
        self.trouble.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// The loss of the device, if that is what an error comes from. wgpu first reports what follows from a loss, and
    /// the loss itself only when it is polled and nothing is left in the queue.
    fn cause(&self, error: GpuError) -> GpuError {
        if !matches!(error, GpuError::Lost(_)) {
            let _ = self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(LAST_WORDS) });
        }
        match self.trouble() {
            Some(lost @ GpuError::Lost(_)) => lost,
            _ => error,
        }
    }

    /// Runs `create` and turns what wgpu reports into an error.
    fn scoped<T>(
        &self,
        create: impl FnOnce() -> T,
        to_error: impl Fn(bool, String) -> GpuError,
    ) -> Result<T, GpuError> {
        self.check()?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let created = create();
        let validation = pollster::block_on(validation.pop());
        let internal = pollster::block_on(internal.pop());
        let memory = pollster::block_on(memory.pop());
        self.check()?;
        if let Some(e) = memory {
            return Err(to_error(true, e.to_string()));
        }
        match validation.or(internal) {
            Some(e) => Err(to_error(false, e.to_string())),
            None => Ok(created),
        }
    }

    /// A buffer of at least `bytes` bytes.
    pub fn buffer(&self, what: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, GpuError> {
        let bytes = bytes.max(256).next_multiple_of(256);
        if bytes > self.max_binding_bytes {
            let limit = self.max_binding_bytes;
            return Err(GpuError::TooLarge { what: "one buffer", needed: bytes, limit });
        }
        if self.faults.strikes(Fault::AllocationRefused) {
            return Err(GpuError::OutOfMemory { what: what.into(), bytes, message: "fault injected".into() });
        }
        let descriptor = wgpu::BufferDescriptor { label: Some(what), size: bytes, usage, mapped_at_creation: false };
        self.scoped(
            || self.device.create_buffer(&descriptor),
            |memory, message| match memory {
                true => GpuError::OutOfMemory { what: what.into(), bytes, message },
                false => GpuError::Device(message),
            },
        )
    }

    /// A storage buffer that the host writes.
    pub fn input(&self, what: &str, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        self.buffer(what, bytes, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST)
    }

    /// A storage buffer that stays on the device, or is copied back.
    pub fn storage(&self, what: &str, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        self.buffer(what, bytes, usage)
    }

    /// A uniform buffer.
    pub fn uniform(&self, what: &str, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        self.buffer(what, bytes, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST)
    }

    /// A buffer through which results come back.
    pub fn staging(&self, what: &str, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        self.buffer(what, bytes, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST)
    }

    pub fn write<T: bytemuck::NoUninit>(&self, buffer: &wgpu::Buffer, data: &[T]) {
        self.queue.write_buffer(buffer, 0, bytemuck::cast_slice(data));
    }

    /// Compiles a kernel; `constants` are those of its overrides that differ from their defaults.
    pub fn pipeline(&self, kernel: Kernel, constants: &[(&str, f64)]) -> Result<wgpu::ComputePipeline, GpuError> {
        let mut source = kernel.source_for(self.variant, constants);
        if kernel == Kernel::ModelBlock && self.faults.strikes(Fault::BrokenKernel) {
            source.push_str("fn broken() -> u32 { return 1i; }\n");
        }
        if let Some((from, to)) = self.faults.changed_text() {
            source = source.replace(from, to);
        }
        let label = Some(kernel.entry());
        let create = || {
            let descriptor = wgpu::ShaderModuleDescriptor { label, source: wgpu::ShaderSource::Wgsl(source.into()) };
            let module = match self.checks {
                Checks::Checked => self.device.create_shader_module(descriptor),
                // SAFETY: the kernels are our own; they stay within their buffers and their loops end, which the
                // tests see by running them with the checks on.
                Checks::Trusted => unsafe {
                    self.device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked())
                },
            };
            self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label,
                layout: None,
                module: &module,
                entry_point: label,
                // Everything in workgroup memory is written before it is read.
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants,
                    zero_initialize_workgroup_memory: false,
                },
                cache: None,
            })
        };
        self.scoped(create, |_, message| GpuError::Kernel { kernel: kernel.entry(), message })
    }

    /// Binds buffers by their numbers in the shader.
    pub fn bind(
        &self,
        label: &str,
        pipeline: &wgpu::ComputePipeline,
        buffers: &[(u32, &wgpu::Buffer)],
    ) -> Result<wgpu::BindGroup, GpuError> {
        let entries: Vec<wgpu::BindGroupEntry> = buffers
            .iter()
            .map(|&(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        self.bind_group(label, pipeline, 0, &entries)
    }

    /// Binds a part of a buffer as binding 0 of group 1.
    pub fn bind_part(
        &self,
        label: &str,
        pipeline: &wgpu::ComputePipeline,
        buffer: &wgpu::Buffer,
        offset: u64,
        bytes: u64,
    ) -> Result<wgpu::BindGroup, GpuError> {
        let part = wgpu::BufferBinding { buffer, offset, size: std::num::NonZero::new(bytes) };
        let entry = wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(part) };
        self.bind_group(label, pipeline, 1, &[entry])
    }

    fn bind_group(
        &self,
        label: &str,
        pipeline: &wgpu::ComputePipeline,
        index: u32,
        entries: &[wgpu::BindGroupEntry],
    ) -> Result<wgpu::BindGroup, GpuError> {
        let create = || {
            let layout = &pipeline.get_bind_group_layout(index);
            self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries })
        };
        self.scoped(create, |_, message| GpuError::Device(message))
    }

    pub fn encoder(&self, label: &str) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) })
    }

    pub fn submit(&self, encoder: wgpu::CommandEncoder) -> wgpu::SubmissionIndex {
        self.queue.submit([encoder.finish()])
    }

    /// Submits copies into `buffer` and asks for it to be readable when they are done.
    pub fn submit_readback(
        &self,
        encoder: wgpu::CommandEncoder,
        buffer: wgpu::Buffer,
    ) -> (wgpu::SubmissionIndex, Readback) {
        let (sender, mapped) = sync_channel(1);
        encoder.map_buffer_on_submit(&buffer, wgpu::MapMode::Read, .., move |result| {
            let _ = sender.send(result);
        });
        (self.submit(encoder), Readback { buffer, mapped })
    }

    /// Waits until a submission is done.
    pub fn wait(&self, submission: &wgpu::SubmissionIndex) -> Result<(), GpuError> {
        self.check()?;
        if self.faults.strikes(Fault::Silent) {
            return Err(GpuError::Timeout(TIMEOUT.as_secs()));
        }
        let wait = wgpu::PollType::Wait { submission_index: Some(submission.clone()), timeout: Some(TIMEOUT) };
        let outcome = self.device.poll(wait);
        self.check()?;
        match outcome {
            Ok(_) => Ok(()),
            Err(wgpu::PollError::Timeout) => Err(GpuError::Timeout(TIMEOUT.as_secs())),
            Err(e) => Err(self.cause(GpuError::Device(e.to_string()))),
        }
    }

    /// The words that came back; to be called when the submission is done. Gives the buffer back.
    pub fn read<T>(&self, readback: Readback, look: impl FnOnce(&[u32]) -> T) -> Result<(T, wgpu::Buffer), GpuError> {
        let Readback { buffer, mapped } = readback;
        // Another thread that waited on the device may have been handed the news, and be about to pass it on.
        match mapped.recv_timeout(TIMEOUT) {
            Ok(Ok(())) => {}
            Ok(Err(e)) => return Err(self.cause(GpuError::Device(e.to_string()))),
            Err(_) => return Err(self.cause(GpuError::Device("a result did not come back".into()))),
        }
        let view = buffer.get_mapped_range(..).map_err(|e| GpuError::Device(e.to_string()))?;
        let seen = look(bytemuck::cast_slice(&view));
        drop(view);
        buffer.unmap();
        self.check()?;
        Ok((seen, buffer))
    }

    /// Destroys the device, if that fault is due.
    pub fn dispatched(&self, dispatches: u32) {
        if self.faults.strikes(Fault::DestroyedAfter(dispatches)) {
            self.device.destroy();
        }
    }

    pub fn faults(&self) -> &Faults {
        &self.faults
    }
}
