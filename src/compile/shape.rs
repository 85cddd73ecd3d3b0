//! Equal shapes share a table: a distribution is split into a scale, which is a constant of the terms it enters, and
//! a shape of scale 1.

use crate::portfolio::Distribution;

/// `d` as `scale · shape`, the scale positive. Lognormals with the same spread, uniforms with the same ratio of ends
/// and so on have the same shape, up to the rounding of one division.
pub fn normalise(d: &Distribution) -> (Distribution, f64) {
    match scale(d) {
        Some(scale) if scale > 0.0 && scale.is_finite() => (divided(d, scale), scale),
        _ => (d.clone(), 1.0),
    }
}

/// A key that is equal exactly for equal distributions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeKey(Vec<u64>);

impl ShapeKey {
    pub fn of(d: &Distribution) -> ShapeKey {
        let mut words = Vec::new();
        spell(d, &mut words);
        ShapeKey(words)
    }
}

/// A number that scales with the distribution.
fn scale(d: &Distribution) -> Option<f64> {
    use Distribution::*;
    match d {
        Fixed(x) => Some(*x).filter(|x| *x > 0.0),
        LogNormal { median, .. } => Some(*median),
        Normal { mean, .. } => Some(*mean),
        Uniform { hi, .. }
        | LogUniform { hi, .. }
        | Triangular { hi, .. }
        | Pert { hi, .. }
        | Beta { hi, .. }
        | LogitNormal { hi, .. } => Some(*hi),
        Gamma { scale, .. } => Some(*scale),
        Shifted { inner, .. } | Truncated { inner, .. } => scale(inner),
        Mixture(parts) => parts.iter().find_map(|(_, part)| scale(part)),
        Empirical(values) => values.last().copied().filter(|x| *x > 0.0),
    }
}

/// Every number of [`Distribution::scaled`] divided, and rounded to 46 bits: what the division's own rounding made
/// different is the same shape again, whichever model it came from.
fn divided(d: &Distribution, by: f64) -> Distribution {
    use Distribution::*;
    let q = |x: f64| rounded(x / by);
    match d {
        Fixed(x) => Fixed(q(*x)),
        LogNormal { median, gsd } => LogNormal { median: q(*median), gsd: *gsd },
        Normal { mean, sd } => Normal { mean: q(*mean), sd: q(*sd) },
        Uniform { lo, hi } => Uniform { lo: q(*lo), hi: q(*hi) },
        LogUniform { lo, hi } => LogUniform { lo: q(*lo), hi: q(*hi) },
        Triangular { lo, mode, hi } => Triangular { lo: q(*lo), mode: q(*mode), hi: q(*hi) },
        Pert { lo, mode, hi } => Pert { lo: q(*lo), mode: q(*mode), hi: q(*hi) },
        Beta { a, b, lo, hi } => Beta { a: *a, b: *b, lo: q(*lo), hi: q(*hi) },
        Gamma { shape, scale } => Gamma { shape: *shape, scale: q(*scale) },
        LogitNormal { mu, sd, lo, hi } => LogitNormal { mu: *mu, sd: *sd, lo: q(*lo), hi: q(*hi) },
        Shifted { shift, inner } => Shifted { shift: q(*shift), inner: Box::new(divided(inner, by)) },
        Mixture(parts) => Mixture(parts.iter().map(|(w, part)| (*w, divided(part, by))).collect()),
        Empirical(values) => Empirical(values.iter().map(|x| q(*x)).collect()),
        Truncated { inner, lo, hi } => Truncated { inner: Box::new(divided(inner, by)), lo: q(*lo), hi: q(*hi) },
    }
}

/// To 46 significant bits: within 2^-47.
fn rounded(x: f64) -> f64 {
    const DROPPED: u64 = (1 << 7) - 1;
    f64::from_bits((x.to_bits() + (1 << 6)) & !DROPPED)
}

/// One word for the family (and the number of parts), then the numbers' bits.
fn spell(d: &Distribution, words: &mut Vec<u64>) {
    use Distribution::*;
    let mut put = |family: u64, numbers: &[f64]| {
        words.push(family);
        words.extend(numbers.iter().map(|x| x.to_bits()));
    };
    match d {
        Fixed(x) => put(0, &[*x]),
        LogNormal { median, gsd } => put(1, &[*median, *gsd]),
        Normal { mean, sd } => put(2, &[*mean, *sd]),
        Uniform { lo, hi } => put(3, &[*lo, *hi]),
        LogUniform { lo, hi } => put(4, &[*lo, *hi]),
        Triangular { lo, mode, hi } => put(5, &[*lo, *mode, *hi]),
        Pert { lo, mode, hi } => put(6, &[*lo, *mode, *hi]),
        Beta { a, b, lo, hi } => put(7, &[*a, *b, *lo, *hi]),
        Gamma { shape, scale } => put(8, &[*shape, *scale]),
        LogitNormal { mu, sd, lo, hi } => put(9, &[*mu, *sd, *lo, *hi]),
        Shifted { shift, inner } => {
            put(10, &[*shift]);
            spell(inner, words);
        }
        Mixture(parts) => {
            words.extend([11, parts.len() as u64]);
            for (weight, part) in parts {
                words.push(weight.to_bits());
                spell(part, words);
            }
        }
        Empirical(values) => {
            words.extend([12, values.len() as u64]);
            words.extend(values.iter().map(|x| x.to_bits()));
        }
        Truncated { inner, lo, hi } => {
            put(13, &[*lo, *hi]);
            spell(inner, words);
        }
    }
}
