//! Parts of an assessment by several columns, drawn in one pass over the models.
//!
//! Models that are in the same parts are one cell: it is drawn once, as a portfolio of its own, and added to each of its
//! parts, draw by draw. A part's unit is the coarsest of its cells', coarser still by the bits that a sum of so many can
//! grow by, so that no sum overflows. What is kept is limited: where all parts together would be more, they are drawn in
//! several passes, at worst one part at a time.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::{RunError, Sampler};
use crate::assess::{Assessment, OUTPUTS};
use crate::compile::compile_with;
use crate::compile::tables::Tables;
use crate::engine::plan::Plan;
use crate::engine::stats::ratio::Side;
use crate::posterior::intensity::Chain;

/// Words of 8 bytes that the parts of one pass may keep.
const WORDS: u64 = 1 << 25;

/// The draws of one part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PartDraws {
    counts: [Vec<u64>; OUTPUTS],
    units: [i32; OUTPUTS],
    /// Of a part that is one cell: as in a run of its models alone.
    ratio_shift: Option<u32>,
}

impl PartDraws {
    /// Of draws that begin with the first.
    pub fn chain(&self) -> Chain<'_> {
        let side = |o: usize| Side { counts: &self.counts[o], unit: self.units[o] };
        Chain { sides: std::array::from_fn(side), ratio_shift: self.ratio_shift, first: 0 }
    }
}

/// Parts, each by the places of its models, in passes that keep no more than they may.
pub(super) fn passes(parts: &[&[usize]], draws: u64) -> Vec<Range<usize>> {
    let at_once = usize::try_from(WORDS / (OUTPUTS as u64 * draws.max(1))).unwrap_or(usize::MAX).max(1);
    (0..parts.len()).step_by(at_once).map(|first| first..parts.len().min(first + at_once)).collect()
}

/// Model-draws per draw that the passes take.
pub(super) fn models_drawn(parts: &[&[usize]], passes: &[Range<usize>]) -> u64 {
    passes.iter().map(|pass| cells(&parts[pass.clone()]).values().map(|models| models.len() as u64).sum::<u64>()).sum()
}

/// The models by the parts that they are in.
fn cells(parts: &[&[usize]]) -> BTreeMap<Vec<usize>, Vec<usize>> {
    let mut parts_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (p, models) in parts.iter().enumerate() {
        models.iter().for_each(|&m| parts_of.entry(m).or_default().push(p));
    }
    let mut cells: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (model, parts) in parts_of {
        cells.entry(parts).or_default().push(model);
    }
    cells
}

/// Draws the parts of one pass.
///
/// # Errors
/// [`RunError::Plan`], and those of drawing.
pub(super) fn drawn(
    assessment: &Assessment,
    parts: &[&[usize]],
    tables: &mut Tables,
    sampler: &Sampler<'_>,
) -> Result<Vec<PartDraws>, RunError> {
    let cells = cells(parts);
    let mut compiled = |models: &[usize]| -> Result<Plan, RunError> {
        let models = models.iter().filter_map(|&m| assessment.models.get(m).cloned()).collect();
        Ok(compile_with(&assessment.with(models), tables)?.totals_only())
    };
    // Compiled twice, so that not all cells' plans are held at once.
    let mut units = Vec::with_capacity(cells.len());
    for (of, models) in &cells {
        let plan = compiled(models)?;
        let of = of.as_slice();
        units.push(Cell { of, units: std::array::from_fn(|o| plan.unit(o)), ratio_shift: plan.ratio_shift });
    }
    let mut found: Vec<PartDraws> = (0..parts.len()).map(|p| room(p, &units, sampler.draws)).collect();
    for (of, models) in &cells {
        let plan = compiled(models)?;
        let summary = sampler.draw(&plan)?;
        let of: Vec<&mut PartDraws> =
            found.iter_mut().enumerate().filter(|(p, _)| of.contains(p)).map(|(_, part)| part).collect();
        of.into_par_iter().for_each(|part| add(part, &plan, &summary.totals));
    }
    Ok(found)
}

/// What a cell is drawn in.
struct Cell<'a> {
    /// The parts that it belongs to.
    of: &'a [usize],
    units: [i32; OUTPUTS],
    ratio_shift: u32,
}

/// Room for a part's draws, all zero.
fn room(part: usize, cells: &[Cell<'_>], draws: u64) -> PartDraws {
    let of: Vec<&Cell<'_>> = cells.iter().filter(|cell| cell.of.contains(&part)).collect();
    let bits = of.len().next_power_of_two().trailing_zeros() as i32;
    let unit = |o: usize| of.iter().map(|cell| cell.units[o]).max().unwrap_or(0) + bits;
    let ratio_shift = if let [cell] = of.as_slice() { Some(cell.ratio_shift) } else { None };
    let draws = usize::try_from(draws).unwrap_or(0);
    PartDraws { counts: std::array::from_fn(|_| vec![0; draws]), units: std::array::from_fn(unit), ratio_shift }
}

/// Adds a cell's counts, each rounded to the nearest of the part's.
fn add(part: &mut PartDraws, plan: &Plan, totals: &[Vec<u64>]) {
    for (o, (counts, cell)) in part.counts.iter_mut().zip(totals).enumerate() {
        let shift = part.units[o] - plan.unit(o);
        // A count is below 2^63: none is left of one that is shifted that far.
        let Ok(shift @ 0..63) = u32::try_from(shift) else { continue };
        let half = if shift > 0 { 1 << (shift - 1) } else { 0 };
        counts.iter_mut().zip(cell).for_each(|(sum, x)| *sum += (x + half) >> shift);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_in_the_same_parts_are_one_cell() {
        let parts: [&[usize]; 4] = [&[0, 1, 2], &[3], &[0, 1], &[2, 3]];
        let found: Vec<_> = cells(&parts).into_iter().collect();
        assert_eq!(found, [(vec![0, 2], vec![0, 1]), (vec![0, 3], vec![2]), (vec![1, 3], vec![3])]);
    }

    #[test]
    fn what_is_kept_is_limited() {
        let parts: Vec<&[usize]> = vec![&[]; 10];
        assert_eq!((passes(&parts, 1).len(), &passes(&parts, 1)[0]), (1, &(0..10)));
        // 2^25 words are 2^21 draws of 4 outputs of 4 parts.
        assert_eq!(passes(&parts, 1 << 21), [0..4, 4..8, 8..10]);
        assert_eq!(passes(&parts, 1 << 30).len(), 10);
    }
}
