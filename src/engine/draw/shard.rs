//! A summary that knows its run: the plan, the seed, the draws. Parts of one run merge to the whole; nothing else merges.
//!
//! Identity is two hashes of the plan (what is drawn, and how it is counted) and the seed. Parts are put in the order of
//! their draws, so the order in which they are given does not matter. Between the first and the last draw none may be
//! missing or there twice. Whether draws are missing before the first or after the last cannot be seen from the parts:
//! compare [`Shard::draws`] with what was asked for.

use std::ops::Range;

use super::sizes::{MAX_DRAWS, Sizes};
use super::summary::Summary;
use crate::engine::plan::Plan;
use crate::engine::plan::hash::{LayoutHash, PlanHash};

/// A summary and the run that it is a part of.
///
/// ```
/// use carbonhaze::engine::plan::{Header, Marginal, ModelPlan, OutputPlan, Plan, Product, Range, SLOTS};
/// use carbonhaze::engine::{Backend, MergeError, Scalar, Shard};
///
/// // The area of a field: length × width, each lognormal.
/// let range = Range { unit: -40, saturable: true, bins_lo: -20 << 22, bin_scale: 100_000 };
/// let side = Marginal::Affine { scale: 1 << 23 };
/// let mut field = ModelPlan {
///     key: 1,
///     marginals: [Marginal::None; SLOTS],
///     cells: [None; SLOTS],
///     products: vec![Product { output: 0, loc: 0, signs: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
///     independent_scale: 0,
///     independent_shifted_scale: 0,
///     independent_bounded_scale: 0,
///     independent_with_bounded: 0,
///     headline: range,
///     ratio: range,
///     groups: vec![],
///     zeros: 0,
/// };
/// (field.marginals[0], field.marginals[1]) = (side, side);
/// let header = Header {
///     tables: vec![],
///     effects: vec![],
///     cells: vec![],
///     outputs: vec![OutputPlan { unit: -40, kept: true }],
///     headline: 0,
///     denominator: None,
///     has_independent: false,
///     saturable: true,
///     binned: true,
///     groups: vec![],
///     ratio_shift: 0,
/// };
/// let plan = Plan::new(header, vec![field]);
///
/// // Two halves, drawn separately and written to files (here: bytes).
/// let mut files = vec![];
/// for draws in [50..100, 0..50] {
///     let summary = Scalar.run(&plan, 7, draws, &|_| true)?;
///     let mut file = vec![];
///     Shard::new(&plan, 7, summary)?.write(&mut file)?;
///     files.push(file);
/// }
/// // Read and merged, they are the whole.
/// let shards = files.iter().map(|file| Shard::read(&mut &file[..])).collect::<Result<Vec<_>, _>>()?;
/// let merged = Shard::merge_all(shards)?.into_summary(&plan)?;
/// assert_eq!(merged, Scalar.run(&plan, 7, 0..100, &|_| true)?);
///
/// // Another seed is another run.
/// let other = Shard::new(&plan, 8, Scalar.run(&plan, 8, 100..150, &|_| true)?)?;
/// let whole = Shard::new(&plan, 7, merged)?;
/// assert_eq!(whole.merge(other), Err(MergeError::Seeds(7, 8)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Shard {
    pub(super) plan: PlanHash,
    pub(super) layout: LayoutHash,
    pub(super) seed: u64,
    /// Of the summary, which was checked when this was made.
    pub(super) sizes: Sizes,
    pub(super) summary: Summary,
}

/// Why summaries are not parts of one run that make a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// No part was given.
    #[error("no parts to merge")]
    Nothing,
    /// Other models, factors or products.
    #[error("the parts are of different plans: {0} and {1}")]
    Plans(PlanHash, PlanHash),
    /// The same random numbers, counted differently.
    #[error("the parts are of one plan ({0}), but differ in the order of the models, in units or in what is kept")]
    Layouts(PlanHash),
    /// Other random numbers.
    #[error("the parts were drawn with different seeds: {0} and {1}")]
    Seeds(u64, u64),
    /// Some draws are in two parts.
    #[error("two parts hold the same draws: {0:?}")]
    Overlap(Range<u64>),
    /// Some draws between the first and the last are in no part.
    #[error("draws are missing: {0:?}")]
    Missing(Vec<Range<u64>>),
    /// More than 2^31 − 1, up to which no sum of counts overflows.
    #[error("{0} draws; at most {MAX_DRAWS} can be merged")]
    TooMany(u64),
    /// The summary cannot be one of this plan, or of any.
    #[error("not a summary of this plan: {0}")]
    Summary(&'static str),
}

impl Shard {
    /// A summary that was drawn from `plan` with `seed`.
    ///
    /// # Errors
    /// [`MergeError::Summary`] where its sizes are not those of the plan, or its counts are beyond what any plan gives.
    pub fn new(plan: &Plan, seed: u64, summary: Summary) -> Result<Shard, MergeError> {
        let sizes = Sizes::of_summary(&summary).map_err(MergeError::Summary)?;
        same_sizes(&sizes, &Sizes::of_plan(plan, summary.draws.clone()))?;
        Ok(Shard { plan: PlanHash::of(plan), layout: LayoutHash::of(plan), seed, sizes, summary })
    }

    /// Hash of the plan that was drawn from.
    pub fn plan(&self) -> PlanHash {
        self.plan
    }

    /// Seed of the random stream.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The draws covered.
    pub fn draws(&self) -> Range<u64> {
        self.summary.draws.clone()
    }

    /// What was drawn.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What was drawn, if it was drawn from this plan: a shard may come from a file.
    ///
    /// # Errors
    /// [`MergeError::Plans`], [`MergeError::Layouts`], [`MergeError::Summary`].
    pub fn into_summary(self, plan: &Plan) -> Result<Summary, MergeError> {
        same_plan((PlanHash::of(plan), LayoutHash::of(plan)), (self.plan, self.layout))?;
        same_sizes(&self.sizes, &Sizes::of_plan(plan, self.draws()))?;
        Ok(self.summary)
    }

    /// Two neighbouring parts, in either order.
    ///
    /// # Errors
    /// As [`Shard::merge_all`].
    pub fn merge(self, other: Shard) -> Result<Shard, MergeError> {
        Shard::merge_all([self, other])
    }

    /// All parts of a run, in any order.
    ///
    /// # Errors
    /// [`MergeError`] says what does not belong together, which draws are there twice, or which are missing.
    pub fn merge_all(shards: impl IntoIterator<Item = Shard>) -> Result<Shard, MergeError> {
        let mut shards: Vec<Shard> = shards.into_iter().collect();
        shards.sort_by_key(|shard| shard.summary.draws.start);
        together(&shards)?;
        let mut rest = shards.into_iter();
        let mut whole = rest.next().ok_or(MergeError::Nothing)?;
        for shard in rest {
            let merged = whole.summary.merge(shard.summary);
            whole.summary = merged.map_err(|_| MergeError::Summary(SIZES))?;
        }
        whole.sizes.draws = whole.draws();
        Ok(whole)
    }
}

/// Whether these, sorted by their draws, are one run without gaps.
fn together(shards: &[Shard]) -> Result<(), MergeError> {
    let Some(first) = shards.first() else { return Err(MergeError::Nothing) };
    for shard in &shards[1..] {
        same_plan((first.plan, first.layout), (shard.plan, shard.layout))?;
        if first.seed != shard.seed {
            return Err(MergeError::Seeds(first.seed, shard.seed));
        }
        // The hashes say so already, unless a file was forged.
        same_sizes(&shard.sizes, &Sizes { draws: shard.draws(), ..first.sizes.clone() })?;
    }
    let mut missing = vec![];
    for pair in shards.windows(2) {
        let (a, b) = (pair[0].draws(), pair[1].draws());
        if a.end > b.start {
            return Err(MergeError::Overlap(b.start..a.end.min(b.end)));
        }
        if a.end < b.start {
            missing.push(a.end..b.start);
        }
    }
    if !missing.is_empty() {
        return Err(MergeError::Missing(missing));
    }
    let draws = shards.iter().map(|s| s.draws().end - s.draws().start).sum();
    if draws > MAX_DRAWS { Err(MergeError::TooMany(draws)) } else { Ok(()) }
}

fn same_plan(a: (PlanHash, LayoutHash), b: (PlanHash, LayoutHash)) -> Result<(), MergeError> {
    if a.0 != b.0 {
        Err(MergeError::Plans(a.0, b.0))
    } else if a.1 != b.1 {
        Err(MergeError::Layouts(a.0))
    } else {
        Ok(())
    }
}

fn same_sizes(a: &Sizes, b: &Sizes) -> Result<(), MergeError> {
    if a == b { Ok(()) } else { Err(MergeError::Summary(SIZES)) }
}

const SIZES: &str = "other numbers of outputs, groups, models or bins";
