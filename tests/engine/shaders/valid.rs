//! Valid with what the variant promises, not without; whatever a plan switches off.

use carbonhaze::engine::gpu::shader::{Kernel, Variant};
use naga::back::PipelineConstants;
use naga::back::pipeline_constants::process_overrides;
use naga::valid::Capabilities;

use super::{all, capabilities, compiled, parse, validate};

#[test]
fn every_kernel_is_valid_in_every_variant() {
    for compiled in all() {
        let entries: Vec<&str> = compiled.module.entry_points.iter().map(|e| &*e.name).collect();
        assert!(entries.contains(&compiled.kernel.entry()), "{}: {entries:?}", compiled.name());
    }
}

/// Negative control: each capability is asked for because it is used.
#[test]
fn no_variant_is_valid_with_less() {
    let kernel = Kernel::ModelBlock;
    for variant in Variant::ALL {
        let module = compiled(kernel, variant).module;
        for (used, capability) in
            [(variant.int64, Capabilities::SHADER_INT64), (variant.subgroups, Capabilities::SUBGROUP)]
        {
            let less = capabilities(variant).difference(capability);
            assert_eq!(validate(&module, less).is_err(), used, "{} without {capability:?}", variant.name());
        }
    }
}

/// Negative control: naga refuses what is broken, in the text and in its meaning.
#[test]
fn a_broken_kernel_is_refused() {
    let source = Kernel::ModelBlock.source(Variant::ALL[0]);
    let broken = |tail: &str| parse(&format!("{source}\n{tail}")).and_then(|m| validate(&m, Capabilities::empty()));
    assert!(broken("fn sound() -> u32 { return 1u; }").is_ok());
    assert!(broken("fn wrong_type() -> u32 { return 1i; }").is_err());
    assert!(broken("fn unknown() -> u32 { return nowhere; }").is_err());
    assert!(broken("fn no_result() -> u32 { }").is_err());
}

/// All overrides true, all false, and each alone the other way.
#[test]
fn every_choice_of_overrides_is_valid() {
    let mut choices = 0;
    for compiled in all() {
        let names: Vec<String> = compiled.module.overrides.iter().filter_map(|(_, o)| o.name.clone()).collect();
        assert!(compiled.kernel != Kernel::ModelBlock || names.len() >= 9, "{names:?}");
        let single = (0..names.len()).flat_map(|odd| [(odd, true), (odd, false)]);
        for (odd, rest) in [(names.len(), true), (names.len(), false)].into_iter().chain(single) {
            let mut constants = PipelineConstants::default();
            for (i, name) in names.iter().enumerate() {
                constants.insert(name.clone(), f64::from(u8::from(rest != (i == odd))));
            }
            let entry = Some((naga::ShaderStage::Compute, compiled.kernel.entry()));
            let (module, _) = process_overrides(&compiled.module, &compiled.info, entry, &constants)
                .unwrap_or_else(|e| panic!("{} {constants:?}: {e}", compiled.name()));
            if let Err(e) = validate(&module, capabilities(compiled.variant)) {
                panic!("{} {constants:?}: {e}", compiled.name());
            }
            choices += 1;
        }
    }
    assert!(choices > 4 * 20, "{choices}");
}
