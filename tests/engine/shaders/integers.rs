//! No float anywhere: neither a type, nor a literal, nor the type of any expression. WGSL leaves rounding open, so one
//! float on the way of the numbers would end the promise of equal bytes.

use naga::valid::{Capabilities, FunctionInfo, ModuleInfo};
use naga::{Function, Module, ScalarKind, TypeInner};

use super::{all, parse, validate};

fn is_float(inner: &TypeInner) -> bool {
    // Vectors of floats have a scalar of that kind; matrices are always of floats.
    matches!(inner.scalar_kind(), Some(ScalarKind::Float | ScalarKind::AbstractFloat))
        || matches!(inner, TypeInner::Matrix { .. } | TypeInner::CooperativeMatrix { .. })
}

/// What in the module is a float; empty for integers only.
fn floats(module: &Module, info: &ModuleInfo) -> Vec<String> {
    let mut found: Vec<String> =
        module.types.iter().filter(|(_, t)| is_float(&t.inner)).map(|(_, t)| format!("type {t:?}")).collect();
    for (handle, expression) in module.global_expressions.iter() {
        if is_float(info[handle].inner_with(&module.types)) {
            found.push(format!("constant {expression:?}"));
        }
    }
    let functions = module.functions.iter().map(|(handle, f)| (f, &info[handle]));
    let entries = module.entry_points.iter().enumerate().map(|(i, e)| (&e.function, info.get_entry_point(i)));
    for (function, info) in functions.chain(entries) {
        found.extend(floats_of(module, function, info));
    }
    found
}

fn floats_of(module: &Module, function: &Function, info: &FunctionInfo) -> Vec<String> {
    let expressions = function.expressions.iter();
    let floats = expressions.filter(|&(handle, _)| is_float(info[handle].ty.inner_with(&module.types)));
    floats.map(|(_, expression)| format!("{:?}: {expression:?}", function.name)).collect()
}

#[test]
fn no_kernel_has_a_float() {
    for compiled in all() {
        let found = floats(&compiled.module, &compiled.info);
        assert!(found.is_empty(), "{}: {found:#?}", compiled.name());
    }
}

/// Negative control: wherever a float could hide, it is seen.
#[test]
fn a_float_is_seen() {
    let seen = |text: &str| {
        let module = parse(text).expect("valid");
        let info = validate(&module, Capabilities::empty()).expect("valid");
        !floats(&module, &info).is_empty()
    };
    let kernel =
        |body: &str| format!("@compute @workgroup_size(1) fn f(@builtin(local_invocation_index) i: u32) {{ {body} }}");
    assert!(!seen(&kernel("var x = i * 3u;")));
    assert!(seen(&kernel("var x = u32(f32(i) * 1.5);")));
    assert!(seen(&kernel("var x = u32(exp2(f32(i)));")));
    assert!(seen(&kernel("var x = bitcast<u32>(bitcast<f32>(i) + bitcast<f32>(i));")));
    assert!(seen(&format!("const C = 0.5f; {}", kernel(""))));
    assert!(seen(&format!(
        "struct S {{ a: vec2<f32> }} @group(0) @binding(0) var<storage> s: S; {}",
        kernel("var x = bitcast<u32>(s.a.x);")
    )));
}
