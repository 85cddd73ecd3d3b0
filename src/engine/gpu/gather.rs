//! What has come back from the device for good: a summary that grows, and where the work is to go on.
//!
//! A stretch of draws comes back in parts: the counters of each tile of models, in order, then the totals. Each part
//! is taken in once. After a failure the work goes on at [`Gathered::next`], and the tiles of that stretch that are
//! already in are not taken in again, so that a replay, here or on the CPU, changes nothing.

use std::ops::Range;

use rayon::prelude::*;

use super::layout::{self, GROUP_SUMS, MODEL_SUMS};
use crate::engine::plan::{BINS, Block, KEPT_GROUPS};
use crate::engine::{Corners, GroupSummary, Summary};

pub struct Gathered {
    summary: Summary,
    /// The first draw whose totals are not in yet.
    pub next: u64,
    /// Models whose counters are in for the stretch that begins at `next`.
    pub models_in: usize,
    /// Length of that stretch, where models are in.
    pub stretch: u64,
    /// Draws reported as done: no less than are in, and never taken back.
    reported: u64,
}

impl Gathered {
    pub fn new(plan: Block<'_>, draws: Range<u64>) -> Gathered {
        Gathered { next: draws.start, models_in: 0, stretch: 0, reported: 0, summary: Summary::empty(plan, draws) }
    }

    pub fn draws(&self) -> Range<u64> {
        self.summary.draws.clone()
    }

    /// Says that the first `done` draws are done, as far as that was not said before.
    pub fn report(&mut self, done: u64, report: impl Fn(u64) -> bool) -> bool {
        let news = done.saturating_sub(self.reported);
        self.reported += news;
        report(news)
    }

    /// Takes in the counters of the models from `first` on, in `draws` draws.
    pub fn take_models(&mut self, plan: Block<'_>, first: usize, draws: u64, sums: &[u32], bins: &[u32]) {
        let n = sums.len() / MODEL_SUMS;
        if first + n <= self.models_in {
            return;
        }
        let models = self.summary.models[first..first + n].par_iter_mut().zip(&plan.models[first..first + n]);
        let per_model = bins.len() / n.max(1);
        models.zip(sums.par_chunks_exact(MODEL_SUMS)).enumerate().for_each(|(i, ((into, model), sums))| {
            layout::add_model(plan, model, draws, sums, &bins[i * per_model..(i + 1) * per_model], into);
        });
        self.models_in = first + n;
        self.stretch = draws;
    }

    /// Takes in the totals of the stretch, which completes it. `totals`, `headline` and `denominator` (of the kept groups)
    /// are rows of `stretch` low words and as many high words; the last two are of the groups that are not kept.
    #[allow(clippy::too_many_arguments)]
    pub fn take_totals(
        &mut self,
        draws: u64,
        stretch: usize,
        totals: &[u32],
        headline: &[u32],
        denominator: &[u32],
        group_sums: &[u32],
        group_bins: &[u32],
    ) {
        let at = (self.next - self.summary.draws.start) as usize;
        let place = at..at + draws as usize;
        let take = |row: &[u32], into: &mut [u64]| {
            let (low, high) = row.split_at(stretch);
            for ((into, &low), &high) in into.iter_mut().zip(low).zip(high) {
                *into = u64::from(high) << 32 | u64::from(low);
            }
        };
        for (row, into) in totals.chunks_exact(2 * stretch).zip(&mut self.summary.totals) {
            if !into.is_empty() {
                take(row, &mut into[place.clone()]);
            }
        }
        let kept = headline.chunks_exact(2 * stretch).zip(denominator.chunks_exact(2 * stretch));
        for ((h, d), group) in kept.zip(&mut self.summary.groups) {
            if let GroupSummary::Kept { headline, denominator } = group {
                take(h, &mut headline[place.clone()]);
                take(d, &mut denominator[place.clone()]);
            }
        }
        let binned = self.summary.groups.iter_mut().skip(KEPT_GROUPS);
        let counters = group_sums.chunks_exact(GROUP_SUMS).zip(group_bins.chunks_exact(BINS));
        for (group, (sums, bins)) in binned.zip(counters) {
            if let GroupSummary::Binned { headline } = group {
                layout::add_group(sums, bins, headline);
            }
        }
        self.next += draws;
        self.models_in = 0;
    }

    /// Takes in a part that another backend drew from `next` on. It ends with the stretch if models of it are in.
    pub fn take_part(&mut self, part: Summary) {
        let at = (self.next - self.summary.draws.start) as usize;
        let n = (part.draws.end - part.draws.start) as usize;
        for (into, from) in self.summary.totals.iter_mut().zip(&part.totals) {
            if !into.is_empty() {
                into[at..at + n].copy_from_slice(from);
            }
        }
        for (into, from) in self.summary.groups.iter_mut().zip(&part.groups) {
            match (into, from) {
                (GroupSummary::Kept { headline, denominator }, GroupSummary::Kept { headline: h, denominator: d }) => {
                    headline[at..at + n].copy_from_slice(h);
                    denominator[at..at + n].copy_from_slice(d);
                }
                (GroupSummary::Binned { headline }, GroupSummary::Binned { headline: h }) => headline.merge(h),
                _ => {}
            }
        }
        for (into, from) in self.summary.models.iter_mut().zip(&part.models).skip(self.models_in) {
            into.merge(from);
        }
        self.next = part.draws.end;
        self.models_in = 0;
    }

    /// The summary, once everything is in.
    pub fn finish(mut self, plan: Block<'_>) -> Summary {
        self.summary.finish(plan);
        self.summary
    }
}

/// Totals at the corners of a design: they come back by whole stretches.
pub struct GatheredCorners {
    corners: Corners,
    /// The first draw that is not in yet.
    pub next: u64,
    /// Draws reported as done.
    reported: u64,
}

impl GatheredCorners {
    pub fn new(corners: Corners) -> GatheredCorners {
        GatheredCorners { next: corners.draws.start, reported: 0, corners }
    }

    pub fn draws(&self) -> Range<u64> {
        self.corners.draws.clone()
    }

    /// Says that the draws before `end` are done, as far as that was not said before.
    pub fn report(&mut self, end: u64, report: impl Fn(u64) -> bool) -> bool {
        let news = (end - self.corners.draws.start).saturating_sub(self.reported);
        self.reported += news;
        report(news)
    }

    /// Takes in the next stretch: by output and corner a row of `stretch` low words and as many high words.
    pub fn take(&mut self, draws: u64, stretch: usize, rows: &[u32]) {
        let at = (self.next - self.corners.draws.start) as usize;
        for (into, row) in self.corners.totals.iter_mut().flatten().zip(rows.chunks_exact(2 * stretch)) {
            let (low, high) = row.split_at(stretch);
            for ((into, &low), &high) in into[at..at + draws as usize].iter_mut().zip(low).zip(high) {
                *into = u64::from(high) << 32 | u64::from(low);
            }
        }
        self.next += draws;
    }

    /// Takes in all the rest, drawn by another backend.
    pub fn take_rest(&mut self, rest: &Corners) {
        let at = (self.next - self.corners.draws.start) as usize;
        for (into, from) in self.corners.totals.iter_mut().flatten().zip(rest.totals.iter().flatten()) {
            into[at..].copy_from_slice(from);
        }
        self.next = rest.draws.end;
    }

    pub fn finish(self) -> Corners {
        self.corners
    }
}
