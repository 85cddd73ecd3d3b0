use carbonhaze::engine::gpu::shader::{Kernel, Variant};
use naga::valid::{Capabilities, ValidationFlags, Validator};
#[test]
fn every_kernel_and_variant_is_valid() {
    for variant in Variant::ALL {
        for kernel in Kernel::ALL {
            let source = kernel.source(variant);
            let module = match naga::front::wgsl::parse_str(&source) {
                Ok(m) => m,
                Err(e) => panic!("{kernel:?} {}: {}", variant.name(), e.emit_to_string(&source)),
            };
            let mut caps = Capabilities::empty();
            if variant.int64 {
                caps |= Capabilities::SHADER_INT64;
            }
            if variant.subgroups {
                caps |= Capabilities::SUBGROUP;
            }
            if let Err(e) = Validator::new(ValidationFlags::all(), caps).validate(&module) {
                panic!("{kernel:?} {}: {}", variant.name(), e.emit_to_string(&source));
            }
        }
    }
}
