//! The headline as it would be if no model shared its effects with another: the total with correlation ignored is the sum of
//! these. Twin of `shaders/separate.wgsl`.

use super::bounded::Bound;
use super::factor::shape_all;
use super::loops::{add_all, log_sum_all, normals, step, sub_all};
use super::model_block::{BLOCK, Scratch, SharedLogs, Span};
use super::philox::{Domain, Stream};
use super::{marginal, one_plus};
use crate::engine::plan::{Block, Marginal, ModelPlan, Product, SHIFTED, SLOTS};

/// The headline's logarithm with the shared effects replaced by ones of the model's own, in `scratch.separate`: one normal
/// for all that act as multipliers, one for those on the shifted factor's X, one for those on a bounded factor.
/// `scratch.headline` holds it with the shared ones, and where it is one product nothing else of it is needed.
#[inline(always)]
pub fn separate_shared(
    plan: Block<'_>,
    model: &ModelPlan,
    products: &[Product],
    span: &Span,
    shared: SharedLogs,
    scratch: &mut Scratch,
) {
    let n = span.n;
    for (k, product) in products.iter().enumerate() {
        let Scratch { headline, separate, logs, words, z, shifted_own, normals, sum, .. } = scratch;
        let y = if products.len() == 1 {
            separate[..n].copy_from_slice(&headline[..n]);
            &mut separate[..n]
        } else {
            let y = &mut sum[..n];
            y.fill(product.loc);
            step(y, &mut Product { signs: [0; SLOTS], ..*product }, product, logs);
            y
        };
        if model.shares(product) {
            separate_sums(y, model, product, span, shared, z, words);
            separate_joint(y, plan, model, product, span, logs, normals, z, words);
            separate_shifted(y, model, product, span, logs, shifted_own, z, words);
        }
        match (products.len(), k) {
            (1, _) => {}
            (_, 0) => separate[..n].copy_from_slice(&sum[..n]),
            _ => log_sum_all(&mut separate[..n], &sum[..n]),
        }
    }
}

/// Takes off what is shared and adds the normals that stand for it.
#[inline(always)]
fn separate_sums(
    y: &mut [i32],
    model: &ModelPlan,
    product: &Product,
    span: &Span,
    shared: SharedLogs,
    z: &mut [i32; BLOCK],
    words: &mut [[u32; BLOCK]; 4],
) {
    let n = y.len();
    let (z, words) = (&mut z[..n], &mut words[0][..n]);
    let stream = Stream::new(span.seed, Domain::Independent, 0, model.key);
    for s in 0..SLOTS {
        if let Some(cell) = model.cells[s]
            && s != SHIFTED
            && !model.marginals[s].is_joint()
        {
            let cell = shared.cell(cell, n);
            for _ in 0..product.signs[s] {
                sub_all(y, cell);
            }
            for _ in product.signs[s]..0 {
                add_all(y, cell);
            }
        }
    }
    if model.independent_scale != 0 {
        stream.fill_word::<0>(span.first, words);
        normals(words, z);
        add_scaled(y, model.independent_scale, z);
    }
    if model.independent_with_bounded != 0 {
        stream.fill_word::<2>(span.first, words);
        normals(words, z);
        add_scaled(y, model.independent_with_bounded, z);
    }
}

/// The factors that shared effects act on otherwise than as multipliers: a bounded one with the normal that stands for
/// its effects, a ranked one with its own.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn separate_joint(
    y: &mut [i32],
    plan: Block<'_>,
    model: &ModelPlan,
    product: &Product,
    span: &Span,
    logs: &[[i32; BLOCK]; SLOTS],
    own: &[[i32; BLOCK]; SLOTS],
    z: &mut [i32; BLOCK],
    words: &mut [[u32; BLOCK]; 4],
) {
    let n = y.len();
    for s in (0..SLOTS).filter(|&s| product.signs[s] != 0 && model.marginals[s].is_joint()) {
        let (z, own) = (&mut z[..n], &own[s][..n]);
        match model.marginals[s] {
            Marginal::Ranked { shape, .. } => shape_all(plan, shape, own, z),
            Marginal::Bounded { scale, limit } => {
                let words = &mut words[0][..n];
                Stream::new(span.seed, Domain::Independent, 0, model.key).fill_word::<2>(span.first, words);
                normals(words, z);
                let bound = Bound::new(scale, limit);
                for (z, &own) in z.iter_mut().zip(own) {
                    *z = bound.log(own, marginal::affine(model.independent_bounded_scale, *z));
                }
            }
            _ => {}
        }
        let sign = i32::from(product.signs[s]);
        for ((y, &separate), &log) in y.iter_mut().zip(&*z).zip(&logs[s][..n]) {
            *y = y.wrapping_add(sign.wrapping_mul(separate.wrapping_sub(log)));
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn separate_shifted(
    y: &mut [i32],
    model: &ModelPlan,
    product: &Product,
    span: &Span,
    logs: &[[i32; BLOCK]; SLOTS],
    shifted_own: &[i32; BLOCK],
    z: &mut [i32; BLOCK],
    words: &mut [[u32; BLOCK]; 4],
) {
    if model.independent_shifted_scale == 0 {
        return;
    }
    let n = y.len();
    let (z, words) = (&mut z[..n], &mut words[0][..n]);
    Stream::new(span.seed, Domain::Independent, 0, model.key).fill_word::<1>(span.first, words);
    normals(words, z);
    for i in 0..n {
        let shared = marginal::affine(model.independent_shifted_scale, z[i]);
        let shifted = one_plus::one_plus(shifted_own[i].wrapping_add(shared));
        y[i] = y[i].wrapping_add(i32::from(product.signs[SHIFTED]) * (shifted - logs[SHIFTED][i]));
    }
}

#[inline(always)]
fn add_scaled(y: &mut [i32], scale: i32, z: &[i32]) {
    for (y, &z) in y.iter_mut().zip(z) {
        *y = y.wrapping_add(marginal::affine(scale, z));
    }
}
