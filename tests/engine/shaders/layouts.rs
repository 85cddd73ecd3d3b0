//! Records lie in memory alike on both sides: size, names, offsets and sizes of all fields, by reflection.

use std::mem::offset_of;

use carbonhaze::engine::gpu::corner_layout::{CornerBlock, CornerRecord, CornerWindow};
use carbonhaze::engine::gpu::layout::{
    ModelRecord, Params, ProductRecord, QuotientParams, RangeRecord, SelfTestParams, SlotRecord, SortParams, Window,
};
use carbonhaze::engine::gpu::shader::{Kernel, Variant};
use naga::proc::Layouter;
use naga::{Module, TypeInner};

use super::{all, compiled, parse};

/// Size of a record, and its fields' names, offsets and sizes.
#[derive(Debug, Clone, PartialEq)]
struct Layout {
    size: usize,
    fields: Vec<(String, usize, usize)>,
}

fn size_of_field<R, F>(_: impl Fn(&R) -> &F) -> usize {
    size_of::<F>()
}

macro_rules! layout {
    ($record:ident { $($field:ident),* }) => {
        Layout {
            size: size_of::<$record>(),
            fields: vec![$((
                stringify!($field).to_string(),
                offset_of!($record, $field),
                size_of_field(|r: &$record| &r.$field),
            )),*],
        }
    };
}

/// By the name of the structure in `shaders/`.
fn mirrors() -> Vec<(&'static str, Layout)> {
    vec![
        (
            "Params",
            layout!(Params {
                seed,
                first,
                draws,
                stride,
                skip,
                take,
                splits,
                effects,
                cells,
                groups,
                kept_groups,
                blocks,
                padding_0,
                padding_1,
                units
            }),
        ),
        ("Range", layout!(RangeRecord { unit, bins_lo, bin_scale, padding })),
        ("ProductRecord", layout!(ProductRecord { loc, signs, last_signs, zeros })),
        ("SlotRecord", layout!(SlotRecord { kind, parameter, loc, cell })),
        (
            "ModelRecord",
            layout!(ModelRecord {
                key,
                zeros,
                first_more,
                more,
                outputs,
                independent_scale,
                independent_shifted_scale,
                headline,
                ratio,
                first_group,
                groups,
                independent_bounded_scale,
                independent_with_bounded,
                slots,
                products
            }),
        ),
        ("Window", layout!(Window { first, count, padding_0, padding_1, models })),
        (
            "CornerRecord",
            layout!(CornerRecord { key, first_extra, extras, first_more, more, used, padding, slots, products }),
        ),
        ("CornerWindow", layout!(CornerWindow { first, count, padding_0, padding_1, models })),
        ("CornerBlock", layout!(CornerBlock { output, row, unit, joint, masks })),
        ("SortParams", layout!(SortParams { words, tiles, span, digit })),
        ("QuotientParams", layout!(QuotientParams { draws, shift, padding_0, padding_1 })),
        (
            "SelfTestParams",
            layout!(SelfTestParams {
                seed,
                table,
                table_bits,
                scale,
                unit,
                count,
                bound,
                limit,
                padding_0,
                padding_1,
                padding_2
            }),
        ),
    ]
}

/// The structure of that name, if the module has it.
fn reflected(module: &Module, name: &str) -> Option<Layout> {
    let mut layouter = Layouter::default();
    layouter.update(module.to_ctx()).expect("layouts");
    let (_, found) = module.types.iter().find(|(_, t)| t.name.as_deref() == Some(name))?;
    let TypeInner::Struct { members, span } = &found.inner else { return None };
    let field =
        |m: &naga::StructMember| (m.name.clone().unwrap_or_default(), m.offset as usize, layouter[m.ty].size as usize);
    Some(Layout { size: *span as usize, fields: members.iter().map(field).collect() })
}

#[test]
fn records_lie_alike_on_both_sides() {
    let mirrors = mirrors();
    let mut seen = vec![0; mirrors.len()];
    for compiled in all() {
        for ((name, mirror), seen) in mirrors.iter().zip(&mut seen) {
            if let Some(there) = reflected(&compiled.module, name) {
                assert_eq!(&there, mirror, "{name} in {}", compiled.name());
                *seen += 1;
            }
        }
    }
    assert!(seen.iter().all(|&n| n >= Variant::ALL.len()), "each record is in some kernel: {seen:?}");
}

/// A record whose fields do not fill it would have bytes that nobody writes.
#[test]
fn records_have_no_gaps() {
    for (name, mirror) in mirrors() {
        let filled: usize = mirror.fields.iter().map(|(_, _, size)| size).sum();
        assert_eq!(filled, mirror.size, "{name}");
    }
}

/// Negative control: two fields that changed places, one that got wider, one more.
#[test]
fn a_moved_field_is_seen() {
    let source = compiled(Kernel::ModelBlock, Variant::ALL[0]).source;
    let mirrors = mirrors();
    let (_, mirror) = mirrors.iter().find(|(name, _)| *name == "ModelRecord").expect("a mirror");
    let changed = |from: &str, to: &str| {
        let changed = source.replacen(from, to, 1);
        assert_ne!(changed, source, "{from:?} is not there");
        reflected(&parse(&changed).expect("still valid"), "ModelRecord").expect("a structure")
    };
    assert_eq!(&changed("// One model.", "// One record."), mirror);
    assert_ne!(
        &changed(
            "    independent_scale: i32,\n    independent_shifted_scale: i32,\n",
            "    independent_shifted_scale: i32,\n    independent_scale: i32,\n"
        ),
        mirror
    );
    assert_ne!(&changed("    outputs: u32,\n", "    outputs: u32,\n    flags: u32,\n"), mirror);
    assert_ne!(
        &changed("    groups: u32,\n    independent", "    groups: u32,\n    padding_3: u32,\n    independent"),
        mirror
    );
}
