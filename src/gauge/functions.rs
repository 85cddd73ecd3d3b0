//! Functions of uniforms, which no portfolio is: their inputs come from the random stream, the rest is the estimators.

use super::answers::{NONE, figures, first_order, shapley, total};
use super::{Figure, Section, expected};
use crate::engine::stats::sensitivity::known::Case;
use crate::engine::stats::sensitivity::pick_freeze::Hybrids;
use crate::engine::stats::sensitivity::source::Source;
use crate::engine::stats::sensitivity::{Cube, Index, InputIndices, PickFreeze};
use crate::run::{RunError, Sampler};

const LEVEL: f64 = 0.95;
const SLAB: u64 = 1 << 12;
const HOW: &str = "uniforms of the integer stream, on the processor";

/// Ishigami's function: mean, variance and indices from the full cube.
///
/// # Errors
/// An interruption.
pub fn ishigami(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let (case, names) = (Case::ishigami(), ["x1", "x2", "x3"]);
    let mut cube = Cube::new(case.groups()).ok();
    slabs(sampler, |first, n| {
        let corners = case.corners(Source { seed: sampler.seed }, first, n);
        let views: Vec<&[f64]> = corners.iter().map(Vec::as_slice).collect();
        cube = cube.take().and_then(|mut cube| cube.add(first, &views).ok().map(|()| cube));
    })?;
    let found = cube.and_then(|cube| cube.finish(LEVEL).ok());
    let [mean, variance] = found.as_ref().map_or([NONE; 2], |found| [found.mean, found.variance]);
    let mut figures = vec![
        Figure::estimate("mean", mean, expected::ISHIGAMI_MEAN),
        Figure::estimate("variance", variance, expected::ISHIGAMI_VARIANCE),
    ];
    figures.extend(first_order(&found, &names, &expected::ISHIGAMI_FIRST));
    figures.extend(total(&found, &names, &expected::ISHIGAMI_TOTAL));
    figures.extend(shapley(&found, &names, &expected::ISHIGAMI_SHAPLEY));
    Ok(Section {
        title: "Ishigami's function, a = 7, b = 0.1",
        source: "Ishigami and Homma 1990, doi:10.1109/ISUMA.1990.151285",
        how: format!("the full cube; {HOW}"),
        figures,
    })
}

/// Sobol' g-function: first-order and total indices from pick-freeze pairs.
///
/// # Errors
/// An interruption.
pub fn g(sampler: &Sampler<'_>) -> Result<Section, RunError> {
    let case = Case::sobol_g();
    let mut analysis = Some(PickFreeze::new(case.groups()));
    slabs(sampler, |first, n| {
        let y = case.pick_freeze(Source { seed: sampler.seed }, first, n);
        let hybrids: Vec<Hybrids> = y.hybrids.iter().map(|(ab, ba)| Hybrids { ab, ba }).collect();
        analysis = analysis.take().and_then(|mut of| of.add(first, &y.a, &y.b, &hybrids).ok().map(|()| of));
    })?;
    let found = analysis.and_then(|analysis| analysis.finish(LEVEL).ok());
    let of = |index: fn(&InputIndices) -> Index| -> Option<Vec<Index>> {
        found.as_ref().map(|found| found.iter().map(index).collect())
    };
    let names = ["x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"];
    let mut all = figures("first-order index", of(|i| i.first_order).as_deref(), &names, &expected::G_FIRST);
    all.extend(figures("total index", of(|i| i.total).as_deref(), &names, &expected::G_TOTAL));
    Ok(Section {
        title: "Sobol' g-function, a = 0, 1, 4.5, 9, 99, 99, 99, 99",
        source: "Saltelli and Sobol' 1995, doi:10.1016/0951-8320(95)00099-2",
        how: format!("pick-freeze; {HOW}"),
        figures: all,
    })
}

/// The sampler's draws, a slab at a time.
fn slabs(sampler: &Sampler<'_>, mut take: impl FnMut(u64, usize)) -> Result<(), RunError> {
    for first in (0..sampler.draws).step_by(SLAB as usize) {
        sampler.advance(0)?;
        take(first, SLAB.min(sampler.draws - first) as usize);
    }
    Ok(())
}
