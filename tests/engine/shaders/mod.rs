//! The kernels as text: every one is valid in every variant with exactly what that variant promises, is integer only,
//! agrees with its Rust twin on layouts and constants, and fits the limits that a device is asked for. No device is
//! needed: naga, which wgpu compiles them with, reads them.

mod constants;
mod integers;
mod layouts;
mod limits;
mod valid;

use carbonhaze::engine::gpu::shader::{Kernel, Variant};
use naga::Module;
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};

/// What a variant may use beyond WebGPU's core.
fn capabilities(variant: Variant) -> Capabilities {
    let mut capabilities = Capabilities::empty();
    capabilities.set(Capabilities::SHADER_INT64, variant.int64);
    capabilities.set(Capabilities::SUBGROUP, variant.subgroups);
    capabilities
}

fn parse(source: &str) -> Result<Module, String> {
    naga::front::wgsl::parse_str(source).map_err(|e| e.emit_to_string(source))
}

fn validate(module: &Module, capabilities: Capabilities) -> Result<ModuleInfo, String> {
    Validator::new(ValidationFlags::all(), capabilities).validate(module).map_err(|e| format!("{e:?}"))
}

/// A kernel in a variant, parsed and validated.
struct Compiled {
    kernel: Kernel,
    variant: Variant,
    source: String,
    module: Module,
    info: ModuleInfo,
}

impl Compiled {
    fn name(&self) -> String {
        format!("{:?}, {}", self.kernel, self.variant.name())
    }
}

fn compiled(kernel: Kernel, variant: Variant) -> Compiled {
    let source = kernel.source(variant);
    let failed = |e: String| -> ! { panic!("{kernel:?}, {}: {e}", variant.name()) };
    let module = parse(&source).unwrap_or_else(|e| failed(e));
    let info = validate(&module, capabilities(variant)).unwrap_or_else(|e| failed(e));
    Compiled { kernel, variant, source, module, info }
}

/// Every kernel in every variant.
fn all() -> impl Iterator<Item = Compiled> {
    Variant::ALL.into_iter().flat_map(|variant| Kernel::ALL.into_iter().map(move |kernel| compiled(kernel, variant)))
}
