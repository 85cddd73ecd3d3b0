//! What a kernel uses is at most what a device is asked for (`Device::open`).

use carbonhaze::engine::gpu::adapter::{STORAGE_BUFFERS, UNIFORM_BUFFERS, WORKGROUP, WORKGROUP_BYTES};
use naga::proc::Layouter;
use naga::{AddressSpace, Module};

use super::{Compiled, all, compiled, parse};

/// Storage buffers and uniform buffers that the entry point uses, and bytes of workgroup memory.
fn used(compiled: &Compiled) -> [u32; 3] {
    let module = &compiled.module;
    let at = module.entry_points.iter().position(|e| e.name == compiled.kernel.entry()).expect("the entry point");
    let info = compiled.info.get_entry_point(at);
    let mut used = [0; 3];
    for (handle, variable) in module.global_variables.iter() {
        if info[handle].is_empty() {
            continue;
        }
        match variable.space {
            AddressSpace::Storage { .. } => used[0] += 1,
            AddressSpace::Uniform => used[1] += 1,
            AddressSpace::WorkGroup => used[2] += size(module, variable.ty),
            _ => {}
        }
    }
    used
}

fn size(module: &Module, ty: naga::Handle<naga::Type>) -> u32 {
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).expect("layouts");
    layouter[ty].size
}

#[test]
fn every_kernel_fits_what_is_asked_for() {
    let mut most = [0; 3];
    for compiled in all() {
        let used = used(&compiled);
        let [storage, uniform, workgroup] = used;
        assert!(
            storage <= STORAGE_BUFFERS && uniform <= UNIFORM_BUFFERS && workgroup <= WORKGROUP_BYTES,
            "{}: {used:?}",
            compiled.name()
        );
        for entry in &compiled.module.entry_points {
            let [x, y, z] = entry.workgroup_size;
            assert!(x <= WORKGROUP && y == 1 && z == 1, "{}: {:?}", compiled.name(), entry.workgroup_size);
        }
        most = std::array::from_fn(|i| most[i].max(used[i]));
    }
    // Negative control: the count sees them; and nothing is asked for in vain.
    assert!(most[0] >= 7 && most[1] == UNIFORM_BUFFERS && most[2] > WORKGROUP_BYTES / 2, "{most:?}");
}

/// Negative control: one buffer more, and twice the shared memory, are seen.
#[test]
fn more_is_seen() {
    use carbonhaze::engine::gpu::shader::{Kernel, Variant};
    let whole = compiled(Kernel::BinGroups, Variant::ALL[0]);
    let [storage, _, workgroup] = used(&whole);
    let more = whole.source.replacen("limbs_begin(local);", "limbs_begin(local); extra[0] = limbs2[local];", 1)
        + "@group(0) @binding(9) var<storage, read_write> extra: array<u32>; var<workgroup> limbs2: array<u32, 512>;";
    let module = parse(&more).expect("valid");
    let info = super::validate(&module, super::capabilities(whole.variant)).expect("valid");
    assert_eq!(used(&Compiled { module, info, ..whole }), [storage + 1, 1, 2 * workgroup]);
}
