//! Constants that exist on both sides are equal.

use std::collections::BTreeMap;

use carbonhaze::engine::draw::accumulate::CEILING;
use carbonhaze::engine::draw::philox::{self, Domain};
use carbonhaze::engine::draw::{exp2, inverse_normal, log2, normal_cdf, one_plus};
use carbonhaze::engine::gpu::adapter::WORKGROUP;
use carbonhaze::engine::gpu::shader::{Kernel, LANES, Variant};
use carbonhaze::engine::gpu::{corner_layout, layout};
use carbonhaze::engine::plan::{self, table};
use naga::{Expression, Handle, Literal, Module};

use super::{all, compiled, parse};

/// The constants of a module by name; vectors by component. Signed ones as they are.
fn constants(module: &Module) -> BTreeMap<String, Vec<i64>> {
    let named = module.constants.iter().filter_map(|(_, c)| Some((c.name.clone()?, value(module, c.init)?)));
    named.collect()
}

fn value(module: &Module, expression: Handle<Expression>) -> Option<Vec<i64>> {
    match &module.global_expressions[expression] {
        Expression::Literal(Literal::U32(x)) => Some(vec![i64::from(*x)]),
        Expression::Literal(Literal::I32(x)) => Some(vec![i64::from(*x)]),
        Expression::Literal(Literal::AbstractInt(x)) => Some(vec![*x]),
        Expression::Compose { components, .. } => {
            let parts: Option<Vec<_>> = components.iter().map(|&c| value(module, c)).collect();
            Some(parts?.concat())
        }
        _ => None,
    }
}

/// What Rust says of the constants of `shaders/`.
fn expected() -> BTreeMap<&'static str, Vec<i64>> {
    let [c1, c2, c3, c4, c5] = exp2::COEFFICIENTS.map(i64::from);
    let one_plus_at = inverse_normal::ENTRIES;
    let log2_at = one_plus_at + one_plus::ENTRIES;
    let log_cdf_at = log2_at + log2::CHORDS + 1;
    let upper_at = log_cdf_at + normal_cdf::LOG_CDF_ENTRIES;
    assert_eq!(layout::FIRST_TABLE, upper_at + normal_cdf::UPPER_ENTRIES);
    let single: [(&str, i64); 61] = [
        ("LANES", LANES.into()),
        ("WORKGROUP", WORKGROUP.into()),
        ("PHILOX_MUL_0", philox::MUL_0.into()),
        ("PHILOX_MUL_1", philox::MUL_1.into()),
        ("DOMAIN_OWN", Domain::Own as i64),
        ("DOMAIN_SHARED", Domain::Shared as i64),
        ("DOMAIN_INDEPENDENT", Domain::Independent as i64),
        ("DOMAIN_OWN_SECOND", Domain::OwnSecond as i64),
        ("DOMAIN_SHARED_SECOND", Domain::SharedSecond as i64),
        ("CORNER_WINDOW", corner_layout::CORNER_WINDOW as i64),
        ("MAX_BLOCKS", corner_layout::MAX_BLOCKS as i64),
        ("MAX_EXTRAS", corner_layout::MAX_EXTRAS as i64),
        ("ELEMENTS", corner_layout::ELEMENTS as i64),
        ("JOINT_BITS", corner_layout::JOINT_BITS as i64),
        ("INVERSE_NORMAL_AT", 0),
        ("ONE_PLUS_AT", one_plus_at as i64),
        ("LOG2_AT", log2_at as i64),
        ("LOG_CDF_AT", log_cdf_at as i64),
        ("UPPER_AT", upper_at as i64),
        ("CDF_ONE", normal_cdf::ONE.into()),
        ("CDF_MOST", (1 << (plan::LOG2_BITS + 6)) - 1),
        ("ONE_PLUS_ENTRIES", one_plus::ENTRIES as i64),
        ("ONE_PLUS_RESIDUAL_BITS", one_plus::RESIDUAL_BITS.into()),
        ("ONE_PLUS_LOWEST", i64::from(-one_plus::OCTAVES) << plan::LOG2_BITS),
        ("LOG2_BITS", plan::LOG2_BITS.into()),
        ("EXP2_1", c1),
        ("EXP2_2", c2),
        ("EXP2_3", c3),
        ("EXP2_4", c4),
        ("EXP2_5", c5),
        ("TOTAL_BITS", plan::TOTAL_BITS.into()),
        ("MODEL_BITS", plan::MODEL_BITS.into()),
        ("BINS", plan::BINS as i64),
        ("IRREGULAR", table::IRREGULAR.into()),
        ("ZERO_LOG2", plan::ZERO_LOG2.into()),
        ("SLOTS", plan::SLOTS as i64),
        ("SHIFTED", plan::SHIFTED as i64),
        ("BOUNDED_SLOT", plan::BOUNDED as i64),
        ("MAX_OUTPUTS", plan::MAX_OUTPUTS as i64),
        ("NONE", 0),
        ("AFFINE", layout::AFFINE.into()),
        ("TABLE", layout::TABLE.into()),
        ("ONE_PLUS_AFFINE", layout::ONE_PLUS_AFFINE.into()),
        ("ONE_PLUS_TABLE", layout::ONE_PLUS_TABLE.into()),
        ("ONE_PLUS_CONSTANT", layout::ONE_PLUS_CONSTANT.into()),
        ("GATE_BELOW", layout::GATE_BELOW.into()),
        ("GATE_ABOVE", layout::GATE_ABOVE.into()),
        ("BOUNDED", layout::BOUNDED.into()),
        ("RANKED_AFFINE", layout::RANKED_AFFINE.into()),
        ("RANKED_TABLE", layout::RANKED_TABLE.into()),
        ("SHARES", layout::SHARES.into()),
        ("WINDOW", layout::WINDOW as i64),
        ("MODEL_SUMS", layout::MODEL_SUMS as i64),
        ("GROUP_SUMS", layout::GROUP_SUMS as i64),
        ("ANSWERS", layout::ANSWERS as i64),
        // Where `layout::add_model` and `layout::add_group` look.
        ("HEADLINE_ZEROS", layout::HEADLINE_ZEROS as i64),
        ("HEADLINE_CEILING", layout::HEADLINE_ZEROS as i64 + 1),
        ("RATIO_ZEROS", layout::HEADLINE_ZEROS as i64 + 2),
        ("RATIO_CEILING", layout::HEADLINE_ZEROS as i64 + 3),
        ("RATIO_UNDEFINED", layout::HEADLINE_ZEROS as i64 + 4),
        ("GROUP_ZEROS", layout::GROUP_ZEROS as i64),
    ];
    let mut expected: BTreeMap<&str, Vec<i64>> = single.into_iter().map(|(name, x)| (name, vec![x])).collect();
    expected.insert("GROUP_CEILING", vec![layout::GROUP_ZEROS as i64 + 1]);
    expected.insert("GROUP_SATURATED", vec![layout::GROUP_ZEROS as i64 + 2]);
    let [ceiling, none] = [CEILING, u64::MAX].map(|x| vec![i64::from(x as u32), (x >> 32) as i64]);
    expected.insert("quotient CEILING", ceiling);
    expected.insert("quotient NONE", none);
    expected.insert("PHILOX_WEYL", vec![philox::WEYL_0.into(), philox::WEYL_1.into()]);
    expected
}

#[test]
fn constants_agree() {
    let expected = expected();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for compiled in all() {
        for (name, value) in constants(&compiled.module) {
            // Of words in pairs, not of marginals.
            let name = if compiled.kernel == Kernel::Quotient { format!("quotient {name}") } else { name };
            if let Some(expected) = expected.get(&*name) {
                assert_eq!(&value, expected, "{name} in {}", compiled.name());
                *seen.entry(name).or_default() += 1;
            }
        }
    }
    let missing: Vec<_> = expected.keys().filter(|&&name| !seen.contains_key(name)).collect();
    assert!(missing.is_empty(), "in no kernel: {missing:?}");
}

/// Negative control: one bit of one constant.
#[test]
fn a_changed_constant_is_seen() {
    let source = compiled(Kernel::ModelBlock, Variant::ALL[0]).source;
    let differing = |source: &str| {
        let there = constants(&parse(source).expect("valid"));
        expected().into_iter().filter(|(name, value)| there.get(*name).is_some_and(|v| v != value)).count()
    };
    assert_eq!(differing(&source), 0);
    for (from, to) in [("0xD2511F53u", "0xD2511F52u"), ("0xBB67AE85u", "0xBB67AE84u"), ("1031498459u", "1031498458u")] {
        let changed = source.replacen(from, to, 1);
        assert_ne!(changed, source);
        assert_eq!(differing(&changed), 1, "{from}");
    }
}
