//! Factors by themselves: random words to logarithms, before shared effects or, where these act within, with them. Twin of
//! `shaders/factor.wgsl`.

use super::bounded::{self, Bound};
use super::loops::normals;
use super::marginal;
use super::model_block::{BLOCK, Span};
use super::philox::{Domain, Stream};
use crate::engine::plan::{Block, Marginal, ModelPlan, SLOTS, Shape, WORD, WORDS};

/// Logarithms of a factor that is a function of its own normals and of its shared effects together; `z` is working room.
#[inline(always)]
pub fn joint_all(
    plan: Block<'_>,
    marginal: &Marginal,
    own: &[i32],
    shared: Option<&[i32]>,
    z: &mut [i32],
    out: &mut [i32],
) {
    match *marginal {
        Marginal::Bounded { scale, limit } => {
            let bound = Bound::new(scale, limit);
            z.fill(0);
            bounded::bounded_all(&bound, own, shared.unwrap_or(z), out);
        }
        Marginal::Ranked { own: left, shape } => {
            z.fill(0);
            if let Some(shared) = shared {
                z.copy_from_slice(shared);
            }
            for (z, &own) in z.iter_mut().zip(own) {
                *z = marginal::ranked(left, own, *z);
            }
            shape_all(plan, shape, z, out);
        }
        _ => {}
    }
}

/// A ranked factor at standard normals.
#[inline(always)]
pub fn shape_all(plan: Block<'_>, shape: Shape, z: &[i32], out: &mut [i32]) {
    match shape {
        Shape::Affine { scale } => marginal::affine_all(scale, z, out),
        Shape::Table { table } => marginal::table_all(&plan.tables[table as usize], z, out),
    }
}

/// Logarithms of the random factors themselves, without shared effects; their standard normals where effects act on
/// these. Those of the others are left alone.
#[inline(always)]
pub fn sample_own(
    plan: Block<'_>,
    model: &ModelPlan,
    span: &Span,
    domain: Domain,
    words: &mut [[u32; BLOCK]; 4],
    z: &mut [i32; BLOCK],
    logs: &mut [[i32; BLOCK]; SLOTS],
) {
    let n = span.n;
    for block in 0..WORDS.div_ceil(4) {
        let of_block = |s: &usize| WORD[*s] / 4 == block && model.marginals[*s].is_random();
        if !(0..SLOTS).any(|s| of_block(&s)) {
            continue;
        }
        let stream = Stream::new(span.seed, domain, block as u16, model.key);
        let [a, b, c, d] = words;
        stream.fill(span.first, [&mut a[..n], &mut b[..n], &mut c[..n], &mut d[..n]]);
        for s in (0..SLOTS).filter(of_block) {
            let z = &mut z[..n];
            normals(&words[WORD[s] % 4][..n], z);
            let log = &mut logs[s][..n];
            match &model.marginals[s] {
                Marginal::None | Marginal::OnePlusConstant { .. } => {}
                Marginal::Bounded { .. } | Marginal::Ranked { .. } => log.copy_from_slice(z),
                Marginal::Affine { scale } | Marginal::OnePlusAffine { scale, .. } => {
                    marginal::affine_all(*scale, z, log);
                }
                Marginal::Table { table } | Marginal::OnePlusTable { table, .. } => {
                    marginal::table_all(&plan.tables[*table as usize], z, log);
                }
                Marginal::Gate { threshold, above } => marginal::gate_all(*threshold, *above, z, log),
            }
        }
    }
}
