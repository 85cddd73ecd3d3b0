//! Shared effects: each effect's normals once per chunk of draws, then each cell's sum of scaled normals.

use super::inverse_normal::inverse_normal;
use super::marginal::affine;
use super::philox::{Domain, Stream};
use crate::engine::plan::Cell;

/// The normals of one effect for consecutive draws from `first` on.
#[inline(always)]
pub fn draw_effect(seed: u64, domain: Domain, effect_key: u64, first: u64, z: &mut [i32]) {
    let stream = Stream::new(seed, domain, 0, effect_key);
    for (i, z) in z.iter_mut().enumerate() {
        *z = inverse_normal(stream.words(first + i as u64)[0]);
    }
}

/// `Σ scale · z` of a cell, each product rounded down, from the effects' normals (`stride` apart in `normals`).
#[inline(always)]
pub fn sum_cell(cell: &Cell, normals: &[i32], stride: usize, logs: &mut [i32]) {
    logs.fill(0);
    for &(effect, scale) in &cell.parts {
        let start = effect as usize * stride;
        let Some(z) = normals.get(start..start + logs.len()) else { continue };
        for (log, &z) in logs.iter_mut().zip(z) {
            *log = log.wrapping_add(affine(scale, z));
        }
    }
}
