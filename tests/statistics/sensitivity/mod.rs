//! The estimators of sensitivity indices against closed forms and against a peer.

mod coverage;
mod estimates;
mod exact;
mod peers;

use carbonhaze::engine::stats::sensitivity::known::Case;
use carbonhaze::engine::stats::sensitivity::pick_freeze::Hybrids;
use carbonhaze::engine::stats::sensitivity::source::Source;
use carbonhaze::engine::stats::sensitivity::{Cube, CubeIndices, Index, InputIndices, PickFreeze};

/// Draws in one piece of work: the corners of a slab stay in the cache.
const SLAB: usize = 1 << 12;

fn slabs(draws: usize) -> impl Iterator<Item = (u64, usize)> {
    (0..draws).step_by(SLAB).map(move |first| (first as u64, SLAB.min(draws - first)))
}

fn views(arrays: &[Vec<f64>]) -> Vec<&[f64]> {
    arrays.iter().map(Vec::as_slice).collect()
}

fn cube(case: &Case, seed: u64, draws: usize, level: f64) -> CubeIndices {
    let mut cube = Cube::new(case.groups()).unwrap();
    for (first, n) in slabs(draws) {
        cube.add(first, &views(&case.corners(Source { seed }, first, n))).unwrap();
    }
    cube.finish(level).unwrap()
}

fn pick_freeze(case: &Case, seed: u64, draws: usize, level: f64) -> Vec<InputIndices> {
    let mut analysis = PickFreeze::new(case.groups());
    for (first, n) in slabs(draws) {
        let y = case.pick_freeze(Source { seed }, first, n);
        let hybrids: Vec<Hybrids> = y.hybrids.iter().map(|(ab, ba)| Hybrids { ab, ba }).collect();
        analysis.add(first, &y.a, &y.b, &hybrids).unwrap();
    }
    analysis.finish(level).unwrap()
}

fn all_cover(indices: &[Index], exact: &[f64]) -> bool {
    assert_eq!(indices.len(), exact.len());
    // An index of no width (the closed index of all groups, 1 by construction) may be off by rounding.
    indices
        .iter()
        .zip(exact)
        .all(|(index, &x)| index.covers(x) || (index.se < 1e-12 && (index.value - x).abs() < 1e-12))
}
